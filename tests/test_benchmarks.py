"""The commands that measure run at tiny settings, and what they count is right."""

import operator
import os
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from dense_keras.backend import keras
from dense_keras.codes import factorial_codes
from dense_keras.experiment import PRESETS
from dense_keras.measures import conjunctions
from dense_keras.report import responses_to_codes
from dense_keras.run import Run


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
    [(title, *sizes)] = first_cells(text)
    assert title == "batch" and sizes and set(sizes) == {"8"}
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
    assert [path.name for path in (tmp_path / "runs" / "default").iterdir()] == [f"{backend}_seed_0"]
    first = capsys.readouterr().out
    verdict = f"{backend}: 0 of 1 seeds reach 0.95 within 1 epochs (1 are needed): does not hold"
    assert f"{backend}, seed 0 ..." in first and verdict in first
    assert first_cells(first) == [["backend", backend]]
    page = (tmp_path / "default_runs.md").read_text()
    assert page.startswith("# Runs of the preset default\n") and page.endswith(f"|\n\n- {verdict}\n")
    seeds.main(command)
    assert "seed 0 ..." not in capsys.readouterr().out
    (row,) = seeds.read_rows(tmp_path / "default_runs.csv")
    assert row["tensorboard"] == "yes" and int(row["processors"]) == seeds.available_processors()


def test_seeds_of_a_control_on_one_processor(benchmark, capsys, tmp_path):
    seeds = benchmark("seeds")
    backend = keras.config.backend()
    command = ["--preset", "shuffled", "--epochs", "1", "--exemplars", "7", "--held-out", "2", "--seeds", "1"]
    command += ["--backends", backend, "--threads", "1", "--no-tensorboard", "--keep", str(tmp_path / "runs")]
    seeds.main([*command, "--out", str(tmp_path)])
    (row,) = seeds.read_rows(tmp_path / "shuffled_runs.csv")
    assert (row["seed"], row["processors"], row["tensorboard"]) == ("1", "1", "no")
    kept = Run(tmp_path / "runs" / "shuffled" / f"{backend}_seed_1")
    assert kept.description["experiment"]["shuffled_tokens"] and not kept.tensorboard.exists()
    assert float(row["final training"]) == pytest.approx(kept.history["accuracy"][-1], abs=1e-3)
    assert "holds" not in capsys.readouterr().out
    with pytest.raises(FileExistsError, match="seed_1 is there already. Move it away"):
        seeds.main([*command, "--out", str(tmp_path / "elsewhere")])
    with pytest.raises(SystemExit):
        seeds.main(["--threads", str(seeds.available_processors() + 1)])
    assert "this command may use 1 to" in capsys.readouterr().err


def test_a_training_has_the_processors_that_it_is_given(benchmark):
    seeds = benchmark("seeds")
    everything = seeds.available_processors()
    assert seeds.in_new_process(1, seeds.available_processors) == 1 or not hasattr(os, "sched_setaffinity")
    assert seeds.in_new_process(1, os.getenv, "OMP_NUM_THREADS") == "1"
    assert seeds.in_new_process(everything, seeds.available_processors) == everything


def test_rows_of_before_a_column_was_there_stay(benchmark, tmp_path):
    seeds = benchmark("seeds")
    old = {"backend": "torch", "seed": "0"}
    seeds.write_rows(tmp_path / "runs.csv", [old, {"backend": "torch", "processors": 2, "seed": 1}])
    rows = seeds.read_rows(tmp_path / "runs.csv")
    assert rows == [old | {"processors": ""}, {"backend": "torch", "processors": "2", "seed": "1"}]
    assert [seeds._row_like(rows, seed=seed, processors=1) for seed in (0, 1)] == [rows[0], None]
    assert seeds._row_like([old], seed=0, processors=1) == old


def test_every_preset_has_its_table(benchmark, small_run):
    tables = benchmark("run_tables").TABLES
    assert set(tables) == set(PRESETS)
    default, rich, control = (tables[preset].columns(small_run, 60.0) for preset in ("default", "rich", "shuffled"))
    assert default["final"] == rich["final"] == control["final"] == f"{small_run.history['held_out_accuracy'][-1]:.3f}"


