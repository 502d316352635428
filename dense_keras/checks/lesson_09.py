"""Checks of lesson 9's exercises: interaction of two parts, and the exact effect of a cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dense_keras.checks import Hint
from dense_keras.checks.answers import left_whole, numbers
from dense_keras.measures import conjunctions

NEAR = 1e-4
"""How far an answer may be from the right one, in the scale of the right ones."""


def check_conjunction_index(attempt: Callable[..., Any], seed: int) -> str:
    """What a unit answers to two parts together beyond their sum, from four means."""
    means = _means(seed)
    right = conjunctions.conjunction_indices(_responses(means), [0, 1])
    mistakes = {
        "You compared 11 with 00 only. The first and the second part alone (10 and 01) have to be taken away.": (
            means[1, 1] - means[0, 0]
        ),
        "You took 10 and 01 away, but with them twice the response to 00: put one 00 back.": (
            means[1, 1] - means[1, 0] - means[0, 1]
        ),
        "The sign of 00 is wrong: it was taken away with 10 and with 01, so it has to be put back.": (
            means[1, 1] - means[1, 0] - means[0, 1] - means[0, 0]
        ),
        "The sign is turned: 11 counts positive.": -right,
        "That is the Walsh coefficient, a fourth of the index: take the sum of the four, not the mean.": right / 4,
        "That is the effect of the second part, not what is beyond both.": means[:, 1].sum(0) - means[:, 0].sum(0),
        "That is the effect of the first part, not what is beyond both.": means[1].sum(0) - means[0].sum(0),
    }
    otherwise = "It is R11 - R10 - R01 + R00, for each unit: what 11 has more than 00, less what each part alone adds."
    _compare(attempt(means.copy()), right, mistakes, "of units that were made up", otherwise)
    logic = np.moveaxis(np.array([[[0, 0], [0, 1]], [[0, 1], [1, 1]], [[0, 1], [1, 2]]], float), 0, 2)
    _compare(attempt(logic), np.array([1.0, -1.0, 0.0]), {}, "of an AND, an OR and a sum")
    return "AND 1, OR -1, sum 0, and right for units that are neither."


def check_interaction_share(attempt: Callable[..., Any], seed: int) -> str:
    """Which share of a unit's energy is interaction."""
    means = _means(seed)
    energies = conjunctions.part_set_energies(_responses(means))
    right = conjunctions.interaction_shares(energies)
    _, second, first, both = energies
    mean_squared = means.mean(axis=(0, 1)) ** 2
    amplitudes = np.sqrt(energies)
    mistakes = {
        "You did not take the mean over the four faces away: a unit that is always active has no more interaction "
        "for that.": both / (first + second + both + mean_squared),
        "That is the interaction by the energy of the single parts. Divide by all three energies.": (
            both / (first + second)
        ),
        "That is the share of the single parts. The interaction is what is left of 1.": 1 - right,
        "You added sizes, not squares: energies are squared.": amplitudes[3] / amplitudes.sum(axis=0),
        "You left one of the two parts out below the line.": both / (first + both),
        "You left one of the two parts out below the line. ": both / (second + both),
        "You took only one part's effect away, so the other part's is still in the rest.": (
            (both + second) / (first + second + both)
        ),
        "You took only one part's effect away, so the other part's is still in the rest. ": (
            (both + first) / (first + second + both)
        ),
    }
    otherwise = (
        "Subtract the mean of the four; the mean effect of each part; what is left is the interaction. Add up its "
        "squares, and divide by the squares of all that the four differ from their mean."
    )
    _compare(attempt(means.copy()), right, mistakes, "of units that were made up", otherwise)
    logic = np.moveaxis(np.array([[[0, 0], [0, 1]], [[1, 0], [0, 1]], [[0, 1], [1, 2]]], float), 0, 2)
    _compare(attempt(logic), np.array([1 / 3, 1.0, 0.0]), {}, "of an AND, an exclusive-or and a sum")
    return f"AND 1/3, exclusive-or 1, sum 0; your units lie between {right.min():.2f} and {right.max():.2f}."


