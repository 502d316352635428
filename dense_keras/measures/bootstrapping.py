"""Graphical bootstrapping: do simple detectors come first, then couplings, then what they construct?

The name is from Hanson, Yadav and Hanson, arXiv 2307.10991. What is measured under it here
is our own: parts become readable in units of one layer; couplings from these units to a unit
of the next layer grow; only then does that unit become selective.

An *onset* is the step from which a curve stays above a level (``classification.onset_steps``),
(items,) float: 0 where the untrained network was above it already, infinite where it never
came. A comparison of two onsets of which one never came is NaN, unless a function says
otherwise: nothing is known of its order. Such items are left out and counted, and what is
found holds for the others only. *Pairs* are (pairs, 2) integers: a unit of one layer, and a
unit of the next. By layers, arrays are (layers, snapshots), input side first.

Evidence is over seeds. Pairs of one run share their units, so a p-value over pairs is too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, rankdata
from scipy.stats import t as student_t

from dense_keras.measures.arguments import checked_steps
from dense_keras.measures.classification import onset_steps

SELECTIVITY_LEVEL = 0.75
"""Area under the ROC curve above which a unit is called selective for a part or a token."""

CONJUNCTION_LEVEL = 0.3
"""Share of interaction in a unit's explained response above which it is called a conjunction."""


def normalised_similarities(similarities: np.ndarray) -> np.ndarray:
    """How much of its way to its final state a layer has gone: (layers, snapshots), 0 at the first, 1 at the last.

    (s(t) - s(0)) / (1 - s(0)). A layer that hardly moves is near 1 from the start, which looks
    early in the raw curve; here what little it moves counts in full, and so does its noise.
    NaN for a layer that did not move at all. Below 0 where a layer was further away than at first.
    similarities: (layers, snapshots) to the state at the last snapshot, at most 1; NaN rows stay NaN.
    Raises ValueError for another shape, and if a layer is not at 1 at the last snapshot.
    """
    values = _checked_similarities(similarities)
    way = 1 - values[:, :1]
    moved = np.broadcast_to(way > 1e-9, values.shape)
    return np.divide(values - values[:, :1], way, out=np.full(values.shape, np.nan), where=moved)


def convergence_steps(similarities: np.ndarray, steps: np.ndarray, level: float) -> np.ndarray:
    """Step from which a layer stays more similar than a level to its final state: (layers,) float, never infinite.

    NaN for a layer whose curve is NaN. Ask for the raw curves and for ``normalised_similarities``,
    at .5 and .9: their orders can be opposite.
    similarities: (layers, snapshots), 1 at the last; steps: (snapshots,); level: below 1.
    Raises ValueError for other shapes and levels, and if a layer is not at 1 at the last snapshot.
    """
    values = _checked_similarities(similarities)
    if not level < 1:
        raise ValueError(f"The level came as {level:g}. It must be below 1, the similarity to itself.")
    return np.where(np.isnan(values).any(axis=1), np.nan, onset_steps(values.T, steps, level))


def ranks(times: np.ndarray) -> np.ndarray:
    """Order of times from 1, the earliest: (items,) float; equal ones share their mean rank.

    What never came (infinite) shares the last rank; what is not known (NaN) has none, NaN.
    times: (items,) float. Raises ValueError for another shape.
    """
    return rankdata(_checked_items(times, "Times"), nan_policy="omit")


def rank_correlation(times: np.ndarray, values: np.ndarray) -> float:
    """Spearman's correlation of times with values of the same items: -1..1.

    With ``np.arange(layers)`` as values, 1 means that layers come from the input up, -1 from
    the output down. Items of which either is NaN are left out; infinite times share the last
    rank. NaN for fewer than two items, and if all times or all values are equal.
    times, values: (items,) float. Raises ValueError for other shapes.
    """
    times, values = _checked_items(times, "Times"), _checked_items(values, "Values")
    if times.shape != values.shape:
        raise ValueError(f"{len(times)} times came with {len(values)} values: one each is needed.")
    both = ~(np.isnan(times) | np.isnan(values))
    first, second = rankdata(times[both]), rankdata(values[both])
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def rewinding_costs(accuracies: np.ndarray) -> np.ndarray:
    """Accuracy lost when one layer alone is set back to a snapshot: (layers, snapshots) float, 0 at the last.

    accuracies: (layers, snapshots), 0..1, of the final network with that layer's weights of that snapshot.
    Raises ValueError for another shape, and if layers differ at the last snapshot, where nothing is set back.
    Source: Zhang, Bengio & Singer 2022, "Are all layers created equal?", arXiv 1902.01996.
    """
    values = _checked_by_layer(accuracies, "Accuracies")
    if not np.allclose(values[:, -1], values[0, -1], rtol=0, atol=1e-9):
        raise ValueError(
            f"At the last snapshot the accuracies are {values[:, -1].tolist()}. Setting a layer back to it changes "
            "nothing, so they must be equal: measure them on the same exemplars."
        )
    return values[:, -1:] - values


