"""Linear probes: equal to read-outs that are fitted anew, right where it is known, and at chance on shuffled targets."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score, balanced_accuracy_score, r2_score

from dense_keras.measures import linear_probes
from dense_keras.measures.arguments import NotAvailable


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def clusters(exemplars=100, units=12, distance=6.0, num_tokens=5):
    tokens = np.arange(exemplars) % num_tokens
    return noise(exemplars, units) + distance * noise(num_tokens, units, seed=1)[tokens], tokens


def refitted_predictions(activations, targets, penalty):
    """Ridge of scikit-learn, fitted without each exemplar in turn."""
    standardised = (activations - activations.mean(axis=0)) / activations.std(axis=0)
    predictions = np.empty_like(targets)
    for left_out in range(len(targets)):
        others = np.arange(len(targets)) != left_out
        ridge = Ridge(alpha=penalty * len(targets)).fit(standardised[others], targets[others])
        predicted = ridge.predict(standardised[[left_out]])[0]
        predictions[left_out] = predicted - targets[others].mean(axis=0) + targets.mean(axis=0)
    return predictions


@pytest.mark.parametrize("units", [4, 30, 60])  # fewer units than exemplars, as many, more
@pytest.mark.parametrize("penalty", [0.001, 0.1, 5.0])
def test_leaving_out_in_closed_form_is_fitting_anew(units, penalty, monkeypatch):
    activations = noise(30, units) * np.linspace(1, 9, units) + 5
    targets = np.column_stack([activations[:, 0] + noise(30, seed=1), noise(30, seed=2), activations[:, 1] ** 2])
    monkeypatch.setattr(linear_probes, "PENALTIES", (penalty,))
    predictions = linear_probes.predicted_values(linear_probes.decomposed(activations), targets)
    np.testing.assert_allclose(predictions, refitted_predictions(activations, targets, penalty), atol=1e-6)


def test_tokens_are_those_of_the_highest_read_out_fitted_anew(monkeypatch):
    activations, tokens = clusters(40, units=4, distance=1.0)
    monkeypatch.setattr(linear_probes, "PENALTIES", (0.3,))
    predicted = linear_probes.predicted_tokens(linear_probes.decomposed(activations), tokens)
    refitted = refitted_predictions(activations, 2.0 * (tokens[:, None] == range(5)) - 1, 0.3)
    np.testing.assert_array_equal(predicted, refitted.argmax(axis=1))
    assert 0.3 < linear_probes.accuracy(predicted, tokens) < 0.9


def test_each_target_takes_the_penalty_with_the_least_error_left_out():
    activations = noise(40, 30)
    targets = np.column_stack(
        [activations @ noise(30, seed=1), noise(40, seed=2)]
    )  # one to be read fully, one not at all
    predictions = linear_probes.predicted_values(linear_probes.decomposed(activations), targets)
    by_penalty = np.array([refitted_predictions(activations, targets, p) for p in linear_probes.PENALTIES])
    best = ((by_penalty - targets) ** 2).mean(axis=1).argmin(axis=0)
    assert best[0] == 0 and best[1] == len(linear_probes.PENALTIES) - 1
    np.testing.assert_allclose(predictions, by_penalty[best, :, [0, 1]].T, atol=1e-6)


def test_the_components_are_uncorrelated_and_their_variances_sum_to_the_units_that_vary():
    for units in (6, 40):
        activations = noise(20, units) + noise(20, 1, seed=1)
        activations[:, 0] = 0.1  # never changes
        decomposition = linear_probes.decomposed(activations)
        covariance = decomposition.scores.T @ decomposition.scores / 20
        np.testing.assert_allclose(covariance, np.diag(decomposition.variances), atol=1e-12)
        assert decomposition.variances.sum() == pytest.approx(units - 1)


def test_a_scale_and_a_shift_of_each_unit_and_dead_units_change_nothing():
    activations, tokens = clusters(60, distance=0.5)
    factors = noise(60, 2, seed=3) + activations[:, :2]
    changed = np.column_stack([activations * np.linspace(0.01, 50, 12) - 7, np.full(60, 0.1), np.zeros(60)])
    one, other = (linear_probes.decomposed(values) for values in (activations, changed))
    np.testing.assert_allclose(
        linear_probes.predicted_values(one, factors), linear_probes.predicted_values(other, factors), atol=1e-9
    )
    np.testing.assert_array_equal(
        linear_probes.predicted_tokens(one, tokens), linear_probes.predicted_tokens(other, tokens)
    )


def test_tokens_far_apart_are_read_fully_whatever_their_numbers():
    activations, tokens = clusters()
    decomposition = linear_probes.decomposed(activations)
    names = np.array([9, 4, 7, 0, 2])[tokens]
    np.testing.assert_array_equal(linear_probes.predicted_tokens(decomposition, names), names)


def test_parts_are_read_each_by_itself_even_from_units_that_sum_them():
    codes = np.random.default_rng(0).integers(0, 2, (200, 4))
    activations = codes[:, :3] @ noise(3, 10) + 0.01 * noise(200, 10, seed=1)
    predicted = linear_probes.predicted_parts(linear_probes.decomposed(activations), codes)
    assert predicted.shape == (200, 4)
    right = linear_probes.accuracy(predicted, codes)
    np.testing.assert_array_equal(right[:3], 1)  # the fourth part is not there
    assert right[3] == pytest.approx(linear_probes.majority_share(codes)[3], abs=0.15)


def test_an_exclusive_or_cannot_be_read_from_its_parts_but_from_their_conjunction():
    codes = np.random.default_rng(0).integers(0, 2, (400, 2))
    bound = codes[:, 0] ^ codes[:, 1]
    for conjunction, lowest, highest in ((False, 0.35, 0.65), (True, 1, 1)):
        units = [codes, codes.prod(axis=1)] if conjunction else [codes]
        activations = np.column_stack(units) + 0.05 * noise(400, 2 + conjunction)
        predicted = linear_probes.predicted_tokens(linear_probes.decomposed(activations), bound)
        assert lowest <= linear_probes.balanced_accuracy(predicted, bound) <= highest


@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_a_factor_behind_noise_is_read_by_the_share_that_is_left(spread):
    factor = noise(2000)
    activations = factor[:, None] + spread * noise(2000, 1, seed=1)
    predicted = linear_probes.predicted_values(linear_probes.decomposed(activations), factor[:, None])
    assert linear_probes.r_squared(predicted, factor[:, None]) == pytest.approx(1 / (1 + spread**2), abs=0.04)


def test_from_a_layer_that_answers_nothing_the_majority_is_read_and_0_of_a_factor():
    decomposition = linear_probes.decomposed(np.full((50, 8), 0.3))
    tokens = np.repeat([0, 1, 2], [10, 25, 15])
    np.testing.assert_array_equal(linear_probes.predicted_tokens(decomposition, tokens), 1)
    values = noise(50, 2)
    assert linear_probes.r_squared(linear_probes.predicted_values(decomposition, values), values) == pytest.approx(0)


@pytest.mark.parametrize("units", [10, 300])
def test_shuffled_targets_are_at_chance_neither_above_nor_below(units):
    activations, tokens = clusters(100, units)
    decomposition = linear_probes.decomposed(activations)
    random = np.random.default_rng(5)
    accuracies = linear_probes.shuffled_accuracies(decomposition, tokens, random, 200)
    assert accuracies.shape == (200,)
    assert accuracies.mean() == pytest.approx(0.2, abs=0.03)
    shares = linear_probes.shuffled_r_squared(decomposition, noise(100, seed=6), random, 200)
    assert shares.shape == (200,) and -0.05 < shares.mean() < 0.02


def test_shuffling_keeps_the_values():
    seen = []

    class Counting(np.random.Generator):
        def permutation(self, values):
            seen.append(np.sort(values))
            return super().permutation(values)

    activations, tokens = clusters(20)
    linear_probes.shuffled_accuracies(
        linear_probes.decomposed(activations), tokens, Counting(np.random.PCG64(0)), shuffles=2
    )
    np.testing.assert_array_equal(seen, [np.sort(tokens)] * 2)


def test_scores_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    labels, predicted = random.integers(0, 3, (60, 4)), random.integers(0, 3, (60, 4))
    columns = list(zip(labels.T, predicted.T, strict=True))
    np.testing.assert_allclose(linear_probes.accuracy(predicted, labels), [accuracy_score(*pair) for pair in columns])
    np.testing.assert_allclose(
        linear_probes.balanced_accuracy(predicted, labels), [balanced_accuracy_score(*pair) for pair in columns]
    )
    assert linear_probes.balanced_accuracy(predicted[:, 0], labels[:, 0]) == pytest.approx(
        balanced_accuracy_score(labels[:, 0], predicted[:, 0])
    )
    values, read = noise(60, 3), noise(60, 3, seed=1)
    np.testing.assert_allclose(linear_probes.r_squared(read, values), r2_score(values, read, multioutput="raw_values"))


def test_one_who_always_says_the_most_frequent_label_has_its_share_and_is_at_chance_when_balanced():
    labels = np.repeat([0, 1], [30, 20])
    said = np.zeros(50, int)
    assert linear_probes.accuracy(said, labels) == linear_probes.majority_share(labels) == 0.6
    assert linear_probes.balanced_accuracy(said, labels) == 0.5
    np.testing.assert_array_equal(linear_probes.label_accuracies(said, labels), [1, 0])


def test_a_variant_that_a_part_does_not_have_counts_for_nothing():
    labels = np.array([[0, 0], [1, 1], [0, 2], [1, 2]])
    np.testing.assert_array_equal(linear_probes.label_accuracies(labels, labels), [[1, 1, np.nan], [1, 1, 1]])
    np.testing.assert_array_equal(linear_probes.balanced_accuracy(labels, labels), [1, 1])
    np.testing.assert_array_equal(linear_probes.majority_share(labels), [0.5, 0.5])


def test_a_factor_that_does_not_vary_has_no_share():
    assert np.isnan(linear_probes.r_squared(np.zeros((4, 1)), np.full((4, 1), 0.1)))


def test_logistic_regression_agrees_where_it_is_clear():
    activations, tokens = clusters(distance=1.5)
    predicted = linear_probes.logistic_predictions(activations, tokens)
    ridge = linear_probes.predicted_tokens(linear_probes.decomposed(activations), tokens)
    assert linear_probes.accuracy(predicted, tokens) > 0.9
    assert linear_probes.accuracy(predicted, ridge) > 0.9
    scales = np.geomspace(1e-3, 1e3, activations.shape[1])
    np.testing.assert_array_equal(linear_probes.logistic_predictions(activations * scales, tokens), predicted)
    shuffled = np.random.default_rng(0).permutation(tokens)
    assert linear_probes.accuracy(linear_probes.logistic_predictions(activations, shuffled), shuffled) < 0.4


def test_what_cannot_be_read_is_refused():
    decomposition = linear_probes.decomposed(noise(10, 3))
    with pytest.raises(NotAvailable, match="nobody knows its codes"):
        linear_probes.predicted_parts(decomposition, None)
    with pytest.raises(NotAvailable, match="nobody knows its factors"):
        linear_probes.factor_values({})
    with pytest.raises(ValueError, match=r"Codes came with shape \(9, 2\) for 10 exemplars"):
        linear_probes.predicted_parts(decomposition, np.zeros((9, 2), int))
    for values in (np.zeros(10), np.zeros((9, 2)), np.full((10, 1), np.nan)):
        with pytest.raises(ValueError, match="for 10 exemplars. They must be .exemplars, columns., and all finite"):
            linear_probes.predicted_values(decomposition, values)
    with pytest.raises(ValueError, match=r"Labels \[0, 1\] have \[3, 7\] exemplars.*as many exemplars as folds, 5"):
        linear_probes.logistic_predictions(noise(10, 3), np.repeat([0, 1], [3, 7]))
    np.testing.assert_array_equal(linear_probes.factor_values({"yaw": [1, 2], "roll": [3, 4]}), [[1, 3], [2, 4]])
