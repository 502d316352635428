"""What a campaign of faults needs: commands, what they leave behind undisturbed, and counts of what was lost."""

from __future__ import annotations

import hashlib
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

State = dict[str, str]
"""What a command left behind: a name -> a fingerprint or the thing itself, equal only if it is."""

TRAINED = ("--exemplars", "26", "--size", "28", "--epochs", "4")


@dataclass(frozen=True)
class Activity:
    """Something that a command does to a folder.

    command: arguments of ``dense-keras``, with the folder and a recorded run put into ``{folder}`` and ``{run}``.
    state: of the folder when it is done.
    """

    name: str
    command: tuple[str, ...]
    state: Callable[[Path], State]

    def arguments(self, folder: Path, run: Path) -> list[str]:
        return [argument.format(folder=folder, run=run) for argument in self.command]


@dataclass
class Count:
    """How often a fault was tried. problems: number of the try -> what was lost in it."""

    fault: str
    tried: int = 0
    problems: dict[int, list[str]] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """After how many tries something was lost."""
        return len(self.problems)

    def note(self, problem: str) -> None:
        """Something was lost in the latest try."""
        self.problems.setdefault(self.tried, []).append(problem)


def of_run(folder: Path) -> State:
    """All arrays of a run's snapshots, its history and probes, and each step of each tag of its TensorBoard view."""
    from dense_keras.run import Run

    run = Run(folder)
    state = {f"history {name}": values.tobytes().hex() for name, values in run.history.items()}
    for path in (run.folder / "probe.npz", *map(run.snapshot_path, run.steps)):
        with np.load(path) as arrays:
            state |= {f"{path.name} {name}": fingerprint(arrays[name].tobytes()) for name in arrays.files}
    return state | _of_tensorboard(run.tensorboard) | _left_over(folder)


def of_measures(folder: Path) -> State:
    return {"measures.csv": (folder / "measures.csv").read_text()} | _left_over(folder)


def of_files(folder: Path) -> State:
    """Every file, by its content."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): fingerprint(path.read_bytes()) for path in files}


def of_sweep(folder: Path) -> State:
    state = {"sweep.csv": (folder / "sweep.csv").read_text()} | _left_over(folder)
    for run in sorted(path.parent for path in folder.glob("*/experiment.json")):
        state |= {f"{run.name} {name}": value for name, value in of_run(run).items()}
    return state


ACTIVITIES = (
    Activity("training and recording", ("train", "--run", "{folder}", *TRAINED), of_run),
    Activity("measuring", ("measure", "{folder}"), of_measures),
    Activity("export of an atlas", ("atlas", "{run}", "--out", "{folder}"), of_files),
    Activity(
        "a sweep",
        ("sweep", "--runs", "{folder}", "--seeds", "0", "1", "--exemplars", "26", "--epochs", "3", "--workers", "2"),
        of_sweep,
    ),
)


RECORDING, *_, SWEEP = ACTIVITIES


class Commands:
    """Starts commands in processes that have imported everything, so that what happens falls into the work."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["dense_keras.cli", "dense_keras.experiment", "dense_keras.atlas.export"])

    def start(self, arguments: Sequence[str], log: Path, before: Callable[[], None] | None = None) -> BaseProcess:
        """A process that runs ``dense-keras`` and writes what it says into a file. before: called in it first."""
        process = self._context.Process(target=_run, args=(list(arguments), str(log), before))
        process.start()
        return process


class NotPossible(Exception):
    """A fault that cannot be tried on this machine, and why."""


@dataclass
class Campaign:
    """What every fault needs.

    kills: in all. times: each other fault. flips: of the bits of each kind of file, and as many truncations.
    place: of everything that is written. run: recorded there undisturbed, in ``seconds``, with the state ``expected``.
    """

    kills: int
    times: int
    flips: int
    place: Path
    generator: np.random.Generator

    def __post_init__(self) -> None:
        self.commands, self.run, self.log = Commands(), self.place / "run", self.place / "said.txt"
        self.seconds = self.undisturbed(RECORDING.arguments(self.run, self.run))
        self.expected = of_run(self.run)

    def undisturbed(self, arguments: Sequence[str]) -> float:
        """Run a command to its end; returns its seconds. Raises RuntimeError if it fails."""
        began = time.monotonic()
        if self.done(arguments):
            raise RuntimeError(f"{arguments[0]} fails undisturbed: {self.said()}")
        return time.monotonic() - began

    def start(self, arguments: Sequence[str]) -> BaseProcess:
        return self.commands.start(arguments, self.log)

    def under_way(self, arguments: Sequence[str], seconds: float, count: Count) -> BaseProcess | None:
        """A command at a random moment of its seconds; None if it is over by then, which is a loss if it failed."""
        process = self.start(arguments)
        process.join(self.generator.uniform(0, seconds))
        if process.exitcode:
            count.tried += 1
            count.note(f"failed before anything was done to it: {self.said()}")
        return process if process.exitcode is None else None

    def done(self, arguments: Sequence[str], before: Callable[[], None] | None = None) -> int:
        """Exit status of a command that is left alone: as of ``dense_keras.cli.main``, 1 for a bare traceback."""
        process = self.commands.start(arguments, self.log, before)
        process.join()
        return process.exitcode

    def said(self) -> str:
        """The end of what the last command said."""
        return self.log.read_text()[-300:]

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder that lasts as long as the context."""
        with tempfile.TemporaryDirectory(dir=self.place) as folder:
            yield Path(folder)


def ended_otherwise(state: Callable[[Path], State], folder: Path, expected: State) -> str:
    """What a command left that is unlike what it leaves undisturbed, or that cannot be read; empty if nothing."""
    from dense_keras.run import RunError

    try:
        return unlike(state(folder), expected)
    except (OSError, RunError) as error:
        return f"what it left cannot be read: {error}"


def unlike(state: State, expected: State) -> str:
    """Names of what is different, a few of them; empty for equal states."""
    names = sorted(name for name in state.keys() | expected.keys() if state.get(name) != expected.get(name))
    return f"{len(names)} of {len(expected)} things differ, such as {', '.join(names[:3])}" if names else ""


def _run(arguments: list[str], log: str, before: Callable[[], None] | None) -> None:
    import sys
    import traceback
    import warnings

    from dense_keras.cli import main

    warnings.simplefilter("ignore")
    with open(log, "w") as file:
        sys.stdout = sys.stderr = file
        try:
            if before is not None:
                before()
            status = main(arguments)
        except Exception:
            traceback.print_exc()
            status = 1
        sys.exit(status)


def _of_tensorboard(folder: Path) -> State:
    from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator

    state, all_of_each = {}, dict.fromkeys(("scalars", "images", "histograms"), 0)
    for place in sorted({path.parent for path in folder.rglob("*tfevents*")}):
        events = EventAccumulator(str(place), tensor_size_guidance=all_of_each).Reload()
        for tag in events.Tags()["tensors"]:
            state[f"{place.relative_to(folder)} {tag}"] = str([event.step for event in events.Tensors(tag)])
    return state


def _left_over(folder: Path) -> Mapping[str, str]:
    return {str(path.relative_to(folder)): "left over" for path in folder.rglob("*.part")}


def fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
