"""Measures as one writes them down at first: a loop over units, exemplars or edges, and a library's call in it.

Each takes and returns what its counterpart of ``dense_keras.measures`` does, so that ``measures.py``
can time one against the other, and tell whether they agree.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from scipy.spatial.distance import pdist, squareform
from scipy.stats import spearmanr
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, Ridge, RidgeCV
from sklearn.metrics import accuracy_score, confusion_matrix, mutual_info_score, roc_auc_score
from sklearn.neighbors import NearestCentroid

from dense_keras.backend import keras
from dense_keras.measures.linear_probes import PENALTIES


def accuracies(predicted: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy (snapshots,), and of each token (snapshots, tokens), a snapshot at a time."""
    confusions = [confusion_matrix(tokens, called) for called in predicted]
    overall = [accuracy_score(tokens, called) for called in predicted]
    return np.array(overall), np.array([counts.diagonal() / counts.sum(axis=1) for counts in confusions])


def forgetting(correct: np.ndarray) -> np.ndarray:
    """Mean forgetting events, shares never learned and unforgettable, up to each snapshot: (snapshots, 3)."""
    rows = []
    for number in range(1, len(correct) + 1):
        events, never, always = [], [], []
        for curve in correct[:number].T.tolist():
            forgotten = sum(before and not after for before, after in pairwise(curve))
            events.append(forgotten)
            never.append(not any(curve))
            always.append(any(curve) and not forgotten)
        rows.append([np.mean(events), np.mean(never), np.mean(always)])
    return np.array(rows)


def part_readout(predicted: np.ndarray, tokens: np.ndarray, variants: np.ndarray) -> np.ndarray:
    """(snapshots, parts), for parts of which each token has a variant of its own."""
    return np.array(
        [[accuracy_score(variant[tokens], variant[called]) for variant in variants.T] for called in predicted]
    )


def variability(activations: np.ndarray, tokens: np.ndarray) -> float:
    """NC1, by the covariance matrices and a pseudo-inverse."""
    groups = [activations[tokens == token] for token in np.unique(tokens)]
    means = np.array([group.mean(axis=0) for group in groups])
    within = np.mean([np.cov(group.T, bias=True) for group in groups], axis=0)
    return float(np.trace(within @ np.linalg.pinv(np.cov(means.T, bias=True), rcond=1e-10)) / len(groups))


def nearest_mean_disagreement(activations: np.ndarray, tokens: np.ndarray, logits: np.ndarray) -> float:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*zero standard deviation", category=UserWarning)
        nearest = NearestCentroid().fit(activations, tokens).predict(activations)
    return 1 - accuracy_score(logits.argmax(axis=1), nearest)


def scatter_share(activations: np.ndarray, tokens: np.ndarray) -> float:
    between, total = 0.0, 0.0
    for unit in activations.T:
        total += ((unit - unit.mean()) ** 2).sum()
        for token in np.unique(tokens):
            of_token = unit[tokens == token]
            between += len(of_token) * (of_token.mean() - unit.mean()) ** 2
    return between / total


def participation_ratio(activations: np.ndarray) -> float:
    variances = PCA().fit(activations).explained_variance_
    return float(variances.sum() ** 2 / (variances**2).sum())


def cka_debiased(first: np.ndarray, second: np.ndarray) -> float:
    """By Gram matrices of all pairs of exemplars, as it is published."""
    first, second = (values @ values.T for values in (first, second))
    for gram in (first, second):
        np.fill_diagonal(gram, 0)
    return unbiased_hsic(first, second) / np.sqrt(unbiased_hsic(first, first) * unbiased_hsic(second, second))


def unbiased_hsic(first: np.ndarray, second: np.ndarray) -> float:
    """Of two Gram matrices (exemplars, exemplars), 0 on the diagonal. Source: Song et al. 2012, eq. 5."""
    count = len(first)
    rows = first.sum(axis=0) @ second.sum(axis=1) * 2 / (count - 2)
    everything = first.sum() * second.sum() / ((count - 1) * (count - 2))
    return ((first * second).sum() + everything - rows) / (count * (count - 3))


