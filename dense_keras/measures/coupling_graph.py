"""The graph of couplings at one snapshot: communities, hubs, growth, paths, and what chance makes of them.

*Strengths* are a list of matrices, (units, units of the next layer), one for each two
consecutive layers, input side first: contrast contributions, weight strengths. Their sign is
left out: a strong inhibition is a strong coupling. An *adjacency* is a sparse symmetric
matrix, (nodes, nodes), 0 or more, whose nodes are the units of all layers in order;
``layer_numbers`` tells the layer of each. *Labels* are (nodes,) integers: communities,
preferred tokens, layers; -1 is none.

Keep a fixed share of the edges (``kept_at_density``) to see *where* couplings are, and all
above a fixed threshold to see how they *grow*. A number of a graph says little before it is
compared with graphs of chance: ``against_chance``, and draws of ``shuffled_within_cells`` for
activations, ``shuffled_within_layers`` for weights, or ``rewired``. In a layered graph no
edge stays within a layer, so modularity and assortativity of the kept edges are to be
compared with such draws, not with 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import networkx
import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

DENSITY = 0.02
"""Share of the possible edges that is kept."""

_ROUNDS = 20
"""Swaps that every edge is offered when a graph is rewired."""


def kept_at_density(strengths: Sequence[np.ndarray], density: float = DENSITY) -> list[np.ndarray]:
    """Of every matrix the share of entries with the largest absolute values, the rest 0: as ``strengths``.

    At least one entry of each matrix is kept, and never more than are not 0. strengths: (units, next units) each.
    Raises ValueError for a density that is not above 0 and at most 1.
    """
    if not 0 < density <= 1:
        raise ValueError(f"The density came as {density}; it must be above 0 and at most 1, such as {DENSITY}.")
    kept = []
    for matrix in strengths:
        count = max(1, round(density * matrix.size))
        strongest = np.argpartition(-np.abs(matrix), count - 1, axis=None)[:count]
        kept.append(np.zeros_like(matrix))
        kept[-1].flat[strongest] = matrix.flat[strongest]
    return kept


def kept_above(strengths: Sequence[np.ndarray], threshold: float) -> list[np.ndarray]:
    """The entries whose absolute value is above a threshold, the rest 0: as ``strengths``, (units, next units) each."""
    return [np.where(np.abs(matrix) > threshold, matrix, 0) for matrix in strengths]


def input_shares(strengths: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Each input's share in what reaches a unit, by absolute value: as ``strengths``, 0..1.

    The shares into a unit add up to 1; into a unit that nothing reaches they are 0. Layers
    of different scale become comparable. strengths: (units, next units) each.
    """
    sizes = [np.abs(matrix) for matrix in strengths]
    return [np.divide(size, size.sum(axis=0), out=np.zeros(size.shape), where=size.sum(axis=0) > 0) for size in sizes]


def layer_numbers(strengths: Sequence[np.ndarray]) -> np.ndarray:
    """The layer of every node, from 0: (nodes,) integers. Raises as ``layered_adjacency``."""
    return np.repeat(np.arange(len(strengths) + 1), _layer_sizes(strengths))


def layered_adjacency(strengths: Sequence[np.ndarray]) -> sparse.csr_array:
    """The graph of the couplings of consecutive layers: a symmetric (nodes, nodes) of absolute values, 0 or more.

    strengths: (units, next units) each.
    Raises ValueError for none, and if a matrix does not begin with the units that the one before ends with.
    """
    sizes = _layer_sizes(strengths)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    places = [np.nonzero(matrix) for matrix in strengths]
    values = np.concatenate([np.abs(matrix[place]) for matrix, place in zip(strengths, places)])
    rows = np.concatenate([place[0] + start for place, start in zip(places, starts)])
    columns = np.concatenate([place[1] + start for place, start in zip(places, starts[1:])])
    directed = sparse.coo_array((values, (rows, columns)), shape=(starts[-1], starts[-1]))
    return (directed + directed.T).tocsr()


def correlation_adjacency(
    correlations: np.ndarray, layers: np.ndarray | None = None, density: float = DENSITY
) -> sparse.csr_array:
    """The graph of the strongest correlations of any two nodes: a symmetric (nodes, nodes) of absolute values, 0..1.

    correlations: (nodes, nodes) symmetric, such as of ``coupling.noise_correlation``.
    layers: (nodes,) to leave out pairs within a layer, which correlate more easily; None to keep them.
    density: share of the possible pairs that is kept.
    Raises ValueError for correlations that are not square, and as ``kept_at_density``.
    """
    if correlations.ndim != 2 or correlations.shape[0] != correlations.shape[1]:
        raise ValueError(f"Correlations came with shape {correlations.shape}; they must be (nodes, nodes).")
    rows, columns = np.triu_indices(len(correlations), 1)
    if layers is not None:
        between = np.asarray(layers)[rows] != np.asarray(layers)[columns]
        rows, columns = rows[between], columns[between]
    values = np.abs(kept_at_density([correlations[rows, columns]], density)[0])
    kept = np.flatnonzero(values)
    half = sparse.coo_array((values[kept], (rows[kept], columns[kept])), shape=correlations.shape)
    return (half + half.T).tocsr()


