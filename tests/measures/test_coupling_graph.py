"""The graph of couplings: cliques, stars, chains and random graphs with known answers, and networkx's."""

from itertools import pairwise

import networkx
import numpy as np
import pytest
from scipy import sparse
from scipy.stats import kstest

from dense_keras.measures import coupling, coupling_graph
from dense_keras.measures.categories import token_means

SIZES = (6, 8, 5, 3)


def generator(seed=0):
    return np.random.default_rng(seed)


def strengths(seed=0, sizes=SIZES):
    random = generator(seed)
    return [random.normal(size=pair) for pair in pairwise(sizes)]


def adjacency_of(graph, weight=None):
    return networkx.to_scipy_sparse_array(graph, nodelist=sorted(graph), weight=weight, dtype=float)


CLIQUES = adjacency_of(networkx.disjoint_union_all([networkx.complete_graph(4)] * 5))
CLIQUE_LABELS = np.repeat(range(5), 4)


def weighted_random_graph(seed=0, nodes=60):
    graph = networkx.gnp_random_graph(nodes, 0.15, seed=seed)
    random = generator(seed)
    for edge in graph.edges.values():
        edge["weight"] = random.random()
    return graph


@pytest.mark.parametrize("density", [0.02, 0.25, 1])
def test_the_strongest_edges_of_each_matrix_are_kept_with_their_sign(density):
    for matrix, kept in zip(strengths(), coupling_graph.kept_at_density(strengths(), density)):
        assert np.count_nonzero(kept) == max(1, round(density * matrix.size))
        np.testing.assert_array_equal(kept[kept != 0], matrix[kept != 0])
        assert np.abs(matrix[kept == 0]).max(initial=0) < np.abs(kept[kept != 0]).min()


def test_edges_above_a_threshold_and_densities_that_are_none():
    kept = coupling_graph.kept_above([np.array([[0.5, -2, 1]])], 0.9)
    np.testing.assert_array_equal(kept[0], [[0, -2, 1]])
    assert np.count_nonzero(coupling_graph.kept_at_density([np.array([[0.0, 2, 0]])], 1)[0]) == 1
    with pytest.raises(ValueError, match="The density came as 2; it must be above 0 and at most 1, such as 0.02"):
        coupling_graph.kept_at_density(strengths(), 2)


def test_shares_into_a_unit_add_up_to_1_whatever_the_scale_of_the_layer():
    matrices = strengths()
    matrices[0][:, 2] = 0
    shares = coupling_graph.input_shares(matrices)
    np.testing.assert_allclose(shares[0].sum(axis=0), [1, 1, 0, 1, 1, 1, 1, 1])
    for scaled, share in zip(coupling_graph.input_shares([7 * matrix for matrix in matrices]), shares):
        np.testing.assert_allclose(scaled, share)


def test_the_adjacency_holds_every_matrix_in_its_place_twice():
    matrices = strengths()
    adjacency = coupling_graph.layered_adjacency(matrices).toarray()
    layers = coupling_graph.layer_numbers(matrices)
    np.testing.assert_array_equal(np.bincount(layers), SIZES)
    np.testing.assert_array_equal(adjacency, adjacency.T)
    for layer, matrix in enumerate(matrices):
        np.testing.assert_array_equal(adjacency[np.ix_(layers == layer, layers == layer + 1)], np.abs(matrix))
    assert np.count_nonzero(adjacency) == 2 * sum(matrix.size for matrix in matrices)
    with pytest.raises(ValueError, match="Matrix 0 ends with 8 units, matrix 1 begins with 7"):
        coupling_graph.layered_adjacency([np.ones((6, 8)), np.ones((7, 2))])


def test_a_graph_of_correlations_keeps_the_strongest_pairs_and_may_leave_out_those_within_layers():
    correlations = np.corrcoef(generator().normal(size=(20, 50)))
    adjacency = coupling_graph.correlation_adjacency(correlations, density=0.1).toarray()
    np.testing.assert_array_equal(adjacency, adjacency.T)
    assert np.count_nonzero(adjacency) == 2 * 19 and (adjacency.diagonal() == 0).all()
    weakest = adjacency[adjacency > 0].min()
    assert (np.abs(correlations)[np.triu_indices(20, 1)] >= weakest).sum() == 19
    layers = np.repeat([0, 1], 10)
    between = coupling_graph.correlation_adjacency(correlations, layers, 0.1).toarray()
    assert np.count_nonzero(between) == 2 * 10 and (between[:10, :10] == 0).all() and (between[10:, 10:] == 0).all()
    with pytest.raises(ValueError, match=r"Correlations came with shape \(3, 4\); they must be \(nodes, nodes\)"):
        coupling_graph.correlation_adjacency(np.zeros((3, 4)))


