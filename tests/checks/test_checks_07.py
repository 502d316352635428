"""The exercises of lesson 7: usual mistakes get their hint. That solutions pass is in ``test_checks``."""

import re

import numpy as np
import pytest

from dense_keras.checks import Hint, checks_of

INF = np.inf


def last_below(curve, level):
    return np.flatnonzero(~(curve > level)).max(initial=-1)


def onset_of(place, curve, steps):
    return steps[place] if place < len(curve) else INF


WRONG_ONSETS = {
    "first time": (lambda c, s, level: s[np.argmax(c > level)] if (c > level).any() else INF, "the first time"),
    "number": (lambda c, s, level: onset_of(last_below(c, level) + 1, c, range(len(s))), "number of the snapshot"),
    "one early": (lambda c, s, level: s[max(0, last_below(c, level))], "one snapshot later"),
    "never infinite": (lambda c, s, level: s[min(last_below(c, level) + 1, len(s) - 1)], "return infinity"),
    "at the level": (lambda c, s, level: onset_of(np.flatnonzero(c < level).max(initial=-1) + 1, c, s), "not >="),
    "nothing": (lambda c, s, level: None, "one number is needed"),
    "all": (lambda c, s, level: s[c > level], "one number is needed"),
    "NaN": (lambda c, s, level: np.nan, "returned NaN"),
    "nonsense": (lambda c, s, level: 7, "the last snapshot that is not above"),
}

WRONG_WAYS = {
    "raw": (lambda s: s, "came back as they were"),
    "not divided": (lambda s: s - s[:, :1], "Divide by the whole way"),
    "ratio": (lambda s: s / s[:, :1], "untrained network was not subtracted"),
    "other axis": (lambda s: (s - s[0]) / (1.001 - s[0]), "subtracted the first row, a layer"),
    "turned": (lambda s: ((s - s[:, :1]) / (1 - s[:, :1])).T, "(layers, snapshots)"),
    "nothing": (lambda s: None, "returned nothing"),
    "the lowest": (lambda s: (s - s.min(1, keepdims=True)) / (1 - s.min(1, keepdims=True)), "lowest similarity"),
    "by the mean": (lambda s: (s - s[:, :1]) / (1 - s[:, :1].mean()), "each layer by its own"),
}


def came(first, second):
    both = np.isfinite(first) & np.isfinite(second)
    return first[both], second[both]


def table_share(first, second):
    return (first[:, None] < second).sum() / (first[:, None] != second).sum()


def partners(first, second):
    first, second = came(first, second)
    return (first < second).sum() / (first != second).sum()


def partners_with_ties(first, second):
    first, second = came(first, second)
    return (first < second).mean()


def partners_no_later(first, second):
    first, second = came(first, second)
    return (first <= second).mean()


def of_all_couples(first, second):
    first, second = came(first, second)
    return (first[:, None] < second).mean()


def with_ties(first, second):
    first, second = came(first, second)
    return (first[:, None] <= second).mean()


WRONG_SHARES = {
    "partners": (partners, "its own partner. By chance, everyone meets everyone: make a table of all couples."),
    "partners with ties": (partners_with_ties, "its own partner"),
    "partners no later": (partners_no_later, "its own partner"),
    "partners with all": (lambda a, b: (a < b).mean(), "its own partner"),
    "turned": (lambda a, b: 1 - table_share(*came(a, b)), "turn the comparison round"),
    "of all": (of_all_couples, "Leave those at the same step out"),
    "ties": (with_ties, "no order"),
    "never": (table_share, "never came are still in it"),
    "one side": (lambda a, b: table_share(a[np.isfinite(a)], b[np.isfinite(b)]), "you kept the other one"),
    "count": (lambda a, b: (came(a, b)[0][:, None] < came(a, b)[1]).sum(), "between 0 and 1"),
    "nothing": (lambda a, b: None, "one number"),
    "half": (lambda a, b: 0.5, "a table of all couples"),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("name", "attempt", "hint"),
    [
        pytest.param(exercise, attempt, hint, id=f"{exercise}-{mistake}")
        for exercise, mistakes in (
            ("onset", WRONG_ONSETS),
            ("share_of_its_way", WRONG_WAYS),
            ("share_by_chance", WRONG_SHARES),
        )
        for mistake, (attempt, hint) in mistakes.items()
    ],
)
def test_mistakes_get_their_hint(name, attempt, hint, seed):
    with pytest.raises(Hint) as raised:
        checks_of("07")[name](attempt, seed)
    assert hint in str(raised.value), str(raised.value)


def test_a_layer_that_differs_is_shown_not_one_that_is_right():
    with pytest.raises(Hint) as raised:
        checks_of("07")["share_of_its_way"](lambda s: (s - s[:, :1]) / (1 - s[0, 0]), 0)
    came, expected = re.findall(r"\[.*?\]", str(raised.value))
    assert came != expected


def test_what_a_function_does_to_its_arrays_does_not_matter():
    def spoil(first, second):
        answer = table_share(*came(first, second))
        first[:], second[:] = 0, 0
        return answer

    assert "Right" in checks_of("07")["share_by_chance"](spoil, 0)


@pytest.mark.parametrize("last", [lambda places: places[-1], max], ids=["IndexError", "ValueError"])
def test_a_curve_that_was_always_above_stops_who_looks_for_the_last_time_that_it_was_not(last):
    def onset(curve, steps, level):
        return onset_of(last(np.flatnonzero(~(curve > level))) + 1, curve, steps)

    with pytest.raises(Hint, match="is above from the untrained network on. There is no snapshot then"):
        checks_of("07")["onset"](onset, 0)
