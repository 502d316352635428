"""Dynamics: gradients with known noise, quadratic losses, walks whose spectrum is known."""

import numpy as np
import pytest
from scipy.sparse.linalg import eigsh
from scipy.stats import ortho_group
from sklearn.decomposition import PCA

from dense_keras.measures import dynamics


def generator(seed=0):
    return np.random.default_rng(seed)


def weights(seed=0):
    random = generator(seed)
    return {
        "conv1_1/kernel": random.normal(size=(3, 3, 2, 4)),
        "conv1_1/bias": random.normal(size=4),
        "dense/kernel": random.normal(size=(6, 5)).astype(np.float32),
        "dense/bias": np.zeros(5, np.float32),
    }


def test_gradient_norms_take_kernel_and_bias_together_and_kernel_norms_the_kernel_alone():
    gradients = {
        "conv/kernel": np.full((1, 1, 2, 2), 1.5),
        "conv/bias": np.array([4.0, 0]),
        "deep/er/kernel": np.eye(4),
    }
    assert dynamics.layer_norms(gradients) == {"conv": 5, "deep/er": 2}
    assert dynamics.kernel_norms(gradients) == {"conv": 3, "deep/er": 2}


def test_the_gradient_norm_of_a_linear_network_is_the_analytic_one():
    random = generator()
    inputs, targets, kernel = random.normal(size=(20, 3)), random.normal(size=(20, 2)), random.normal(size=(3, 2))
    loss = lambda kernel: ((inputs @ kernel - targets) ** 2).sum()
    numeric = np.zeros((3, 2))
    for place in np.ndindex(3, 2):
        moved = np.zeros((3, 2))
        moved[place] = 1e-5
        numeric[place] = (loss(kernel + moved) - loss(kernel - moved)) / 2e-5
    analytic = np.linalg.norm(2 * inputs.T @ (inputs @ kernel - targets))
    assert dynamics.layer_norms({"linear/kernel": numeric})["linear"] == pytest.approx(analytic, rel=1e-6)


def test_nothing_has_changed_at_step_0():
    assert dynamics.relative_changes(weights(), weights()) == {"conv1_1": 0, "dense": 0}
    assert dynamics.layer_rotations(weights(), weights()) == {"conv1_1": 0, "dense": 0}


def test_changes_and_rotations_by_hand():
    initial = {"a/kernel": np.array([[3.0, 0]]), "b/kernel": np.array([[0.0], [2.0]]), "b/bias": np.ones(1)}
    now = {"a/kernel": np.array([[3.0, 4]]), "b/kernel": np.array([[0.0], [-2.0]]), "b/bias": np.full(1, 9.0)}
    assert dynamics.relative_changes(now, initial) == pytest.approx({"a": 4 / 3, "b": 2})
    assert dynamics.layer_rotations(now, initial) == pytest.approx({"a": 1 - 3 / 5, "b": 2})


def test_rotation_is_1_at_right_angles_and_does_not_change_with_scale():
    kernel = generator().normal(size=(8, 8))
    orthogonal = np.empty_like(kernel)
    orthogonal[:4], orthogonal[4:] = -kernel[4:], kernel[:4]
    assert dynamics.layer_rotations({"a/kernel": orthogonal}, {"a/kernel": kernel})["a"] == pytest.approx(1)
    scaled = {path: 7 * values for path, values in weights(1).items()}
    assert dynamics.layer_rotations(scaled, weights()) == pytest.approx(dynamics.layer_rotations(weights(1), weights()))
    assert dynamics.layer_rotations(scaled, weights(1)) == pytest.approx({"conv1_1": 0, "dense": 0}, abs=1e-12)


def test_the_order_of_names_does_not_matter_even_of_two_kernels_in_a_layer():
    now, initial = ({**weights(seed), "dense/recurrent_kernel": np.eye(5) + seed} for seed in (1, 0))
    backwards = dict(reversed(initial.items()))
    assert dynamics.relative_changes(now, backwards) == dynamics.relative_changes(now, initial)
    assert dynamics.layer_rotations(now, backwards) == dynamics.layer_rotations(now, initial)