def rewinding_steps(accuracies: np.ndarray, steps: np.ndarray, loss: float = 0.02) -> np.ndarray:
    """Step from which setting a layer back costs less than a loss of accuracy: (layers,) float, never infinite.

    0 for a layer that could have stayed untrained. accuracies: as for ``rewinding_costs``;
    steps: (snapshots,); loss: above 0. Raises ValueError for other losses, and as ``rewinding_costs``.
    Our own.
    """
    if not loss > 0:
        raise ValueError(f"The loss came as {loss:g}. It must be above 0, such as 0.02.")
    return onset_steps(-rewinding_costs(accuracies).T, steps, -loss)


def edge_onset_steps(
    strengths: np.ndarray, steps: np.ndarray, null_strengths: np.ndarray, share: float = 0.99
) -> np.ndarray:
    """Step from which an edge stays stronger than a share of null edges: (edges,) float, infinite if it never does.

    At any one snapshot 1 - share of the null edges pass too, so some edges come by chance.
    Strengths count without their sign.
    strengths: (snapshots, edges), or (snapshots, in, out), which gives (in, out); steps: (snapshots,);
    null_strengths: of any shape, of the untrained network or of shuffled units; share: 0..1.
    Raises ValueError for other shapes, for no null strength and for a share outside of 0..1. Our own.
    """
    strengths, null = np.abs(np.asarray(strengths, np.float64)), np.abs(np.asarray(null_strengths, np.float64))
    if strengths.ndim not in (2, 3):
        raise ValueError(
            f"Strengths came with shape {strengths.shape}. They must be (snapshots, edges) or (snapshots, in, out)."
        )
    if not null.size or not 0 <= share <= 1:
        raise ValueError(f"{null.size} null strengths and a share of {share:g} came: some, and 0 to 1, are needed.")
    onsets = onset_steps(strengths.reshape(len(strengths), -1), steps, float(np.quantile(null, share)))
    return onsets.reshape(strengths.shape[1:])


@dataclass(frozen=True)
class SignTest:
    """How many differences are above and below 0, and how likely that is if both are.

    ties: of exactly 0, two onsets at one snapshot. left_out: NaN, an onset that never came.
    p_value: two-sided, of the binomial test on those that are not 0; 1 if there are none.
    """

    positive: int
    negative: int
    ties: int
    left_out: int
    p_value: float

    @property
    def share(self) -> float:
        """Share of the positive among those that are not 0, 0..1; NaN if there are none."""
        counted = self.positive + self.negative
        return self.positive / counted if counted else float("nan")


def sign_test(differences: np.ndarray) -> SignTest:
    """Count the signs of differences and test them against a coin.

    differences: (items,) float; infinite ones count by their sign, NaN is left out.
    Raises ValueError for another shape. Source: W. J. Dixon and A. M. Mood, "The statistical sign test", 1946.
    """
    values = _checked_items(differences, "Differences")
    positive, negative, ties = (int(np.sum(relation)) for relation in (values > 0, values < 0, values == 0))
    p_value = float(binomtest(positive, positive + negative).pvalue) if positive + negative else 1.0
    return SignTest(positive, negative, ties, int(np.isnan(values).sum()), p_value)


def positive_share(differences: np.ndarray) -> np.ndarray:
    """Share of the positive among the differences that are neither 0 nor NaN: (...) float, 0..1; NaN without any.

    differences: (..., items) float.
    """
    positive, negative = ((relation(differences, 0)).sum(axis=-1) for relation in (np.greater, np.less))
    counted = np.asarray(positive + negative)
    return np.divide(positive, counted, out=np.full(counted.shape, np.nan), where=counted > 0)[()]


def pairs_with_onsets(edge_onsets: np.ndarray, part_onsets: np.ndarray, selectivity_onsets: np.ndarray) -> np.ndarray:
    """Whether the part, the edge and the selectivity of a pair all came: (in, out) bool.

    edge_onsets: (in, out), part_onsets: (in,), selectivity_onsets: (out,) float, infinite where they
    never came. Raises ValueError for shapes that do not fit, and for NaN.
    """
    edges, parts, selectivities = _checked_onsets(edge_onsets, part_onsets, selectivity_onsets)
    return np.isfinite(edges) & np.isfinite(parts)[:, np.newaxis] & np.isfinite(selectivities)


