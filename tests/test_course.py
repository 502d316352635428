import os
import shutil
from pathlib import Path

import pytest

from dense_keras.backend import keras
from dense_keras.course import default_folder, latest_run, recorded_run, run_beside
from dense_keras.experiment import Experiment, experiment_of
from dense_keras.run import RunError
from small import SMALL


def test_folders_tell_what_was_run():
    backend = keras.config.backend()
    names = [default_folder(Experiment(**settings)).name for settings in ({}, {"code": "natural", "seed": 3})]
    assert names == [f"faces-additive-seed0-{backend}", f"faces-natural-seed3-{backend}"]
    assert (
        default_folder(Experiment(exemplars=32, size=28)).name == f"faces-additive-exemplars32-size28-seed0-{backend}"
    )
    conjunctive = Experiment(code="conjunctive", exemplars=1500)
    assert default_folder(conjunctive, "conjunctive").name == f"faces-conjunctive-seed0-{backend}"
    assert default_folder(Experiment("fashion"), "rich").name == f"fashion-rich-seed0-{backend}"
    control = Experiment(shuffled_tokens=True)
    assert default_folder(control, "shuffled").name == f"faces-shuffled-seed0-{backend}"
    assert default_folder(control).name == f"faces-additive-shuffled-seed0-{backend}"


def test_a_finished_run_is_read(small_run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert recorded_run(small_run.folder).steps == small_run.steps
    shutil.copytree(small_run.folder, default_folder(Experiment()))
    assert recorded_run().folder == default_folder(Experiment())  # whatever its settings: it is the learner's
    assert capsys.readouterr().out.count("holds a finished run; it is read") == 2


def test_what_is_missing_is_recorded_with_the_preset(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run = recorded_run(preset="rich", **SMALL | {"epochs": 1})
    experiment = experiment_of(run)
    assert experiment.initial_scales == {"conv1_1": 0.1, "conv1_2": 0.3} and experiment.learning_rate == 1e-3
    assert run.history["epoch"][-1] == 1
    printed = capsys.readouterr().out
    assert f"Recording into {run.folder}." in printed and "Recorded in" in printed


def test_a_folder_that_was_named_and_holds_no_run_ends_the_lesson_in_words(small_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="^runs/mien is not there. Runs that are: none. Name one, or no folder"):
        recorded_run("runs/mien")
    assert not list(tmp_path.iterdir()), "nothing is recorded there"
    shutil.copytree(small_run.folder, tmp_path / "runs" / "mine")
    with pytest.raises(SystemExit, match="^runs holds no run. Runs that are: runs/mine. Name one"):
        recorded_run("runs")
    (tmp_path / "runs" / "mine" / "experiment.json").write_text("{")
    with pytest.raises(SystemExit, match="cannot be read"):
        recorded_run("runs/mine")


def test_a_lesson_has_no_options(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="^--help: a lesson takes folders of runs, and no options. The first lines"):
        recorded_run("--help")


def test_a_second_run_is_the_one_that_was_named(small_run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    other = shutil.copytree(small_run.folder, tmp_path / "other")
    assert run_beside(small_run, other, preset="rich").folder == other
    assert f"Beside it: {other} holds a finished run" in capsys.readouterr().out
    assert run_beside(small_run, small_run.folder, preset="rich") is None
    assert "is this run itself. To see another one beside it, name that" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="^runs/mien is not there. Runs that are: none."):
        run_beside(small_run, "runs/mien", preset="rich")


def test_without_a_second_folder_it_is_that_of_the_preset_or_none(small_run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = default_folder(experiment_of(small_run), "rich")
    assert run_beside(small_run, preset="rich") is None
    printed = capsys.readouterr().out
    assert f"There is no run in {folder}, so only this one is shown." in printed
    assert (
        f"dense-keras train --preset rich --tokens faces --code additive --exemplars 26 --size 28 --seed 0 --run {folder}"
        in printed
    )
    shutil.copytree(small_run.folder, folder)
    assert run_beside(small_run, preset="rich").folder == folder


def test_a_preset_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="No preset 'fast'. There are: default, rich, conjunctive"):
        recorded_run(tmp_path, preset="fast")


def test_more_folders_than_a_lesson_takes(small_run):
    with pytest.raises(SystemExit, match="^runs/b, runs/c: more folders than"):
        recorded_run(small_run.folder, "runs/b", "runs/c")
    with pytest.raises(SystemExit, match="more folders than"):
        run_beside(small_run, small_run.folder, "runs/c", preset="rich")


def test_the_latest_run_is_that_recorded_into_last(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError, match="no run in runs/ yet"):
        latest_run()
    for name, moment in (("first", 2), ("second", 3), ("older", 1)):
        (tmp_path / "runs" / name / "snapshots").mkdir(parents=True)
        (tmp_path / "runs" / name / "experiment.json").touch()
        os.utime(tmp_path / "runs" / name / "snapshots", (moment, moment))
    assert latest_run() == Path("runs") / "second"
