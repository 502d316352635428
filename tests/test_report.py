import csv

import numpy as np
import pytest

from dense_keras.experiment import Experiment, train
from dense_keras.measures import categories, classification, conjunctions, neural_collapse
from dense_keras.report import report, write_report
from dense_keras.run import Run

PART_MEASURES = {"part read-out of the decision", "part detectors", "interaction share", "conjunctive units"}


@pytest.fixture(scope="module")
def rows(small_run):
    return report(small_run)


def only(rows, measure, item=""):
    """(step, layer) -> value."""
    return {(row.step, row.layer): row.value for row in rows if (row.measure, row.item) == (measure, item)}


def test_accuracy_is_that_of_the_history(small_run, rows):
    found = only(rows, "accuracy")
    np.testing.assert_allclose(list(found.values()), small_run.history["held_out_accuracy"], atol=1e-6)
    assert [step for step, _ in found] == small_run.steps


def test_each_layer_is_measured_at_each_snapshot(small_run, rows):
    places = {(step, layer) for step in small_run.steps for layer in small_run.layers}
    for measure in ("scatter share", "participation ratio", "interaction share", "CKA with the end", "token detectors"):
        assert set(only(rows, measure)) == places
    parts = dict.fromkeys(small_run.part_names, "balanced accuracy")
    for item, scale in {"token": "accuracy", **parts, "yaw": "R squared"}.items():
        assert set(only(rows, f"linear probe, {scale}", item)) == places
    for measure in ("dead units", "lifetime sparseness"):
        assert set(only(rows, measure)) == {place for place in places if place[1] != "logits"}, "logits have no ReLU"
    activations, tokens = small_run.activations("dense", 8), small_run.probes["held_out"].tokens
    assert only(rows, "scatter share")[8, "dense"] == categories.scatter_share(activations, tokens)


def test_the_untrained_network_has_not_moved_and_the_last_is_at_the_end(small_run, rows):
    rotation, end = only(rows, "layer rotation"), only(rows, "CKA with the end")
    assert all(abs(value) < 1e-6 for (step, _), value in rotation.items() if step == 0)
    assert all(value > 0 for (step, _), value in rotation.items() if step == 8)
    assert all(value == 1 for (step, _), value in end.items() if step == 8)


def test_forgetting_is_counted_up_to_each_snapshot(small_run, rows):
    predicted = np.array([small_run.logits(step).argmax(axis=1) for step in small_run.steps])
    correct = predicted == small_run.probes["held_out"].tokens
    falls = np.cumsum([0, *(correct[:-1] & ~correct[1:]).mean(axis=1)])
    np.testing.assert_allclose(list(only(rows, "forgetting events").values()), falls)
    assert falls[-1] > 0, "nothing was forgotten, so nothing was tested"
    never, unforgettable = only(rows, "never learned"), only(rows, "unforgettable")
    np.testing.assert_allclose(
        list(never.values()), [(~correct[: n + 1].any(axis=0)).mean() for n in range(len(falls))]
    )
    assert unforgettable[0, ""] == only(rows, "accuracy")[0, ""], "nothing is forgotten at the first snapshot"
    assert unforgettable[8, ""] == classification.unforgettable(correct).mean()


def test_collapse_is_that_of_the_features_in_front_of_the_classifier(small_run, rows):
    activations, tokens = small_run.activations("dense", 8), small_run.probes["held_out"].tokens
    means = neural_collapse.centred_means(activations, tokens)
    kernel = small_run.weights(8)["logits/kernel"]
    for measure, expected in {
        "NC1, variability": neural_collapse.variability(activations, tokens),
        "NC2, lengths": neural_collapse.norm_variation(means),
        "NC2, angles": neural_collapse.angle_deviation(means),
        "NC3, weights from means": neural_collapse.duality_distance(means, kernel),
        "NC4, not the nearest mean": neural_collapse.nearest_mean_disagreement(
            activations, tokens, small_run.logits(8)
        ),
    }.items():
        found = only(rows, measure)
        assert set(found) == {(step, "dense") for step in small_run.steps}
        assert found[8, "dense"] == expected


@pytest.mark.filterwarnings("error")
def test_a_dead_layer_has_no_collapse_and_does_not_stop_the_report(small_run, monkeypatch):
    read = Run.activations

    def dead(run, layer, *arguments, **keywords):
        return read(run, layer, *arguments, **keywords) * (layer != "dense")

    monkeypatch.setattr(Run, "activations", dead)
    found = {row.measure for row in report(small_run)}
    assert "scatter share" in found and not {measure for measure in found if measure.startswith("NC")}


def test_what_cannot_be_read_from_a_hash_is_not_asked(rows):
    asked = {row.item for row in rows if row.measure.startswith("linear probe")}
    assert "scene" not in asked and "light_angle" not in asked and {"light x", "light y"} <= asked


def test_measures_of_parts_are_left_out_where_nobody_knows_them(tmp_path):
    experiment = Experiment("fashion", exemplars=13, held_out=3, epochs=1)
    run = train(experiment, tmp_path / "run", record=False, progress=False)
    found = report(run)
    assert not PART_MEASURES & {row.measure for row in found}
    assert {row.item for row in found if row.measure.startswith("linear probe")} == {"token"}


def test_the_table_on_disk_holds_every_row(small_run, rows, tmp_path, monkeypatch):
    monkeypatch.setattr(small_run, "folder", tmp_path)
    with write_report(small_run, rows).open(newline="") as file:
        read = list(csv.DictReader(file))
    assert len(read) == len(rows) and list(read[0]) == ["step", "layer", "measure", "item", "value"]
    np.testing.assert_allclose(
        [float(row["value"]) for row in read], [row.value for row in rows], rtol=1e-5, atol=1e-12
    )


def test_the_accessory_of_conjunctive_faces_does_not_drown_the_pairs(tmp_path):
    experiment = Experiment(code="conjunctive", exemplars=13, held_out=3, size=28, epochs=1)
    run = train(experiment, tmp_path / "run", record=False, progress=False)
    probe, step = run.probes["factorial"], run.steps[-1]
    bare = probe.codes[:, 4] == 0
    activations = run.activations("dense", step, probe="factorial")[bare]
    responses = conjunctions.factorial_responses(activations, probe.codes[bare, :4], probe.factors["view"][bare])
    expected = conjunctions.layer_shares_by_order(conjunctions.part_set_energies(responses))[1:].sum()
    assert only(report(run), "interaction share")[step, "dense"] == pytest.approx(expected)
