"""The default report: what all default measures say of a run, as one tidy table.

A row is a number: at which step, of which layer, of which measure, of which item (a token, a
part, a factor, or nothing), its value. Layers and items that a measure is not about are empty
strings; measures of parts are left out where nobody knows the parts, those of neural collapse
where all tokens have the same mean, as in a layer that is dead.

Measures of forgetting count from the untrained network up to the row's step, so they depend on
which snapshots were taken.

The report is made of what a run records. Contributions, the graph that they span, and rewinding need
the network itself, its activation maps or its decisions with other weights: lessons 6 and 7 compute
them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np

from dense_keras.codes import compared_parts
from dense_keras.face_views import readable_factors
from dense_keras.measures import (
    bootstrapping,
    categories,
    classification,
    conjunctions,
    detectors,
    dimension,
    dynamics,
    linear_probes,
    neural_collapse,
    similarity,
)
from dense_keras.measures.arguments import NotAvailable
from dense_keras.run import Run, write_whole
from dense_keras.token_set import Exemplars


@dataclass(frozen=True)
class Row:
    """One number of a report. For the fields see the module."""

    step: int
    layer: str
    measure: str
    item: str
    value: float


def report(run: Run) -> list[Row]:
    """All default measures at all snapshots, by measure's family, then by step.

    Measures of the run's held-out probe are on the largest activations over space, those of conjunctions
    on the factorial probe.
    Raises RunError for a damaged snapshot, naming it.
    """
    rows = [*_of_decisions(run)]
    initial = run.weights(run.steps[0])
    for step in run.steps:
        weights = run.weights(step)
        rows += _of_weights(step, weights, initial)
        rows += _of_collapse(run, step, weights)
        for layer in run.layers:
            rows += _of_layer(run, step, layer)
            rows += _of_parts(run, step, layer)
    return [*rows, *_of_convergence(run)]


def responses_to_codes(run: Run, layer: str, step: int) -> np.ndarray:
    """What each code evokes in each view: (codes, views, units), of ``conjunctions.factorial_responses``.

    Codes are of the parts that are compared (``codes.compared_parts``): of conjunctive faces those
    without accessory, which would drown the others.
    Raises NotAvailable for token sets without parts, RunError as ``run.activations``.
    """
    if "factorial" not in run.probes:
        raise NotAvailable("Not available for this token set: nobody knows its parts.")
    activations = run.activations(layer, step, probe="factorial")
    return compared_responses(
        activations, run.probes["factorial"], run.part_names, run.description["experiment"]["code"]
    )


def compared_responses(activations: np.ndarray, factorial: Exemplars, names: Sequence[str], code: str) -> np.ndarray:
    """The same of activations that no run holds: (exemplars of the factorial probe, units).

    factorial: with ``codes`` and the factor ``view``; names: of the parts, as the columns of the codes; code: the kind.
    """
    compared = [names.index(name) for name in compared_parts(code)]
    rows = (np.delete(factorial.codes, compared, axis=1) == 0).all(axis=1)
    codes, views = factorial.codes[rows][:, compared], factorial.factors["view"][rows]
    return conjunctions.factorial_responses(activations[rows], codes, views)


def write_report(run: Run, rows: Iterable[Row]) -> Path:
    """Write a report into the run's folder, as ``measures.csv``, and return its path."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Row))
    writer.writerows((*astuple(row)[:-1], f"{row.value:.6g}") for row in rows)
    path = run.folder / "measures.csv"
    write_whole(path, lambda file: file.write(text.getvalue().encode()))
    return path


def _of_decisions(run: Run) -> Iterator[Row]:
    probe, steps = run.probes["held_out"], run.steps
    predicted = classification.predicted_tokens(np.array([run.logits(step) for step in steps]))
    overall = classification.accuracy(predicted, probe.tokens)
    tokens = classification.token_accuracies(predicted, probe.tokens)
    for step, accuracy, of_tokens in zip(steps, overall, tokens, strict=True):
        yield Row(step, "", "accuracy", "", float(accuracy))
        yield from _items(step, "", "token accuracy", run.token_names, of_tokens)
    yield from _of_forgetting(steps, classification.correctness(predicted, probe.tokens))
    if probe.codes is None:
        return
    variants = classification.token_variants(probe.codes, probe.tokens)
    worn = ~np.isnan(variants).all(axis=0)
    readout = classification.part_readout(predicted, probe.tokens, variants)
    names = [name for name, is_worn in zip(run.part_names, worn, strict=True) if is_worn]
    for step, of_parts in zip(steps, readout, strict=True):
        yield from _items(step, "", "part read-out of the decision", names, of_parts[worn])


def _of_forgetting(steps: Sequence[int], correct: np.ndarray) -> Iterator[Row]:
    for number, step in enumerate(steps, 1):
        for measure, of_exemplars in (
            ("forgetting events", classification.forgetting_events(correct[:number])),
            ("never learned", classification.never_learned(correct[:number])),
            ("unforgettable", classification.unforgettable(correct[:number])),
        ):
            yield Row(step, "", measure, "", float(of_exemplars.mean()))


