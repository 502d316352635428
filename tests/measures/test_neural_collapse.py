"""Neural collapse: a simplex with known noise, and the definitions written out."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from dense_keras.measures import neural_collapse


def generator():
    return np.random.default_rng(0)


def simplex(tokens=5, units=12):
    """As many vectors of length 1 as far from each other as can be, (tokens, units): each pair has cosine -1 / (tokens - 1)."""
    corners = (np.eye(tokens) - 1 / tokens) * np.sqrt(tokens / (tokens - 1))
    return corners @ ortho_group.rvs(units, random_state=generator())[:tokens]


def exemplars(noise, count=100, tokens=5, units=12):
    """Exemplars around a simplex far from 0: activations and tokens, in mixed order."""
    random, labels = generator(), np.repeat(range(tokens), count)
    random.shuffle(labels)
    return simplex(tokens, units)[labels] + 7 + noise * random.normal(size=(len(labels), units)), labels


def test_a_simplex_without_noise_has_collapsed_entirely():
    activations, tokens = exemplars(0)
    means = neural_collapse.centred_means(activations, tokens)
    np.testing.assert_allclose(means, simplex(), atol=1e-12)
    assert neural_collapse.variability(activations, tokens) == pytest.approx(0, abs=1e-12)
    assert neural_collapse.norm_variation(means) == pytest.approx(0, abs=1e-12)
    assert neural_collapse.angle_deviation(means) == pytest.approx(0, abs=1e-12)
    assert neural_collapse.duality_distance(means, 3 * means.T) == pytest.approx(0, abs=1e-12)
    assert neural_collapse.nearest_mean_disagreement(activations, tokens, (activations - 7) @ means.T) == 0


def test_noise_on_a_simplex_gives_its_closed_form():
    noise = 0.02
    activations, tokens = exemplars(noise, count=4000)
    assert neural_collapse.variability(activations, tokens) == pytest.approx(noise**2 * (5 - 1) ** 2 / 5, rel=0.03)


def test_variability_is_that_of_the_definition_and_tokens_average_to_it():
    activations, tokens = exemplars(0.5)
    activations = activations * np.linspace(0.5, 2, activations.shape[1])
    means = neural_collapse.centred_means(activations, tokens)
    between = means.T @ means / 5
    covariances = [np.cov(activations[tokens == token].T, bias=True) for token in range(5)]
    expected = [np.trace(covariance @ np.linalg.pinv(between, rcond=1e-10)) / 5 for covariance in covariances]
    np.testing.assert_allclose(neural_collapse.token_variabilities(activations, tokens), expected, rtol=1e-8)
    assert neural_collapse.variability(activations, tokens) == pytest.approx(np.mean(expected))


def test_rotating_shifting_and_scaling_leave_variability():
    activations, tokens = exemplars(0.5)
    moved = 3 * activations @ ortho_group.rvs(12, random_state=generator()) - 4
    before = neural_collapse.variability(activations, tokens)
    assert neural_collapse.variability(moved, tokens) == pytest.approx(before)


def test_each_token_counts_the_same_whatever_its_number_of_exemplars():
    activations, tokens = exemplars(0.5)
    more = np.concatenate([activations, activations[tokens == 2]]), np.concatenate([tokens, tokens[tokens == 2]])
    np.testing.assert_allclose(neural_collapse.centred_means(*more), neural_collapse.centred_means(activations, tokens))
    np.testing.assert_allclose(
        neural_collapse.token_variabilities(*more), neural_collapse.token_variabilities(activations, tokens)
    )


def test_fewer_units_than_tokens_and_tokens_with_one_mean():
    activations, tokens = exemplars(0.1, units=12)
    assert np.isfinite(neural_collapse.variability(activations[:, :2], tokens))
    tokens = np.repeat(range(5), 4)
    together = np.tile([0.25, -0.25], 10)[:, np.newaxis]  # in this direction no token differs from another
    merged = np.eye(4)[np.minimum(tokens, 3)] + together
    assert neural_collapse.variability(merged, tokens) == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="All token means are the same: there is nothing to compare"):
        neural_collapse.variability(np.zeros((4, 3)), np.array([0, 0, 1, 1]))


def test_lengths_and_angles_of_vectors_by_hand():
    vectors = np.array([[1.0, 0], [-3, 0], [0, 2]])
    assert neural_collapse.norm_variation(vectors) == pytest.approx(np.sqrt(2 / 3) / 2)
    np.testing.assert_allclose(neural_collapse.pair_angle_deviations(vectors), [0.5, 0.5, 0.5])
    assert neural_collapse.norm_variation(5 * vectors) == pytest.approx(neural_collapse.norm_variation(vectors))
    orthogonal = np.eye(5)
    np.testing.assert_allclose(neural_collapse.pair_angle_deviations(orthogonal), np.full(10, 0.25))
    assert neural_collapse.angle_deviation(orthogonal) == pytest.approx(0.25)
    assert neural_collapse.angle_deviation([[1, 0], [2, 0], [0, 3]]) == pytest.approx((1.5 + 0.5 + 0.5) / 3)


def test_duality_is_at_right_angles_the_root_of_2_and_2_for_opposites():
    means = simplex()
    assert neural_collapse.duality_distance(means, -means.T) == pytest.approx(2)
    beside = np.zeros((5, 24))
    beside[:, 12:] = means
    assert neural_collapse.duality_distance(np.pad(means, ((0, 0), (0, 12))), beside.T) == pytest.approx(np.sqrt(2))


def test_decisions_that_are_not_of_the_nearest_mean_are_counted():
    activations, tokens = np.array([[0.0], [1], [10], [11]]), np.array([0, 0, 1, 1])
    logits = np.array([[1.0, 0], [0, 1], [0, 1], [0, 1]])
    disagreements = neural_collapse.nearest_mean_disagreements(activations, tokens, logits)
    np.testing.assert_array_equal(disagreements, [False, True, False, False])
    assert neural_collapse.nearest_mean_disagreement(activations, tokens, logits) == 0.25


def test_a_decision_by_the_means_disagrees_with_them_nowhere_and_a_shuffled_one_at_chance():
    activations, tokens = exemplars(1.0, count=400)
    means = neural_collapse.centred_means(activations, tokens) + activations.mean(axis=0)
    logits = activations @ means.T - (means**2).sum(axis=1) / 2
    assert neural_collapse.nearest_mean_disagreement(activations, tokens, logits) < 0.01
    shuffled = generator().permutation(logits)
    assert neural_collapse.nearest_mean_disagreement(activations, tokens, shuffled) == pytest.approx(0.8, abs=0.04)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(ValueError, match=r"of 1 token\(s\); this measure needs 2"):
        neural_collapse.centred_means(np.ones((3, 2)), np.zeros(3, int))
    with pytest.raises(ValueError, match=r"Vectors came with shape \(3,\). They must be \(tokens, units\)"):
        neural_collapse.norm_variation(np.ones(3))
    with pytest.raises(ValueError, match="All vectors are 0: they have no lengths"):
        neural_collapse.norm_variation(np.zeros((3, 2)))
    with pytest.raises(ValueError, match=r"Vectors \[1\] are 0 and have no direction"):
        neural_collapse.pair_angle_deviations([[1.0, 2], [0, 0]])
    with pytest.raises(
        ValueError, match=r"Means of \(tokens, units\) \(5, 12\) do not fit .* \(5, 12\). Take the means"
    ):
        neural_collapse.duality_distance(simplex(), simplex())
    with pytest.raises(ValueError, match="The means or the weights are all 0"):
        neural_collapse.duality_distance(simplex(), np.zeros((12, 5)))
    with pytest.raises(ValueError, match=r"shape \(4, 3\) for 4 exemplars of tokens \[0, 1\]. .* of each token"):
        neural_collapse.nearest_mean_disagreements(np.ones((4, 2)), np.array([0, 0, 1, 1]), np.ones((4, 3)))
