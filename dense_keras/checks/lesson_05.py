"""Checks of lesson 5: how well a unit detects, what is possible, and what training gained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dense_keras.checks import Hint
from dense_keras.checks.answers import number
from dense_keras.measures import detectors, dissection

CLOSE = 1e-6


def check_auc(attempt: Callable[..., Any], seed: int) -> str:
    """How well one unit detects something, from the definition by pairs."""
    generator = np.random.default_rng([seed, 5, 1])
    members = np.repeat([True, False], [30, 90])
    generator.shuffle(members)
    silent_for_many = np.maximum(generator.normal(members * 1.0, 1.0), 0)  # so that many pairs are equal
    value = number(attempt(silent_for_many.copy(), members.copy()))
    expected = float(detectors.detection_auc(silent_for_many[:, np.newaxis], members[:, np.newaxis])[0, 0])
    member, other = silent_for_many[members][:, np.newaxis], silent_for_many[~members]
    _refuse(
        value,
        expected,
        {
            "Here the *others* win: count pairs in which the member evokes more.": 1 - expected,
            "Pairs in which both evoke the same count half, and yours count nothing.": (member > other).mean(),
            "Pairs in which both evoke the same count half, and yours count whole.": (member >= other).mean(),
            "That is the difference of the means. An AUC compares each member with each other exemplar.": member.mean()
            - other.mean(),
        },
        "Compare each of the members with each of the others, and take the share of pairs.",
    )
    dead = number(attempt(np.zeros(40), np.arange(40) < 10))
    if not abs(dead - 0.5) < CLOSE:
        raise Hint(
            f"A dead unit cannot tell anything, so its AUC is 0.50. Yours is {dead:.2f}: in all pairs both are 0."
        )
    return f"Right: in {value:.0%} of the pairs the unit responds more to the member."


def check_best_iou(attempt: Callable[..., Any], seed: int) -> str:
    """The largest IoU that is possible for a part, from its masks and the share of active positions."""
    generator = np.random.default_rng([seed, 5, 2])
    for size, quantile in (("larger", 0.02), ("smaller", 0.4)):
        masks = generator.random((20, 16, 16)) < generator.uniform(0.1, 0.2, (20, 1, 1))
        value, share = number(attempt(masks.copy(), quantile)), float(masks.mean())
        expected = float(dissection.iou_ceiling(np.array([share]), quantile)[0])
        of_exemplars = masks.mean(axis=(1, 2))
        _refuse(
            value,
            expected,
            {
                "That is the part's share of the pixels. Divide the intersection by the union.": share,
                "That is the intersection at its best. Divide it by the union.": min(share, quantile),
                "That is upside down: an IoU is never above 1.": 1 / expected,
                "That is what one gets who chooses places blindly. The best unit chooses them well.": float(
                    dissection.iou_chance(np.array([share]), quantile)[0]
                ),
                "You took a ceiling for each exemplar, and their mean. The active positions are a share of the "
                "positions of all exemplars together.": dissection.iou_ceiling(of_exemplars, quantile).mean(),
            },
            f"Here the part ({share:.3f} of all positions) is {size} than what is active ({quantile}). "
            "At best the smaller lies wholly inside of the larger.",
            tolerance=2e-3,
        )
    return "Right: neither a part larger than what is active nor a smaller one can be matched."


def check_share_gained(attempt: Callable[..., Any], seed: int) -> str:
    """Units that detect something because of training."""
    generator = np.random.default_rng([seed, 5, 3])
    threshold = detectors.DETECTOR_AUC
    kinds = generator.permutation(np.repeat(["never", "lost", "kept", "gained"], [40, 6, 14, 20]))
    untrained, trained = (generator.uniform(0.3, 0.85, (80, 5)) for _ in range(2))
    units = np.arange(80)
    token, other_token = generator.integers(0, 2, 80), generator.integers(2, 5, 80)
    same = np.flatnonzero(kinds == "kept")[:5]
    other_token[same] = token[same]
    detects = np.isin(kinds, ("lost", "kept"))
    untrained[units[detects], token[detects]] = generator.uniform(0.91, 1, detects.sum())
    detects = np.isin(kinds, ("kept", "gained"))
    trained[units[detects], other_token[detects]] = generator.uniform(0.91, 1, detects.sum())
    value = number(attempt(untrained.copy(), trained.copy(), threshold))
    _refuse(
        value,
        20 / 80,
        {
            "That is the share of detectors after training. Leave out those that were detectors untrained.": 34 / 80,
            "You subtracted the shares. Units that stopped to be detectors then hide some that became ones: "
            "ask of each unit.": 14 / 80,
            "That is a share of the detectors. It should be one of all units.": 20 / 34,
            "You count tokens, not units: a unit counts once, by its best AUC.": 34 / 400,
            "You ask whether the *same* token's AUC passed the threshold. A unit that detected one token and now "
            "detects another was a detector before.": 29 / 80,
            "You count those that training lost.": 6 / 80,
        },
        "For each unit take its best AUC, before and after, and ask whether it passed the threshold.",
    )
    return "Right: only units that were no detectors by chance of their first weights are counted."


def _refuse(
    value: float, expected: float, mistakes: dict[str, float], otherwise: str, tolerance: float = CLOSE
) -> None:
    """Raise a hint unless a value is as expected: that of the usual mistake which gives it, or another."""
    if abs(value - expected) <= tolerance:
        return
    hints = [hint for hint, mistaken in mistakes.items() if abs(value - mistaken) <= tolerance]
    raise Hint(f"{value:.3f} came, {expected:.3f} was expected. {hints[0] if hints else otherwise}")
