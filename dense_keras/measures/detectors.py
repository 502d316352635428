"""Detectors: what units respond to, how selectively, how sparsely, and how they are tuned to factors.

Activations are (exemplars, units), pooled over space, of one layer at one snapshot. What a
unit may detect is a *membership*, (exemplars, columns) bool, a column a token or a variant
of a part. The array with a value for each unit comes first, its share or mean after it.

Report the area under the ROC curve first: it does not depend on how a unit's response is
scaled, and chance is .5 for every unit. The best of many columns is above .5 for a random
unit too, so look at the untrained network beside. A detector is named by what it responds
to; whether the network *uses* it is another question, which only cuts answer.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from dense_keras.measures.arguments import checked_activations, checked_tokens, known
from dense_keras.measures.categories import token_means

SILENT = 1e-6
"""A unit whose activation never exceeds this is called dead."""

DETECTOR_AUC = 0.9
"""A unit whose AUC exceeds this is called a detector. The threshold is our own."""


def token_membership(tokens: np.ndarray) -> np.ndarray:
    """Which exemplar is of which token: (exemplars, tokens) bool.

    tokens: (exemplars,) integers. Raises ValueError for a token below the highest that has
    no exemplar, and for what is no token.
    """
    tokens = checked_tokens(tokens, len(tokens))
    membership = tokens[:, np.newaxis] == np.arange(tokens.max() + 1)
    missing = np.flatnonzero(~membership.any(axis=0)).tolist()
    if missing:
        raise ValueError(f"No exemplar of token(s) {missing} came: each token up to {tokens.max()} needs some.")
    return membership


def part_membership(codes: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Which exemplar wears which variant: (exemplars, columns) bool, and (columns, 2), the part and variant of each.

    codes: (exemplars, parts) integers; an absent part (-1) has no column of its own, and a
    part that is the same in all exemplars has none either.
    Raises NotAvailable if codes are None; ValueError for another shape or type, or if no part varies.
    """
    codes = known(codes, "codes")
    if codes.ndim != 2 or not np.issubdtype(codes.dtype, np.integer):
        raise ValueError(
            f"Codes came with shape {codes.shape} and type {codes.dtype}. They must be (exemplars, parts) integers."
        )
    variants = np.array(
        [
            (part, variant)
            for part, worn in enumerate(codes.T)
            for variant in np.unique(worn)
            if variant >= 0 and (worn != variant).any()
        ],
        np.int64,
    )
    if not len(variants):
        raise ValueError("All exemplars have the same code: to tell variants of a part apart takes two or more.")
    return codes[:, variants[:, 0]] == variants[:, 1], variants


def detection_auc(activations: np.ndarray, membership: np.ndarray) -> np.ndarray:
    """Area under the ROC curve of every unit for every column against the rest: (units, columns), 0..1.

    The probability that the unit responds more to a member than to one of the rest, ties
    counting half: 1 perfect, .5 chance (and a dead unit), 0 silent for members alone.
    activations: (exemplars, units); membership: (exemplars, columns) bool.
    Raises ValueError for a membership of another shape, or a column without members or without a rest.
    Source: J. Hanley and B. McNeil 1982; by the rank sum of Mann and Whitney 1947.
    """
    values = checked_activations(activations)
    membership = np.asarray(membership)
    if membership.ndim != 2 or len(membership) != len(values) or membership.dtype != bool:
        raise ValueError(
            f"The membership came with shape {membership.shape} and type {membership.dtype} for {len(values)} "
            "exemplars. It must be (exemplars, columns) bool."
        )
    members = membership.sum(axis=0)
    rest = len(values) - members
    if not (members * rest).all():
        columns = np.flatnonzero(members * rest == 0).tolist()
        raise ValueError(f"Column(s) {columns} hold all exemplars or none: there is nothing to tell apart.")
    rank_sums = rankdata(values, axis=0).T @ membership.astype(np.float64)
    return (rank_sums - members * (members + 1) / 2) / (members * rest)