def lead_and_lag(
    pairs: np.ndarray, edge_onsets: np.ndarray, part_onsets: np.ndarray, selectivity_onsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Steps from part to edge, and from edge to selectivity: two (pairs,) float, positive as bootstrapping has it.

    NaN in both for a pair of which any of the three never came.
    pairs: (pairs, 2) integers, unit in, unit out. For the other arguments and errors see
    ``pairs_with_onsets``; also raises ValueError for pairs of units that there are not.
    """
    came = pairs_with_onsets(edge_onsets, part_onsets, selectivity_onsets)
    units_in, units_out = _checked_pairs(pairs, came.shape).T
    part, edge, selectivity = (
        np.where(came[units_in, units_out], onsets, np.nan)
        for onsets in (
            np.asarray(part_onsets)[units_in],
            np.asarray(edge_onsets)[units_in, units_out],
            np.asarray(selectivity_onsets)[units_out],
        )
    )
    return edge - part, selectivity - edge


def matched_pairs(pairs: np.ndarray, possible: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """As many random pairs of the same two layers that are not among the given ones: (matched, 2) integers.

    Each at most once; fewer where there are not as many.
    pairs: (pairs, 2) integers; possible: (in, out) bool, such as ``pairs_with_onsets``.
    Raises ValueError for pairs of units that there are not, and if no other pair is possible.
    """
    others = np.array(possible, bool)
    pairs = _checked_pairs(pairs, others.shape)
    others[tuple(pairs.T)] = False
    candidates = np.argwhere(others)
    if not len(candidates):
        raise ValueError("No other pair of these layers is possible, so none can be drawn: give fewer pairs.")
    return generator.permutation(candidates)[: len(pairs)]


def shuffled_shares(
    pairs: np.ndarray,
    edge_onsets: np.ndarray,
    part_onsets: np.ndarray,
    selectivity_onsets: np.ndarray,
    generator: np.random.Generator,
    draws: int = 1000,
) -> np.ndarray:
    """``positive_share`` of lead and of lag when the edges of the pairs exchange their onsets: (draws, 2), 0..1.

    When edges, parts and selectivities come stays as it is; which edge belongs to which units is
    lost. Pairs of which an onset never came are left out. For the other arguments and errors
    see ``lead_and_lag``.
    """
    came = pairs_with_onsets(edge_onsets, part_onsets, selectivity_onsets)
    pairs = _checked_pairs(pairs, came.shape)
    units_in, units_out = pairs[came[tuple(pairs.T)]].T
    edges = np.tile(np.asarray(edge_onsets, np.float64)[units_in, units_out], (draws, 1))
    shuffled = generator.permuted(edges, axis=1)
    leads = shuffled - np.asarray(part_onsets)[units_in]
    lags = np.asarray(selectivity_onsets)[units_out] - shuffled
    return np.stack([positive_share(leads), positive_share(lags)], axis=1)


def conjunction_lags(pairs: np.ndarray, part_onsets: np.ndarray, conjunction_onsets: np.ndarray) -> np.ndarray:
    """Steps from the last part among a unit's parents to its conjunction: (out,) float.

    Positive if the conjunction came after all of them. NaN for a unit without parents and for
    one whose conjunction never came; minus infinity where a conjunction came and the part of a
    parent never did, which speaks against the order.
    pairs: (pairs, 2) integers, parent and unit; part_onsets: (in,), conjunction_onsets: (out,) float.
    Raises ValueError for other shapes, for NaN, and for pairs of units that there are not.
    """
    parts, conjunctions = (_checked_came(onsets) for onsets in (part_onsets, conjunction_onsets))
    parents, units = _checked_pairs(pairs, (len(parts), len(conjunctions))).T
    last = np.full(len(conjunctions), -np.inf)
    np.maximum.at(last, units, parts[parents])
    known = np.isfinite(conjunctions) & (last > -np.inf)
    return np.subtract(conjunctions, last, out=np.full(len(last), np.nan), where=known)


@dataclass(frozen=True)
class OverSeeds:
    """What is found, less its control, over seeds.

    mean, standard_error: of the differences of those seeds that have both; NaN with too few seeds.
    sign_test: of the same differences. With five seeds its p-value is .0625 at best.
    """

    mean: float
    standard_error: float
    sign_test: SignTest


def over_seeds(found: np.ndarray, control: np.ndarray) -> OverSeeds:
    """Compare what was found in each seed with its control in the same seed.

    found, control: (seeds,) float, such as ``positive_share`` of given and of matched pairs;
    seeds in which either is NaN are left out. Raises ValueError for other shapes.
    """
    found, control = _checked_items(found, "Findings"), _checked_items(control, "Controls")
    if found.shape != control.shape:
        raise ValueError(f"{len(found)} findings came with {len(control)} controls: one each a seed is needed.")
    differences = found - control
    both = differences[~np.isnan(differences)]
    mean = float(both.mean()) if len(both) else float("nan")
    error = float(both.std(ddof=1) / np.sqrt(len(both))) if len(both) > 1 else float("nan")
    return OverSeeds(mean, error, sign_test(differences))


@dataclass(frozen=True)
class Regression:
    """Least-squares coefficients, the intercept first, with standard errors clustered by seed.

    coefficients, standard_errors, p_values: (1 + predictors,) float; p_values two-sided, of
    Student's t with clusters - 1 degrees of freedom. With few clusters they are still too small.
    """

    coefficients: np.ndarray
    standard_errors: np.ndarray
    p_values: np.ndarray
    rows: int
    clusters: int


def growth_rows(
    selectivities: np.ndarray, strengths: np.ndarray, part_onsets: np.ndarray, steps: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Growth in selectivity to the next snapshot, and what may predict it, for each unit of a layer.

    Returns the growth, (snapshots - 1, units) float of either sign, and (snapshots - 1, units, 3) predictors
    at the snapshot before: in-strength from units whose part has come by then, the selectivity
    itself, in-strength from all units. Units whose part never comes add to the last one only.
    selectivities: (snapshots, units) float, NaN where unknown; strengths: (snapshots, in, units), counted
    without their sign; part_onsets: (in,) float; steps: (snapshots,).
    Raises ValueError for shapes that do not fit, for NaN onsets and for fewer than two snapshots.
    """
    selectivities, strengths = np.asarray(selectivities, np.float64), np.abs(np.asarray(strengths, np.float64))
    onsets = _checked_came(part_onsets)
    if (
        selectivities.ndim != 2
        or len(selectivities) < 2
        or strengths.shape != (len(selectivities), len(onsets), selectivities.shape[1])
    ):
        raise ValueError(
            f"Selectivities of shape {selectivities.shape}, strengths of {strengths.shape} and part onsets of "
            f"{onsets.shape} came. They must be (snapshots, units), (snapshots, in, units) and (in,), of two "
            "snapshots or more."
        )
    come = onsets <= checked_steps(steps, len(selectivities))[:, np.newaxis]
    from_come = (come[:, np.newaxis] @ strengths)[:, 0]
    predictors = np.stack([from_come, selectivities, strengths.sum(axis=1)], axis=2)
    return np.diff(selectivities, axis=0), predictors[:-1]


def within_snapshots(values: np.ndarray) -> np.ndarray:
    """Values less their mean over the units of a snapshot, of the same shape, mean 0; NaN stays NaN.

    In-strength and selectivity both grow with time, so they go together even if no unit's
    parents matter for it. What remains here compares units with others at the same snapshot.
    values: (snapshots, units, ...) float, either of ``growth_rows``.
    """
    return values - np.nanmean(values, axis=1, keepdims=True)


def growth_regression(growths: Sequence[np.ndarray], predictors: Sequence[np.ndarray]) -> Regression:
    """Regress growth on its predictors over runs of several seeds, with standard errors clustered by run.

    Bootstrapping predicts that the coefficient after the intercept, of in-strength from units
    whose part has come, is above 0. Rows with NaN are left out.
    growths: (snapshots - 1, units), predictors: (snapshots - 1, units, predictors), of ``growth_rows``, one a
    run, or both ``within_snapshots``.
    Raises ValueError as ``clustered_regression``, and if there are not as many of both.
    """
    if len(growths) != len(predictors):
        raise ValueError(f"{len(growths)} growths came with {len(predictors)} predictors: one each a run is needed.")
    outcome = np.concatenate([np.ravel(growth) for growth in growths])
    rows = np.concatenate([np.reshape(values, (-1, np.shape(values)[-1])) for values in predictors])
    runs = np.repeat(np.arange(len(growths)), [np.size(growth) for growth in growths])
    whole = np.isfinite(outcome) & np.isfinite(rows).all(axis=1)
    return clustered_regression(outcome[whole], rows[whole], runs[whole])


def clustered_regression(outcome: np.ndarray, predictors: np.ndarray, clusters: np.ndarray) -> Regression:
    """Ordinary least squares with an intercept; standard errors hold if rows of a cluster depend on one another.

    outcome: (rows,), predictors: (rows, predictors) float, finite; clusters: (rows,) integers.
    The variance is corrected for few clusters by G / (G - 1) (N - 1) / (N - K), for G clusters,
    N rows and K coefficients.
    Raises ValueError for other shapes, fewer than two clusters, too few rows and predictors
    that depend on one another.
    Source: K.-Y. Liang and S. L. Zeger, "Longitudinal data analysis using generalized linear models", 1986.
    """
    outcome, predictors = np.asarray(outcome, np.float64), np.asarray(predictors, np.float64)
    names, members = np.unique(clusters, return_inverse=True)
    if predictors.ndim != 2 or not outcome.shape == members.shape == predictors.shape[:1]:
        raise ValueError(
            f"Outcome of shape {outcome.shape}, predictors of {predictors.shape} and clusters of {members.shape} came. "
            "They must be (rows,), (rows, predictors) and (rows,)."
        )
    design = np.column_stack([np.ones(len(outcome)), predictors])
    rows, columns = design.shape
    if len(names) < 2 or rows <= columns:
        raise ValueError(
            f"{rows} rows of {len(names)} cluster(s) came for {columns} coefficients: it takes more rows than "
            "coefficients, and two clusters (seeds) or more."
        )
    scales = np.sqrt((design**2).mean(axis=0))
    if (scales == 0).any() or np.linalg.matrix_rank(design / scales) < columns:
        raise ValueError(
            "A predictor is constant or a sum of others, so their coefficients cannot be told apart: leave it out. "
            "(In-strength from all units equals that from units with a part if every part came at once.)"
        )
    inverse = np.linalg.pinv(design)
    coefficients = inverse @ outcome
    scores = np.zeros((len(names), columns))
    np.add.at(scores, members, design * (outcome - design @ coefficients)[:, np.newaxis])
    correction = len(names) / (len(names) - 1) * (rows - 1) / (rows - columns)
    errors = np.sqrt(correction * ((scores @ (inverse @ inverse.T)) ** 2).sum(axis=0))
    p_values = 2 * student_t.sf(np.abs(coefficients / errors), len(names) - 1)
    return Regression(coefficients, errors, p_values, rows, len(names))


def _checked_by_layer(values: np.ndarray, name: str) -> np.ndarray:
    array = np.asarray(values, np.float64)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"{name} came with shape {array.shape}. They must be (layers, snapshots).")
    return array


