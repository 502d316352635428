"""Checks of lesson 11's exercises: identical, apart, and the yardstick for differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations, product
from typing import Any

import numpy as np

from dense_keras.checks import Hint
from dense_keras.checks.answers import kind, number
from dense_keras.measures import classification

NEAR = 1e-6
"""How far an answer may be from the right one."""


def check_same_bits(attempt: Callable[..., Any], seed: int) -> str:
    """Whether two lists of arrays are identical to the last bit."""
    generator = np.random.default_rng([seed, 1])
    arrays = [generator.normal(size=(3, 4)).astype(np.float32), generator.normal(size=6).astype(np.float32)]
    nudged = [arrays[0].copy(), np.nextafter(arrays[1], np.float32(9))]
    zeros = [np.zeros(3, np.float32)]
    many = [generator.normal(size=5000).astype(np.float32)]
    one_other = [np.where(np.arange(5000) == 2500, np.float32(9), many[0])]
    for first, second, same, about in (
        (arrays, [array.copy() for array in arrays], True, "a copy has the same bits"),
        (arrays, nudged, False, "the second array differs in last bits. Allow no tolerance, and look at all arrays"),
        (many, one_other, False, "one number of 5,000 differs, in the middle. Text of an array leaves it out"),
        (arrays, arrays[:1], False, "the second list is shorter: zip stops at the end of the shorter one"),
        (arrays[:1], arrays, False, "the first list is shorter: zip stops at the end of the shorter one"),
        (arrays, [arrays[0].reshape(4, 3), arrays[1]], False, "the same numbers came in another shape"),
        (zeros, [np.zeros(3, np.int32)], False, "the same bytes came as another type: compare `dtype`"),
        (zeros, [-np.zeros(3, np.float32)], False, "0.0 and -0.0 are equal numbers of different bits: compare bytes"),
        (
            [np.full(2, np.nan)],
            [np.full(2, np.nan)],
            True,
            "NaN has the same bits, though NaN == NaN is false: compare bytes",
        ),
        (arrays[:1], [np.asfortranarray(arrays[0])], True, "the same array lies in memory in another order"),
    ):
        answer = attempt([array.copy("K") for array in first], [array.copy("K") for array in second])
        if not isinstance(answer, (bool, np.bool_)):
            raise Hint(f"Your function returned {kind(answer)}; True or False is needed.")
        if answer != same:
            raise Hint(f"{answer} came, {same} was expected: {about}.")
    return "Bits are compared, not numbers."


def check_parting_step(attempt: Callable[..., Any], seed: int) -> str:
    """From which step on two curves differ by more than a tolerance."""
    generator = np.random.default_rng([seed, 2])
    steps = np.cumsum(generator.integers(2, 40, 14))
    first, tolerance = generator.uniform(0.3, 0.6, 14), 0.05
    apart = np.array([0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1])  # for a moment, and then for good
    signs = generator.permutation([-1, 1] * 7)
    signs[[8, 9, 10, 11]] = (1, -1, 1, -1)  # so that a comparison that takes the sign along goes wrong
    gaps = np.where(apart, generator.uniform(0.06, 0.2, 14), generator.uniform(0, 0.04, 14)) * signs
    second = first + gaps
    right = float(classification.onset_steps(np.abs(gaps), steps, tolerance))
    signed = [float(classification.onset_steps(sign * gaps, steps, tolerance)) for sign in (1, -1)]
    forgotten = "You took the sign along: either curve may lie above the other. Take the absolute difference."
    mistakes = {
        "That is where they differ for the first time. Later they come near to each other again.": float(steps[3]),
        "That is the last snapshot at which they agree. Take the one after it.": float(steps[7]),
        "That is a number of a snapshot, counted from 0. Give its step.": 8.0,
        forgotten: signed[0],
        f"{forgotten} ": signed[1],
    }
    about = f"the curves are apart at the snapshots {np.flatnonzero(apart).tolist()}, counted from 0"
    otherwise = (
        "Find the last snapshot at which the absolute difference is not above the tolerance. They part at the next."
    )
    _compare(attempt(steps.copy(), first.copy(), second.copy(), tolerance), right, mistakes, about, otherwise)
    near = attempt(steps.copy(), first.copy(), first.copy(), tolerance)
    _compare(near, np.inf, {}, "equal curves never part: return float('inf')")
    always = attempt(steps.copy(), first.copy(), first + 1, tolerance)
    _compare(always, float(steps[0]), {}, "curves that are apart from the first snapshot on part at the first step")
    return f"They part for good at step {right:.0f}, though they had done so for a moment before."


def check_yardstick(attempt: Callable[..., Any], seed: int) -> str:
    """How large the difference between backends is, in units of that between seeds."""
    results, right, mistakes = _case_of_yardstick(np.random.default_rng([seed, 3]))
    otherwise = (
        "Above the line: for each seed, |one backend - another|, the mean over all pairs and seeds. Below it: for each "
        "backend, |one seed - another|, the mean over all pairs and backends. No run is paired with itself."
    )
    _compare(attempt(results.copy()), right, mistakes, f"results were {results.astype(int).tolist()}", otherwise)
    return f"Backends differ by {right:.2f} of what seeds differ by."


def _case_of_yardstick(generator: np.random.Generator) -> tuple[np.ndarray, float, dict[str, float]]:
    """Results in which the right answer and the usual mistakes are all different."""
    while True:
        results = generator.integers(300, 900, 5) + generator.integers(-60, 60, (3, 5)).astype(float)
        between_backends = np.mean([np.abs(one - two) for one, two in combinations(results, 2)])
        between_seeds = np.mean([np.abs(one - two) for one, two in combinations(results.T, 2)])
        right = float(between_backends / between_seeds)
        runs = list(product(range(3), range(5)))
        all_pairs = [abs(results[one] - results[two]) for one, two in combinations(runs, 2) if one[0] != two[0]]
        mistakes = {
            "It is the other way round: the difference between backends stands above the line.": 1 / right,
            "You compared all runs on two backends, also those of different seeds. Then both things differ at once.": float(
                np.mean(all_pairs) / between_seeds
            ),
            "You averaged over seeds before you compared backends: differences up and down cancel out.": float(
                np.mean([abs(one - two) for one, two in combinations(results.mean(axis=1), 2)]) / between_seeds
            ),
            "You averaged over backends before you compared seeds. Compare within each backend.": float(
                between_backends / np.mean([abs(one - two) for one, two in combinations(results.mean(axis=0), 2)])
            ),
            "Differences came with their signs, and cancelled out. Take them absolute.": float(
                np.mean([one - two for one, two in combinations(results, 2)])
                / np.mean([one - two for one, two in combinations(results.T, 2)])
            ),
            "You took standard deviations. Here it is the mean absolute difference of pairs.": float(
                results.std(axis=0).mean() / results.std(axis=1).mean()
            ),
            "You took standard deviations. Here it is the mean absolute difference of pairs. ": float(
                results.std(axis=0, ddof=1).mean() / results.std(axis=1, ddof=1).mean()
            ),
            "That is the difference between backends alone, in steps. Divide it by that between seeds.": float(
                between_backends
            ),
        }
        if min(abs(wrong - right) for wrong in mistakes.values()) > 1e-3:
            return results, right, mistakes


def _compare(answer: Any, right: float, mistakes: Mapping[str, float], about: str, otherwise: str = "") -> None:
    answer = number(answer)
    if answer == right or abs(answer - right) <= NEAR:
        return
    near = (hint.strip() for hint, wrong in mistakes.items() if answer == wrong or abs(answer - wrong) <= NEAR)
    hint = next(near, otherwise)
    raise Hint(f"{answer:.4g} came, {right:.4g} was expected: {about}. {hint}".rstrip())
