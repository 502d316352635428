"""How classification emerges: what the recorded decisions tell, without a look inside the network.

Over time, *logits* are (snapshots, exemplars, tokens), *predicted* (snapshots, exemplars)
integers, the token with the largest logit, *correct* of the same shape, bool, and *steps*
(snapshots,) ascending from 0, the untrained network. Shares are in 0..1. A step is infinite
for what has not come by the last snapshot, and NaN stands where there is nothing to count.
An array with a value for each exemplar, token or part comes first, its mean after it.

What counts snapshots (forgetting, learning, onsets, change-points) depends on when they were
taken: compare only runs with the same steps. Blocks of known parts, the read-out of parts and
the rule for plateaus are our own; the other sources stand at each function.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.special import softmax
from scipy.stats import entropy, norm, rankdata
from sklearn.neighbors import NearestNeighbors

from dense_keras.measures.arguments import checked_activations, checked_steps, checked_tokens, known

FEWEST_SNAPSHOTS = 3
"""Snapshots that make a plateau."""

NEIGHBOURS = 30
"""Exemplars that vote on a layer's token (Baldock et al. 2021)."""


def predicted_tokens(logits: np.ndarray) -> np.ndarray:
    """The token with the largest logit, the lower one of two equals: (snapshots, exemplars) integers.

    logits: (snapshots, exemplars, tokens) float. Raises ValueError for another shape, NaN and infinite values.
    """
    return _checked_logits(logits).argmax(axis=2)


