"""Linear probes: what can be read from a layer by a weighted sum of its units.

A read-out is ridge regression from standardised activations, fitted to all exemplars but one
and asked about that one, for each exemplar in turn. This needs no fitting again and again: one
decomposition of the activations serves all exemplars, targets and penalties.

    decomposition = decomposed(activations)
    accuracy(predicted_tokens(decomposition, tokens), tokens)
    accuracy(predicted_parts(decomposition, codes), codes)
    r_squared(predicted_values(decomposition, factor_values(factors)), factor_values(factors))

*Penalty.* A penalty p is worth independent noise with p times the variance of a unit, added to
every unit (Bishop 1995, "Training with noise is equivalent to Tikhonov regularization"); as
``alpha`` of scikit-learn's Ridge it is p times the number of exemplars. The trace, the sum of all
variances, is the number of units that vary, so p is relative to their mean. Of ``PENALTIES``
each target takes that with the least squared error on exemplars left out. What is read is
thus a little too good, by what a choice among five can gain: compare it with shuffled targets,
for which the choice is made too.

*Left-out means.* A read-out predicts how far an exemplar lies from the mean target of the
others; we add this to the mean of all. (The mean of the others lies away from the one left out,
which would put shuffled targets below chance.)

What can be read need not be used. An untrained network's layers can be read too: always show
step 0 beside. Source of the idea: Alain and Bengio 2017, "Understanding intermediate layers
using linear classifier probes"; leave-one-out by leverages: Allen 1974, "The relationship between variable
selection and data augmentation and a method for prediction".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dense_keras.measures.arguments import NotAvailable, checked_activations, checked_tokens, known

PENALTIES = (0.001, 0.01, 0.1, 1.0, 10.0)
"""Penalties to choose from, in variances of a unit."""


@dataclass(frozen=True)
class Decomposition:
    """Standardised activations along their principal components.

    scores: (exemplars, components) float, uncorrelated, with mean 0.
    variances: (components,) of the scores; their sum is the number of units that vary.
    """

    scores: np.ndarray
    variances: np.ndarray


def decomposed(activations: np.ndarray) -> Decomposition:
    """A layer's activations, ready for any number of read-outs.

    Each unit is standardised over all exemplars; one that never changes counts for nothing.
    activations: (exemplars, units) float. Raises ValueError for another shape, and for fewer than three exemplars.
    """
    values = checked_activations(activations, fewest=3)
    # Less the first, constants become exact zeros, whatever the mean is rounded to.
    values = values - values[0]
    values -= values.mean(axis=0)
    deviations = values.std(axis=0)
    values /= np.where(deviations > 0, deviations, 1)
    if values.shape[1] <= len(values):
        variances, components = np.linalg.eigh(values.T @ values / len(values))
        return Decomposition(values @ components, variances.clip(0))
    variances, directions = np.linalg.eigh(values @ values.T / len(values))
    variances = variances.clip(0)
    return Decomposition(directions * np.sqrt(len(values) * variances), variances)


def predicted_tokens(decomposition: Decomposition, tokens: np.ndarray) -> np.ndarray:
    """The token that is read from the layer for each exemplar, left out: (exemplars,) integers.

    A read-out for each token against the rest, +1 and -1; the highest wins. If nothing can be
    read, it is the most frequent token.
    tokens: (exemplars,) integers. Raises ValueError for tokens of other exemplars, chimeras, and one token alone.
    """
    return _predicted_labels(decomposition, checked_tokens(tokens, len(decomposition.scores)))


def predicted_parts(decomposition: Decomposition, codes: np.ndarray | None) -> np.ndarray:
    """The variant of each part that is read from the layer, as ``predicted_tokens``: (exemplars, parts) integers.

    codes: (exemplars, parts) integers.
    Raises NotAvailable for codes that nobody knows, ValueError for codes of other exemplars.
    """
    codes = known(codes, "codes")
    if codes.ndim != 2 or len(codes) != len(decomposition.scores):
        raise ValueError(
            f"Codes came with shape {codes.shape} for {len(decomposition.scores)} exemplars. They must be "
            "(exemplars, parts)."
        )
    return np.column_stack([_predicted_labels(decomposition, part) for part in codes.T])


def predicted_values(decomposition: Decomposition, values: np.ndarray) -> np.ndarray:
    """What is read of each exemplar, left out, for each column of values: (exemplars, columns), in their scale.

    values: (exemplars, columns) float, such as ``factor_values``.
    Raises ValueError for values of other exemplars, and for NaN.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or len(values) != len(decomposition.scores) or not np.isfinite(values).all():
        raise ValueError(
            f"Values came with shape {values.shape} for {len(decomposition.scores)} exemplars. They must be "
            "(exemplars, columns), and all finite."
        )
    predictions = _predictions(decomposition, values, np.array(PENALTIES))
    best = ((predictions - values) ** 2).mean(axis=1).argmin(axis=0)
    return predictions[best, :, np.arange(values.shape[1])].T


def factor_values(factors: Mapping[str, np.ndarray]) -> np.ndarray:
    """Factors side by side, in their order and scale: (exemplars, factors) float.

    An angle that comes round again cannot be read as one number: put its cosine and its sine
    in its place.
    factors: name -> (exemplars,) float.
    Raises NotAvailable if there are none.
    """
    if not factors:
        raise NotAvailable("Not available for this token set: nobody knows its factors. Generated faces have them.")
    return np.column_stack(list(factors.values())).astype(np.float64)


