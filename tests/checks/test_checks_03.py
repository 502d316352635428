"""Lesson 3's exercises: usual mistakes get their hint. That solutions pass is in ``test_checks``."""

import numpy as np
import pytest

from dense_keras.checks import Hint, checks_of

SEEDS = range(5)
CHECKS = checks_of("03")


def groups_of(codes, known):
    return np.unique(codes[:, known], axis=0, return_inverse=True)[1].ravel()


def errors_of(counts):
    return counts * (1 - np.eye(len(counts)))


def inside(blocks):
    return blocks[:, None] == blocks


def majority(worn):
    return np.bincount(worn).max() / len(worn)


def groups(variants, known, asked):
    return [variants[variants[:, known] == worn, asked] for worn in set(variants[:, known])]


WRONG = [
    ("ceiling", lambda codes, known: 1 / len(codes), "That is chance"),
    ("ceiling", lambda codes, known: len(np.unique(codes, axis=0)) / len(codes), "who knows all parts"),
    ("ceiling", lambda codes, known: np.bincount(groups_of(codes, known)).max() / len(codes), "the largest group"),
    ("ceiling", lambda codes, known: (1 / np.bincount(groups_of(codes, known))).mean(), "each group the same weight"),
    ("ceiling", lambda codes, known: 1 / (groups_of(codes, known).max() + 1), "other way round"),
    (
        "ceiling",
        lambda codes, known: (groups_of(codes, known).max() + 1) / len(codes) if known else 1.0,
        "no part at all was known",
    ),
    ("ceiling", lambda codes, known: groups_of(codes, known), "ndarray of shape"),
    ("ceiling", lambda codes, known: None, "returned nothing"),
    ("ceiling", lambda codes, known: "a half", "returned str"),
    ("block_index", lambda counts, blocks: (counts * inside(blocks)).sum() / counts.sum(), "right answers too"),
    (
        "block_index",
        lambda counts, blocks: (counts * inside(blocks)).sum() / errors_of(counts).sum(),
        "below the line, but not above",
    ),
    (
        "block_index",
        lambda counts, blocks: (errors_of(counts) * inside(blocks)).sum() / counts.sum(),
        "divided by all exemplars",
    ),
    (
        "block_index",
        lambda counts, blocks: (errors_of(counts) * ~inside(blocks)).sum() / errors_of(counts).sum(),
        "leave the block",
    ),
    (
        "block_index",
        lambda counts, blocks: (
            (errors_of(counts) * inside(blocks)).sum(axis=1) / errors_of(counts).sum(axis=1)
        ).mean(),
        "mean over tokens",
    ),
    (
        "block_index",
        lambda counts, blocks: (errors_of(counts) * inside(blocks)).sum() / max(errors_of(counts).sum(), 1),
        r"return float\('nan'\)",
    ),
    (
        "block_index",
        lambda counts, blocks: float((errors_of(counts) * inside(blocks)).sum()) / float(errors_of(counts).sum()),
        "you divide by 0",
    ),
    ("free_readout", lambda variants, known, asked: majority(variants[:, asked]), "one name for all"),
    (
        "free_readout",
        lambda variants, known, asked: np.mean([majority(own) for own in groups(variants, known, asked)]),
        "each variant of the known part the same",
    ),
    (
        "free_readout",
        lambda variants, known, asked: (
            sum(majority(own) * len(own) for own in groups(variants, asked, known)) / len(variants)
        ),
        "exchanged the two parts",
    ),
    (
        "free_readout",
        lambda variants, known, asked: max(majority(own) for own in groups(variants, known, asked)),
        "You took the best group",
    ),
    ("free_readout", lambda variants, known, asked: 1, "comes for nothing"),
    (
        "free_readout",
        lambda variants, known, asked: (variants[:, known] == variants[:, asked]).mean(),  # right by luck with seed 3
        "was expected",
    ),
    (
        "free_readout",
        lambda variants, known, asked: len(groups(variants, known, asked)) / len(variants),
        "share of tokens named rightly",
    ),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "wrong", "hint"), WRONG)
def test_usual_mistakes_get_their_hint(name, wrong, hint, seed):
    with pytest.raises(Hint, match=hint):
        CHECKS[name](wrong, seed)


def test_a_wrong_answer_of_no_usual_kind_is_told_where_to_look():
    for name, hint in (
        ("ceiling", "codes.:, known."),
        ("block_index", "off the diagonal"),
        ("free_readout", "Add these"),
    ):
        with pytest.raises(Hint, match=hint):
            CHECKS[name](lambda *given: 0.1234, 0)


def test_a_hint_says_what_came_and_what_was_expected():
    with pytest.raises(Hint, match=r"0\.123 came, 0\.\d+ was expected: \d tokens look different in \d ways"):
        CHECKS["ceiling"](lambda codes, known: 0.123, 0)


def test_arrays_are_handed_out_as_copies():
    def spoils(counts, blocks):
        errors = errors_of(counts)
        right = (errors * inside(blocks)).sum() / errors.sum() if errors.any() else np.nan
        counts[:], blocks[:] = 0, 0
        return right

    assert "of the mistakes stay inside" in CHECKS["block_index"](spoils, 0)
