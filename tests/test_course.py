import shutil

import pytest

from dense_keras.backend import keras
from dense_keras.course import default_folder, recorded_run
from dense_keras.experiment import Experiment, experiment_of
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


def test_a_preset_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="No preset 'fast'. There are: default, rich, conjunctive"):
        recorded_run(tmp_path, preset="fast")
