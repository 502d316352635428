"""Exercises of lesson 6, solved."""

import numpy as np


def shuffled_in_tokens(activations: np.ndarray, tokens: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Activations that keep each unit's tuning to tokens, and have no link between units any more."""
    shuffled = np.empty_like(activations)
    for token in np.unique(tokens):
        for unit in range(activations.shape[1]):  # each unit anew: one exchange for all would keep what goes together
            shuffled[tokens == token, unit] = generator.permutation(activations[tokens == token, unit])
    return shuffled


def fall_when_cut(inputs: np.ndarray, kernel: np.ndarray, bias: np.ndarray, source: int, unit: int) -> np.ndarray:
    """By how much a unit's activation falls when the edge from an input to it is cut, for each exemplar."""
    response = inputs @ kernel[:, unit] + bias[unit]
    contribution = inputs[:, source] * kernel[source, unit]
    return np.maximum(response, 0) - np.maximum(response - contribution, 0)  # a silent unit cannot fall


def contrast(contributions: np.ndarray, tokens: np.ndarray, token: int) -> np.ndarray:
    """How much more each input contributes to a unit on a token than on the rest."""
    own = tokens == token
    return contributions[own].mean(axis=0) - contributions[~own].mean(axis=0)