def louvain_communities(adjacency: sparse.sparray, seed: int = 0) -> np.ndarray:
    """Groups of nodes with more coupling inside than chance would have: (nodes,) integers, the largest 0.

    Nodes without an edge come as -1. The search is greedy and depends on the seed.
    adjacency: symmetric. Raises ValueError otherwise.
    Source: Blondel et al. 2008, arXiv 0803.0476; by networkx.
    """
    half = sparse.triu(_checked(adjacency)).tocoo()
    graph = networkx.Graph()
    graph.add_weighted_edges_from(zip(half.row.tolist(), half.col.tolist(), half.data.tolist()))
    labels = np.full(adjacency.shape[0], -1)
    groups = sorted(
        map(sorted, networkx.community.louvain_communities(graph, seed=seed)), key=lambda group: -len(group)
    )
    for label, group in enumerate(groups):
        labels[group] = label
    return labels


def modularity(adjacency: sparse.sparray, labels: np.ndarray) -> float:
    """Share of edge weight inside of groups minus what chance would put there: -.5..1; NaN without edges.

    Labels, (nodes,), may be communities, preferred tokens or layers; nodes labelled -1 are a group each.
    adjacency: symmetric. Raises ValueError otherwise, and for labels of another length.
    Source: M. Newman and M. Girvan 2004, arXiv cond-mat/0308217.
    """
    inside, ends = _inside_and_ends(adjacency, _with_own_groups(_checked_labels(labels, adjacency)))
    return float((inside - ends**2).sum())


def assortativity(adjacency: sparse.sparray, labels: np.ndarray) -> float:
    """Do edges join nodes of the same label? 1 always, 0 as often as by chance, below 0 less often.

    By weight; NaN if not two labels have edges. Nodes labelled -1 are left out with their edges.
    adjacency: symmetric; labels: (nodes,) such as preferred tokens, or layers. Raises as ``modularity``.
    Source: M. Newman, "Mixing patterns in networks", 2003, arXiv cond-mat/0209450, eq. 2.
    """
    labels = _checked_labels(labels, adjacency)
    labelled = np.flatnonzero(labels >= 0)
    if not labelled.size:
        return float("nan")
    among = adjacency[labelled][:, labelled]
    inside, ends = _inside_and_ends(among, np.unique(labels[labelled], return_inverse=True)[1])
    chance = (ends**2).sum()
    return float((inside.sum() - chance) / (1 - chance)) if chance < 1 - 1e-12 else float("nan")


def node_strengths(adjacency: sparse.sparray) -> np.ndarray:
    """Sum of the weights of each node's edges: (nodes,), 0 or more.

    adjacency: symmetric. Raises ValueError otherwise.
    """
    return np.asarray(_checked(adjacency).sum(axis=0)).reshape(-1)


def top_share(strengths: np.ndarray, share: float = 0.05) -> float:
    """How much of all strength the strongest nodes hold, by default 5 % of them, at least one: 0..1.

    Equal nodes hold their share; in a star the hub alone holds half. NaN if all is 0.
    strengths: (nodes,) of ``node_strengths``.
    """
    count = max(1, round(share * len(strengths)))
    total = strengths.sum()
    return float(np.sort(strengths)[-count:].sum() / total) if total else float("nan")


def participation(adjacency: sparse.sparray, labels: np.ndarray) -> np.ndarray:
    """How evenly each node's edges reach over the groups: (nodes,), 0 one group alone, towards 1 many alike.

    NaN for a node without edges.
    1 - sum over groups of (strength into the group / strength)^2; nodes labelled -1 are a group each.
    adjacency: symmetric; labels: (nodes,). Raises as ``modularity``.
    Source: R. Guimera and L. Amaral, Nature 433, 2005.
    """
    groups = _with_own_groups(_checked_labels(labels, adjacency))
    into = (adjacency @ _membership(groups)).power(2).sum(axis=1)
    strengths = node_strengths(adjacency)
    return 1 - np.divide(into, strengths**2, out=np.full(len(strengths), np.nan), where=strengths > 0)


