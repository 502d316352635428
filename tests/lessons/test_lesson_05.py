"""Lesson 5 runs on any small run, shows a second one beside, says what it leaves out, and prints what must hold."""

import numpy as np
import pytest

from dense_keras.measures import detectors, dynamics
from lesson_runs import figures_in, numbers_after, run_lesson_here

LESSON = "05_feature_detectors.py"
EVERY = {
    f"05_{name}.png" for name in ("filters", "preferred_images", "selectivity", "sparseness", "top_exemplars", "tuning")
}
LEFT_OUT = (
    "no unit can be compared with them",
    "no factorial probe",
    "nothing can be dissected",
    "no factors to compare",
)


@pytest.fixture(scope="module")
def lesson(small_run, shared_folder):
    """Folder and output of the lesson on the small run."""
    return shared_folder, run_lesson_here(LESSON, shared_folder, small_run.folder)


def test_it_saves_its_figures_and_compares_guesses_with_answers(lesson):
    folder, printed = lesson
    assert set(figures_in(folder)) == EVERY | {"05_dissection.png"}
    assert printed.count("you guessed") == 4
    assert not any(said in printed for said in LEFT_OUT)
    assert "dense-keras train --preset rich" in printed  # only one run is there


def test_what_it_prints_agrees_with_the_run(lesson, small_run):
    _, printed = lesson
    first, last = small_run.steps[0], small_run.steps[-1]
    rotation = dynamics.layer_rotations(small_run.weights(last), small_run.weights(first))["conv1_1"]
    turned = numbers_after("First layer: you guessed", printed)[-1]
    assert turned == pytest.approx(np.degrees(np.arccos(1 - rotation)), abs=0.05)
    dead = detectors.dead_units(small_run.activations("dense", first)).mean()
    assert numbers_after("Dead units of dense, untrained: you guessed", printed)[-1] == pytest.approx(dead, abs=0.005)
    for network in ("untrained", "trained  "):
        silent, detecting = numbers_after(f"dense, {network}:", printed)
        assert 0 <= silent <= 1 and 0 <= detecting <= 1
    assert "A unit of conv2_2 sees 14 x 14 pixels of 28 x 28." in printed
    for part in small_run.part_names:
        for network in ("untrained", "trained  "):
            where = f"{part:8} {network} best AUC"
            best, in_dense = (
                float(line.split()[place]) for line in printed.splitlines() if where in line for place in (4, 7)
            )
            assert 0.5 <= in_dense <= best <= 1
    for what in ("token", "brightness", "light x"):
        assert all(0 <= share <= 1 for share in numbers_after(f"{what:12} untrained", printed))
    assert "scene" not in printed and "light_angle" not in printed


def test_without_parts_it_says_what_it_leaves_out(fashion_run, tmp_path):
    printed = run_lesson_here(LESSON, tmp_path, fashion_run.folder)
    assert set(figures_in(tmp_path)) == EVERY
    assert all(said in printed for said in LEFT_OUT)


def test_conjunctive_tokens_with_an_accessory_and_a_second_run_beside(conjunctive_run, small_run, tmp_path):
    printed = run_lesson_here(LESSON, tmp_path, conjunctive_run.folder, small_run.folder)
    assert set(figures_in(tmp_path)) == EVERY | {"05_dissection.png"}
    assert printed.count("turned by degrees:") == 2 and "--preset rich" not in printed
    assert all(f"{part:8} trained" in printed for part in conjunctive_run.part_names)
