"""Codes: closed-form ceilings, and what each kind promises, by enumeration."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from dense_keras.codes import (
    ABSENT,
    KINDS,
    PAIRS,
    accuracy_by_adding,
    accuracy_ceiling,
    compared_parts,
    draw_codes,
    factorial_codes,
    named_ceilings,
    pairs_alike,
    part_names,
    token_codes,
    tokens_of_codes,
)
from dense_keras.token_set import TokenSetError


def subsets(kind):
    parts = part_names(kind)
    return [known for count in range(len(parts) + 1) for known in combinations(parts, count)]


@pytest.mark.parametrize("known", subsets("additive"))
def test_additive_ceiling_is_the_number_of_distinct_appearances(known):
    codes = np.concatenate(token_codes("additive"))
    columns = [part_names("additive").index(part) for part in known]
    distinct = len(np.unique(codes[:, columns], axis=0)) if known else 1
    assert accuracy_ceiling("additive", known) == pytest.approx(distinct / 5)


def test_additive_ceilings_by_number_of_parts():
    ceilings = {count: set() for count in range(5)}
    for known in subsets("additive"):
        ceilings[len(known)].add(accuracy_ceiling("additive", known))
    assert ceilings == {0: {0.2}, 1: {0.4}, 2: {0.6, 0.8}, 3: {1.0}, 4: {1.0}}


@pytest.mark.parametrize(
    ("known", "ceiling"),
    [
        ((), 0.2),
        (("hair",), 0.2),
        (("mouth",), 0.2),
        (("hair", "nose"), 0.2),
        (("hair", "eyes"), 0.4),
        (("accessory",), 0.4),
        (("accessory", "hair", "nose"), 0.4),
        (("accessory", "hair", "eyes"), 0.6),
        (("accessory", "nose", "mouth"), 0.6),
        (("accessory", "hair", "eyes", "nose"), 0.6),
        (("accessory", "hair", "eyes", "nose", "mouth"), 1.0),
    ],
)
def test_conjunctive_ceilings(known, ceiling):
    assert accuracy_ceiling("conjunctive", known) == pytest.approx(ceiling)


def test_any_part_tells_a_natural_token():
    assert [accuracy_ceiling("natural", [part]) for part in part_names("natural")] == [1.0] * 5


@pytest.mark.parametrize("kind", KINDS)
def test_knowing_more_parts_never_hurts(kind):
    for known in subsets(kind):
        for part in known:
            fewer = [other for other in known if other != part]
            assert accuracy_ceiling(kind, fewer) <= accuracy_ceiling(kind, known) + 1e-12


def test_additive_tokens_have_even_parity_and_differ_in_two_parts():
    codes = np.concatenate(token_codes("additive"))
    assert (codes.sum(axis=1) % 2 == 0).all()
    assert min((first != second).sum() for first, second in combinations(codes, 2)) == 2


def mutual_information(first, second):
    """In bits, of two lists of integers, each pair equally likely."""
    joint = np.zeros((max(first) + 1, max(second) + 1))
    np.add.at(joint, (first, second), 1 / len(first))
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    return float((joint[joint > 0] * np.log2(joint[joint > 0] / independent[joint > 0])).sum())


def xor_tokens():
    codes = np.concatenate(token_codes("conjunctive")[:4])
    return codes, tokens_of_codes("conjunctive", codes)


@pytest.mark.parametrize("part", ["hair", "eyes", "nose", "mouth", "accessory"])
def test_a_part_alone_says_nothing_of_conjunctive_tokens(part):
    codes, tokens = xor_tokens()
    assert mutual_information(codes[:, part_names("conjunctive").index(part)], tokens) == pytest.approx(0, abs=1e-12)


def test_a_pair_of_parts_says_one_bit_of_conjunctive_tokens():
    codes, tokens = xor_tokens()
    assert mutual_information(2 * codes[:, 0] + codes[:, 1], tokens) == pytest.approx(1)


def test_a_linear_fit_finds_nothing_in_conjunctive_codes():
    codes, tokens = xor_tokens()
    assert len(codes) == 16
    fit = LogisticRegression(C=1e6).fit(codes[:, :4], tokens)
    np.testing.assert_allclose(fit.coef_, 0, atol=1e-6)
    np.testing.assert_allclose(fit.predict_proba(codes[:, :4]), 0.25, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "tokens", "chimeras"), [("natural", 2, 30), ("additive", 5, 11), ("conjunctive", 32, 0)]
)
def test_factorial_codes_are_all_combinations(kind, tokens, chimeras):
    codes = factorial_codes(kind)
    found = tokens_of_codes(kind, codes)
    assert len(np.unique(codes, axis=0)) == len(codes) == 2 ** len(part_names(kind))
    assert ((found >= 0).sum(), (found == -1).sum()) == (tokens, chimeras)


@pytest.mark.parametrize("kind", KINDS)
def test_codes_belong_to_their_token(kind):
    for token, codes in enumerate(token_codes(kind)):
        assert (tokens_of_codes(kind, codes) == token).all()
        drawn = draw_codes(kind, token, 33, np.random.default_rng(token))
        assert drawn.shape == (33, len(part_names(kind)))
        assert (tokens_of_codes(kind, drawn) == token).all()


def test_a_code_with_an_absent_part_belongs_to_nobody():
    for kind in KINDS:
        for token, codes in enumerate(token_codes(kind)):
            for part in range(codes.shape[1]):
                without = codes.copy()
                without[:, part] = ABSENT
                assert (tokens_of_codes(kind, without) == -1).all(), (kind, token, part)


def test_drawn_codes_are_equally_frequent():
    drawn = draw_codes("conjunctive", 2, 400, np.random.default_rng(0))
    _, counts = np.unique(drawn, axis=0, return_counts=True)
    assert counts.tolist() == [100] * 4
    everyone = draw_codes("conjunctive", 4, 160, np.random.default_rng(0))
    assert np.unique(everyone, axis=0, return_counts=True)[1].tolist() == [10] * 16
    assert (drawn[:4] != drawn[4:8]).any(), "each round has an order of its own"


def test_fewer_drawn_codes_are_the_first_of_more():
    few, many = (draw_codes("conjunctive", 4, count, np.random.default_rng(5)) for count in (21, 300))
    np.testing.assert_array_equal(few, many[:21])


def test_errors_say_what_to_do():
    with pytest.raises(TokenSetError, match="No code 'linear'. There are: natural, additive, conjunctive."):
        part_names("linear")
    with pytest.raises(TokenSetError, match="additive code has no part accessory. It has: hair, eyes, nose, mouth."):
        accuracy_ceiling("additive", ["accessory"])
    with pytest.raises(TokenSetError, match=r"shape \(4,\). They must be \(exemplars, 4\): one column for each"):
        tokens_of_codes("additive", np.zeros(4, int))


def test_the_accessory_is_compared_with_no_other_part():
    assert compared_parts("conjunctive") == ("hair", "eyes", "nose", "mouth")
    for kind in ("natural", "additive"):
        assert compared_parts(kind) == part_names(kind)


def test_pairs_are_what_the_conjunctive_code_is_made_of():
    codes = factorial_codes("conjunctive")
    alike = pairs_alike(codes, part_names("conjunctive"))
    plain = codes[:, -1] == 0
    expected = 2 * ~alike[:, 0] + ~alike[:, 1]
    np.testing.assert_array_equal(tokens_of_codes("conjunctive", codes)[plain], expected[plain])
    assert alike.shape == (32, len(PAIRS)) and alike.dtype == bool


def test_pairs_are_found_by_name_and_missing_parts_are_named():
    codes = np.array([[0, 1, 0, 0], [1, 1, 1, 0]])  # nose, hair, eyes, mouth
    np.testing.assert_array_equal(pairs_alike(codes, ["nose", "hair", "eyes", "mouth"]), [[False, True], [True, False]])
    with pytest.raises(TokenSetError, match="Pairs are of hair and eyes and of nose and mouth. eyes, mouth is not"):
        pairs_alike(codes[:, :2], ["nose", "hair"])


def test_ceilings_are_named_by_the_fewest_parts_that_reach_them():
    assert named_ceilings("additive") == {0.2: "chance", 0.4: "1 part", 0.6: "2 parts", 0.8: "2 parts", 1.0: "3 parts"}
    assert named_ceilings("natural") == {0.2: "chance", 1.0: "1 part"}
    assert named_ceilings("conjunctive")[0.6] == "3 parts"
    assert named_ceilings(None, 4) == {0.25: "chance"}


def test_accuracy_by_adding_is_all_where_sums_suffice_and_less_for_exclusive_ors():
    assert accuracy_by_adding("additive") == accuracy_by_adding("natural") == 1
    assert accuracy_by_adding("conjunctive") == pytest.approx(0.2 + 0.8 * 0.625)


def test_the_best_sums_are_reached_and_never_passed():
    faces = factorial_codes("additive")  # of hair, eyes, nose and mouth
    tokens = 2 * (faces[:, 0] ^ faces[:, 1]) + (faces[:, 2] ^ faces[:, 3])
    first, second = faces[:, :2].sum(axis=1), faces[:, 2:].sum(axis=1)
    known = np.stack([5 - 10 * first, 10 * first - 15, 0.5 - second, 0 * second], axis=1)
    best = (accuracy_by_adding("conjunctive") - 0.2) / 0.8
    assert (known.argmax(axis=1) == tokens).mean() == pytest.approx(best)
    generator = np.random.default_rng(0)
    drawn = [faces @ generator.normal(size=(4, 4)) + generator.normal(size=4) for _ in range(2000)]
    assert 0.25 < max((logits.argmax(axis=1) == tokens).mean() for logits in drawn) <= best
