"""Similarity: known dissimilarities, invariances, nulls, and agreement with SciPy and rsatoolbox."""

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from scipy.spatial.distance import pdist, squareform
from scipy.stats import ortho_group, spearmanr

from dense_keras.measures import similarity
from dense_keras.measures.arguments import NotAvailable


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def ranked(*models):
    return np.array([similarity.centred_ranks(model) for model in models])


def test_dissimilarities_are_those_of_scipy():
    activations = noise(30, 7)
    np.testing.assert_allclose(
        similarity.correlation_dissimilarities(activations), squareform(pdist(activations, "correlation")), atol=1e-12
    )
    differences = activations[:, None] - activations
    np.testing.assert_allclose(
        similarity.euclidean_dissimilarities(activations), np.sqrt((differences**2).sum(axis=2)), atol=1e-12
    )


def test_equal_patterns_are_at_0_unrelated_ones_at_1_and_opposite_ones_at_2():
    dissimilarities = similarity.correlation_dissimilarities([[1, 0, -1], [5, 4, 3], [-2, 0, 2], [1, -2, 1]])
    np.testing.assert_allclose(dissimilarities[0], [0, 0, 2, 1], atol=1e-12)


def test_an_exemplar_to_which_all_units_answer_alike_has_no_correlation():
    activations = noise(4, 5)
    activations[2] = 0.1
    dissimilarities = similarity.correlation_dissimilarities(activations)
    assert np.isnan(dissimilarities[2, [0, 1, 3]]).all() and np.isfinite(dissimilarities[[0, 1, 3]][:, [0, 1, 3]]).all()
    assert np.isnan(similarity.centred_ranks(dissimilarities)).all()


def test_cells_are_averaged_and_ordered_by_their_labels():
    activations = np.array([[1.0, 0], [3, 0], [5, 6], [7, 8]])
    means, labels = similarity.cell_means(activations, np.array([4, 4, 1, 4]))
    np.testing.assert_array_equal(labels, [1, 4])
    np.testing.assert_allclose(means, [[5, 6], [11 / 3, 8 / 3]])
    means, labels = similarity.cell_means(activations, np.array([[1, 1], [0, 2], [1, 0], [0, 2]]))
    np.testing.assert_array_equal(labels, [[0, 2], [1, 0], [1, 1]])
    np.testing.assert_allclose(means, [[5, 4], [5, 6], [1, 0]])


def test_models_of_token_parts_factors_and_pixels():
    np.testing.assert_array_equal(similarity.token_dissimilarities([3, 3, 1]), [[0, 0, 1], [0, 0, 1], [1, 1, 0]])
    parts = similarity.part_dissimilarities(np.array([[0, 1], [0, 0], [1, 1]]))
    np.testing.assert_array_equal(parts[:, 0], [[0, 0, 1], [0, 1, 0]])
    angles = np.array([-170.0, 170, 0])
    np.testing.assert_array_equal(similarity.factor_dissimilarities(angles)[0], [0, 340, 170])
    np.testing.assert_array_equal(similarity.factor_dissimilarities(angles, period=360)[0], [0, 20, 170])
    images = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), dtype=np.uint8)
    np.testing.assert_allclose(
        similarity.pixel_dissimilarities(images), 1 - np.corrcoef(images.reshape(6, -1)), atol=1e-12
    )


def test_rank_correlations_are_those_of_scipy_with_ties_and_without():
    tokens = np.arange(40) % 5
    dissimilarities = similarity.euclidean_dissimilarities(noise(40, 6) + tokens[:, None])
    models = [
        similarity.token_dissimilarities(tokens),
        similarity.factor_dissimilarities(noise(40, seed=1)),
        similarity.factor_dissimilarities(tokens.astype(float)),
    ]
    upper = np.triu_indices(40, 1)
    expected = [spearmanr(dissimilarities[upper], model[upper]).statistic for model in models]
    np.testing.assert_allclose(similarity.rank_correlations(dissimilarities, ranked(*models)), expected, atol=1e-12)
    assert expected[0] > 0.1


def test_a_scale_and_a_shift_change_no_dissimilarity_and_their_order_is_all_that_counts():
    activations = noise(25, 8)
    dissimilarities = similarity.correlation_dissimilarities(activations)
    scaled = similarity.correlation_dissimilarities(3 * activations + 5)
    assert similarity.rank_correlations(dissimilarities, ranked(scaled)) == pytest.approx(1)
    assert similarity.rank_correlations(dissimilarities**3, ranked(-dissimilarities)) == pytest.approx(-1)


@pytest.mark.parametrize("model_tokens", [np.repeat(range(5), 20), np.repeat(range(2), [30, 70])])
def test_a_model_of_two_values_has_a_ceiling_that_a_faithful_layer_reaches(model_tokens):
    model = similarity.token_dissimilarities(model_tokens)
    differing = squareform(model).mean()
    ceiling = similarity.rank_correlation_ceiling(model)
    assert ceiling == pytest.approx(np.sqrt(3 * differing * (1 - differing)), abs=1e-3)
    faithful = model + 0.5 * squareform(np.random.default_rng(0).random(len(squareform(model))))
    assert similarity.rank_correlations(faithful, ranked(model)) == pytest.approx(ceiling)