def test_cliques_are_found_and_have_the_known_modularity_and_assortativity():
    labels = coupling_graph.louvain_communities(CLIQUES)
    assert len(np.unique(labels)) == 5
    assert all(len(set(labels[CLIQUE_LABELS == clique])) == 1 for clique in range(5))
    assert coupling_graph.modularity(CLIQUES, labels) == pytest.approx(0.8)
    assert coupling_graph.assortativity(CLIQUES, CLIQUE_LABELS) == pytest.approx(1)
    assert abs(coupling_graph.assortativity(CLIQUES, np.tile(range(4), 5)) + 1 / 3) < 1e-9  # never the same


def test_the_largest_community_is_the_first():
    cliques = sparse.block_diag([np.ones((nodes, nodes)) - np.eye(nodes) for nodes in (3, 6, 4)], format="csr")
    np.testing.assert_array_equal(coupling_graph.louvain_communities(cliques), np.repeat([2, 0, 1], [3, 6, 4]))


def test_nodes_without_edges_are_in_no_community_and_change_nothing():
    larger = sparse.block_diag([CLIQUES, np.zeros((3, 3))], format="csr")
    labels = coupling_graph.louvain_communities(larger)
    np.testing.assert_array_equal(labels[20:], -1)
    assert coupling_graph.modularity(larger, labels) == pytest.approx(0.8)
    empty = sparse.csr_array((3, 3))
    np.testing.assert_array_equal(coupling_graph.louvain_communities(empty), -1)
    assert np.isnan(coupling_graph.modularity(empty, np.zeros(3, int)))
    assert np.isnan(coupling_graph.assortativity(empty, np.arange(3)))
    np.testing.assert_allclose(coupling_graph.giant_component_shares(empty, [0, 1]), 1 / 3)


