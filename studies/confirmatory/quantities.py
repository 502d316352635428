"""The quantities that the hypotheses are about, as functions of recorded arrays.

What each is for, and which value would refute what, stands in ``hypotheses.md``. Arrays are as in
``dense_keras.measures``; NaN stands where there is nothing to count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from scipy.stats import kendalltau

from dense_keras.measures import bootstrapping, classification, conjunctions, coupling, coupling_graph, detectors
from dense_keras.measures.similarity import cka_debiased

NEAR = 0.05
"""Distance from a ceiling at which an accuracy counts as being at it."""

READ = 0.6
"""Read-out of a part from the decisions on all codes above which it is called acquired; .5 is one who ignores it."""

EXPLAINED = 0.05
"""Share of a layer's variance that parts must explain for a share of theirs to be told."""

BOUND, BOUND_INTERACTION = 0.9, 0.05
"""Share of exemplars whose pair is told rightly above which the pair is called bound."""


def plateaus(correct: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last snapshot of each plateau of the accuracy, (plateaus, 2) integers, and its mean there, (plateaus,).

    correct: (snapshots, exemplars) bool; steps: (snapshots,).
    """
    accuracy = correct.mean(axis=1)
    lowest, highest = classification.wilson_band(correct.sum(axis=1), correct.shape[1])
    found = classification.plateaus(accuracy, (highest - lowest) / 4, steps)
    return found, np.array([accuracy[first : last + 1].mean() for first, last in found])


def near_any(values: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Whether each value is at one of the levels, within ``NEAR``: (values,) bool."""
    return (np.abs(values[:, np.newaxis] - np.asarray(levels)) <= NEAR).any(axis=1)


def blocks_of_all_parts(codes: np.ndarray, tokens: np.ndarray) -> list[np.ndarray]:
    """The different ways in which knowing some parts leaves blocks of tokens: each (tokens,) integers.

    More than one block, and fewer blocks than tokens.
    codes: (exemplars, parts), tokens: (exemplars,) integers.
    """
    columns = range(codes.shape[1])
    known = [parts for size in columns for parts in combinations(columns, size)]
    every = {tuple(classification.blocks_of_known_parts(codes, tokens, parts).tolist()) for parts in known}
    return [np.array(blocks) for blocks in sorted(every) if 1 < len(set(blocks)) < len(blocks)]


def block_evidence(
    predicted: np.ndarray,
    tokens: np.ndarray,
    partitions: Sequence[np.ndarray],
    generator: np.random.Generator,
    draws: int = 999,
) -> tuple[float, float]:
    """The largest block index of several partitions, and how likely one so large is by chance.

    Errors of all snapshots are counted together. Chance: at each snapshot the wrong decisions
    change places among the exemplars that were mistaken, those that come out right are not
    counted, and the best partition is chosen anew. Without errors NaN, and 1.
    predicted: (snapshots, exemplars), tokens: (exemplars,) integers.
    """
    found = _largest_block_index(predicted, tokens, partitions)
    if np.isnan(found):
        return found, 1.0
    wrong = predicted != tokens
    reached = 0
    for _ in range(draws):
        exchanged = predicted.copy()
        for decisions, mistaken in zip(exchanged, wrong, strict=True):
            decisions[mistaken] = generator.permutation(decisions[mistaken])
        reached += _largest_block_index(exchanged, tokens, partitions) >= found
    return found, (1 + reached) / (1 + draws)


def decision_readout(predicted: np.ndarray, codes: np.ndarray, variants: np.ndarray) -> np.ndarray:
    """Share of exemplars whose called token wears their variant of a part: (snapshots, parts) float, 0..1.

    On all codes in the same views it is exactly .5 for a part that changes no decision, whatever
    is known of the others.
    predicted: (snapshots, exemplars), codes: (exemplars, parts) integers; variants: (tokens, parts).
    """
    return (variants[predicted] == codes).mean(axis=1)


def part_visibility(images: np.ndarray, codes: np.ndarray, views: np.ndarray) -> np.ndarray:
    """How much the image changes with each part's variant, pixel share times contrast: (parts,) gray levels.

    Mean over pixels of the absolute difference between two images that differ in this part alone.
    images: (exemplars, height, width, channels), codes: (exemplars, parts), views: (exemplars,), of the
    factorial probe.
    """
    pixels = conjunctions.factorial_responses(images.reshape(len(images), -1), codes, views)
    by_part = pixels.reshape(*(2,) * codes.shape[1], *pixels.shape[1:])
    return np.array([np.abs(np.diff(by_part, axis=part)).mean() for part in range(codes.shape[1])])


def order_agreement(onsets: np.ndarray, visibility: np.ndarray) -> float:
    """Kendall's tau of how early parts come with how visible they are: -1..1; 0 if all come at once or never.

    onsets: (parts,) float, infinite where a part never came; visibility: (parts,).
    """
    tau = kendalltau(-bootstrapping.ranks(onsets), visibility).statistic
    return 0.0 if np.isnan(tau) else float(tau)


def share_after(differences: np.ndarray) -> float:
    """Share of the known differences that are above 0, ties counting against: 0..1. differences: (items,) float."""
    known = differences[~np.isnan(differences)]
    return float((known > 0).mean()) if len(known) else float("nan")


def unit_onsets(
    responses: np.ndarray, activations: np.ndarray, tokens: np.ndarray, steps: np.ndarray
) -> dict[str, np.ndarray]:
    """When each unit of a layer reads a part, knows a token, is a conjunction: (units,) steps; and its token at the end.

    responses: (snapshots, codes, views, units), of ``report.responses_to_codes``; activations:
    (snapshots, exemplars, units) of exemplars with tokens; steps: (snapshots,).
    """
    part, _ = _best_curves(responses.reshape(len(steps), -1, responses.shape[-1]), _wears(responses.shape[1:3]))
    token, preferred = _best_curves(activations, detectors.token_membership(tokens))
    interaction = [conjunctions.interaction_shares(conjunctions.part_set_energies(each)) for each in responses]
    explained = np.array([conjunctions.explained_shares(each) for each in responses])
    bound = np.where(explained >= 0.1, interaction, np.nan)
    return {
        "part": classification.onset_steps(part, steps, bootstrapping.SELECTIVITY_LEVEL),
        "token": classification.onset_steps(token, steps, bootstrapping.SELECTIVITY_LEVEL),
        "conjunction": classification.onset_steps(bound, steps, bootstrapping.CONJUNCTION_LEVEL),
        "preferred": preferred,
    }


def strongest(strengths: np.ndarray) -> np.ndarray:
    """The strongest 2 % of the edges: (edges, 2) integers, unit in and unit out. strengths: (in, out)."""
    return np.argwhere(coupling_graph.kept_at_density([strengths])[0])


def edges_before_selectivity(
    strengths: np.ndarray,
    part_onsets: np.ndarray,
    token_onsets: np.ndarray,
    steps: np.ndarray,
    generator: np.random.Generator,
    draws: int = 100,
) -> dict[str, np.ndarray]:
    """Steps from edge to selectivity of the strongest edges, and the same of two kinds of chance.

    ``edges``: (edges,); ``matched``: of other pairs of the same layers, drawn many times, none where
    there are none; ``exchanged``: the strong edges exchange their onsets, many times. Edges of
    which part, edge or selectivity never came are left out.
    strengths: (snapshots, in, out); part_onsets: (in,), token_onsets: (out,); steps: (snapshots,).
    """
    onsets = bootstrapping.edge_onset_steps(strengths, steps, strengths[0])
    came = bootstrapping.pairs_with_onsets(onsets, part_onsets, token_onsets)
    pairs = strongest(strengths[-1])
    pairs = pairs[came[tuple(pairs.T)]]
    lag = lambda chosen: bootstrapping.lead_and_lag(chosen, onsets, part_onsets, token_onsets)[1]
    others = came.copy()
    others[tuple(pairs.T)] = False
    matched = [lag(bootstrapping.matched_pairs(pairs, came, generator)) for _ in range(draws if others.any() else 0)]
    of_edges = np.tile(onsets[tuple(pairs.T)], (draws, 1))
    exchanged = token_onsets[pairs[:, 1]] - generator.permuted(of_edges, axis=1)
    return {"edges": lag(pairs), "matched": np.array(matched).reshape(-1), "exchanged": exchanged.reshape(-1)}


def conjunctions_after_parts(
    parents: np.ndarray, part_onsets: np.ndarray, conjunction_onsets: np.ndarray
) -> dict[str, np.ndarray]:
    """Steps from the last part that a unit's parents read to its conjunction.

    ``units``: of units that became conjunctions and have a parent that reads a part; other parents are
    not asked. ``left out``: NaN for each unit that became one and has parents of which none reads a part.
    parents: (pairs, 2) integers, parent and unit; part_onsets: (in,), conjunction_onsets: (out,).
    """
    readers = parents[np.isfinite(part_onsets[parents[:, 0]])]
    lags = bootstrapping.conjunction_lags(readers, part_onsets, conjunction_onsets)
    became = np.isin(np.arange(len(lags)), parents[:, 1]) & np.isfinite(conjunction_onsets)
    return {"units": lags[~np.isnan(lags)], "left out": lags[np.isnan(lags) & became]}


def similarities_to_the_end(activations: Sequence[np.ndarray]) -> np.ndarray:
    """Debiased CKA of a layer at each snapshot with the last: (snapshots,) float. activations: (exemplars, units) each."""
    return np.array([*(cka_debiased(each, activations[-1]) for each in activations[:-1]), 1.0])


def convergence_orders(similarities: np.ndarray, steps: np.ndarray) -> tuple[float, float]:
    """Spearman's correlation of when layers converge, raw, with how near they were at first; and, normalised, with depth.

    similarities: (layers, snapshots) to the state at the last, input side first; steps: (snapshots,).
    """
    raw = bootstrapping.convergence_steps(similarities, steps, 0.9)
    normalised = bootstrapping.convergence_steps(bootstrapping.normalised_similarities(similarities), steps, 0.5)
    return (
        bootstrapping.rank_correlation(raw, similarities[:, 0]),
        bootstrapping.rank_correlation(normalised, np.arange(len(similarities), dtype=float)),
    )


def token_modularity(
    activations: Sequence[np.ndarray],
    tokens: np.ndarray,
    cells: np.ndarray,
    factors: Mapping[str, np.ndarray],
    generator: np.random.Generator,
    draws: int = 20,
) -> tuple[float, float]:
    """Modularity by preferred token of what cells and factors do not explain, above chance: the excess, and its z score.

    Of the graph of the strongest 2 % of correlations between units of different layers. Chance:
    each unit's exemplars of a cell change places.
    activations: of each layer, (exemplars, units); cells: (exemplars,) integers.
    """
    labels = np.concatenate([detectors.preferred_columns(detectors.token_auc(each, tokens)) for each in activations])
    layers = np.repeat(np.arange(len(activations)), [each.shape[1] for each in activations])

    def modularity(values: np.ndarray) -> float:
        correlations = coupling.noise_correlation(values, values, cells, factors)
        return coupling_graph.modularity(coupling_graph.correlation_adjacency(correlations, layers), labels)

    joined = np.hstack(activations)
    chance = [modularity(coupling_graph.shuffled_within_cells(joined, cells, generator)) for _ in range(draws)]
    found = modularity(joined)
    return found - float(np.mean(chance)), coupling_graph.against_chance(found, chance)[0]


def interaction(responses: np.ndarray) -> tuple[float, float]:
    """What parts do to a layer beyond their sum: as a share of all that parts do, and of all that varies. 0..1.

    The first is NaN where parts explain next to nothing. responses: (codes, views, units).
    """
    energies = conjunctions.energies_by_order(conjunctions.part_set_energies(responses))
    shares = conjunctions.layer_shares_of_variance(energies, responses)
    beyond, explained = float(shares[1:].sum()), float(shares.sum())
    return (beyond / explained if explained >= EXPLAINED else float("nan")), beyond


def critical_density(densities: np.ndarray, shares: np.ndarray, interactions: np.ndarray) -> float:
    """The number of exemplars from which on a pair is bound; infinite if it never is.

    densities: (densities,) ascending; shares: (densities,) of exemplars whose pair is told rightly;
    interactions: (densities,) share of the pair's interaction in the energy of all that parts do to the logits.
    """
    told_by_binding = np.where(np.asarray(interactions) >= BOUND_INTERACTION, shares, 0)
    return float(classification.onset_steps(told_by_binding, densities, BOUND))


def largest_rise(shares: np.ndarray) -> float:
    """The largest rise between neighbouring densities, as a share of the whole: NaN if that is below .2.

    shares: (densities,), in the order of density.
    """
    whole = shares[-1] - shares[0]
    return float(np.diff(shares).max() / whole) if whole >= 0.2 else float("nan")


def favourite_kinds(responses: np.ndarray, pairs: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Which face is of which kind, and each unit's favourite kind: (faces, 4 kinds of each pair) bool, (units,) columns.

    A kind is a combination of the variants of a pair; a unit's pair is the one with more energy in it.
    responses: (codes, views, units); pairs: columns of the codes, two each.
    """
    codes = conjunctions.part_sets(len(responses).bit_length() - 1)
    kinds = np.column_stack(
        [(codes[:, list(pair)] == kind).all(axis=1) for pair in pairs for kind in conjunctions.part_sets(2)]
    )
    means = (kinds.T @ responses.mean(axis=1)) / kinds.sum(axis=0)[:, np.newaxis]  # (kinds, units)
    rows = [conjunctions.set_row(pair, codes.shape[1]) for pair in pairs]
    own = conjunctions.part_set_energies(responses)[rows].argmax(axis=0)
    favourite = means.reshape(len(pairs), 4, -1).argmax(axis=1)
    return np.repeat(kinds, responses.shape[1], axis=0), 4 * own + favourite[own, np.arange(len(own))]


def conjunctive_units(responses: np.ndarray) -> np.ndarray:
    """Units that parts matter to, with an interaction share above .3: (units,) bool. responses: (codes, views, units)."""
    shares = conjunctions.interaction_shares(conjunctions.part_set_energies(responses))
    above = np.nan_to_num(shares) > bootstrapping.CONJUNCTION_LEVEL
    return above & (conjunctions.explained_shares(responses) >= 0.1)


def pair_energy(inputs: np.ndarray, kernel: np.ndarray, bias: np.ndarray, units: np.ndarray) -> float:
    """Energy of order 2 in some units of a dense layer with a ReLU, summed.

    inputs: (codes, views, inputs); kernel: (inputs, units); bias: (units,); units: (units,) bool.
    """
    responses = np.maximum(inputs @ kernel[:, units] + bias[units], 0)
    return float(conjunctions.energies_by_order(conjunctions.part_set_energies(responses))[1].sum())


def removal_ratio(whole: float, without_parents: float, without_others: Sequence[float]) -> float:
    """How much more energy goes with parents than with others: 0 if none goes with parents, infinite if none with others.

    whole, without_parents: energies before and after the cut; without_others: after each of several control cuts.
    """
    of_parents, of_others = whole - without_parents, whole - float(np.mean(without_others))
    if of_parents <= 0:
        return 0.0
    return of_parents / of_others if of_others > 0 else float("inf")


def _largest_block_index(predicted: np.ndarray, tokens: np.ndarray, partitions: Sequence[np.ndarray]) -> float:
    counts = classification.confusions(predicted, tokens).sum(axis=0)
    return float(max(classification.block_index(counts, blocks) for blocks in partitions))


def _wears(shape: tuple[int, int]) -> np.ndarray:
    """(codes x views, columns) bool: which face wears variant 0 and which variant 1 of each part."""
    codes = np.repeat(conjunctions.part_sets(shape[0].bit_length() - 1), shape[1], axis=0)
    return np.hstack([~codes, codes])


def _best_curves(activations: Sequence[np.ndarray], membership: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(snapshots, units) AUC of each unit for the column that it detects best at the end, and (units,) that column."""
    auc = np.stack([detectors.detection_auc(each, membership) for each in activations])
    best = detectors.preferred_columns(auc[-1])
    return auc[:, np.arange(auc.shape[1]), best], best
