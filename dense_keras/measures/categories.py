"""Category structure: how far exemplars of a token come together in a layer, and which tokens come near one another.

Activations are (exemplars, units), pooled over space; *token means* are their means over
the exemplars of each token, in ascending order of the tokens. The array with a value for
each unit or exemplar comes first, the scalar after it.

A *tree* is scipy's linkage matrix over token means, (means - 1, 4) float. Tokens are
compared by cosine distance, which is measured from 0 (no activation) and therefore does
not change when all activations are multiplied by a number, but does when one is added.
The distances of codes, and comparing the two trees, are our own.
"""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.distance import pdist, squareform
from scipy.stats import rankdata
from sklearn.metrics import silhouette_samples

from dense_keras.measures.arguments import checked_activations, checked_tokens, known


def token_means(activations: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Mean activation of each token, in ascending order of the tokens that occur: (tokens, units) float64.

    activations: (exemplars, units), tokens: (exemplars,) integers.
    Raises ValueError for other shapes, chimeras, and values that are not finite.
    """
    activations = checked_activations(activations, fewest=1)
    return _group_means(activations, _groups(checked_tokens(tokens, len(activations), fewest=1)))


def unit_scatter(activations: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scatter of each unit between tokens and within them: two (units,) float, 0 or more, in squared activations.

    Their sum is the unit's total scatter: the sum of squared distances from its mean.
    activations: (exemplars, units), tokens: (exemplars,) integers.
    Raises ValueError for other shapes, chimeras, fewer than two tokens, and values that are not finite.
    """
    activations = checked_activations(activations)
    groups = _groups(checked_tokens(tokens, len(activations)))
    values = activations - activations[0]  # exactly 0 for a constant unit
    means = _group_means(values, groups)
    within = ((values - means[groups]) ** 2).sum(axis=0)
    between = np.bincount(groups) @ (means - values.mean(axis=0)) ** 2
    return between, within


def unit_scatter_shares(activations: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Share of each unit's scatter that lies between tokens (eta squared): (units,) float, 0..1.

    0: the unit's mean is the same for all tokens, or the unit is constant; 1: it says the
    same of all exemplars of a token, and not of all tokens. If the tokens say nothing it is
    ``chance_scatter_share`` on average. For arguments and errors see ``unit_scatter``.
    """
    between, within = unit_scatter(activations, tokens)
    total = between + within
    return np.divide(between, total, out=np.zeros_like(total), where=total > 0)


def scatter_share(activations: np.ndarray, tokens: np.ndarray) -> float:
    """Share of a layer's scatter that lies between tokens, tr S_B / tr S_T, 0..1.

    It is the mean of ``unit_scatter_shares`` weighted by the units' total scatter, and does
    not change when activations are rotated, shifted, or multiplied by a number.
    0 if no unit tells any two exemplars apart.
    For arguments and errors see ``unit_scatter``. Source: R. Fisher's analysis of variance.
    """
    between, within = (scatter.sum() for scatter in unit_scatter(activations, tokens))
    return float(between / (between + within)) if between + within > 0 else 0.0


def chance_scatter_share(num_exemplars: int, num_tokens: int) -> float:
    """Mean scatter share over all ways to shuffle the tokens, (tokens - 1) / (exemplars - 1): 0..1.

    Raises ValueError for fewer than two exemplars, and for more tokens than exemplars.
    """
    if num_exemplars < 2 or not 0 < num_tokens <= num_exemplars:
        raise ValueError(
            f"{num_exemplars} exemplar(s) of {num_tokens} token(s) came; it takes two exemplars or more, of no more "
            "tokens."
        )
    return (num_tokens - 1) / (num_exemplars - 1)


def exemplar_silhouettes(activations: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """How much nearer each exemplar is to its own token than to the nearest other: (exemplars,) float, -1..1.

    (b - a) / max(a, b), where a is its mean distance to the others of its token and b the
    mean distance to the exemplars of the nearest other token; 0 for a token's only exemplar.
    activations: (exemplars, units), tokens: (exemplars,) integers.
    Raises ValueError for other shapes, chimeras, fewer than two tokens, no token with two
    exemplars, and values that are not finite. Source: P. Rousseeuw, "Silhouettes", 1987.
    """
    activations = checked_activations(activations)
    tokens = checked_tokens(tokens, len(activations))
    if len(np.unique(tokens)) == len(tokens):
        raise ValueError("Every exemplar is the only one of its token; one token must have 2 or more.")
    return silhouette_samples(activations, tokens)


def silhouette(activations: np.ndarray, tokens: np.ndarray) -> float:
    """Mean of ``exemplar_silhouettes``, -1..1: 1 for tokens that are points far apart, about 0 for none.

    For arguments, errors and source see there.
    """
    return float(exemplar_silhouettes(activations, tokens).mean())


def cosine_distances(means: np.ndarray) -> np.ndarray:
    """1 - cosine of every two means: (pairs,) float, 0..2, in the order of scipy's ``pdist``.

    means: (means, units), of ``token_means`` or ``similarity.cell_means``.
    Raises ValueError for other shapes, fewer than two means, and a mean that is 0 in all units.
    """
    means = checked_activations(means)
    silent = np.flatnonzero(~means.any(axis=1))
    if len(silent):
        raise ValueError(f"Means {silent.tolist()} are 0 in all units and have no direction: the layer is dead there.")
    return np.maximum(pdist(means, "cosine"), 0)


def token_code_distances(codes: np.ndarray, tokens: np.ndarray, part_weights: np.ndarray | None = None) -> np.ndarray:
    """Share of parts in which the codes of two tokens differ: (pairs,) float, 0..1, in the order of scipy's ``pdist``.

    For tokens of several codes, the mean over an exemplar of the one and an exemplar of the other.
    codes: (exemplars, parts) integers, tokens: (exemplars,) integers. part_weights: (parts,)
    what each part counts, its share of pixels for example; all the same if None.
    Raises NotAvailable if codes is None, and ValueError for other shapes, chimeras, fewer than two
    tokens, and weights that are negative or all 0. Our own.
    """
    codes = known(codes, "codes")
    groups = _groups(checked_tokens(tokens, len(codes)))
    weights = np.ones(codes.shape[1]) if part_weights is None else np.asarray(part_weights, np.float64)
    if weights.shape != codes.shape[1:] or weights.min() < 0 or not weights.any():
        raise ValueError(
            f"Part weights came as {weights.tolist()} for {codes.shape[1]} parts. "
            "One each is needed, 0 or more, and not all 0."
        )
    variants = np.unique(codes)
    worn = (codes[:, np.newaxis] == variants[:, np.newaxis]).reshape(len(codes), -1)
    shares = _group_means(worn, groups).reshape(-1, len(variants), len(weights))  # (tokens, variants, parts)
    alike = np.einsum("avp,bvp,p->ab", shares, shares, weights / weights.sum())
    return 1 - alike[np.triu_indices(len(alike), 1)]


def tree(distances: np.ndarray) -> np.ndarray:
    """Tree of things by average linkage: scipy's linkage matrix (things - 1, 4), to draw with its ``dendrogram``.

    Heights are mean distances, 0 or more.
    distances: (pairs,) between the things, of ``cosine_distances`` or ``token_code_distances``.
    Two things whose distance ties with others' are joined in an order that says nothing.
    Raises ValueError for distances that are not finite, and for a number of them that is not of all pairs.
    Source: R. Sokal and C. Michener, "A statistical method for evaluating systematic relationships", 1958.
    """
    distances = np.asarray(distances, np.float64)
    things = int((1 + np.sqrt(1 + 8 * distances.size)) / 2)
    if distances.ndim != 1 or things < 2 or distances.size != things * (things - 1) // 2:
        raise ValueError(
            f"Distances came with shape {distances.shape}. All pairs of 2, 3, 4, ... things have 1, 3, 6, ... "
            "distances."
        )
    if not np.isfinite(distances).all():
        raise ValueError("The distances hold NaN or infinite values: no tree can be made of them.")
    return linkage(distances, "average")


def cophenetic_correlation(joined: np.ndarray, distances: np.ndarray) -> float:
    """How well a tree keeps the distances that it was made of: correlation with the heights at which pairs join, -1..1.

    1 if the distances are those of a tree (ultrametric); NaN if all distances or all heights are the same.
    joined: (things - 1, 4), of ``tree``; distances: (pairs,).
    Raises ValueError if they are of different numbers of things.
    Source: R. Sokal and F. Rohlf, "The comparison of dendrograms by objective methods", 1962.
    """
    heights, distances = cophenet(joined), np.asarray(distances, np.float64)
    if heights.shape != distances.shape:
        raise ValueError(f"The tree joins {len(heights)} pairs, and {len(distances)} distances came: give its own.")
    if np.ptp(heights) == 0 or np.ptp(distances) == 0:
        return float("nan")
    return float(np.corrcoef(heights, distances)[0, 1])


def bakers_gamma(first_tree: np.ndarray, second_tree: np.ndarray) -> float:
    """Whether two trees of the same things join the same pairs first: rank correlation of their heights, -1..1.

    1 for trees of one shape, whatever their heights; NaN if a tree joins all at one height.
    first_tree, second_tree: (things - 1, 4), of ``tree``. With five tokens there are ten pairs and
    four heights, so much of it is chance: see ``bakers_gamma_null``.
    Raises ValueError for trees of different numbers of things.
    Source: F. Baker, "Stability of two hierarchical grouping techniques", 1974, who took Goodman
    and Kruskal's gamma of the stages at which pairs join; Spearman's correlation is now usual.
    """
    first, second = _ranks_of_two(first_tree, second_tree)
    return float((first * second).sum())


def bakers_gamma_null(
    first_tree: np.ndarray, second_tree: np.ndarray, generator: np.random.Generator, draws: int = 1000
) -> np.ndarray:
    """``bakers_gamma`` when the things of the second tree change places at random: (draws,) float, -1..1.

    For the other arguments and errors see there.
    """
    first, second = _ranks_of_two(first_tree, second_tree)
    orders = generator.permuted(np.tile(np.arange(len(second)), (draws, 1)), axis=1)
    return (first * second[orders[:, :, np.newaxis], orders[:, np.newaxis]]).sum(axis=(1, 2))


def aligned_trajectories(means: np.ndarray, dimensions: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Token means of each snapshot on its own principal axes, turned to lie as in the snapshot before.

    Turned or mirrored, never stretched. What moves is the shape of the fan of tokens; that a
    layer turns as a whole is taken out.
    means: (snapshots, tokens, units), of ``token_means``.
    Returns places (snapshots, tokens, dimensions), 0 the mean of the tokens, and the share of
    the means' variance that they show, (snapshots,) 0..1 (0 if all means are the same).
    Raises ValueError for other shapes, and more dimensions than tokens - 1 or units.
    Source: P. Schönemann, "A generalized solution of the orthogonal Procrustes problem", 1966.
    """
    means = _checked_trajectory(means, dimensions)
    places, shares = _principal_places(means - means.mean(axis=1, keepdims=True), dimensions)
    for now, before in zip(places[1:], places, strict=False):
        now[:] = now @ orthogonal_procrustes(now, before)[0]
    return places, shares.sum(axis=1)


def joint_trajectories(means: np.ndarray, dimensions: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Token means of all snapshots on the principal axes of them all: one fixed view.

    Arguments and errors as for ``aligned_trajectories``.
    Returns places (snapshots, tokens, dimensions), 0 the mean of all, and the share of all
    variance along each axis, (dimensions,) 0..1.
    """
    means = _checked_trajectory(means, dimensions)
    stacked = means.reshape(1, -1, means.shape[2])
    places, shares = _principal_places(stacked - stacked.mean(axis=1, keepdims=True), dimensions)
    return places.reshape(*means.shape[:2], dimensions), shares[0]


def _groups(tokens: np.ndarray) -> np.ndarray:
    return np.unique(tokens, return_inverse=True)[1]


def _group_means(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    members = np.equal.outer(np.arange(groups.max() + 1), groups).astype(np.float64)  # (groups, exemplars)
    return members @ values / members.sum(axis=1, keepdims=True)


def _ranks_of_two(*trees: np.ndarray) -> list[np.ndarray]:
    """For each tree the ranks of pairs by the height at which they join: (things, things), mean 0 and norm 1."""
    if len({np.shape(joined) for joined in trees}) > 1:
        raise ValueError(
            f"Trees of {' and '.join(str(len(joined) + 1) for joined in trees)} things cannot be compared."
        )
    return [_pair_ranks(joined) for joined in trees]


def _pair_ranks(joined: np.ndarray) -> np.ndarray:
    heights = cophenet(joined)
    ranks = rankdata((heights / (heights.max() or 1)).round(12))  # heights that differ by rounding are one
    centred = squareform(ranks - ranks.mean(), checks=False)
    norm = np.linalg.norm(centred)
    return centred / norm if norm else np.full_like(centred, np.nan)


def _checked_trajectory(means: np.ndarray, dimensions: int) -> np.ndarray:
    means = np.asarray(means, np.float64)
    if means.ndim != 3 or not np.isfinite(means).all():
        raise ValueError(
            f"Token means came with shape {means.shape}. They must be (snapshots, tokens, units), all finite: "
            "stack the token means of one layer at each step."
        )
    most = min(means.shape[1] - 1, means.shape[2])
    if not 1 <= dimensions <= most:
        raise ValueError(
            f"{dimensions} dimensions were asked of {means.shape[1]} tokens and {means.shape[2]} units. "
            f"Possible are 1 to {most}."
        )
    return means


def _principal_places(centred: np.ndarray, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each of many centred sets: places (sets, things, dimensions), and shares of variance (sets, dimensions)."""
    left, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    places = left[..., :dimensions] * lengths[:, np.newaxis, :dimensions]
    furthest = np.take_along_axis(places, np.abs(places).argmax(axis=1, keepdims=True), axis=1)
    total = (lengths**2).sum(axis=1, keepdims=True)
    shares = lengths[:, :dimensions] ** 2 / np.where(total > 0, total, 1)
    return np.where(furthest < 0, -places, places), shares
