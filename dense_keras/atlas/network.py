"""A run's network, looked at once more at its snapshots: what a run folder does not keep, because it is large."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from dense_keras import probes
from dense_keras.atlas.recorded import Recorded
from dense_keras.backend import keras
from dense_keras.experiment import model_at
from dense_keras.gradients import chunks
from dense_keras.interventions import Look
from dense_keras.kernel_inputs import KernelInputs
from dense_keras.measures import receptive_fields
from dense_keras.preferred_images import PreferredImages, preferred_images

STEPS = 16
"""Of the search for preferred images: enough to see what a unit is after, and no more, for time."""


class Network:
    """The network of a run at any of its snapshots, built once."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded, self._model = recorded, model_at(recorded.run, recorded.steps[-1])

    def at(self, place: int) -> keras.Model:
        """The model with the weights of a snapshot, counted from 0: the same one, changed."""
        self._model.set_weights(list(self._recorded.weights[place].values()))
        return self._model

    def peaks(self, place: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Convolution -> row and column of each unit's largest activation in each exemplar, two (exemplars, units)."""
        self.at(place)
        images = self._recorded.probe.images
        found = [
            {layer: receptive_fields.peaks(maps)[1:] for layer, maps in self._maps.maps(images[chosen]).items()}
            for chosen in chunks(len(images))
        ]
        return {layer: tuple(map(np.concatenate, zip(*(part[layer] for part in found)))) for layer in found[0]}

    def inputs(self, place: int, images: np.ndarray) -> dict[str, np.ndarray]:
        """Layer -> what its kernel is given, of ``KernelInputs``, for all of the chain but the first."""
        self.at(place)
        return self._inputs.of(images)

    @cached_property
    def _maps(self) -> probes.LayerReader:
        with_space = [layer for layer in self._recorded.chain if self._recorded.kernels(layer).ndim == 5]
        return probes.LayerReader(self._model, with_space)

    @cached_property
    def _inputs(self) -> KernelInputs:
        return KernelInputs(self._model, self._recorded.chain[1:])

    def without_edges(
        self, images: np.ndarray, tokens: np.ndarray, layer: str, edges: Sequence[tuple[int, int]]
    ) -> Look:
        """What the last snapshot makes of exemplars with nothing cut, and then with each edge cut alone.

        edges: (input, unit) of the layer. What comes before the layer is computed once for all.
        """
        model = self.at(-1)
        cut = probes.layer_of(model, layer)
        reached = keras.Model(model.inputs[0], cut.input)(images)
        rest, (kernel, *others) = keras.Model(cut.input, model.outputs[0]), cut.get_weights()
        logits = [_answered(rest, reached)]
        for edge in edges:
            kept = kernel.copy()
            kept[..., *edge] = 0
            cut.set_weights([kept, *others])
            logits.append(_answered(rest, reached))
        return Look(np.stack(logits), tokens)

    def preferred(self, layer: str, units: Sequence[int]) -> PreferredImages:
        """What units of the last snapshot prefer."""
        return preferred_images(self.at(-1), layer, units, np.random.default_rng(0), STEPS)


def _answered(model: keras.Model, values: Any) -> np.ndarray:
    """A model's outputs, called as it is: to compile each of many models would take longer than to run it."""
    return keras.ops.convert_to_numpy(model(values, training=False))
