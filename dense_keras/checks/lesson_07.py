"""Checks of lesson 7: onsets, the way that layers go, and what chance makes of an order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dense_keras.checks import Hint
from dense_keras.checks.answers import numbers, real_number
from dense_keras.measures import bootstrapping
from dense_keras.measures.classification import onset_steps

STEPS = np.array([0, 1, 4, 16, 32, 64, 128, 256, 512, 1024])


def check_onset(attempt: Callable[..., Any], seed: int) -> str:
    """To come is to come to stay: one noisy snapshot above the level is no onset."""
    generator = np.random.default_rng([seed, 70])
    level = 0.75
    places = generator.choice(np.arange(3, len(STEPS) - 2), 2, replace=False)
    risen = _rising(generator, places[0], level)
    early = _rising(generator, places[1], level)
    early[1] = level + 0.1  # above once, and below again
    fallen = _rising(generator, places[0], level)
    fallen[-1] = level - 0.1
    from_the_start = level + generator.uniform(0.01, 0.2, len(STEPS))
    touching = _rising(generator, places[0], level)
    touching[places[0]] = level
    for curve, what in (
        (risen, "rises above the level once and stays"),
        (early, "is above at step 1, below again after it, and rises later"),
        (from_the_start, "is above from the untrained network on"),
        (fallen, "was above and is below at the last snapshot"),
        (touching, "is at the level, not above it, for one snapshot on its way up"),
    ):
        expected = float(onset_steps(curve, STEPS, level))
        try:
            answer = real_number(attempt(curve.copy(), STEPS.copy(), level))
        except (IndexError, ValueError) as error:
            if curve is not from_the_start:
                raise
            raise Hint(
                f"It stopped ({error}) at a curve that {what}. There is no snapshot then that is not above; expected "
                "is the first step, 0."
            ) from None
        if answer == expected:
            continue
        said = f"A curve that {what} gave {answer:g}; expected was {expected:g}."
        if curve is early and answer == 1:
            raise Hint(f"{said} You took the first time that it is above. Look for the last time that it is not.")
        if np.isinf(expected):
            raise Hint(f"{said} What is not above at the end has no onset: return infinity.")
        if curve is touching:
            raise Hint(f"{said} Above is more than the level: ask with >, not >=.")
        if expected in STEPS and answer == np.flatnonzero(STEPS == expected)[0]:
            raise Hint(f"{said} That is the number of the snapshot. Asked is its step: steps[number].")
        if answer == STEPS[max(0, int(np.flatnonzero(STEPS == expected)[0]) - 1)]:
            raise Hint(f"{said} That is the last snapshot that is not above. The onset is one snapshot later.")
        raise Hint(f"{said} Find the last snapshot that is not above the level; the onset is the next one.")
    return "Right. What flickers has not come, and what was there untrained has not been learned."


def check_share_of_its_way(attempt: Callable[..., Any], seed: int) -> str:
    """A layer that hardly moves looks ready from the start, unless it is compared with its own way."""
    generator = np.random.default_rng([seed, 71])
    way = np.array([0.0, -0.1, *np.sort(generator.uniform(0.1, 0.9, 4)), 1.0])  # at first away from the end
    starts = np.sort(generator.uniform(0, 0.95, 4))[::-1]
    similarities = starts[:, np.newaxis] + (1 - starts[:, np.newaxis]) * way
    expected = bootstrapping.normalised_similarities(similarities)
    answer = numbers(attempt(similarities.copy()), similarities.shape, "layers, snapshots")
    if np.allclose(answer, expected, atol=1e-6):
        return (
            "Right. All four layers went the same way, and now it shows: their raw curves differ by their start alone."
        )
    if np.allclose(answer, similarities):
        raise Hint("The similarities came back as they were. Subtract what each layer had untrained, in column 0.")
    if np.allclose(answer, similarities - similarities[:, :1]):
        raise Hint(
            f"At the last snapshot {answer[0, -1]:.2f} came for the first layer; expected is 1 for each. Divide by the "
            "whole way that a layer has to go, 1 less its similarity untrained."
        )
    if np.allclose(answer, similarities / similarities[:, -1:]) or np.allclose(
        answer, similarities / similarities[:, :1]
    ):
        raise Hint(
            "The untrained network was not subtracted: at step 0 there is "
            f"{answer[0, 0]:.2f}, expected is 0. A ratio alone does not move the start to 0."
        )
    wrong_axis = (similarities - similarities[0]) / np.where(similarities[0] < 1, 1 - similarities[0], 1)
    if np.allclose(answer, wrong_axis, equal_nan=True) or np.allclose(answer[0], 0):
        raise Hint(
            "The first layer came out as 0 everywhere: you subtracted the first row, a layer. The untrained network "
            "is the first column, similarities[:, :1]."
        )
    least = similarities.min(axis=1, keepdims=True)
    if np.allclose(answer, (similarities - least) / (1 - least)):
        raise Hint(
            "You subtracted the lowest similarity of each layer. A layer may first move away from where it ends; the "
            "untrained network is the first column, similarities[:, :1]."
        )
    worst = int(np.nan_to_num(np.abs(answer - expected), nan=np.inf).max(axis=1).argmax())
    raise Hint(
        f"For a layer that starts at {starts[worst]:.2f}, {np.round(answer[worst], 2).tolist()} came; expected was "
        f"{np.round(expected[worst], 2).tolist()}. It is (s - untrained) / (1 - untrained), each layer by its own."
    )


def check_share_by_chance(attempt: Callable[..., Any], seed: int) -> str:
    """A kind that is early comes before a late one with whatever partner: order alone is no bond."""
    generator = np.random.default_rng([seed, 72])
    first = generator.choice(STEPS[1:8], 40).astype(float)
    second = STEPS[(np.searchsorted(STEPS, first) + generator.integers(0, 3, 40)).clip(1, 9)].astype(float)
    first[generator.choice(40, 4, replace=False)] = np.inf
    second[generator.choice(np.flatnonzero(np.isfinite(first)), 4, replace=False)] = np.inf
    came = np.isfinite(first) & np.isfinite(second)
    expected = _over_all(first[came], second[came])
    answer = real_number(attempt(first.copy(), second.copy()))
    if abs(answer - expected) < 1e-6:
        own = bootstrapping.positive_share(second[came] - first[came])
        return f"Right. Chance alone gives {expected:.2f}; partners gave {own:.2f}. Only the difference is about bonds."
    said = f"{answer:.3f} came; expected was {expected:.3f}."
    by_partners = (
        "You compared each with its own partner. By chance, everyone meets everyone: make a table of all couples."
    )
    all_first, all_second = np.meshgrid(first[came], second[came], indexing="ij")
    for wrong, hint in (
        (bootstrapping.positive_share(second[came] - first[came]), by_partners),
        ((first < second)[came].mean(), f"{by_partners} And leave those at the same step out."),
        ((first <= second)[came].mean(), f"{by_partners} And leave those at the same step out."),
        ((first < second).mean(), f"{by_partners} And leave out pairs of which either is infinite."),
        (1 - expected, "That is how often the second kind comes first: turn the comparison round."),
        ((all_first < all_second).mean(),
         "You divided by all couples. Leave those at the same step out of the number that you divide by."),
        ((all_first <= all_second).mean(), "Couples at the same step are in no order: count them neither above nor below."),
        (_over_all(first, second), "Onsets that never came are still in it: leave out pairs of which either is infinite."),
        (_over_all(first[np.isfinite(first)], second[np.isfinite(second)]),
         "Leave out a pair of partners whole, if either onset is infinite; you kept the other one."),
    ):  # fmt: skip
        if abs(answer - wrong) < 1e-6:
            raise Hint(f"{said} {hint}")
    if not 0 <= answer <= 1:
        raise Hint(
            f"{said} A share lies between 0 and 1: divide the number of couples in this order by all that differ."
        )
    raise Hint(f"{said} Compare first[:, np.newaxis] with second: a table of all couples of those that came.")


def _over_all(first: np.ndarray, second: np.ndarray) -> float:
    """Share of all couples, not only of partners, in which the first is earlier, of those that are not equal."""
    table = first[:, np.newaxis]
    return float((table < second).sum() / (table != second).sum())


def _rising(generator: np.random.Generator, place: int, level: float) -> np.ndarray:
    """A curve that is below the level before a snapshot, and above from there on."""
    away = generator.uniform(0.02, 0.2, len(STEPS))
    return np.where(np.arange(len(STEPS)) < place, level - away, level + away)
