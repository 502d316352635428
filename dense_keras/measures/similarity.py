"""How alike two representations are: dissimilarity matrices, their comparison with models, CKA and SVCCA.

A representation is what exemplars evoke in a layer: (exemplars, units) float. A *dissimilarity
matrix* is (exemplars, exemplars), symmetric, with 0 on its diagonal; what counts of it are its
*pairs*, the part above the diagonal. A *model matrix* is what the dissimilarities would be if
one thing alone mattered: the token, a part, a factor, the pixels. Two matrices are compared by
Spearman's rank correlation over pairs, -1..1: only the order of the dissimilarities counts.
What is undefined is NaN, as the similarity of anything to a layer that answers nothing.

Sources: Kriegeskorte, Mur and Bandettini 2008, "Representational similarity analysis"
(dissimilarity matrices); Kornblith et al. 2019, "Similarity of neural network representations
revisited" (linear CKA); Song et al. 2012, "Feature selection via dependence maximization"
(its unbiased estimate); Raghu et al. 2017, "SVCCA".
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import pdist, squareform
from scipy.stats import rankdata

from dense_keras.measures.arguments import checked_activations, checked_tokens, known


def correlation_dissimilarities(activations: np.ndarray) -> np.ndarray:
    """1 - Pearson correlation of each two exemplars over units: (exemplars, exemplars), 0..2.

    activations: (exemplars, units) float, or ``cell_means``. An exemplar to which all units
    answer alike has no correlation: NaN with all others. Raises ValueError for another shape.
    """
    # Less the first, constants become exact zeros, whatever the mean is rounded to.
    patterns = _centred(checked_activations(activations).T).T
    with np.errstate(invalid="ignore"):
        patterns = patterns / np.linalg.norm(patterns, axis=1, keepdims=True)
    dissimilarities = np.clip(1 - patterns @ patterns.T, 0, 2)
    np.fill_diagonal(dissimilarities, 0)
    return dissimilarities


def euclidean_dissimilarities(activations: np.ndarray) -> np.ndarray:
    """Euclidean distance of each two exemplars: (exemplars, exemplars), 0 or more, in the units' scale.

    activations: (exemplars, units) float, or ``cell_means``. Raises ValueError for another shape.
    """
    return squareform(pdist(checked_activations(activations)))


def cell_means(activations: np.ndarray, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean activations of the exemplars in each cell, (cells, units), and the cells' labels, ascending.

    activations: (exemplars, units) float.
    cells: (exemplars,) integers, such as tokens, or (exemplars, columns), such as tokens
    beside a part or beside the bins of a factor; the labels are (cells,) or (cells, columns).
    Raises ValueError if there is not one cell for each exemplar.
    """
    values, cells = checked_activations(activations, fewest=1), np.asarray(cells)
    if cells.ndim not in (1, 2) or len(cells) != len(values):
        raise ValueError(
            f"Cells came with shape {cells.shape} for {len(values)} exemplars: one row, or one integer, each is needed."
        )
    labels, cell, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    sums = np.zeros((len(labels), values.shape[1]))
    np.add.at(sums, cell.ravel(), values)
    return sums / counts[:, np.newaxis], labels


def token_dissimilarities(tokens: np.ndarray) -> np.ndarray:
    """Model matrix of the token: 0 for exemplars of one token, 1 for others: (exemplars, exemplars) float.

    tokens: (exemplars,) integers. Raises ValueError for another shape or type, and for chimeras.
    """
    return _unlike(checked_tokens(tokens, len(tokens), fewest=1))


def part_dissimilarities(codes: np.ndarray | None) -> np.ndarray:
    """Model matrix of each part: 0 for exemplars that wear one variant, 1 for others: (parts, exemplars, exemplars).

    codes: (exemplars, parts) integers.
    Raises NotAvailable for codes that nobody knows.
    """
    return np.array([_unlike(part) for part in known(codes, "codes").T])


def factor_dissimilarities(values: np.ndarray, period: float | None = None) -> np.ndarray:
    """Model matrix of a factor: difference of its values: (exemplars, exemplars) float, 0 or more.

    values: (exemplars,) float.
    period: after which values come round again, such as 360 for an angle in degrees.
    Raises NotAvailable for a factor that nobody knows.
    """
    values = known(values, "factors").astype(np.float64)
    differences = np.abs(values[:, np.newaxis] - values)
    if period is None:
        return differences
    differences = differences % period
    return np.minimum(differences, period - differences)


