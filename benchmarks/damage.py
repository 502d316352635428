"""Files of a run that were damaged, and folders that a run cannot be recorded into as it should."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from kills import ACTIVITIES, Commands, Count, State, fingerprint, of_run, unlike

KINDS = ("experiment.json", "probe.npz", "history.csv", "snapshots")
EXPLAINED = 2
"""Exit status of a command that says what cannot be done."""

RECORDING, *_, SWEEP = ACTIVITIES


def flipped(content: bytes, generator: np.random.Generator) -> bytes:
    """The same with one bit turned."""
    changed = bytearray(content)
    changed[generator.integers(len(content))] ^= 1 << int(generator.integers(8))
    return bytes(changed)


def truncated(content: bytes, generator: np.random.Generator) -> bytes:
    return content[: generator.integers(len(content))]


def damaged_files(run: Path, times: int, place: Path, generator: np.random.Generator) -> Iterator[Count]:
    """Damage a file of each kind, read the whole run, and see whether wrong values came unnoticed.

    Noticed is: a RunError that names the file. A damage that changes no value is none.
    """
    from dense_keras.run import RunError

    expected = all_values(run)
    for damage in (flipped, truncated):
        for kind in KINDS:
            count = Count(f"{kind} {damage.__name__}")
            for _ in range(times):
                count.tried += 1
                with tempfile.TemporaryDirectory(dir=place) as scratch:
                    copy = Path(scratch) / "run"
                    shutil.copytree(run, copy)
                    file = copy / kind
                    if file.is_dir():
                        file = generator.choice(sorted(file.iterdir()))
                    file.write_bytes(damage(file.read_bytes(), generator))
                    try:
                        if different := unlike(all_values(copy), expected):
                            count.note(f"read without a word: {different}")
                    except RunError as error:
                        if file.name not in str(error):
                            count.note(f"{file.name} is not named: {error}")
                    except Exception as error:
                        count.note(f"{type(error).__name__}: {error}")
            print(f"{count.fault}: {count.tried}, {count.lost} unnoticed", flush=True)
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


def full_disks(run: Path, times: int, commands: Commands, place: Path, generator: np.random.Generator) -> Count:
    """Record onto a disk that fills up, then make room and give the same command again."""
    from dense_keras.run import Run

    count, expected = Count("a disk that fills up while recording"), of_run(run)
    needed = sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
    for _ in range(times):
        count.tried += 1
        with small_disk(place / "disk", int(generator.uniform(0.05, 0.9) * needed)) as disk:
            folder = disk / "run"
            status = commands.done(RECORDING.arguments(folder, run), place / "said.txt")
            _check_explained(count, status, place / "said.txt")
            if (folder / "experiment.json").exists() and (bad := Run(folder).damaged()):
                count.note(f"snapshots {bad} are half-written")
            subprocess.run(["mount", "-o", f"remount,size={4 * needed}", str(disk)], check=True)
            _check_goes_on(count, commands, folder, run, expected, place)
    return count


def read_only_folders(run: Path, times: int, commands: Commands, place: Path) -> Count:
    """Record onto a disk that cannot be written, empty or with a run that is half done."""
    count = Count("a folder that cannot be written")
    for number in range(times):
        count.tried += 1
        with small_disk(place / "disk", 2**30) as disk:
            folder = disk / "run"
            if number % 2:
                shutil.copytree(run, folder)
                sorted((folder / "snapshots").iterdir())[-1].unlink()
            before = {path: path.stat().st_mtime_ns for path in disk.rglob("*")}
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            _check_explained(
                count, commands.done(RECORDING.arguments(folder, run), place / "said.txt"), place / "said.txt"
            )
            if before != {path: path.stat().st_mtime_ns for path in disk.rglob("*")}:
                count.note("files changed on a disk that cannot be written")
    return count


def vanished_folders(
    run: Path, times: int, seconds: float, commands: Commands, place: Path, generator: np.random.Generator
) -> Count:
    """Remove the folder of a run while it is recorded, then give the same command again. seconds: of a recording."""
    count, expected = Count("a run folder that vanishes"), of_run(run)
    while count.tried < times:
        with tempfile.TemporaryDirectory(dir=place) as scratch:
            folder = Path(scratch) / "run"
            process = commands.start(RECORDING.arguments(folder, run), place / "said.txt")
            process.join(generator.uniform(0, seconds))
            if process.exitcode is None and folder.exists():
                count.tried += 1
                shutil.rmtree(folder, ignore_errors=True)
            process.join()
            if process.exitcode:
                _check_explained(count, process.exitcode, place / "said.txt")
            _check_goes_on(count, commands, folder, run, expected, place)
    return count


def clocks_set_back(run: Path, times: int, commands: Commands, place: Path) -> Count:
    """Record while the clock runs backwards."""
    count, expected = Count("a clock that runs backwards"), of_run(run)
    for _ in range(times):
        count.tried += 1
        with tempfile.TemporaryDirectory(dir=place) as scratch:
            folder = Path(scratch) / "run"
            arguments = RECORDING.arguments(folder, run)
            if commands.done(arguments, place / "said.txt", clock_backwards):
                count.note((place / "said.txt").read_text()[-300:])
            elif different := unlike(of_run(folder), expected):
                count.note(different)
    return count


def two_at_once(run: Path, times: int, commands: Commands, place: Path, generator: np.random.Generator) -> Count:
    """Give a command twice at about the same time: one records, the other is refused."""
    count, expected = Count("two processes on one run folder"), of_run(run)
    for _ in range(times):
        count.tried += 1
        with tempfile.TemporaryDirectory(dir=place) as scratch:
            folder = Path(scratch) / "run"
            logs = [place / f"said_{number}.txt" for number in range(2)]
            first = commands.start(RECORDING.arguments(folder, run), logs[0])
            time.sleep(generator.uniform(0, 1))
            second = commands.start(RECORDING.arguments(folder, run), logs[1])
            for process in (first, second):
                process.join()
            if sorted((first.exitcode, second.exitcode)) not in ([0, 0], [0, EXPLAINED]):
                count.note(f"exit status {first.exitcode} and {second.exitcode}: {logs[1].read_text()[-300:]}")
            elif different := unlike(of_run(folder), expected):
                count.note(different)
    return count


def trainings_without_memory(times: int, commands: Commands, place: Path, generator: np.random.Generator) -> Count:
    """Kill a training of a sweep, as a system out of memory does; the sweep tells it, and goes on the next time."""
    count = Count("a training of a sweep that is killed, as where memory runs out")
    whole, log = place / "whole_sweep", place / "said.txt"
    commands.done(SWEEP.arguments(whole, whole), log)
    expected = SWEEP.state(whole)
    while count.tried < times:
        with tempfile.TemporaryDirectory(dir=place) as scratch:
            folder = Path(scratch) / "runs"
            process = commands.start(SWEEP.arguments(folder, folder), log)
            while process.exitcode is None and not (trainings := _processes_of(folder)):
                process.join(0.05)
            process.join(generator.uniform(0, 5))
            if process.exitcode is None and (trainings := _processes_of(folder)):
                count.tried += 1
                os.kill(trainings[0], 9)
                process.join()
                if process.exitcode != 1 or "killed by signal 9" not in log.read_text():
                    count.note(f"exit status {process.exitcode}: {log.read_text()[-300:]}")
            process.join()
            if status := commands.done(SWEEP.arguments(folder, folder), log):
                count.note(f"did not go on, exit status {status}: {log.read_text()[-300:]}")
            elif different := unlike(SWEEP.state(folder), expected):
                count.note(different)
    return count


def clock_backwards() -> None:
    """Let ``time.time`` lose a second each second, in this process, and event files use it."""
    from dense_keras.tensorboard.events import EventFile

    forwards, begun = time.time, time.time()
    time.time = lambda: 2 * begun - forwards()
    *others, _ = EventFile.__init__.__defaults__
    EventFile.__init__.__defaults__ = (*others, time.time)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A disk of so many bytes, in memory, while the context lasts. Raises OSError for those who may not mount one."""
    folder.mkdir(exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise OSError(f"A small disk cannot be made: {made.stderr.strip()}. It takes the rights to mount one.")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _check_explained(count: Count, status: int, log: Path) -> None:
    if status != EXPLAINED:
        count.note(f"exit status {status}: {log.read_text()[-300:]}")


def _check_goes_on(count: Count, commands: Commands, folder: Path, run: Path, expected: State, place: Path) -> None:
    if commands.done(RECORDING.arguments(folder, run), place / "said.txt"):
        count.note(f"did not go on: {(place / 'said.txt').read_text()[-300:]}")
    elif different := unlike(of_run(folder), expected):
        count.note(f"ended otherwise: {different}")


def _processes_of(folder: Path) -> list[int]:
    """Of the trainings that a sweep has begun in a folder."""
    found = subprocess.run(
        ["pgrep", "-f", f"dense_keras.sweep .*{folder}"], capture_output=True, text=True, check=False
    )
    return [int(line) for line in found.stdout.split()]
