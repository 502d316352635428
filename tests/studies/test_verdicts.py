"""Every threshold and every falsifier, with numbers just on either side."""

import numpy as np
import pytest

from verdicts import FAILS, HOLDS, HYPOTHESES, NOT_RUN, UNDECIDED, all_together

INF, NAN = np.inf, np.nan


def verdict(name, preset, **numbers):
    values = {number.replace("_", " "): np.array(of_seeds, float) for number, of_seeds in numbers.items()}
    return HYPOTHESES[name].verdict(preset, values)


@pytest.mark.parametrize(
    ("name", "preset", "numbers", "expected"),
    [
        ("H1", "default", {"plateaus at a ceiling": [1, 2, 1, 1, 0]}, HOLDS),
        ("H1", "default", {"plateaus at a ceiling": [1, 2, 1, 0, 0]}, FAILS),
        ("H2", "default", {"block index": [0.9, 1, 1, 1, NAN], "p": [0.001] * 4 + [1]}, HOLDS),
        ("H2", "default", {"block index": [1] * 5, "p": [0.001, 0.001, 0.001, 0.01, 0.01]}, FAILS),
        ("H3", "default", {"tau": [1, 1, 0.6, 0.6, 0.2]}, HOLDS),
        ("H3", "default", {"tau": [1, 0.3, 0.3, 0.3, 0.3]}, UNDECIDED),
        ("H3", "default", {"tau": [-1, 0.2, 0.2, 0.2, 0.2]}, FAILS),
        ("H4", "conjunctive", {"share after": [0.9, 0.9, 0.9, 0.9, 0.6]}, HOLDS),
        ("H4", "conjunctive", {"share after": [0.7, 0.7, 0.7, 0.7, 0.7]}, UNDECIDED),
        ("H4", "conjunctive", {"share after": [0.6, 0.6, 0.6, 0.6, 0.6]}, FAILS),
        ("H4", "conjunctive", {"share after": [NAN] * 5}, FAILS),
        ("H5", "default", {"share before": [0.8] * 5, "matched": [0.5] * 5, "exchanged": [0.7] * 5}, HOLDS),
        ("H5", "default", {"share before": [0.8] * 5, "matched": [0.5] * 5, "exchanged": [0.8] * 5}, UNDECIDED),
        ("H5", "default", {"share before": [0.6] * 5, "matched": [0.5] * 5, "exchanged": [0.5] * 5}, UNDECIDED),
        ("H5", "default", {"share before": [0.9] * 5, "matched": [0.9] * 5, "exchanged": [0.5] * 5}, FAILS),
        ("H5", "default", {"share before": [NAN] * 5, "matched": [NAN] * 5, "exchanged": [NAN] * 5}, FAILS),
        (
            "H6",
            "default",
            {"raw order and similarity at first": [-0.9] * 5, "normalised order and depth": [-0.5] * 5},
            HOLDS,
        ),
        (
            "H6",
            "default",
            {"raw order and similarity at first": [-0.7] * 5, "normalised order and depth": [-0.5] * 5},
            UNDECIDED,
        ),
        (
            "H6",
            "default",
            {"raw order and similarity at first": [-0.9] * 5, "normalised order and depth": [0.6] * 4 + [0]},
            FAILS,
        ),
        (
            "H7",
            "default",
            {"z at the end": [4] * 5, "slope": [0.5] * 5, "excess, less that of step 0": [0.1] * 5},
            HOLDS,
        ),
        (
            "H7",
            "default",
            {"z at the end": [4] * 5, "slope": [0.5] * 5, "excess, less that of step 0": [-0.1] * 5},
            UNDECIDED,
        ),
        (
            "H7",
            "default",
            {"z at the end": [1, 1, 1, 9, 9], "slope": [1] * 5, "excess, less that of step 0": [1] * 5},
            FAILS,
        ),
        ("H8", "default", {"interaction at the end": [0.25] * 4 + [0.9]}, HOLDS),
        ("H8", "default", {"interaction at the end": [0.25] * 3 + [0.9, NAN]}, FAILS),
        ("H8", "conjunctive", {"interaction at the end": [0.5] * 5, "interaction before": [0.05] * 5}, HOLDS),
        ("H8", "conjunctive", {"interaction at the end": [0.9] * 5, "interaction before": [0.06] * 5}, FAILS),
        ("H10", "conjunctive", {"ratio": [1, 1, 2.1, 3, INF]}, HOLDS),
        ("H10", "conjunctive", {"ratio": [1, 1, 2, 3, INF]}, UNDECIDED),
        ("H10", "conjunctive", {"ratio": [NAN, NAN, NAN, 3, INF]}, FAILS),
    ],
)
def test_verdicts(name, preset, numbers, expected):
    assert verdict(name, preset, **numbers) == expected


DENSITY = {
    "critical, hair and eyes": [350] * 5,
    "critical, nose and mouth": [2000, INF, INF, INF, 350],
    "least share": [0.5] * 5,
    "largest rise": [0.6] * 5,
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, HOLDS),
        ({"largest rise": [0.4] * 5}, FAILS),
        ({"largest rise": [0.6, 0.6, 0.4, 0.4, 0.4]}, FAILS),
        ({"largest rise": [0.6, 0.6, 0.6, 0.4, 0.4]}, UNDECIDED),
        ({"critical, hair and eyes": [INF] * 5}, FAILS),
        ({"critical, nose and mouth": [350] * 5}, FAILS),
        ({"least share": [0.8] * 5}, FAILS),
    ],
)
def test_verdict_of_density(changes, expected):
    assert verdict("H9", "density", **DENSITY | changes) == expected


def test_one_failure_decides_and_nothing_holds_half_run():
    assert all_together([HOLDS, HOLDS]) == HOLDS
    assert all_together([HOLDS, FAILS]) == FAILS
    assert all_together([HOLDS, UNDECIDED]) == UNDECIDED
    assert all_together([HOLDS, NOT_RUN]) == UNDECIDED
    assert all_together([NOT_RUN]) == NOT_RUN


def test_three_seeds_are_enough_only_together():
    assert verdict("H1", "default", **{"plateaus at a ceiling": [1, 1, 0]}) == FAILS
    assert verdict("H1", "default", **{"plateaus at a ceiling": [1, 1, 1]}) == HOLDS