def giant_component_shares(adjacency: sparse.sparray, thresholds: Sequence[float]) -> np.ndarray:
    """Share of all nodes in the largest connected component, of the edges above each threshold: (thresholds,), 0..1.

    adjacency: symmetric, with all edges. Raises ValueError otherwise.
    Source: P. Erdős and A. Rényi, "On the evolution of random graphs", 1960.
    """
    adjacency = _checked(adjacency)
    # A maximum spanning forest is connected above a threshold exactly where the whole graph is.
    forest = minimum_spanning_tree(-adjacency).tocoo()
    shares = []
    for threshold in thresholds:
        kept = -forest.data > threshold
        edges = (np.ones(kept.sum()), (forest.row[kept], forest.col[kept]))
        components = connected_components(sparse.coo_array(edges, shape=adjacency.shape), directed=False)[1]
        shares.append(np.bincount(components).max() / len(components))
    return np.array(shares)


def giant_component_area(shares: np.ndarray, thresholds: Sequence[float]) -> float:
    """Mean share of the giant component between the first and the last threshold: 0..1.

    shares, thresholds: (thresholds,) of ``giant_component_shares``, two or more, ascending in threshold. Our own.
    """
    return float(np.trapezoid(shares, thresholds) / (thresholds[-1] - thresholds[0]))


def path_masses(shares: Sequence[np.ndarray]) -> list[np.ndarray]:
    """How much of what reaches each last unit came through each unit: for each layer (units, last units), 0..1.

    The product of the shares along a path, summed over all paths. Over the units of one layer
    it adds up to 1, or less where edges were left out. Paths multiply what single layers
    do on average; a ReLU in between makes that approximate.
    shares: of ``input_shares`` (before edges are left out), the last matrix into the tokens.
    Raises ValueError as ``layered_adjacency``. Our own.
    """
    _layer_sizes(shares)
    masses = [np.eye(shares[-1].shape[1])]
    for matrix in reversed(shares):
        masses.insert(0, matrix @ masses[0])
    return masses


def strongest_paths(shares: Sequence[np.ndarray], token: int) -> tuple[np.ndarray, np.ndarray]:
    """From every unit of the first layer the path to a token with the largest product of shares.

    Returns the units on it, (units, layers) integers, and the product, (units,) 0..1; where
    no path reaches the token, -1 and 0. These are the shortest paths where an edge is
    -log(share) long, found layer by layer.
    shares: of ``input_shares``; begin with the layer of the units asked about, ``shares[layer:]``.
    token: a unit of the last layer.
    Raises ValueError for a token that there is not, and as ``layered_adjacency``. Our own.
    """
    tokens = _layer_sizes(shares)[-1]
    if not 0 <= token < tokens:
        raise ValueError(f"The token came as {token}; the last layer has units 0 to {tokens - 1}.")
    masses = (np.arange(shares[-1].shape[1]) == token).astype(np.float64)
    successors = []
    for matrix in reversed(shares):
        through = matrix * masses
        successors.insert(0, through.argmax(axis=1))
        masses = through.max(axis=1)
    paths = [np.arange(len(masses))]
    for following in successors:
        paths.append(following[paths[-1]])
    return np.where(masses[:, np.newaxis] > 0, np.stack(paths, axis=1), -1), masses


