"""Conjunctions: closed forms of AND, OR, XOR and sums, unbiased energies, and agreement with other implementations."""

from itertools import product

import numpy as np
import pytest
from scipy.linalg import hadamard
from sklearn.metrics import mutual_info_score

from dense_keras.codes import factorial_codes
from dense_keras.measures import conjunctions
from dense_keras.measures.arguments import NotAvailable

VIEWS = 6


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def design(parts, views=VIEWS):
    codes = np.array(list(product((0, 1), repeat=parts)))
    return np.repeat(codes, views, axis=0), np.tile(np.arange(views, dtype=float), len(codes))


def responses_of(function, parts=4):
    """Responses of one unit that is a function of the code and nothing else."""
    codes, views = design(parts)
    return conjunctions.factorial_responses(function(codes.T).astype(float)[:, None], codes, views)


LOGIC = {
    "sum": lambda code: code[0] + code[1],
    "and": lambda code: code[0] & code[1],
    "or": lambda code: code[0] | code[1],
    "xor": lambda code: code[0] ^ code[1],
}


@pytest.mark.parametrize("parts", [4, 5])
@pytest.mark.parametrize(
    ("name", "index", "oriented", "share"),
    [("sum", 0, 0, 0), ("and", 1, 1, 1 / 3), ("or", -1, -1, 1 / 3), ("xor", -2, 0, 1)],
)
def test_sums_conjunctions_and_exclusive_ors_of_two_parts(parts, name, index, oriented, share):
    responses = responses_of(LOGIC[name], parts)
    assert conjunctions.conjunction_indices(responses, [0, 1]) == pytest.approx(index)
    assert conjunctions.oriented_conjunction_indices(responses, [1, 0]) == pytest.approx(oriented)
    assert conjunctions.conjunction_indices(responses, [1, 2]) == pytest.approx(0)
    energies = conjunctions.part_set_energies(responses)
    assert conjunctions.interaction_shares(energies) == pytest.approx(share)
    assert conjunctions.explained_shares(responses) == pytest.approx(1)
    np.testing.assert_allclose(conjunctions.layer_shares_by_order(energies), [1 - share, share, *[0] * (parts - 2)])


def test_shares_of_all_that_varies_leave_to_the_views_what_is_theirs():
    codes, views = design(4)
    evoked = (codes[:, 0] ^ codes[:, 1]) + 2.0 * (views % 2)  # variances 1/4 and 1
    responses = conjunctions.factorial_responses(np.column_stack([evoked, -evoked]), codes, views)
    energies = conjunctions.part_set_energies(responses)
    shares = conjunctions.layer_shares_of_variance(energies, responses)
    assert shares[conjunctions.set_row([0, 1], 4)] == pytest.approx(0.2) and shares.sum() == pytest.approx(0.2)
    by_order = conjunctions.energies_by_order(energies)
    np.testing.assert_allclose(conjunctions.layer_shares_of_variance(by_order, responses), [0, 0.2, 0, 0], atol=1e-12)
    silent = conjunctions.layer_shares_of_variance(np.zeros((16, 1)), np.zeros_like(responses))
    np.testing.assert_array_equal(silent, 0)
    down = conjunctions.layer_shares_of_variance(-np.ones((16, 1)), responses)
    np.testing.assert_array_equal(down, 0)


def test_the_pair_that_is_bound_is_found():
    responses = responses_of(lambda code: code[1] ^ code[3])
    energies = conjunctions.part_set_energies(responses)[:, 0]
    bound = conjunctions.set_row([3, 1], 4)
    assert energies[bound] == pytest.approx(0.25) and np.delete(energies, bound) == pytest.approx(0)
    np.testing.assert_array_equal(conjunctions.part_sets(4)[bound], [False, True, False, True])


@pytest.mark.parametrize("parts", [2, 4, 5])
def test_an_exclusive_or_of_all_parts_is_of_the_highest_order(parts):
    energies = conjunctions.part_set_energies(responses_of(lambda code: code.sum(axis=0) % 2, parts))
    by_order = conjunctions.energies_by_order(energies)
    np.testing.assert_allclose(by_order[:, 0], [*[0] * (parts - 1), 0.25], atol=1e-12)


