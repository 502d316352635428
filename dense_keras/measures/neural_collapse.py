"""Neural collapse: what becomes of the last features when training goes on long after the last error.

Four things happen together there: exemplars of a token fall into one point (NC1), the
token means become as far from each other as they can, a simplex (NC2), the classifier's
weights become the token means (NC3), and the decision becomes the nearest token mean (NC4).
All measures are 0 when collapse is complete. They are meant for the features in front of the
classifier (the layer ``dense``), of *training* exemplars; NC2 and NC3 need training far
beyond the first step without an error, and weight decay.

*Centred means* are token means less their mean, (tokens, units), so each token counts the
same whatever its number of exemplars.

Source: V. Papyan, X. Han and D. Donoho, "Prevalence of neural collapse during the terminal
phase of deep learning training", 2020, arXiv 2008.08186.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from dense_keras.measures.arguments import checked_activations, checked_tokens
from dense_keras.measures.categories import token_means


def centred_means(activations: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Token means less the mean of all tokens, in ascending order of the tokens: (tokens, units) float64.

    activations: (exemplars, units), tokens: (exemplars,) integers.
    Raises ValueError for other shapes, chimeras, fewer than two tokens, and values that are not finite.
    """
    activations = checked_activations(activations)
    means = token_means(activations, checked_tokens(tokens, len(activations)))
    return means - means.mean(axis=0)


def token_variabilities(activations: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Each token's scatter as seen from between them, tr(Sigma_c pinv(Sigma_B)) / tokens: (tokens,) float, 0 or more.

    Sigma_c is the covariance of the token's exemplars, Sigma_B that of the centred means. What
    exemplars do in directions in which no token differs from another does not count.
    Arguments and errors as for ``centred_means``; raises ValueError too if all token means are the same.
    """
    activations = checked_activations(activations)
    tokens = checked_tokens(tokens, len(activations))
    means = centred_means(activations, tokens)
    _, lengths, directions = np.linalg.svd(means, full_matrices=False)
    lengths, directions = lengths[: len(means) - 1], directions[: len(means) - 1]  # centred means span no more
    if lengths[0] <= 1e-12 * np.abs(activations).max():
        raise ValueError("All token means are the same: there is nothing to compare the exemplars' scatter with.")
    differ = lengths > 1e-10 * lengths[0]
    places = activations @ (directions[differ] / lengths[differ, np.newaxis]).T  # (exemplars, directions)
    return np.array([places[tokens == token].var(axis=0).sum() for token in np.unique(tokens)])


def variability(activations: np.ndarray, tokens: np.ndarray) -> float:
    """NC1, collapse of variability: tr(Sigma_W pinv(Sigma_B)) / tokens, 0 or more; mean of ``token_variabilities``.

    It does not change when activations are rotated, shifted, or multiplied by a number. Arguments and errors as there.
    """
    return float(token_variabilities(activations, tokens).mean())


def norm_variation(vectors: np.ndarray) -> float:
    """NC2a, equal lengths: standard deviation of the vectors' lengths over their mean, 0 or more.

    vectors: (tokens, units), the centred means, or the classifier's weights: its kernel transposed.
    Raises ValueError for another shape, fewer than two vectors, values that are not finite, and if all are 0.
    """
    lengths = np.linalg.norm(_checked_vectors(vectors), axis=1)
    if not lengths.any():
        raise ValueError("All vectors are 0: they have no lengths to compare.")
    return float(lengths.std() / lengths.mean())


def pair_angle_deviations(vectors: np.ndarray) -> np.ndarray:
    """How far the cosine of every two vectors is from a simplex's, |cos + 1 / (tokens - 1)|: (pairs,) float, 0..2.

    In the order of ``np.triu_indices(tokens, 1)``. vectors: as for ``norm_variation``.
    Raises ValueError as ``norm_variation``, and if one vector is 0.
    """
    vectors = _checked_vectors(vectors)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not lengths.all():
        raise ValueError(f"Vectors {np.flatnonzero(lengths == 0).tolist()} are 0 and have no direction.")
    cosines = (vectors / lengths) @ (vectors / lengths).T
    return np.abs(cosines + 1 / (len(vectors) - 1))[np.triu_indices(len(vectors), 1)]


def angle_deviation(vectors: np.ndarray) -> float:
    """NC2b, equal and largest angles: mean of ``pair_angle_deviations``, 0..2. Argument and errors as there."""
    return float(pair_angle_deviations(vectors).mean())


def duality_distance(means: np.ndarray, kernel: np.ndarray) -> float:
    """NC3, self-duality: distance of the classifier's weights from the centred means, both scaled to norm 1; 0..2.

    The square root of 2 (1.41) if they have nothing to do with each other.
    means: (tokens, units), of ``centred_means`` for all tokens; kernel: (units, tokens), the classifier's.
    Raises ValueError for shapes that do not fit, and if one of them is all 0.
    """
    means, weights = _checked_vectors(means), _checked_vectors(np.transpose(kernel))
    if means.shape != weights.shape:
        raise ValueError(
            f"Means of (tokens, units) {means.shape} do not fit a kernel of (units, tokens) {np.shape(kernel)}. "
            "Take the means in front of the classifier, of all its tokens."
        )
    if not means.any() or not weights.any():
        raise ValueError("The means or the weights are all 0: they have no direction.")
    return float(np.linalg.norm(weights / np.linalg.norm(weights) - means / np.linalg.norm(means)))


def nearest_mean_disagreements(activations: np.ndarray, tokens: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Whether the network's decision is not the token with the nearest mean: (exemplars,) bool.

    activations: (exemplars, units), tokens: (exemplars,) integers, logits: (exemplars, tokens).
    Raises ValueError for shapes that do not fit, and if a token has no exemplar.
    """
    activations = checked_activations(activations)
    tokens, logits = checked_tokens(tokens, len(activations)), np.asarray(logits)
    if logits.ndim != 2 or len(logits) != len(tokens) or set(tokens) != set(range(logits.shape[1])):
        raise ValueError(
            f"Logits came with shape {logits.shape} for {len(tokens)} exemplars of tokens "
            f"{sorted(set(tokens.tolist()))}. They must be (exemplars, tokens), with an exemplar or more of each token."
        )
    return cdist(activations, token_means(activations, tokens)).argmin(axis=1) != logits.argmax(axis=1)


def nearest_mean_disagreement(activations: np.ndarray, tokens: np.ndarray, logits: np.ndarray) -> float:
    """NC4, nearest mean: share of ``nearest_mean_disagreements``, 0..1. Arguments and errors as there."""
    return float(nearest_mean_disagreements(activations, tokens, logits).mean())


def _checked_vectors(vectors: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, np.float64)
    if vectors.ndim != 2 or len(vectors) < 2 or not np.isfinite(vectors).all():
        raise ValueError(
            f"Vectors came with shape {vectors.shape}. They must be (tokens, units), for two tokens or more, all "
            "finite; a kernel is (units, tokens)."
        )
    return vectors