def shuffled_within_cells(activations: np.ndarray, cells: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Activations in which every unit's exemplars of one cell are exchanged, for each unit anew: as ``activations``.

    What each unit does for a token is kept exactly; what units do together beyond it is gone.
    activations: (exemplars, units); cells: (exemplars,) integers, such as tokens.
    Raises ValueError if exemplars differ in number.
    """
    if len(cells) != len(activations):
        raise ValueError(f"{len(activations)} exemplars came with {len(cells)} cells: one each is needed.")
    activations, cells = np.asarray(activations), np.unique(cells, return_inverse=True)[1]
    keys = generator.random(activations.shape) + cells[:, np.newaxis]
    shuffled = np.empty_like(activations)
    shuffled[np.argsort(cells, kind="stable")] = np.take_along_axis(activations, keys.argsort(axis=0), axis=0)
    return shuffled


def shuffled_within_layers(matrices: Iterable[np.ndarray], generator: np.random.Generator) -> list[np.ndarray]:
    """Every layer's strengths, or its kernel, with the entries in random places: as ``matrices``.

    Keeps how strong couplings are, and loses where. Shuffled *kernels* are the null that is hard to
    beat: compute their strengths anew, and all inputs keep what they do. Source of this null:
    Filan et al. 2021, "Clusterability in neural networks", who shuffle weights within layers.
    matrices: arrays of any shape (...), one a layer.
    """
    return [generator.permutation(matrix.reshape(-1)).reshape(matrix.shape) for matrix in matrices]


def rewired(strengths: Sequence[np.ndarray], generator: np.random.Generator) -> list[np.ndarray]:
    """Kept edges joined anew, with as many edges at every unit, into and out of it: as ``strengths``.

    Pairs of edges exchange their ends where that makes no edge twice; each edge is offered
    20 such swaps and keeps its weight and where it comes from.
    strengths: (units, next units) each, of ``kept_at_density`` or ``kept_above``; a full matrix cannot be
    rewired, and comes back as it is.
    Source: S. Maslov and K. Sneppen, "Specificity and stability in topology of protein networks", 2002.
    """
    return [_rewired(matrix, generator) for matrix in strengths]


def against_chance(value: float, draws: Sequence[float]) -> tuple[float, float]:
    """How a value stands to draws of chance: a z score of either sign, and a one-sided p value, above 0, to 1.

    z: in the draws' standard deviations above their mean; NaN for draws that are all the same.
    p: (1 + draws that are as large) / (1 + draws), never 0. draws: (draws,) float.
    Raises ValueError for fewer than two draws. Source of p: Phipson and Smyth 2010, "Permutation p-values
    should never be zero".
    """
    draws = np.asarray(draws, np.float64)
    if draws.size < 2:
        raise ValueError(f"{draws.size} draw(s) came; a comparison with chance needs two or more, better 20.")
    spread = draws.std(ddof=1)
    above = float((value - draws.mean()) / spread) if spread > 0 else float("nan")
    return above, float((1 + (draws >= value).sum()) / (1 + draws.size))


def _rewired(matrix: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    rows, columns = np.nonzero(matrix)
    weights = matrix[rows, columns]
    present = matrix != 0
    for _ in range(_ROUNDS):
        first, second = generator.permutation(len(rows))[: len(rows) // 2 * 2].reshape(2, -1)
        new = rows[[first, second]] * matrix.shape[1] + columns[[second, first]]
        _, place, times = np.unique(new, return_inverse=True, return_counts=True)
        possible = ((times[place.reshape(new.shape)] == 1) & ~present.reshape(-1)[new]).all(axis=0)
        first, second = first[possible], second[possible]
        present[rows[first], columns[first]] = present[rows[second], columns[second]] = False
        columns[first], columns[second] = columns[second], columns[first]
        present[rows[first], columns[first]] = present[rows[second], columns[second]] = True
    joined = np.zeros_like(matrix)
    joined[rows, columns] = weights
    return joined


def _layer_sizes(strengths: Sequence[np.ndarray]) -> list[int]:
    if not len(strengths):
        raise ValueError("No matrix came: one is needed for each two consecutive layers.")
    for number, (matrix, following) in enumerate(pairwise(strengths)):
        if matrix.shape[1] != following.shape[0]:
            raise ValueError(
                f"Matrix {number} ends with {matrix.shape[1]} units, matrix {number + 1} begins with "
                f"{following.shape[0]}: they must be of consecutive layers, input side first."
            )
    return [strengths[0].shape[0], *(matrix.shape[1] for matrix in strengths)]


def _inside_and_ends(adjacency: sparse.sparray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of all edge weight, the share inside of each group, and the share of edge ends in it: NaN without edges."""
    membership = _membership(groups)
    mixing = membership.T @ _checked(adjacency) @ membership
    total = mixing.sum() or np.nan
    return mixing.diagonal() / total, mixing.sum(axis=0) / total


def _membership(groups: np.ndarray) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(groups)), groups, np.arange(len(groups) + 1)))


def _with_own_groups(labels: np.ndarray) -> np.ndarray:
    """Labels as groups from 0, each -1 a group of its own."""
    lonely = labels < 0
    groups = labels.copy()
    groups[lonely] = labels.max(initial=0) + 1 + np.arange(lonely.sum())
    return np.unique(groups, return_inverse=True)[1]


def _checked_labels(labels: np.ndarray, adjacency: sparse.sparray) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.shape != (adjacency.shape[0],):
        raise ValueError(f"Labels came with shape {labels.shape} for {adjacency.shape[0]} nodes: one each is needed.")
    return labels


def _checked(adjacency: sparse.sparray) -> sparse.csr_array:
    adjacency = sparse.csr_array(adjacency, copy=True)
    adjacency.eliminate_zeros()
    difference = adjacency - adjacency.T
    if difference.nnz and np.abs(difference.data).max() > 1e-12 * np.abs(adjacency.data).max():
        raise ValueError("The adjacency is not symmetric: make it with layered_adjacency or correlation_adjacency.")
    return adjacency
