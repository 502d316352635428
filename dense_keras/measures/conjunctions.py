"""Conjunctions: does a unit add what the parts say, or bind them?

The factorial probe shows every code in the same views, so what a unit answers can be taken
apart exactly: into an effect of each part alone (order 1), of each pair beyond its two parts
(order 2), and so on up to all parts. A response that is a sum over parts has order 1 only; a
conjunction has more. The *energy* of a set of parts is the variance of a unit's responses over
codes that is the set's alone; the energies of all sets sum to the variance that parts explain.

*Sets of parts* are rows of ``part_sets``, in the order of the codes themselves: of three parts
none, {2}, {1}, {1, 2}, {0}, {0, 2}, {0, 1}, {0, 1, 2}. ``set_row`` finds one.

Sources: two-level factorial analysis of variance (Yates 1937, "The design and analysis of
factorial experiments"). The correction for views, the shares and the orientation of
conjunctions are our own. Synergy: information of two parts together beyond each alone,
with the correction of Miller 1955, "Note on the bias of information estimates".
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from dense_keras.measures.arguments import checked_activations, known

BINS = 8


def factorial_responses(activations: np.ndarray, codes: np.ndarray | None, views: np.ndarray | None) -> np.ndarray:
    """What each code evokes in each view: (codes, views, units) float, in activations.

    Codes are in the order of binary numbers, the first part counting most; views ascend.
    activations: (exemplars, units) float, of the factorial probe, in any order.
    codes: (exemplars, parts) of 0 and 1. views: (exemplars,), the factor ``view``.
    Raises NotAvailable for codes or views that nobody knows, ValueError unless each of the
    2 ** parts codes is seen once in each of two or more views.
    """
    codes, views = known(codes, "codes"), known(views, "views")
    values = checked_activations(activations)
    if codes.ndim != 2 or len(codes) != len(values) or views.shape != (len(values),):
        raise ValueError(
            f"Codes came with shape {codes.shape} and views with shape {views.shape} for {len(values)} exemplars. "
            "They must be (exemplars, parts) and (exemplars,)."
        )
    if not np.isin(codes, (0, 1)).all():
        raise ValueError(f"The codes hold the variants {np.unique(codes).tolist()}; the factorial probe has 0 and 1.")
    parts = codes.shape[1]
    seen, view = np.unique(views, return_inverse=True)
    place = codes.astype(np.int64) @ (2 ** np.arange(parts)[::-1]) * len(seen) + view
    if len(seen) < 2 or not np.array_equal(np.sort(place), np.arange(2**parts * len(seen))):
        raise ValueError(
            f"{len(values)} exemplars came, of {len(np.unique(codes, axis=0))} codes in {len(seen)} view(s). Each of "
            f"the {2**parts} codes of {parts} parts must be seen once in each of two or more views: take the "
            "factorial probe."
        )
    return values[np.argsort(place)].reshape(2**parts, len(seen), values.shape[1])


def part_sets(parts: int) -> np.ndarray:
    """All sets of parts, the empty one first: (2 ** parts, parts) bool."""
    return np.array(list(product((False, True), repeat=parts)))


def set_row(members: Sequence[int], parts: int) -> int:
    """The row of a set in ``part_sets`` and in all that is ordered like it: 0 to 2 ** parts - 1.

    members: columns of the codes, such as [0, 1] for hair and eyes.
    Raises ValueError for a part that there is not, or one that is named twice.
    """
    if len(set(members)) < len(members) or not set(members) <= set(range(parts)):
        raise ValueError(f"The set came as {list(members)}; its members must be different parts of 0 to {parts - 1}.")
    return sum(2 ** (parts - 1 - member) for member in members)


def walsh_coefficients(responses: np.ndarray) -> np.ndarray:
    """Effect of each set of parts, half the change from 0 to 1: (sets, ...) float, in activations.

    The product of the parts' signs (-1 for variant 0, +1 for 1) times the response, averaged
    over codes; the first row is the mean. The squares sum to the mean squared response.
    responses: (codes, ...) float, in the order of ``factorial_responses``.
    Raises ValueError for a number of codes that is no power of 2.
    """
    responses = np.asarray(responses, np.float64)
    parts = len(responses).bit_length() - 1
    if len(responses) != 2**parts or parts < 1:
        raise ValueError(
            f"{len(responses)} codes came; all codes of some parts are 2, 4, 8, ...: see factorial_responses."
        )
    sets = part_sets(parts)
    # (sets, codes): a sign for each part that is in the set and 0 in the code
    signs = np.where(sets[:, np.newaxis] & ~sets, -1, 1).prod(axis=2)
    return np.tensordot(signs, responses, axes=1) / len(responses)


def part_set_energies(responses: np.ndarray) -> np.ndarray:
    """Variance of each unit that is each set of parts' alone: (sets, units), in squared activations.

    The squared Walsh coefficient of the mean over views, less what chance adds to it: the
    variance of the coefficient between views over their number. So an energy is 0 on average
    where parts do nothing, and can be negative by chance. Whatever views do to all codes
    alike is no chance and adds nothing. The row of the empty set is 0: a mean is no effect.
    responses: (codes, views, units), of ``factorial_responses``.
    Raises ValueError for another shape, and for fewer than two views.
    """
    responses = np.asarray(responses)
    if responses.ndim != 3 or responses.shape[1] < 2:
        raise ValueError(
            f"Responses came with shape {responses.shape}. They must be (codes, views, units) of two views or more: "
            "from one view nobody can tell parts from chance."
        )
    coefficients = walsh_coefficients(responses)
    chance = coefficients.var(axis=1, ddof=1) / coefficients.shape[1]
    corrected = coefficients.mean(axis=1) ** 2 - chance
    corrected[0] = 0
    return corrected


def energies_by_order(energies: np.ndarray) -> np.ndarray:
    """Energies summed over the sets of one part, of two parts, and so on: (parts, units), in squared activations.

    energies: (sets, units), of ``part_set_energies``. Raises ValueError for a number of sets that is no power of 2.
    """
    sets = part_sets(len(energies).bit_length() - 1)
    if len(sets) != len(energies) or len(energies) < 2:
        raise ValueError(f"{len(energies)} sets came; all sets of some parts are 2, 4, 8, ...: see part_set_energies.")
    orders = np.arange(1, sets.shape[1] + 1)
    return (sets.sum(axis=1) == orders[:, np.newaxis]).astype(np.float64) @ energies


def explained_shares(responses: np.ndarray) -> np.ndarray:
    """Share of each unit's variance, over codes and views, that parts explain: (units,), up to 1.

    About 0 where they explain nothing, negative by chance; NaN for a unit that never changes.
    responses: (codes, views, units). Raises ValueError as ``part_set_energies``.
    """
    variances = (responses - responses[:1, :1]).var(axis=(0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(variances > 0, part_set_energies(responses).sum(axis=0) / variances, np.nan)


def interaction_shares(energies: np.ndarray) -> np.ndarray:
    """Share of each unit's explained energy that is of order 2 or more: (units,), 0..1.

    0 for a sum over parts, 1/3 for the AND or the OR of two parts, 1 for their XOR. A negative
    energy of an order counts as 0; NaN for a unit of which parts explain nothing.
    energies: (sets, units), of ``part_set_energies``. Raises ValueError as ``energies_by_order``.
    """
    by_order = energies_by_order(energies).clip(0)
    return _shares(by_order[1:].sum(axis=0), by_order.sum(axis=0))


def layer_shares_by_order(energies: np.ndarray) -> np.ndarray:
    """Share of a layer's explained energy of each order: (parts,), 0..1, sum 1; NaN if parts explain nothing.

    Units count by their explained energy, so dead and noisy ones do not count.
    ``layer_shares_by_order(energies)[1:].sum()`` is the layer's share of interaction.
    energies: (sets, units), of ``part_set_energies``. Raises ValueError as ``energies_by_order``.
    """
    by_order = energies_by_order(energies).sum(axis=1).clip(0)
    return _shares(by_order, by_order.sum())


def layer_shares_of_variance(energies: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """Share of all that varies in a layer, over codes and views, that each energy is: (sets,) or (orders,), 0..1.

    What the shares of all sets leave to 1 is the views'. A negative energy counts as 0, and all
    are 0 in a layer that never changes.
    energies: (sets, units), of ``part_set_energies``, or (orders, units), of ``energies_by_order``.
    responses: (codes, views, units), of which they are.
    """
    variance = responses.var(axis=(0, 1)).sum()
    return energies.sum(axis=1).clip(0) / (variance or 1.0)


def share_of_conjunctive_units(
    interaction: np.ndarray, explained: np.ndarray, above: float = 0.3, responsive: float = 0.1
) -> float:
    """Share of units with an interaction share above a bound, of those that parts matter to: 0..1.

    Where parts explain less than ``responsive`` of a unit's variance, its interaction share is
    chance, and the unit is not counted at all. NaN if none is left.
    interaction: (units,), of ``interaction_shares``; explained: (units,), of ``explained_shares``.
    """
    counted = np.asarray(interaction)[np.asarray(explained) >= responsive]
    return float((counted > above).mean()) if len(counted) else float("nan")


def conjunction_indices(responses: np.ndarray, pair: Sequence[int]) -> np.ndarray:
    """R11 - R10 - R01 + R00 of two parts, all others averaged: (units,), in activations.

    1 for the AND of two parts, -1 for their OR, 0 for a sum, -2 for XOR, if the response is 0 or
    1. It is four times the Walsh coefficient of the pair. Its sign turns with the names of the
    variants, which mean nothing: see ``oriented_conjunction_indices``.
    responses: (codes, views, units); pair: two columns of the codes.
    Raises ValueError for anything but two different parts.
    """
    return 4 * _pair_effects(responses, pair)[2]


def oriented_conjunction_indices(responses: np.ndarray, pair: Sequence[int]) -> np.ndarray:
    """``conjunction_indices`` with each part's preferred variant called 1: (units,), in activations.

    Positive: AND-like, one of the four combinations stands out above the rest. Negative:
    OR-like, one falls below. 0 for XOR, which has no preferred variants; where parts alone do
    next to nothing the sign is chance.
    For the arguments and errors see there.
    """
    first, second, both = _pair_effects(responses, pair)
    return 4 * both * np.sign(first) * np.sign(second)


def mutual_informations(activations: np.ndarray, labels: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Information of each unit's response about a label: (units,) bits, 0 or more but for chance.

    Responses are put into bins of equal counts; a response that so many share that it lies on a
    border, such as no response, has a bin of its own. Each entropy gets Miller's correction: what
    remains is about 0 for labels dealt out at random.
    activations: (exemplars, units) float; labels: (exemplars,) integers; bins: 2 or more.
    Raises ValueError if there is not one label for each exemplar, and for fewer than two bins.
    Source: Miller 1955.
    """
    values, labels = checked_activations(activations), np.asarray(labels)
    if labels.shape != (len(values),):
        raise ValueError(f"Labels came with shape {labels.shape} for {len(values)} exemplars: one each is needed.")
    if bins < 2:
        raise ValueError(f"{bins} bin(s) came; it takes two or more to tell responses apart.")
    edges = np.quantile(values, np.arange(1, bins) / bins, axis=0)
    borders = edges[:, np.newaxis]
    binned = (values >= borders).sum(axis=0) + (values > borders).sum(axis=0)  # (exemplars, units)
    bins = 2 * bins - 1
    kinds, label = np.unique(labels, return_inverse=True)
    units = np.arange(values.shape[1])
    cell = (units * len(kinds) + label[:, np.newaxis]) * bins + binned
    counts = np.bincount(cell.ravel(), minlength=len(units) * len(kinds) * bins).reshape(len(units), len(kinds), bins)
    joint = counts.reshape(len(units), -1)
    return _entropies(counts.sum(axis=2)) + _entropies(counts.sum(axis=1)) - _entropies(joint)


