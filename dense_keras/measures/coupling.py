"""Coupling: which units go together, and which input makes which unit respond.

Three kinds, never to be mixed in one graph:

* *co-activation* of two units, (units, other units) in -1..1. Two detectors of the same
  token, or two units that follow the light, go together without any link between them, so a
  raw correlation is no evidence of one. ``noise_correlation`` removes what tokens and factors
  of the view explain; ``signal_correlation`` is of shared tuning alone, and says so. Even an
  untrained network couples many units: compare with step 0.
* *contribution* of an input to a unit of the next layer, (exemplars, inputs, units), in the
  unit's own scale. It is exact, not estimated: a unit's response before its bias and ReLU
  is the sum of its contributions, and zeroing the edge's weights takes away this very amount.
* *weight strength*, (inputs, units), 0 or more: what the weights alone promise.

For a 3x3 convolution with padding "same" and stride 1 the mean response over space is a sum
too: over inputs, and over the nine taps of the kernel, of the weight times the mean of what
the tap sees (``shifted_means``). Kernels are (3, 3, inputs, units) or, of a dense layer,
(inputs, units). The input of a convolution after a pooling is the *pooled* map; that of our
dense layer is the recorded ``global_pool``. ``kernel_inputs`` reads either from a network.

That the responses add up is the linearity of a convolution; to read the terms as couplings is our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy.linalg import inv, orth
from sklearn.covariance import ledoit_wolf

from dense_keras.measures.arguments import checked_activations
from dense_keras.measures.categories import token_means

_ROUNDING = 1e-9
"""A remainder smaller than this share of what it is left of is rounding, and taken as 0."""


def token_code_cells(tokens: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Number of each combination of token and code that occurs: (exemplars,) integers from 0.

    tokens: (exemplars,), codes: (exemplars, parts) integers; chimeras have cells of their own.
    """
    return np.unique(np.column_stack([tokens, codes]), axis=0, return_inverse=True)[1].reshape(-1)


def residual_activations(
    activations: np.ndarray, cells: np.ndarray, factors: Mapping[str, np.ndarray] | None = None
) -> np.ndarray:
    """What neither cells nor factors explain of each unit's activations: (exemplars, units), each with mean 0.

    The remainder of a least-squares fit with an intercept for each cell and a slope for each
    factor, the same in all cells. Only what is linear in a factor is removed: give an angle
    as its cosine and its sine, and leave out mere numbers such as ``scene``. Units that cells
    and factors explain wholly come as exact zeros.
    activations: (exemplars, units). cells: (exemplars,) integers: tokens, or ``token_code_cells``.
    factors: name -> (exemplars,) or (exemplars, columns) float; None for none.
    Raises ValueError if exemplars differ in number, or are too few to leave a remainder.
    """
    values = checked_activations(activations)
    cells = np.asarray(cells)
    columns = [np.asarray(column, np.float64) for column in (factors or {}).values()]
    for name, column in zip(["cells", *(factors or {})], [cells, *columns]):
        if len(column) != len(values):
            raise ValueError(f"{len(values)} exemplars came with {len(column)} values of {name}: one each is needed.")
    membership = cells[:, np.newaxis] == np.unique(cells)
    slopes = [_unit_length(_centred(column.reshape(len(values), -1))) for column in columns]
    explained = orth(np.hstack([membership / np.sqrt(membership.sum(axis=0)), *slopes]))
    if explained.shape[1] > len(values) - 2:
        raise ValueError(
            f"Cells and factors are {explained.shape[1]} columns for {len(values)} exemplars: nothing would be left. "
            "Take more exemplars, fewer factors, or tokens as cells."
        )
    left = values - explained @ (explained.T @ values)
    left[:, np.linalg.norm(left, axis=0) <= _ROUNDING * np.linalg.norm(values, axis=0)] = 0
    return left


def noise_correlation(
    activations: np.ndarray,
    other_activations: np.ndarray,
    cells: np.ndarray,
    factors: Mapping[str, np.ndarray] | None = None,
) -> np.ndarray:
    """Correlation of what cells and factors do not explain: (units, other units), -1..1.

    Do two units deviate together from what the token and the view make them do? 0 for a unit
    of which nothing is left. Other arguments and errors as in ``residual_activations``;
    the same activations twice give the correlations within a layer.
    Raises ValueError if both are not of the same exemplars.
    Source: M. Cohen and A. Kohn, "Measuring and interpreting neuronal correlations", 2011.
    """
    if len(activations) != len(other_activations):
        raise ValueError(
            f"Activations of {len(activations)} exemplars came with others of {len(other_activations)}: both must be "
            "of the same exemplars."
        )
    return _correlation(
        residual_activations(activations, cells, factors), residual_activations(other_activations, cells, factors)
    )


