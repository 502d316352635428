"""Graphical bootstrapping: planted orders, interpolations, closed forms of least squares, and SciPy as a peer."""

import numpy as np
import pytest
from scipy.stats import binomtest, linregress, spearmanr

from dense_keras.measures import bootstrapping

STEPS = np.array([0, 1, 4, 16, 64, 256, 1024])
INF, NAN = np.inf, np.nan


def generator(seed=0):
    return np.random.default_rng(seed)


def interpolation(starts, way):
    """Layers that begin at a similarity and go all of the way: (layers, snapshots)."""
    return np.asarray(starts)[:, None] + (1 - np.asarray(starts)[:, None]) * np.asarray(way)


def test_normalised_curves_do_not_depend_on_where_a_layer_began():
    way = np.array([0, 0.1, 0.2, 0.55, 0.8, 0.95, 1])
    normalised = bootstrapping.normalised_similarities(interpolation([0, 0.5, 0.99], way))
    np.testing.assert_allclose(normalised, np.tile(way, (3, 1)), atol=1e-12)
    away = bootstrapping.normalised_similarities([[0.5, 0.25, 1.0]])
    np.testing.assert_allclose(away, [[0, -0.5, 1]])


def test_raw_order_can_be_bottom_up_and_normalised_order_top_down():
    ways = np.array([[0, 0, 0.2, 0.4, 0.55, 0.8, 1], [0, 0, 0.3, 0.6, 0.7, 0.8, 1], [0, 0.1, 0.55, 0.7, 0.8, 0.85, 1]])
    starts = np.array([[0.95], [0.5], [0.0]])
    similarities = starts + (1 - starts) * ways
    raw = bootstrapping.convergence_steps(similarities, STEPS, 0.9)
    normalised = bootstrapping.convergence_steps(bootstrapping.normalised_similarities(similarities), STEPS, 0.5)
    np.testing.assert_array_equal(raw, [0, 1024, 1024])
    np.testing.assert_array_equal(normalised, [64, 16, 4])
    np.testing.assert_array_equal(bootstrapping.ranks(raw), [1, 2.5, 2.5])
    assert bootstrapping.rank_correlation(raw, np.arange(3)) == pytest.approx(np.sqrt(3) / 2)
    assert bootstrapping.rank_correlation(normalised, np.arange(3)) == pytest.approx(-1)


def test_convergence_is_of_layers_not_of_snapshots_and_stays():
    similarities = np.array([[0, 0.95, 0.5, 0.95, 1], [0, 0.4, 0.6, 0.8, 1]])
    np.testing.assert_array_equal(bootstrapping.convergence_steps(similarities, STEPS[:5], 0.9), [16, 64])


def test_a_layer_that_did_not_move_has_no_normalised_time():
    normalised = bootstrapping.normalised_similarities([[1 - 1e-12, 1, 1], [0, 0.6, 1]])
    np.testing.assert_array_equal(normalised[0], [NAN] * 3)  # rounding is no movement
    np.testing.assert_array_equal(bootstrapping.convergence_steps(normalised, [0, 5, 9], 0.5), [NAN, 5])
    np.testing.assert_array_equal(bootstrapping.ranks([NAN, 5, INF, INF, 2]), [NAN, 2, 3.5, 3.5, 1])


def test_rank_correlation_agrees_with_scipy_and_leaves_out_what_is_not_known():
    times, values = generator().integers(0, 6, 40).astype(float), generator(1).normal(size=40)
    expected = spearmanr(times, values).statistic
    assert bootstrapping.rank_correlation(times, values) == pytest.approx(expected, abs=1e-12)
    times[times == 5] = INF
    assert bootstrapping.rank_correlation(times, values) == pytest.approx(expected, abs=1e-12)
    with_unknown = bootstrapping.rank_correlation([*times, NAN, 3], [*values, 0, NAN])
    assert with_unknown == pytest.approx(expected, abs=1e-12)
    assert np.isnan(bootstrapping.rank_correlation([3, 3, 3], [1, 2, 3]))
    assert np.isnan(bootstrapping.rank_correlation([3, NAN], [1, 2]))


