"""The graph of the strongest couplings.

Something always is the strongest, in the untrained network too. So the graph holds the strongest
couplings of *every* snapshot: those of the last alone would seem to grow wherever one looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from dense_keras.atlas.arrays import floats, integers, shares
from dense_keras.atlas.units import Tuning

LAYERS = ("conv3_1", "conv3_2", "conv4_1", "conv4_2", "dense", "logits")
"""Those drawn, of lesson 06; between the last convolution and ``dense`` is the mean over space."""

UNITS, EDGES = 16, 16
"""Units drawn of a layer, and couplings between two layers at each snapshot."""

STRENGTH_NOTE = (
    "A coupling's strength is its contrast: how much more the input adds to the unit's response on what the unit "
    "prefers at that step than on the rest. A negative one works against it."
)


@dataclass(frozen=True)
class Graph:
    """The units and couplings that are drawn.

    layers: names. units: for each the numbers of the units, ascending.
    edges: for each two neighbouring layers (couplings, 2): the input and the unit, as numbered in their layers.
    """

    layers: tuple[str, ...]
    units: list[np.ndarray]
    edges: list[np.ndarray]

    def described(self, strengths: Mapping[str, np.ndarray], tunings: Mapping[str, Tuning]) -> dict[str, Any]:
        over_time = [
            strengths[layer][:, pairs[:, 0], pairs[:, 1]]
            for layer, pairs in zip(self.layers[1:], self.edges, strict=True)
        ]
        shown = list(zip(self.layers, self.units, strict=True))
        starts = np.cumsum([0, *map(len, self.units)])
        ends = [
            np.column_stack([start + np.searchsorted(units, own) for start, units, own in zip(*both, pairs.T)])
            for *both, pairs in zip(pairwise(starts), pairwise(self.units), self.edges)
        ]
        sources, targets = np.concatenate(ends).T
        return {
            "layers": list(self.layers),
            "units": [units.tolist() for units in self.units],
            "prefers": integers(np.hstack([tunings[layer].best[:, units] for layer, units in shown])),
            "selectivity": shares(np.hstack([tunings[layer].selectivity[:, units] for layer, units in shown])),
            "edges": {
                "from": integers(sources),
                "to": integers(targets),
                "strength": floats(np.hstack(over_time)),
            },
            "strengthNote": STRENGTH_NOTE,
        }


def strongest_graph(strengths: Mapping[str, np.ndarray]) -> Graph:
    """The units that are coupled most on average over the snapshots, and among them the strongest couplings of each.

    strengths: layer -> (snapshots, inputs, units), for all of ``LAYERS`` but the first.
    """
    relative = [_relative(strengths[layer]) for layer in LAYERS[1:]]
    units = _most_coupled(relative)
    return Graph(LAYERS, units, [_ever_strongest(*each) for each in zip(relative, units, units[1:])])


def _relative(strengths: np.ndarray) -> np.ndarray:
    """Sizes over the largest of the same snapshot."""
    sizes = np.abs(strengths)
    largest = sizes.max(axis=(1, 2), keepdims=True)
    return np.divide(sizes, largest, out=np.zeros_like(sizes), where=largest > 0)


def _most_coupled(relative: Sequence[np.ndarray]) -> list[np.ndarray]:
    """For each layer the units whose strongest coupling to either side is largest, mean over snapshots."""
    outward = [each.max(axis=2).mean(axis=0) for each in relative]
    inward = [each.max(axis=1).mean(axis=0) for each in relative]
    either = [outward[0], *map(np.maximum, inward[:-1], outward[1:]), inward[-1]]
    return [np.sort(np.argsort(-strength, kind="stable")[:UNITS]) for strength in either]


def _ever_strongest(relative: np.ndarray, inputs: np.ndarray, units: np.ndarray) -> np.ndarray:
    """(couplings, 2): those that are among the strongest at some snapshot, and not 0 there."""
    among = relative[:, inputs][:, :, units].reshape(len(relative), -1)
    order = np.argsort(-among, axis=1, kind="stable")[:, :EDGES]
    strong = np.unique(order[np.take_along_axis(among, order, axis=1) > 0])
    return np.column_stack([inputs[strong // len(units)], units[strong % len(units)]])