def _of_weights(step: int, weights: Mapping[str, np.ndarray], initial: Mapping[str, np.ndarray]) -> Iterator[Row]:
    for measure, of_layers in (
        ("relative weight change", dynamics.relative_changes(weights, initial)),
        ("layer rotation", dynamics.layer_rotations(weights, initial)),
    ):
        for layer, value in of_layers.items():
            yield Row(step, layer, measure, "", value)


def _of_collapse(run: Run, step: int, weights: Mapping[str, np.ndarray]) -> Iterator[Row]:
    """Neural collapse in front of the classifier, of held-out exemplars."""
    *_, features, classifier = run.layers
    tokens, activations = run.probes["held_out"].tokens, run.activations(features, step)
    means = neural_collapse.centred_means(activations, tokens)
    if not means.any():
        return
    for measure, value in (
        ("NC1, variability", neural_collapse.variability(activations, tokens)),
        ("NC2, lengths", neural_collapse.norm_variation(means)),
        ("NC2, angles", neural_collapse.angle_deviation(means)),
        ("NC3, weights from means", neural_collapse.duality_distance(means, weights[f"{classifier}/kernel"])),
        ("NC4, not the nearest mean", neural_collapse.nearest_mean_disagreement(activations, tokens, run.logits(step))),
    ):
        yield Row(step, features, measure, "", value)


def _of_layer(run: Run, step: int, layer: str) -> Iterator[Row]:
    probe = run.probes["held_out"]
    activations = run.activations(layer, step)
    for measure, value in (
        ("scatter share", categories.scatter_share(activations, probe.tokens)),
        ("participation ratio", dimension.participation_ratio(activations)),
        ("CKA with the tokens", similarity.cka_debiased(activations, similarity.token_indicators(probe.tokens))),
        ("token detectors", detectors.detector_share(detectors.token_auc(activations, probe.tokens))),
    ):
        yield Row(step, layer, measure, "", float(value))
    if layer != "logits":  # which have no ReLU: below 0 is neither dead nor silent
        sparseness = detectors.lifetime_sparseness(activations)
        of_layer = float("nan") if np.isnan(sparseness).all() else float(np.nanmean(sparseness))
        yield Row(step, layer, "dead units", "", float(detectors.dead_units(activations).mean()))
        yield Row(step, layer, "lifetime sparseness", "", of_layer)
    decomposition = linear_probes.decomposed(activations)
    read = linear_probes.predicted_tokens(decomposition, probe.tokens)
    yield Row(step, layer, "linear probe, accuracy", "token", float(linear_probes.accuracy(read, probe.tokens)))
    if factors := readable_factors(probe.factors):
        values = linear_probes.factor_values(factors)
        shares = linear_probes.r_squared(linear_probes.predicted_values(decomposition, values), values)
        yield from _items(step, layer, "linear probe, R squared", list(factors), shares)
    if probe.codes is not None:
        parts = linear_probes.predicted_parts(decomposition, probe.codes)
        right = [linear_probes.balanced_accuracy(*pair) for pair in zip(parts.T, probe.codes.T, strict=True)]
        yield from _items(step, layer, "linear probe, balanced accuracy", run.part_names, right)
        auc, _ = detectors.part_auc(activations, probe.codes)
        yield Row(step, layer, "part detectors", "", detectors.detector_share(auc))


def _of_parts(run: Run, step: int, layer: str) -> Iterator[Row]:
    if "factorial" not in run.probes:
        return
    responses = responses_to_codes(run, layer, step)
    energies = conjunctions.part_set_energies(responses)
    yield Row(step, layer, "interaction share", "", float(conjunctions.layer_shares_by_order(energies)[1:].sum()))
    interaction, explained = conjunctions.interaction_shares(energies), conjunctions.explained_shares(responses)
    share = conjunctions.share_of_conjunctive_units(interaction, explained)
    yield Row(step, layer, "conjunctive units", "", share)


def _of_convergence(run: Run) -> Iterator[Row]:
    """CKA of every layer's activations with those at the last snapshot, raw and normalised."""
    similarities = np.array([_similarities_to_the_end(run, layer) for layer in run.layers])
    normalised = bootstrapping.normalised_similarities(similarities)
    for measure, values in (("CKA with the end", similarities), ("CKA with the end, normalised", normalised)):
        for layer, of_steps in zip(run.layers, values, strict=True):
            for step, value in zip(run.steps, of_steps, strict=True):
                yield Row(step, layer, measure, "", float(value))


def _similarities_to_the_end(run: Run, layer: str) -> list[float]:
    last = run.activations(layer, run.steps[-1])
    return [*(similarity.cka_debiased(run.activations(layer, step), last) for step in run.steps[:-1]), 1.0]


def _items(step: int, layer: str, measure: str, items: Iterable[str], values: Iterable[float]) -> Iterator[Row]:
    for item, value in zip(items, values, strict=True):
        yield Row(step, layer, measure, item, float(value))