def detection_auc(activations: np.ndarray, membership: np.ndarray) -> np.ndarray:
    return np.array([[roc_auc_score(column, unit) for column in membership.T] for unit in activations.T])


def predictions_refitted(activations: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """What Ridge reads of each exemplar, fitted to all others: (penalties, exemplars, targets)."""
    values, mean = standardised(activations), targets.mean(axis=0)
    predictions = np.empty((len(PENALTIES), *targets.shape))
    for number, penalty in enumerate(PENALTIES):
        for left_out in range(len(values)):
            others = np.arange(len(values)) != left_out
            ridge = Ridge(alpha=penalty * len(values)).fit(values[others], targets[others])
            predicted = ridge.predict(values[[left_out]])[0]
            predictions[number, left_out] = predicted - targets[others].mean(axis=0) + mean
    return predictions


def predictions_left_out(activations: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The same from RidgeCV, which leaves exemplars out in closed form."""
    alphas = np.array(PENALTIES) * len(activations)
    ridge = RidgeCV(alphas, scoring="neg_mean_squared_error", store_cv_results=True, alpha_per_target=True)
    predicted = ridge.fit(standardised(activations), targets).cv_results_.reshape(*targets.shape, -1)
    mean = targets.mean(axis=0)
    return np.moveaxis(predicted, 2, 0) + (targets - mean) / (len(targets) - 1)


def read(
    predictions: Callable, activations: np.ndarray, labels: Sequence[np.ndarray], values: np.ndarray | None
) -> list[np.ndarray]:
    """What is read of each of the labels, (exemplars,), and of the values, (exemplars, targets), if there are any.

    predictions: one of the two functions above.
    """
    found = [read_labels(predictions(activations, indicators(each)), each) for each in labels]
    return found if values is None else [*found, read_values(predictions(activations, values), values)]


def read_labels(predictions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The label with the highest prediction, of the penalty with the least squared error: (exemplars,)."""
    best = min(predictions, key=lambda predicted: ((predicted - indicators(labels)) ** 2).mean())
    return np.unique(labels)[best.argmax(axis=1)]


def read_values(predictions: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Predictions of the penalty with the least squared error, for each target: (exemplars, targets)."""
    best = [
        min(of_target, key=lambda predicted: ((predicted - target) ** 2).mean())
        for of_target, target in zip(np.moveaxis(predictions, 2, 0), values.T, strict=True)
    ]
    return np.column_stack(best)


def indicators(labels: np.ndarray) -> np.ndarray:
    """+1 in the column of the exemplar's label, -1 elsewhere: (exemplars, labels)."""
    return 2.0 * (labels[:, np.newaxis] == np.unique(labels)) - 1


def standardised(activations: np.ndarray) -> np.ndarray:
    deviations = activations.std(axis=0)
    return (activations - activations.mean(axis=0)) / np.where(deviations > 0, deviations, 1)


def part_set_energies(responses: np.ndarray) -> np.ndarray:
    """(sets, units), by a regression of each unit on all products of the parts' signs."""
    codes, views, units = responses.shape
    parts = codes.bit_length() - 1
    signs = 2 * np.array([[code >> part & 1 for part in reversed(range(parts))] for code in range(codes)]) - 1
    sets = [[part for part in range(parts) if row >> (parts - 1 - part) & 1] for row in range(codes)]
    products = np.column_stack([signs[:, members].prod(axis=1) for members in sets[1:]])
    energies = np.zeros((codes, units))
    for unit in range(units):
        effects = LinearRegression().fit(products, responses[:, :, unit]).coef_  # (views, sets)
        energies[1:, unit] = effects.mean(axis=0) ** 2 - effects.var(axis=0, ddof=1) / views
    return energies


def interaction(responses: np.ndarray) -> tuple[float, float]:
    """The layer's interaction share, and the share of conjunctive units."""
    energies = part_set_energies(responses)
    orders = np.array([row.bit_count() for row in range(len(energies))])
    of_layer = [max(energies[orders == order].sum(), 0) for order in range(1, orders.max() + 1)]
    counted, conjunctive = 0, 0
    for unit, of_sets in enumerate(energies.T):
        variance = responses[:, :, unit].var()
        if variance > 0 and of_sets.sum() / variance >= 0.1:
            of_orders = [max(of_sets[orders == order].sum(), 0) for order in range(1, orders.max() + 1)]
            counted += 1
            conjunctive += sum(of_orders[1:]) / sum(of_orders) > 0.3
    return sum(of_layer[1:]) / sum(of_layer), conjunctive / counted if counted else float("nan")


def model_correlations(activations: Sequence[np.ndarray], models: Sequence[np.ndarray]) -> np.ndarray:
    """Spearman correlation of each layer's dissimilarities with each model: (layers, models)."""
    found = [pdist(values, "correlation") for values in activations]
    pairs = [squareform(model, checks=False) for model in models]
    return np.array([[spearmanr(each, model).statistic for model in pairs] for each in found])


def permuted_model_correlations(
    dissimilarities: np.ndarray, models: Sequence[np.ndarray], permutations: int
) -> np.ndarray:
    """(permutations, models)."""
    pairs, rows, generator = [squareform(model, checks=False) for model in models], [], np.random.default_rng(0)
    for _ in range(permutations):
        order = generator.permutation(len(dissimilarities))
        moved = squareform(dissimilarities[np.ix_(order, order)], checks=False)
        rows.append([spearmanr(moved, model).statistic for model in pairs])
    return np.array(rows)


def wilson_bands(successes: np.ndarray, trials: np.ndarray) -> tuple[np.ndarray, ...]:
    """Lowest and highest shares, each (snapshots, tokens)."""
    from statsmodels.stats.proportion import proportion_confint

    bands = [
        [proportion_confint(count, of, method="wilson") for count, of in zip(*row, strict=True)]
        for row in zip(successes, trials, strict=True)
    ]
    return tuple(np.moveaxis(np.array(bands), 2, 0))


def mutual_informations(activations: np.ndarray, labels: np.ndarray, bins: int = 8) -> np.ndarray:
    """(units,) bits, with Miller's correction."""
    found = []
    for unit in activations.T:
        edges = np.quantile(unit, np.arange(1, bins) / bins)
        binned = np.searchsorted(edges, unit, side="left") + np.searchsorted(edges, unit, side="right")
        occurring = len(set(labels.tolist())) + len(set(binned.tolist()))
        together = len(set(zip(labels.tolist(), binned.tolist(), strict=True)))
        correction = (occurring - together - 1) / (2 * len(unit))
        found.append((mutual_info_score(labels, binned) + correction) / np.log(2))
    return np.array(found)


def synergies(activations: np.ndarray, codes: np.ndarray, pair: Sequence[int]) -> np.ndarray:
    first, second = codes[:, pair].T
    both = np.unique(np.column_stack([first, second]), axis=0, return_inverse=True)[1].ravel()
    together, one, other = (mutual_informations(activations, labels) for labels in (both, first, second))
    return together - one - other


def noise_correlation(
    activations: np.ndarray, other_activations: np.ndarray, cells: np.ndarray, factors: Mapping[str, np.ndarray]
) -> np.ndarray:
    """(units, other units)."""
    explaining = np.column_stack([cells[:, np.newaxis] == np.unique(cells), *factors.values()])
    left = [
        np.array([unit - LinearRegression().fit(explaining, unit).predict(explaining) for unit in values.T])
        for values in (activations, other_activations)
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations = np.corrcoef(*left)
    return np.nan_to_num(correlations[: len(left[0]), len(left[0]) :])


def contributions(maps: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """What a unit's mean response loses when an edge is cut, by a forward pass for each: (exemplars, inputs, units)."""

    def responses(kernel: np.ndarray) -> np.ndarray:
        passed = keras.ops.conv(maps, kernel, padding="same", data_format="channels_last")
        return keras.ops.convert_to_numpy(passed).mean(axis=(1, 2), dtype=np.float64)

    whole = responses(kernel)
    lost = np.empty((len(maps), *kernel.shape[2:]))
    for given, unit in np.ndindex(kernel.shape[2:]):
        cut = kernel.copy()
        cut[:, :, given, unit] = 0
        lost[:, given, unit] = whole[:, unit] - responses(cut)[:, unit]
    return lost
