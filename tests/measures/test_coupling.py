"""Coupling: planted links and shared causes, and identities checked against explicit convolutions."""

import numpy as np
import pytest
from scipy.signal import correlate2d
from sklearn.covariance import LedoitWolf
from sklearn.linear_model import LinearRegression

from dense_keras.measures import coupling, detectors
from dense_keras.measures.categories import token_means
from dense_keras.measures.receptive_fields import peaks

TOKENS = np.repeat(range(5), 100)


def generator(seed=0):
    return np.random.default_rng(seed)


def convolved(maps, kernel):
    """A convolution with padding "same", unit by unit: (exemplars, height, width, units)."""
    inputs, units = kernel.shape[2:]
    return np.stack(
        [
            [
                sum(correlate2d(image[..., i], kernel[..., i, j], mode="same") for i in range(inputs))
                for j in range(units)
            ]
            for image in maps
        ]
    ).transpose(0, 2, 3, 1)


def test_what_is_left_is_that_of_a_linear_regression():
    factors = {"yaw": generator(1).normal(size=500), "light": generator(2).random((500, 2))}
    activations = generator().random((500, 6)) + factors["yaw"][:, None] + TOKENS[:, None]
    design = np.column_stack([np.eye(5)[TOKENS], factors["yaw"], factors["light"]])
    expected = activations - LinearRegression(fit_intercept=False).fit(design, activations).predict(design)
    left = coupling.residual_activations(activations, TOKENS, factors)
    np.testing.assert_allclose(left, expected, atol=1e-10)
    np.testing.assert_allclose(token_means(left, TOKENS), 0, atol=1e-12)
    np.testing.assert_allclose(coupling.residual_activations(left, TOKENS, factors), left, atol=1e-12)


def test_factors_that_repeat_each_other_or_never_change_do_no_harm():
    yaw = generator(1).normal(size=500)
    activations = generator().random((500, 3))
    left = coupling.residual_activations(activations, TOKENS, {"yaw": yaw})
    more = {"yaw": yaw, "again": 3 * yaw - 1, "constant": np.full(500, 0.1), "token": TOKENS}
    np.testing.assert_allclose(coupling.residual_activations(activations, TOKENS, more), left, atol=1e-9)


def test_what_tokens_and_factors_explain_wholly_comes_as_zeros_not_as_rounding():
    yaw = generator(1).normal(size=500)
    activations = np.column_stack([TOKENS * 0.1 + 1e3, yaw + TOKENS, np.full(500, 0.3), generator().random(500)])
    left = coupling.residual_activations(activations, TOKENS, {"yaw": yaw})
    assert (left[:, :3] == 0).all() and left[:, 3].any()
    correlation = coupling.noise_correlation(activations, activations, TOKENS, {"yaw": yaw})
    np.testing.assert_allclose(correlation, np.diag([0, 0, 0, 1]), atol=1e-12)


def test_shared_tuning_and_a_shared_factor_are_no_noise_correlation_but_a_link_is():
    random, yaw = generator(), generator(1).normal(size=500)
    source = random.normal(size=(500, 3)) + 5 * TOKENS[:, None] + 3 * yaw[:, None]
    target = random.normal(size=(500, 2)) + 5 * TOKENS[:, None] + 3 * yaw[:, None]
    target[:, 1] += source[:, 2]
    found = coupling.noise_correlation(source, target, TOKENS, {"yaw": yaw})
    assert found[2, 1] == pytest.approx(np.sqrt(0.5), abs=0.06)
    assert np.abs(np.delete(found.ravel(), 5)).max() < 0.15
    assert coupling.noise_correlation(source, target, TOKENS).min() > 0.8  # the factor left in
    assert coupling.signal_correlation(source, target, TOKENS).min() > 0.99


def test_correlations_are_those_of_numpy():
    source, target = generator().random((500, 4)), generator(1).random((500, 3))
    left = [coupling.residual_activations(activations, TOKENS) for activations in (source, target)]
    expected = np.corrcoef(*left, rowvar=False)[:4, 4:]
    np.testing.assert_allclose(coupling.noise_correlation(source, target, TOKENS), expected, atol=1e-12)
    means = [token_means(activations, TOKENS) for activations in (source, target)]
    expected = np.corrcoef(*means, rowvar=False)[:4, 4:]
    np.testing.assert_allclose(coupling.signal_correlation(source, target, TOKENS), expected, atol=1e-12)
    assert (coupling.signal_correlation(np.full((500, 1), 0.1), target, TOKENS) == 0).all()