def test_lazy_weights_may_evoke_rich_activations():
    near = {path: values * (1 + 0.1 * generator(1).normal(size=values.shape)) for path, values in weights().items()}
    similarities = {"conv1_1": 0.97, "dense": 0.04, "global_pool": 0.5}
    regimes = dynamics.lazy_or_rich(near, weights(), similarities)
    assert list(regimes) == ["conv1_1", "dense"]
    assert [(regime.weights, regime.activations) for regime in regimes.values()] == [("lazy", "lazy"), ("lazy", "rich")]
    assert regimes["dense"].relative_change == dynamics.relative_changes(near, weights())["dense"]
    assert regimes["dense"].rotation == dynamics.layer_rotations(near, weights())["dense"]
    assert dynamics.lazy_or_rich(weights(1), weights(), similarities)["conv1_1"].weights == "rich"
    with pytest.raises(ValueError, match=r"No similarity came for layer\(s\) dense. Given: conv1_1. Compare"):
        dynamics.lazy_or_rich(near, weights(), {"conv1_1": 1.0})


def test_nobody_knows_the_regime_of_a_silent_layer():
    assert dynamics.Regime(0.1, 0.0, float("nan")).activations == "unknown"


def test_weights_that_cannot_be_compared_are_refused():
    with pytest.raises(ValueError, match="No kernel came, only dense/bias. Names of kernels end in 'kernel'"):
        dynamics.kernel_norms({"dense/bias": np.ones(2)})
    with pytest.raises(ValueError, match=r"'a/kernel': \(2, 2\)\} cannot be compared .* take two snapshots of one run"):
        dynamics.relative_changes({"a/kernel": np.ones((2, 2))}, {"a/kernel": np.ones((2, 3))})
    with pytest.raises(ValueError, match="initial kernel of a is all 0: nothing can be compared"):
        dynamics.relative_changes({"a/kernel": np.ones((2, 2))}, {"a/kernel": np.zeros((2, 2))})
    with pytest.raises(ValueError, match="kernel of a is all 0: it has no direction"):
        dynamics.layer_rotations({"a/kernel": np.zeros((2, 2))}, {"a/kernel": np.ones((2, 2))})
    with pytest.raises(ValueError, match="a/kernel holds NaN or infinite values: the training diverged"):
        dynamics.layer_norms({"a/kernel": np.full((2, 2), np.inf)})


def gaussian_gradients(batches, batch_size, mean, deviations, seed=0):
    noise = generator(seed).normal(size=(batches, batch_size, len(mean))).mean(axis=1)
    return mean + noise * deviations


def test_noise_scale_of_gaussian_gradients_is_the_known_one():
    mean, deviations = np.array([3.0, 0, 4, 0]), np.array([1.0, 2, 3, 4])
    gradients = gaussian_gradients(20_000, 8, mean, deviations)
    signal, noise = dynamics.gradient_signal_and_noise(gradients, 8)
    assert signal == pytest.approx(25, rel=0.02)
    assert noise == pytest.approx(30, rel=0.02)
    assert dynamics.gradient_noise_scale(gradients, 8) == pytest.approx(30 / 25, rel=0.03)


def test_both_estimates_are_unbiased_with_few_batches():
    mean, deviations = np.array([1.0, 0, 0]), np.array([1.0, 2, 2])
    pairs = [
        dynamics.gradient_signal_and_noise(gaussian_gradients(3, 4, mean, deviations, seed), 4) for seed in range(4000)
    ]
    np.testing.assert_allclose(np.mean(pairs, axis=0), [1, 9], rtol=0.1)


def test_the_noise_is_the_sum_of_the_variances_of_batches_times_their_size():
    gradients = generator().normal(size=(6, 10)).astype(np.float32)
    signal, noise = dynamics.gradient_signal_and_noise(gradients, 16)
    assert noise == pytest.approx(16 * gradients.astype(float).var(axis=0, ddof=1).sum())
    assert signal == pytest.approx((gradients.astype(float).mean(axis=0) ** 2).sum() - noise / 96)


def test_gradients_without_noise_and_gradients_of_noise_alone():
    assert dynamics.gradient_noise_scale(np.ones((4, 3)), 32) == 0
    assert dynamics.gradient_noise_scale(np.array([[1.0, 0], [-1, 0]]), 32) == np.inf
    with pytest.raises(
        ValueError, match=r"shape \(1, 3\) for batches of 32. They must be \(batches, weights\) with two"
    ):
        dynamics.gradient_noise_scale(np.ones((1, 3)), 32)
    with pytest.raises(ValueError, match="gradients hold NaN or infinite values: the training diverged"):
        dynamics.gradient_noise_scale(np.full((2, 3), np.nan), 32)


