"""Pictures of where in an image each unit responds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dense_keras.callbacks.at_steps import AtSteps, as_folder, shared_event_file
from dense_keras.figures.image_walls import activation_wall
from dense_keras.probes import Images, LayerReader, as_inputs, as_thumbnails, build, convolution_layers


class ActivationMaps(AtSteps):
    """Writes the activation maps of a few images: a row an image, a column a unit.

    folder: of TensorBoard. images: a few, as the model takes them.
    layers: by name; None for all convolutions.
    max_units: most units drawn, evenly chosen. schedule: of ``AtSteps``.
    Raises ValueError for a layer that the model does not have, listing those there are.
    """

    def __init__(
        self,
        folder: str | Path,
        images: Images,
        layers: Sequence[str] | None = None,
        max_units: int = 16,
        **schedule: Any,
    ) -> None:
        super().__init__(**schedule)
        self.folder, self.images, self.layers, self.max_units = as_folder(folder), as_inputs(images), layers, max_units
        self._reader: LayerReader | None = None

    def record(self, step: int, logs: Mapping[str, float]) -> None:
        self.events = shared_event_file(self.folder, step)
        if self._reader is None or self._reader.model is not self.model:
            build(self.model, self.images)
            self._reader = LayerReader(self.model, self.layers or convolution_layers(self.model))
        for layer, maps in self._reader.maps(self.images).items():
            picture, caption = activation_wall(maps, as_thumbnails(self.images), self.max_units)
            self.events.image(f"activation_maps/{layer}", [picture], step, caption)
        self.events.flush()
