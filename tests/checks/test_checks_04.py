"""Lesson 4's exercises: usual mistakes get their hint. That solutions pass is in ``test_checks``."""

import numpy as np
import pytest

from dense_keras.checks import Hint, checks_of

SEEDS = range(5)
CHECKS = checks_of("04")


def means_of(activations, tokens):
    return np.array([activations[tokens == token].mean(axis=0) for token in np.unique(tokens)])


def share(activations, tokens):
    return means_of(activations, tokens)[tokens].var(axis=0).sum() / activations.var(axis=0).sum()


def balanced(read, labels):
    return np.mean([(read[labels == label] == label).mean() for label in np.unique(labels)])


def ratio(variances):
    return variances.sum() ** 2 / (variances**2).sum()


def axes(activations):
    return np.linalg.svd(activations - activations.mean(axis=0), compute_uv=False)[:19] ** 2


WRONG = [
    ("scatter_share", lambda x, t: 1 - share(x, t), "within"),
    ("scatter_share", lambda x, t: share(x, t) / (1 - share(x, t)), "between by within"),
    (
        "scatter_share",
        lambda x, t: means_of(x, t).var(axis=0).sum() / x.var(axis=0).sum(),
        "as often as it has exemplars",
    ),
    (
        "scatter_share",
        lambda x, t: ((means_of(x, t) - x.mean(axis=0)) ** 2).sum() / ((x - x.mean(axis=0)) ** 2).sum(),
        "as often as it has exemplars",
    ),
    (
        "scatter_share",
        lambda x, t: (means_of(x, t)[t].var(axis=0) / x.var(axis=0)).mean(),
        "mean of the units' shares",
    ),
    ("scatter_share", lambda x, t: (means_of(x, t)[t] ** 2).sum() / (x**2).sum(), "measured from 0"),
    ("scatter_share", lambda x, t: np.sqrt(share(x, t)), "the root"),
    ("scatter_share", lambda x, t: share(x.T, t), "rows and columns exchanged"),
    ("scatter_share", lambda x, t: means_of(x, t), "ndarray of shape"),
    ("gained", lambda now, before, y: balanced(now, y), "did not subtract what can be read from the untrained"),
    ("gained", lambda now, before, y: (now == y).mean(), "did not subtract the untrained network, and"),
    ("gained", lambda now, before, y: (now == y).mean() - (before == y).mean(), "three times as frequent"),
    ("gained", lambda now, before, y: balanced(now, y) - 0.5, "You subtracted chance"),
    ("gained", lambda now, before, y: (now == y).mean() - 0.75, "the most frequent label"),
    ("gained", lambda now, before, y: balanced(before, y) - balanced(now, y), "the other way round"),
    ("gained", lambda now, before, y: None, "returned nothing"),
    ("participation_ratio", lambda x: ratio(x.var(axis=0)), "the variances of the units"),
    ("participation_ratio", lambda x: ratio(np.linalg.svd(x, compute_uv=False) ** 2), "subtract each unit's mean"),
    ("participation_ratio", lambda x: ratio(axes(x.T)), "the wrong axis"),
    ("participation_ratio", lambda x: 1 / ratio(axes(x)), "upside down"),
    ("participation_ratio", lambda x: np.linalg.matrix_rank(x - x.mean(axis=0)), "Large ones have to count for more"),
    ("participation_ratio", lambda x: ratio(np.sqrt(axes(x))), "standard deviations"),
    ("participation_ratio", lambda x: x.shape[1], "the number of units"),
    ("participation_ratio", lambda x: ratio(np.linalg.eigvalsh(np.corrcoef(x.T))), "You took correlations"),
    ("participation_ratio", lambda x: 0.5, "their sum squared"),
    ("gained", lambda now, before, y: 7.0, "of which it is true"),
    ("scatter_share", lambda x, t: 7.0, "Replace each exemplar by the mean of its token"),
    ("participation_ratio", lambda x: axes(x), "ndarray of shape"),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "wrong", "hint"), WRONG)
def test_usual_mistakes_get_their_hint(name, wrong, hint, seed):
    with pytest.raises(Hint, match=hint):
        CHECKS[name](wrong, seed)


def test_a_hint_says_what_came_and_what_was_expected():
    with pytest.raises(Hint, match=r"0\.123 came, 0\.\d+ was expected: activations were \(80 exemplars, 12 units\)"):
        CHECKS["scatter_share"](lambda activations, tokens: 0.123, 0)


def test_an_array_without_axes_is_a_number():
    assert "is the token" in CHECKS["scatter_share"](lambda x, t: np.array(share(x, t)), 0)


def test_arrays_are_handed_out_as_copies():
    def spoils(activations):
        answer = ratio(axes(activations))
        activations[:] = 0
        return answer

    assert "directions count" in CHECKS["participation_ratio"](spoils, 0)