def test_how_far_layers_turned(benchmark):
    initial = dict.fromkeys(["conv1_1/kernel", "conv1_2/kernel", "dense/kernel", "logits/kernel"], np.array([1.0, 0]))
    last = initial | {"conv1_1/kernel": np.array([0, 1.0]), "dense/kernel": np.array([-3.0, 0])}
    run = SimpleNamespace(
        steps=[0, 8], weights={0: initial, 8: last}.get, history={"held_out_accuracy": np.array([0.2, 0.5])}
    )
    assert benchmark("run_tables").rich_columns(run, 60.0) == {
        "rotation of block 1": "0.5000",
        "rotation of the others": "1.0000",
        "change of conv1_1": "1.414",
        "final": "0.500",
    }


def test_pair_shares_of_a_known_answer(benchmark):
    tokens = np.array([0, 1, 2, 3, 4, 4])
    codes = np.array(
        [[0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [1, 0, 1, 1, 0], [0, 1, 1, 0, 0], [0, 1, 0, 1, 1], [0, 0, 0, 0, 1]]
    )
    parts = ["hair", "eyes", "nose", "mouth", "accessory"]
    called = {0: [0, 1, 2, 3, 4, 4], 8: [1, 0, 3, 2, 0, 1], 16: [4, 4, 0, 1, 4, 4]}  # both pairs, the first alone, none
    run = SimpleNamespace(
        probes={"held_out": SimpleNamespace(tokens=tokens, codes=codes)},
        part_names=parts,
        steps=list(called),
        logits=lambda step: np.eye(5)[called[step]],
    )
    np.testing.assert_allclose(benchmark("run_tables").pair_shares(run), [[1, 1], [1, 0], [0, 0.5]])


def test_sums_have_no_interaction_and_an_exclusive_or_has_nothing_else(benchmark):
    interactions = benchmark("run_tables").interactions_of_pairs
    faces = factorial_codes("additive")  # hair, eyes, nose, mouth
    sums = np.stack([5 - 10 * faces[:, :2].sum(1), 10 * faces[:, :2].sum(1) - 15, 0.5 - faces[:, 2:].sum(1)], axis=1)
    views = np.random.default_rng(0).normal(scale=1e-6, size=(16, 4, 1))
    np.testing.assert_allclose(interactions(sums[:, np.newaxis] + views), [0, 0], atol=1e-6)
    bound = np.stack([faces[:, 0] ^ faces[:, 1], 2 * (faces[:, 2] ^ faces[:, 3])], axis=1)
    np.testing.assert_allclose(interactions(bound[:, np.newaxis] + views), [0.2, 0.8], atol=1e-5)


def test_when_pairs_are_bound(benchmark, monkeypatch):
    tables = benchmark("run_tables")
    shares = np.array([[0.5, 0.5], [0.9, 0.5], [0.88, 0.7], [0.99, 0.8]])
    interactions = np.array([[0, 0], [0.05, 0], [0.5, 0], [0.9, 0.04]])
    monkeypatch.setattr(tables, "pair_shares", lambda run: shares)
    monkeypatch.setattr(tables, "pair_interactions", lambda run: interactions)
    history = {"step": np.array([0, 10, 30, 40]), "held_out_accuracy": np.array([0.2, 0.4, 0.5, 0.6])}
    conjunctive = tables.TABLES["conjunctive"]
    row = conjunctive.columns(SimpleNamespace(history=history), 400.0)
    assert row == {
        "hair and eyes, step": 10,
        "hair and eyes, seconds": "100",
        "nose and mouth, step": None,
        "nose and mouth, seconds": None,
        "hair and eyes, final": "0.990",
        "nose and mouth, final": "0.800",
        "hair and eyes, interaction": "0.900",
        "nose and mouth, interaction": "0.040",
        "final": "0.600",
    }
    interactions[1, 0] = 0.049  # told rightly, but by sums
    assert conjunctive.columns(SimpleNamespace(history=history), 400.0)["hair and eyes, step"] == 40
    slow = row | {"hair and eyes, seconds": "241"}
    assert conjunctive.holds(row) and not conjunctive.holds(slow)
    assert conjunctive.holds(slow | {"nose and mouth, seconds": 240})  # either pair will do
    rows = [{"backend": "jax", "processors": 2} | each for each in (row, row, row, row, slow)]
    assert conjunctive.verdict(rows) == (
        "jax: 4 of 5 seeds bind a pair within 240 seconds on 2 processor core(s) (4 are needed): holds"
    )


def test_rich_is_turned_and_in_time(benchmark):
    holds = benchmark("run_tables").TABLES["rich"].holds
    assert holds({"rotation of block 1": "0.1000", "seconds": "360"})
    assert not holds({"rotation of block 1": "0.0999", "seconds": "360"})
    assert not holds({"rotation of block 1": "0.1000", "seconds": "361"})


def test_the_first_snapshot_that_passes(benchmark):
    first_passing = benchmark("run_tables").first_passing
    steps, accuracies = [0, 8, 16, 32], [0.2, 0.5, 0.49, 0.9]
    assert [first_passing(steps, accuracies, threshold) for threshold in (0.2, 0.5, 0.51, 0.95)] == [0, 8, 32, None]


def test_steps_near_a_ceiling(benchmark):
    steps_near = benchmark("run_tables").steps_near
    steps, accuracies = [0, 10, 30, 60, 100, 150], [0.2, 0.38, 0.42, 0.5, 0.41, 0.43]
    assert steps_near(steps, accuracies, 0.4) == (30 - 10) + (150 - 100)
    assert steps_near(steps, accuracies, 0.8) == 0


def test_the_claim_is_four_seeds_of_five(benchmark):
    default = benchmark("run_tables").TABLES["default"]
    rows = [{"backend": "torch", "epochs": 20, "steps to 0.95": step} for step in (700, "468", 312, 900, "")]
    assert default.verdict(rows).endswith("reach 0.95 within 20 epochs (4 are needed): holds")
    assert default.verdict([*rows[:3], rows[4], rows[4]]).endswith("does not hold")


def test_verdicts_are_of_one_backend_and_settings_each(benchmark):
    seeds = benchmark("seeds")
    rows = [
        {"backend": backend, "epochs": epochs, "steps to 0.95": 9, "seed": seed}
        for backend, epochs, seed in (("torch", 20, 0), ("jax", 20, 0), ("torch", "20", 1), ("torch", 1, 0))
    ]
    assert [line.split(" seeds")[0] for line in seeds.verdicts(seeds.TABLES["default"], rows)] == [
        "torch: 2 of 2",
        "jax: 1 of 1",
        "torch: 1 of 1",
    ]
    assert seeds.verdicts(seeds.TABLES["shuffled"], rows) == []


@pytest.fixture
def two_networks(small_run, tmp_path):
    """A folder of two runs: the small one, and the same told to be one of shuffled tokens."""
    for name in ("true", "shuffled"):
        shutil.copytree(small_run.folder, tmp_path / "kept" / name, ignore=shutil.ignore_patterns("tensorboard"))
    shuffled = Run(tmp_path / "kept" / "shuffled")
    shuffled.describe(experiment=shuffled.description["experiment"] | {"shuffled_tokens": True})
    return tmp_path / "kept"


def test_complex_features_of_each_run_layer_and_moment(benchmark, two_networks, small_run, tmp_path, capsys):
    features, seeds = benchmark("complex_features"), benchmark("seeds")
    features.main([str(two_networks), "--out", str(tmp_path)])
    rows = seeds.read_rows(tmp_path / "complex_features.csv")
    assert {row["network"] for row in rows} == {"additive", "shuffled additive"}
    assert len(rows) == 2 * len(small_run.layers) * len(features.moments(small_run))
    for row in rows:
        responses = responses_to_codes(small_run, row["layer"], int(row["step"]))
        energies = conjunctions.part_set_energies(responses)
        explained = sum(float(row[order]) for order in features.ORDERS)
        assert (row["interaction"] != "") == (explained > features.TOLD)
        if row["interaction"]:
            by_order = conjunctions.layer_shares_by_order(energies)
            assert float(row["interaction"]) == pytest.approx(by_order[1:].sum(), abs=1e-4)
            assert float(row["order 1"]) / explained == pytest.approx(by_order[0], abs=2e-3)
    page = (tmp_path / "complex_features.md").read_text()
    backend = keras.config.backend()
    assert f"Runs: shuffled additive on {backend}, seeds 0; additive on {backend}, seeds 0." in page
    assert page.count("\n## ") == 3 and "additive: untrained" in page and "shuffled additive: untrained" not in page
    assert first_cells(capsys.readouterr().out) == [["layer", *small_run.layers]]


def test_complex_features_says_which_runs_it_cannot_take(benchmark, two_networks, tmp_path):
    features = benchmark("complex_features")
    with pytest.raises(SystemExit, match="true and .*true are both .*additive.*Leave one of them out"):
        features.finished_runs([two_networks / "true", two_networks / "true"])
    with pytest.raises(SystemExit, match="There is no run in .*nowhere. Record some: python benchmarks/seeds.py"):
        features.finished_runs([tmp_path / "nowhere"])
    run = Run(two_networks / "true")
    run.describe(experiment=run.description["experiment"] | {"epochs": 3})
    with pytest.raises(SystemExit, match="true is not finished. Go on with it, or leave it out"):
        features.finished_runs([two_networks])
    run.describe(part_names=[])
    with pytest.raises(SystemExit, match="true: nobody knows the parts of these tokens. Leave it out"):
        features.finished_runs([two_networks])


@pytest.mark.parametrize(
    ("accuracies", "found"),
    [
        ([0.2, 0.43, 0.46, 0.44, 0.9], {"untrained": 0, "before": 16, "after": 32}),  # within .05 of the ceiling .40
        ([0.2, 0.6, 0.7, 0.8, 0.9], {"untrained": 0, "before": 0, "after": 32}),
        ([0.2, 0.3, 0.6, 0.3, 0.3], {"untrained": 0, "after": 32}),
    ],
)
def test_the_jump_is_where_the_best_part_is_surpassed(benchmark, accuracies, found):
    history = {"step": np.array([0.0, 4, 8, 16, 32]), "held_out_accuracy": np.array(accuracies)}
    run = SimpleNamespace(
        description={"experiment": {"code": "conjunctive"}},
        history=history,
        part_names=["hair", "eyes", "nose", "mouth", "accessory"],
    )
    assert benchmark("complex_features").moments(run) == found


def test_means_and_ranges(benchmark):
    mean_and_range = benchmark("complex_features").mean_and_range
    assert mean_and_range(["0.1", "0.3"]) == "0.20 (0.10 to 0.30)"
    assert mean_and_range(["0.1", None, "0.3"]) == "0.20 (0.10 to 0.30), 2 of 3"
    assert mean_and_range(["0.1", "0.1004", None]) == "0.10, 2 of 3"
    assert mean_and_range([None]) == "–"


def test_peak_memory_is_that_of_the_call(benchmark):
    sizes = benchmark("sizes")
    little, much = (sizes.peak_memory(operator.mul, b"x", count) for count in (1, 200_000_000))
    assert 180e6 < much - little < 260e6
    with pytest.raises(RuntimeError, match="ended without an answer"):
        sizes.peak_memory(operator.truediv, 1, 0)


def test_a_recording_is_weighed(benchmark, tmp_path):
    name, looked_at, side, *mega = benchmark("sizes").row_of_bytes(
        "tiny", {"exemplars": 13, "held_out": 2}, tmp_path / "r"
    )
    run = Run(tmp_path / "r")
    assert (name, looked_at, side) == ("tiny", 5 * 2 + len(run.probes["factorial"]), 32)
    probe, snapshot, view, memory = (float(each.replace(",", "")) for each in mega)
    assert probe == pytest.approx((run.folder / "probe.npz").stat().st_size / 1e6, abs=0.1)
    assert 14 < snapshot < 25 and 0 < view < 5 and memory > 200, "weights and Adam's two averages are 14.9 MB"


def test_starting_is_timed(benchmark, capsys):
    benchmark("start").main(["--rounds", "1"])
    assert first_cells(capsys.readouterr().out)[0][1:] == [
        "python",
        "import numpy",
        "import dense_keras",
        "dense-keras --help",
    ]