def pixel_dissimilarities(images: np.ndarray) -> np.ndarray:
    """Model matrix of the pixels: 1 - Pearson correlation of images: (exemplars, exemplars), 0..2.

    It is what ``correlation_dissimilarities`` would be of a layer with a unit for each pixel.
    images: (exemplars, height, width, channels). Raises ValueError for fewer than two.
    """
    return correlation_dissimilarities(images.reshape(len(images), -1))


def centred_ranks(dissimilarities: np.ndarray) -> np.ndarray:
    """Ranks of a matrix's pairs, centred and of length 1: (pairs,) float, -1..1, ties ranked alike.

    The product of two is Spearman's correlation, so a model matrix needs to be ranked only once:
    ``ranked_models = np.array([centred_ranks(model) for model in models])``.
    dissimilarities: (exemplars, exemplars) float. NaN if any pair is NaN or all pairs are alike.
    Raises ValueError if it is no square matrix of three or more exemplars.
    """
    ranks = rankdata(_pairs(dissimilarities))
    ranks -= ranks.mean()
    with np.errstate(invalid="ignore"):
        return ranks / np.linalg.norm(ranks)


def rank_correlations(dissimilarities: np.ndarray, ranked_models: np.ndarray) -> np.ndarray:
    """Spearman correlation of a dissimilarity matrix with each model: (models,) float, -1..1.

    A model of a few values, such as that of the token, cannot be met fully by ranks without
    ties: see ``rank_correlation_ceiling``.
    dissimilarities: (exemplars, exemplars); ranked_models: (models, pairs), of ``centred_ranks``.
    Raises ValueError if the models are of other exemplars.
    """
    ranks = centred_ranks(dissimilarities)
    ranked_models = np.atleast_2d(ranked_models)
    if ranked_models.shape[1] != len(ranks):
        raise ValueError(
            f"The models have {ranked_models.shape[1]} pairs, the dissimilarities of {len(dissimilarities)} exemplars "
            f"{len(ranks)}: rank models of the same exemplars."
        )
    return ranked_models @ ranks


def rank_correlation_ceiling(model: np.ndarray) -> float:
    """Highest Spearman correlation that dissimilarities without ties can have with a model: 0..1.

    For a model of two values it is sqrt(3 p (1 - p)), p the share of pairs that differ: .69 for
    five tokens that are equally frequent. For one without ties it is 1.
    model: (exemplars, exemplars) float. Raises ValueError as ``centred_ranks``.
    """
    pairs = _pairs(model)
    return float(rankdata(pairs).std() / np.sqrt((len(pairs) ** 2 - 1) / 12))


def permuted_rank_correlations(
    dissimilarities: np.ndarray, ranked_models: np.ndarray, generator: np.random.Generator, permutations: int = 200
) -> np.ndarray:
    """``rank_correlations`` after the exemplars have changed places at random: (permutations, models), -1..1.

    Its mean is 0 for each model. For the other arguments and errors see there.
    """
    observed = rank_correlations(dissimilarities, ranked_models)
    ranks = squareform(centred_ranks(dissimilarities))
    null = np.empty((permutations, len(observed)))
    for row in null:
        order = generator.permutation(len(ranks))
        row[:] = ranked_models @ squareform(ranks[np.ix_(order, order)], checks=False)
    return null


