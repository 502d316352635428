"""Thresholds and falsifiers of the ten hypotheses: numbers of several seeds to a verdict.

The numbers of a group are name -> (seeds,) float, one a seed, of runs of one preset on one backend.
What they are, and why the thresholds are these, stands in ``hypotheses.md``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

HOLDS, FAILS, UNDECIDED, NOT_RUN = "holds", "fails", "undecided", "not run"

ENOUGH = 4 / 5
"""Share of the seeds, rounded up to whole seeds, in which what is claimed of each has to be so."""

Numbers = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Hypothesis:
    """A claim, the presets whose runs test it, its numbers by preset, and what they decide.

    verdict: a preset and the numbers of its seeds -> one of the four words.
    """

    claim: str
    numbers: Mapping[str, Sequence[str]]
    verdict: Callable[[str, Numbers], str]


def in_enough(seeds: np.ndarray) -> bool:
    """Whether something is so in enough seeds. seeds: (seeds,) bool."""
    return bool(seeds.sum() >= math.ceil(ENOUGH * len(seeds)))


def in_half_at_most(seeds: np.ndarray) -> bool:
    """Whether something is so in half of the seeds or fewer. seeds: (seeds,) bool."""
    return bool(seeds.sum() <= len(seeds) / 2)


def all_together(verdicts: Sequence[str]) -> str:
    """The verdict over presets and backends: each must hold, and one that fails is enough."""
    decided = [verdict for verdict in verdicts if verdict != NOT_RUN]
    if not decided:
        return NOT_RUN
    if FAILS in decided:
        return FAILS
    return HOLDS if set(verdicts) == {HOLDS} else UNDECIDED


def plateaus(preset: str, numbers: Numbers) -> str:
    return HOLDS if in_enough(numbers["plateaus at a ceiling"] >= 1) else FAILS


def blocks(preset: str, numbers: Numbers) -> str:
    return HOLDS if in_enough((numbers["block index"] >= 0.9) & (numbers["p"] < 0.01)) else FAILS


def order_of_parts(preset: str, numbers: Numbers) -> str:
    mean = numbers["tau"].mean()
    return HOLDS if mean > 0.6 else FAILS if mean <= 0 else UNDECIDED


def conjunctions_after_parts(preset: str, numbers: Numbers) -> str:
    mean = _mean(numbers["share after"])
    if np.isnan(mean) or mean <= 0.6:
        return FAILS
    return HOLDS if mean > 0.8 and in_enough(numbers["share after"] > 0.5) else UNDECIDED


def edges_before_selectivity(preset: str, numbers: Numbers) -> str:
    share, controls = numbers["share before"], (numbers["matched"], numbers["exchanged"])
    if np.isnan(share).all() or _mean(share - numbers["matched"]) <= 0:
        return FAILS
    above_both = all(in_enough(share > control) for control in controls)
    return HOLDS if _mean(share) > 0.7 and above_both else UNDECIDED


def distance_not_sequence(preset: str, numbers: Numbers) -> str:
    bottom_up = numbers["normalised order and depth"] > 0.5
    if in_enough(bottom_up):
        return FAILS
    reflects = numbers["raw order and similarity at first"].mean() < -0.8
    return HOLDS if reflects and in_enough(~bottom_up) else UNDECIDED


def modular_by_token(preset: str, numbers: Numbers) -> str:
    if np.median(numbers["z at the end"]) < 2:
        return FAILS
    grows = (numbers["slope"] > 0) & (numbers["excess, less that of step 0"] > 0)
    return HOLDS if in_enough((numbers["z at the end"] > 3) & grows) else UNDECIDED


def binding_where_needed(preset: str, numbers: Numbers) -> str:
    at_the_end = numbers["interaction at the end"]
    if preset == "default":
        return HOLDS if in_enough(at_the_end <= 0.25) else FAILS
    return HOLDS if in_enough((at_the_end >= 0.5) & (numbers["interaction before"] <= 0.05)) else FAILS


def critical_density(preset: str, numbers: Numbers) -> str:
    larger, smaller = numbers["critical, hair and eyes"], numbers["critical, nose and mouth"]
    sudden = np.isfinite(larger) & (numbers["least share"] <= 0.6) & (numbers["largest rise"] >= 0.5)
    ordered = smaller > larger
    if in_enough(sudden) and in_enough(ordered):
        return HOLDS
    return FAILS if in_half_at_most(sudden) or in_half_at_most(ordered) else UNDECIDED


def parents_carry_conjunctions(preset: str, numbers: Numbers) -> str:
    ratio = np.median(np.nan_to_num(numbers["ratio"], nan=0.0, posinf=np.inf))
    return HOLDS if ratio > 2 else FAILS if ratio <= 1.2 else UNDECIDED


def _mean(values: np.ndarray) -> float:
    """Mean of the seeds that have a number; NaN if none has."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


_ORDER = ("share after", "units", "ties", "left out")
_EDGES = ("share before", "matched", "exchanged", "edges")

HYPOTHESES = {
    "H1": Hypothesis(
        "classification emerges in steps, at the ceilings of accuracy for known parts",
        {"default": ("plateaus at a ceiling", "all plateaus")},
        plateaus,
    ),
    "H2": Hypothesis(
        "on such a plateau mistakes stay inside blocks of tokens that share known parts",
        {"default": ("block index", "p")},
        blocks,
    ),
    "H3": Hypothesis(
        "parts are acquired in the order of how visible they are",
        {"default": ("tau", "parts acquired")},
        order_of_parts,
    ),
    "H4": Hypothesis(
        "a conjunction comes after the parts of its parents", {"conjunctive": _ORDER}, conjunctions_after_parts
    ),
    "H5": Hypothesis(
        "couplings come before the selectivity of the unit that they lead to",
        {"default": _EDGES, "conjunctive": _EDGES},
        edges_before_selectivity,
    ),
    "H6": Hypothesis(
        "that early layers are similar to their end first reflects how little they move, not who comes first",
        {"default": ("raw order and similarity at first", "normalised order and depth")},
        distance_not_sequence,
    ),
    "H7": Hypothesis(
        "beyond tokens and views, units of one token come to go together",
        {"default": ("z at the end", "slope", "excess, less that of step 0", "z at first")},
        modular_by_token,
    ),
    "H8": Hypothesis(
        "parts are bound where tokens need it, and added where not",
        {
            "default": ("interaction at the end", "interaction untrained"),
            "conjunctive": ("interaction at the end", "interaction before", "interaction untrained"),
        },
        binding_where_needed,
    ),
    "H9": Hypothesis(
        "a pair is bound from a critical density on, which is larger for smaller parts",
        {"density": ("critical, hair and eyes", "critical, nose and mouth", "largest rise", "least share")},
        critical_density,
    ),
    "H10": Hypothesis(
        "a conjunction hangs on its parents more than on other inputs of equal strength",
        {"conjunctive": ("ratio", "removed with parents", "removed with others", "units")},
        parents_carry_conjunctions,
    ),
}
