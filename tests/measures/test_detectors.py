"""Detectors: closed forms, invariances, and agreement with scikit-learn and SciPy."""

import time

import numpy as np
import pytest
from scipy.stats import f_oneway, sem
from sklearn.metrics import roc_auc_score

from dense_keras.codes import KINDS, factorial_codes
from dense_keras.measures import detectors
from dense_keras.measures.arguments import NotAvailable

TOKENS = np.repeat(range(5), 40)


def noise(units=6, seed=0, exemplars=200):
    return np.random.default_rng(seed).random((exemplars, units))


def test_auc_is_that_of_scikit_learn_ties_and_all():
    coarse = np.round(noise() * 4)  # many ties
    for activations in (noise(), coarse):
        auc = detectors.token_auc(activations, TOKENS)
        assert auc.shape == (6, 5)
        expected = [[roc_auc_score(TOKENS == token, unit) for token in range(5)] for unit in activations.T]
        np.testing.assert_allclose(auc, expected, atol=1e-12)


def test_auc_of_parts_is_that_of_scikit_learn_and_leaves_out_what_does_not_vary():
    codes = np.random.default_rng(1).integers(-1, 3, (200, 3))
    codes[:, 1] = 2
    auc, variants = detectors.part_auc(noise(), codes)
    np.testing.assert_array_equal(variants, [(0, 0), (0, 1), (0, 2), (2, 0), (2, 1), (2, 2)])
    expected = [[roc_auc_score(codes[:, part] == variant, unit) for part, variant in variants] for unit in noise().T]
    np.testing.assert_allclose(auc, expected, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_two_variants_of_a_part_mirror_each_other(kind):
    codes = np.repeat(factorial_codes(kind), 2, axis=0)
    auc, variants = detectors.part_auc(noise(exemplars=len(codes)), codes)
    np.testing.assert_array_equal(variants, [(part, variant) for part in range(codes.shape[1]) for variant in (0, 1)])
    np.testing.assert_allclose(auc[:, ::2] + auc[:, 1::2], 1)


def test_perfect_silent_dead_and_random_detectors():
    ideal = np.column_stack([TOKENS == 3, TOKENS != 3, np.full(200, 7.0)]).astype(float)
    auc = detectors.token_auc(ideal, TOKENS)
    np.testing.assert_allclose(auc[:, 3], [1, 0, 0.5])
    np.testing.assert_array_equal(detectors.preferred_columns(auc), [3, 0, -1])
    assert detectors.detector_share(auc) == pytest.approx(1 / 3)
    assert np.abs(detectors.token_auc(noise(300), TOKENS) - 0.5).max() < 0.25


def test_auc_knows_only_the_order_of_responses():
    activations = noise()
    auc = detectors.token_auc(activations, TOKENS)
    np.testing.assert_allclose(detectors.token_auc(np.exp(9 * activations), TOKENS), auc)
    np.testing.assert_allclose(detectors.token_auc(-activations, TOKENS), 1 - auc)
    order = np.random.default_rng(0).permutation(200)
    np.testing.assert_allclose(detectors.token_auc(activations[order], TOKENS[order]), auc)


def test_shuffled_tokens_are_at_chance_on_average():
    shuffled = np.random.default_rng(0).permutation(TOKENS)
    assert detectors.token_auc((TOKENS[:, None] + noise(400)), shuffled).mean() == pytest.approx(0.5, abs=1e-9)
    assert detectors.token_auc(noise(400), TOKENS).std() == pytest.approx(np.sqrt(201 / 12 / 40 / 160), rel=0.1)


def test_auc_of_a_layer_takes_little_time():
    activations, tokens = noise(256, exemplars=500), np.repeat(range(5), 100)
    times = []
    for _ in range(3):
        start = time.process_time()
        detectors.token_auc(activations, tokens)
        times.append(time.process_time() - start)
    assert min(times) < 0.2  # about 0.03


def test_a_unit_prefers_the_part_it_was_made_for():
    codes = factorial_codes("additive").repeat(4, axis=0)
    activations = noise(5, exemplars=len(codes)) * 0.1
    activations[:, :4] += codes
    activations[:, 1] *= -1
    activations[:, 4] = 0
    preferred = detectors.preferred_parts(*detectors.part_auc(activations, codes))
    np.testing.assert_array_equal(preferred, [(0, 1), (1, 0), (2, 1), (3, 1), (-1, -1)])


def test_memberships_and_what_they_refuse():
    np.testing.assert_array_equal(detectors.token_membership(np.array([1, 0, 1])), [[0, 1], [1, 0], [0, 1]])
    with pytest.raises(ValueError, match=r"No exemplar of token\(s\) \[1, 2\] came: each token up to 3 needs some"):
        detectors.token_membership(np.array([0, 3]))
    with pytest.raises(ValueError, match="chimeras"):
        detectors.token_auc(noise(exemplars=3), np.array([0, -1, 1]))
    with pytest.raises(NotAvailable, match="nobody knows its codes"):
        detectors.part_auc(noise(), None)
    with pytest.raises(ValueError, match=r"Codes came with shape \(3,\) and type float64"):
        detectors.part_membership(np.zeros(3))
    with pytest.raises(ValueError, match="All exemplars have the same code"):
        detectors.part_membership(np.ones((4, 2), int))
    with pytest.raises(ValueError, match=r"membership came with shape \(4, 2\) and type bool for 200 exemplars"):
        detectors.detection_auc(noise(), np.ones((4, 2), bool))
    with pytest.raises(ValueError, match=r"Column\(s\) \[1\] hold all exemplars or none"):
        detectors.detection_auc(noise(), np.column_stack([TOKENS == 0, TOKENS < 5]))


@pytest.mark.parametrize(
    ("means", "expected"), [([1, 0, 0, 0, 0], 1), ([2, 2, 2, 2, 2], 0), ([3, 1, 1, 1, 1], 0.5), ([0] * 5, np.nan)]
)
def test_class_selectivity_of_known_means(means, expected):
    activations = np.repeat(np.array(means, float), 40)[:, None] + np.tile([0, 0], (200, 1))
    np.testing.assert_allclose(detectors.class_selectivity(activations, TOKENS), expected, atol=1e-12)


def test_class_selectivity_does_not_see_scale_and_refuses_negative_activations():
    selectivity = detectors.class_selectivity(noise(), TOKENS)
    np.testing.assert_allclose(detectors.class_selectivity(7 * noise(), TOKENS), selectivity)
    with pytest.raises(ValueError, match="negative, where selectivity has no meaning: take a layer after its ReLU"):
        detectors.class_selectivity(noise() - 0.5, TOKENS)


def test_class_selectivity_is_misled_where_auc_is_not():
    rare = np.zeros((200, 1))
    rare[0] = 1  # one exemplar of token 0
    assert detectors.class_selectivity(rare, TOKENS)[0] == 1
    assert detectors.token_auc(rare, TOKENS)[0, 0] == pytest.approx(0.5125)


@pytest.mark.parametrize("sparseness", [detectors.lifetime_sparseness, detectors.hoyer_sparseness])
def test_sparseness_of_known_responses(sparseness):
    one_hot = np.eye(50)[:, :1]
    np.testing.assert_allclose(sparseness(np.hstack([one_hot, np.full((50, 1), 3.0)])), [1, 0], atol=1e-9)
    assert np.isnan(sparseness(np.zeros((50, 1))))
    np.testing.assert_allclose(sparseness(5 * noise()), sparseness(noise()))


def test_sparseness_of_half_the_exemplars_by_hand():
    half = np.repeat([0.0, 1.0], 50)[:, None]
    assert detectors.lifetime_sparseness(half)[0] == pytest.approx(0.5 / 0.99)
    assert detectors.hoyer_sparseness(half)[0] == pytest.approx((10 - np.sqrt(50)) / 9)


def test_population_sparseness_is_over_units():
    activations = np.array([[1.0, 0, 0, 0], [2, 2, 2, 2], [0, 0, 0, 0]])
    np.testing.assert_allclose(detectors.population_sparseness(activations), [1, 0, np.nan], atol=1e-9)


def test_dead_units():
    activations = np.array([[0.0, 1e-7, 1e-6, 0.0, 1.5e-6], [0.0, 0.0, 0.0, 0.1, 0.0]])
    np.testing.assert_array_equal(detectors.dead_units(activations), [True, True, True, False, False])


def test_bins_of_a_factor_hold_about_equally_many_in_its_order():
    factor = np.random.default_rng(0).normal(size=200)
    bins = detectors.factor_bins(factor, 8)
    np.testing.assert_array_equal(np.bincount(bins), 25)
    assert (np.diff(bins[np.argsort(factor)]) >= 0).all()
    np.testing.assert_array_equal(detectors.factor_bins(np.array([5.0, -1, 5, 2])), [2, 0, 2, 1])
    crowded = np.concatenate([np.zeros(150), np.arange(50)])
    assert set(detectors.factor_bins(crowded, 4)) == set(range(detectors.factor_bins(crowded, 4).max() + 1))


def test_tuning_curves_are_means_and_standard_errors_of_bins():
    factor, activations = np.random.default_rng(1).random(200), noise()
    centres, means, errors = detectors.tuning_curves(activations, factor, 5)
    bins = detectors.factor_bins(factor, 5)
    np.testing.assert_allclose(centres, [factor[bins == place].mean() for place in range(5)])
    np.testing.assert_allclose(means, [activations[bins == place].mean(axis=0) for place in range(5)])
    np.testing.assert_allclose(errors, [sem(activations[bins == place]) for place in range(5)])
    _, _, errors = detectors.tuning_curves(noise(exemplars=2), np.array([0.0, 1.0]))
    assert np.isnan(errors).all()


def test_explained_share_is_that_of_the_analysis_of_variance():
    activations = noise() + 0.1 * TOKENS[:, None]
    ratio = f_oneway(*(activations[TOKENS == token] for token in range(5))).statistic
    expected = ratio * 4 / (ratio * 4 + 195)
    np.testing.assert_allclose(detectors.explained_share(activations, TOKENS), expected, rtol=1e-9)
    np.testing.assert_allclose(detectors.explained_share(activations, 10 * TOKENS - 7), expected, rtol=1e-9)


def test_a_unit_that_is_the_factor_is_explained_wholly_and_a_constant_one_not_at_all():
    factor = np.tile(np.arange(4.0), 50)
    units = np.column_stack([factor, np.repeat([0, 1], 100), np.full(200, 0.1)])
    np.testing.assert_allclose(detectors.tuning_strength(units, factor), [1, 0, np.nan], atol=1e-12)


def test_a_shuffled_factor_explains_what_chance_does():
    factor = np.random.default_rng(2).random(200)
    strength = detectors.tuning_strength(noise(2000), factor, 8)
    assert strength.mean() == pytest.approx(7 / 199, rel=0.05)
    assert detectors.chance_explained_share(detectors.factor_bins(factor, 8)) == pytest.approx(7 / 199)


def test_crossed_groups_share_the_variance_and_the_invariance_index_tells_which():
    codes, views = np.repeat(range(16), 8), np.tile(range(8), 16)
    random = np.random.default_rng(0)
    of_code, of_view = random.normal(size=16)[codes], random.normal(size=8)[views]
    units = np.column_stack([of_code, of_view, of_code + of_view, np.zeros(128)])
    by_code, by_view = detectors.explained_share(units, codes), detectors.explained_share(units, views)
    np.testing.assert_allclose((by_code + by_view)[:3], 1)
    index = detectors.invariance_index(by_code, by_view)
    expected = of_code.var() / (of_code.var() + of_view.var())
    np.testing.assert_allclose(index, [1, 0, expected, np.nan], atol=1e-12)


def test_unknown_or_broken_factors_and_groups_of_another_length_are_refused():
    with pytest.raises(NotAvailable, match="nobody knows its factors"):
        detectors.tuning_strength(noise(), None)
    with pytest.raises(ValueError, match=r"A factor came with shape \(2, 2\) for 8 bins"):
        detectors.factor_bins(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="for 1 bins. It must be one finite number an exemplar, for 2 bins or more"):
        detectors.factor_bins(np.zeros(3), 1)
    with pytest.raises(ValueError, match=r"Groups came with shape \(3,\) for 200 exemplars"):
        detectors.explained_share(noise(), np.arange(3))
