"""Lesson 11 runs with one backend or two, with a twin, another seed, or neither."""

import io
import json
import subprocess

import pytest

from dense_keras import backend
from dense_keras.backend import installed_backends, keras
from lesson_runs import described_copy, figures_in, numbers_after, run_lesson_here

LESSON = "11_two_backends.py"
HERE = keras.config.backend()
OTHER = "torch" if HERE == "tensorflow" else "tensorflow"
ALONE = ["11_alike.png", "11_curves.png", "11_side_by_side.png"]
WITH_TWIN = sorted([*ALONE, "11_layers.png", "11_weights.png"])


@pytest.fixture
def quick_steps(monkeypatch):
    """Answers as the lesson's program would give them, without running it."""

    class Process:
        returncode = 0

        def __init__(self, command, env, **_):
            same = dict.fromkeys(("images", "batches", "weights"), "0123456789ab")
            losses = [1.6 + ("nudged" in command) * 1e-6 * step for step in range(40)]
            self.found = same | {"logits": [[0.1, 0.2]], "losses": losses}

        def communicate(self):
            return io.StringIO("FOUND" + json.dumps(self.found)).read(), ""

    monkeypatch.setattr(subprocess, "Popen", Process)


def test_a_twin_begins_identically_and_agrees(small_run, tmp_path):
    twin = described_copy(small_run, tmp_path / "twin", backend=OTHER)
    few_steps = ("number_of_steps = 40", "number_of_steps = 3")
    printed = run_lesson_here(LESSON, tmp_path, small_run.folder, twin.folder, change=few_steps)
    assert list(figures_in(tmp_path)) == WITH_TWIN
    assert f"is a twin of {small_run.folder}, on {OTHER}." in printed
    line = next(line for line in printed.splitlines() if line.startswith("Untrained weights:")).split()
    assert line[3] == line[5]
    assert "At the end: you guessed a difference of 0.050, it is 0.000" in printed
    assert "dense: you guessed 0.50, it is 1.00" in printed
    for thing in ("images", "batches", "weights"):
        hashes = next(line for line in printed.splitlines() if line.startswith(f"{thing:8} ")).split()[2::2]
        assert len(set(hashes)) == 1 and len(hashes) == min(2, len(installed_backends()))
    assert numbers_after(f"{HERE}, one bit changed: the losses differ by", printed.replace("e-", " e"))[0] >= 0


def test_one_backend_and_no_twin(small_run, tmp_path, quick_steps, monkeypatch):
    monkeypatch.setattr(backend, "installed_backends", lambda: [HERE])
    printed = run_lesson_here(LESSON, tmp_path, small_run.folder)
    assert list(figures_in(tmp_path)) == ALONE
    assert f"Only {HERE} is installed" in printed and "There is no twin" in printed
    advised = "tensorflow" if HERE == "torch" else "torch"
    assert f"KERAS_BACKEND={advised} dense-keras train" in printed
    assert "Untrained networks: you guessed" not in printed and "default_runs.csv is not there" in printed


def test_another_seed_is_no_twin_but_a_yardstick(small_run, tmp_path, quick_steps):
    another = small_run.description["experiment"] | {"seed": 1}
    seed = described_copy(small_run, tmp_path / "seed1", experiment=another)
    printed = run_lesson_here(LESSON, tmp_path, small_run.folder, seed.folder)
    assert "is no twin: it has another seed" in printed and "There is no twin" in printed
    assert (
        "untrained" in (line := next(line for line in printed.splitlines() if line.startswith("logits")))
        and "seed1" in line
    )
    assert list(figures_in(tmp_path)) == ALONE


def test_the_table_of_seeds_is_the_yardstick(small_run, tmp_path, quick_steps):
    (tmp_path / "docs").mkdir()
    table = "backend,seed,steps to 0.5,steps to 0.8,steps to 0.95\n"
    table += "torch,0,100,200,300\ntorch,1,150,250,\njax,0,110,200,310\njax,1,150,260,330\n"
    (tmp_path / "docs" / "default_runs.csv").write_text(table)
    (tmp_path / "lessons").mkdir()
    printed = run_lesson_here(LESSON, tmp_path / "lessons", small_run.folder)
    assert "Steps to 0.5: they differ by 5 between backends, 45 between seeds on average" in printed
    assert "Steps to 0.95: they differ by 10 between backends, 20 between seeds on average" in printed


def test_tokens_without_parts(fashion_run, tmp_path, quick_steps):
    twin = described_copy(fashion_run, tmp_path / "twin", backend=OTHER)
    run_lesson_here(LESSON, tmp_path, fashion_run.folder, twin.folder)
    assert list(figures_in(tmp_path)) == WITH_TWIN