def signal_correlation(activations: np.ndarray, other_activations: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Correlation of token means: (units, other units), -1..1. Shared tuning, no evidence of a link.

    Of five tokens it is a correlation of five numbers: large ones are frequent by chance. 0
    for a unit with the same mean for all tokens.
    activations: (exemplars, units), other_activations: (exemplars, other units), tokens: (exemplars,) integers.
    Errors as in ``categories.token_means``.
    """
    means, other_means = token_means(activations, tokens), token_means(other_activations, tokens)
    return _correlation(_centred(means), _centred(other_means))


def partial_correlation(
    activations: np.ndarray, cells: np.ndarray, factors: Mapping[str, np.ndarray] | None = None
) -> np.ndarray:
    """Noise correlation of each two units with all other units held fixed: (units, units), -1..1, diagonal 1.

    -P_ij / sqrt(P_ii P_jj), P the inverse of the residuals' shrunk correlation matrix. Units
    of which nothing is left have 0 with all others.
    Arguments and errors as in ``residual_activations``.
    Source of the shrinkage: O. Ledoit and M. Wolf 2004, "A well-conditioned estimator for
    large-dimensional covariance matrices".
    """
    left = residual_activations(activations, cells, factors)
    alive = np.flatnonzero(left.any(axis=0))
    partial = np.eye(left.shape[1])
    if len(alive) > 1:
        precision = inv(ledoit_wolf(_unit_length(left[:, alive]) * np.sqrt(len(left)), assume_centered=True)[0])
        scale = np.sqrt(precision.diagonal())
        partial[np.ix_(alive, alive)] = -precision / np.outer(scale, scale)
        np.fill_diagonal(partial, 1)
    return partial


def shifted_means(maps: np.ndarray) -> np.ndarray:
    """What each tap of a 3x3 kernel sees on average over the places of the output: (exemplars, 3, 3, units) float64.

    The middle tap sees the mean over space; the others see it shifted by one pixel, with 0
    where the input is padded; 0 or more after a ReLU. With these nine numbers a unit the mean response of the next
    layer can be computed for any kernel, so maps need not be kept.
    maps: (exemplars, height, width, units), the input of a convolution with padding "same" and stride 1.
    Raises ValueError for another shape.
    """
    maps = _checked_maps(maps)
    height, width = maps.shape[1:3]
    return _tap_sums(_tap_sums(maps, axis=1), axis=2) / (height * width)


def patches_at(maps: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The 3x3 places around one place of each exemplar, 0 beyond the edge: (exemplars, 3, 3, units).

    maps: (exemplars, height, width, units), the input of a convolution; rows, columns:
    (exemplars,), such as those of a unit's ``receptive_fields.peaks`` in its output.
    Raises ValueError for maps of another shape, or a place outside of them.
    """
    maps = _checked_maps(maps)
    rows, columns = np.asarray(rows), np.asarray(columns)
    height, width = maps.shape[1:3]
    if ((rows < 0) | (rows >= height) | (columns < 0) | (columns >= width)).any():
        raise ValueError(f"Some places are outside of maps of {height} rows and {width} columns.")
    padded = np.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0)))
    taps = np.arange(3)
    which = np.arange(len(maps))[:, np.newaxis, np.newaxis]
    return padded[
        which, rows[:, np.newaxis, np.newaxis] + taps[:, np.newaxis], columns[:, np.newaxis, np.newaxis] + taps
    ]


