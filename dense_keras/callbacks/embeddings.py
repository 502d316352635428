"""Layers in the Embedding Projector."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dense_keras.callbacks.at_steps import AtSteps, as_folder, drop_embeddings
from dense_keras.probes import Evoked, Probe, as_names
from dense_keras.tensorboard import Thumbnails, write_embeddings


class Embeddings(AtSteps):
    """Writes what the probe evokes in layers as points with thumbnails into the Embedding Projector.

    folder: of TensorBoard. probe: images; its tokens and metadata become columns, beside
    ``predicted`` and ``correct`` where the model has one output a token.
    layers: among those that the probe reads; None for all of them. A convolution's points
    are the largest activations over space.
    dimensions: most principal axes kept, 2 to 200 (see ``tensorboard.write_embeddings``).
    schedule: of ``AtSteps``.
    A training that begins at step 0 takes the place of one that was recorded there before.
    Raises ValueError for a layer that the probe does not read, listing those it does.
    """

    def __init__(
        self,
        folder: str | Path,
        probe: Probe,
        layers: Sequence[str] | None = None,
        dimensions: int = 48,
        **schedule: Any,
    ) -> None:
        super().__init__(**schedule)
        self.folder, self.probe, self.dimensions = as_folder(folder), probe, dimensions
        self.thumbnails = None if probe.thumbnails is None else Thumbnails(probe.thumbnails)
        self.layers = None if layers is None else as_names(layers)

    def record(self, step: int, logs: Mapping[str, float]) -> None:
        if step == 0:
            drop_embeddings(self.folder)
        evoked = self.probe.evoke(self.model, step)
        unknown = [layer for layer in self.layers or () if layer not in evoked.maxima]
        if unknown:
            raise ValueError(
                f"The probe does not read layer {', '.join(map(repr, unknown))}. It reads: {', '.join(evoked.maxima)}."
            )
        points = {layer: evoked.maxima[layer] for layer in self.layers or evoked.maxima}
        diverged = [layer for layer, values in points.items() if not np.isfinite(values).all()]
        if diverged:
            warnings.warn(
                f"No embeddings at step {step}: activations of {', '.join(diverged)} are not finite.", stacklevel=2
            )
            return
        write_embeddings(self.folder, step, points, self._columns(evoked), self.thumbnails, self.dimensions)

    def _columns(self, evoked: Evoked) -> dict[str, Sequence[Any]]:
        columns: dict[str, Sequence[Any]] = {}
        if self.probe.tokens is not None:
            names = np.array(self.probe.token_names, dtype=object)
            columns["token"] = names[self.probe.tokens]
            predicted = self.probe.predicted(evoked)
            if predicted is not None:
                columns["predicted"] = names[predicted]
                columns["correct"] = np.where(predicted == self.probe.tokens, "yes", "no")
        return columns | self.probe.metadata
