"""Measures against the same as one writes them down at first, as ratios, and whether the numbers agree.

Ours and its peer (``straightforward.py``) take turns in one process, on the same arrays of a recorded
run. Seconds are the processor's, of all threads together, so that other work on the machine
counts little; each is the least of its turns. Where the two differ by more than ``TOLERANCE``, the
command fails.

    python benchmarks/measures.py RUN                     the layer conv3_2
    python benchmarks/measures.py RUN --layer conv4_2     another

Wilson bands need statsmodels: pip install "dense-keras[peers]". Without it their row says so.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from itertools import combinations

import numpy as np

import straightforward
from dense_keras import probes
from dense_keras.experiment import model_at
from dense_keras.face_views import readable_factors
from dense_keras.markdown import markdown_table
from dense_keras.measures import (
    categories,
    classification,
    conjunctions,
    coupling,
    detectors,
    dimension,
    linear_probes,
    neural_collapse,
    similarity,
)
from dense_keras.report import responses_to_codes
from dense_keras.run import Run
from timing import machine, taking_turns

TOLERANCE = 1e-5
"""Largest difference that is rounding, as a share of the largest number where that is above 1."""

AIM = 5.0
"""How many times faster ours is meant to be."""

LONG = 5.0
"""Seconds that a turn of both takes if one turn is all they get."""

REPLACES_NOTHING = {
    "silhouettes, neighbours' votes, trees": "functions of scikit-learn and SciPy",
    "relative weight change, layer rotation": "a norm and a cosine for each layer",
    "NC2, NC3": "norms and cosines of the token means",
    "dead units, lifetime sparseness": "a maximum and two means",
    "CKA with the end, normalised": "a difference and a quotient",
}
"""Measures -> what they are, in a library's or in NumPy's words."""


@dataclass(frozen=True)
class Comparison:
    """A measure and what it replaces.

    measure, peer, size: in words. ours, theirs: return arrays of the same shapes.
    given: what both take. needs: a package that may be missing. again: of work that another comparison has too.
    """

    measure: str
    peer: str
    size: str
    ours: Callable[..., object]
    theirs: Callable[..., object]
    given: Sequence[object]
    needs: str = "sklearn"
    again: bool = False


@dataclass(frozen=True)
class Result:
    """Seconds of each turn of ours and of the peer, and the largest difference."""

    ours: Sequence[float]
    theirs: Sequence[float]
    difference: float

    @property
    def times_faster(self) -> float:
        return min(self.theirs) / min(self.ours)


def of_decisions(run: Run) -> list[Comparison]:
    """What the default report says of decisions at all snapshots."""
    probe, predicted = run.probes["held_out"], _decisions(run)
    decisions = (predicted, probe.tokens)
    found = [
        Comparison(
            "accuracy, token accuracy",
            "accuracy_score and confusion_matrix of each snapshot",
            _size(predicted),
            _accuracies,
            straightforward.accuracies,
            decisions,
        ),
        Comparison(
            "forgetting",
            "a loop over snapshots and exemplars",
            _size(predicted),
            _forgetting,
            straightforward.forgetting,
            (classification.correctness(*decisions),),
        ),
    ]
    if probe.codes is not None:
        variants = classification.token_variants(probe.codes, probe.tokens)
        worn = variants[:, ~np.isnan(variants).any(axis=0)]
        found += [
            Comparison(
                "part read-out of the decision",
                "accuracy_score of each snapshot and part",
                f"{_size(predicted)} x {worn.shape[1]}",
                classification.part_readout,
                straightforward.part_readout,
                (*decisions, worn),
            )
        ]
    return found


def of_collapse(run: Run) -> list[Comparison]:
    """What the default report says of neural collapse, in front of the classifier."""
    tokens, last = run.probes["held_out"].tokens, run.steps[-1]
    features = _activations(run, run.layers[-2], last)
    return [
        Comparison(
            "NC1, variability",
            "np.cov of each token, and pinv",
            _size(features),
            neural_collapse.variability,
            straightforward.variability,
            (features, tokens),
        ),
        Comparison(
            "NC4, not the nearest mean",
            "NearestCentroid",
            _size(features),
            neural_collapse.nearest_mean_disagreement,
            straightforward.nearest_mean_disagreement,
            (features, tokens, run.logits(last)),
        ),
    ]


def of_a_layer(run: Run, layer: str) -> list[Comparison]:
    """What the default report says of a layer at the last snapshot, and of its way there."""
    probe = run.probes["held_out"]
    by_step = [_activations(run, layer, step) for step in run.steps]
    last, labels, factors = by_step[-1], [probe.tokens], readable_factors(probe.factors)
    memberships = {"token": detectors.token_membership(probe.tokens)}
    if probe.codes is not None:
        memberships["part"], _ = detectors.part_membership(probe.codes)
        labels += [*probe.codes.T]
    found = [
        Comparison(
            "scatter share",
            "analysis of variance, a loop over units and tokens",
            _size(last),
            categories.scatter_share,
            straightforward.scatter_share,
            (last, probe.tokens),
        ),
        Comparison(
            "participation ratio",
            "PCA",
            _size(last),
            dimension.participation_ratio,
            straightforward.participation_ratio,
            (last,),
        ),
        Comparison(
            "CKA with the tokens",
            "Gram matrices",
            _size(last),
            similarity.cka_debiased,
            straightforward.cka_debiased,
            (last, similarity.token_indicators(probe.tokens)),
        ),
        Comparison(
            "CKA with the end",
            "Gram matrices",
            f"{len(by_step) - 1} x {_size(last)}",
            partial(_with_the_end, similarity.cka_debiased),
            partial(_with_the_end, straightforward.cka_debiased),
            (by_step,),
        ),
        Comparison(
            "linear probe of the token",
            "Ridge without each exemplar, for each penalty",
            _size(last),
            _read,
            partial(straightforward.read, straightforward.predictions_refitted),
            (last, [probe.tokens], None),
            again=True,
        ),
        Comparison(
            "linear probes of all",
            "RidgeCV of each, which leaves out in closed form",
            f"{_size(last)}, {len(labels)} labels, {len(factors)} factors",
            _read,
            partial(straightforward.read, straightforward.predictions_left_out),
            (last, labels, linear_probes.factor_values(factors) if factors else None),
        ),
    ]
    found += [
        Comparison(
            f"{kind} detectors",
            "roc_auc_score, unit by unit",
            f"{_size(last)} x {membership.shape[1]}",
            detectors.detection_auc,
            straightforward.detection_auc,
            (last, membership),
        )
        for kind, membership in memberships.items()
    ]
    if "factorial" in run.probes:
        responses = responses_to_codes(run, layer, run.steps[-1])
        found += [
            Comparison(
                "interaction share, conjunctive units",
                "LinearRegression of each unit",
                _size(responses),
                _interaction,
                straightforward.interaction,
                (responses,),
            )
        ]
    return found


def of_lessons(run: Run, layer: str, permutations: int, images: int) -> list[Comparison]:
    """What lessons compute beyond the default report.

    permutations: of the null of correlations with models; images: that pass through a network with each edge cut.
    """
    probe, by_step = run.probes["held_out"], [_activations(run, layer, step) for step in run.steps]
    last, before = by_step[-1], _activations(run, run.layers[run.layers.index(layer) - 1], run.steps[-1])
    models = [similarity.token_dissimilarities(probe.tokens)]
    if probe.codes is not None:
        models += [*similarity.part_dissimilarities(probe.codes)]
    dissimilarities = similarity.correlation_dissimilarities(last)
    confusions = classification.confusions(_decisions(run), probe.tokens)
    right = confusions.diagonal(axis1=1, axis2=2)
    kernel = run.weights(run.steps[-1])["conv1_2/kernel"]
    network = model_at(run, run.steps[-1])
    maps = probes.activation_maps(network, probe.images[:images], ["conv1_1"])["conv1_1"]
    found = [
        Comparison(
            "dissimilarities and models",
            "pdist, and spearmanr with each model",
            f"{len(by_step)} x {_size(last)}, {len(models)} models",
            _model_correlations,
            straightforward.model_correlations,
            (by_step, models),
        ),
        Comparison(
            "their permutation test",
            "spearmanr of each permutation and model",
            f"{permutations} x {_size(dissimilarities)}, {len(models)} models",
            _permuted_model_correlations,
            straightforward.permuted_model_correlations,
            (dissimilarities, models, permutations),
        ),
        Comparison(
            "Wilson bands",
            "statsmodels' proportion_confint of each count",
            _size(right),
            classification.wilson_band,
            straightforward.wilson_bands,
            (right, confusions.sum(axis=2)),
            needs="statsmodels",
        ),
        Comparison(
            "noise correlation",
            "LinearRegression of each unit, corrcoef",
            f"{_size(before)} x {last.shape[1]}",
            coupling.noise_correlation,
            straightforward.noise_correlation,
            (before, last, probe.tokens, readable_factors(probe.factors)),
        ),
        Comparison(
            "contributions",
            "a forward pass with each edge cut",
            f"{len(maps)} images, {kernel.shape[2]} x {kernel.shape[3]} edges of conv1_2",
            _contributions,
            straightforward.contributions,
            (maps, kernel),
        ),
    ]
    if probe.codes is not None:
        pairs = [*combinations(range(probe.codes.shape[1]), 2)]
        found += [
            Comparison(
                "synergy of parts",
                "mutual_info_score of each unit",
                f"{_size(last)}, {len(pairs)} pairs",
                partial(_synergies, conjunctions.synergies),
                partial(_synergies, straightforward.synergies),
                (last, probe.codes, pairs),
            )
        ]
    return found


def _activations(run: Run, layer: str, step: int) -> np.ndarray:
    return run.activations(layer, step).astype(np.float64)


def _decisions(run: Run) -> np.ndarray:
    return classification.predicted_tokens(np.array([run.logits(step) for step in run.steps]))


def _size(array: np.ndarray) -> str:
    return " x ".join(map(str, array.shape))


def _accuracies(predicted: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return classification.accuracy(predicted, tokens), classification.token_accuracies(predicted, tokens)


def _forgetting(correct: np.ndarray) -> np.ndarray:
    counted = (classification.forgetting_events, classification.never_learned, classification.unforgettable)
    return np.array([[count(correct[:number]).mean() for count in counted] for number in range(1, len(correct) + 1)])


def _with_the_end(cka: Callable, by_step: Sequence[np.ndarray]) -> list[float]:
    return [cka(activations, by_step[-1]) for activations in by_step[:-1]]


def _read(activations: np.ndarray, labels: Sequence[np.ndarray], values: np.ndarray | None) -> list[np.ndarray]:
    decomposition = linear_probes.decomposed(activations)
    tokens, *parts = labels
    read = [linear_probes.predicted_tokens(decomposition, tokens)]
    if parts:
        read += [*linear_probes.predicted_parts(decomposition, np.column_stack(parts)).T]
    return read if values is None else [*read, linear_probes.predicted_values(decomposition, values)]


def _interaction(responses: np.ndarray) -> tuple[float, float]:
    energies = conjunctions.part_set_energies(responses)
    interaction, explained = conjunctions.interaction_shares(energies), conjunctions.explained_shares(responses)
    of_units = conjunctions.share_of_conjunctive_units(interaction, explained)
    return conjunctions.layer_shares_by_order(energies)[1:].sum(), of_units


def _model_correlations(by_step: Sequence[np.ndarray], models: Sequence[np.ndarray]) -> np.ndarray:
    ranked = np.array([similarity.centred_ranks(model) for model in models])
    found = (similarity.correlation_dissimilarities(activations) for activations in by_step)
    return np.array([similarity.rank_correlations(each, ranked) for each in found])


def _permuted_model_correlations(
    dissimilarities: np.ndarray, models: Sequence[np.ndarray], permutations: int
) -> np.ndarray:
    ranked = np.array([similarity.centred_ranks(model) for model in models])
    return similarity.permuted_rank_correlations(dissimilarities, ranked, np.random.default_rng(0), permutations)


def _contributions(maps: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return coupling.contributions(coupling.shifted_means(maps), kernel)


def _synergies(synergies: Callable, activations: np.ndarray, codes: np.ndarray, pairs: Sequence) -> np.ndarray:
    return np.array([synergies(activations, codes, pair) for pair in pairs])


def compared(comparison: Comparison, rounds: int) -> Result:
    """Raises AssertionError if the two do not say the same."""
    said: dict[str, object] = {}

    def take_turn(name: str, number: int) -> None:
        said[name] = getattr(comparison, name)(*comparison.given)

    arms = {name: partial(take_turn, name) for name in ("theirs", "ours")}
    seconds = taking_turns(arms, 1, time.process_time)
    if seconds["theirs"][0] + seconds["ours"][0] < LONG and rounds > 1:
        seconds = taking_turns(arms, rounds - 1, time.process_time)
    difference = largest_difference(said["ours"], said["theirs"])
    assert difference <= TOLERANCE, f"{comparison.measure}: ours and {comparison.peer} differ by {difference:.2g}"
    return Result(seconds["ours"], seconds["theirs"], difference)


def largest_difference(ours: object, theirs: object) -> float:
    """Of two arrays, or two sequences of arrays, as a share of the largest number where that is above 1.

    Infinite for other shapes, and where one has a number and the other has none.
    """
    both = [[np.asarray(each, np.float64) for each in _as_sequence(said)] for said in (ours, theirs)]
    if len({tuple(each.shape for each in said) for said in both}) > 1:
        return float("inf")
    first, second = (np.concatenate([each.ravel() for each in said]) for said in both)
    if (np.isnan(first) != np.isnan(second)).any():
        return float("inf")
    return float(np.nanmax(np.abs(first - second), initial=0) / np.nanmax(np.abs(second), initial=1))


def _as_sequence(said: object) -> Sequence:
    return said if isinstance(said, list | tuple) else [said]


def table(comparisons: Sequence[Comparison], rounds: int) -> str:
    """A row each, those whose peer is missing too, and below what they come to."""
    rows, results = [], {}
    for each in comparisons:
        row = [each.measure, each.peer, each.size]
        if find_spec(each.needs) is None:
            rows.append([*row, "", "", "", f"{each.needs} is not installed"])
            continue
        result = results[each.measure] = compared(each, rounds)
        seconds = [f"{min(of):.4f}" for of in (result.theirs, result.ours)]
        rows.append([*row, *seconds, _times(result.times_faster), f"{result.difference:.0e}"])
    once = [results[each.measure] for each in comparisons if each.measure in results and not each.again]
    theirs, ours = (sum(min(getattr(each, name)) for each in once) for name in ("theirs", "ours"))
    slow = [measure for measure, result in results.items() if result.times_faster < AIM]
    columns = ["measure", "peer", "size", "peer, seconds", "ours, seconds", "times faster", "difference"]
    return (
        f"{markdown_table(columns, rows)}\n\n"
        f"All of them, each once: {theirs:.2f} s and {ours:.3f} s, {_times(theirs / ours)} times faster. "
        f"Less than {AIM:g} times: {', '.join(slow) or 'none'}."
    )


def _times(faster: float) -> str:
    return f"{faster:.1f}" if faster < 10 else f"{faster:,.0f}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", help="folder of a recorded run")
    parser.add_argument("--layer", default="conv3_2", help="whose activations are measured, not the first")
    parser.add_argument("--rounds", type=int, default=5, help="turns of what does not take long; the first warms up")
    parser.add_argument("--permutations", type=int, default=20, help="of the test of correlations with models")
    parser.add_argument("--images", type=int, default=8, help="that pass through the network with each edge cut")
    chosen = parser.parse_args(arguments)
    run = Run(chosen.run)
    if chosen.layer not in run.layers[1:]:
        parser.error(f"--layer can be {', '.join(run.layers[1:])}")
    sections: Mapping[str, list[Comparison]] = {
        "In the default report": [*of_decisions(run), *of_collapse(run), *of_a_layer(run, chosen.layer)],
        "In the lessons": of_lessons(run, chosen.layer, chosen.permutations, chosen.images),
    }
    print(f"{chosen.layer} at step {run.steps[-1]}\n")
    for title, comparisons in sections.items():
        print(f"## {title}\n\n{table(comparisons, chosen.rounds)}\n")
    print(markdown_table(["replaces nothing", "because it is"], [*REPLACES_NOTHING.items()]) + "\n")
    print(machine())


if __name__ == "__main__":
    main()
