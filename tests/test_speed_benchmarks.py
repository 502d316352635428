"""The commands that time measures and writers run at tiny settings, and compare what is the same."""

import importlib
import io
import sys
import warnings

import numpy as np
import pytest
from PIL import Image

from dense_keras.experiment import Experiment, train
from dense_keras.measures import categories, similarity


@pytest.fixture
def missing(monkeypatch):
    """Makes a package look as if it were not installed."""
    find_spec = importlib.util.find_spec

    def hide(package, module):
        found = lambda name, *rest: None if name == package else find_spec(name, *rest)
        monkeypatch.setattr(module, "find_spec", found)

    return hide


@pytest.fixture(scope="module")
def tiny_run(shared_folder):
    """Three snapshots, with exemplars enough to take cells and factors out."""
    experiment = Experiment(exemplars=13, held_out=8, size=28, epochs=1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is not dense.*")
        return train(experiment, shared_folder / "tiny", progress=False)


def rows_of_tables(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]


def test_measures_are_compared_and_say_the_same(benchmark, tiny_run, capsys, missing):
    measures = benchmark("measures")
    missing("statsmodels", measures)
    measures.main([str(tiny_run.folder), "--layer", "conv1_2", "--rounds", "1", "--permutations", "2", "--images", "1"])
    text = capsys.readouterr().out
    rows = {row[0]: row for row in rows_of_tables(text)}
    assert rows["Wilson bands"][3:] == ["", "", "", "statsmodels is not installed"]
    compared = [row for row in rows.values() if len(row) == 7 and row[0] not in ("measure", "Wilson bands", "---")]
    assert len(compared) == 19 and all(float(row[6]) <= measures.TOLERANCE for row in compared)
    assert rows["CKA with the end"][2] == "2 x 40 x 32"
    assert float(rows["contributions"][5].replace(",", "")) > 5
    assert text.count("All of them, each once: ") == text.count("Less than 5 times: ") == 2


def test_measures_are_of_a_layer_with_one_before_it(benchmark, tiny_run, capsys):
    with pytest.raises(SystemExit):
        benchmark("measures").main([str(tiny_run.folder), "--layer", "conv1_1"])
    assert "--layer can be conv1_2, conv2_1, " in capsys.readouterr().err


def test_measures_that_differ_are_not_compared(benchmark, monkeypatch):
    measures = benchmark("measures")
    values, tokens = np.random.default_rng(0).normal(size=(20, 4)), np.arange(20) % 5
    given = ("measure", "another", "20 x 4", categories.scatter_share)
    same = measures.Comparison(*given, categories.scatter_share, (values, tokens))
    assert measures.compared(same, 2).difference == 0
    other = measures.Comparison(*given, lambda *arguments: 0.1 + categories.scatter_share(*arguments), (values, tokens))
    with pytest.raises(AssertionError, match="measure: ours and another differ by 0.1"):
        measures.compared(other, 1)


def test_the_largest_difference(benchmark):
    largest_difference = benchmark("measures").largest_difference
    assert largest_difference([1.0, np.array([2.0, np.nan])], (1.0, np.array([1.5, np.nan]))) == 0.5 / 1.5
    assert largest_difference(0.5, 0.25) == 0.25
    assert largest_difference(np.array([300.0, 0]), np.array([300.0, 3])) == 0.01
    assert largest_difference(np.array([1.0]), np.array([np.nan])) == float("inf")
    assert largest_difference(np.zeros(2), np.zeros((1, 2))) == float("inf")


def test_both_ways_to_leave_one_out_are_one(benchmark):
    straightforward = benchmark("straightforward")
    activations = np.random.default_rng(0).normal(3, 2, size=(20, 6))
    targets = activations[:, :2] + np.random.default_rng(1).normal(size=(20, 2))
    refitted = straightforward.predictions_refitted(activations, targets)
    np.testing.assert_allclose(straightforward.predictions_left_out(activations, targets), refitted, atol=1e-9)


def test_gram_matrices_of_equal_and_of_unrelated_layers(benchmark):
    cka = benchmark("straightforward").cka_debiased
    first, second = np.random.default_rng(0).normal(size=(2, 400, 30))
    assert cka(first, first) == pytest.approx(1)
    assert abs(cka(first, second)) < 0.02 and cka(first, second) == pytest.approx(
        similarity.cka_debiased(first, second)
    )


def test_images_tells_of_all_writers_that_are_installed(benchmark, capsys, missing, monkeypatch):
    images = benchmark("images")
    if "tensorboard.compat.notf" in sys.modules:  # a test before had TensorBoard go without TensorFlow: Keras's cannot
        monkeypatch.setattr(images, "WRITERS", [each for each in images.WRITERS if each.needs != "tensorflow"])
    missing("tensorboardX", images)
    images.main(["--rounds", "1", "--size", "16"])
    text = capsys.readouterr().out
    table = [row for row in rows_of_tables(text) if len(row) == 6][2:]
    assert "16 walls, 20 histograms of 1,239,333 weights" in text and len(table) == len(images.WRITERS)
    assert [row[4:] for row in table if row[1] == "ours"] == [["1.0", "1.0"]] * 3
    absent = [row for row in table if "tensorboardX" in row[1]]
    assert len(absent) == 3 and all(row[1].endswith("tensorboardX is not installed") and not row[2] for row in absent)


def test_walls_of_peers_are_ours(benchmark, monkeypatch):
    images = benchmark("images")
    generator = np.random.default_rng(0)
    kernels = {"colour": generator.normal(size=(3, 3, 3, 32)), "many": generator.normal(size=(3, 3, 40, 33))}
    images.check_same_pixels(kernels)
    for kernel in kernels.values():
        wall = Image.open(io.BytesIO(images.filter_wall(kernel, 2.0)[0])).convert("RGB")
        np.testing.assert_array_equal(np.asarray(wall), images.plain_wall(kernel, 2.0))
    monkeypatch.setattr(images, "GRAY", 0)
    with pytest.raises(AssertionError, match="The walls of many differ"):
        images.check_same_pixels(kernels)


def test_what_the_processor_did_while_waiting(benchmark):
    timing, time = benchmark("timing"), importlib.import_module("time")
    numbers = []
    seconds = timing.taking_turns(
        {"wait": lambda number: time.sleep(0.2), "count": numbers.append}, 2, time.process_time
    )
    assert numbers == [0, 1] and list(seconds) == ["wait", "count"]
    assert len(seconds["wait"]) == 2 and max(seconds["wait"]) < 0.1
