"""Dimension: in how many directions activations spread, straight (principal axes) or along a curved surface.

The participation ratio counts straight directions, large ones for more; the intrinsic
dimension counts the directions in which one can move *within* the cloud of exemplars, and is
lower where the cloud is curved. Neither changes when activations are shifted, rotated, or
multiplied by a number. The array with a value for each axis or exemplar comes first.
"""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import NearestNeighbors

from dense_keras.measures.arguments import checked_activations


def axis_variances(activations: np.ndarray) -> np.ndarray:
    """Variance along each principal axis, largest first: (the lesser of exemplars and units,) float, 0 or more.

    activations: (exemplars, units).
    Raises ValueError for another shape, fewer than two exemplars, and values that are not finite.
    """
    products = _products(activations)
    return np.maximum(np.linalg.eigvalsh(products)[::-1], 0) / (len(activations) - 1)


def participation_ratio(activations: np.ndarray) -> float:
    """Number of axes along which activations spread: squared sum of ``axis_variances`` over the sum of their squares.

    n if they spread alike along n axes; 1 to the lesser of exemplars - 1 and units; 0 if nothing varies.
    activations: (exemplars, units). Errors as for ``axis_variances``.
    Source: P. Gao et al., "A theory of multineuronal dimensionality, dynamics and measurement", 2017.
    """
    products = _products(activations)
    # Sums of the eigenvalues and of their squares, without the eigenvalues.
    return float(products.trace() ** 2 / np.vdot(products, products)) if products.any() else 0.0


def neighbour_ratios(activations: np.ndarray) -> np.ndarray:
    """Distance of each exemplar's second neighbour over that of its first: (different exemplars,) float, 1 or more.

    Exemplars with equal activations count once, in the place of the first of them.
    activations: (exemplars, units).
    Raises ValueError for another shape, fewer than three different exemplars, and values that are not finite.
    """
    activations = _without_repeats(checked_activations(activations))
    if len(activations) < 3:
        raise ValueError(f"{len(activations)} different exemplar(s) came; two neighbours take 3 or more.")
    centred = activations - activations.mean(axis=0)
    neighbours = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(centred).kneighbors(return_distance=False)
    distances = np.linalg.norm(centred[:, np.newaxis] - centred[neighbours], axis=2)
    return distances.max(axis=1) / distances.min(axis=1)


def intrinsic_dimension(activations: np.ndarray, discarded: float = 0.1) -> float:
    """Dimension of the surface on which exemplars lie (TwoNN), more than 0.

    On a surface of dimension d a share mu ** -d of exemplars has a neighbour ratio above mu, so d is the
    slope of -log(share) over log(mu), by least squares through 0.
    activations: (exemplars, units); hundreds of exemplars are needed for a dimension of ten or so, and
    higher ones come out too low. discarded: share of exemplars with the largest ratios, left out.
    Raises ValueError as ``neighbour_ratios``, for a share outside 0..1, and if both neighbours of every
    exemplar that is kept are equally far.
    Source: E. Facco et al., "Estimating the intrinsic dimension of datasets by a minimal neighborhood
    information", 2017.
    """
    if not 0 < discarded < 1:
        raise ValueError(f"The share to discard came as {discarded}; it must lie between 0 and 1.")
    ratios = np.sort(neighbour_ratios(activations))
    kept = max(int(len(ratios) * (1 - discarded)), 1)
    log_ratios = np.log(ratios[:kept])
    if not log_ratios.any():
        raise ValueError("Both neighbours of every exemplar are equally far: exemplars on a lattice have no dimension.")
    log_shares = -np.log1p(-np.arange(1, kept + 1) / len(ratios))
    return float(log_ratios @ log_shares / (log_ratios @ log_ratios))


def _products(activations: np.ndarray) -> np.ndarray:
    """Inner products of centred units, or of exemplars where these are fewer: their eigenvalues are the same."""
    activations = checked_activations(activations)
    values = activations - activations[0]  # exactly 0 for a constant unit
    values -= values.mean(axis=0)
    return values.T @ values if values.shape[1] < len(values) else values @ values.T


def _without_repeats(activations: np.ndarray) -> np.ndarray:
    first = {(row + 0.0).tobytes(): number for number, row in reversed(list(enumerate(activations)))}
    return activations[sorted(first.values())]