def permutation_p_values(observed: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Probability of at least the observed value if exemplars had nothing to do with it: (models,), above 0, to 1.

    observed: (models,); null: (permutations, models).
    Source: Phipson and Smyth 2010, "Permutation p-values should never be zero".
    """
    p_values = (1 + (null >= observed).sum(axis=0)) / (1 + len(null))
    return np.where(np.isnan(observed), np.nan, p_values)


def token_indicators(tokens: np.ndarray) -> np.ndarray:
    """1 in the column of the exemplar's token, 0 elsewhere: (exemplars, tokens) float.

    As a representation it is one that knows the token and nothing else:
    ``cka_debiased(activations, token_indicators(tokens))``.
    tokens: (exemplars,) integers; a column for each token that occurs, ascending.
    Raises ValueError for another shape or type, and for chimeras.
    """
    tokens = checked_tokens(tokens, len(tokens), fewest=1)
    return (tokens[:, np.newaxis] == np.unique(tokens)).astype(np.float64)


def cka(first: np.ndarray, second: np.ndarray) -> float:
    """Linear centred kernel alignment of two representations: 0..1, 1 for equal ones.

    A rotation, a shift or one scale for all units changes nothing; a scale for each unit does.
    It is high even for unrelated representations when units outnumber exemplars: prefer
    ``cka_debiased``.
    first, second: (exemplars, units) float of the same exemplars; units may differ.
    Raises ValueError for other exemplars. NaN for a representation that is constant.
    Source: Kornblith et al. 2019.
    """
    first, second = _centred_pair(first, second, fewest=2)
    return _ratio(_alignment(first, second), _alignment(first, first), _alignment(second, second))


def cka_debiased(first: np.ndarray, second: np.ndarray) -> float:
    """``cka`` with unbiased estimates: 0 on average for unrelated representations, however many units.

    It can be negative by chance; 1 for equal representations.
    first, second: (exemplars, units) float of the same exemplars, four or more.
    Raises ValueError for other or fewer exemplars. NaN for a representation that is constant.
    Source: the unbiased estimate of Song et al. 2012, written in units instead of pairs of exemplars.
    """
    first, second = _centred_pair(first, second, fewest=4)
    return _ratio(
        _unbiased_alignment(first, second), _unbiased_alignment(first, first), _unbiased_alignment(second, second)
    )


def canonical_correlations(first: np.ndarray, second: np.ndarray, variance: float = 0.99) -> np.ndarray:
    """Correlations of two representations along their best matching directions: (directions,), 0..1, descending.

    Of each representation the fewest principal directions are kept that hold ``variance``;
    there are as many correlations as directions of the one that has fewer. Unrelated
    representations are correlated too when directions are not few beside exemplars.
    first, second: (exemplars, units) float of the same exemplars. variance: above 0, to 1.
    Raises ValueError for other exemplars or another variance. None for a constant representation.
    Source: Raghu et al. 2017.
    """
    if not 0 < variance <= 1:
        raise ValueError(f"The variance to keep came as {variance}; it must be above 0 and at most 1.")
    first, second = (_main_directions(values, variance) for values in _centred_pair(first, second, fewest=2))
    return np.clip(np.linalg.svd(first.T @ second, compute_uv=False), 0, 1)


def svcca(first: np.ndarray, second: np.ndarray, variance: float = 0.99) -> float:
    """Mean of ``canonical_correlations``: 0..1, 1 for equal representations; NaN for a constant one.

    With ``variance=1`` no invertible linear map of the units changes it. For arguments, errors and source see there.
    """
    correlations = canonical_correlations(first, second, variance)
    return float(correlations.mean()) if len(correlations) else float("nan")


def _centred(values: np.ndarray) -> np.ndarray:
    shifted = values - values[:1]
    return shifted - shifted.mean(axis=0)


def _unlike(labels: np.ndarray) -> np.ndarray:
    return (labels[:, np.newaxis] != labels).astype(np.float64)


def _pairs(matrix: np.ndarray) -> np.ndarray:
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 3:
        raise ValueError(
            f"A dissimilarity matrix came with shape {matrix.shape}. It must be (exemplars, exemplars), with three "
            "or more: give one matrix at a time."
        )
    return squareform(matrix, checks=False)


def _centred_pair(first: np.ndarray, second: np.ndarray, fewest: int) -> tuple[np.ndarray, np.ndarray]:
    first, second = checked_activations(first, fewest), checked_activations(second, fewest)
    if len(first) != len(second):
        raise ValueError(
            f"The representations are of {len(first)} and {len(second)} exemplars: both must be of the same."
        )
    return _centred(first), _centred(second)


def _alignment(first: np.ndarray, second: np.ndarray) -> float:
    return float(((first.T @ second) ** 2).sum())


def _unbiased_alignment(first: np.ndarray, second: np.ndarray) -> float:
    count = len(first)
    first_squares, second_squares = (first**2).sum(axis=1), (second**2).sum(axis=1)
    own_pairs = first_squares @ second_squares * count / (count - 2)
    return (
        _alignment(first, second) - own_pairs + first_squares.sum() * second_squares.sum() / ((count - 1) * (count - 2))
    )


def _ratio(both: float, first: float, second: float) -> float:
    return both / np.sqrt(first * second) if first > 0 and second > 0 else float("nan")


def _main_directions(centred: np.ndarray, variance: float) -> np.ndarray:
    directions, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    kept = lengths > lengths[0] * max(centred.shape) * np.finfo(np.float64).eps
    shares = np.cumsum(lengths**2) / max((lengths**2).sum(), np.finfo(np.float64).tiny)
    return directions[:, : min(kept.sum(), np.searchsorted(shares, variance) + 1)]
