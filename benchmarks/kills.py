"""Commands killed at random moments, given again, and held against the same command undisturbed."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

State = dict[str, str]
"""What a command left behind: a name -> a fingerprint or the thing itself, equal only if it is."""

IN_A_ROW = 5
"""Kills of one command before it may end."""

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
    """How often a fault was tried, after how many of them something was lost, and what."""

    fault: str
    tried: int = 0
    lost: int = 0
    said: list[str] = field(default_factory=list)

    def note(self, problem: str) -> None:
        self.lost += 1
        self.said.append(problem)


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
    state = {"sweep.csv": (folder / "sweep.csv").read_text()}
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


class Commands:
    """Starts commands in processes that have imported everything, so that what happens falls into the work."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["dense_keras.cli", "dense_keras.experiment", "dense_keras.atlas.export"])

    def start(self, arguments: Sequence[str], log: Path, before: Callable[[], None] | None = None):
        """A process that runs ``dense-keras`` and writes what it says into a file. before: called in it first."""
        process = self._context.Process(target=_run, args=(list(arguments), str(log), before))
        process.start()
        return process

    def done(self, arguments: Sequence[str], log: Path, before: Callable[[], None] | None = None) -> int:
        """Exit status of a command that is left alone: as of ``dense_keras.cli.main``, 1 for a bare traceback."""
        process = self.start(arguments, log, before)
        process.join()
        return process.exitcode


def killed(
    activity: Activity, kills: int, commands: Commands, run: Path, place: Path, generator: np.random.Generator
) -> Count:
    """Kill an activity at random moments, up to five times in a row, give the command again, and compare the end.

    run: a recorded one, for activities that need one. place: of the folders that are made.
    """
    whole, log = prepared(place / "whole", activity, run), place / "said.txt"
    began = time.monotonic()
    if commands.done(activity.arguments(whole, run), log):
        raise RuntimeError(f"{activity.name} fails undisturbed: {log.read_text()}")
    seconds, expected = time.monotonic() - began, activity.state(whole)
    count = Count(f"SIGKILL during {activity.name}")
    while count.tried < kills:
        with tempfile.TemporaryDirectory(dir=place) as scratch:
            folder = prepared(Path(scratch) / "killed", activity, run)
            for _ in range(min(IN_A_ROW, kills - count.tried)):
                process = commands.start(activity.arguments(folder, run), log)
                process.join(generator.uniform(0, seconds))
                if process.exitcode is not None:
                    break
                os.kill(process.pid, signal.SIGKILL)
                process.join()
                count.tried += 1
            if commands.done(activity.arguments(folder, run), log):
                count.note(f"{activity.name} did not go on: {log.read_text()[-300:]}")
            elif different := unlike(activity.state(folder), expected):
                count.note(f"{activity.name} ended otherwise: {different}")
        print(f"{count.fault}: {count.tried} of {kills}, {count.lost} lost", flush=True)
    return count


def prepared(folder: Path, activity: Activity, run: Path) -> Path:
    """The folder of an activity; for one that works on a run, with links to the files of a recorded one."""
    if activity.command[0] == "measure":
        folder.mkdir()
        for name in ("experiment.json", "probe.npz", "history.csv", "snapshots"):
            (folder / name).symlink_to(run / name)
    return folder


def unlike(state: State, expected: State) -> str:
    """Names of what is different, a few of them; empty for equal states."""
    names = sorted(name for name in state.keys() | expected.keys() if state.get(name) != expected.get(name))
    return f"{len(names)} of {len(expected)} things differ, such as {', '.join(names[:3])}" if names else ""


def _run(arguments: list[str], log: str, before: Callable[[], None] | None) -> None:
    import sys
    import warnings

    from dense_keras.cli import main

    warnings.simplefilter("ignore")
    with open(log, "w") as file:
        sys.stdout = sys.stderr = file
        if before is not None:
            before()
        sys.exit(main(arguments))


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