@pytest.mark.parametrize(("first", "second"), list(product((0, 1), repeat=2)))
def test_what_variants_are_called_does_not_matter_to_the_orientation(first, second):
    stands_out = responses_of(lambda code: (code[0] ^ first) & (code[1] ^ second))
    assert conjunctions.oriented_conjunction_indices(stands_out, [0, 1]) == pytest.approx(1)
    assert abs(conjunctions.conjunction_indices(stands_out, [0, 1])) == pytest.approx(1)
    falls_below = 1 - stands_out
    assert conjunctions.oriented_conjunction_indices(falls_below, [0, 1]) == pytest.approx(-1)


def test_coefficients_keep_the_mean_square_and_are_those_of_a_hadamard_matrix():
    responses = noise(16, 3)
    coefficients = conjunctions.walsh_coefficients(responses)
    np.testing.assert_allclose((coefficients**2).sum(axis=0), (responses**2).mean(axis=0))
    np.testing.assert_allclose(coefficients[0], responses.mean(axis=0))
    signs = (-1.0) ** conjunctions.part_sets(4).sum(axis=1)  # 0 counts as -1 here, as +1 there
    np.testing.assert_allclose(coefficients, signs[:, None] * (hadamard(16) @ responses) / 16)


def test_a_part_that_adds_1_has_a_coefficient_of_half():
    coefficients = conjunctions.walsh_coefficients(responses_of(lambda code: code[2])[:, 0, 0])
    assert coefficients[conjunctions.set_row([2], 4)] == pytest.approx(0.5)


def test_set_rows_are_places_in_part_sets_which_are_in_the_order_of_codes():
    np.testing.assert_array_equal(conjunctions.part_sets(5), factorial_codes("conjunctive"))
    for row, members in enumerate(conjunctions.part_sets(4)):
        assert conjunctions.set_row(np.flatnonzero(members).tolist(), 4) == row


def test_rows_may_come_in_any_order():
    codes, views = design(4)
    activations, order = noise(len(codes), 5), np.random.default_rng(1).permutation(len(codes))
    responses = conjunctions.factorial_responses(activations, codes, views * 10 - 3)
    np.testing.assert_array_equal(responses, activations.reshape(16, VIEWS, 5))
    shuffled = conjunctions.factorial_responses(activations[order], codes[order], views[order])
    np.testing.assert_array_equal(shuffled, responses)


def test_energies_of_what_parts_do_not_change_are_0_on_average_whatever_the_views_do():
    responses = noise(16, VIEWS, 3000) + 5 * noise(1, VIEWS, 3000, seed=1)
    energies = conjunctions.part_set_energies(responses)
    expected_spread = np.sqrt(2 * (1 + 1 / (VIEWS - 1))) / (16 * VIEWS)  # of the squared mean less its estimate
    np.testing.assert_array_equal(energies[0], 0)
    np.testing.assert_allclose(energies[1:].mean(axis=1), 0, atol=5 * expected_spread / np.sqrt(3000))
    np.testing.assert_allclose(energies[1:].std(axis=1), expected_spread, rtol=0.15)
    assert conjunctions.explained_shares(responses).mean() == pytest.approx(0, abs=0.002)


def test_planted_energies_are_found_under_noise():
    codes, _ = design(4, views=1)
    planted = codes[:, 0] + 0.5 * (codes[:, 0] & codes[:, 1])
    exact = conjunctions.part_set_energies(np.repeat(planted[:, None, None], 2, axis=1))[:, 0]
    noisy = conjunctions.part_set_energies(planted[:, None, None] + noise(16, VIEWS, 4000))
    np.testing.assert_allclose(noisy.mean(axis=1), exact, atol=0.008)


def test_parts_explain_half_when_noise_or_views_have_their_variance():
    codes, _ = design(4, views=1)
    signs = (2.0 * codes[:, 0] - 1)[:, None, None]
    np.testing.assert_allclose(conjunctions.explained_shares(signs + noise(16, 500, 20)), 0.5, atol=0.03)
    views = np.array([1.0, -1.0])[:, None]
    assert conjunctions.explained_shares(signs + views) == pytest.approx(0.5)


def test_energies_are_the_sums_of_squares_of_an_analysis_of_variance():
    pytest.importorskip("statsmodels")
    import pandas as pd
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    codes, views = design(4)
    activations = noise(len(codes), 1) + codes[:, [0]] * codes[:, [2]] + views[:, None]
    table = pd.DataFrame(codes, columns=list("abcd")).assign(response=activations[:, 0])
    anova = sm.stats.anova_lm(smf.ols("response ~ C(a) * C(b) * C(c) * C(d)", table).fit(), typ=2)
    responses = conjunctions.factorial_responses(activations, codes, views)
    coefficients = conjunctions.walsh_coefficients(responses.mean(axis=1))[:, 0]
    for members, coefficient in list(zip(conjunctions.part_sets(4), coefficients))[1:]:
        name = ":".join(f"C({part})" for part, is_member in zip("abcd", members) if is_member)
        assert len(codes) * coefficient**2 == pytest.approx(anova.loc[name, "sum_sq"], abs=1e-6)