def _checked_similarities(similarities: np.ndarray) -> np.ndarray:
    values = _checked_by_layer(similarities, "Similarities")
    last = values[:, -1]
    if not np.allclose(last[~np.isnan(last)], 1, rtol=0, atol=1e-6):
        raise ValueError(
            f"At the last snapshot the similarities are {last.tolist()}. They must be to the state at the last "
            "snapshot, so 1 there: are these (layers, snapshots)?"
        )
    return values


def _checked_items(values: np.ndarray, name: str) -> np.ndarray:
    array = np.asarray(values, np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} came with shape {array.shape}. They must be one each, (items,).")
    return array


def _checked_came(onsets: np.ndarray) -> np.ndarray:
    array = _checked_items(onsets, "Onsets")
    if np.isnan(array).any():
        raise ValueError("Some onsets are NaN. What never came is infinite: take them from onset_steps.")
    return array


def _checked_onsets(
    edge_onsets: np.ndarray, part_onsets: np.ndarray, selectivity_onsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parts, selectivities = _checked_came(part_onsets), _checked_came(selectivity_onsets)
    edges = np.asarray(edge_onsets, np.float64)
    if edges.shape != (len(parts), len(selectivities)) or np.isnan(edges).any():
        raise ValueError(
            f"Edge onsets came with shape {edges.shape} for {len(parts)} units in and {len(selectivities)} units out. "
            "They must be (in, out), infinite and not NaN where they never came."
        )
    return edges, parts, selectivities


def _checked_pairs(pairs: np.ndarray, units: tuple[int, ...]) -> np.ndarray:
    array = np.asarray(pairs)
    if array.ndim != 2 or array.shape[1] != 2 or not np.issubdtype(array.dtype, np.integer):
        raise ValueError(
            f"Pairs came with shape {array.shape} and type {array.dtype}. They must be (pairs, 2) integers: "
            "unit in, unit out."
        )
    if array.size and (array.min() < 0 or (array.max(axis=0) >= units).any()):
        raise ValueError(
            f"Pairs go up to {array.max(axis=0).tolist()}, but there are {units[0]} units in and {units[1]} units out."
        )
    return array
