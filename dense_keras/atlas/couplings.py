"""Couplings of units over time: how strong they are, and each unit's partners.

A coupling is as strong as its contrast: how much more the input adds to the unit on what the unit
prefers at that snapshot than on the rest (lesson 06).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dense_keras.atlas.arrays import integers, numbers
from dense_keras.atlas.network import Network
from dense_keras.atlas.recorded import Recorded
from dense_keras.measures.coupling import chain_contrasts

PARTNERS = 5


def contrasts(
    recorded: Recorded, network: Network, images: np.ndarray, members: np.ndarray, best: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Layer -> (snapshots, inputs, units) float32, for all of the chain but the first, whose inputs are no units.

    images: those to measure by. members: (images, kinds) bool, what each shows.
    best: layer -> (snapshots, units), the kind that a unit prefers, -1 for none.
    """
    layers = recorded.chain[1:]
    over_time = []
    for place, weights in enumerate(recorded.weights):
        given = network.inputs(place, images)
        of_layers = ((given[layer], weights[f"{layer}/kernel"], best[layer][place]) for layer in layers)
        inputs, kernels, detected = zip(*of_layers, strict=True)
        over_time.append(chain_contrasts(inputs, kernels, members, detected))
    return {layer: np.stack(each).astype(np.float32) for layer, each in zip(layers, zip(*over_time), strict=True)}


def partners(chain: Sequence[str], strengths: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """Layer -> the units of the layers before and after to which each unit is coupled most, at each snapshot.

    chain: layers of which each is fed by the one before. strengths: layer -> (snapshots, inputs, units).
    """
    neighbours = zip(chain, [None, *chain[:-1]], [*chain[1:], None], strict=True)
    return {
        layer: {
            "before": before,
            **_strongest("in", None if before is None else strengths[layer].swapaxes(1, 2)),
            "after": after,
            **_strongest("out", None if after is None else strengths[after]),
        }
        for layer, before, after in neighbours
    }


def _strongest(side: str, strengths: np.ndarray | None) -> dict[str, Any]:
    """strengths: (snapshots, units, candidates)."""
    if strengths is None:
        return {side: None, f"{side}Strength": None}
    order = np.argsort(-np.abs(strengths), axis=2, kind="stable")[..., :PARTNERS]
    values = np.take_along_axis(strengths, order, axis=2)
    return {side: integers(np.where(values == 0, -1, order)), f"{side}Strength": numbers(values)}
