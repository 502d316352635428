"""Lesson 10's exercises: usual mistakes get their hint. That solutions pass is in ``test_checks``."""

import math

import numpy as np
import pytest

from dense_keras.checks import Hint, checks_of

SEEDS = range(5)
CHECKS = checks_of("10")


def counted(labels, tokens):
    return ~np.isnan(labels[tokens])


def without_names_of_no_label(predicted, tokens, labels):
    both = counted(labels, tokens) & counted(labels, predicted)
    return (labels[tokens] == labels[predicted])[both].mean()


def names_or_labels(predicted, tokens, labels):
    return ((labels[tokens] == labels[predicted]) | (~counted(labels, tokens) & (tokens == predicted))).mean()


WRONG = [
    ("equal_epochs", lambda few, many, epochs, size: epochs * (many // size) // (few // size), "round up"),
    ("equal_epochs", lambda few, many, epochs, size: epochs * (many // size) / (few // size), "no whole number"),
    ("equal_epochs", lambda few, many, epochs, size: math.ceil(epochs * many / few), "part of a step"),
    (
        "equal_epochs",
        lambda few, many, epochs, size: math.ceil(epochs * -(-many // size) / -(-few // size)),
        "unfilled",
    ),
    ("equal_epochs", lambda few, many, epochs, size: epochs * (many // size), "number of steps"),
    ("equal_epochs", lambda few, many, epochs, size: math.ceil(epochs * (few // size) / (many // size)), "exchanged"),
    ("equal_epochs", lambda few, many, epochs, size: None, "returned nothing"),
    ("pair_accuracy", lambda p, t, labels: (labels[t] == labels[p]).mean(), "divided by all exemplars"),
    ("pair_accuracy", lambda p, t, labels: (t == p)[counted(labels, t)].mean(), "A wrong name may"),
    ("pair_accuracy", lambda p, t, labels: (t == p).mean(), "Look at the labels"),
    ("pair_accuracy", without_names_of_no_label, "They are wrong"),
    ("pair_accuracy", names_or_labels, "It does not count"),
    ("pair_accuracy", lambda p, t, labels: 1 - (labels[t] == labels[p])[counted(labels, t)].mean(), "wrong answers"),
    ("pair_accuracy", lambda p, t, labels: labels[t] == labels[p], "ndarray of shape"),
    ("memorised_share", lambda seen, new, chance: seen - new, "That is the gap"),
    ("memorised_share", lambda seen, new, chance: (seen - new) / seen, "Chance is no knowledge"),
    ("memorised_share", lambda seen, new, chance: (seen - new) / (new - chance), "above chance on held-out"),
    ("memorised_share", lambda seen, new, chance: (new - chance) / (seen - chance), r"\*not\* memory"),
    ("memorised_share", lambda seen, new, chance: (seen - new - chance) / (seen - chance), "cancels out"),
    ("memorised_share", lambda seen, new, chance: (seen - new) / (1 - chance), "1 - chance"),
    ("memorised_share", lambda seen, new, chance: (seen - new) / (seen - chance), "went better"),
    ("memorised_share", lambda seen, new, chance: max((seen - new) / (seen - chance), 0), "below chance"),
    ("memorised_share", lambda seen, new, chance: min(max((seen - new) / (seen - chance), 0), 1), "divide by 0"),
    (
        "memorised_share",
        lambda seen, new, chance: min(max((seen - new) / max(seen - chance, 1e-9), 0), 1),
        r"return float\('nan'\)",
    ),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "wrong", "hint"), WRONG, ids=[f"{name}-{hint}" for name, _, hint in WRONG])
def test_usual_mistakes_get_their_hint(name, wrong, hint, seed):
    with pytest.raises(Hint, match=hint):
        CHECKS[name](wrong, seed)
