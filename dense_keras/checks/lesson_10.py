"""Checks of lesson 10's exercises: equal steps, the accuracy of a pair, and the share of memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dense_keras.checks import Hint
from dense_keras.checks.answers import number
from dense_keras.measures import classification

NEAR = 1e-6
"""How far an answer may be from the right one."""


def check_equal_epochs(attempt: Callable[..., Any], seed: int) -> str:
    """For how many epochs a run with fewer exemplars must be trained to have as many steps."""
    generator = np.random.default_rng([seed, 1])
    mistakes: dict[str, float] = {}
    while len({*mistakes.values()}) < 7:
        batch_size, epochs = int(generator.integers(20, 60)), int(generator.integers(5, 12))
        few, many = int(generator.integers(150, 400)), int(generator.integers(900, 3000))
        steps = epochs * (many // batch_size)
        exact = steps / (few // batch_size)
        right = math.ceil(exact)
        mistakes = {
            "": right,
            "That is no whole number of epochs: round up.": exact,
            "Rounded down, it has fewer steps than the other one: round up.": math.floor(exact),
            "You counted exemplars that do not fill a batch as a part of a step. An epoch has exemplars // batch_size "
            "steps.": math.ceil(epochs * many / few),
            "You rounded the last, unfilled batch up to a step. It is left out.": math.ceil(
                epochs * math.ceil(many / batch_size) / math.ceil(few / batch_size)
            ),
            "That is the number of steps. How many epochs are these?": steps,
            "You exchanged the two runs: who has fewer exemplars needs more epochs.": math.ceil(
                epochs * (few // batch_size) / (many // batch_size)
            ),
        }
    about = f"with {few} exemplars, for as many steps as {epochs} epochs of {many}, {batch_size} at a step"
    _compare(attempt(few, many, epochs, batch_size), right, mistakes, about)
    _compare(
        attempt(2500, 7500, 9, 32), 27, {}, "with 2500 exemplars, for as many steps as 9 epochs of 7500, 32 at a step"
    )
    return f"{right} epochs of {few} exemplars are as many steps as {epochs} epochs of {many}, or just more."


def check_pair_accuracy(attempt: Callable[..., Any], seed: int) -> str:
    """How often an answer is right about a pair, leaving out those whom it does not concern."""
    generator = np.random.default_rng([seed, 2])
    labels = np.append(generator.permutation([0.0, 0.0, 1.0, 1.0]), np.nan)
    tokens = np.arange(5).repeat(40)
    known = generator.random(200) < 0.5
    predicted = np.where(known, tokens, generator.integers(0, 5, 200))
    right = float(classification.part_readout(predicted[np.newaxis], tokens, labels[:, np.newaxis])[0, 0])
    with_label, called = tokens < 4, predicted < 4
    same = labels[tokens] == labels[predicted]
    mistakes = {
        "You divided by all exemplars. The token without a label does not count.": same.mean(),
        "That is the accuracy of names. A wrong name may have the right label.": (tokens == predicted)[
            with_label
        ].mean(),
        "That is the accuracy of names, of all tokens. Look at the labels.": (tokens == predicted).mean(),
        "You left out exemplars that were called by the token without a label. They are wrong.": (
            same[with_label & called].mean()
        ),
        "You counted the token without a label as right where it was called by its name. It does not count.": (
            (same | (~with_label & ~called)).mean()
        ),
        "You counted wrong answers.": 1 - right,
    }
    given = predicted.copy(), tokens.copy(), labels.copy()
    _compare(attempt(*given), right, mistakes, f"the labels were {labels.tolist()}")
    names = (tokens == predicted)[with_label].mean()
    return f"{right:.2f} are right about the pair, {names:.2f} about the name."


def check_memorised_share(attempt: Callable[..., Any], seed: int) -> str:
    """Which share of what a network knows is memory."""
    generator = np.random.default_rng([seed, 3])
    training, held_out, chance = (
        round(float(generator.uniform(*span)), 3) for span in ((0.9, 1), (0.6, 0.75), (0.3, 0.5))
    )
    right = (training - held_out) / (training - chance)
    mistakes = {
        "That is the gap. Divide it by what is known on images of the training.": training - held_out,
        "You divided by the training accuracy. Chance is no knowledge: take it away below the line.": (
            (training - held_out) / training
        ),
        "You divided by what is above chance on held-out images. The whole is what is known of the training's.": (
            (training - held_out) / (held_out - chance)
        ),
        "That is the share that is *not* memory.": 1 - right,
        "You took chance away above the line too, where it cancels out.": (training - held_out - chance)
        / (training - chance),
        "You divided by 1 - chance, as if all training images were known.": (training - held_out) / (1 - chance),
    }
    _compare(
        attempt(training, held_out, chance),
        right,
        mistakes,
        f"training {training}, held out {held_out}, chance {chance}",
    )
    _compare(
        attempt(0.8, 0.85, 0.5),
        0.0,
        {},
        "held-out images went better than those of the training, so nothing is missing",
    )
    _compare(attempt(0.8, 0.45, 0.5), 1.0, {}, "held-out images were below chance, and no more than all can be memory")
    try:
        nothing = attempt(0.5, 0.5, 0.5)
    except ZeroDivisionError:
        raise Hint("Who knows nothing makes you divide by 0: return float('nan').") from None
    if not np.isnan(number(nothing)):
        raise Hint(f"Who knows nothing has no share of memory: return float('nan'). It was {nothing}.")
    return f"{right:.2f} of what is known is memory."


def _compare(answer: Any, right: float, mistakes: Mapping[str, float], about: str) -> None:
    value = number(answer)
    if abs(value - right) <= NEAR:
        return
    hint = next((hint for hint, wrong in mistakes.items() if abs(value - wrong) <= NEAR), "")
    raise Hint(f"{value:.4g} came, {right:.4g} was expected: {about}. {hint}".rstrip())
