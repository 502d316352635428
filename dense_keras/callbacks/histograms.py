"""Distributions of weights and of activations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dense_keras import probes
from dense_keras.callbacks.at_steps import AtSteps, as_folder, shared_event_file


class Histograms(AtSteps):
    """Writes a histogram of each weight and, with a probe, of each layer's activations.

    folder: of TensorBoard. probe: images whose activations, the mean over space, are
    counted; None for weights alone. schedule: of ``AtSteps``.
    """

    def __init__(self, folder: str | Path, probe: probes.Probe | None = None, **schedule: Any) -> None:
        super().__init__(**schedule)
        self.folder, self.probe = as_folder(folder), probe

    def record(self, step: int, logs: Mapping[str, float]) -> None:
        self.events = shared_event_file(self.folder, step)
        for path, values in probes.weights(self.model).items():
            self.events.histogram(f"weights/{path}", values, step)
        if self.probe is not None:
            for layer, values in self.probe.evoke(self.model, step).means.items():
                self.events.histogram(f"activations/{layer}", values, step)
        self.events.flush()
