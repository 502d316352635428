"""Lesson 7 on a small run, on one in which onsets are planted, and on tokens without parts."""

import shutil

import numpy as np
import pytest

from dense_keras.run import Run
from lesson_runs import figures_in, numbers_after, run_lesson_here

NAME = "07_graphical_bootstrapping.py"
ALWAYS = ["07_convergence.png", "07_onsets.png", "07_rewinding.png"]
LEFT_OUT = "Lead and lag of parts, couplings and tokens are left out"


def test_a_small_run_shows_convergence_rewinding_and_onsets(small_run, tmp_path):
    printed = run_lesson_here(NAME, tmp_path, small_run.folder)
    assert set(ALWAYS) <= set(figures_in(tmp_path))
    assert LEFT_OUT in printed or "07_lead_and_lag.png" in figures_in(tmp_path)
    assert "Costs most: you guessed conv1_1, it is" in printed
    final = small_run.history["held_out_accuracy"][-1]
    for layer in ("conv1_1", "dense"):
        assert final - 1.01 < numbers_after(f"{layer:8} back to untrained costs", printed)[0] < final + 0.01
    for layer in small_run.layers:
        assert 0 <= numbers_after(f"{layer:11} ready", printed)[-1] <= 1
    raw, normalised = numbers_after("Order and depth (1: from the input up, -1: from the output down):", printed)
    assert -1 <= raw <= 1 and -1 <= normalised <= 1
    assert "Nobody knows the parts" not in printed
    for kind in ("reads a part", "its strongest coupling", "knows a token", "conjunction"):
        assert any(line.startswith(f"{kind} ") or line.startswith(f"{kind}:") for line in printed.splitlines())


@pytest.fixture
def planted_run(small_run, tmp_path):
    """The small run with units that come to read a part, and to know a token, at steps drawn for each."""
    run = Run(shutil.copytree(small_run.folder, tmp_path / "planted"))
    generator = np.random.default_rng(0)
    held_out, factorial = run.probes["held_out"], run.probes["factorial"]
    layers = ("conv4_1", "conv4_2", "global_pool", "dense")
    units = {layer: run.activations(layer, 0).shape[1] for layer in layers}
    onsets = {layer: generator.choice([*run.steps[1:], np.inf], (2, units[layer])) for layer in layers}
    prefers = {
        layer: (generator.integers(0, 5, units[layer]), generator.integers(0, 4, units[layer])) for layer in layers
    }
    for step in run.steps:
        with np.load(run.snapshot_path(step)) as file:
            arrays = dict(file)
        for layer in layers:
            (of_token, of_part), (token, part) = onsets[layer], prefers[layer]
            likes = 30 * (step + 1) * (held_out.tokens[:, np.newaxis] == token) * (step >= of_token)
            reads = 30 * (step + 1) * factorial.codes[:, part] * (step >= of_part)
            for pooling in ("max", "mean"):
                arrays[f"held_out/{pooling}/{layer}"] += likes.astype(np.float32)
                arrays[f"factorial/{pooling}/{layer}"] += reads.astype(np.float32)
        run.write_snapshot(step, arrays)
    return run


def test_lead_and_lag_are_shown_with_both_controls_where_onsets_are_known(planted_run, tmp_path):
    printed = run_lesson_here(NAME, tmp_path, planted_run.folder)
    assert list(figures_in(tmp_path)) == sorted([*ALWAYS, "07_lead_and_lag.png"])
    assert LEFT_OUT not in printed
    assert printed.count("you guessed") >= 3
    compared = [
        line for line in printed.splitlines() if line.startswith("    part, then") or "    coupling, then" in line
    ]
    assert compared and all("others" in line and "shuffled" in line for line in compared)
    onsets = numbers_after("knows a token         :", printed)
    assert onsets[1] > 300  # planted in three quarters of four layers' units, and not all of them come late
    assert "into dense   : " in printed and "with a standard error of" in printed
    assert all("in AUC" in line and "in log odds" in line for line in printed.splitlines() if "standard error" in line)


def test_what_needs_parts_is_left_out_in_words(fashion_run, tmp_path):
    printed = run_lesson_here(NAME, tmp_path, fashion_run.folder)
    assert list(figures_in(tmp_path)) == ALWAYS
    for said in ("Nobody knows the parts", LEFT_OUT, "because they need parts"):
        assert said in printed
    assert "reads a part" not in printed and "conjunctions came" not in printed
    assert "knows a token" in printed and "its strongest coupling" in printed