def test_cells_of_token_and_code_remove_what_a_code_explains():
    codes = generator(3).integers(0, 2, (500, 2))
    cells = coupling.token_code_cells(TOKENS, codes)
    assert cells.shape == (500,) and len(np.unique(cells)) == 20
    exclusive = (codes[:, 0] ^ codes[:, 1]).astype(float)
    activations = generator().normal(size=(500, 2)) * 0.3 + exclusive[:, None]
    assert coupling.noise_correlation(activations, activations, TOKENS)[0, 1] > 0.6
    assert abs(coupling.noise_correlation(activations, activations, cells)[0, 1]) < 0.15


def test_the_ends_of_a_chain_are_correlated_but_not_partially():
    random, one_cell = generator(), np.zeros(2000, int)
    first = random.normal(size=2000)
    middle = first + 0.5 * random.normal(size=2000)
    last = middle + 0.5 * random.normal(size=2000)
    chain = np.column_stack([first, 100 * middle, last, np.zeros(2000)])
    assert coupling.noise_correlation(chain, chain, one_cell)[0, 2] > 0.5
    partial = coupling.partial_correlation(chain, one_cell)
    assert abs(partial[0, 2]) < 0.05 and partial[0, 1] > 0.5 and partial[1, 2] > 0.5
    np.testing.assert_allclose(partial, partial.T)
    np.testing.assert_array_equal(partial[3], [0, 0, 0, 1])


def test_partial_correlation_is_that_of_scikit_learns_precision():
    activations = generator().random((500, 8)) @ generator(1).random((8, 8))
    left = coupling.residual_activations(activations, TOKENS)
    precision = LedoitWolf().fit(left / left.std(axis=0)).precision_
    expected = -precision / np.sqrt(np.outer(precision.diagonal(), precision.diagonal()))
    np.fill_diagonal(expected, 1)
    np.testing.assert_allclose(coupling.partial_correlation(activations, TOKENS), expected, atol=1e-8)


def test_what_cannot_be_regressed_is_refused():
    activations = np.ones((6, 2))
    with pytest.raises(ValueError, match="6 exemplars came with 5 values of yaw: one each is needed"):
        coupling.residual_activations(activations, np.zeros(6, int), {"yaw": np.zeros(5)})
    with pytest.raises(ValueError, match="6 exemplars came with 5 values of cells: one each is needed"):
        coupling.residual_activations(activations, np.zeros(5, int))
    with pytest.raises(ValueError, match="5 columns for 6 exemplars: nothing would be left. Take more exemplars"):
        coupling.residual_activations(activations, np.array([0, 1, 2, 3, 4, 4]))


@pytest.mark.parametrize("shape", [(6, 6), (4, 7), (2, 2), (1, 1)])
def test_contributions_and_bias_add_up_to_the_mean_response_of_a_convolution(shape):
    maps, kernel, bias = generator().random((3, *shape, 4)), generator(1).normal(size=(3, 3, 4, 5)), np.arange(5.0)
    response = convolved(maps, kernel) + bias
    found = coupling.contributions(coupling.shifted_means(maps), kernel)
    assert found.shape == (3, 4, 5)
    np.testing.assert_allclose(found.sum(axis=1) + bias, response.mean(axis=(1, 2)), atol=1e-12)


def test_a_contribution_is_what_cutting_the_edge_takes_away():
    maps, kernel = generator().random((3, 6, 6, 4)), generator(1).normal(size=(3, 3, 4, 5))
    cut = kernel.copy()
    cut[:, :, 2, 3] = 0
    effect = (convolved(maps, kernel) - convolved(maps, cut)).mean(axis=(1, 2))
    expected = np.zeros((3, 5))
    expected[:, 3] = coupling.contributions(coupling.shifted_means(maps), kernel)[:, 2, 3]
    np.testing.assert_allclose(effect, expected, atol=1e-12)


def test_shifted_means_hold_the_mean_in_the_middle_and_lose_an_edge_at_each_side():
    maps = np.zeros((1, 4, 4, 1))
    maps[0, 0, 3] = 16  # upper right: never seen by a tap that looks down or left
    np.testing.assert_array_equal(coupling.shifted_means(maps)[0, :, :, 0], [[0, 1, 1], [0, 1, 1], [0, 0, 0]])


def test_contributions_at_the_peak_add_up_to_the_largest_response():
    maps, kernel = generator().random((3, 6, 6, 4)), generator(1).normal(size=(3, 3, 4, 5))
    largest, rows, columns = peaks(convolved(maps, kernel))
    for unit in range(5):
        patches = coupling.patches_at(maps, rows[:, unit], columns[:, unit])
        found = coupling.contributions(patches, kernel[..., [unit]])
        np.testing.assert_allclose(found.sum(axis=(1, 2)), largest[:, unit], atol=1e-12)


