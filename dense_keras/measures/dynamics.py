"""Dynamics: how far the weights go, how steadily gradients point, and what the trajectory looks like.

Weights and gradients come as recorded: a mapping ``LAYER/NAME`` -> array, kernels
(height, width, in, out) or (in, out), biases (out,). What is said of a layer's *weights*
is said of its kernels, the names that end in ``kernel``, together as one vector.
A *weight vector* is all weights of a snapshot in one row.

Loss and gradients are not computed here: they come as arrays, or as a function that
multiplies a vector by the Hessian.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import wishart

LAZY = 0.9
"""Cosine of weights, or similarity of activations, with the untrained network's, from which on we say "lazy".

Our own line, to read tables by; the numbers are what counts."""

CHUNK = 100_000
"""Weights of all snapshots that are held as float64 at a time."""


def layer_norms(weights: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Layer -> norm of all that came of the layer, kernels and biases together: 0 or more.

    weights: ``LAYER/NAME`` -> (...). Of gradients it is the gradient norm of each layer, and
    ``np.linalg.norm`` of these the whole gradient's.
    Raises ValueError for values that are not finite.
    """
    return {layer: float(np.linalg.norm(vector)) for layer, vector in _layer_vectors(weights).items()}


def kernel_norms(weights: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Layer -> norm of its kernels, 0 or more.

    weights: ``LAYER/NAME`` -> (...). Raises ValueError if there is no kernel, and for values that are not finite.
    """
    return layer_norms(_kernels(weights))


def relative_changes(weights: Mapping[str, np.ndarray], initial_weights: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Layer -> how far its kernels are from the initial ones, as a share of the norm of these: 0 or more.

    weights, initial_weights: ``LAYER/NAME`` -> (...), of two snapshots of one run.
    Raises ValueError if there is no kernel, if the two differ in names or shapes, if an initial kernel is all
    0, and for values that are not finite.
    """
    return {
        layer: float(np.linalg.norm(now - initial) / np.linalg.norm(initial))
        for layer, (now, initial) in _kernel_pairs(weights, initial_weights).items()
    }


def layer_rotations(weights: Mapping[str, np.ndarray], initial_weights: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Layer -> 1 - cosine of its kernels with the initial ones: 0 (same direction), 1 (at right angles), to 2.

    It does not change when kernels are multiplied by a positive number. Arguments and errors as for
    ``relative_changes``; raises ValueError for a kernel that is all 0 too.
    Source: S. Carbonnelle and C. De Vleeschouwer, "Layer rotation", 2019.
    """
    return {
        layer: _rotation(layer, now, initial)
        for layer, (now, initial) in _kernel_pairs(weights, initial_weights).items()
    }


@dataclass(frozen=True)
class Regime:
    """How far a layer went from where it began: in its weights, and in what it evokes.

    relative_change, rotation: of its kernels. similarity: of its activations with the untrained network's.
    """

    relative_change: float
    rotation: float
    similarity: float

    @property
    def weights(self) -> str:
        """``lazy`` or ``rich``, by the rotation."""
        return "lazy" if 1 - self.rotation >= LAZY else "rich"

    @property
    def activations(self) -> str:
        """``lazy`` or ``rich``, by the similarity; ``unknown`` if that is NaN, as of a silent layer."""
        if np.isnan(self.similarity):
            return "unknown"
        return "lazy" if self.similarity >= LAZY else "rich"


def lazy_or_rich(
    weights: Mapping[str, np.ndarray],
    initial_weights: Mapping[str, np.ndarray],
    similarities: Mapping[str, float],
) -> dict[str, Regime]:
    """Layer -> whether it learned features (rich) or kept near its random ones (lazy), in weights and in activations.

    The two can differ: a small turn of many layers below changes all that a layer is given.
    weights, initial_weights: as for ``layer_rotations``.
    similarities: layer -> similarity (debiased CKA) of its activations with the untrained network's.
    Raises ValueError as ``layer_rotations``, and for a layer without a similarity.
    Source of the words: L. Chizat, E. Oyallon and F. Bach, "On lazy training in differentiable programming", 2019;
    B. Woodworth et al., "Kernel and rich regimes in overparametrized models", 2020. The line between them is our own.
    """
    changes, rotations = relative_changes(weights, initial_weights), layer_rotations(weights, initial_weights)
    missing = [layer for layer in changes if layer not in similarities]
    if missing:
        raise ValueError(
            f"No similarity came for layer(s) {', '.join(missing)}. Given: {', '.join(similarities) or 'none'}. "
            "Compare the layer's activations with those at step 0."
        )
    return {layer: Regime(changes[layer], rotations[layer], float(similarities[layer])) for layer in changes}


def gradient_signal_and_noise(gradients: np.ndarray, batch_size: int) -> tuple[float, float]:
    """Squared norm of the true gradient, and sum of the variances of an exemplar's gradient: unbiased estimates.

    The first may come out negative when the batches are too few to tell it from 0. To average over
    steps, average each of the two and divide then.
    gradients: (batches, weights), mean gradients over batches of ``batch_size`` exemplars each, all at the
    same weights. The batches alone are the small batches, all together the large one.
    Raises ValueError for another shape, fewer than two batches, a batch size below 1, and values that are not finite.
    Source: S. McCandlish et al., "An empirical model of large-batch training", 2018, appendix A.1.
    """
    gradients = np.asarray(gradients)
    if gradients.ndim != 2 or len(gradients) < 2 or batch_size < 1:
        raise ValueError(
            f"Gradients came with shape {gradients.shape} for batches of {batch_size}. They must be (batches, weights) "
            "with two batches or more, of one exemplar or more each."
        )
    small = np.einsum("bw,bw->b", gradients, gradients, dtype=np.float64).mean()
    large = (gradients.mean(axis=0, dtype=np.float64) ** 2).sum()
    if not np.isfinite(small):
        raise ValueError("The gradients hold NaN or infinite values: the training diverged before this step.")
    large_size = batch_size * len(gradients)
    signal = (large_size * large - batch_size * small) / (large_size - batch_size)
    noise = (small - large) / (1 / batch_size - 1 / large_size)
    return float(signal), float(noise)


def gradient_noise_scale(gradients: np.ndarray, batch_size: int) -> float:
    """Exemplars in a batch at which noise and signal of its gradient are equal (simple noise scale): 0 or more.

    Infinite where the gradient cannot be told from 0. For arguments, errors and source see
    ``gradient_signal_and_noise``.
    """
    signal, noise = gradient_signal_and_noise(gradients, batch_size)
    return noise / signal if signal > 0 else float("inf")


def sharpness_by_iteration(
    hessian_vector: Callable[[np.ndarray], np.ndarray], start: np.ndarray, iterations: int = 20
) -> tuple[np.ndarray, np.ndarray]:
    """Estimates of the Hessian's eigenvalue of largest size by power iteration, and how unfinished each is.

    hessian_vector: (weights,) -> the Hessian times it, (weights,). start: (weights,), random and not 0.
    Returns eigenvalues (iterations,), in loss per squared weight, and residuals (iterations,) 0..1: the sine of
    the angle between a vector and its product; 0 when it is an eigenvector.
    Raises ValueError for a start that is 0, fewer than one iteration, and products that are not finite or of
    another shape. Source: R. von Mises and H. Pollaczek-Geiringer 1929, the power method.
    """
    length = np.linalg.norm(start)
    if length == 0 or iterations < 1:
        raise ValueError(f"{iterations} iteration(s) from a start of norm {length:g}: both must be more than 0.")
    direction = np.asarray(start, np.float64) / length
    eigenvalues, residuals = np.zeros(iterations), np.zeros(iterations)
    for iteration in range(iterations):
        product = np.asarray(hessian_vector(direction), np.float64)
        if product.shape != direction.shape or not np.isfinite(product).all():
            raise ValueError(
                f"The Hessian times a vector of shape {direction.shape} came with shape {product.shape}; "
                "it must have the same, and be finite."
            )
        length = np.linalg.norm(product)
        if length == 0:
            break
        eigenvalues[iteration] = direction @ product
        residuals[iteration] = np.linalg.norm(product - eigenvalues[iteration] * direction) / length
        direction = product / length
    return eigenvalues, residuals


def sharpness(
    hessian_vector: Callable[[np.ndarray], np.ndarray],
    num_weights: int,
    generator: np.random.Generator,
    iterations: int = 20,
) -> tuple[float, float]:
    """Largest curvature of the loss, and how unfinished the estimate is (0..1): the last of ``sharpness_by_iteration``.

    The start, (num_weights,), is drawn from the generator. In loss per squared weight; negative where the loss
    bends down more than it bends up anywhere. For the other arguments and errors see there.
    Source: J. Cohen et al., "Gradient descent on neural networks typically occurs at the edge of stability",
    2021: for full-batch gradient descent it rises to 2 / learning rate and stays there.
    """
    eigenvalues, residuals = sharpness_by_iteration(hessian_vector, generator.standard_normal(num_weights), iterations)
    return float(eigenvalues[-1]), float(residuals[-1])


def weight_vector(weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """All weights in one row, in the order of the mapping: (weights,), as they come."""
    return np.concatenate([np.ravel(values) for values in weights.values()])


def weights_of_vector(vector: np.ndarray, like: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The mapping of which ``weight_vector`` is the vector, with names and shapes of ``like``.

    vector: (weights,). Raises ValueError if the vector is not as long as ``like`` has weights.
    """
    sizes = [np.size(values) for values in like.values()]
    if np.shape(vector) != (sum(sizes),):
        raise ValueError(f"A vector of shape {np.shape(vector)} came for {sum(sizes)} weights.")
    pieces = np.split(np.asarray(vector), np.cumsum(sizes)[:-1])
    return {path: piece.reshape(np.shape(values)) for (path, values), piece in zip(like.items(), pieces, strict=True)}


@dataclass(frozen=True)
class TrajectoryPlane:
    """The plane that shows most of a trajectory.

    places: (snapshots, 2) in units of weight, (0, 0) the last snapshot; the first is at the lower left.
    shares: (snapshots - 1,) of the variance along each principal axis, descending; the first two are the plane's.
    directions: (2, weights), orthonormal: weights at (x, y) are the last ones + x and y times these.
    strides: (snapshots - 1,) distance of each snapshot from the one before.
    """

    places: np.ndarray
    shares: np.ndarray
    directions: np.ndarray
    strides: np.ndarray


def trajectory_plane(vectors: np.ndarray) -> TrajectoryPlane:
    """Principal plane of the snapshots' weights, through the last.

    Most of a random walk lies in a plane too, so compare the shares with ``random_walk_shares``.
    vectors: (snapshots, weights), the ``weight_vector`` of each; float32 will do, as memory for
    float64 is taken in pieces.
    Raises ValueError for another shape, fewer than three snapshots, snapshots on a line, and values that are
    not finite.
    Source: H. Li et al., "Visualizing the loss landscape of neural nets", 2018, arXiv 1712.09913.
    """
    vectors = np.asarray(vectors)
    if vectors.ndim != 2 or len(vectors) < 3 or not vectors.size:
        raise ValueError(
            f"Weight vectors came with shape {vectors.shape}. They must be (snapshots, weights), with 3 snapshots or "
            "more."
        )
    if not np.isfinite(vectors).all():
        raise ValueError("The weights hold NaN or infinite values: the training diverged.")
    products = sum(differences @ differences.T for differences in _from_last(vectors))
    variances, mixtures = np.linalg.eigh(_centred(products))
    if variances[-2] <= 1e-12 * variances[-1]:
        raise ValueError("The snapshots lie on a line and span no plane.")
    mixtures = mixtures[:, :-3:-1] / np.sqrt(variances[:-3:-1])  # (snapshots, 2); columns sum to 0
    mixtures *= np.where((products @ mixtures)[0] > 0, -1, 1)
    directions = np.concatenate([mixtures.T @ differences for differences in _from_last(vectors)], axis=1)
    squares = products.diagonal()
    strides = np.sqrt(np.maximum(squares[1:] + squares[:-1] - 2 * products.diagonal(1), 0))
    return TrajectoryPlane(products @ mixtures, _shares(_centred(products)), directions, strides)


def random_walk_shares(
    strides: np.ndarray, num_weights: int, generator: np.random.Generator, walks: int = 100
) -> np.ndarray:
    """``TrajectoryPlane.shares`` of random walks: (walks, snapshots - 1) float, descending, each row of sum 1.

    Each stride goes in a direction of its own, drawn from the generator.
    strides: (snapshots - 1,) lengths: a trajectory's own for walks that went as far; the roots of the steps
    between snapshots for a walk of equal steps, recorded when the run was. num_weights: at least as many as strides.
    For many equal strides and more weights the shares come to 6 / (pi k) ** 2, so .61 and .15: the plane shows .76.
    Raises ValueError for fewer than two strides, strides that are negative or all 0, and too few weights.
    Source: J. Antognini and J. Sohl-Dickstein, "PCA of high dimensional random walks with comparison to neural
    network training", 2018, arXiv 1806.08805.
    """
    strides = np.asarray(strides, np.float64)
    count = strides.size
    if strides.ndim != 1 or count < 2 or strides.min() < 0 or not strides.any() or num_weights < count:
        raise ValueError(
            f"{count} stride(s) of shape {strides.shape} came for {num_weights} weights. It takes two strides or more, "
            "none negative, not all 0, and as many weights."
        )
    # All that matters of Gaussian strides is their inner products, and these have a Wishart distribution.
    drawn = wishart(num_weights, np.eye(count)).rvs(walks, random_state=generator).reshape(walks, count, count)
    of_places = (strides[:, np.newaxis] * drawn * strides).cumsum(axis=1).cumsum(axis=2)
    return _shares(_centred(np.pad(of_places, ((0, 0), (1, 0), (1, 0)))))


def filter_normalised_direction(
    weights: Mapping[str, np.ndarray], generator: np.random.Generator
) -> dict[str, np.ndarray]:
    """A random direction in which each filter is as long as the filter of the weights: names and shapes of ``weights``.

    A filter is what leads to one unit: all that has one last index. Biases do not move. Two of these
    span a plane on which the loss of different networks can be compared.
    Source: H. Li et al., "Visualizing the loss landscape of neural nets", 2018, arXiv 1712.09913.
    """
    return {path: _like_filters(np.asarray(values, np.float64), generator) for path, values in weights.items()}


def _like_filters(values: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    if values.ndim < 2:
        return np.zeros_like(values)
    drawn = generator.standard_normal(values.shape)
    axes = tuple(range(values.ndim - 1))
    return drawn * np.sqrt((values**2).sum(axis=axes) / (drawn**2).sum(axis=axes))


def _layer_vectors(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    layers: dict[str, list[np.ndarray]] = {}
    for path, values in arrays.items():
        if not np.isfinite(values).all():
            raise ValueError(f"{path} holds NaN or infinite values: the training diverged before this step.")
        layers.setdefault(path.rsplit("/", 1)[0], []).append(np.asarray(values, np.float64).ravel())
    return {layer: np.concatenate(vectors) for layer, vectors in layers.items()}


def _kernels(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    kernels = {path: values for path, values in weights.items() if path.endswith("kernel")}
    if not kernels:
        raise ValueError(f"No kernel came, only {', '.join(weights) or 'nothing'}. Names of kernels end in 'kernel'.")
    return kernels


def _kernel_pairs(
    weights: Mapping[str, np.ndarray], initial_weights: Mapping[str, np.ndarray]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    kernels, initial_kernels = _kernels(weights), _kernels(initial_weights)
    shapes, initial_shapes = (
        {path: np.shape(values) for path, values in both.items()} for both in (kernels, initial_kernels)
    )
    if shapes != initial_shapes:
        raise ValueError(f"Kernels {shapes} cannot be compared with {initial_shapes}: take two snapshots of one run.")
    now, initial = _layer_vectors(kernels), _layer_vectors({path: initial_kernels[path] for path in kernels})
    still = [layer for layer, vector in initial.items() if not vector.any()]
    if still:
        raise ValueError(f"The initial kernel of {', '.join(still)} is all 0: nothing can be compared with it.")
    return {layer: (now[layer], initial[layer]) for layer in now}


def _rotation(layer: str, now: np.ndarray, initial: np.ndarray) -> float:
    if not now.any():
        raise ValueError(f"The kernel of {layer} is all 0: it has no direction.")
    difference = now / np.linalg.norm(now) - initial / np.linalg.norm(initial)
    return float(difference @ difference / 2)  # 1 - cosine, without rounding below 0


def _from_last(vectors: np.ndarray) -> Iterator[np.ndarray]:
    """Pieces (snapshots, some weights) of the vectors' differences from the last."""
    for start in range(0, vectors.shape[1], CHUNK):
        piece = vectors[:, start : start + CHUNK].astype(np.float64)
        yield piece - piece[-1]


def _centred(products: np.ndarray) -> np.ndarray:
    """Inner products of places, after the mean of the places is taken off."""
    half = products - products.mean(axis=-1, keepdims=True)
    return half - half.mean(axis=-2, keepdims=True)


def _shares(centred_products: np.ndarray) -> np.ndarray:
    """Shares of variance along the principal axes, descending, one fewer than places."""
    variances = np.maximum(np.linalg.eigvalsh(centred_products)[..., :0:-1], 0)
    return variances / variances.sum(axis=-1, keepdims=True)
