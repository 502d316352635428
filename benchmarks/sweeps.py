"""How well a sweep uses the processors: against plain loops over the same runs, on the same processors.

    python benchmarks/sweeps.py

Each way records the same runs from scratch, in new processes; only a cluster's scheduler and workers are there before.
In one loop each training has all processors. In a loop for each processor, and in sweeps, a training has one. A sweep
begins a new process for each run, which a loop does not: the shorter the runs, the more that counts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path

import joblib

from cluster import Cluster
from dense_keras.backend import keras
from dense_keras.markdown import markdown_table
from dense_keras.sweep import THREAD_SETTINGS
from timing import machine, ratio

LOOP = """
import json, sys
from dense_keras.experiment import Experiment, train

folder, epochs, *seeds = json.loads(sys.argv[1])
for seed in seeds:
    train(Experiment(seed=seed, epochs=epochs), f"{folder}/{seed}", progress=False)
"""

PROCESSORS = joblib.cpu_count()

COLUMNS = ("way", "trainings at a time", "seconds", "loop for each processor / this way")


def loops(folder: Path, epochs: int, seeds: Sequence[int], at_a_time: int) -> None:
    """Plain loops, so many at a time, each over its share of the seeds and with its share of the processors."""
    threads = max(1, PROCESSORS // at_a_time)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", LOOP, json.dumps([str(folder), epochs, *seeds[place::at_a_time]])],
            env={"OMP_WAIT_POLICY": "PASSIVE"} | os.environ | dict.fromkeys(THREAD_SETTINGS, str(threads)),
        )
        for place in range(at_a_time)
    ]
    _end(started)


def sweep(folder: Path, epochs: int, seeds: Sequence[int], *options: str) -> None:
    """The command, with as many trainings at a time as there are processors."""
    command = ["sweep", "--runs", str(folder), "--epochs", str(epochs), "--seeds", *map(str, seeds), *options]
    _end([subprocess.Popen([sys.executable, "-m", "dense_keras", *command], stdout=subprocess.DEVNULL)])


def ways(epochs: int, seeds: Sequence[int], folder: Path, address: str) -> dict[str, Callable[[], object]]:
    """Name -> what is timed; each records into the same folder, which must not be there."""
    return {
        "one plain loop": lambda: loops(folder, epochs, seeds, 1),
        "a plain loop for each processor": lambda: loops(folder, epochs, seeds, PROCESSORS),
        "dense-keras sweep": lambda: sweep(folder, epochs, seeds),
        "dense-keras sweep on a Dask cluster": lambda: sweep(folder, epochs, seeds, "--scheduler", address),
    }


def timed(arms: Mapping[str, Callable[[], object]], rounds: int, folder: Path) -> dict[str, list[float]]:
    """Way -> seconds of each of its turns; what it recorded is removed after each, in time that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for _, (name, arm) in product(range(rounds), arms.items()):
        began = time.perf_counter()
        arm()
        seconds[name].append(time.perf_counter() - began)
        shutil.rmtree(folder)
    return seconds


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=2, help="turns of each way (default: 2)")
    parser.add_argument("--epochs", type=int, default=4, help="of each run (default: 4)")
    parser.add_argument("--runs", type=int, default=2 * PROCESSORS, help="of each way (default: 2 a processor)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch, Cluster(Path(scratch)) as cluster:
        for _ in range(PROCESSORS):
            cluster.add_worker()
        cluster.wait()
        folder = Path(scratch) / "runs"
        arms = ways(options.epochs, range(options.runs), folder, cluster.address)
        seconds = timed(arms, options.rounds, folder)
    base = seconds["a plain loop for each processor"]
    at_a_time = [1, *[PROCESSORS] * 3]
    rows = [
        (way, number, f"{min(own):.0f}", ratio(base, own))
        for (way, own), number in zip(seconds.items(), at_a_time, strict=True)
    ]
    print(f"{keras.config.backend()}: {options.runs} default runs of {options.epochs} epochs each. {machine()}.\n")
    print(markdown_table(COLUMNS, rows))


def _end(started: Sequence[subprocess.Popen]) -> None:
    try:
        for process in started:
            if process.wait():
                raise RuntimeError(f"Exit status {process.returncode}: {process.args}")
    finally:
        for process in started:
            process.kill()


if __name__ == "__main__":
    main()
