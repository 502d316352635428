"""Sweeps: a grid of experiments, a run folder each, on the processors of this machine or on a Dask cluster.

A cell of the grid is trained in a new process, because Keras settles its backend when it is
imported. On this machine the command begins so many at a time; on a cluster Dask's workers do,
anywhere that has the package and the disk with the run folders. A training ends when whoever
began it does, so a worker that is killed leaves none behind, only a run that the next one goes on with.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dense_keras.experiment import Experiment

THREAD_SETTINGS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NPROC",  # of JAX
)
"""Variables by which the backends and what they are built on choose their number of threads."""

Submit = Callable[..., Future]
"""Has a function called by a worker: ``submit(backend, function, *arguments)``, with the backend that it is about."""

_UNDER_WAY: set[subprocess.Popen] = set()
"""Trainings that this process has begun."""


class SweepError(RuntimeError):
    """A sweep that cannot be made as asked, with what to do about it."""


@dataclass(frozen=True)
class Cell:
    """One experiment of a grid, its settings written out, on one backend, and the folder of its run."""

    experiment: Experiment
    preset: str
    backend: str
    folder: Path

    @property
    def is_recorded(self) -> bool:
        """Whether the folder holds this experiment on this backend, trained to its end."""
        from dense_keras.experiment import experiment_of
        from dense_keras.run import Run, RunError

        try:
            run = Run(self.folder)
            epochs, recorded = run.history.get("epoch", ()), experiment_of(run)
        except RunError:
            return False
        same = recorded == self.experiment and run.description["backend"] == self.backend
        return same and len(epochs) > 0 and epochs[-1] >= self.experiment.epochs

    @property
    def is_finished(self) -> bool:
        """Whether it is recorded, nothing of it is damaged, and a folder of images still holds what it learned from."""
        from dense_keras.run import Run, RunError
        from dense_keras.token_set import TokenSetError
        from dense_keras.tokens import is_folder

        if not self.is_recorded:
            return False
        run = Run(self.folder)
        try:
            shown = self.experiment.load_tokens().identity if is_folder(self.experiment.tokens) else {}
            same = all(run.description[name] == value for name, value in shown.items())
            return same and bool(run.probes) and all(run.is_whole(int(step)) for step in run.history["step"])
        except (RunError, TokenSetError):
            return False


@dataclass(frozen=True)
class Outcome:
    """How a cell ended, after how many seconds; problem: why it is not recorded, empty if it is."""

    cell: Cell
    seconds: float
    problem: str


def cells(runs: str | Path, backends: Sequence[str], presets: Sequence[str], **axes: Sequence[Any]) -> list[Cell]:
    """All combinations, the backends changing first and the first axis last.

    runs: folder of the run folders, which are named as ``dense-keras train`` names them.
    axes: setting of ``Experiment`` -> its values, such as ``seed=[0, 1]``. The preset says the rest.
    Raises ValueError for an unknown preset, backend or kind of code and for settings that cannot be
    run, TokenSetError for an unknown token set, SweepError for two cells with one folder.
    """
    from dense_keras.backend import BACKENDS
    from dense_keras.codes import part_names
    from dense_keras.course import default_folder
    from dense_keras.experiment import PRESETS, Experiment

    for kind, asked, possible in (("preset", presets, PRESETS), ("backend", backends, BACKENDS)):
        unknown = sorted(set(asked) - set(possible))
        if unknown:
            raise ValueError(f"No {kind} {', '.join(unknown)}. There are: {', '.join(possible)}.")
    for code in axes.get("code", ()):
        part_names(code)
    made: dict[Path, Cell] = {}
    for *values, preset, backend in product(*axes.values(), presets, backends):
        experiment = Experiment(**PRESETS[preset] | dict(zip(axes, values, strict=True))).resolved()
        folder = Path(runs).resolve() / default_folder(experiment, preset, backend).name
        if folder in made:
            raise SweepError(
                f"Two cells of the grid would be recorded into {folder}. Name nothing twice, and sweep what its name "
                "does not tell, such as codes of one preset or epochs, into different folders with --runs."
            )
        made[folder] = Cell(experiment, preset, backend, folder)
    return list(made.values())


def outcomes(cells: Iterable[Cell], submit: Submit, threads: int, tensorboard: bool = True) -> Iterator[Outcome]:
    """Record cells; each outcome when it is there. One that fails stops no other.

    threads: that a training uses. tensorboard: whether to record the view too.
    """
    futures = {
        submit(
            cell.backend, trained, asdict(cell.experiment), str(cell.folder), cell.backend, threads, tensorboard
        ): cell
        for cell in cells
    }
    for future in as_completed(futures):
        try:
            seconds, problem = future.result()
        except Exception as error:  # of the worker, not of the training
            seconds = float("nan")
            problem = f"Its worker was lost, or the scheduler ({type(error).__name__}). Give the same command again."
        cell = futures[future]
        if not problem and not cell.is_recorded:
            problem = f"Its worker recorded it, but not into {cell.folder} here: workers need the same disk."
        yield Outcome(cell, seconds, problem)


def trained(
    settings: Mapping[str, Any], folder: str, backend: str, threads: int, tensorboard: bool
) -> tuple[float, str]:
    """Train in a new process, which ends when this one does: the seconds that it took, and why it failed or nothing."""
    began = time.monotonic()
    asked = json.dumps({"settings": settings, "folder": folder, "tensorboard": tensorboard})
    lifeline, held = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dense_keras.sweep", asked],  # -P: no module of the folder it stands in
            stdin=lifeline,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env={"OMP_WAIT_POLICY": "PASSIVE"}
            | os.environ
            | dict.fromkeys(THREAD_SETTINGS, str(threads))
            | {"KERAS_BACKEND": backend},
        )
        _UNDER_WAY.add(process)
        said, errors = process.communicate()
        _UNDER_WAY.discard(process)
    finally:
        os.close(lifeline)
        os.close(held)
    return time.monotonic() - began, _problem(process.returncode, said, errors)


def table(cells: Iterable[Cell]) -> list[dict[str, Any]]:
    """A row a snapshot of finished cells: run, preset, backend, all settings, and the run's history."""
    from dense_keras.run import Run

    rows = []
    for cell in cells:
        settings = asdict(cell.experiment)
        settings["initial_scales"] = json.dumps(dict(settings["initial_scales"]))
        known = {"run": cell.folder.name, "preset": cell.preset, "backend": cell.backend, **settings}
        history = Run(cell.folder).history
        for values in zip(*history.values(), strict=True):
            rows.append(known | dict(zip(history, map(float, values), strict=True)))
    return rows