def test_contributions_to_a_dense_layer():
    activations, kernel = generator().random((7, 4)), generator(1).normal(size=(4, 3))
    found = coupling.contributions(activations, kernel)
    np.testing.assert_allclose(found, activations[:, :, None] * kernel)
    np.testing.assert_allclose(found.sum(axis=1), activations @ kernel)


def test_contrasts_are_the_contributions_on_what_is_preferred_minus_those_on_the_rest():
    tokens = np.arange(20) % 5
    maps, kernel = generator().random((20, 4, 4, 3)), generator(1).normal(size=(3, 3, 3, 6))
    membership, preferred = detectors.token_membership(tokens), np.array([0, 4, 2, -1, 1, 1])
    every = coupling.contributions(coupling.shifted_means(maps), kernel)
    found = coupling.contrast_contributions(coupling.shifted_means(maps), kernel, membership, preferred)
    assert found.shape == (3, 6)
    np.testing.assert_array_equal(found[:, 3], 0)
    for unit in (0, 1, 2, 4, 5):
        members = tokens == preferred[unit]
        expected = every[members, :, unit].mean(axis=0) - every[~members, :, unit].mean(axis=0)
        np.testing.assert_allclose(found[:, unit], expected, atol=1e-12)


def test_a_constant_input_has_no_contrast_and_a_planted_parent_has_the_largest():
    tokens = np.arange(40) % 5
    activations = np.column_stack([np.ones(40), tokens == 3, generator().random(40)]).astype(float)
    kernel = np.array([[50.0], [1], [1]])
    membership = detectors.token_membership(tokens)
    preferred = detectors.preferred_columns(detectors.token_auc(activations @ kernel, tokens))
    found = coupling.contrast_contributions(activations, kernel, membership, preferred)[:, 0]
    assert preferred == 3 and found[1] == pytest.approx(1) and abs(found[0]) < 1e-12 and abs(found[2]) < 0.5


def test_weight_strength_by_hand_and_under_rescaling():
    activations, kernel = generator().random((50, 4)), generator(1).normal(size=(3, 3, 4, 5))
    found = coupling.weight_strength(kernel, activations)
    expected = np.sqrt((kernel[:, :, 1, 2] ** 2).sum() * (activations[:, 1] ** 2).mean())
    assert found.shape == (4, 5) and found[1, 2] == pytest.approx(expected)
    scale = np.array([2.0, 3, 4, 5])
    np.testing.assert_allclose(coupling.weight_strength(kernel / scale[:, None], activations * scale), found)
    dense = coupling.weight_strength(kernel[0, 0], activations)
    np.testing.assert_allclose(dense, np.abs(kernel[0, 0]) * np.sqrt((activations**2).mean(axis=0))[:, None])


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"Activation maps came with shape \(3, 4\). They must be"):
        coupling.shifted_means(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="Some places are outside of maps of 4 rows and 5 columns"):
        coupling.patches_at(np.zeros((1, 4, 5, 2)), np.array([0]), np.array([5]))
    with pytest.raises(ValueError, match=r"Inputs came with shape \(7, 4\), the kernel with \(3, 3, 4, 5\)"):
        coupling.contributions(np.zeros((7, 4)), np.zeros((3, 3, 4, 5)))
    with pytest.raises(ValueError, match="7 exemplars came with a membership of 6, 3 units with 3 preferred"):
        coupling.contrast_contributions(np.zeros((7, 4)), np.zeros((4, 3)), np.zeros((6, 5), bool), np.zeros(3, int))
    with pytest.raises(ValueError, match="A kernel of 4 inputs came with activations of 3 units"):
        coupling.weight_strength(np.zeros((3, 3, 4, 5)), np.zeros((7, 3)))


def test_edges_of_a_chain_are_the_contrasts_of_each_of_its_layers():
    membership = detectors.token_membership(np.arange(10) % 5)
    inputs = [generator().random((10, 3, 3, 4)), generator(1).random((10, 6))]
    kernels = [generator(2).normal(size=(3, 3, 4, 6)), generator(3).normal(size=(6, 2))]
    preferred = [np.array([0, 1, 2, 3, 4, -1]), np.array([2, 0])]
    found = coupling.chain_contrasts(inputs, kernels, membership, preferred)
    assert [matrix.shape for matrix in found] == [(4, 6), (6, 2)]
    for layer, matrix in enumerate(found):
        expected = coupling.contrast_contributions(inputs[layer], kernels[layer], membership, preferred[layer])
        np.testing.assert_array_equal(matrix, expected)
    with pytest.raises(ValueError, match="zip"):
        coupling.chain_contrasts(inputs, kernels[:1], membership, preferred)