def token_auc(activations: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """``detection_auc`` for every token against the others: (units, tokens), 0..1.

    Errors as there and in ``token_membership``.
    """
    return detection_auc(activations, token_membership(tokens))


def part_auc(activations: np.ndarray, codes: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """``detection_auc`` for every variant of every part: (units, columns), and the (columns, 2) parts and variants.

    Of a part with two variants the columns add up to 1. Errors as there and in ``part_membership``.
    """
    membership, variants = part_membership(codes)
    return detection_auc(activations, membership), variants


def preferred_columns(auc: np.ndarray) -> np.ndarray:
    """The column that each unit detects best, the first of equals: (units,) integers.

    It is -1 where no AUC exceeds .5: of tokens, that is a dead unit alone.
    auc: (units, columns), of ``token_auc`` (columns are tokens), ``part_auc`` or ``detection_auc``.
    """
    return np.where(auc.max(axis=1) > 0.5, auc.argmax(axis=1), -1)


def preferred_parts(auc: np.ndarray, variants: np.ndarray) -> np.ndarray:
    """The part and variant that each unit detects best: (units, 2) integers; (-1, -1) where no AUC exceeds .5.

    auc, variants: of ``part_auc``.
    """
    columns = preferred_columns(auc)[:, np.newaxis]
    return np.where(columns < 0, -1, variants[columns[:, 0]])


def detector_share(auc: np.ndarray, threshold: float = DETECTOR_AUC) -> float:
    """Share of units, 0..1, whose best AUC exceeds the threshold. auc: (units, columns).

    Raises ValueError for NaN.
    """
    if np.isnan(auc).any():
        raise ValueError("Some AUCs are NaN, and would count as no detector: take them from detection_auc.")
    return float((auc.max(axis=1) > threshold).mean())


def class_selectivity(activations: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Class selectivity index of every unit: (units,), 0 the same for all tokens, 1 silent for all but one.

    (m - r) / (m + r), where m is the largest token mean and r the mean of the others; NaN
    for a silent unit. It is here because it is widely used. Cautions: it looks at means
    alone, so it is large for a unit that responds rarely and weakly, or to one odd exemplar;
    it depends on where the zero of the response is; such indices give "misleadingly high
    estimates" of how well a unit detects (Gale et al. 2020), and selectivity of single units
    is "neither sufficient nor strictly necessary" for a network to do well (Leavitt and
    Morcos 2020). Report ``token_auc`` first.
    activations: (exemplars, units) of 0 or more, tokens: (exemplars,) integers.
    Raises ValueError for negative activations, of which it means nothing, and for one token; else as ``token_means``.
    Source: Morcos et al. 2018, arXiv 1803.06959.
    """
    if np.min(activations) < 0:
        raise ValueError(
            "Some activations are negative, where selectivity has no meaning: take a layer after its ReLU, "
            "or token_auc."
        )
    checked_tokens(tokens, len(activations))
    means = token_means(activations, tokens)
    largest = means.max(axis=0)
    others = (means.sum(axis=0) - largest) / (len(means) - 1)
    return _share(largest - others, largest + others)


def lifetime_sparseness(activations: np.ndarray) -> np.ndarray:
    """How few of the exemplars each unit responds to: (units,), 0 the same for all, 1 a single one.

    NaN for a silent unit. (1 - mean(a)^2 / mean(a^2)) / (1 - 1 / exemplars).
    activations: (exemplars, units) of 0 or more.
    Raises ValueError for another shape, and for negative activations, of which it means nothing.
    Source: W. Vinje and J. Gallant, Science 287, 2000.
    """
    values = checked_activations(activations)
    if values.min() < 0:
        raise ValueError(
            "Some activations are negative, where sparseness has no meaning: take a layer after its ReLU, "
            "or hoyer_sparseness."
        )
    density = _share(values.mean(axis=0) ** 2, (values**2).mean(axis=0))
    return (1 - density) / (1 - 1 / len(values))


def population_sparseness(activations: np.ndarray) -> np.ndarray:
    """How few of the units each exemplar excites: (exemplars,), 0 all alike, 1 a single one; NaN where all are silent.

    ``lifetime_sparseness`` over units in place of exemplars; units of a large scale weigh more.
    activations: (exemplars, units) of 0 or more. Errors and source as there.
    """
    return lifetime_sparseness(np.transpose(activations))


def hoyer_sparseness(activations: np.ndarray) -> np.ndarray:
    """Sparseness of each unit over exemplars by its norms: (units,), 0 the same size for all, 1 a single one.

    NaN for a silent unit. (sqrt(n) - |a|_1 / |a|_2) / (sqrt(n) - 1) for n exemplars.
    activations: (exemplars, units) of any sign. Raises ValueError for another shape.
    Source: P. Hoyer, "Non-negative matrix factorization with sparseness constraints", 2004.
    """
    values = checked_activations(activations)
    root = np.sqrt(len(values))
    return (root - _share(np.abs(values).sum(axis=0), np.linalg.norm(values, axis=0))) / (root - 1)


def dead_units(activations: np.ndarray, threshold: float = SILENT) -> np.ndarray:
    """Units that no exemplar excites: (units,) bool.

    activations: (exemplars, units) after a ReLU, the largest over space. A unit that is
    dead for a probe may respond to other images. Raises ValueError for another shape.
    """
    return checked_activations(activations, fewest=1).max(axis=0) <= threshold


def factor_bins(factor: np.ndarray | None, bins: int = 8) -> np.ndarray:
    """The bin of each exemplar, from 0 in ascending order of the factor: (exemplars,) integers.

    Bins hold about equally many exemplars; a value that so many share that it lies on a border has
    one of its own, and so has each value of a factor that takes no more values than there are bins.
    factor: (exemplars,) float.
    Raises NotAvailable if the factor is None; ValueError for another shape, NaN, or fewer than 2 bins.
    """
    values = np.asarray(known(factor, "factors"), np.float64)
    if values.ndim != 1 or not np.isfinite(values).all() or bins < 2:
        raise ValueError(
            f"A factor came with shape {values.shape} for {bins} bins. It must be one finite number an exemplar, "
            "for 2 bins or more."
        )
    different, place = np.unique(values, return_inverse=True)
    if len(different) <= bins:
        return place
    edges = np.quantile(values, np.arange(1, bins) / bins)
    binned = np.searchsorted(edges, values, side="right") + np.searchsorted(edges, values, side="left")
    return np.unique(binned, return_inverse=True)[1]


def tuning_curves(
    activations: np.ndarray, factor: np.ndarray | None, bins: int = 8
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How units respond along a factor: its mean in each bin (bins,), then mean and standard error (bins, units).

    All in the scale in which they come; a standard error is 0 or more.
    activations: (exemplars, units), factor: (exemplars,), bins: as in ``factor_bins``. The
    standard error is NaN for a bin with one exemplar.
    Raises ValueError if exemplars differ in number, and as ``factor_bins``.
    """
    values = checked_activations(activations)
    groups = factor_bins(factor, bins)
    membership = _group_membership(groups, len(values))
    counts = membership.sum(axis=0)[:, np.newaxis]
    means = _member_means(values, membership)
    squares = membership.T.astype(np.float64) @ (values - means[groups]) ** 2
    errors = np.sqrt(_share(squares, (counts - 1) * counts))
    centres = _member_means(np.asarray(factor, np.float64)[:, np.newaxis], membership)[:, 0]
    return centres, means, errors


def explained_share(activations: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Share of each unit's variance between groups, eta squared: (units,), 0..1; NaN for a constant unit.

    groups: (exemplars,) integers of any kind: tokens, codes' numbers, views, ``factor_bins``.
    Groups that say nothing explain ``chance_explained_share`` on average. Factors that are
    correlated in the exemplars share what they explain: take a factorial probe.
    Raises ValueError if exemplars differ in number.
    Source: one-way analysis of variance, R. Fisher 1925.
    """
    values = checked_activations(activations)
    values = values - values.mean(axis=0)
    values[:, np.ptp(values, axis=0) == 0] = 0
    groups = np.unique(groups, return_inverse=True)[1]
    membership = _group_membership(groups, len(values))
    between = membership.sum(axis=0) @ _member_means(values, membership) ** 2
    return _share(between, (values**2).sum(axis=0))


def chance_explained_share(groups: np.ndarray) -> float:
    """What groups explain on average if they say nothing: (groups - 1) / (exemplars - 1), 0..1.

    groups: (exemplars,).
    """
    return (len(np.unique(groups)) - 1) / (len(groups) - 1)


def tuning_strength(activations: np.ndarray, factor: np.ndarray | None, bins: int = 8) -> np.ndarray:
    """Share of each unit's variance that a factor explains: (units,), 0..1; NaN for a constant unit.

    ``explained_share`` of the factor's bins; their chance is (bins - 1) / (exemplars - 1).
    activations: (exemplars, units), factor: (exemplars,). Errors as there and in ``factor_bins``.
    """
    return explained_share(activations, factor_bins(factor, bins))


def invariance_index(explained_by_identity: np.ndarray, explained_by_nuisance: np.ndarray) -> np.ndarray:
    """How much of what is explained is identity: (units,), 0 nuisance alone, 1 identity alone.

    NaN where neither explains anything. Both are (units,), of ``explained_share``: on the factorial probe, of
    the codes' numbers and of the views, where the two do not overlap. Our own.
    """
    return _share(explained_by_identity, explained_by_identity + explained_by_nuisance)


def _group_membership(groups: np.ndarray, exemplars: int) -> np.ndarray:
    if groups.shape != (exemplars,):
        raise ValueError(f"Groups came with shape {groups.shape} for {exemplars} exemplars: one each is needed.")
    return groups[:, np.newaxis] == np.arange(groups.max() + 1)


def _member_means(values: np.ndarray, membership: np.ndarray) -> np.ndarray:
    sums = membership.T.astype(np.float64) @ values
    return sums / membership.sum(axis=0)[:, np.newaxis]


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole != 0)