def synergies(activations: np.ndarray, codes: np.ndarray | None, pair: Sequence[int], bins: int = BINS) -> np.ndarray:
    """Information of each unit about two parts together beyond that about each alone: (units,) bits.

    1 for the XOR of two even and independent bits, .19 for their AND, 0 for a copy of both, -1
    for parts that always agree.
    activations: (exemplars, units) float, of any probe; codes: (exemplars, parts) integers;
    pair: two columns of the codes. For bins see ``mutual_informations``.
    Raises NotAvailable for codes that nobody knows, ValueError for anything but two different
    parts, and as ``mutual_informations``.
    """
    codes = known(codes, "codes")
    first, second = codes[:, _checked_pair(pair, codes.shape[1])].T
    both = np.unique(np.column_stack([first, second]), axis=0, return_inverse=True)[1].ravel()
    together, one, other = (mutual_informations(activations, labels, bins) for labels in (both, first, second))
    return together - one - other


def _shares(energy: np.ndarray, total: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, energy / total, np.nan)


def _checked_pair(pair: Sequence[int], parts: int) -> list[int]:
    if len(set(pair)) != 2 or len(pair) != 2 or not set(pair) <= set(range(parts)):
        raise ValueError(f"The pair came as {list(pair)}; it must be two different parts of 0 to {parts - 1}.")
    return list(pair)


def _pair_effects(responses: np.ndarray, pair: Sequence[int]) -> np.ndarray:
    """Walsh coefficients of the first part, the second, and both: (3, units)."""
    coefficients = walsh_coefficients(responses.mean(axis=1))
    parts = len(responses).bit_length() - 1
    first, second = _checked_pair(pair, parts)
    return coefficients[[set_row(members, parts) for members in ([first], [second], [first, second])]]


def _entropies(counts: np.ndarray) -> np.ndarray:
    """Entropy of each row of counts, in bits, with Miller's correction."""
    total = counts.sum(axis=1)
    shares = counts / total[:, np.newaxis]
    logarithms = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    occurring = (counts > 0).sum(axis=1)
    return -(shares * logarithms).sum(axis=1) + (occurring - 1) / (2 * total * np.log(2))
