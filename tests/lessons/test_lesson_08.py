"""Lesson 8 on a small run with another beside it, and on tokens without parts and without another run."""

import shutil

import numpy as np
import pytest

from dense_keras.measures import dynamics
from lesson_runs import figures_in, numbers_after, run_lesson_here

NAME = "08_dynamics_of_learning.py"
FIGURES = [f"08_{name}.png" for name in ("gradients", "lazy_or_rich", "trajectory", "weight_change")]


def test_a_small_run_beside_another(small_run, tmp_path):
    other = shutil.copytree(small_run.folder, tmp_path / "other")
    printed = run_lesson_here(NAME, tmp_path, small_run.folder, other)
    assert list(figures_in(tmp_path)) == FIGURES
    assert f"Beside it: {other}" in printed and "There is no run" not in printed
    assert "this run (small): held-out accuracy" in printed and "beside it (other): held-out accuracy" in printed
    assert printed.count("you guessed") == 4
    changes = dynamics.relative_changes(small_run.weights(small_run.steps[-1]), small_run.weights(0))
    guess, change = numbers_after("Mean change: you guessed", printed)
    assert guess == 0.5 and change == pytest.approx(np.mean(list(changes.values())), abs=0.006)
    assert f"it is {max(changes, key=changes.get)}" in printed
    assert numbers_after("Layers with lazy weights: you guessed", printed)[1:] == [10, 10]  # after two epochs
    check_gradients_sharpness_and_plane(printed, small_run)


def check_gradients_sharpness_and_plane(printed, run):
    pulls = [line for line in printed.splitlines() if "noise scale" in line]
    assert 2 <= len(pulls) <= 6 and pulls[0].startswith("step     0") and str(run.steps[-1]) in pulls[-1]
    assert printed.count("unfinished 0.") + printed.count("unfinished 1.00") == 2
    shown = numbers_after("Share in a plane: you guessed 0.50, it is", printed)[0]
    same_strides, even = numbers_after("Random walks with the same strides:", printed)[:2]
    assert 0.5 < shown <= 1 and 0.5 < same_strides <= 1 and 0.5 < even <= 1
    apart, by_chance = numbers_after("The first and the last snapshot are", printed)[:2]
    assert 0 < by_chance < 1 and 0 < apart <= 1


def test_without_another_run_and_without_parts_it_says_how_to_record_one(fashion_run, tmp_path):
    printed = run_lesson_here(NAME, tmp_path, fashion_run.folder)
    assert list(figures_in(tmp_path)) == FIGURES
    assert "so only this one is shown" in printed
    assert "dense-keras train --preset rich --tokens fashion --exemplars 13 --seed 0 --run " in printed
    assert "beside it (" not in printed
    check_gradients_sharpness_and_plane(printed, fashion_run)
