"""Exercises of lesson 6, coupling of detectors. Fill in the functions, then: dense-keras check 06"""

import numpy as np


def shuffled_in_tokens(activations: np.ndarray, tokens: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Activations that keep each unit's tuning to tokens, and have no link between units any more.

    For each unit anew, the exemplars of one token exchange their values at random.
    activations: (exemplars, units) float. tokens: (exemplars,) integers, in any order.
    Returns an array like ``activations``. Use ``generator.permutation`` for the exchange.
    """
    raise NotImplementedError


def fall_when_cut(inputs: np.ndarray, kernel: np.ndarray, bias: np.ndarray, source: int, unit: int) -> np.ndarray:
    """By how much a unit's activation falls when the edge from an input to it is cut, for each exemplar.

    The unit's activation is max(0, bias + sum over inputs of input times weight). Cut means that
    one weight is 0. Negative where the unit rises.
    inputs: (exemplars, inputs) float. kernel: (inputs, units). bias: (units,).
    source, unit: the edge's ends.
    Returns (exemplars,) float. The arrays are not yours: leave them as they are.
    """
    raise NotImplementedError


def contrast(contributions: np.ndarray, tokens: np.ndarray, token: int) -> np.ndarray:
    """How much more each input contributes to a unit on a token than on the rest.

    contributions: (exemplars, inputs) float, to one unit. tokens: (exemplars,) integers; some
    tokens have more exemplars than others.
    Returns (inputs,) float; 0 for an input that is constant.
    """
    raise NotImplementedError