def write_table(rows: Sequence[Mapping[str, Any]], path: Path) -> list[Path]:
    """Write a table as CSV and, where pyarrow is installed, beside it as Parquet; returns what was written."""
    from dense_keras.run import write_whole

    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(text.getvalue().encode()))
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        return [path]
    columns = pyarrow.Table.from_pylist(list(rows))
    beside = path.with_suffix(".parquet")
    write_whole(beside, lambda file: pyarrow.parquet.write_table(columns, file))
    return [path, beside]


@contextmanager
def on_this_machine(workers: int) -> Iterator[Submit]:
    """So many trainings at a time; all end with the context, at once, and with this process.

    A thread waits for each. Worker processes between would be a second thing that can be killed, and one that is
    breaks a pool of them with all that waits in it.
    """
    executor, futures = ThreadPoolExecutor(workers), []

    def submit(backend: str, *call: Any) -> Future:
        futures.append(executor.submit(*call))
        return futures[-1]

    try:
        yield submit
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        while not all(future.done() for future in futures):  # one may be about to begin
            for process in list(_UNDER_WAY):
                process.kill()
            time.sleep(0.05)


@contextmanager
def on_a_cluster(address: str | None) -> Iterator[Submit]:
    """Workers of a Dask cluster, as many as there are and as come.

    A worker may name a backend as one of its resources. If any does, cells of that backend go
    to such workers only. address: of the scheduler; None for that of Dask's own configuration.
    Raises SweepError if Dask is not installed, if there is no address, or if no scheduler answers.
    """
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise SweepError('A sweep on a cluster needs Dask. Install it with: pip install "dense-keras[sweep]"') from None
    address = address or dask.config.get("scheduler-address", None)
    if not address:
        raise SweepError(
            "No address of a Dask scheduler is configured. Give it: --scheduler tcp://HOST:8786, or set DASK_SCHEDULER_ADDRESS."
        )
    try:
        client = Client(address)
    except (OSError, ValueError, TypeError) as error:
        raise SweepError(f"No Dask scheduler answers at {address} ({error}). Start one with: dask scheduler") from None
    from dense_keras.backend import BACKENDS

    with client:
        if not _workers_of(client):
            print(f"{address} has no workers yet. Start one with: dask worker {address} --nthreads 1", flush=True)
            client.wait_for_workers(1)
        answers = client.run(importlib.import_module, "dense_keras", on_error="return")
        if without := [worker for worker, answer in answers.items() if isinstance(answer, Exception)]:
            raise SweepError(
                f"Of {len(answers)} workers, {len(without)} cannot import dense_keras ({answers[without[0]]}): "
                f"{', '.join(without)}. Install it in their environment, or stop them."
            )
        named = {resource for worker in _workers_of(client) for resource in worker.get("resources", {})}
        executors = {
            backend: client.get_executor(pure=False, resources={backend: 1} if backend in named else None)
            for backend in BACKENDS
        }
        yield lambda backend, *call: executors[backend].submit(*call)