def test_the_ceiling_is_69_for_five_tokens_and_1_without_ties():
    five = similarity.token_dissimilarities(np.repeat(range(5), 100))
    assert similarity.rank_correlation_ceiling(five) == pytest.approx(0.69, abs=0.005)
    assert similarity.rank_correlation_ceiling(similarity.euclidean_dissimilarities(noise(20, 3))) == pytest.approx(1)


def test_exemplars_that_changed_places_are_unrelated_to_any_model():
    tokens = np.repeat(range(4), 10)
    activations = noise(40, 6) + 2 * (tokens[:, None] == range(6))
    models = ranked(
        similarity.token_dissimilarities(tokens), similarity.factor_dissimilarities(noise(40, seed=2))
    )  # the second has nothing to do with them
    dissimilarities = similarity.euclidean_dissimilarities(activations)
    null = similarity.permuted_rank_correlations(dissimilarities, models, np.random.default_rng(3), 400)
    assert null.shape == (400, 2)
    np.testing.assert_allclose(null.mean(axis=0), 0, atol=4 * null.std(axis=0).max() / 20)
    observed = similarity.rank_correlations(dissimilarities, models)
    p_values = similarity.permutation_p_values(observed, null)
    assert p_values[0] == 1 / 401 and p_values[1] > 0.02


def test_an_order_that_changes_nothing_gives_the_observed_value(monkeypatch):
    class Unchanged:
        def permutation(self, count):
            return np.arange(count)

    dissimilarities = similarity.euclidean_dissimilarities(noise(15, 4))
    models = ranked(similarity.euclidean_dissimilarities(noise(15, 4, seed=1)))
    null = similarity.permuted_rank_correlations(dissimilarities, models, Unchanged(), 2)
    np.testing.assert_allclose(null, np.tile(similarity.rank_correlations(dissimilarities, models), (2, 1)))


def test_p_values_count_the_observed_value_as_one_of_the_draws():
    null = np.array([[0.1, 0.0], [0.3, 0.1], [0.5, 0.2]])
    np.testing.assert_allclose(similarity.permutation_p_values(np.array([0.3, 0.9]), null), [3 / 4, 1 / 4])
    assert np.isnan(similarity.permutation_p_values(np.array([np.nan]), np.array([[0.1]]))).all()


def centred_gram(activations):
    centring = np.eye(len(activations)) - 1 / len(activations)
    return centring @ activations @ activations.T @ centring


def unbiased_gram(activations):
    """The kernel without its diagonal, centred so that estimates are unbiased (Szekely and Rizzo 2014)."""
    kernel, count = activations @ activations.T, len(activations)
    np.fill_diagonal(kernel, 0)
    rows = kernel.sum(axis=1, keepdims=True) / (count - 2)
    kernel = kernel - rows - rows.T + kernel.sum() / ((count - 1) * (count - 2))
    np.fill_diagonal(kernel, 0)
    return kernel


@pytest.mark.parametrize(
    ("measure", "gram"), [(similarity.cka, centred_gram), (similarity.cka_debiased, unbiased_gram)]
)
def test_cka_from_units_is_cka_from_pairs_of_exemplars(measure, gram):
    first, second = noise(30, 8) + 3, noise(30, 50, seed=1)
    second[:, :8] += first
    one, other = gram(first), gram(second)
    expected = (one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum())
    assert measure(first, second) == pytest.approx(expected, abs=1e-12)
    assert measure(second, first) == pytest.approx(expected, abs=1e-12)


def test_debiased_cka_is_the_published_estimate():
    def hsic_1(kernel, other):
        count, ones = len(kernel), np.ones(len(kernel))
        last = 2 / (count - 2) * ones @ kernel @ other @ ones
        middle = ones @ kernel @ ones * (ones @ other @ ones) / ((count - 1) * (count - 2))
        return (np.trace(kernel @ other) + middle - last) / (count * (count - 3))

    first, second = noise(20, 4) + 1, noise(20, 6, seed=1) - 2
    second[:, 0] += first[:, 0]
    one, other = (values @ values.T * (1 - np.eye(20)) for values in (first, second))
    expected = hsic_1(one, other) / np.sqrt(hsic_1(one, one) * hsic_1(other, other))
    assert similarity.cka_debiased(first, second) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("measure", [similarity.cka, similarity.cka_debiased])
def test_cka_is_1_for_itself_turned_shifted_and_scaled_but_not_for_other_scales_of_units(measure):
    activations = noise(50, 6)
    turned = 3 * activations @ ortho_group.rvs(6, random_state=0) + 7
    assert measure(activations, activations) == pytest.approx(1)
    assert measure(activations, turned) == pytest.approx(1)
    assert measure(activations, activations * [1, 1, 1, 1, 1, 20]) < 0.8


def test_among_unrelated_representations_of_many_units_only_debiased_cka_is_0():
    draws = [(noise(40, 400, seed=seed), noise(40, 400, seed=seed + 100)) for seed in range(30)]
    debiased = np.array([similarity.cka_debiased(*draw) for draw in draws])
    assert abs(debiased.mean()) < 4 * debiased.std() / np.sqrt(30) < 0.05
    assert np.mean([similarity.cka(*draw) for draw in draws]) > 0.8


