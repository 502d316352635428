"""Sweeps: the grid, what is skipped, what goes on when something fails, and processes that end with their worker."""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import filelock
import numpy as np
import pytest
from PIL import Image

from dense_keras import experiment as experiments
from dense_keras import sweep
from dense_keras.backend import BACKENDS, keras
from dense_keras.experiment import experiment_of
from dense_keras.run import Run, RunError, RunHeld, locked
from dense_keras.sweep import Cell, SweepError

BACKEND = keras.config.backend()


@pytest.fixture
def finished(small_run):
    """A cell that is recorded."""
    return Cell(experiment_of(small_run), "default", BACKEND, small_run.folder)


def run_command(*arguments):
    parser = argparse.ArgumentParser()
    sweep.add_command(parser.add_subparsers())
    options = parser.parse_args(["sweep", *map(str, arguments)])
    return options.command(options)


def test_a_grid_has_all_cells_under_the_names_that_training_gives_them(tmp_path):
    grid = sweep.cells(tmp_path, ["tensorflow", "torch"], ["default", "conjunctive"], seed=[3, 4], exemplars=[600])
    assert len(grid) == 8
    assert [cell.folder.relative_to(tmp_path.resolve()).as_posix() for cell in grid[:4]] == [
        "faces-additive-exemplars600-seed3-tensorflow",
        "faces-additive-exemplars600-seed3-torch",
        "faces-conjunctive-exemplars600-seed3-tensorflow",
        "faces-conjunctive-exemplars600-seed3-torch",
    ]
    assert {cell.experiment.seed for cell in grid[4:]} == {4}
    assert [(cell.experiment.code, cell.experiment.epochs) for cell in grid[1:3]] == [
        ("additive", 20),
        ("conjunctive", 9),
    ]


@pytest.mark.parametrize(
    ("presets", "axes", "text"),
    [
        (["fast"], {}, "No preset fast. There are: default, rich"),
        (["default"], {"code": ["binary"]}, "No code 'binary'"),
        (["default"], {"seed": [-1]}, "seed is -1"),
        (["default"], {"epochs": [1, 2]}, "Two cells of the grid would be recorded into .*faces-additive-seed0"),
    ],
)
def test_a_grid_that_cannot_be_run(tmp_path, presets, axes, text):
    with pytest.raises((ValueError, SweepError), match=text):
        sweep.cells(tmp_path, [BACKEND], presets, **axes)


def test_a_backend_that_there_is_not(tmp_path):
    with pytest.raises(ValueError, match="No backend pytorch. There are: tensorflow, torch, jax"):
        sweep.cells(tmp_path, ["torch", "pytorch"], ["default"])


def test_only_a_whole_run_of_the_same_settings_is_finished(finished, tmp_path):
    assert finished.is_finished
    assert not replace(finished, experiment=replace(finished.experiment, seed=9)).is_finished
    assert not replace(finished, experiment=replace(finished.experiment, epochs=9)).is_finished
    assert not replace(finished, backend="other").is_finished
    assert not replace(finished, folder=tmp_path / "nowhere").is_finished
    copied = replace(finished, folder=tmp_path / "copied")
    shutil.copytree(finished.folder, copied.folder)
    Run(copied.folder).snapshot_path(1).unlink()
    assert not copied.is_finished


def test_a_run_that_was_killed_before_its_first_row_is_not_recorded(finished, tmp_path):
    copied = replace(finished, folder=tmp_path / "copy")
    shutil.copytree(finished.folder, copied.folder)
    (copied.folder / "history.csv").unlink()
    assert not copied.is_recorded
    assert not copied.is_finished