def correctness(predicted: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Whether each exemplar was called by its token: (snapshots, exemplars) bool.

    predicted: (snapshots, exemplars), tokens: (exemplars,) integers, of all tokens or of some.
    Raises ValueError for other shapes and for chimeras.
    """
    predicted = _checked_predicted(predicted)
    return predicted == checked_tokens(tokens, predicted.shape[1], fewest=1)


def token_accuracies(predicted: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Share of each token's exemplars that were called by its name: (snapshots, tokens) float, 0..1.

    predicted: (snapshots, exemplars), tokens: (exemplars,) integers.
    Raises ValueError for other shapes, for a token without exemplars, and for decisions beyond the tokens.
    """
    counts = confusions(predicted, tokens)
    return np.diagonal(counts, axis1=1, axis2=2) / counts.sum(axis=2)


def token_accuracy_bands(
    predicted: np.ndarray, tokens: np.ndarray, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Wilson bands of ``token_accuracies``: lowest and highest, each (snapshots, tokens) float, 0..1.

    The bands are over exemplars of one run; they say nothing about other seeds. For the arguments
    and errors see ``token_accuracies`` and ``wilson_band``.
    """
    counts = confusions(predicted, tokens)
    return wilson_band(np.diagonal(counts, axis1=1, axis2=2), counts.sum(axis=2), level)


def accuracy(predicted: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Share of exemplars that were called by their token: (snapshots,) float, 0..1.

    Arguments and errors as for ``correctness``.
    """
    return correctness(predicted, tokens).mean(axis=1)


def wilson_band(successes: np.ndarray, trials: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest share that a count is compatible with, each in 0..1: never empty, even for 0 or all.

    successes, trials: counts of any shapes (...) that broadcast, which is the bands' too; level:
    confidence, between 0 and 1.
    Raises ValueError for fewer than one trial, for more successes than trials, and for another level.
    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    successes, trials = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(trials, np.float64))
    if not ((trials >= 1) & (successes >= 0) & (successes <= trials)).all():
        raise ValueError("Counts must be 1 trial or more, and from 0 successes to as many as there are trials.")
    if not 0 < level < 1:
        raise ValueError(f"The level came as {level:g}. It must be between 0 and 1, such as 0.95.")
    deviation = norm.ppf((1 + level) / 2) ** 2
    middle = (successes + deviation / 2) / (trials + deviation)
    spread = deviation * (successes * (trials - successes) / trials + deviation / 4)
    half = np.sqrt(spread) / (trials + deviation)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def confusions(predicted: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """How often each token (rows) was called each token (columns): (snapshots, tokens, tokens) integers.

    predicted: (snapshots, exemplars), tokens: (exemplars,) integers.
    Raises ValueError for other shapes, for a token without exemplars, and for decisions beyond the tokens.
    """
    predicted = _checked_predicted(predicted)
    tokens = checked_tokens(tokens, predicted.shape[1])
    count = _count_tokens(tokens)
    _check_known_decisions(predicted, count)
    snapshots = np.arange(len(predicted))[:, np.newaxis]
    cells = (snapshots * count + tokens) * count + predicted
    return np.bincount(cells.ravel(), minlength=len(predicted) * count**2).reshape(-1, count, count)


def decision_entropies(confusions: np.ndarray) -> np.ndarray:
    """How scattered the decisions on each token are: (..., tokens) float, in bits.

    0 where a token is always called the same, right or wrong; the logarithm of the number of
    tokens where it is called each equally often; NaN for a row without exemplars.
    confusions: (..., tokens, tokens) counts, rows true tokens. Raises ValueError for another shape.
    """
    counts = _checked_confusions(confusions)
    empty = counts.sum(axis=-1) == 0
    return np.where(empty, np.nan, entropy(np.where(empty[..., np.newaxis], 1, counts), base=2, axis=-1))


def blocks_of_known_parts(codes: np.ndarray | None, tokens: np.ndarray, known_parts: Sequence[int]) -> np.ndarray:
    """Blocks of tokens that one who sees only some parts may confuse: (tokens,) integers from 0.

    Tokens that have an appearance of these parts in common are in one block, and so are
    tokens that such pairs connect: the finest blocks that nobody who sees these parts has to
    leave. Without any part all tokens are in one block.
    codes: (exemplars, parts), tokens: (exemplars,) integers, every code of a token among them;
    known_parts: columns of the codes.
    Raises NotAvailable for codes that nobody knows; ValueError for other shapes, for a token
    without exemplars and for a part that the codes do not have. Our own.
    """
    codes, tokens = _checked_codes(codes, tokens)
    unknown = sorted(set(known_parts) - set(range(codes.shape[1])))
    if unknown:
        raise ValueError(f"No part(s) {unknown} in codes of {codes.shape[1]} parts: they count from 0.")
    seen = np.column_stack([np.zeros(len(codes), np.int64), codes[:, list(known_parts)]])
    appearances = np.unique(seen, axis=0, return_inverse=True)[1].ravel()
    worn = np.zeros((_count_tokens(tokens), appearances.max() + 1), np.int64)
    worn[tokens, appearances] = 1
    return connected_components(worn @ worn.T, directed=False)[1].astype(np.int64)


def block_index(confusions: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Share of the errors that stay inside the token's block: (...) float, 0..1; NaN without errors.

    1 for one who knows the blocks and nothing else. Compare with ``expected_block_index``.
    confusions: (..., tokens, tokens) counts, rows true tokens; blocks: (tokens,) integers.
    Raises ValueError for other shapes. Our own, after the progressive differentiation of
    Saxe, McClelland and Ganguli 2019.
    """
    errors, blocks = _errors(confusions), _checked_blocks(confusions, blocks)
    inside = blocks[:, np.newaxis] == blocks
    return _ratio((errors * inside).sum(axis=(-2, -1)), errors.sum(axis=(-2, -1)))


def expected_block_index(confusions: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """``block_index`` if each error had called any of the other tokens equally often: (...) float, 0..1.

    As many exemplars of each token are mistaken as in the confusions; if all tokens are
    mistaken equally often it is the sum of n (n - 1) over the blocks' sizes n, by
    C (C - 1) for C tokens. NaN without errors. For the arguments and errors see ``block_index``.
    """
    errors, blocks = _errors(confusions).sum(axis=-1), _checked_blocks(confusions, blocks)
    others_inside = (np.bincount(blocks)[blocks] - 1) / (len(blocks) - 1)
    return _ratio((errors * others_inside).sum(axis=-1), errors.sum(axis=-1))


def token_variants(codes: np.ndarray | None, tokens: np.ndarray) -> np.ndarray:
    """The variant of each part that all exemplars of a token wear: (tokens, parts) float.

    NaN where a token's exemplars differ, as for the bound parts of a conjunctive code.
    codes: (exemplars, parts), tokens: (exemplars,) integers.
    Raises NotAvailable for codes that nobody knows; ValueError for other shapes and for a token
    without exemplars.
    """
    codes, tokens = _checked_codes(codes, tokens)
    worn = [codes[tokens == token] for token in range(_count_tokens(tokens))]
    return np.array([np.where((own == own[0]).all(axis=0), own[0], np.nan) for own in worn])


def part_agreement(predicted: np.ndarray, tokens: np.ndarray, variants: np.ndarray) -> np.ndarray:
    """1 where the token that was called wears the exemplar's variant of the part: (snapshots, exemplars, parts).

    0 where it does not; NaN where the exemplar's token has no variant of its own.
    predicted: (snapshots, exemplars), tokens: (exemplars,) integers; variants: (tokens, parts)
    of ``token_variants``, or any other property of tokens, NaN where a token has none.
    Raises ValueError for other shapes and for tokens beyond the variants. Our own.
    """
    predicted, variants = _checked_predicted(predicted), np.asarray(variants, np.float64)
    tokens = checked_tokens(tokens, predicted.shape[1], fewest=1)
    if variants.ndim != 2 or tokens.max() >= len(variants):
        raise ValueError(
            f"Variants came with shape {variants.shape} for tokens up to {tokens.max()}. They must be (tokens, parts)."
        )
    _check_known_decisions(predicted, len(variants))
    true = variants[tokens]
    return np.where(np.isnan(true), np.nan, variants[predicted] == true)


def part_readout(predicted: np.ndarray, tokens: np.ndarray, variants: np.ndarray) -> np.ndarray:
    """Share of exemplars whose part can be read from the decision: (snapshots, parts) float, 0..1.

    1 for one who knows this part alone; ``part_readout_baseline`` for one who knows nothing.
    NaN for a part of which no token has a variant of its own. Arguments and errors as for ``part_agreement``.
    """
    agreement = part_agreement(predicted, tokens, variants)
    return _ratio(np.nansum(agreement, axis=1), (~np.isnan(agreement)).sum(axis=1))


def part_readout_baseline(tokens: np.ndarray, variants: np.ndarray) -> np.ndarray:
    """``part_readout`` of one who always calls the same, best token: (parts,) float, 0..1.

    It is the share of the most frequent variant. For the arguments and errors see ``part_agreement``.
    """
    constant = np.repeat(np.arange(len(variants))[:, np.newaxis], len(tokens), axis=1)
    return part_readout(constant, tokens, variants).max(axis=0)


def forgetting_events(correct: np.ndarray) -> np.ndarray:
    """How often an exemplar that was right at one snapshot was wrong at the next: (exemplars,) integers.

    It is 0 both for exemplars that were never right (``never_learned``) and for those that
    stayed right (``unforgettable``). correct: (snapshots, exemplars) bool.
    Raises ValueError for another shape or type.
    Source: Toneva et al., "An empirical study of example forgetting during deep neural network learning", 2019.
    """
    correct = _checked_correct(correct)
    return (correct[:-1] & ~correct[1:]).sum(axis=0)


def never_learned(correct: np.ndarray) -> np.ndarray:
    """Whether an exemplar was wrong at every snapshot: (exemplars,) bool.

    Argument, errors and source as for ``forgetting_events``.
    """
    return ~_checked_correct(correct).any(axis=0)


def unforgettable(correct: np.ndarray) -> np.ndarray:
    """Whether an exemplar was learned and never forgotten: (exemplars,) bool.

    Argument, errors and source as for ``forgetting_events``.
    """
    return ~never_learned(correct) & (forgetting_events(correct) == 0)


def first_learned_steps(correct: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Step at which an exemplar was right for the first time: (exemplars,) float; infinite if it never was.

    correct: (snapshots, exemplars) bool, steps: (snapshots,). Raises ValueError for other shapes.
    """
    correct = _checked_correct(correct)
    steps = checked_steps(steps, len(correct))
    return np.where(correct.any(axis=0), steps[correct.argmax(axis=0)], np.inf)


def learned_steps(correct: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Step from which an exemplar was always right: (exemplars,) float; infinite if wrong at the last snapshot.

    correct: (snapshots, exemplars) bool, steps: (snapshots,). Raises ValueError for other shapes.
    Source: Toneva et al. 2019, in the words of Baldock, Maennel and Neyshabur, "Deep learning through the
    lens of example difficulty", 2021.
    """
    return onset_steps(_checked_correct(correct), steps, 0.5)


def learning_order_agreement(learned_steps: np.ndarray) -> np.ndarray:
    """Spearman's correlation of the order in which runs learned the same exemplars: (runs, runs), -1..1.

    Exemplars that a run never learned share its last rank. NaN for a run in which all came at once.
    learned_steps: (runs, exemplars) float, infinite where never learned.
    Raises ValueError for another shape and for NaN.
    """
    times = np.asarray(learned_steps, np.float64)
    if times.ndim != 2 or times.shape[1] < 2 or np.isnan(times).any():
        raise ValueError(
            f"Learned steps came with shape {times.shape}. They must be (runs, exemplars) of two exemplars or more, "
            "infinite and not NaN where never learned."
        )
    ranks = rankdata(times, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    lengths = np.sqrt((ranks**2).sum(axis=1))
    return _ratio(ranks @ ranks.T, np.outer(lengths, lengths))


def confidences(logits: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Probability that the softmax gives to each exemplar's token: (snapshots, exemplars) float, 0..1.

    logits: (snapshots, exemplars, tokens) float, tokens: (exemplars,) integers.
    Raises ValueError for other shapes, NaN and infinite values, and for tokens beyond the logits.
    """
    logits = _checked_logits(logits)
    tokens = checked_tokens(tokens, logits.shape[1], fewest=1)
    if tokens.max() >= logits.shape[2]:
        raise ValueError(f"Tokens go up to {tokens.max()}, but there are logits of {logits.shape[2]} tokens only.")
    return softmax(logits, axis=2)[:, np.arange(len(tokens)), tokens]


def cumulative_confidences(confidences: np.ndarray) -> np.ndarray:
    """Mean confidence from the untrained network up to each snapshot: (snapshots, exemplars) float, 0..1.

    The last row ranks exemplars from hard to easy: a cheap stand-in for the consistency score,
    which takes many trainings that each leave exemplars out. confidences: (snapshots, exemplars).
    Raises ValueError for another shape.
    Source: Jiang, Zhang, Talwar and Mozer, "Characterizing structural regularities of labeled data in
    overparameterized models", 2021.
    """
    values = np.asarray(confidences, np.float64)
    if values.ndim != 2:
        raise ValueError(f"Confidences came with shape {values.shape}. They must be (snapshots, exemplars).")
    return values.cumsum(axis=0) / np.arange(1, len(values) + 1)[:, np.newaxis]


def onset_steps(curves: np.ndarray, steps: np.ndarray, level: float | np.ndarray) -> np.ndarray:
    """Step from which a curve stays above a level: (items,) float, 0 or more; infinite if not above at the end.

    0 where it was above in the untrained network already. A curve that is above at the last
    snapshot only has that onset: whether it would have stayed, nobody saw. NaN is not above.
    curves: (snapshots, items) or (snapshots,), which gives a scalar; steps: (snapshots,);
    level: one, or (items,). Raises ValueError for other shapes, and for steps that do not ascend.
    """
    curves = np.asarray(curves, np.float64)
    if curves.ndim not in (1, 2):
        raise ValueError(f"Curves came with shape {curves.shape}. They must be (snapshots, items) or (snapshots,).")
    if np.shape(level) not in ((), curves.shape[1:]):
        raise ValueError(f"Levels came with shape {np.shape(level)} for curves of shape {curves.shape}: one an item.")
    times = np.append(checked_steps(steps, len(curves)), np.inf)
    return times[_first_that_stays(curves > level)]


def change_points(curve: np.ndarray, standard_errors: np.ndarray) -> np.ndarray:
    """Snapshots at which a new level of a curve begins: (changes,) integers, ascending, none for a constant.

    The levels are those, of all, that make least the squared deviations from them, in standard
    errors, plus 2 ln(snapshots) for each change: an exact search. Snapshots count alike, so
    they should be spaced as the change is looked at, by the logarithm of steps.
    curve: (snapshots,) float; standard_errors: one, or (snapshots,), above 0; of an accuracy a
    fourth of a ``wilson_band``'s width. Raises ValueError for other shapes and values.
    Of 25 snapshots of a constant in normal noise it finds a change that is none in one curve of seven.
    Source: Jackson et al., "An algorithm for optimal partitioning of data on an interval", 2005.
    """
    values, errors = _checked_curve(curve, standard_errors)
    values, weights = values - values.mean(), errors**-2
    summed = [np.append(0, np.cumsum(weights * values**power)) for power in range(3)]
    penalty = 2 * np.log(len(values))
    least, begins = np.zeros(len(values) + 1), np.zeros(len(values) + 1, np.int64)
    least[0] = -penalty
    for end in range(1, len(values) + 1):
        weight, total, squares = (sums[end] - sums[:end] for sums in summed)
        costs = least[:end] + squares - total**2 / weight + penalty
        begins[end] = costs.argmin()
        least[end] = costs[begins[end]]
    return _followed_back(begins)


def plateaus(curve: np.ndarray, standard_errors: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """First and last snapshot of each stretch on which a curve stands still: (plateaus, 2) integers.

    A plateau is three snapshots or more between neighbouring ``change_points`` on which the
    least-squares slope over the logarithm of 1 + step is less than two of its standard errors.
    curve, standard_errors: as for ``change_points``; steps: (snapshots,).
    Raises ValueError for other shapes and values. Our own.
    """
    values, errors = _checked_curve(curve, standard_errors)
    places = np.log1p(checked_steps(steps, len(values)))
    edges = [0, *change_points(values, errors).tolist(), len(values)]
    found = [
        (begin, end - 1)
        for begin, end in pairwise(edges)
        if end - begin >= FEWEST_SNAPSHOTS and _is_flat(places[begin:end], values[begin:end], errors[begin:end])
    ]
    return np.array(found, np.int64).reshape(-1, 2)


def neighbour_tokens(
    activations: np.ndarray,
    reference_activations: np.ndarray,
    reference_tokens: np.ndarray,
    neighbours: int = NEIGHBOURS,
) -> np.ndarray:
    """The token of most of the nearest reference exemplars in a layer: (exemplars,) integers.

    Distances are Euclidean; of equally frequent tokens the lower one.
    activations: (exemplars, units), reference_activations: (references, units) float, usually
    of training exemplars; reference_tokens: (references,) integers.
    Raises ValueError for other shapes and for fewer references than neighbours.
    Source: Baldock, Maennel and Neyshabur 2021.
    """
    activations = checked_activations(activations, fewest=1)
    references = checked_activations(reference_activations)
    tokens = checked_tokens(reference_tokens, len(references))
    _check_neighbours(neighbours, len(references))
    if activations.shape[1] != references.shape[1]:
        raise ValueError(
            f"Activations are of {activations.shape[1]} units, reference activations of {references.shape[1]}: "
            "take both from one layer."
        )
    nearest = NearestNeighbors(n_neighbors=neighbours).fit(references)
    return _most_frequent(tokens[nearest.kneighbors(activations, return_distance=False)])


def neighbour_tokens_left_out(activations: np.ndarray, tokens: np.ndarray, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """``neighbour_tokens`` among the other exemplars of the same probe: (exemplars,) integers.

    It needs no activations of training exemplars; no exemplar votes on itself.
    activations: (exemplars, units) float, tokens: (exemplars,) integers.
    Raises ValueError for other shapes and for fewer other exemplars than neighbours. Our own variant.
    """
    activations = checked_activations(activations)
    tokens = checked_tokens(tokens, len(activations))
    _check_neighbours(neighbours, len(activations) - 1)
    nearest = NearestNeighbors(n_neighbors=neighbours).fit(activations)
    return _most_frequent(tokens[nearest.kneighbors(return_distance=False)])


def prediction_depths(layer_tokens: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The first layer from which on all layers' neighbours say what the network says: (exemplars,) integers.

    0 is the first layer given; the number of layers means that not even the last one agrees.
    layer_tokens: (layers, exemplars) of ``neighbour_tokens``, input side first; predicted:
    (exemplars,) integers, the network's own decision at the same snapshot.
    Raises ValueError for other shapes. Source: Baldock, Maennel and Neyshabur 2021.
    """
    layer_tokens, predicted = np.asarray(layer_tokens), np.asarray(predicted)
    if layer_tokens.ndim != 2 or predicted.shape != layer_tokens.shape[1:]:
        raise ValueError(
            f"Tokens by layer came with shape {layer_tokens.shape}, predicted ones with {predicted.shape}. "
            "They must be (layers, exemplars) and (exemplars,)."
        )
    return _first_that_stays(layer_tokens == predicted)


def _first_that_stays(holds: np.ndarray) -> np.ndarray:
    """Index along the first axis from which on all hold; its length where the last does not."""
    return len(holds) - np.logical_and.accumulate(holds[::-1], axis=0).sum(axis=0)


def _followed_back(begins: np.ndarray) -> np.ndarray:
    changes = []
    end = begins[-1]
    while end > 0:
        changes.append(end)
        end = begins[end]
    return np.array(changes[::-1], np.int64)


def _is_flat(places: np.ndarray, values: np.ndarray, errors: np.ndarray) -> bool:
    centred = places - places.mean()
    weights = centred / (centred**2).sum()
    return bool(abs(weights @ values) < 2 * np.sqrt(weights**2 @ errors**2))


def _most_frequent(votes: np.ndarray) -> np.ndarray:
    """(exemplars, neighbours) tokens -> (exemplars,) the most frequent, the lower one of equals."""
    counts = (votes[:, :, np.newaxis] == np.arange(votes.max() + 1)).sum(axis=1)
    return counts.argmax(axis=1)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part by whole, NaN where the whole is 0."""
    result = np.full(np.shape(whole), np.nan)
    return np.divide(part, whole, out=result, where=np.asarray(whole) > 0)[()]


def _errors(confusions: np.ndarray) -> np.ndarray:
    counts = _checked_confusions(confusions)
    return counts * ~np.eye(counts.shape[-1], dtype=bool)


def _count_tokens(tokens: np.ndarray) -> int:
    count = int(tokens.max()) + 1
    missing = sorted(set(range(count)) - set(tokens.tolist()))
    if missing:
        raise ValueError(f"No exemplar of token(s) {missing}: this measure needs some of each.")
    return count


def _check_known_decisions(predicted: np.ndarray, count: int) -> None:
    if predicted.min() < 0 or predicted.max() >= count:
        raise ValueError(
            f"Predicted tokens go from {predicted.min()} to {predicted.max()}, the exemplars' from 0 to {count - 1}: "
            "every token that is predicted needs exemplars."
        )


def _check_neighbours(neighbours: int, available: int) -> None:
    if not 1 <= neighbours <= available:
        raise ValueError(f"{neighbours} neighbours were asked for; there are {available}: take 1 to {available}.")


def _checked_logits(logits: np.ndarray) -> np.ndarray:
    values = np.asarray(logits, np.float64)
    if values.ndim != 3 or values.size == 0:
        raise ValueError(
            f"Logits came with shape {values.shape}. They must be (snapshots, exemplars, tokens): "
            "for one snapshot add an axis, logits[None]."
        )
    if not np.isfinite(values).all():
        raise ValueError("The logits hold NaN or infinite values: the training diverged.")
    return values


def _checked_predicted(predicted: np.ndarray) -> np.ndarray:
    values = np.asarray(predicted)
    if values.ndim != 2 or values.size == 0 or not np.issubdtype(values.dtype, np.integer):
        raise ValueError(
            f"Predicted tokens came with shape {values.shape} and type {values.dtype}. They must be "
            "(snapshots, exemplars) integers: for one snapshot add an axis, predicted[None]."
        )
    return values.astype(np.int64)


def _checked_correct(correct: np.ndarray) -> np.ndarray:
    values = np.asarray(correct)
    if values.ndim != 2 or values.size == 0 or values.dtype != bool:
        raise ValueError(
            f"Correctness came with shape {values.shape} and type {values.dtype}. It must be (snapshots, exemplars) "
            "bool."
        )
    return values


def _checked_confusions(confusions: np.ndarray) -> np.ndarray:
    counts = np.asarray(confusions)
    if counts.ndim < 2 or counts.shape[-1] != counts.shape[-2] or counts.shape[-1] < 2:
        raise ValueError(f"Confusions came with shape {counts.shape}. They must be (..., tokens, tokens).")
    return counts


def _checked_blocks(confusions: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    blocks, count = np.asarray(blocks), np.shape(confusions)[-1]
    if blocks.shape != (count,):
        raise ValueError(f"Blocks came with shape {blocks.shape} for {count} tokens: one integer each is needed.")
    return np.unique(blocks, return_inverse=True)[1].ravel()


def _checked_codes(codes: np.ndarray | None, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    codes = known(codes, "codes")
    if codes.ndim != 2:
        raise ValueError(f"Codes came with shape {codes.shape}. They must be (exemplars, parts).")
    return codes, checked_tokens(tokens, len(codes))


def _checked_curve(curve: np.ndarray, standard_errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values = np.asarray(curve, np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ValueError(f"The curve came with shape {values.shape}. It must be (snapshots,), finite: take one token.")
    errors = np.asarray(standard_errors, np.float64)
    if errors.shape not in ((), values.shape) or not ((errors > 0) & np.isfinite(errors)).all():
        raise ValueError(
            f"Standard errors came with shape {errors.shape} for {len(values)} snapshots. They must be above 0, "
            "one or one each: a fourth of a Wilson band's width is never 0."
        )
    return values, np.broadcast_to(errors, values.shape)
