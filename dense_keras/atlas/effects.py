"""What cutting a coupling does: to the unit it leads to, exactly, and to what the network then says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dense_keras.atlas.arrays import floats, integers
from dense_keras.atlas.graph import EDGES, Graph
from dense_keras.atlas.network import Network
from dense_keras.atlas.recorded import Recorded
from dense_keras.measures import coupling
from dense_keras.measures.detectors import token_membership
from dense_keras.token_set import Exemplars


def effects(
    recorded: Recorded,
    network: Network,
    graph: Graph,
    strengths: Mapping[str, np.ndarray],
    best: Mapping[str, np.ndarray],
    exemplars: Exemplars,
) -> dict[str, Any]:
    """At the last snapshot, for each coupling of the graph.

    ``before``, ``after``: the unit's mean response to each token before its ReLU. ``accuracy``, ``margin``:
    how the accuracy and each token's mean margin change; known of the strongest couplings between two layers.
    strengths: layer -> (snapshots, inputs, units); best: layer -> (snapshots, units), the kind that a unit prefers.
    """
    pairs_of = dict(zip(graph.layers[1:], graph.edges, strict=True))
    given = network.inputs(-1, exemplars.images)
    responses = [
        _responses(given[layer], recorded.weights[-1], layer, exemplars.tokens, pairs)
        for layer, pairs in pairs_of.items()
    ]
    before, after = (np.concatenate(each) for each in zip(*responses))
    answers = [_answers(network, exemplars, *each, strengths[each[0]][-1]) for each in pairs_of.items()]
    accuracy, margin = (np.concatenate(each) for each in zip(*answers))
    prefers = np.concatenate([best[layer][-1, pairs[:, 1]] for layer, pairs in pairs_of.items()])
    return {
        "exemplars": len(exemplars),
        "token": integers(np.where(prefers > exemplars.tokens.max(), -1, prefers)),
        "before": floats(before),
        "after": floats(after),
        "accuracy": floats(accuracy),
        "margin": floats(margin),
    }


def _responses(
    inputs: np.ndarray, weights: Mapping[str, np.ndarray], layer: str, tokens: np.ndarray, pairs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean response of each coupling's unit to each token, whole and with the coupling cut: two (couplings, tokens).

    inputs: what the layer's kernel is given by each exemplar.
    """
    means = np.stack([inputs[tokens == token].mean(axis=0) for token in range(tokens.max() + 1)])
    added = coupling.contributions(means, weights[f"{layer}/kernel"])
    whole = (added.sum(axis=1) + weights[f"{layer}/bias"])[:, pairs[:, 1]].T
    return whole, whole - added[:, pairs[:, 0], pairs[:, 1]].T


def _answers(
    network: Network, exemplars: Exemplars, layer: str, pairs: np.ndarray, strengths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Changes of the accuracy (couplings,) and of each token's margin (couplings, tokens); NaN where not looked at."""
    tokens = exemplars.tokens
    asked = np.argsort(-np.abs(strengths[tuple(pairs.T)]), kind="stable")[:EDGES]
    look = network.without_edges(exemplars.images, tokens, layer, pairs[asked])
    membership = token_membership(tokens)
    margins = look.margins @ membership / membership.sum(axis=0)
    accuracy, margin = np.full(len(pairs), np.nan), np.full((len(pairs), margins.shape[1]), np.nan)
    accuracy[asked] = look.accuracy[1:] - look.accuracy[0]
    margin[asked] = margins[1:] - margins[0]
    return accuracy, margin
