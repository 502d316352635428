"""Category structure: scatter, silhouettes, trees and trajectories of known shape."""

from itertools import permutations

import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet, cut_tree
from scipy.spatial.distance import cdist, pdist, squareform
from scipy.stats import ortho_group, spearmanr
from sklearn.decomposition import PCA
from sklearn.feature_selection import f_classif

from dense_keras.codes import KINDS, token_codes
from dense_keras.measures import categories
from dense_keras.measures.arguments import NotAvailable


def generator():
    return np.random.default_rng(0)


def activations_and_tokens(exemplars=60, units=7):
    random, tokens = generator(), np.repeat([4, 0, 1, 7], [exemplars // 2, exemplars // 4, exemplars // 8, 8])
    return random.normal(size=(len(tokens), units)) + random.normal(size=(8, units))[tokens], tokens


def test_means_are_of_the_tokens_in_ascending_order():
    activations = np.array([[1.0, 0], [3, 0], [5, 6], [9, 2]])
    np.testing.assert_array_equal(categories.token_means(activations, [3, 3, 1, 3]), [[5, 6], [13 / 3, 2 / 3]])


def test_scatter_between_and_within_sum_to_the_total():
    activations, tokens = activations_and_tokens()
    between, within = categories.unit_scatter(activations, tokens)
    np.testing.assert_allclose(between + within, activations.var(axis=0) * len(tokens), rtol=1e-12)


def test_scatter_shares_agree_with_the_f_test_of_scikit_learn():
    activations, tokens = activations_and_tokens()
    ratio = f_classif(activations, tokens)[0] * 3 / (len(tokens) - 4)  # between over within
    np.testing.assert_allclose(categories.unit_scatter_shares(activations, tokens), ratio / (1 + ratio), rtol=1e-9)


def test_the_layer_s_share_is_the_mean_of_the_units_weighted_by_their_scatter():
    activations, tokens = activations_and_tokens()
    shares = categories.unit_scatter_shares(activations, tokens)
    assert categories.scatter_share(activations, tokens) == pytest.approx(
        np.average(shares, weights=activations.var(axis=0))
    )


def test_rotating_shifting_and_scaling_leave_the_layer_s_share_as_it_is():
    activations, tokens = activations_and_tokens()
    moved = 3 * activations @ ortho_group.rvs(activations.shape[1], random_state=generator()) + 100
    assert categories.scatter_share(moved, tokens) == pytest.approx(categories.scatter_share(activations, tokens))


def test_units_that_know_the_token_units_that_do_not_and_dead_ones():
    tokens = np.repeat([0, 1], 4)
    knows, does_not, dead = tokens * 2.0, np.tile([0.0, 5.0], 4), np.full(8, 0.1)
    activations = np.column_stack([knows, does_not, dead])
    np.testing.assert_array_equal(categories.unit_scatter_shares(activations, tokens), [1, 0, 0])
    assert categories.scatter_share(activations[:, 2:], tokens) == 0


def test_the_mean_over_all_ways_to_shuffle_tokens_is_exactly_chance():
    activations = generator().normal(size=(6, 3))
    shares = [categories.unit_scatter_shares(activations, np.array(p)) for p in set(permutations([0, 0, 0, 1, 1, 2]))]
    np.testing.assert_allclose(np.mean(shares, axis=0), categories.chance_scatter_share(6, 3), rtol=1e-12)


def test_silhouettes_are_those_of_the_definition():
    activations, tokens = activations_and_tokens(24, 3)
    distances = cdist(activations, activations)
    found = categories.exemplar_silhouettes(activations, tokens)
    assert categories.silhouette(activations, tokens) == pytest.approx(found.mean())
    for exemplar, silhouette in enumerate(found):
        own = tokens == tokens[exemplar]
        a = distances[exemplar, own].sum() / (own.sum() - 1)
        b = min(distances[exemplar, tokens == other].mean() for other in set(tokens) - {tokens[exemplar]})
        assert silhouette == pytest.approx((b - a) / max(a, b), abs=1e-6)


def test_silhouette_of_far_points_is_1_and_rigid_motion_leaves_it():
    activations, tokens = activations_and_tokens()
    far = activations + 1e5 * tokens[:, np.newaxis]
    assert categories.silhouette(far, tokens) == pytest.approx(1, abs=1e-3)
    moved = activations @ ortho_group.rvs(activations.shape[1], random_state=generator()) - 5
    assert categories.silhouette(moved, tokens) == pytest.approx(categories.silhouette(activations, tokens))
    with pytest.raises(ValueError, match="Every exemplar is the only one of its token; one token must have 2"):
        categories.silhouette(activations[:5], np.arange(5))


@pytest.mark.parametrize("measure", [categories.unit_scatter, categories.scatter_share, categories.silhouette])
def test_what_cannot_be_measured_is_refused(measure):
    with pytest.raises(ValueError, match="They must be \\(exemplars, units\\): pool over space"):
        measure(np.zeros((4, 2, 2, 3)), [0, 0, 1, 1])
    with pytest.raises(ValueError, match=r"of 1 token\(s\); this measure needs 2 or more"):
        measure(np.zeros((4, 2)), [1, 1, 1, 1])


def test_tokens_that_lie_near_join_first_whatever_the_scale():
    means = np.array([[1.0, 0.1, 0], [0, 1, 0.2], [1, 0, 0], [0, 1, 0]])
    distances = categories.cosine_distances(means)
    np.testing.assert_allclose(distances, pdist(means, "cosine"), atol=1e-12)
    np.testing.assert_allclose(categories.cosine_distances(means * [[1], [2], [5], [9]]), distances, atol=1e-12)
    joined = categories.tree(distances)
    assert {frozenset(pair) for pair in joined[:2, :2].astype(int).tolist()} == {frozenset((0, 2)), frozenset((1, 3))}
    assert joined[2, 2] == pytest.approx(squareform(distances)[[0, 0, 2, 2], [1, 3, 1, 3]].mean())


def test_dead_means_and_infinite_distances_make_no_tree():
    with pytest.raises(ValueError, match=r"Means \[1\] are 0 in all units and have no direction"):
        categories.cosine_distances([[1.0, 2], [0, 0]])
    with pytest.raises(ValueError, match="distances hold NaN or infinite values: no tree"):
        categories.tree([1.0, np.nan, 2.0])


def test_a_tree_keeps_ultrametric_distances_and_not_others():
    random = categories.cosine_distances(generator().normal(size=(6, 3)))
    joined = categories.tree(random)
    assert 0 < categories.cophenetic_correlation(joined, random) < 0.99
    assert categories.cophenetic_correlation(joined, random) == pytest.approx(cophenet(joined, random)[0])
    ultrametric = cophenet(joined)
    assert categories.cophenetic_correlation(categories.tree(ultrametric), ultrametric) == pytest.approx(1)
    assert np.isnan(categories.cophenetic_correlation(categories.tree(np.ones(6)), np.ones(6)))
    with pytest.raises(ValueError, match="The tree joins 15 pairs, and 3 distances came"):
        categories.cophenetic_correlation(joined, random[:3])


def exemplars_of(kind):
    codes = [np.repeat(codes, 16 // len(codes), axis=0) for codes in token_codes(kind)]
    return np.concatenate(codes), np.repeat(range(5), 16)


def test_distances_of_codes_are_shares_of_parts_that_differ():
    codes, tokens = exemplars_of("additive")
    of_tokens = np.array([codes[0] for codes in token_codes("additive")])
    np.testing.assert_allclose(categories.token_code_distances(codes, tokens), pdist(of_tokens, "hamming"))
    hair = categories.token_code_distances(codes, tokens, [1, 0, 0, 0])
    np.testing.assert_array_equal(hair, pdist(of_tokens[:, :1], "hamming"))
    np.testing.assert_allclose(categories.token_code_distances(*exemplars_of("natural")), 1)
    conjunctive = squareform(categories.token_code_distances(*exemplars_of("conjunctive")))
    np.testing.assert_allclose(conjunctive[:4, :4] + 0.4 * np.eye(4), 0.4)  # bound parts say nothing alone
    np.testing.assert_allclose(conjunctive[4, :4], 0.6)


def test_codes_that_nobody_knows_and_weights_that_do_not_fit_are_refused():
    with pytest.raises(NotAvailable, match="nobody knows its codes"):
        categories.token_code_distances(None, [0, 1])
    with pytest.raises(ValueError, match=r"weights came as \[1.0\] for 2 parts. One each is needed, 0 or more"):
        categories.token_code_distances(np.eye(2, dtype=int), np.array([0, 1]), [1])


def test_gamma_is_the_correlation_of_the_stages_at_which_pairs_join():
    first, second = (
        categories.tree(categories.cosine_distances(np.random.default_rng(seed).normal(size=(9, 4)))) for seed in (0, 1)
    )

    def stages(joined):  # for each pair the largest number of groups in which it is still together
        groups = cut_tree(joined)  # (things, cuts), from as many groups as things
        return [(groups[a] != groups[b]).sum() for a in range(9) for b in range(a)]

    expected = spearmanr(stages(first), stages(second)).statistic
    assert categories.bakers_gamma(first, second) == pytest.approx(expected, abs=1e-9)


def test_gamma_is_1_for_one_shape_at_other_heights_and_nan_for_no_shape():
    joined = categories.tree(categories.cosine_distances(generator().normal(size=(6, 4))))
    higher = joined.copy()
    higher[:, 2] = joined[:, 2] ** 3 + 1
    assert categories.bakers_gamma(joined, higher) == pytest.approx(1)
    assert np.isnan(categories.bakers_gamma(joined, categories.tree(np.full(15, 0.3))))
    for function in (categories.bakers_gamma, lambda *trees: categories.bakers_gamma_null(*trees, generator())):
        with pytest.raises(ValueError, match="Trees of 6 and 4 things cannot be compared"):
            function(joined, categories.tree(np.ones(6)))


def test_the_tree_of_a_layer_that_adds_parts_by_their_size_is_that_of_the_code():
    weights = np.array([8.0, 4, 2, 1])
    codes, tokens = exemplars_of("additive")
    activations = np.column_stack([codes * weights**0.5, (1 - codes) * weights**0.5])
    of_tokens = categories.tree(categories.cosine_distances(categories.token_means(activations, tokens)))
    of_codes = categories.tree(categories.token_code_distances(codes, tokens, weights))
    assert categories.bakers_gamma(of_tokens, of_codes) == pytest.approx(1)


def test_the_null_of_gamma_is_about_0_and_consists_of_relabelled_trees():
    first, second = (categories.tree(generator().random((2, 10))[number]) for number in (0, 1))
    null = categories.bakers_gamma_null(first, second, generator())
    assert null.shape == (1000,) and abs(null.mean()) < 0.05
    relabelled = squareform(cophenet(second))
    possible = [
        spearmanr(cophenet(first), squareform(relabelled[np.ix_(order, order)])).statistic
        for order in permutations(range(5))
    ]
    np.testing.assert_array_equal(np.unique(null.round(9)), np.unique(np.round(possible, 9)))


def turning(shape, snapshots=6):
    """A shape of token means that a layer turns at random at each snapshot: (snapshots, tokens, units)."""
    units, random = 12, generator()
    embedded = np.zeros((len(shape), units))
    embedded[:, : shape.shape[1]] = shape
    return np.array(
        [embedded @ ortho_group.rvs(units, random_state=random) + random.normal() for _ in range(snapshots)]
    )


def test_a_shape_that_only_turns_stands_still_when_aligned():
    shape = generator().normal(size=(5, 2)) * [3, 1]
    places, shares = categories.aligned_trajectories(turning(shape))
    np.testing.assert_allclose(places, np.broadcast_to(places[0], places.shape), atol=1e-9)
    np.testing.assert_allclose(pdist(places[0]), pdist(shape))
    np.testing.assert_allclose(shares, 1)


def test_alignment_undoes_axes_that_turn_within_the_plane():
    random = generator()
    angles = 2 * np.pi * np.arange(5) / 5  # of equal spread in all directions, so noise alone decides the axes
    pentagon = np.column_stack([np.cos(angles), np.sin(angles)])
    means = np.array([pentagon + 1e-4 * random.normal(size=(5, 2)) for _ in range(8)])
    places, _ = categories.aligned_trajectories(means)
    np.testing.assert_allclose(places, np.broadcast_to(places[0], places.shape), atol=1e-2)


def test_a_shape_that_grows_grows_when_aligned():
    shape = generator().normal(size=(5, 2)) * [3, 1]
    means = turning(shape) * np.arange(6)[:, np.newaxis, np.newaxis]
    places, shares = categories.aligned_trajectories(means)
    np.testing.assert_array_equal(places[0], 0)
    np.testing.assert_allclose(places[5], 5 * places[1], atol=1e-9)
    np.testing.assert_allclose(shares, [0, 1, 1, 1, 1, 1])


def test_joint_trajectories_agree_with_scikit_learn():
    means = generator().normal(size=(4, 5, 9))
    places, shares = categories.joint_trajectories(means, 3)
    pca = PCA(3, svd_solver="full")
    expected = pca.fit_transform(means.reshape(20, 9)).reshape(4, 5, 3)
    np.testing.assert_allclose(np.abs(places), np.abs(expected), atol=1e-9)
    np.testing.assert_allclose(shares, pca.explained_variance_ratio_)
    np.testing.assert_allclose(pdist(places.reshape(20, 3)), pdist(expected.reshape(20, 3)))


def test_places_do_not_depend_on_the_sign_that_the_decomposition_chose():
    means = generator().normal(size=(4, 5, 9))
    for trajectories in (categories.aligned_trajectories, categories.joint_trajectories):
        for seed in range(8):
            turned = means @ ortho_group.rvs(9, random_state=np.random.default_rng(seed))
            np.testing.assert_allclose(trajectories(turned)[0], trajectories(means)[0], atol=1e-9)


def test_trajectories_of_other_shapes_and_too_many_dimensions_are_refused():
    for trajectories in (categories.aligned_trajectories, categories.joint_trajectories):
        with pytest.raises(ValueError, match=r"shape \(5, 9\). They must be \(snapshots, tokens, units\)"):
            trajectories(np.zeros((5, 9)))
        with pytest.raises(ValueError, match="3 dimensions were asked of 3 tokens and 9 units. Possible are 1 to 2"):
            trajectories(np.zeros((4, 3, 9)), 3)


@pytest.mark.parametrize("kind", KINDS)
def test_code_distances_lie_between_0_and_1(kind):
    distances = categories.token_code_distances(*exemplars_of(kind))
    assert distances.shape == (10,) and (distances > 0).all() and (distances <= 1).all()