def test_rewinding_costs_nothing_at_the_last_snapshot_and_steps_say_from_when_it_is_cheap():
    accuracies = np.array([[0.98, 0.99, 0.97, 1], [0.5, 0.99, 0.9, 1], [0.2, 0.4, 0.985, 1], [0.2, 0.2, 0.2, 1]])
    costs = bootstrapping.rewinding_costs(accuracies)
    np.testing.assert_array_equal(costs[:, -1], 0)
    np.testing.assert_allclose(costs[1], [0.5, 0.01, 0.1, 0])
    steps = [0, 10, 20, 30]
    np.testing.assert_array_equal(bootstrapping.rewinding_steps(accuracies, steps, 0.05), [0, 30, 20, 30])
    np.testing.assert_array_equal(bootstrapping.rewinding_steps(accuracies, steps, 0.9), [0, 0, 0, 0])


def test_edges_come_when_they_pass_their_null_with_either_sign_and_stay():
    null = np.linspace(-1, 1, 2001)  # .99 of them are below .99 in size
    strengths = np.array([[0, 1.5, 0, 0.9], [2, 1.5, -2, 0.95], [2, 0, -3, 0.98], [2, 0.5, -3, 0.98]])
    found = bootstrapping.edge_onset_steps(strengths, [0, 1, 2, 3], null)
    np.testing.assert_array_equal(found, [1, INF, 1, INF])
    as_matrix = bootstrapping.edge_onset_steps(strengths.reshape(4, 2, 2), [0, 1, 2, 3], null)
    np.testing.assert_array_equal(as_matrix, found.reshape(2, 2))


def test_as_many_null_edges_pass_as_the_share_says():
    random = generator()
    onsets = bootstrapping.edge_onset_steps(random.normal(size=(1, 20000)), [0], random.normal(size=20000), 0.95)
    assert np.isfinite(onsets).mean() == pytest.approx(0.05, abs=0.01)
    nothing = bootstrapping.edge_onset_steps(np.zeros((2, 5)), [0, 1], np.zeros(9))
    assert np.isinf(nothing).all()


def test_signs_are_counted_and_tested_against_a_coin():
    found = bootstrapping.sign_test([3, 1, INF, -2, 0, 0, NAN, 5])
    assert (found.positive, found.negative, found.ties, found.left_out) == (4, 1, 2, 1)
    assert found.p_value == pytest.approx(binomtest(4, 5).pvalue) and found.share == pytest.approx(0.8)
    assert bootstrapping.sign_test(np.ones(5)).p_value == pytest.approx(1 / 16)
    empty = bootstrapping.sign_test([0, NAN])
    assert empty.p_value == 1 and np.isnan(empty.share)


def test_the_share_of_the_positive_leaves_out_ties_and_what_never_came():
    shares = bootstrapping.positive_share(np.array([[1, -1, 0, NAN], [2, 2, 2, -1], [0, 0, NAN, 0]]))
    np.testing.assert_allclose(shares, [0.5, 0.75, NAN])


EDGES = np.array([[10, 20, INF], [30, 5, 40]])  # (2 units in, 3 units out)
PARTS, SELECTIVITIES = np.array([4, INF]), np.array([30, 10, 50])


def test_lead_is_from_part_to_edge_and_lag_from_edge_to_selectivity():
    pairs = np.array([[0, 0], [0, 1], [0, 2], [1, 0]])
    leads, lags = bootstrapping.lead_and_lag(pairs, EDGES, PARTS, SELECTIVITIES)
    np.testing.assert_array_equal(leads, [6, 16, NAN, NAN])
    np.testing.assert_array_equal(lags, [20, -10, NAN, NAN])
    came = bootstrapping.pairs_with_onsets(EDGES, PARTS, SELECTIVITIES)
    np.testing.assert_array_equal(came, [[True, True, False], [False, False, False]])


def planted(seed=0, units=40):
    """Edges whose onsets lie between those of their two units for given pairs, and anywhere for others."""
    random = generator(seed)
    parts, selectivities = random.uniform(0, 600, units), random.uniform(400, 1000, units)
    pairs = np.column_stack([random.permutation(units), random.permutation(units)])
    pairs = pairs[parts[pairs[:, 0]] < selectivities[pairs[:, 1]]]
    edges = random.uniform(0, 1000, (units, units))
    edges[tuple(pairs.T)] = (parts[pairs[:, 0]] + selectivities[pairs[:, 1]]) / 2
    return pairs, edges, parts, selectivities


