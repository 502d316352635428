"""Checks of lesson 6: a null that keeps tuning, the fall when an edge is cut, contrasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dense_keras.checks import Hint
from dense_keras.checks.answers import left_whole, numbers
from dense_keras.measures import coupling

CLOSE = 1e-6
LINKED = 0.3
"""Noise correlation below which two units of the check no longer go together."""


def check_shuffled_in_tokens(attempt: Callable[..., Any], seed: int) -> str:
    """The null that keeps each unit's tuning to tokens and destroys what units do together."""
    generator = np.random.default_rng([seed, 6, 1])
    tokens = generator.permutation(np.repeat(np.arange(4), 60))
    shared = generator.normal(size=(240, 1))
    activations = generator.uniform(3, 9, (4, 3))[tokens] + shared + 0.1 * generator.normal(size=(240, 3))
    came = numbers(attempt(activations.copy(), tokens.copy(), np.random.default_rng(seed)), activations.shape)
    if np.array_equal(came, activations):
        raise Hint("Nothing was exchanged: the activations came back as they were.")
    if not np.array_equal(np.sort(came, axis=0), np.sort(activations, axis=0)):
        raise Hint(
            "A unit has other values than before. Values are only to change places, within their own column "
            "(a unit), never between units."
        )
    in_tokens = [np.sort(came[tokens == t], axis=0) - np.sort(activations[tokens == t], axis=0) for t in range(4)]
    if any(difference.any() for difference in in_tokens):
        raise Hint(
            "Values went from one token to another, so the units' tuning is lost too. Exchange them only among "
            "the exemplars of one token."
        )
    linked = float(np.abs(coupling.noise_correlation(came, came, tokens)[np.triu_indices(3, 1)]).max())
    if linked > LINKED:
        raise Hint(
            f"Two units still have a noise correlation of {linked:.2f}. If all units exchange their exemplars in the "
            "same way, what goes together still goes together: draw anew for each unit."
        )
    return f"Right: token means are kept, and noise correlations fell from .99 to at most {linked:.2f}."


def check_fall_when_cut(attempt: Callable[..., Any], seed: int) -> str:
    """By how much a unit falls when an edge is cut, ReLU and all."""
    generator = np.random.default_rng([seed, 6, 2])
    inputs, kernel, bias = generator.uniform(0, 2, (50, 6)), generator.normal(size=(6, 6)), generator.normal(size=6)
    for source, unit in ((int(each[0]), int(each[1])) for each in _edges_that_matter(inputs, kernel, bias)):
        given = inputs.copy(), kernel.copy(), bias.copy()
        came = numbers(attempt(*given, source, unit), (50,))
        left_whole(given, (inputs, kernel, bias))
        response, added = inputs @ kernel[:, unit] + bias[unit], inputs[:, source] * kernel[source, unit]
        expected = _fall(response, added)
        swapped = inputs[:, unit] * kernel[unit, source]
        _refuse(
            came,
            expected,
            {
                "That is the contribution. It is what the *response* loses; a unit that the ReLU silences "
                "cannot fall below 0.": added,
                "You left nothing below 0. A negative weight holds the unit down: cut it, and the unit rises. That is a "
                "negative fall.": np.maximum(expected, 0),
                "The sign is turned round: where the unit falls, the number is positive.": -expected,
                "That leaves the bias out. It decides where the unit is silent.": _fall(response - bias[unit], added),
                "The bias went with the edge. Only the one weight is cut.": np.maximum(response, 0)
                - np.maximum(response - added - bias[unit], 0),
                "That is what the cut leaves. Wanted is by how much the unit falls.": np.maximum(response - added, 0),
                "A kernel is (inputs, units): the edge's weight is kernel[source, unit].": _fall(
                    inputs @ kernel[source] + bias[source], swapped
                ),
            },
            "Compute the unit's activation with all weights, then with the one weight 0, and subtract.",
        )
    return "Right: the fall is the contribution, as far as there is something to fall from."


def check_contrast(attempt: Callable[..., Any], seed: int) -> str:
    """Which contributions make a unit prefer a token."""
    generator = np.random.default_rng([seed, 6, 3])
    tokens = generator.permutation(np.repeat(np.arange(4), [10, 20, 30, 60]))
    token = int(generator.integers(1, 4))
    contributions = generator.normal(generator.normal(0, 2, (4, 5))[tokens], 0.5)
    contributions[:, 0] = 7.0  # large and constant: it says nothing
    came = numbers(attempt(contributions.copy(), tokens.copy(), token), (5,))
    own = tokens == token
    mean, rest = contributions[own].mean(axis=0), contributions[~own].mean(axis=0)
    of_tokens = [contributions[tokens == other].mean(axis=0) for other in range(4) if other != token]
    _refuse(
        came,
        mean - rest,
        {
            "That is the mean on the token alone. The first input is constant and so tells nothing; its contrast "
            "is 0.": mean,
            "You subtracted the mean over all exemplars. The token is among them: compare with the rest.": mean
            - contributions.mean(axis=0),
            "You gave each token the same weight. Every *exemplar* of the rest counts the same, and some tokens "
            "have more.": mean - np.mean(of_tokens, axis=0),
            "The sign is turned round: an input that speaks for the token has a positive contrast.": rest - mean,
            "You took sums. Tokens have different numbers of exemplars: take means.": contributions[own].sum(axis=0)
            - contributions[~own].sum(axis=0),
        },
        "Take the mean over the token's exemplars minus the mean over all others, for each input (axis 0 are exemplars).",
    )
    return "Right: the largest contribution, a constant one, has no contrast."


def _edges_that_matter(inputs: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """An edge that drives its unit and one that holds it down, whose cut silences or wakes it for some, and for some not."""
    response = inputs @ kernel + bias  # (exemplars, units)
    after = response[:, np.newaxis] - inputs[:, :, np.newaxis] * kernel  # (exemplars, inputs, units)
    crosses = ((response[:, np.newaxis] > 0) != (after > 0)).mean(axis=0)
    stays = ((response[:, np.newaxis] > 0) & (after > 0)).mean(axis=0)
    worth = np.minimum(crosses, stays)
    np.fill_diagonal(worth, -1)  # where swapped ends would be the same
    best = [np.where(own, worth, -1).argmax() for own in (kernel > 0, kernel < 0)]
    return np.stack(np.unravel_index(best, worth.shape), axis=1)


def _fall(response: np.ndarray, added: np.ndarray) -> np.ndarray:
    return np.maximum(response, 0) - np.maximum(response - added, 0)


def _refuse(came: np.ndarray, expected: np.ndarray, mistakes: dict[str, np.ndarray], otherwise: str) -> None:
    """Raise a hint unless an array is as expected: that of the usual mistake which gives it, or another."""
    if np.allclose(came, expected, atol=CLOSE):
        return
    hints = [hint for hint, mistaken in mistakes.items() if np.allclose(came, mistaken, atol=CLOSE)]
    worst = int(np.abs(came - expected).argmax())
    raise Hint(
        f"At position {worst}, {came[worst]:.3f} came and {expected[worst]:.3f} was expected. "
        f"{hints[0] if hints else otherwise}"
    )
