"""What a run weighs on disk, and how much memory recording and measuring it take.

    python benchmarks/sizes.py

Recordings of one epoch tell the bytes: the default one, and others with more exemplars or larger images. Short
recordings with few and with many snapshots tell whether the peak memory grows with their number. Each recording,
and each report, is made in a process of its own, whose peak memory is what the system says of it, with the backend
and all else that it has loaded.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dense_keras.markdown import markdown_table
from dense_keras.run import Run
from timing import machine

RUNS = {
    "default": {},
    "10 times the training exemplars": {"exemplars": 5000},
    "10 times the held-out exemplars": {"held_out": 1000},
    "half of the held-out exemplars": {"held_out": 50},
    "a tenth of the held-out exemplars": {"held_out": 10},
    "twice the side": {"size": 64},
}
"""Name -> settings that differ from the default ones."""

FEW, MANY = 4, 40
"""Epochs of the short recordings."""

SHORT = {"exemplars": 13}
"""Their exemplars a token: two steps an epoch."""

UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in which ``getrusage`` counts memory."""


def record(settings: dict[str, Any], folder: str) -> None:
    from dense_keras.experiment import Experiment, train

    train(Experiment(**settings), folder, progress=False)


def measure(folder: str) -> None:
    from dense_keras.report import report, write_report

    write_report(Run(folder), report(Run(folder)))


def peak_memory(function: Callable[..., None], *arguments: Any) -> int:
    """Largest number of bytes that a new process held while it called a function."""
    context = multiprocessing.get_context("spawn")
    answer, told = context.Pipe(duplex=False)
    process = context.Process(target=_told, args=(told, function, arguments))
    process.start()
    told.close()
    try:
        return answer.recv()
    except EOFError:
        raise RuntimeError(f"{function.__name__}{arguments} ended without an answer: see above.") from None
    finally:
        process.join()


def _told(told: Any, function: Callable[..., None], arguments: Sequence[Any]) -> None:
    function(*arguments)
    told.send(_own_peak())


def _own_peak() -> int:
    """Of this process, in bytes. Where Linux tells, without what the process held from which it was started."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def weight(*paths: Path) -> int:
    """Bytes of files and of all that lies in folders."""
    files = (file for path in paths for file in ([path] if path.is_file() else path.rglob("*")))
    return sum(file.stat().st_size for file in files if file.is_file())


def row_of_bytes(name: str, settings: dict[str, Any], folder: Path) -> list[Any]:
    peak = peak_memory(record, settings | {"epochs": 1}, str(folder))
    run = Run(folder)
    looked_at = sum(map(len, run.probes.values()))
    snapshots = [weight(run.snapshot_path(step)) for step in run.steps]
    view = weight(run.tensorboard) / len(run.steps)
    side = run.probes["held_out"].images.shape[1]
    whole = [looked_at, side, mega(weight(run.folder / "probe.npz")), mega(sum(snapshots) / len(snapshots)), mega(view)]
    return [name, *whole, mega(peak)]


def row_of_memory(epochs: int, settings: dict[str, Any], folder: Path) -> list[Any]:
    recording = peak_memory(record, settings | {"epochs": epochs}, str(folder))
    measuring = peak_memory(measure, str(folder))
    run = Run(folder)
    return [len(run.steps), mega(weight(run.folder)), mega(recording), mega(measuring)]


def mega(count: float) -> str:
    return f"{count / 1e6:,.1f}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS), help="of which to tell the bytes")
    parser.add_argument("--epochs", type=int, nargs="+", default=[FEW, MANY], help="of the short recordings")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        folders = (Path(place) / str(number) for number in range(len(RUNS) + len(chosen.epochs)))
        of_bytes = [row_of_bytes(name, RUNS[name], next(folders)) for name in chosen.runs]
        of_memory = [row_of_memory(epochs, SHORT, next(folders)) for epochs in chosen.epochs]
        backend = Run(Path(place) / "0").description["backend"]
    print(f"Backend {backend}. {machine()}\n")
    columns = ["recording", "exemplars looked at", "side", "probe, MB", "a snapshot, MB"]
    print(markdown_table([*columns, "its TensorBoard view, MB", "peak memory, MB"], of_bytes))
    print()
    print(markdown_table(["snapshots", "run folder, MB", "memory to record, MB", "memory to measure, MB"], of_memory))


if __name__ == "__main__":
    main()
