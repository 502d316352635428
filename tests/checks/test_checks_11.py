"""Lesson 11's exercises: usual mistakes get their hint. That solutions pass is in ``test_checks``."""

from itertools import combinations

import numpy as np
import pytest

from dense_keras.checks import Hint, checks_of

SEEDS = range(5)
CHECKS = checks_of("11")


def alike(first, second, equal):
    return len(first) == len(second) and all(equal(one, two) for one, two in zip(first, second))


def for_good(steps, apart):
    together = np.flatnonzero(~apart)
    begin = together[-1] + 1 if len(together) else 0
    return float(steps[begin]) if begin < len(steps) else float("inf")


def mean_difference(rows, absolute=np.abs):
    return np.mean([absolute(one - two) for one, two in combinations(rows, 2)])


def of_all_seeds(results):
    runs = [(backend, value) for backend, row in enumerate(results) for value in row]
    pairs = [abs(one[1] - two[1]) for one, two in combinations(runs, 2) if one[0] != two[0]]
    return np.mean(pairs) / mean_difference(results.T)


WRONG = [
    ("same_bits", lambda a, b: alike(a, b, lambda x, y: x.shape == y.shape and np.allclose(x, y)), "no tolerance"),
    ("same_bits", lambda a, b: a[0].tobytes() == b[0].tobytes(), "look at all arrays"),
    ("same_bits", lambda a, b: all(x.tobytes() == y.tobytes() for x, y in zip(a, b)), "shorter"),
    ("same_bits", lambda a, b: alike(a, b, lambda x, y: x.tobytes() == y.tobytes()), "another shape"),
    (
        "same_bits",
        lambda a, b: alike(a, b, lambda x, y: x.shape == y.shape and x.tobytes() == y.tobytes()),
        "another type",
    ),
    ("same_bits", lambda a, b: alike(a, b, lambda x, y: x.dtype == y.dtype and np.array_equal(x, y)), "-0.0 are equal"),
    (
        "same_bits",
        lambda a, b: alike(a, b, lambda x, y: x.dtype == y.dtype and np.array_equal(x, y) and str(x) == str(y)),
        "NaN == NaN is false",
    ),
    (
        "same_bits",
        lambda a, b: alike(a, b, lambda x, y: (x.shape, x.dtype, x.tobytes("A")) == (y.shape, y.dtype, y.tobytes("A"))),
        "in another order",
    ),
    ("same_bits", lambda a, b: str(a) == str(b), "Text of an array leaves it out"),
    ("same_bits", lambda a, b: 1, "True or False is needed"),
    ("parting_step", lambda s, a, b, t: float(s[(np.abs(a - b) > t).argmax()]), "for the first time"),
    ("parting_step", lambda s, a, b, t: float(s[np.flatnonzero(np.abs(a - b) <= t)[-1]]), "last snapshot at which"),
    ("parting_step", lambda s, a, b, t: int(np.flatnonzero(np.abs(a - b) <= t)[-1]) + 1, "number of a snapshot"),
    ("parting_step", lambda s, a, b, t: for_good(s, a - b > t), "sign along"),
    ("parting_step", lambda s, a, b, t: for_good(s, b - a > t), "sign along"),
    (
        "parting_step",
        lambda s, a, b, t: float(s[min(np.flatnonzero(np.abs(a - b) <= t)[-1] + 1, len(s) - 1)]),
        "never part",
    ),
    (
        "parting_step",
        lambda s, a, b, t: for_good(s, np.append(False, (np.abs(a - b) > t)[1:])),
        "from the first snapshot on",
    ),
    ("parting_step", lambda s, a, b, t: np.abs(a - b) > t, "ndarray of shape"),
    ("yardstick", lambda r: mean_difference(r.T) / mean_difference(r), "other way round"),
    ("yardstick", of_all_seeds, "of different seeds"),
    ("yardstick", lambda r: mean_difference(r.mean(axis=1)) / mean_difference(r.T), "averaged over seeds"),
    ("yardstick", lambda r: mean_difference(r) / mean_difference(r.mean(axis=0)), "averaged over backends"),
    ("yardstick", lambda r: mean_difference(r, float_sign) / mean_difference(r.T, float_sign), "with their signs"),
    ("yardstick", lambda r: r.std(axis=0).mean() / r.std(axis=1).mean(), "standard deviations"),
    ("yardstick", mean_difference, "in steps"),
    ("yardstick", lambda r: np.ptp(r, axis=0).mean() / np.ptp(r, axis=1).mean(), "No run is paired with itself"),
    ("parting_step", lambda s, a, b, t: -1.0, "the absolute difference is not above the tolerance"),
    ("yardstick", lambda r: None, "returned nothing"),
]


def float_sign(values):
    return values


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "wrong", "hint"), WRONG, ids=[f"{name}-{hint}" for name, _, hint in WRONG])
def test_usual_mistakes_get_their_hint(name, wrong, hint, seed):
    with pytest.raises(Hint, match=hint):
        CHECKS[name](wrong, seed)