def test_planted_order_is_found_beyond_matched_pairs_and_shuffled_onsets():
    pairs, edges, parts, selectivities = planted()
    leads, lags = bootstrapping.lead_and_lag(pairs, edges, parts, selectivities)
    assert bootstrapping.sign_test(leads).share == bootstrapping.sign_test(lags).share == 1
    came = bootstrapping.pairs_with_onsets(edges, parts, selectivities)
    controls = bootstrapping.matched_pairs(pairs, came, generator())
    for difference in bootstrapping.lead_and_lag(controls, edges, parts, selectivities):
        assert bootstrapping.sign_test(difference).share < 0.9
    shuffled = bootstrapping.shuffled_shares(pairs, edges, parts, selectivities, generator(), draws=200)
    assert shuffled.shape == (200, 2) and (shuffled.mean(axis=0) < 0.97).all()


def test_shuffling_keeps_when_edges_come_and_is_exact_where_all_are_equal():
    pairs, edges, parts, selectivities = planted()
    parts[:3] = INF
    equal = bootstrapping.shuffled_shares(pairs, np.full_like(edges, 500), parts, selectivities, generator(), 20)
    leads, lags = bootstrapping.lead_and_lag(pairs, np.full_like(edges, 500), parts, selectivities)
    expected = [bootstrapping.positive_share(leads), bootstrapping.positive_share(lags)]
    np.testing.assert_allclose(equal, np.tile(expected, (20, 1)))
    single = bootstrapping.shuffled_shares(pairs[:1], edges, np.zeros(40), selectivities, generator(), 5)
    np.testing.assert_array_equal(single, np.ones((5, 2)))


def test_shuffled_onsets_without_any_order_are_at_the_share_found():
    random = generator()
    pairs = np.column_stack([np.arange(300), np.arange(300)])
    parts, selectivities = random.uniform(0, 1, 300), random.uniform(0, 1, 300)
    edges = np.diag(random.uniform(0, 1, 300)) + np.where(np.eye(300), 0, INF)
    shuffled = bootstrapping.shuffled_shares(pairs, edges, parts, selectivities, random, 500)
    for column, found in enumerate(bootstrapping.lead_and_lag(pairs, edges, parts, selectivities)):
        z = (bootstrapping.positive_share(found) - shuffled[:, column].mean()) / shuffled[:, column].std()
        assert abs(z) < 3


def test_matched_pairs_are_possible_others_each_once_and_fewer_if_need_be():
    possible = generator().random((20, 30)) < 0.3
    pairs = np.argwhere(possible)[::4]
    found = bootstrapping.matched_pairs(pairs, possible, generator())
    assert found.shape == pairs.shape and possible[tuple(found.T)].all()
    as_set = set(map(tuple, found.tolist()))
    assert len(as_set) == len(found) and not as_set & set(map(tuple, pairs.tolist()))
    many = np.argwhere(possible)[1:]
    np.testing.assert_array_equal(bootstrapping.matched_pairs(many, possible, generator()), np.argwhere(possible)[:1])
    again = bootstrapping.matched_pairs(pairs, possible, generator())
    np.testing.assert_array_equal(found, again)


def test_a_conjunction_waits_for_the_last_of_its_parents():
    pairs = np.array([[1, 0], [0, 0], [1, 1], [2, 2], [0, 3]])
    lags = bootstrapping.conjunction_lags(pairs, [5, 20, INF], [30, 10, 40, INF, 7])
    np.testing.assert_array_equal(lags, [10, -10, -INF, NAN, NAN])
    assert bootstrapping.sign_test(lags).negative == 2


def test_seeds_are_compared_with_their_own_controls():
    found = bootstrapping.over_seeds([0.9, 0.8, 0.7, NAN], [0.5, 0.6, 0.6, 0.5])
    assert found.mean == pytest.approx(0.7 / 3)
    assert found.standard_error == pytest.approx(np.std([0.4, 0.2, 0.1], ddof=1) / np.sqrt(3))
    assert (found.sign_test.positive, found.sign_test.left_out) == (3, 1)
    one = bootstrapping.over_seeds([1.0], [0.5])
    assert one.mean == 0.5 and np.isnan(one.standard_error)
    assert np.isnan(bootstrapping.over_seeds([NAN], [0.5]).mean)


def test_growth_rows_take_strength_from_units_whose_part_has_come():
    selectivities = np.array([[0.5, 0.6], [0.7, 0.6], [0.9, 1.0]])
    strengths = np.array([[[1, 2], [3, 4], [5, 6]], [[1, -2], [3, 4], [5, 6]], [[9, 9], [9, 9], [9, 9]]])
    growth, predictors = bootstrapping.growth_rows(selectivities, strengths, [0, 10, INF], [0, 10, 20])
    np.testing.assert_allclose(growth, [[0.2, 0], [0.2, 0.4]])
    np.testing.assert_allclose(predictors[..., 0], [[1, 2], [4, 6]])
    np.testing.assert_allclose(predictors[..., 1], [[0.5, 0.6], [0.7, 0.6]])
    np.testing.assert_allclose(predictors[..., 2], [[9, 12], [9, 12]])