@pytest.mark.parametrize("name", ["snapshots/step_00000001.npz", "probe.npz", "history.csv", "experiment.json"])
def test_a_damaged_run_is_not_finished(finished, tmp_path, name):
    copied = replace(finished, folder=tmp_path / "copy")
    shutil.copytree(finished.folder, copied.folder)
    assert copied.is_finished
    content = (copied.folder / name).read_bytes()
    (copied.folder / name).write_bytes(content[: len(content) // 2])
    assert not copied.is_finished


@pytest.mark.parametrize("change", ["none", "another image", "another name"])
def test_a_run_is_finished_while_its_folder_of_images_is_the_same(finished, tmp_path, change):
    images = np.random.default_rng(0).integers(0, 256, (2, 12, 16, 16, 3), np.uint8)
    for token, name in enumerate(("a", "b")):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number, image in enumerate(images[token]):
            Image.fromarray(image).save(tmp_path / "images" / name / f"{number}.png")
    cell = replace(
        finished,
        experiment=replace(finished.experiment, tokens=str(tmp_path / "images"), code=None, exemplars=8).resolved(),
        folder=tmp_path / "run",
    )
    shutil.copytree(finished.folder, cell.folder)
    Run(cell.folder).describe(experiment=asdict(cell.experiment), **cell.experiment.load_tokens().identity)
    if change == "another image":
        Image.fromarray(255 - images[0, 0]).save(tmp_path / "images" / "a" / "0.png")
    elif change == "another name":
        (tmp_path / "images" / "a").rename(tmp_path / "images" / "A")
    assert cell.is_recorded
    assert cell.is_finished == (change == "none")


def test_a_run_of_another_version_is_not_finished(finished, tmp_path):
    copied = replace(finished, folder=tmp_path / "copy")
    shutil.copytree(finished.folder, copied.folder)
    run = Run(copied.folder)
    run.describe(experiment=run.description["experiment"] | {"invented_later": 1})
    assert not copied.is_finished
    with pytest.raises(RunError, match="this version of dense_keras cannot make .*invented_later"):
        experiment_of(run)


def test_a_cell_that_fails_stops_no_other(finished, tmp_path, monkeypatch):
    def pretended(settings, folder, backend, threads, tensorboard):
        if settings["seed"] == 1:
            raise MemoryError("the worker is gone")
        if settings["seed"] == 2:
            return 2.0, "the disk is full"
        shutil.copytree(finished.folder, folder)
        run = Run(folder)
        run.describe(experiment=settings)
        if settings["seed"] == 3:  # begun on this disk, and ended on another
            rows = [dict(zip(run.history, row, strict=True)) for row in zip(*run.history.values(), strict=True)]
            run.write_history(rows[:-1])
        return 2.0, ""

    monkeypatch.setattr(sweep, "trained", pretended)
    grid = sweep.cells(tmp_path, [BACKEND], ["default"], seed=range(4), epochs=[finished.experiment.epochs])
    with ThreadPoolExecutor(2) as pool:
        found = sweep.outcomes(grid, lambda backend, *call: pool.submit(*call), threads=1)
        problems = {outcome.cell.experiment.seed: outcome.problem for outcome in found}
    lost = "Its worker was lost, or the scheduler (MemoryError). Give the same command again."
    assert problems.pop(1) == lost
    assert re.search("not into .*seed3.* here: workers need the same disk", problems.pop(3))
    assert problems == {0: "", 2: "the disk is full"}


def test_the_table_has_a_row_for_each_snapshot_of_each_finished_cell(finished, tmp_path):
    rows = sweep.table([finished])
    run = Run(finished.folder)
    assert [row["step"] for row in rows] == run.steps
    assert [row["held_out_accuracy"] for row in rows] == run.history["held_out_accuracy"].tolist()
    assert rows[0]["backend"] == BACKEND and rows[0]["exemplars"] == 26 and rows[0]["initial_scales"] == "{}"
    written = sweep.write_table(rows, tmp_path / "new" / "sweep.csv")
    read = np.genfromtxt(written[0], delimiter=",", names=True, dtype=None, encoding="utf-8")
    assert read["held_out_accuracy"].tolist() == run.history["held_out_accuracy"].tolist()


def test_the_same_table_as_parquet(finished, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = sweep.table([finished])
    _, beside = sweep.write_table(rows, tmp_path / "sweep.csv")
    read = parquet.read_table(beside).to_pylist()
    assert [row["step"] for row in read] == [row["step"] for row in rows]
    assert list(read[0]) == list(rows[0])


def test_the_command_records_what_it_can_tells_what_failed_and_skips_what_is_there(tmp_path, capsys):
    for number in range(12):
        token = tmp_path / "photos" / f"token {number % 2}"
        token.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (20, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(token / f"{number}.png")
    in_the_way = tmp_path / "runs" / f"photos-seed1-{BACKEND}" / "notes.txt"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.touch()
    grid = ["--runs", tmp_path / "runs", "--tokens", tmp_path / "photos", "--epochs", 1, "--no-tensorboard", "--seeds"]
    assert run_command(*grid, 0, 1) == 1
    told = capsys.readouterr()
    run = Run(tmp_path / "runs" / f"photos-seed0-{BACKEND}")
    assert run.history["epoch"].tolist() == [0, 1] and not run.tensorboard.exists()
    assert "0 of 2 cells are recorded already." in told.out and "[2/2] photos-seed" in told.out
    assert f"1 of 2 cells are not recorded:\n  photos-seed1-{BACKEND}: {in_the_way.parent} holds other" in told.err
    assert (tmp_path / "runs" / "sweep.csv").read_text().count("\n") == 3

    before = run.snapshot_path(0).stat().st_mtime_ns
    assert run_command(*grid, 0) == 0
    assert "1 of 1 cells are recorded already." in capsys.readouterr().out
    assert run.snapshot_path(0).stat().st_mtime_ns == before


def test_what_failed_is_told_when_the_table_cannot_be_written(tmp_path, capsys, monkeypatch):
    def failed(grid, waiting, options):
        return [sweep.Outcome(waiting[0], 1.0, "It has no time.")]

    monkeypatch.setattr(sweep, "_record", failed)
    assert run_command("--runs", tmp_path, "--seeds", 0, 1) == 1
    told = capsys.readouterr().err
    assert f"2 of 2 cells are not recorded:\n  faces-additive-seed0-{BACKEND}: It has no time.\n" in told
    assert f"  faces-additive-seed1-{BACKEND}: It was recorded, and is not there any more.\n" in told
    assert not (tmp_path / "sweep.csv").exists()

    def recorded(cell):
        return cell.experiment.seed == 1

    monkeypatch.setattr(sweep.Cell, "is_recorded", property(recorded))
    monkeypatch.setattr(sweep.Cell, "is_finished", property(recorded))
    monkeypatch.setattr(sweep, "table", lambda cells: [{"run": cell.folder.name} for cell in cells])
    (tmp_path / "sweep.csv").mkdir()
    with pytest.raises(IsADirectoryError):
        run_command("--runs", tmp_path, "--seeds", 0, 1)
    assert "It has no time." in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that cannot be caught")
def test_a_training_ends_with_its_worker(tmp_path):
    (tmp_path / "fractions.py").write_text("raise SystemExit('a module of the folder was imported')")
    call = (
        {"tokens": "faces", "exemplars": 26, "held_out": 4, "size": 28, "epochs": 1000},
        str(tmp_path / "run"),
        BACKEND,
        1,
        False,
    )
    program = f"from dense_keras.sweep import trained; trained(*{call!r})"
    worker = subprocess.Popen([sys.executable, "-P", "-c", program], cwd=tmp_path)
    try:
        lock = filelock.FileLock(tmp_path / "run" / ".lock")
        waited = time.monotonic() + 300
        while not (tmp_path / "run" / "snapshots" / "step_00000004.npz").exists():
            assert worker.poll() is None and time.monotonic() < waited
            time.sleep(0.05)
        with pytest.raises(filelock.Timeout):
            lock.acquire(blocking=False)
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    with lock.acquire(timeout=10):
        assert 0 in Run(tmp_path / "run").steps


def test_trainings_end_with_the_sweep(tmp_path, monkeypatch):
    ended = []
    monkeypatch.setattr(sweep, "_problem", lambda status, said, errors: ended.append(status) or "")
    started = subprocess.Popen
    monkeypatch.setattr(sweep.subprocess, "Popen", lambda command, **options: started(["sleep", "600"], **options))
    with pytest.raises(KeyboardInterrupt), sweep.on_this_machine(1) as submit:
        first, second = (submit("torch", sweep.trained, {}, "", "torch", 1, False) for _ in range(2))
        while not sweep._UNDER_WAY and not first.done():
            time.sleep(0.01)
        raise KeyboardInterrupt
    assert ended == [-signal.SIGKILL] and first.done() and second.cancelled()
    assert not sweep._UNDER_WAY


@pytest.mark.parametrize("something_came", [True, False])
def test_what_another_process_records_is_waited_for(tmp_path, monkeypatch, something_came):
    attempts, folder = [], tmp_path / "run"
    held, refused = threading.Event(), threading.Event()

    def pretended(experiment, folder, **how):
        attempts.append(folder)
        try:
            with locked(folder):
                pass
        except RunHeld:
            refused.set()
            raise

    monkeypatch.setattr(experiments, "train", pretended)

    def record():
        with locked(folder):
            if something_came:
                (folder / "experiment.json").touch()
            held.set()
            refused.wait(60)
            time.sleep(0.1)

    other = threading.Thread(target=record)
    other.start()
    held.wait()
    sweep._train_or_wait(experiments.Experiment(), folder, True)
    assert refused.is_set() and len(attempts) == 2
    other.join()


def test_what_goes_wrong_otherwise_is_not_waited_for(tmp_path, monkeypatch):
    def refused(experiment, folder, **how):
        raise RunError("other settings")

    monkeypatch.setattr(experiments, "train", refused)
    with pytest.raises(RunError, match="other settings"):
        sweep._train_or_wait(experiments.Experiment(), tmp_path, True)


@pytest.mark.parametrize(
    ("status", "said", "errors", "problem"),
    [
        (0, "", "a warning", ""),
        (1, "No token set\n", "Traceback", "No token set"),
        (1, "", "Traceback\nImportError: x\n", "ImportError: x"),
        (-9, "", "", "Its process was killed by signal 9, as happens where memory runs out."),
        (3, "", "", "Its process ended with status 3."),
    ],
)
def test_why_a_process_failed(status, said, errors, problem):
    assert sweep._problem(status, said, errors) == problem


@pytest.mark.parametrize(("seconds", "text"), [(20, "20 s"), (90, "2 min"), (3600, "1 h 0 min"), (5000, "1 h 23 min")])
def test_time_left(seconds, text):
    assert sweep._duration(seconds) == text


def test_a_sweep_that_goes_on_has_the_threads_that_it_began_with():
    share = sweep._workers_and_threads
    assert [share(8, 8, 4, waiting) for waiting in (4, 3, 1)] == [(4, 2), (3, 2), (1, 2)]
    assert share(2, 8, 10, 10) == (2, 4)
    assert share(8, 2, 10, 1) == (1, 1), "more workers than processors"


def test_a_cluster_needs_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SweepError, match=r'needs Dask. Install it with: pip install "dense-keras\[sweep\]"'):
        sweep.on_a_cluster("tcp://127.0.0.1:1").__enter__()


def test_cells_of_a_backend_go_to_workers_that_name_it():
    distributed = pytest.importorskip("distributed")
    worker = lambda **options: {"cls": distributed.Worker, "options": {"nthreads": 1, "dashboard": False, **options}}
    workers = {"names it": worker(resources={"torch": 1}), "does not": worker()}
    scheduler = {"cls": distributed.Scheduler, "options": {"port": 0, "dashboard": False}}
    with (
        distributed.SpecCluster(workers, scheduler) as cluster,
        sweep.on_a_cluster(cluster.scheduler_address) as submit,
    ):
        places = [submit("torch", _worker_name) for _ in range(4)]
        assert {place.result(timeout=30) for place in places} == {"names it"}
        assert submit("jax", _worker_name).result(timeout=30) in workers


def test_the_first_worker_is_waited_for_and_asked_what_it_names(monkeypatch, capsys):
    distributed = pytest.importorskip("distributed")
    asked = []
    of_client = distributed.Client.get_executor
    monkeypatch.setattr(
        distributed.Client,
        "get_executor",
        lambda client, **options: asked.append(options["resources"]) or of_client(client, **options),
    )
    options = {"nthreads": 1, "dashboard": False, "resources": {"torch": 1}}
    scheduler = {"cls": distributed.Scheduler, "options": {"port": 0, "dashboard": False}}
    with distributed.SpecCluster({}, scheduler, {"cls": distributed.Worker, "options": options}) as cluster:
        threading.Timer(1, cluster.scale, [1]).start()
        with sweep.on_a_cluster(cluster.scheduler_address) as submit:
            assert submit("torch", os.getpid).result(timeout=30) == os.getpid()
    assert "has no workers yet. Start one with: dask worker tcp://" in capsys.readouterr().out
    assert asked == [{"torch": 1} if backend == "torch" else None for backend in BACKENDS]


def test_workers_without_the_package_are_named():
    distributed = pytest.importorskip("distributed")
    options = {"nthreads": 1, "dashboard": False, "preload": ["import sys; sys.modules['dense_keras'] = None"]}
    scheduler = {"cls": distributed.Scheduler, "options": {"port": 0, "dashboard": False}}
    with (
        distributed.SpecCluster({0: {"cls": distributed.Nanny, "options": options}}, scheduler) as cluster,
        pytest.raises(SweepError, match="Of 1 workers, 1 cannot import dense_keras .*: tcp://.*Install it"),
    ):
        sweep.on_a_cluster(cluster.scheduler_address).__enter__()


def test_a_scheduler_that_does_not_answer():
    dask = pytest.importorskip("dask")
    pytest.importorskip("distributed")
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "300ms"}),
        pytest.raises(SweepError, match="No Dask scheduler answers at tcp://127.0.0.1:9.*dask scheduler"),
    ):
        sweep.on_a_cluster("tcp://127.0.0.1:9").__enter__()


def test_a_cluster_needs_an_address():
    dask = pytest.importorskip("dask")
    pytest.importorskip("distributed")
    with (
        dask.config.set({"scheduler-address": None}),
        pytest.raises(SweepError, match="No address of a Dask scheduler is configured. Give it: --scheduler tcp"),
    ):
        sweep.on_a_cluster(None).__enter__()
    with pytest.raises(SweepError, match="No Dask scheduler answers at tls://127.0.0.1:9"):
        sweep.on_a_cluster("tls://127.0.0.1:9").__enter__()


def _worker_name():
    from distributed import get_worker

    return get_worker().name


@pytest.mark.parametrize("option", ["--workers", "--threads"])
def test_numbers_that_cannot_be(option):
    with pytest.raises(SweepError, match=f"{option} is 0; it must be 1 or more"):
        run_command(option, 0)


def test_a_cluster_has_its_own_number_of_workers():
    with pytest.raises(SweepError, match="--workers is of this computer"):
        run_command("--workers", 2, "--scheduler", "tcp://127.0.0.1:9")


def test_runs_go_into_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SweepError, match="file, which is no folder"):
        run_command("--runs", tmp_path / "file")