def logistic_predictions(activations: np.ndarray, labels: np.ndarray, folds: int = 5) -> np.ndarray:
    """The label that logistic regression reads for each exemplar, its fold left out: (exemplars,) integers.

    The usual probe, many times slower than ``predicted_tokens`` and a peer to check it
    with: units standardised within the other folds, scikit-learn's LogisticRegression with
    C = .01, folds with equal shares of each label in the order given.
    activations: (exemplars, units) float; labels: (exemplars,) integers, tokens or one part.
    Raises ValueError for activations of another shape, one label alone, and a label with fewer exemplars than folds.
    Source: Alain and Bengio 2017.
    """
    values, labels = checked_activations(activations, fewest=folds), np.asarray(labels)
    kinds, counts = np.unique(labels, return_counts=True)
    if len(kinds) < 2 or counts.min() < folds:
        raise ValueError(
            f"Labels {kinds.tolist()} have {counts.tolist()} exemplars. Two labels or more are needed, each with as "
            f"many exemplars as folds, {folds}."
        )
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    return cross_val_predict(probe, values, labels, cv=StratifiedKFold(folds))


def accuracy(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Share of exemplars whose label is right, 0..1: a number for (exemplars,), (parts,) for (exemplars, parts).

    predicted, labels: (exemplars,) or (exemplars, parts) integers.
    Raises ValueError for two that differ in shape, and for none.
    """
    predicted, labels = _checked_read(predicted, labels)
    return (predicted == labels).mean(axis=0)


def label_accuracies(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Share that is right of the exemplars of each label, 0..1: (labels,) or (parts, labels), labels ascending.

    NaN for a variant that a part does not have. Arguments and errors as for ``accuracy``.
    """
    predicted, labels = _checked_read(predicted, labels)
    of_label = labels[..., np.newaxis] == np.unique(labels)
    right = of_label & (predicted == labels)[..., np.newaxis]
    with np.errstate(invalid="ignore"):
        return right.sum(axis=0) / of_label.sum(axis=0)


def balanced_accuracy(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean of ``label_accuracies``, 0..1: 1 / labels for one who always says the same; shaped as ``accuracy``.

    Arguments and errors as there.
    """
    return np.nanmean(label_accuracies(predicted, labels), axis=-1)


def majority_share(labels: np.ndarray) -> np.ndarray:
    """Accuracy of one who always says the most frequent label, 0..1: what ``accuracy`` is to be compared with.

    labels: (exemplars,), which gives a number, or (exemplars, parts) integers, which gives (parts,).
    """
    labels = np.asarray(labels)
    return (labels[..., np.newaxis] == np.unique(labels)).mean(axis=0).max(axis=-1)


def r_squared(predicted: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Share of the variance of each column that is read: 1 fully, 0 nothing, negative worse: (columns,).

    NaN for a column that does not vary.
    predicted, values: (exemplars, columns) float. Raises ValueError for two that differ in shape, and for none.
    """
    predicted, values = _checked_read(predicted, np.asarray(values, np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = 1 - ((values - predicted) ** 2).sum(axis=0) / ((values - values.mean(axis=0)) ** 2).sum(axis=0)
    return np.where(np.ptp(values, axis=0) > 0, shares, np.nan)


def shuffled_accuracies(
    decomposition: Decomposition, labels: np.ndarray, generator: np.random.Generator, shuffles: int = 100
) -> np.ndarray:
    """Null of ``accuracy``: what is read of labels dealt out at random: (shuffles,), 0..1.

    labels: (exemplars,) integers, tokens or one part. Raises ValueError for labels of other exemplars.
    """
    dealt = (generator.permutation(labels) for _ in range(shuffles))
    return np.array([accuracy(_predicted_labels(decomposition, labels), labels) for labels in dealt])


def shuffled_r_squared(
    decomposition: Decomposition, values: np.ndarray, generator: np.random.Generator, shuffles: int = 100
) -> np.ndarray:
    """Null of ``r_squared``: what is read of one factor's values dealt out at random: (shuffles,), up to 1.

    values: (exemplars,) float. Raises ValueError for values of other exemplars, and for NaN.
    """
    dealt = generator.permuted(np.tile(np.asarray(values, np.float64), (shuffles, 1)), axis=1).T
    return r_squared(predicted_values(decomposition, dealt), dealt)


def _checked_read(predicted: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    predicted, right = np.asarray(predicted), np.asarray(right)
    if predicted.shape != right.shape or not right.size:
        raise ValueError(
            f"What was read came with shape {predicted.shape}, what is right with shape {right.shape}. They must be of "
            "the same exemplars, one or more."
        )
    return predicted, right


def _predicted_labels(decomposition: Decomposition, labels: np.ndarray) -> np.ndarray:
    kinds = np.unique(labels)
    targets = 2.0 * (labels[:, np.newaxis] == kinds) - 1
    predictions = _predictions(decomposition, targets, np.array(PENALTIES))
    best = ((predictions - targets) ** 2).mean(axis=(1, 2)).argmin()
    return kinds[predictions[best].argmax(axis=1)]


def _predictions(decomposition: Decomposition, targets: np.ndarray, penalties: np.ndarray) -> np.ndarray:
    """(penalties, exemplars, columns): each exemplar's prediction by the read-out that was fitted without it."""
    scores, variances = decomposition.scores, decomposition.variances
    mean = targets.mean(axis=0)
    deviations = targets - mean
    shrinkage = 1 / (len(scores) * (variances + penalties[:, np.newaxis]))  # (penalties, components)
    fitted = scores @ (shrinkage[:, :, np.newaxis] * (scores.T @ deviations))  # (penalties, exemplars, columns)
    leverages = (shrinkage @ (scores**2).T)[:, :, np.newaxis]
    others = 1 - 1 / len(scores)
    return mean + (fitted - leverages * deviations / others) / (others - leverages)
