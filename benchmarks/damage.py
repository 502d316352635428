"""Files of a run that were damaged, and folders that a run cannot be recorded into as it should."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from campaign import RECORDING, SWEEP, Campaign, Count, NotPossible, State, ended_otherwise, fingerprint, of_run, unlike

KINDS = {
    "experiment.json": "experiment.json",
    "probe.npz": "probe.npz",
    "history.csv": "history.csv",
    "snapshots": "a snapshot",
}
"""Files of a run, or a folder of them -> what is said of one."""

EXPLAINED = 2
"""Exit status of a command that says what cannot be done."""


def flipped(content: bytes, generator: np.random.Generator) -> bytes:
    """The same with one bit turned."""
    changed = bytearray(content)
    changed[generator.integers(len(content))] ^= 1 << int(generator.integers(8))
    return bytes(changed)


def truncated(content: bytes, generator: np.random.Generator) -> bytes:
    return content[: generator.integers(len(content))]


def damaged_files(campaign: Campaign) -> Iterator[Count]:
    """Damage a file of each kind, read the whole run, and see whether wrong values came unnoticed.

    Noticed is: a RunError that names the file. A damage that changes no value is none.
    """
    from dense_keras.run import RunError

    expected = all_values(campaign.run)
    for damage, done in ((flipped, "a bit flipped"), (truncated, "truncated")):
        for kind, said in KINDS.items():
            count = Count(f"{said}, {done}")
            for _ in range(campaign.flips):
                count.tried += 1
                with campaign.scratch() as scratch:
                    copy = scratch / "run"
                    shutil.copytree(campaign.run, copy)
                    file = copy / kind
                    if file.is_dir():
                        file = campaign.generator.choice(sorted(file.iterdir()))
                    file.write_bytes(damage(file.read_bytes(), campaign.generator))
                    try:
                        if different := unlike(all_values(copy), expected):
                            count.note(f"read without a word: {different}")
                    except RunError as error:
                        if file.name not in str(error):
                            count.note(f"{file.name} is not named: {error}")
                    except Exception as error:
                        count.note(f"{type(error).__name__}: {error}")
            yield count


def all_values(folder: Path) -> State:
    """All that a run tells to those who read it, by a fingerprint of each."""
    from dense_keras.run import POOLINGS, Run

    run = Run(folder)
    state = {f"description {name}": repr(value) for name, value in run.description.items()}
    arrays = {f"history {name}": values for name, values in run.history.items()}
    for probe, exemplars in run.probes.items():
        arrays |= {f"{probe} {name}": values for name, values in vars(exemplars).items() if values is not None}
        arrays |= {f"{probe} factor {name}": values for name, values in arrays.pop(f"{probe} factors").items()}
    for step in run.steps:
        arrays |= {f"{step} {name}": values for name, values in run.weights(step).items()}
        arrays |= {f"{step} optimizer {name}": values for name, values in run.optimizer(step).items()}
        for layer in run.layers:
            for probe in run.probes:
                for pooling in POOLINGS:
                    name = f"{step} {layer} {pooling} {probe}"
                    arrays[name] = run.activations(layer, step, pooling, probe)
    return state | {name: fingerprint(np.ascontiguousarray(values).tobytes()) for name, values in arrays.items()}


def full_disks(campaign: Campaign) -> Iterator[Count]:
    """Record onto a disk that fills up, then make room and give the same command again."""
    from dense_keras.run import Run

    count = Count("a disk that fills up while recording")
    needed = sum(path.stat().st_size for path in campaign.run.rglob("*") if path.is_file())
    for _ in range(campaign.times):
        count.tried += 1
        with small_disk(campaign.place / "disk", int(campaign.generator.uniform(0.05, 0.9) * needed)) as disk:
            folder = disk / "run"
            _check_explained(count, campaign, campaign.done(_recording(folder)))
            if (folder / "experiment.json").exists() and (bad := Run(folder).damaged()):
                count.note(f"snapshots {bad} are half-written")
            subprocess.run(["mount", "-o", f"remount,size={4 * needed}", str(disk)], check=True)
            _check_goes_on(count, campaign, folder)
    yield count


def read_only_folders(campaign: Campaign) -> Iterator[Count]:
    """Record onto a disk that cannot be written, empty or with a run that is half done."""
    count = Count("a folder that cannot be written")
    for number in range(campaign.times):
        count.tried += 1
        with small_disk(campaign.place / "disk", 2**30) as disk:
            folder = disk / "run"
            if number % 2:
                shutil.copytree(campaign.run, folder)
                sorted((folder / "snapshots").iterdir())[-1].unlink()
            before = {path: path.stat().st_mtime_ns for path in disk.rglob("*")}
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            _check_explained(count, campaign, campaign.done(_recording(folder)))
            if before != {path: path.stat().st_mtime_ns for path in disk.rglob("*")}:
                count.note("files changed on a disk that cannot be written")
    yield count


def vanished_folders(campaign: Campaign) -> Iterator[Count]:
    """Remove the folder of a run while it is recorded, then give the same command again."""
    count = Count("a run folder that vanishes")
    while count.tried < campaign.times:
        with campaign.scratch() as scratch:
            folder = scratch / "run"
            process = campaign.under_way(_recording(folder), campaign.seconds, count)
            if process is None:
                continue
            if folder.exists():
                count.tried += 1
                shutil.rmtree(folder, ignore_errors=True)
            process.join()
            if process.exitcode:
                _check_explained(count, campaign, process.exitcode)
            _check_goes_on(count, campaign, folder)
    yield count


def clocks_set_back(campaign: Campaign) -> Iterator[Count]:
    """Record while the clock runs backwards."""
    count = Count("a clock that runs backwards")
    for _ in range(campaign.times):
        count.tried += 1
        with campaign.scratch() as scratch:
            _check_goes_on(count, campaign, scratch / "run", clock_backwards)
    yield count


def two_at_once(campaign: Campaign) -> Iterator[Count]:
    """Give a command twice at about the same time: one records, the other is refused."""
    count = Count("two processes on one run folder")
    for _ in range(campaign.times):
        count.tried += 1
        with campaign.scratch() as scratch:
            folder = scratch / "run"
            first = campaign.start(_recording(folder))
            time.sleep(campaign.generator.uniform(0, 1))
            second = campaign.start(_recording(folder))
            for process in (first, second):
                process.join()
            if sorted((first.exitcode, second.exitcode)) not in ([0, 0], [0, EXPLAINED]):
                count.note(f"exit status {first.exitcode} and {second.exitcode}: {campaign.said()}")
            elif different := ended_otherwise(of_run, folder, campaign.expected):
                count.note(different)
    yield count


def trainings_without_memory(campaign: Campaign) -> Iterator[Count]:
    """Kill a training of a sweep, as a system out of memory does; the sweep tells it, and goes on the next time."""
    if shutil.which("pgrep") is None:
        raise NotPossible("It takes the command pgrep to find the training of a sweep.")
    count = Count("a training of a sweep that is killed, as where memory runs out")
    whole = campaign.place / "whole_sweep"
    campaign.undisturbed(SWEEP.arguments(whole, whole))
    expected = SWEEP.state(whole)
    while count.tried < campaign.times:
        with campaign.scratch() as scratch:
            folder = scratch / "runs"
            process = campaign.start(SWEEP.arguments(folder, folder))
            while process.exitcode is None and not _processes_of(folder):
                process.join(0.05)
            process.join(campaign.generator.uniform(0, 5))
            trainings = _processes_of(folder) if process.exitcode is None else []
            if trainings:
                os.kill(trainings[0], 9)
            process.join()
            count.tried += 1 if trainings or process.exitcode else 0
            if trainings and (process.exitcode != 1 or "killed by signal 9" not in campaign.said()):
                count.note(f"exit status {process.exitcode}: {campaign.said()}")
            elif process.exitcode and not trainings:
                count.note(f"failed before anything was done to it: {campaign.said()}")
            if status := campaign.done(SWEEP.arguments(folder, folder)):
                count.note(f"did not go on, exit status {status}: {campaign.said()}")
            elif different := ended_otherwise(SWEEP.state, folder, expected):
                count.note(different)
    yield count


def clock_backwards() -> None:
    """Let ``time.time`` lose a second each second, in this process, and event files use it."""
    from dense_keras.tensorboard.events import EventFile

    forwards, begun = time.time, time.time()
    time.time = lambda: 2 * begun - forwards()
    *others, _ = EventFile.__init__.__defaults__
    EventFile.__init__.__defaults__ = (*others, time.time)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A disk of so many bytes, in memory, while the context lasts. Raises NotPossible for those who may not mount one."""
    folder.mkdir(exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise NotPossible(f"A small disk cannot be made: {made.stderr.strip()}. It takes the rights to mount one.")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _recording(folder: Path) -> list[str]:
    return RECORDING.arguments(folder, folder)


def _check_explained(count: Count, campaign: Campaign, status: int) -> None:
    if status != EXPLAINED:
        count.note(f"exit status {status}: {campaign.said()}")


def _check_goes_on(count: Count, campaign: Campaign, folder: Path, before: Callable[[], None] | None = None) -> None:
    if campaign.done(_recording(folder), before):
        count.note(f"did not go on: {campaign.said()}")
    elif different := ended_otherwise(of_run, folder, campaign.expected):
        count.note(f"ended otherwise: {different}")


def _processes_of(folder: Path) -> list[int]:
    """Of the trainings that a sweep has begun in a folder."""
    found = subprocess.run(
        ["pgrep", "-f", f"dense_keras.sweep .*{folder}"], capture_output=True, text=True, check=False
    )
    return [int(line) for line in found.stdout.split()]
