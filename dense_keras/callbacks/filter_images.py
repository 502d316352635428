"""Pictures of what each convolution looks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from weakref import ref

import numpy as np

from dense_keras import probes
from dense_keras.callbacks.at_steps import AtSteps, as_folder, shared_event_file
from dense_keras.figures.image_walls import filter_wall


class FilterImages(AtSteps):
    """Writes the kernels of every convolution, and how far they moved since the start.

    Zero is white, positive weights are red, negative ones blue; the first layer of a colour
    network is shown in colour, with zero as mid-gray. A layer has one scale over the whole
    training, its largest weight at the start; the changes are drawn ten times stronger. What
    grows beyond the scale is clipped.

    folder: of TensorBoard.
    initial: layer -> kernel at the start; None to take them from a model when its first ``fit`` begins.
    max_units: most units drawn of the layer and of its input, evenly chosen.
    schedule: ``steps`` and ``each_epoch`` of ``AtSteps``.
    Raises ValueError for a model without convolutions, and where ``initial`` does not fit it.
    """

    def __init__(
        self, folder: str | Path, initial: Mapping[str, np.ndarray] | None = None, max_units: int = 32, **schedule: Any
    ) -> None:
        super().__init__(**schedule)
        self.folder, self.initial, self.max_units = as_folder(folder), initial, max_units
        self._model_of_start: ref[Any] | None = None

    def record(self, step: int, logs: Mapping[str, float]) -> None:
        self.events = shared_event_file(self.folder, step)
        kernels = probes.convolution_kernels(self.model)
        if not kernels:
            raise ValueError(
                "FilterImages found no convolution with a kernel among the model's layers: "
                f"{', '.join(probes.layer_names(self.model))}."
            )
        starts = self._starts(kernels)
        for layer, kernel in kernels.items():
            start = starts[layer]
            scale = float(np.abs(start).max()) or 1.0
            self._write(f"filters/{layer}", kernel, scale, step)
            self._write(f"filter_change/{layer}", kernel - start, scale / 10, step)
        self.events.flush()

    def _starts(self, kernels: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """The kernels at the start of this model, which may not be the one that was recorded before."""
        if self._model_of_start is None or self._model_of_start() is not self.model:
            self._start = kernels if self.initial is None else self.initial
            self._model_of_start = ref(self.model)
            for layer, kernel in kernels.items():
                if layer not in self._start or np.shape(self._start[layer]) != kernel.shape:
                    raise ValueError(
                        f"FilterImages has no initial kernel of shape {kernel.shape} for layer {layer!r}: "
                        "give initial=None, or probes.convolution_kernels(model) before training."
                    )
        return self._start

    def _write(self, tag: str, kernel: np.ndarray, scale: float, step: int) -> None:
        picture, caption = filter_wall(kernel, scale, self.max_units)
        self.events.image(tag, [picture], step, caption)