def hessian(eigenvalues):
    turn = ortho_group.rvs(len(eigenvalues), random_state=generator())
    return turn @ np.diag(eigenvalues) @ turn.T


def test_sharpness_of_a_quadratic_is_its_largest_eigenvalue():
    matrix = hessian([10.0, 6, 5, 3, 1, 0.1, 0, -2])
    eigenvalue, residual = dynamics.sharpness(lambda vector: matrix @ vector, 8, generator())
    assert eigenvalue == pytest.approx(10, abs=1e-3)
    assert eigenvalue == pytest.approx(eigsh(matrix, 1, which="LA")[0][0], abs=1e-3)
    assert residual < 1e-3


def test_the_residual_bounds_the_error_and_shrinks():
    matrix = hessian([10.0, 9.5, 5, 3, 1])
    eigenvalues, residuals = dynamics.sharpness_by_iteration(lambda vector: matrix @ vector, np.ones(5))
    assert eigenvalues.shape == residuals.shape == (20,)
    errors = np.abs(eigenvalues[:, np.newaxis] - np.linalg.eigvalsh(matrix)).min(axis=1)
    assert (errors <= residuals * 10 + 1e-9).all() and residuals[-1] < residuals[0]
    assert (residuals >= 0).all() and (residuals <= 1).all()


def test_scale_of_the_start_does_not_matter_and_a_flat_loss_has_no_sharpness():
    matrix = hessian([4.0, 2, 1])
    small, large = (
        dynamics.sharpness_by_iteration(lambda v: matrix @ v, scale * np.arange(1.0, 4)) for scale in (1, 9)
    )
    np.testing.assert_allclose(small, large)
    assert dynamics.sharpness(lambda vector: 0 * vector, 3, generator()) == (0, 0)
    assert dynamics.sharpness(lambda vector: -4 * vector, 3, generator())[0] == pytest.approx(-4)


def test_products_of_other_shapes_or_that_diverge_are_refused():
    with pytest.raises(ValueError, match=r"vector of shape \(3,\) came with shape \(2,\)"):
        dynamics.sharpness(lambda vector: vector[:2], 3, generator())
    with pytest.raises(ValueError, match="it must have the same, and be finite"):
        dynamics.sharpness(lambda vector: vector * np.nan, 3, generator())
    with pytest.raises(ValueError, match="20 iteration.* from a start of norm 0: both must be more than 0"):
        dynamics.sharpness_by_iteration(lambda vector: vector, np.zeros(3))


def test_a_weight_vector_becomes_the_weights_again():
    vector = dynamics.weight_vector(weights())
    assert vector.shape == (72 + 4 + 30 + 5,)
    for path, values in dynamics.weights_of_vector(vector, weights(1)).items():
        np.testing.assert_array_equal(values, weights()[path])
    with pytest.raises(ValueError, match=r"A vector of shape \(3,\) came for 111 weights"):
        dynamics.weights_of_vector(np.ones(3), weights())


def trajectory(snapshots=9, num_weights=250):
    return generator().normal(size=(snapshots, num_weights)).cumsum(axis=0) + 5


@pytest.mark.parametrize("chunk", [7, 250, 1000])
def test_the_plane_is_that_of_principal_components_seen_from_the_last_snapshot(chunk, monkeypatch):
    monkeypatch.setattr(dynamics, "CHUNK", chunk)
    vectors = trajectory()
    plane, pca = dynamics.trajectory_plane(vectors), PCA().fit(vectors)
    np.testing.assert_allclose(plane.shares, pca.explained_variance_ratio_[:-1], rtol=1e-9)
    np.testing.assert_allclose(np.abs(plane.directions @ pca.components_[:2].T), np.eye(2), atol=1e-9)
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-9)
    np.testing.assert_allclose(plane.places, (vectors - vectors[-1]) @ plane.directions.T, atol=1e-9)
    np.testing.assert_allclose(plane.strides, np.linalg.norm(np.diff(vectors, axis=0), axis=1), rtol=1e-9)
    np.testing.assert_array_equal(plane.places[-1], 0)
    assert (plane.places[0] <= 0).all()