def _workers_of(client: Any) -> list[Mapping[str, Any]]:
    return list(client.scheduler_info(n_workers=-1)["workers"].values())


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add ``dense-keras sweep`` to the commands."""
    text = "Record a grid of runs, on all processors of this computer or on a Dask cluster."
    parser = commands.add_parser(
        "sweep",
        help=text,
        description=f"{text} Runs that are finished are skipped, broken ones resumed: give the same command again.",
    )
    parser.set_defaults(command=_sweep)
    several = {"nargs": "+", "metavar": ("VALUE", "VALUE")}
    parser.add_argument("--seeds", type=int, default=[0], help="(default: 0)", **several)
    parser.add_argument("--presets", default=["default"], help="as of train (default: default)", **several)
    parser.add_argument("--backends", help="tensorflow, torch, jax (default: that of KERAS_BACKEND)", **several)
    parser.add_argument("--codes", help="of faces: additive, conjunctive, natural (default: the preset's)", **several)
    parser.add_argument("--exemplars", type=int, help="a token (default: the preset's)", **several)
    parser.add_argument("--tokens", metavar="NAME|FOLDER", help="as of train (default: faces)")
    parser.add_argument("--epochs", type=int, metavar="N", help="(default: the preset's)")
    parser.add_argument("--runs", metavar="FOLDER", default="runs", help="where to record (default: runs)")
    parser.add_argument("--no-tensorboard", action="store_true", help="record no view for TensorBoard")
    parser.add_argument(
        "--workers", type=int, metavar="N", help="runs at a time on this computer (default: one a processor)"
    )
    parser.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="that a training uses (default: as many as workers leave processors each; on a cluster 1)",
    )
    parser.add_argument(
        "--scheduler",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="of a Dask cluster to record on; without ADDRESS that of Dask's own configuration",
    )


def _sweep(options: argparse.Namespace) -> int:
    for name in ("workers", "threads"):
        if (number := getattr(options, name)) is not None and number < 1:
            raise SweepError(f"--{name} is {number}; it must be 1 or more.")
    if options.scheduler is not None and options.workers is not None:
        raise SweepError("--workers is of this computer. On a cluster, start as many workers as you want.")
    if Path(options.runs).exists() and not Path(options.runs).is_dir():
        raise SweepError(f"--runs is {options.runs}, which is no folder.")
    if options.backends:
        os.environ.setdefault("KERAS_BACKEND", options.backends[0])
    from dense_keras.backend import keras

    axes = {"seed": options.seeds, "code": options.codes, "exemplars": options.exemplars}
    axes |= {name: [getattr(options, name)] for name in ("tokens", "epochs") if getattr(options, name) is not None}
    axes = {name: values for name, values in axes.items() if values}
    grid = cells(options.runs, options.backends or [keras.config.backend()], options.presets, **axes)
    waiting = [cell for cell in grid if not cell.is_finished]
    print(f"{len(grid) - len(waiting)} of {len(grid)} cells are recorded already.", flush=True)
    failed = _record(grid, waiting, options) if waiting else []
    lost = [outcome.cell for outcome in failed]
    vanished = [cell for cell in grid if cell not in lost and not cell.is_recorded]
    failed += [Outcome(cell, float("nan"), "It was recorded, and is not there any more.") for cell in vanished]
    finished = [cell for cell in grid if cell not in lost + vanished]
    if failed:
        print(f"{len(failed)} of {len(grid)} cells are not recorded:", *map(_told, failed), sep="\n", file=sys.stderr)
    if finished:
        rows = table(finished)
        written = write_table(rows, Path(options.runs) / "sweep.csv")
        print(f"{len(rows)} snapshots of {len(finished)} runs in {' and '.join(map(str, written))}")
    return 1 if failed else 0


def _record(grid: Sequence[Cell], waiting: Sequence[Cell], options: argparse.Namespace) -> list[Outcome]:
    """Record the cells of a grid that wait, a line for each as it ends; returns the outcomes of those that failed."""
    if options.scheduler is None:
        import joblib

        processors = joblib.cpu_count()
        workers, threads = _workers_and_threads(options.workers or processors, processors, len(grid), len(waiting))
        threads = options.threads or threads
        print(f"{workers} at a time, {threads} thread(s) each.", flush=True)
        place = on_this_machine(workers)
    else:
        threads = options.threads or 1
        place = on_a_cluster(options.scheduler or None)
    failed, began = [], time.monotonic()
    with place as submit:
        for done, outcome in enumerate(outcomes(waiting, submit, threads, not options.no_tensorboard), start=1):
            left = (time.monotonic() - began) / done * (len(waiting) - done)
            said = "failed" if outcome.problem else f"recorded in {outcome.seconds:.0f} s"
            print(
                f"[{done}/{len(waiting)}] {outcome.cell.folder.name}: {said}; about {_duration(left)} left", flush=True
            )
            failed += [outcome] if outcome.problem else []
    return failed


def _workers_and_threads(most: int, processors: int, cells: int, waiting: int) -> tuple[int, int]:
    """How many cells to train at a time, and with how many threads each.

    The threads depend on all cells, not on those that wait: with others a training that goes on would end a little
    otherwise, since sums depend on how they are split.
    """
    return min(most, waiting), max(1, processors // min(most, cells))


def _told(outcome: Outcome) -> str:
    return f"  {outcome.cell.folder.name}: {outcome.problem}"


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{seconds:.0f} s"


def _problem(status: int, said: str, errors: str) -> str:
    if status == 0:
        return ""
    if status < 0:
        return f"Its process was killed by signal {-status}, as happens where memory runs out."
    lines = errors.strip().splitlines()
    return said.strip() or (lines[-1] if lines else f"Its process ended with status {status}.")


def _train_in_this_process(asked: str) -> None:
    """What the process of a cell does; what goes wrong is said on standard output."""
    threading.Thread(target=_end_with_the_worker, daemon=True).start()
    wanted = json.loads(asked)
    try:
        from dense_keras.experiment import Experiment

        _train_or_wait(Experiment(**wanted["settings"]), Path(wanted["folder"]), wanted["tensorboard"])
    except Exception as error:
        explained = type(error).__module__.startswith("dense_keras")
        print(error if explained else f"{type(error).__name__}: {error}")
        raise


def _end_with_the_worker() -> None:
    """Wait for the end of standard input, whose other end the worker holds until it dies."""
    os.read(0, 1)
    os._exit(1)


def _train_or_wait(experiment: Experiment, folder: Path, tensorboard: bool) -> None:
    """Train, unless another process does: then wait for it, and see whether it left something to do."""
    import filelock

    from dense_keras.experiment import train
    from dense_keras.run import RunHeld

    while True:
        try:
            train(experiment, folder, record=tensorboard, progress=False)
            return
        except RunHeld:
            pass
        with suppress(FileNotFoundError), filelock.FileLock(folder / ".lock"):  # gone if nothing came of it
            pass


if __name__ == "__main__":
    _train_in_this_process(sys.argv[1])