@pytest.mark.parametrize("seed", range(3))
def test_modularity_and_communities_are_those_of_networkx_by_weight(seed):
    graph = weighted_random_graph(seed)
    adjacency, labels = adjacency_of(graph, "weight"), generator(seed).integers(0, 4, 60)
    expected = networkx.community.modularity(graph, [set(np.flatnonzero(labels == label)) for label in range(4)])
    assert coupling_graph.modularity(adjacency, labels) == pytest.approx(expected, abs=1e-12)
    found = coupling_graph.modularity(adjacency, coupling_graph.louvain_communities(adjacency))
    theirs = networkx.community.louvain_communities(graph, seed=0)
    assert found == pytest.approx(networkx.community.modularity(graph, theirs), abs=0.03)
    alone = coupling_graph.modularity(adjacency, np.full(60, -1))
    assert alone == pytest.approx(networkx.community.modularity(graph, [{node} for node in graph]), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_assortativity_is_that_of_networkx_and_leaves_out_nodes_without_label(seed):
    graph, labels = weighted_random_graph(seed), generator(seed).integers(-1, 4, 60)
    labelled = graph.subgraph(np.flatnonzero(labels >= 0).tolist())
    networkx.set_node_attributes(graph, dict(enumerate(labels.tolist())), "label")
    expected = networkx.attribute_assortativity_coefficient(labelled, "label")
    assert coupling_graph.assortativity(adjacency_of(graph), labels) == pytest.approx(expected, abs=1e-12)
    for label in (0, -1):
        assert np.isnan(coupling_graph.assortativity(adjacency_of(graph), np.full(60, label)))


def test_layers_of_a_layered_graph_are_never_assortative():
    adjacency, layers = coupling_graph.layered_adjacency(strengths()), coupling_graph.layer_numbers(strengths())
    assert coupling_graph.modularity(adjacency, layers) < 0
    assert coupling_graph.assortativity(adjacency, layers) < 0


def test_a_star_has_one_hub():
    star = adjacency_of(networkx.star_graph(39))
    found = coupling_graph.node_strengths(star)
    np.testing.assert_array_equal(found, [39] + [1] * 39)
    assert coupling_graph.top_share(found, 1 / 40) == pytest.approx(0.5)
    assert coupling_graph.top_share(np.ones(40)) == pytest.approx(0.05)
    assert np.isnan(coupling_graph.top_share(np.zeros(3)))
    labels = np.concatenate([[0], np.arange(39) % 3])
    np.testing.assert_allclose(coupling_graph.participation(star, labels), [1 - 1 / 3] + [0] * 39, atol=1e-12)


def test_participation_by_hand_and_without_edges():
    adjacency = sparse.csr_array(np.array([[0, 3, 1, 0], [3, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], float))
    found = coupling_graph.participation(adjacency, np.array([0, 0, 1, 1]))
    np.testing.assert_allclose(found, [1 - (9 + 1) / 16, 0, 0, np.nan])


@pytest.mark.parametrize(("degree", "expected"), [(2, 0.797), (0.5, 0.0)])
def test_the_giant_component_of_a_random_graph(degree, expected):
    graph = networkx.fast_gnp_random_graph(2000, degree / 2000, seed=1)
    share = coupling_graph.giant_component_shares(adjacency_of(graph), [0.5])[0]
    assert share == pytest.approx(expected, abs=0.05)


def test_the_giant_component_over_thresholds_is_that_of_networkx():
    graph, thresholds = weighted_random_graph(nodes=40), np.linspace(0, 1, 21)
    for edge in graph.edges.values():
        edge["weight"] = np.ceil(20 * edge["weight"]) / 20  # an edge at a threshold is not above it
    expected = []
    for threshold in thresholds:
        kept = networkx.Graph([edge[:2] for edge in graph.edges(data="weight") if edge[2] > threshold])
        expected.append(max(map(len, networkx.connected_components(kept)), default=1) / 40)
    found = coupling_graph.giant_component_shares(adjacency_of(graph, "weight"), thresholds)
    np.testing.assert_allclose(found, expected)
    assert (np.diff(found) <= 0).all() and found[-1] == 1 / 40
    assert coupling_graph.giant_component_area(found, thresholds) == pytest.approx(np.trapezoid(expected, dx=0.05))
    assert coupling_graph.giant_component_area(np.full(3, 0.4), [1, 2, 5]) == pytest.approx(0.4)


def test_path_masses_of_a_layer_add_up_to_1_and_to_less_where_edges_are_left_out():
    shares = coupling_graph.input_shares(strengths())
    masses = coupling_graph.path_masses(shares)
    assert [mass.shape for mass in masses] == [(size, 3) for size in SIZES]
    for mass in masses:
        np.testing.assert_allclose(mass.sum(axis=0), 1)
    fewer = coupling_graph.path_masses(coupling_graph.kept_at_density(shares, 0.3))
    assert all((few.sum(axis=0) <= 1).all() and (few <= mass + 1e-12).all() for few, mass in zip(fewer, masses))
    assert fewer[0].sum() < 1.5


def test_the_mass_of_one_unit_is_that_of_all_its_paths():
    first, second = np.array([[0.2, 0.5], [0.8, 0.5]]), np.array([[0.9], [0.1]])
    np.testing.assert_allclose(coupling_graph.path_masses([first, second])[0], [[0.2 * 0.9 + 0.5 * 0.1], [0.77]])


def test_a_planted_chain_is_found():
    shares = [share * 0.1 for share in coupling_graph.input_shares(strengths())]
    shares[0][4, 7], shares[1][7, 0], shares[2][0, 2] = 0.9, 0.9, 1.0
    paths, masses = coupling_graph.strongest_paths(shares, 2)
    np.testing.assert_array_equal(paths[4], [4, 7, 0, 2])
    assert masses[4] == pytest.approx(0.81) and masses.argmax() == 4


def test_strongest_paths_are_those_of_dijkstra():
    shares = coupling_graph.input_shares(strengths())
    graph = networkx.DiGraph()
    for layer, share in enumerate(shares):
        for (source, target), value in np.ndenumerate(share):
            graph.add_edge((layer, source), (layer + 1, target), length=-np.log(value))
    for token in range(3):
        paths, masses = coupling_graph.strongest_paths(shares, token)
        for unit in range(6):
            length, path = networkx.single_source_dijkstra(graph, (0, unit), (3, token), weight="length")
            assert [node for _, node in path] == paths[unit].tolist()
            assert np.exp(-length) == pytest.approx(masses[unit])
    later, _ = coupling_graph.strongest_paths(shares[1:], 0)
    assert later.shape == (8, 3)


def test_where_no_path_leads_there_is_none():
    paths, masses = coupling_graph.strongest_paths([np.array([[1.0, 0], [0, 0]]), np.array([[0.5], [0.0]])], 0)
    np.testing.assert_array_equal(paths, [[0, 0, 0], [-1, -1, -1]])
    np.testing.assert_array_equal(masses, [0.5, 0])


def test_shuffling_within_tokens_keeps_tuning_and_loses_what_units_do_together():
    tokens = generator(5).integers(0, 5, 400)
    common = generator().normal(size=(400, 1))
    activations = tokens[:, None] + common + 0.1 * generator(1).normal(size=(400, 30))
    shuffled = coupling_graph.shuffled_within_cells(activations, tokens, generator())
    for token in range(5):
        np.testing.assert_array_equal(
            np.sort(shuffled[tokens == token], axis=0), np.sort(activations[tokens == token], axis=0)
        )
    np.testing.assert_allclose(token_means(shuffled, tokens), token_means(activations, tokens))
    pairs = np.triu_indices(30, 1)
    assert coupling.noise_correlation(activations, activations, tokens)[pairs].min() > 0.95
    assert np.abs(coupling.noise_correlation(shuffled, shuffled, tokens)[pairs]).max() < 0.25
    assert coupling.signal_correlation(shuffled, shuffled, tokens)[pairs].min() > 0.95


def test_shuffling_within_layers_keeps_the_entries_of_each_matrix():
    for matrix, shuffled in zip(strengths(), coupling_graph.shuffled_within_layers(strengths(), generator())):
        assert matrix.shape == shuffled.shape and (matrix != shuffled).any()
        np.testing.assert_array_equal(np.sort(matrix, axis=None), np.sort(shuffled, axis=None))


def test_a_shuffled_kernel_exchanges_its_weights_over_taps_inputs_and_units():
    kernel = np.arange(3 * 3 * 4 * 5.0).reshape(3, 3, 4, 5)
    (shuffled,) = coupling_graph.shuffled_within_layers([kernel], generator())
    np.testing.assert_array_equal(np.sort(shuffled, axis=None), kernel.ravel())
    for axes in ((0, 1, 2), (0, 1, 3), (2, 3)):  # of a unit, of an input, of a tap
        assert (shuffled.sum(axis=axes) != kernel.sum(axis=axes)).any()


def test_rewiring_keeps_the_edges_of_every_unit_and_little_else():
    kept = coupling_graph.kept_at_density(strengths(sizes=(60, 50, 40)), 0.1)
    for matrix, joined in zip(kept, coupling_graph.rewired(kept, generator())):
        for axis in (0, 1):
            np.testing.assert_array_equal((joined != 0).sum(axis=axis), (matrix != 0).sum(axis=axis))
        np.testing.assert_allclose(joined.sum(axis=1), matrix.sum(axis=1))
        np.testing.assert_array_equal(np.sort(joined, axis=None), np.sort(matrix, axis=None))
        assert ((joined != 0) & (matrix != 0)).sum() < 0.3 * (matrix != 0).sum()
    np.testing.assert_array_equal(coupling_graph.rewired([np.ones((3, 3))], generator())[0], np.ones((3, 3)))


def test_planted_groups_stand_out_from_chance_and_random_ones_do_not():
    random = generator()
    labels = [random.integers(0, 5, size) for size in (30, 40, 30)]
    noise = [random.random((30, 40)), random.random((40, 30))]
    grouped = [matrix + (one[:, None] == other) for matrix, one, other in zip(noise, labels, labels[1:])]
    together = np.concatenate(labels)

    def found(matrices):
        adjacency = coupling_graph.layered_adjacency(coupling_graph.kept_at_density(matrices, 0.05))
        return coupling_graph.assortativity(adjacency, together)

    for matrices, least, most in ((grouped, 10, np.inf), (noise, -3, 3)):
        draws = [found(coupling_graph.shuffled_within_layers(matrices, random)) for _ in range(30)]
        above, chance = coupling_graph.against_chance(found(matrices), draws)
        assert least < above < most
        assert (chance == pytest.approx(1 / 31)) == (least == 10)


def test_against_chance_by_hand_and_evenly_spread_where_there_is_nothing():
    above, chance = coupling_graph.against_chance(5, [1, 2, 3, 5])
    assert above == pytest.approx((5 - 2.75) / np.std([1, 2, 3, 5], ddof=1)) and chance == pytest.approx(2 / 5)
    assert np.isnan(coupling_graph.against_chance(1, [1, 1])[0])
    random = generator()
    chances = [coupling_graph.against_chance(*_value_and_draws(random))[1] for _ in range(400)]
    assert kstest(chances, "uniform").statistic < 0.08
    with pytest.raises(ValueError, match=r"1 draw\(s\) came; a comparison with chance needs two or more, better 20"):
        coupling_graph.against_chance(1, [2])


def _value_and_draws(random):
    draws = random.normal(size=100)
    return draws[0], draws[1:]


def test_graphs_that_are_not_symmetric_and_labels_of_other_number_are_refused():
    directed = sparse.csr_array(np.array([[0.0, 1], [0, 0]]))
    for measure in (coupling_graph.louvain_communities, coupling_graph.node_strengths):
        with pytest.raises(ValueError, match="The adjacency is not symmetric: make it with layered_adjacency or"):
            measure(directed)
    with pytest.raises(ValueError, match=r"Labels came with shape \(3,\) for 20 nodes: one each is needed"):
        coupling_graph.modularity(CLIQUES, np.zeros(3, int))