def test_a_trajectory_in_a_plane_is_shown_entirely_wherever_it_lies():
    random = generator()
    corner, directions = random.normal(size=40), random.normal(size=(2, 40))
    vectors = np.array([[4.0, 0], [3, 1], [1, 1], [0, 0]]) @ directions + corner
    plane = dynamics.trajectory_plane(vectors.astype(np.float32))
    assert plane.shares[:2].sum() == pytest.approx(1)
    np.testing.assert_allclose(plane.places @ plane.directions + vectors[-1], vectors, atol=1e-5)
    np.testing.assert_allclose(dynamics.trajectory_plane(vectors + 3).shares, plane.shares, atol=1e-6)


def test_trajectories_that_span_no_plane_are_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 5\). They must be \(snapshots, weights\), with 3 snapshots"):
        dynamics.trajectory_plane(np.ones((2, 5)))
    with pytest.raises(ValueError, match="lie on a line and span no plane"):
        dynamics.trajectory_plane(np.outer(np.arange(4.0), np.ones(5)))
    with pytest.raises(ValueError, match="NaN or infinite values: the training diverged"):
        dynamics.trajectory_plane(np.full((4, 5), np.inf))


def test_shares_of_a_walk_of_equal_strides_are_the_known_ones():
    snapshots = 40
    shares = dynamics.random_walk_shares(np.ones(snapshots - 1), 1_240_000, generator(), walks=5)
    spectrum = 1 / np.sin(np.pi * np.arange(1, snapshots) / (2 * snapshots)) ** 2  # of infinitely many weights
    np.testing.assert_allclose(shares, np.tile(spectrum / spectrum.sum(), (5, 1)), rtol=0.02)
    np.testing.assert_allclose(shares[:, :2].mean(axis=0), [6 / np.pi**2, 6 / (2 * np.pi) ** 2], rtol=0.01)


def test_shares_of_walks_are_those_of_walks_that_were_walked():
    random, strides = generator(), np.array([1.0, 3, 2, 0.5, 4])
    walked = []
    for _ in range(400):
        steps = random.normal(size=(5, 30)) * strides[:, np.newaxis]
        walked.append(dynamics.trajectory_plane(np.pad(steps.cumsum(axis=0), ((1, 0), (0, 0)))).shares)
    drawn = dynamics.random_walk_shares(strides, 30, generator(1), walks=400)
    assert drawn.shape == (400, 5)
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    np.testing.assert_allclose(drawn.mean(axis=0), np.mean(walked, axis=0), rtol=0.05)
    np.testing.assert_allclose(drawn.std(axis=0), np.std(walked, axis=0), rtol=0.2)


def test_walks_depend_on_the_generator_alone_and_not_on_the_scale_of_strides():
    strides = np.arange(1.0, 8)
    first, again = (dynamics.random_walk_shares(strides, 100, generator(), walks=3) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(dynamics.random_walk_shares(7 * strides, 100, generator(), walks=3), first)


@pytest.mark.parametrize(("strides", "num_weights"), [([1.0], 9), ([1.0, -1], 9), ([0.0, 0], 9), ([1.0, 1, 1], 2)])
def test_walks_that_cannot_be_walked_are_refused(strides, num_weights):
    with pytest.raises(ValueError, match=rf"{len(strides)} stride.* for {num_weights} weights. It takes two strides"):
        dynamics.random_walk_shares(strides, num_weights, generator())


def test_a_normalised_direction_has_filters_as_long_as_those_of_the_weights():
    direction = dynamics.filter_normalised_direction(weights(), generator(3))
    for path, values in weights().items():
        assert direction[path].shape == values.shape
    np.testing.assert_allclose(
        np.linalg.norm(direction["conv1_1/kernel"].reshape(-1, 4), axis=0),
        np.linalg.norm(weights()["conv1_1/kernel"].reshape(-1, 4), axis=0),
    )
    np.testing.assert_allclose(
        np.linalg.norm(direction["dense/kernel"], axis=0), np.linalg.norm(weights()["dense/kernel"], axis=0), rtol=1e-6
    )
    np.testing.assert_array_equal(direction["conv1_1/bias"], 0)
    assert (
        abs(dynamics.layer_rotations(direction, weights())["conv1_1"] - 1) < 0.3
    )  # any direction, not that of the weights
