"""The filters of every convolution over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from dense_keras.atlas.arrays import numbers
from dense_keras.atlas.recorded import Recorded

CHANGE = 10
"""How many times stronger changes are drawn than weights, as in TensorBoard."""


def filters(recorded: Recorded) -> list[dict[str, Any]]:
    """For each convolution its kernels; of one that has units before it, their mean over these."""
    kernels = {layer: recorded.kernels(layer) for layer in recorded.chain}
    return [_described(layer, values) for layer, values in kernels.items() if values.ndim == 5]


def _described(layer: str, kernels: np.ndarray) -> dict[str, Any]:
    """kernels: (snapshots, height, width, inputs, units)."""
    inputs = kernels.shape[3]
    if inputs == 3:
        kind, values = "colour", kernels.transpose(0, 4, 1, 2, 3)
    else:
        kind, values = "gray" if inputs == 1 else "slices", kernels.mean(axis=3).transpose(0, 3, 1, 2)
    limit = float(np.abs(values[0]).max()) or 1.0
    return {"layer": layer, "kind": kind, "values": numbers(values), "limit": limit, "changeLimit": limit / CHANGE}