def check_after_cut(attempt: Callable[..., Any], seed: int) -> str:
    """What a unit answers when some of its inputs are cut, exactly."""
    generator = np.random.default_rng([seed, 2])
    before_relu = uncut = np.zeros(40)
    while min((before_relu > 0).sum(), (before_relu < 0).sum(), (uncut > 0).sum()) < 10:  # the ReLU is to matter
        inputs = generator.uniform(0, 2, (40, 12))
        kernel, bias = generator.normal(0, 0.5, (12, 6)), generator.normal(0, 1, 6)
        unit, cut = int(generator.integers(1, 6)), sorted(generator.permutation(np.arange(1, 12))[:3].tolist())
        kept = np.ones(12)
        kept[cut] = 0
        before_relu = inputs @ (kernel[:, unit] * kept) + bias[unit]
        uncut = np.maximum(inputs @ kernel[:, unit] + bias[unit], 0)
    contributions = inputs[:, cut] @ kernel[cut, unit]
    mistakes = {
        "That is the response without any cut.": uncut,
        "The ReLU is missing: a response below 0 becomes 0.": before_relu,
        "You took the contributions away after the ReLU. They add up before it.": uncut - contributions,
        "You took the contributions away after the ReLU. They add up before it. ": np.maximum(uncut - contributions, 0),
        "The bias is missing. It is no input, and stays.": np.maximum(before_relu - bias[unit], 0),
        "You kept the inputs that were to be cut, and cut the others.": np.maximum(contributions + bias[unit], 0),
        "You cut the first inputs, not those whose numbers are in `cut`.": np.maximum(
            inputs[:, 3:] @ kernel[3:, unit] + bias[unit], 0
        ),
    }
    given = inputs.copy(), kernel.copy(), bias.copy()
    answer = attempt(*given, unit, list(cut))
    left_whole(given, (inputs, kernel, bias))
    right = np.maximum(before_relu, 0)
    otherwise = "Leave the inputs of `cut` out of the sum, add the unit's bias, and take max(0, ...)."
    _compare(answer, right, mistakes, f"of unit {unit} without the inputs {cut}", otherwise)
    _compare(attempt(inputs.copy(), kernel.copy(), bias.copy(), unit, []), uncut, {}, "with nothing cut")
    return f"Without {len(cut)} of 12 inputs the mean response goes from {uncut.mean():.2f} to {right.mean():.2f}."


def _means(seed: int) -> np.ndarray:
    """(2, 2, units) responses with clear effects of both parts and of the pair."""
    generator = np.random.default_rng([seed, 1])
    effects = generator.uniform(0.2, 1, (3, 7)) * generator.choice([-1, 1], (3, 7))
    sign = np.array([-1, 1])[:, np.newaxis]
    first, second = effects[0] * sign, effects[1] * sign  # (2, units)
    return generator.uniform(2, 3, 7) + first[:, np.newaxis] + second + effects[2] * sign[:, np.newaxis] * sign


def _responses(means: np.ndarray) -> np.ndarray:
    """The same as (codes, views, units), in two equal views."""
    return means.reshape(4, 1, -1).repeat(2, axis=1)


def _compare(
    answer: Any, right: np.ndarray, mistakes: Mapping[str, np.ndarray], about: str, otherwise: str = ""
) -> None:
    values = numbers(answer, right.shape)
    if _near(values, right):
        return
    hint = next((hint.strip() for hint, wrong in mistakes.items() if _near(values, wrong)), otherwise)
    first = int(np.abs(values - right).argmax())
    raise Hint(f"{values[first]:.3f} came at place {first}, {right[first]:.3f} was expected, {about}. {hint}".rstrip())


def _near(values: np.ndarray, right: np.ndarray) -> bool:
    return bool(np.allclose(values, right, rtol=0, atol=NEAR * max(np.abs(right).max(), 1)))