def test_corrections_are_the_squared_standard_errors_of_a_regression_in_each_view():
    codes, views = design(3)
    activations = noise(len(codes), 4) + 3 * views[:, None]
    responses = conjunctions.factorial_responses(activations, codes, views)
    signs = np.array([(2.0 * codes[views == 0][:, sets] - 1).prod(axis=1) for sets in conjunctions.part_sets(3)]).T
    fitted = np.array([np.linalg.lstsq(signs, activations[views == view])[0] for view in range(VIEWS)])
    expected = fitted.mean(axis=0) ** 2 - fitted.var(axis=0, ddof=1) / VIEWS
    np.testing.assert_allclose(conjunctions.part_set_energies(responses)[1:], expected[1:], atol=1e-12)


def test_in_a_layer_units_count_by_their_energy():
    energies = np.zeros((4, 3))
    energies[conjunctions.set_row([0], 2)] = [3, 0, 0]
    energies[conjunctions.set_row([0, 1], 2)] = [0, 1, 0]
    np.testing.assert_allclose(conjunctions.layer_shares_by_order(energies), [0.75, 0.25])
    np.testing.assert_array_equal(conjunctions.interaction_shares(energies), [0, 1, np.nan])
    assert np.isnan(conjunctions.layer_shares_by_order(energies[:, 2:])).all()


def test_negative_energies_of_chance_are_no_share():
    energies = np.zeros((4, 1))
    energies[:, 0] = [0, 0.5, 0.5, -0.1]
    assert conjunctions.interaction_shares(energies) == 0
    np.testing.assert_array_equal(conjunctions.layer_shares_by_order(energies), [1, 0])


def test_units_that_parts_do_not_matter_to_are_not_counted():
    interaction, explained = np.array([0.9, 0.2, 0.9, np.nan]), np.array([0.5, 0.5, 0.01, np.nan])
    assert conjunctions.share_of_conjunctive_units(interaction, explained) == 0.5
    assert np.isnan(conjunctions.share_of_conjunctive_units(interaction, explained, responsive=0.6))


def test_a_unit_that_never_changes_has_no_shares():
    responses = np.full((16, VIEWS, 1), 0.1)
    assert np.isnan(conjunctions.explained_shares(responses))
    assert np.isnan(conjunctions.interaction_shares(conjunctions.part_set_energies(np.zeros((16, VIEWS, 1)))))


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (lambda one, other: one ^ other, 1),
        (lambda one, other: one & other, 0.1887),
        (lambda one, other: 2 * one + other, 0),
        (lambda one, other: one, 0),
    ],
)
def test_synergy_of_exclusive_or_conjunction_and_copies(unit, expected):
    codes, _ = design(3, views=2000)
    activations = unit(codes[:, 0], codes[:, 1])[:, None].astype(float)
    assert conjunctions.synergies(activations, codes, [0, 1]) == pytest.approx(expected, abs=1e-3)


def test_synergy_of_parts_that_always_agree_is_minus_1():
    bits = np.arange(16000) % 2
    synergy = conjunctions.synergies(bits[:, None].astype(float), np.column_stack([bits, bits]), [0, 1])
    assert synergy == pytest.approx(-1, abs=1e-3)


def test_synergy_is_of_the_pair_that_is_asked():
    codes, _ = design(4, views=500)
    activations = np.column_stack([codes[:, 1] ^ codes[:, 3], codes[:, 0] ^ codes[:, 1]]) + 0.01 * noise(len(codes), 2)
    np.testing.assert_allclose(conjunctions.synergies(activations, codes, [3, 1]), [1, 0], atol=0.01)
    np.testing.assert_allclose(conjunctions.synergies(activations, codes, [0, 1]), [0, 1], atol=0.01)


