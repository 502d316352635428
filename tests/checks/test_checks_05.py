"""Lesson 5's exercises: usual mistakes get their hint. That solutions pass is in ``test_checks``."""

import numpy as np
import pytest

from dense_keras.checks import Hint, checks_of

SEEDS = range(5)
CHECKS = checks_of("05")


def pairs(activations, members):
    return activations[members][:, None] - activations[~members]


def shares(untrained, trained, threshold):
    return [auc.max(axis=1) > threshold for auc in (untrained, trained)]


def halved(activations, members):
    differences = pairs(activations, members)
    return (differences > 0).mean() + (differences == 0).mean() / 2


WRONG = [
    ("auc", lambda a, m: (pairs(a, m) > 0).mean(), "count half, and yours count nothing"),
    ("auc", lambda a, m: (pairs(a, m) >= 0).mean(), "count half, and yours count whole"),
    ("auc", lambda a, m: halved(a, ~m), "Here the *others* win"),
    ("auc", lambda a, m: a[m].mean() - a[~m].mean(), "difference of the means"),
    ("auc", lambda a, m: ((a > np.median(a)) == m).mean(), "Compare each of the members"),
    ("auc", lambda a, m: halved(a, m) if a.any() else np.nan, "A dead unit cannot tell anything"),
    ("auc", pairs, "ndarray of shape (30, 90); one number is needed"),
    ("auc", lambda a, m: None, "returned nothing"),
    ("best_iou", lambda masks, q: masks.mean(), "the part's share of the pixels"),
    ("best_iou", lambda masks, q: min(masks.mean(), q), "the intersection at its best"),
    ("best_iou", lambda masks, q: max(masks.mean(), q) / min(masks.mean(), q), "upside down"),
    ("best_iou", lambda masks, q: q / masks.mean(), "upside down"),
    ("best_iou", lambda masks, q: 0.9 if q < 0.1 else 0.8, "than what is active (0.02)"),
    ("best_iou", lambda masks, q: masks.mean() * q / (masks.mean() + q - masks.mean() * q), "chooses places blindly"),
    (
        "best_iou",
        lambda masks, q: np.mean([min(p, q) / max(p, q) for p in masks.mean(axis=(1, 2))]),
        "a ceiling for each exemplar",
    ),
    ("best_iou", lambda masks, q: masks.mean(axis=0), "ndarray of shape (16, 16)"),
    ("share_gained", lambda u, t, least: shares(u, t, least)[1].mean(), "after training"),
    (
        "share_gained",
        lambda u, t, least: shares(u, t, least)[1].mean() - shares(u, t, least)[0].mean(),
        "You subtracted the shares",
    ),
    (
        "share_gained",
        lambda u, t, least: (
            shares(t, u, least)[1].sum() / 80 and (shares(u, t, least)[0] & ~shares(u, t, least)[1]).mean()
        ),
        "those that training lost",
    ),
    (
        "share_gained",
        lambda u, t, least: (shares(u, t, least)[1] & ~shares(u, t, least)[0]).sum() / shares(u, t, least)[1].sum(),
        "one of all units",
    ),
    ("share_gained", lambda u, t, least: (t > least).mean(), "You count tokens, not units"),
    ("share_gained", lambda u, t, least: ((t > least) & (u <= least)).any(axis=1).mean(), "the *same* token's AUC"),
    ("share_gained", lambda u, t, least: 1.0, "take its best AUC"),
    ("share_gained", lambda u, t, least: t.max(axis=1), "ndarray of shape (80,)"),
]


@pytest.mark.parametrize(("name", "attempt", "said"), WRONG)
@pytest.mark.parametrize("seed", SEEDS)
def test_usual_mistakes_get_the_right_hint(name, attempt, said, seed):
    with pytest.raises(Hint) as hint:
        CHECKS[name](attempt, seed)
    assert said in str(hint.value)


def test_what_a_learner_changes_in_place_does_not_change_the_answer():
    def forgetful(activations, members):
        value = halved(activations, members)
        activations[:] = 0
        members[:] = False
        return value

    assert CHECKS["auc"](forgetful, 0).startswith("Right")