def test_a_layer_that_knows_the_tokens_alone_is_as_their_indicators():
    tokens = np.repeat([2, 0, 7, 4], 5)
    indicators = similarity.token_indicators(tokens)
    np.testing.assert_array_equal(indicators.argmax(axis=1), np.repeat([1, 0, 3, 2], 5))
    assert indicators.sum() == 20
    layer = indicators @ ortho_group.rvs(4, random_state=0)
    assert similarity.cka(layer, indicators) == pytest.approx(1)
    assert similarity.cka_debiased(layer + 0.01 * noise(20, 4), indicators) > 0.99


def test_a_constant_layer_is_like_nothing():
    constant, other = np.full((10, 3), 0.1), noise(10, 4)
    assert np.isnan(similarity.cka(constant, other)) and np.isnan(similarity.cka_debiased(other, constant))
    assert np.isnan(similarity.svcca(constant, other)) and similarity.canonical_correlations(constant, other).size == 0


def test_canonical_correlations_are_the_angles_between_what_the_units_span():
    first, second = noise(40, 5), noise(40, 8, seed=1)
    second[:, :2] += 2 * first[:, :2]
    angles = subspace_angles(first - first.mean(axis=0), second - second.mean(axis=0))
    correlations = similarity.canonical_correlations(first, second, variance=1)
    np.testing.assert_allclose(correlations, np.cos(angles)[::-1], atol=1e-9)


def test_no_invertible_map_changes_svcca_of_all_directions():
    activations = noise(60, 7)
    mapped = activations @ (noise(7, 7, seed=1) * [1, 10, 1, 1, 0.1, 1, 1]) - 4
    assert similarity.svcca(activations, mapped, variance=1) == pytest.approx(1)
    assert similarity.svcca(activations, noise(60, 7, seed=2), variance=1) < 0.6


def test_directions_are_kept_until_they_hold_the_variance():
    axes = np.linalg.qr(noise(50, 4) - noise(50, 4).mean(axis=0))[0]
    lengths = np.sqrt([90, 8, 1.5, 0.5])
    for variance, kept in ((0.5, 1), (0.95, 2), (0.99, 3), (1.0, 4)):
        assert len(similarity.canonical_correlations(axes * lengths, noise(50, 9, seed=1), variance)) == kept
    twins = np.repeat(axes * lengths, 2, axis=1)
    assert len(similarity.canonical_correlations(twins, noise(50, 9, seed=1), 1.0)) == 4


def test_dissimilarities_comparison_and_cka_are_those_of_rsatoolbox():
    pytest.importorskip("rsatoolbox")
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm, compare

    first, second = noise(20, 9), noise(20, 12, seed=1)
    second[:, :9] += first
    correlation = [calc_rdm(Dataset(values), method="correlation") for values in (first, second)]
    euclidean = [calc_rdm(Dataset(values), method="euclidean") for values in (first, second)]
    ours = similarity.correlation_dissimilarities(first)
    np.testing.assert_allclose(ours, correlation[0].get_matrices()[0], atol=1e-6)
    np.testing.assert_allclose(
        similarity.euclidean_dissimilarities(first) ** 2 / 9, euclidean[0].get_matrices()[0], atol=1e-6
    )
    compared = similarity.rank_correlations(ours, ranked(similarity.correlation_dissimilarities(second)))
    assert compared == pytest.approx(compare(*correlation, method="spearman").item(), abs=1e-6)
    assert similarity.cka(first, second) == pytest.approx(compare(*euclidean, method="cosine_cov").item(), abs=1e-6)


def test_what_cannot_be_compared_is_refused():
    matrix = similarity.euclidean_dissimilarities(noise(5, 2))
    with pytest.raises(ValueError, match=r"shape \(2, 5, 5\). It must be \(exemplars, exemplars\), with three"):
        similarity.centred_ranks(np.array([matrix, matrix]))
    with pytest.raises(ValueError, match="models have 6 pairs, the dissimilarities of 5 exemplars 10: rank models"):
        similarity.rank_correlations(matrix, ranked(matrix[:4, :4]))
    with pytest.raises(ValueError, match=r"Cells came with shape \(4,\) for 5 exemplars"):
        similarity.cell_means(noise(5, 2), np.zeros(4, int))
    with pytest.raises(ValueError, match="of 5 and 6 exemplars: both must be of the same"):
        similarity.cka(noise(5, 2), noise(6, 2))
    with pytest.raises(ValueError, match="3 exemplar.* needs 4 or more"):
        similarity.cka_debiased(noise(3, 2), noise(3, 2))
    with pytest.raises(ValueError, match="variance to keep came as 99; it must be above 0 and at most 1"):
        similarity.svcca(noise(5, 2), noise(5, 2), variance=99)
    with pytest.raises(NotAvailable, match="nobody knows its codes"):
        similarity.part_dissimilarities(None)
    with pytest.raises(NotAvailable, match="nobody knows its factors"):
        similarity.factor_dissimilarities(None)