def run_of_units(seed, effect, units=40, snapshots=6):
    """Selectivities that grow by an effect of in-strength from units whose part has come, and by noise."""
    random, steps = generator(seed), np.arange(snapshots)
    strengths = random.random((snapshots, 12, units))
    onsets = np.where(random.random(12) < 0.3, INF, random.integers(0, snapshots, 12))
    selectivities = np.full((snapshots, units), 0.5)
    for snapshot in range(snapshots - 1):
        come = strengths[snapshot, onsets <= snapshot].sum(axis=0)
        noise = random.normal(0, 0.01, units)
        selectivities[snapshot + 1] = selectivities[snapshot] + effect * come + noise
    return bootstrapping.growth_rows(selectivities, strengths, onsets, steps)


@pytest.mark.parametrize("effect", [0.0, 0.05])
def test_regression_recovers_a_planted_effect_and_none(effect):
    growths, predictors = zip(*(run_of_units(seed, effect) for seed in range(8)))
    for prepare in (lambda values: values, bootstrapping.within_snapshots):
        found = bootstrapping.growth_regression(list(map(prepare, growths)), list(map(prepare, predictors)))
        assert found.coefficients[1] == pytest.approx(effect, abs=4 * found.standard_errors[1])
        assert found.standard_errors[1] < 0.002 and found.clusters == 8 and found.rows == 8 * 5 * 40
        assert (found.p_values[1] < 1e-6) == (effect > 0)


def test_common_growth_over_time_is_taken_for_an_effect_unless_units_are_compared_within_snapshots():
    random, growths, predictors = generator(), [], []
    for _ in range(6):
        together = np.linspace(0, 1, 6)[:-1, None]
        growths.append(together + random.normal(0, 0.1, (5, 40)))
        predictors.append(np.stack([together + random.normal(0, 0.1, (5, 40)), *random.random((2, 5, 40))], axis=2))
    plain = bootstrapping.growth_regression(growths, predictors)
    assert plain.coefficients[1] > 0.5
    within = map(lambda arrays: [bootstrapping.within_snapshots(values) for values in arrays], (growths, predictors))
    assert abs(bootstrapping.growth_regression(*within).coefficients[1]) < 0.1


def test_rows_that_are_not_known_are_left_out():
    growths, predictors = map(list, zip(*(run_of_units(seed, 0.05) for seed in range(3))))
    growths[0][2, 5] = predictors[1][0, 3, 1] = NAN
    found = bootstrapping.growth_regression(growths, predictors)
    assert found.rows == 3 * 200 - 2 and np.isfinite(found.coefficients).all()


def test_coefficients_are_those_of_least_squares():
    x, y = generator().normal(size=50), generator(1).normal(size=50)
    found = bootstrapping.clustered_regression(y, x[:, None], np.arange(50) % 7)
    expected = linregress(x, y)
    np.testing.assert_allclose(found.coefficients, [expected.intercept, expected.slope], atol=1e-12)


def test_errors_are_the_sandwich_written_out():
    random = generator()
    x, y, clusters = random.normal(size=(30, 2)), random.normal(size=30), np.repeat(range(5), 6)
    design = np.column_stack([np.ones(30), x])
    bread = np.linalg.inv(design.T @ design)
    residuals = y - design @ bread @ design.T @ y
    meat = np.zeros((3, 3))
    for cluster in range(5):
        rows = clusters == cluster
        meat += design[rows].T @ np.outer(residuals[rows], residuals[rows]) @ design[rows]
    expected = np.sqrt(np.diag(5 / 4 * 29 / 27 * bread @ meat @ bread))
    found = bootstrapping.clustered_regression(y, x, clusters)
    np.testing.assert_allclose(found.standard_errors, expected)


def test_copied_rows_of_a_cluster_do_not_make_errors_smaller():
    random = generator()
    x, y, clusters = random.normal(size=(40, 1)), random.normal(size=40), np.arange(40) % 10
    once = bootstrapping.clustered_regression(y, x, clusters)
    copied = bootstrapping.clustered_regression(np.tile(y, 20), np.tile(x, (20, 1)), np.tile(clusters, 20))
    np.testing.assert_allclose(copied.coefficients, once.coefficients)
    np.testing.assert_allclose(copied.standard_errors, once.standard_errors, rtol=0.03)


