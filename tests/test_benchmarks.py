"""The commands that measure run at tiny settings, and what they count is right."""

import importlib
from pathlib import Path

import pytest

from dense_keras.backend import keras

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    """Imports a module of the benchmarks by name."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


def first_cells(text):
    """The first cell of each row of each Markdown table in a text, headers too."""
    parts = [[line for line in part.splitlines() if line.startswith("|")] for part in text.split("\n\n")]
    tables = [[line.split("|")[1].strip() for line in lines] for lines in parts]
    return [[cells[0], *cells[2:]] for cells in tables if cells]


def test_recording_tells_of_all_arms_and_all_recorders(benchmark, capsys):
    benchmark("recording").main(["--rounds", "2", "--epochs", "3", "--exemplars", "13", "--held-out", "2"])
    text = capsys.readouterr().out
    assert "3 epochs of 2 steps, 5 recordings" in text
    recorders = "Scalars FilterImages ActivationMaps Histograms ConfusionMatrix Embeddings Snapshots".split()
    assert first_cells(text) == [["training", "bare", "validated", "recorded"], ["recorder", *recorders, "all"]]
    assert "1.000 (1.000 to 1.000)" in text


def test_the_default_schedule_is_counted(benchmark):
    recording = benchmark("recording")
    assert recording.recordings(epochs=20, steps_per_epoch=78) == 1 + 9 + 20
    assert recording.recordings(epochs=3, steps_per_epoch=2) == len({0, 1, 2, 4, 6})


def test_a_whole_training_is_put_together(benchmark):
    assert benchmark("recording").put_together([2, 3], [0.5, 1], extra=4, epochs=20, count=34) == [61, 98]


def test_native_computes_the_same_and_is_compared(benchmark, capsys):
    native = benchmark("native")
    native.main(["--batch-sizes", "8", "--rounds", "1", "--images", "8", "--exemplars", "4"])
    text = capsys.readouterr().out
    assert first_cells(text) == [["batch"] + ["8"] * text.count("| 8 |")]
    arms = {"tensorflow": ["tf.function", "tf.function, XLA"], "torch": ["contiguous", "channels last"], "jax": ["jit"]}
    for arm in ("ours", *arms[keras.config.backend()]):
        assert f"| 8 | {arm} |" in text


def test_native_does_not_compare_what_computes_something_else(benchmark, monkeypatch):
    native = benchmark("native")
    monkeypatch.setattr(native, "BETA_1", 0.8)
    with pytest.raises(AssertionError, match="losses of .* and ours"):
        native.main(["--batch-sizes", "8", "--rounds", "1", "--images", "8", "--exemplars", "4"])


def test_seeds_trains_each_row_once(benchmark, capsys, tmp_path):
    seeds = benchmark("seeds")
    backend = keras.config.backend()
    command = ["--epochs", "1", "--exemplars", "7", "--held-out", "2", "--seeds", "0", "--backends", backend]
    command += ["--out", str(tmp_path)]
    seeds.main([*command, "--keep", str(tmp_path / "runs")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["default_runs.csv", "default_runs.md", "runs"]
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [f"{backend}_seed_0"]
    first = capsys.readouterr().out
    assert f"{backend}, seed 0 ..." in first
    assert f"{backend}: 0 of 1 seeds reach 0.95 within 1 epochs (1 are needed): does not hold" in first
    assert first_cells(first) == [["backend", backend]]
    seeds.main(command)
    assert "seed 0 ..." not in capsys.readouterr().out
    assert len(seeds.read_rows(tmp_path / "default_runs.csv")) == 1


def test_the_first_snapshot_that_passes(benchmark):
    first_passing = benchmark("seeds").first_passing
    steps, accuracies = [0, 8, 16, 32], [0.2, 0.5, 0.49, 0.9]
    assert [first_passing(steps, accuracies, threshold) for threshold in (0.2, 0.5, 0.51, 0.95)] == [0, 8, 32, None]


def test_steps_near_a_ceiling(benchmark):
    steps_near = benchmark("seeds").steps_near
    steps, accuracies = [0, 10, 30, 60, 100, 150], [0.2, 0.38, 0.42, 0.5, 0.41, 0.43]
    assert steps_near(steps, accuracies, 0.4) == (30 - 10) + (150 - 100)
    assert steps_near(steps, accuracies, 0.8) == 0


def test_the_claim_is_four_seeds_of_five(benchmark):
    verdict = benchmark("seeds").verdict
    rows = [{"backend": "torch", "epochs": 20, "steps to 0.95": step} for step in (700, "468", 312, 900, "")]
    assert verdict(rows).endswith("(4 are needed): holds")
    assert verdict([*rows[:3], rows[4], rows[4]]).endswith("does not hold")
