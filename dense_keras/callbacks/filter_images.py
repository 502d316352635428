"""Pictures of what each convolution looks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dense_keras import probes
from dense_keras.callbacks.at_steps import AtSteps, shared_event_file
from dense_keras.figures.image_walls import filter_wall


class FilterImages(AtSteps):
    """Writes the kernels of every convolution, and how far they moved since the start.

    Zero is white, positive weights are red, negative ones blue; the first layer of a colour
    network is shown in colour, with zero as mid-gray. A layer has one scale over the whole
    training, its largest weight at the start; the changes are drawn ten times stronger. What
    grows beyond the scale is clipped.

    folder: of TensorBoard.
    initial: layer -> kernel at the start; None to take them from the model when ``fit`` begins.
    max_units: most units drawn of the layer and of its input, evenly chosen.
    schedule: ``steps`` and ``each_epoch`` of ``AtSteps``.
    """

    def __init__(
        self, folder: str | Path, initial: Mapping[str, np.ndarray] | None = None, max_units: int = 32, **schedule: Any
    ) -> None:
        super().__init__(**schedule)
        self.folder, self.initial, self.max_units = folder, initial, max_units

    def record(self, step: int, logs: Mapping[str, float]) -> None:
        self.events = shared_event_file(self.folder, step)
        kernels = probes.convolution_kernels(self.model)
        if not kernels:
            raise ValueError("FilterImages needs a model with a convolution; this one has none.")
        if self.initial is None:
            self.initial = kernels
        for layer, kernel in kernels.items():
            start = self.initial[layer]
            scale = float(np.abs(start).max()) or 1.0
            self._write(f"filters/{layer}", kernel, scale, step)
            self._write(f"filter_change/{layer}", kernel - start, scale / 10, step)
        self.events.flush()

    def _write(self, tag: str, kernel: np.ndarray, scale: float, step: int) -> None:
        picture, caption = filter_wall(kernel, scale, self.max_units)
        self.events.image(tag, [picture], step, caption)