def test_errors_hold_when_rows_of_a_cluster_move_together():
    random, found = generator(), []
    for _ in range(300):
        clusters = np.repeat(range(20), 10)
        x = random.normal(size=20)[clusters] + 0.1 * random.normal(size=200)
        y = random.normal(size=20)[clusters] + 0.1 * random.normal(size=200)
        found.append(bootstrapping.clustered_regression(y, x[:, None], clusters).p_values[1])
    assert np.mean(np.array(found) < 0.05) < 0.12  # with independent rows it would be about .6


PAIRS = np.array([[0, 0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bootstrapping.normalised_similarities([0.5, 1]), r"Similarities came with shape \(2,\).*layers, snap"),
        (
            lambda: bootstrapping.normalised_similarities([[0.5, 0.7]]),
            r"similarities are \[0.7\].*are these \(layers, s",
        ),
        (lambda: bootstrapping.convergence_steps([[0, 1]], [0, 1], 1), "came as 1. It must be below 1"),
        (lambda: bootstrapping.convergence_steps([[0, 1]], [0, 1, 2], 0.5), r"shape \(3,\) for 2 snapshot"),
        (lambda: bootstrapping.ranks([[1, 2]]), r"Times came with shape \(1, 2\)"),
        (lambda: bootstrapping.rank_correlation([1, 2], [1, 2, 3]), "2 times came with 3 values"),
        (lambda: bootstrapping.rewinding_costs([[0, 1], [0, 0.9]]), r"accuracies are \[1.0, 0.9\].*must be equal"),
        (lambda: bootstrapping.rewinding_steps([[0, 1]], [0, 1], 0), "loss came as 0. It must be above 0"),
        (lambda: bootstrapping.edge_onset_steps([1, 2], [0, 1], [1]), r"Strengths came with shape \(2,\)"),
        (lambda: bootstrapping.edge_onset_steps([[1], [2]], [0, 1], []), "0 null strengths"),
        (lambda: bootstrapping.edge_onset_steps([[1], [2]], [0, 1], [1], 99), "a share of 99 came"),
        (lambda: bootstrapping.sign_test(3), r"Differences came with shape \(\)"),
        (
            lambda: bootstrapping.lead_and_lag(PAIRS, EDGES.T, PARTS, SELECTIVITIES),
            r"shape \(3, 2\) for 2 units in and 3",
        ),
        (
            lambda: bootstrapping.lead_and_lag(PAIRS + 2, EDGES, PARTS, SELECTIVITIES),
            r"up to \[2, 2\], but there are 2",
        ),
        (lambda: bootstrapping.lead_and_lag(PAIRS[0], EDGES, PARTS, SELECTIVITIES), r"shape \(2,\) and type int64"),
        (lambda: bootstrapping.pairs_with_onsets(EDGES, [NAN, 1], SELECTIVITIES), "Some onsets are NaN"),
        (lambda: bootstrapping.matched_pairs(PAIRS, np.eye(1), generator()), "No other pair of these layers"),
        (lambda: bootstrapping.over_seeds([1], [1, 2]), "1 findings came with 2 controls"),
        (lambda: bootstrapping.growth_rows(np.ones((1, 2)), np.ones((1, 1, 2)), [0], [0]), "of two snapshots or more"),
        (
            lambda: bootstrapping.growth_rows(np.ones((2, 3)), np.ones((2, 3, 1)), [0], [0, 1]),
            r"strengths of \(2, 3, 1\)",
        ),
        (lambda: bootstrapping.growth_regression([np.ones(2)], []), "1 growths came with 0 predictors"),
        (lambda: bootstrapping.clustered_regression([1, 2], [1, 2], [0, 1]), r"predictors of \(2,\)"),
        (lambda: bootstrapping.clustered_regression(np.ones(9), np.eye(9, 1), np.ones(9)), r"9 rows of 1 cluster\(s\)"),
        (lambda: bootstrapping.clustered_regression([1, 2], [[1], [2]], [0, 1]), "2 rows.* for 2 coefficients"),
        (
            lambda: bootstrapping.clustered_regression(np.ones(9), np.ones((9, 1)), np.arange(9)),
            "constant or a sum of others",
        ),
    ],
)
def test_what_cannot_be_measured_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()
