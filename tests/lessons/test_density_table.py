"""The table of lesson 10: a row a run, equally many steps each, and nothing is trained twice."""

import csv
import importlib
from pathlib import Path

import numpy as np
import pytest

from dense_keras.backend import keras
from dense_keras.experiment import PRESETS, Experiment

COLUMNS = "exemplars,seed,backend,steps,held_out_accuracy,pair_hair_eyes,pair_nose_mouth,interaction_hair_eyes,interaction_nose_mouth,training_accuracy"


@pytest.fixture
def density(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    return importlib.import_module("density")


def test_each_row_is_trained_once(density, capsys, tmp_path):
    table = tmp_path / "data" / "density.csv"
    command = [
        "--seeds",
        "0",
        "--backends",
        keras.config.backend(),
        "--steps",
        "3",
        "--held-out",
        "4",
        "--out",
        str(table),
    ]
    table.parent.mkdir()
    table.write_text(f"{COLUMNS}\n7,0,{keras.config.backend()},3,0.2,0.5,0.5,0.1,0.1,1.0\n")  # as if trained before
    density.main([*command, "--densities", "5", "7"])
    assert capsys.readouterr().out.count("a token, seed 0") == 1
    assert table.read_text().splitlines()[0] == COLUMNS
    rows = list(csv.DictReader(table.open()))
    assert [row["exemplars"] for row in rows] == ["5", "7"] and {row["steps"] for row in rows} == {"3"}
    assert all(0 <= float(row[name]) <= 1 for row in rows for name in COLUMNS.split(",")[4:])
    assert list(table.parent.iterdir()) == [table]


def test_the_steps_are_those_of_the_preset(density):
    experiment = Experiment(**PRESETS["conjunctive"])
    assert density.STEPS == experiment.epochs * (5 * experiment.exemplars // experiment.batch_size)


def test_fewer_exemplars_are_the_first_of_more_and_the_held_out_ones_stay():
    few, more = (
        Experiment(**PRESETS["conjunctive"] | {"exemplars": count, "held_out": 2}).load_tokens() for count in (3, 5)
    )
    np.testing.assert_array_equal(few.held_out.images, more.held_out.images)
    for token in range(5):
        np.testing.assert_array_equal(
            few.train.images[few.train.tokens == token], more.train.images[more.train.tokens == token][:3]
        )


def test_pair_accuracies_of_a_known_answer(density):
    codes = np.array(
        [[0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [1, 0, 1, 1, 0], [0, 1, 1, 0, 0], [0, 1, 0, 1, 1], [0, 0, 1, 1, 1]]
    )
    tokens = np.array([0, 1, 2, 3, 4, 4])
    parts = ("hair", "eyes", "nose", "mouth", "accessory")
    told = density.pair_accuracies(np.array([0, 1, 3, 4, 4, 0]), tokens, codes, parts)
    assert told == {"pair_hair_eyes": 0.75, "pair_nose_mouth": 0.5}  # Cleo called Dov is right about hair and eyes