def test_information_is_that_of_scikit_learn_with_the_correction_of_miller():
    random = np.random.default_rng(0)
    responses, labels = random.integers(0, 4, (200, 3)), random.integers(0, 3, 200)
    responses[:, 0] = labels
    for unit, found in zip(responses.T, conjunctions.mutual_informations(responses.astype(float), labels, bins=64)):
        occurring = (
            len(np.unique(unit)) + len(np.unique(labels)) - len(np.unique(np.column_stack([unit, labels]), axis=0))
        )
        expected = mutual_info_score(unit, labels) + (occurring - 1) / (2 * 200)
        assert found == pytest.approx(expected / np.log(2), abs=1e-9)


def test_a_label_dealt_out_at_random_tells_nothing_on_average():
    labels = np.arange(400) % 4
    informations = conjunctions.mutual_informations(noise(400, 500), labels)
    assert informations.mean() == pytest.approx(0, abs=0.002)


def test_bins_hold_equally_many_and_any_rising_function_of_the_response_tells_the_same():
    activations, labels = noise(800, 4), np.arange(800) % 5
    activations[:, 0] = np.arange(800) // 100
    np.testing.assert_allclose(
        conjunctions.mutual_informations(activations, labels),
        conjunctions.mutual_informations(np.exp(3 * activations), labels),
    )
    eighths = np.arange(800) // 100
    found = conjunctions.mutual_informations(noise(800, 1).argsort(axis=0).argsort(axis=0).astype(float), eighths)
    assert conjunctions.mutual_informations(np.arange(800.0)[:, None], eighths) == pytest.approx(3, abs=0.04)
    assert found < 0.2


def test_a_unit_that_responds_rarely_tells_what_it_tells():
    codes = np.tile(np.array(list(np.ndindex(2, 2, 2, 2))), (50, 1))
    label = codes @ [8, 4, 2, 1]
    rare = codes.all(axis=1).astype(float)[:, np.newaxis]
    truth = -(1 / 16) * np.log2(1 / 16) - (15 / 16) * np.log2(15 / 16)
    for response in (rare, 1 - rare, 3 * rare + 2):
        found = conjunctions.mutual_informations(response, label)
        assert found == pytest.approx(truth, abs=0.02)


def test_what_is_no_factorial_design_is_refused():
    codes, views = design(4)
    activations = noise(len(codes), 2)
    message = r"{} exemplars came, of {} codes in {} view\(s\). Each of the 16 codes of 4 parts must be seen once"
    with pytest.raises(ValueError, match=message.format(90, 15, 6)):
        conjunctions.factorial_responses(activations[6:], codes[6:], views[6:])
    with pytest.raises(ValueError, match=message.format(95, 16, 6)):
        conjunctions.factorial_responses(activations[1:], codes[1:], views[1:])
    with pytest.raises(ValueError, match=message.format(96, 16, 3)):
        conjunctions.factorial_responses(activations, codes, views % 3)
    with pytest.raises(ValueError, match=message.format(16, 16, 1)):
        conjunctions.factorial_responses(activations[::6], codes[::6], views[::6])
    with pytest.raises(ValueError, match=r"variants \[-1, 0\]; the factorial probe has 0 and 1"):
        conjunctions.factorial_responses(activations, codes - 1, views)
    with pytest.raises(ValueError, match=r"shape \(96, 4\) and views with shape \(95,\) for 96 exemplars"):
        conjunctions.factorial_responses(activations, codes, views[1:])
    with pytest.raises(NotAvailable, match="nobody knows its codes"):
        conjunctions.factorial_responses(activations, None, views)
    with pytest.raises(NotAvailable, match="nobody knows its codes"):
        conjunctions.synergies(activations, None, [0, 1])


def test_sets_and_pairs_that_are_none_are_refused():
    responses = responses_of(LOGIC["and"])
    with pytest.raises(ValueError, match=r"pair came as \[1, 1\]; it must be two different parts of 0 to 3"):
        conjunctions.conjunction_indices(responses, [1, 1])
    with pytest.raises(ValueError, match=r"pair came as \[0, 4\]"):
        conjunctions.synergies(noise(8, 1), np.zeros((8, 4), int), [0, 4])
    with pytest.raises(ValueError, match=r"set came as \[0, 5\]; its members must be different parts of 0 to 3"):
        conjunctions.set_row([0, 5], 4)
    with pytest.raises(ValueError, match="12 codes came; all codes of some parts are 2, 4, 8"):
        conjunctions.walsh_coefficients(noise(12, 2))
    with pytest.raises(ValueError, match=r"Labels came with shape \(7,\) for 8 exemplars"):
        conjunctions.mutual_informations(noise(8, 1), np.zeros(7, int))