def contributions(inputs: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """What each input adds to each unit's response before bias and ReLU: (exemplars, inputs, units), of either sign.

    Their sum over inputs, plus the bias, is the response: its mean over space for
    ``shifted_means``, that at a place for ``patches_at``, and the only one for a dense layer.
    It is linear: means over exemplars of the inputs give means of the contributions, and need
    far less memory.
    inputs: (exemplars, 3, 3, inputs) of ``shifted_means`` or ``patches_at`` with a kernel
    (3, 3, inputs, units); or (exemplars, inputs) activations with one of a dense layer.
    For one unit alone: ``kernel[..., [unit]]``.
    Raises ValueError if inputs and kernel do not fit.
    """
    inputs, kernel = np.asarray(inputs), np.asarray(kernel)
    if kernel.ndim not in (2, 4) or inputs.shape[1:] != kernel.shape[:-1]:
        raise ValueError(
            f"Inputs came with shape {inputs.shape}, the kernel with {kernel.shape}: it takes (exemplars, 3, 3, "
            "inputs) and (3, 3, inputs, units), or (exemplars, inputs) and (inputs, units)."
        )
    seen = inputs.reshape(len(inputs), -1, inputs.shape[-1])  # (exemplars, taps, inputs)
    weights = kernel.reshape(-1, *kernel.shape[-2:])  # (taps, inputs, units)
    return np.moveaxis(seen.transpose(2, 0, 1) @ weights.transpose(1, 0, 2), 0, 1)


def contrast_contributions(
    inputs: np.ndarray, kernel: np.ndarray, membership: np.ndarray, preferred: np.ndarray
) -> np.ndarray:
    """How much more an input adds to a unit on what the unit prefers than on the rest: (inputs, units).

    The mean contribution over members of the unit's preferred column minus that over the
    other exemplars; positive drives the preference, negative works against it. A constant
    input has none, however strong its weight. 0 for a unit without preference.
    inputs, kernel: as in ``contributions``.
    membership: (exemplars, columns) bool, of ``detectors.token_membership`` or ``part_membership``.
    preferred: (units,) columns, or -1 for none, of ``detectors.preferred_columns``.
    Raises ValueError if arguments do not fit.
    """
    if len(membership) != len(inputs) or len(preferred) != kernel.shape[-1]:
        raise ValueError(
            f"{len(inputs)} exemplars came with a membership of {len(membership)}, {kernel.shape[-1]} units with "
            f"{len(preferred)} preferred columns: one each is needed."
        )
    members = membership.sum(axis=0)
    weights = membership / members - ~membership / (len(membership) - members)
    contrasts = contributions(np.tensordot(weights.T, inputs, axes=1), kernel)  # (columns, inputs, units)
    chosen = contrasts[preferred, :, np.arange(kernel.shape[-1])].T
    return np.where(np.asarray(preferred) < 0, 0, chosen)


def chain_contrasts(
    inputs: Iterable[np.ndarray], kernels: Iterable[np.ndarray], membership: np.ndarray, preferred: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """The contrast edges of several layers: for each ``contrast_contributions``, (inputs, units).

    Of consecutive layers it is what ``coupling_graph`` takes for strengths.
    inputs, kernels, preferred: of each layer that the edges lead into; inputs are read by
    ``kernel_inputs.KernelInputs``. membership: the same for all.
    Raises ValueError if layers differ in number, and as ``contrast_contributions``.
    """
    layers = zip(inputs, kernels, preferred, strict=True)
    return [contrast_contributions(given, kernel, membership, best) for given, kernel, best in layers]


def weight_strength(kernel: np.ndarray, activations: np.ndarray) -> np.ndarray:
    """Size of the weights from an input to a unit, times how active the input is: (inputs, units), 0 or more.

    The norm over taps, times the root of the input's mean squared activation, so that
    scaling an input up and its weights down by the same changes nothing.
    kernel: (3, 3, inputs, units) or (inputs, units); activations: (exemplars, inputs).
    Raises ValueError if they are of different inputs. Our own.
    """
    values = checked_activations(activations, fewest=1)
    weights = kernel.reshape(-1, *kernel.shape[-2:])
    if weights.shape[1] != values.shape[1]:
        raise ValueError(f"A kernel of {weights.shape[1]} inputs came with activations of {values.shape[1]} units.")
    return np.linalg.norm(weights, axis=0) * np.sqrt((values**2).mean(axis=0))[:, np.newaxis]


def _tap_sums(values: np.ndarray, axis: int) -> np.ndarray:
    """Sums along an axis over what each of three taps sees of it: the axis becomes 3 long."""
    total = values.sum(axis=axis, dtype=np.float64)
    return np.stack([total - values.take(-1, axis=axis), total, total - values.take(0, axis=axis)], axis=axis)


def _correlation(centred: np.ndarray, other_centred: np.ndarray) -> np.ndarray:
    return (_unit_length(centred).T @ _unit_length(other_centred)).clip(-1, 1)


def _unit_length(centred: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(centred, axis=0)
    return np.divide(centred, lengths, out=np.zeros_like(centred), where=lengths > 0)


def _centred(columns: np.ndarray) -> np.ndarray:
    centred = columns - columns.mean(axis=0)
    centred[:, np.linalg.norm(centred, axis=0) <= _ROUNDING * np.linalg.norm(columns, axis=0)] = 0
    return centred


def _checked_maps(maps: np.ndarray) -> np.ndarray:
    maps = np.asarray(maps)
    if maps.ndim != 4 or 0 in maps.shape:
        raise ValueError(
            f"Activation maps came with shape {maps.shape}. They must be (exemplars, height, width, units)."
        )
    return maps
