"""Classification: hand tables, closed forms, planted curves, and scikit-learn and SciPy as peers."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy.stats import binomtest, spearmanr
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.neighbors import KNeighborsClassifier

from dense_keras.codes import KINDS, accuracy_ceiling, part_names, token_codes
from dense_keras.measures import classification
from dense_keras.measures.arguments import NotAvailable

STEPS = np.array([0, 1, 4, 16, 64, 256])


def generator(seed=0):
    return np.random.default_rng(seed)


def decisions(snapshots=6, exemplars=500, seed=0):
    """Decisions that are random at first and better and better."""
    random, tokens = generator(seed), np.arange(exemplars) % 5
    known = random.random((snapshots, exemplars)) < np.linspace(0, 1, snapshots)[:, None]
    return np.where(known, tokens, random.integers(0, 5, (snapshots, exemplars))), tokens


def every_code(kind):
    """Every code of every token, with tokens equally frequent."""
    repeated = [np.repeat(codes, 16 // len(codes), axis=0) for codes in token_codes(kind)]
    return np.concatenate(repeated), np.repeat(range(5), 16)


def test_the_largest_logit_decides_and_the_lower_token_of_two_equals():
    logits = np.array([[[0.0, 2.0, 1.0], [3.0, 1.0, 3.0]]])
    np.testing.assert_array_equal(classification.predicted_tokens(logits), [[1, 0]])


def test_accuracies_agree_with_scikit_learn_and_their_mean_is_the_accuracy():
    predicted, tokens = decisions()
    accuracies = classification.token_accuracies(predicted, tokens)
    overall = classification.accuracy(predicted, tokens)
    assert accuracies.shape == (6, 5)
    for snapshot in range(6):
        assert overall[snapshot] == pytest.approx(accuracy_score(tokens, predicted[snapshot]), abs=1e-12)
        for token in range(5):
            own = tokens == token
            expected = accuracy_score(tokens[own], predicted[snapshot, own])
            assert accuracies[snapshot, token] == pytest.approx(expected, abs=1e-12)
    np.testing.assert_allclose(accuracies.mean(axis=1), overall)
    assert overall[0] == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / 500)) and overall[-1] == 1


def test_wilson_bands_agree_with_scipy():
    for successes, trials, level in [(0, 5, 0.95), (5, 5, 0.95), (3, 10, 0.9), (80, 100, 0.99)]:
        expected = binomtest(successes, trials).proportion_ci(level, method="wilson")
        found = classification.wilson_band(successes, trials, level)
        np.testing.assert_allclose(found, (expected.low, expected.high), atol=1e-12)


def test_bands_hold_the_accuracies_and_are_never_empty():
    predicted, tokens = decisions()
    lowest, highest = classification.token_accuracy_bands(predicted, tokens)
    accuracies = classification.token_accuracies(predicted, tokens)
    assert (lowest <= accuracies).all() and (accuracies <= highest).all() and (lowest < highest).all()
    assert lowest.min() >= 0 and highest.max() <= 1
    wider = classification.token_accuracy_bands(predicted, tokens, level=0.999)
    assert (wider[0] <= lowest).all() and (wider[1] >= highest).all()


def test_bands_cover_the_truth_as_often_as_they_say():
    lowest, highest = classification.wilson_band(generator().binomial(100, 0.4, 20000), 100)
    assert ((lowest <= 0.4) & (0.4 <= highest)).mean() == pytest.approx(0.95, abs=0.015)


def test_confusions_agree_with_scikit_learn_and_rows_sum_to_exemplars():
    predicted, tokens = decisions(exemplars=503)
    counts = classification.confusions(predicted, tokens)
    for snapshot in range(6):
        np.testing.assert_array_equal(counts[snapshot], confusion_matrix(tokens, predicted[snapshot]))
    np.testing.assert_array_equal(counts.sum(axis=2), np.tile(np.bincount(tokens), (6, 1)))


def test_entropies_of_one_decision_two_and_all():
    counts = np.array([[9, 0, 0, 0], [5, 5, 0, 0], [2, 2, 2, 2], [0, 0, 0, 0]])
    np.testing.assert_allclose(classification.decision_entropies(counts), [0, 1, 2, np.nan], atol=1e-12)


def test_blocks_of_additive_tokens_share_what_is_known():
    codes, tokens = every_code("additive")
    found = [classification.blocks_of_known_parts(codes, tokens, parts) for parts in ([], [0], [0, 3], [0, 1, 2])]
    np.testing.assert_array_equal(found, [[0, 0, 0, 0, 0], [0, 0, 0, 1, 1], [0, 0, 1, 2, 3], [0, 1, 2, 3, 4]])


def test_blocks_of_conjunctive_tokens_need_whole_pairs_and_the_accessory():
    codes, tokens = every_code("conjunctive")
    blocks = {parts: classification.blocks_of_known_parts(codes, tokens, parts) for parts in [(0,), (0, 1), (4,)]}
    np.testing.assert_array_equal(list(blocks.values()), [[0] * 5, [0] * 5, [0, 0, 0, 0, 1]])
    pair_and_accessory = classification.blocks_of_known_parts(codes, tokens, (0, 1, 4))
    np.testing.assert_array_equal(pair_and_accessory, [0, 0, 1, 1, 2])


@pytest.mark.parametrize("kind", KINDS)
def test_the_best_guess_from_known_parts_never_leaves_their_blocks(kind):
    codes, tokens = every_code(kind)
    for known in [parts for size in range(4) for parts in combinations(range(codes.shape[1]), size)]:
        same = (codes[:, None, known] == codes[None][:, :, known]).all(axis=2)
        guesses = (same @ np.eye(5)[tokens]).argmax(axis=1)
        counts = classification.confusions(guesses[None], tokens)
        index = classification.block_index(counts, classification.blocks_of_known_parts(codes, tokens, known))
        right = classification.accuracy(guesses[None], tokens)
        assert right == pytest.approx(accuracy_ceiling(kind, [part_names(kind)[part] for part in known]))
        assert np.isnan(index) if right == 1 else index == 1


@pytest.mark.parametrize("blocks", [[0, 0, 0, 1, 1], [0, 0, 1, 2, 3], [0, 1, 2, 3, 4], [7, 7, 7, 7, 7]])
def test_random_errors_stay_in_blocks_as_often_as_the_closed_form_says(blocks):
    sizes = np.unique(blocks, return_counts=True)[1]
    closed_form = (sizes * (sizes - 1)).sum() / 20
    errors = np.ones((5, 5))
    assert classification.expected_block_index(errors, blocks) == pytest.approx(closed_form)
    assert classification.block_index(errors, blocks) == pytest.approx(closed_form)
    predicted = generator().integers(0, 5, (1, 20000))
    counts = classification.confusions(predicted, np.arange(20000) % 5)
    assert classification.block_index(counts, blocks)[0] == pytest.approx(closed_form, abs=0.02)


def test_the_expectation_goes_by_the_tokens_that_are_mistaken():
    counts = np.zeros((2, 5, 5))
    counts[0, 0, 4] = counts[1, 3, 4] = 6  # token 0 has two others in its block, token 3 has one
    counts[:, 1, 1] = 9
    np.testing.assert_allclose(classification.expected_block_index(counts, [0, 0, 0, 1, 1]), [0.5, 0.25])
    np.testing.assert_allclose(classification.block_index(counts, [0, 0, 0, 1, 1]), [0, 1])
    assert np.isnan(classification.block_index(np.eye(5), [0, 0, 0, 1, 1]))
    assert np.isnan(classification.expected_block_index(np.eye(5), [0, 0, 0, 1, 1]))


def test_variants_of_tokens_are_their_codes_or_nan_where_they_vary():
    codes, tokens = every_code("additive")
    np.testing.assert_array_equal(classification.token_variants(codes, tokens), np.concatenate(token_codes("additive")))
    found = classification.token_variants(*every_code("conjunctive"))
    np.testing.assert_array_equal(found[:, :4], np.full((5, 4), np.nan))
    np.testing.assert_array_equal(found[:, 4], [0, 0, 0, 0, 1])


def test_one_who_knows_one_part_is_right_on_it_and_the_baseline_is_the_majority():
    codes, tokens = every_code("additive")
    variants = classification.token_variants(codes, tokens)
    for part in range(4):
        first_with_it = np.array([np.flatnonzero(variants[:, part] == value)[0] for value in (0, 1)])
        readout = classification.part_readout(first_with_it[codes[:, part]][None], tokens, variants)
        assert readout[0, part] == 1
    np.testing.assert_allclose(classification.part_readout_baseline(tokens, variants), [0.6] * 4)
    np.testing.assert_allclose(classification.part_readout(tokens[None], tokens, variants), 1)


def test_the_readout_counts_agreement_of_variants_not_of_tokens():
    variants = np.array([[0, 0], [0, 1], [1, np.nan]])
    agreement = classification.part_agreement(np.array([[1, 2, 2], [0, 0, 0]]), np.array([0, 1, 2]), variants)
    np.testing.assert_array_equal(agreement[0], [[1, 0], [0, 0], [1, np.nan]])
    np.testing.assert_array_equal(agreement[1], [[1, 1], [1, 0], [0, np.nan]])
    readout = classification.part_readout(np.array([[1, 2, 2], [0, 0, 0]]), np.array([0, 1, 2]), variants)
    np.testing.assert_allclose(readout, [[2 / 3, 0], [2 / 3, 0.5]])


def test_bound_parts_cannot_be_read_but_pairs_can_and_token_4_is_left_out():
    codes, tokens = every_code("conjunctive")
    readout = classification.part_readout(tokens[None], tokens, classification.token_variants(codes, tokens))
    np.testing.assert_array_equal(readout, [[np.nan] * 4 + [1]])
    pairs = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [np.nan, np.nan]])
    knows_first_pair = np.where(tokens == 4, 4, tokens // 2 * 2)
    np.testing.assert_allclose(classification.part_readout(knows_first_pair[None], tokens, pairs), [[1, 0.5]])


HAND = np.array([[0, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [1, 1, 1, 0], [0, 1, 1, 0]], bool)


def test_forgetting_by_a_hand_table_of_four_exemplars():
    np.testing.assert_array_equal(classification.forgetting_events(HAND), [2, 0, 0, 0])
    np.testing.assert_array_equal(classification.never_learned(HAND), [False, False, False, True])
    np.testing.assert_array_equal(classification.unforgettable(HAND), [False, True, True, False])
    steps = [0, 10, 20, 30, 40]
    np.testing.assert_array_equal(classification.first_learned_steps(HAND, steps), [10, 0, 10, np.inf])
    np.testing.assert_array_equal(classification.learned_steps(HAND, steps), [np.inf, 0, 10, np.inf])


def test_learning_is_never_before_it_came_first_and_equal_where_nothing_was_forgotten():
    correct = generator().random((6, 300)) < np.linspace(0.2, 1, 6)[:, None]
    first, always = (
        measure(correct, STEPS) for measure in (classification.first_learned_steps, classification.learned_steps)
    )
    assert (first <= always).all()
    np.testing.assert_array_equal((first == always) & np.isfinite(first), classification.unforgettable(correct))
    np.testing.assert_array_equal(np.isinf(first), classification.never_learned(correct))


def test_orders_of_learning_agree_with_scipy_and_with_themselves():
    times = STEPS[generator().integers(0, 6, (3, 200))].astype(float)
    times[times == 256] = np.inf
    agreement = classification.learning_order_agreement(times)
    np.testing.assert_allclose(agreement.diagonal(), 1)
    finite = np.where(np.isinf(times), 1e9, times)  # ranks are all that counts
    np.testing.assert_allclose(agreement, spearmanr(finite, axis=1).statistic, atol=1e-12)
    np.testing.assert_allclose(classification.learning_order_agreement([[1, 2, 3], [9, 5, np.inf]])[0, 1], 0.5)
    assert np.isnan(classification.learning_order_agreement([[1, 2], [0, 0]])[0, 1])


def test_confidences_are_probabilities_and_do_not_move_with_the_mean_logit():
    logits, tokens = generator().normal(size=(4, 50, 5)), np.arange(50) % 5
    found = classification.confidences(logits, tokens)
    np.testing.assert_allclose(found, classification.confidences(logits + 1000, tokens))
    by_token = [classification.confidences(logits, np.full(50, token)) for token in range(5)]
    np.testing.assert_allclose(np.sum(by_token, axis=0), 1)
    np.testing.assert_allclose(found[2, 7], np.exp(logits[2, 7, 2]) / np.exp(logits[2, 7]).sum())


def test_cumulative_confidence_is_a_running_mean_and_ranks_wrong_labels_last():
    found = classification.cumulative_confidences([[0.2, 0.2], [0.4, 0.2], [0.9, 0.8]])
    np.testing.assert_allclose(found, [[0.2, 0.2], [0.3, 0.2], [0.5, 0.4]])
    tokens, labels = np.arange(100) % 5, np.arange(100) % 5
    labels[:10] = (labels[:10] + 1) % 5
    logits = np.linspace(0, 5, 6)[:, None, None] * np.eye(5)[tokens] + generator().normal(size=(6, 100, 5))
    score = classification.cumulative_confidences(classification.confidences(logits, labels))[-1]
    assert set(np.argsort(score)[:10]) == set(range(10))


def test_onsets_come_once_and_stay():
    curves = np.array([[0, 1, 0, 1, 0.5], [1, 1, 0, 1, 0.5], [0, 1, 0, np.nan, 0.5], [1, 1, 0, 1, 0.5]])
    found = classification.onset_steps(curves, [0, 10, 20, 30], 0.5)
    np.testing.assert_array_equal(found, [30, 0, np.inf, 30, np.inf])
    assert classification.onset_steps(curves[:, 1], [0, 10, 20, 30], 0.5) == 0
    levels = np.array([-1, 2, -1, 0.5, 0.4])
    np.testing.assert_array_equal(classification.onset_steps(curves, [0, 10, 20, 30], levels), [0, np.inf, 0, 30, 0])


def test_onsets_are_later_for_higher_levels_and_earlier_or_equal_for_higher_curves():
    curves = generator().random((6, 200)) + np.arange(6)[:, None] / 3
    low, high = (classification.onset_steps(curves, STEPS, level) for level in (0.8, 1.4))
    assert (low <= high).all() and (low < high).any()
    assert (classification.onset_steps(curves + 0.2, STEPS, 0.8) <= low).all()


def test_change_points_of_steps_are_exact_and_a_constant_has_none():
    curve = np.repeat([0.2, 0.6, 1.0], [4, 5, 6])
    np.testing.assert_array_equal(classification.change_points(curve, 0.02), [4, 9])
    np.testing.assert_array_equal(classification.change_points(curve + 5, 0.02), [4, 9])
    noisy = curve + generator().normal(0, 0.02, 15)
    np.testing.assert_array_equal(classification.change_points(noisy, 0.02), [4, 9])
    assert classification.change_points(np.full(15, 0.4), 0.02).size == 0
    assert classification.change_points([0.4], 0.02).size == 0


def test_noise_alone_seldom_has_change_points():
    curves = generator().normal(0, 0.02, (300, 30))
    assert np.mean([classification.change_points(curve, 0.02).size > 0 for curve in curves]) < 0.1


def test_the_segmentation_is_the_best_of_all():
    random = generator()
    for _ in range(5):
        curve, errors = random.normal(size=9), random.uniform(0.2, 0.9, 9)

        def cost(changes, curve=curve, errors=errors):
            pieces = zip(np.split(curve, changes), np.split(errors**-2, changes))
            squares = (weights @ (piece - np.average(piece, weights=weights)) ** 2 for piece, weights in pieces)
            return sum(squares) + 2 * np.log(9) * len(changes)

        every = [np.flatnonzero([0, *chosen]) for chosen in product((0, 1), repeat=8)]
        best = min(every, key=cost)
        np.testing.assert_array_equal(classification.change_points(curve, errors), best)


def test_plateaus_are_the_flat_stretches_and_ramps_and_short_stops_are_none():
    steps = np.r_[0, 2 ** np.arange(13)]
    curve = np.r_[np.full(5, 0.2), 0.3, np.full(4, 0.4), 0.7, np.full(3, 1.0)]
    np.testing.assert_array_equal(classification.plateaus(curve, 0.005, steps), [[0, 4], [6, 9], [11, 13]])
    assert classification.plateaus(np.arange(14) / 14, 0.005, steps).shape == (0, 2)
    np.testing.assert_array_equal(classification.plateaus(np.full(14, 0.4), 0.02, steps), [[0, 13]])


def test_a_slow_drift_without_a_change_point_is_no_plateau():
    steps = np.r_[0, 2 ** np.arange(9)]
    drift = np.linspace(0, 0.03, 10)
    assert classification.change_points(drift, 0.013).size == 0
    assert classification.plateaus(drift, 0.013, steps).size == 0
    np.testing.assert_array_equal(classification.plateaus(drift / 3, 0.013, steps), [[0, 9]])


def test_neighbours_vote_as_in_scikit_learn():
    random = generator()
    references, tokens = random.normal(size=(200, 6)), random.integers(0, 5, 200)
    asked = random.normal(size=(50, 6))
    expected = KNeighborsClassifier(30).fit(references, tokens).predict(asked)
    np.testing.assert_array_equal(classification.neighbour_tokens(asked, references, tokens), expected)


def test_an_exemplar_does_not_vote_on_itself():
    places, tokens = np.array([[0.0], [1.0], [1.1], [9.0]]), np.array([0, 1, 1, 1])
    np.testing.assert_array_equal(classification.neighbour_tokens(places, places, tokens, 1), tokens)
    np.testing.assert_array_equal(classification.neighbour_tokens_left_out(places, tokens, 1), [1, 1, 1, 1])
    random = generator()
    activations, tokens = random.normal(size=(60, 3)), random.integers(0, 3, 60)
    expected = [
        KNeighborsClassifier(7)
        .fit(np.delete(activations, one, 0), np.delete(tokens, one))
        .predict(activations[[one]])[0]
        for one in range(60)
    ]
    np.testing.assert_array_equal(classification.neighbour_tokens_left_out(activations, tokens, 7), expected)


def test_prediction_depth_is_the_first_layer_from_which_all_agree():
    layer_tokens = np.array([[1, 0, 1, 0], [1, 1, 0, 0], [1, 1, 1, 0]])
    np.testing.assert_array_equal(classification.prediction_depths(layer_tokens, [1, 1, 1, 1]), [0, 1, 2, 3])


def test_depth_of_planted_layers_that_part_tokens_later_and_later():
    random, tokens = generator(), np.arange(200) % 5
    layers = [random.normal(size=(200, 5)) for _ in range(2)] + [
        20 * np.eye(5)[tokens] + random.normal(size=(200, 5))
    ] * 2
    found = [classification.neighbour_tokens_left_out(layer, tokens, 20) for layer in layers]
    depths = classification.prediction_depths(np.array(found), tokens)
    assert depths.max() == 2 and (depths == 2).mean() > 0.6


PREDICTED, TOKENS = np.array([[0, 1, 0]]), np.array([0, 1, 1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: classification.predicted_tokens(np.zeros((3, 5))), r"shape \(3, 5\).*add an axis, logits\[None\]"),
        (lambda: classification.predicted_tokens(np.full((1, 2, 2), np.nan)), "NaN or infinite.*diverged"),
        (lambda: classification.correctness(PREDICTED[0], TOKENS), r"shape \(3,\) and type int64.*predicted\[None\]"),
        (lambda: classification.correctness(PREDICTED * 1.0, TOKENS), "type float64"),
        (lambda: classification.confusions(PREDICTED, TOKENS * 2), r"No exemplar of token\(s\) \[1\]"),
        (lambda: classification.confusions(PREDICTED + 4, TOKENS), "go from 4 to 5, the exemplars' from 0 to 1"),
        (lambda: classification.wilson_band(3, 2), "from 0 successes to as many as there are trials"),
        (lambda: classification.wilson_band(0, 0), "1 trial or more"),
        (lambda: classification.wilson_band(1, 2, 95), "came as 95. It must be between 0 and 1"),
        (lambda: classification.decision_entropies(np.ones((2, 3))), r"shape \(2, 3\).*tokens, tokens\)"),
        (lambda: classification.block_index(np.ones((5, 5)), [0, 1]), r"shape \(2,\) for 5 tokens"),
        (lambda: classification.blocks_of_known_parts(TOKENS, TOKENS, []), r"Codes came with shape \(3,\)"),
        (
            lambda: classification.blocks_of_known_parts(TOKENS[:, None], TOKENS, [0, 2]),
            r"No part\(s\) \[2\] in codes of 1",
        ),
        (lambda: classification.part_agreement(PREDICTED, TOKENS, [[1]]), r"shape \(1, 1\) for tokens up to 1"),
        (lambda: classification.forgetting_events(PREDICTED), r"type int64. It must be \(snapshots, exemplars\) bool"),
        (lambda: classification.learning_order_agreement([1, 2]), r"shape \(2,\).*two exemplars or more"),
        (
            lambda: classification.confidences(np.zeros((1, 3, 1)), TOKENS),
            "go up to 1, but there are logits of 1 tokens",
        ),
        (lambda: classification.cumulative_confidences([0.1]), r"Confidences came with shape \(1,\)"),
        (lambda: classification.onset_steps(np.zeros((2, 2, 2)), [0, 1], 0), r"Curves came with shape \(2, 2, 2\)"),
        (lambda: classification.onset_steps(np.zeros((2, 3)), [0, 1], [1, 2]), r"Levels came with shape \(2,\)"),
        (lambda: classification.onset_steps(np.zeros((2, 3)), [0, 1, 2], 0), r"shape \(3,\) for 2 snapshot\(s\)"),
        (lambda: classification.onset_steps(np.zeros((2, 3)), [1, 0], 0), "Steps must ascend"),
        (lambda: classification.change_points([[1.0]], 1), r"curve came with shape \(1, 1\).*take one token"),
        (lambda: classification.change_points([1.0, np.nan], 1), "finite"),
        (lambda: classification.change_points([1.0, 2.0], 0), "They must be above 0"),
        (lambda: classification.plateaus([1.0, 2.0], [1, 1, 1], [0, 1]), r"shape \(3,\) for 2 snapshots"),
        (
            lambda: classification.neighbour_tokens(np.ones((2, 2)), np.ones((3, 3)), TOKENS, 1),
            "of 2 units, reference.*of 3",
        ),
        (
            lambda: classification.neighbour_tokens_left_out(np.ones((3, 1)), TOKENS, 3),
            "3 neighbours were asked.*are 2",
        ),
        (
            lambda: classification.prediction_depths(PREDICTED, TOKENS[:2]),
            r"shape \(1, 3\), predicted ones with \(2,\)",
        ),
    ],
)
def test_what_cannot_be_measured_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_parts_that_nobody_knows_are_not_available():
    for call in (
        classification.token_variants,
        lambda codes, tokens: classification.blocks_of_known_parts(codes, tokens, [0]),
    ):
        with pytest.raises(NotAvailable, match="nobody knows its codes"):
            call(None, TOKENS)
