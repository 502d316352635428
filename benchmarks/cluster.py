"""A Dask cluster on this machine, and what a sweep loses when a worker of it is killed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from campaign import Campaign, Count, NotPossible, ended_otherwise, of_sweep
from dense_keras.run import Run

COMMAND = ("sweep", "--seeds", "0", "1", "--backends", "tensorflow", "torch", "--exemplars", "26", "--epochs", "3")
LOCAL = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0")


class Cluster:
    """A scheduler and workers, each in a process of its own; all end with the context.

    place: a folder for the scheduler's address and what the processes say.
    """

    def __init__(self, place: Path) -> None:
        self._address, self._log = place / "scheduler.json", place / "cluster.txt"
        self.workers: list[subprocess.Popen] = []

    def __enter__(self) -> Cluster:
        self._scheduler = self._start("scheduler", "--port", "0", "--scheduler-file", str(self._address))
        return self

    def __exit__(self, *raised: object) -> None:
        for process in (*self.workers, self._scheduler):
            process.kill()
            process.wait()

    @property
    def address(self) -> str:
        while not self._address.exists():
            if self._scheduler.poll() is not None:
                raise RuntimeError(f"The scheduler did not start: {self._log.read_text()[-500:]}")
            time.sleep(0.1)
        return json.loads(self._address.read_text())["address"]

    def add_worker(self, backend: str | None = None) -> subprocess.Popen:
        """Start a worker of one thread. backend: that it names as its resource, if any."""
        named = ("--resources", f"{backend}=1") if backend else ()
        self.workers.append(self._start("worker", self.address, "--nthreads", "1", "--no-nanny", *named))
        return self.workers[-1]

    def wait(self) -> None:
        """Until as many workers have come as were started and live."""
        from distributed import Client

        with Client(self.address) as client:
            client.wait_for_workers(sum(worker.poll() is None for worker in self.workers), timeout=60)

    def _start(self, kind: str, *arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments, *LOCAL]
        with self._log.open("a") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)


def killed_workers(campaign: Campaign) -> Iterator[Count]:
    """Kill a worker at a random moment of a sweep of two backends, with workers of each, and add another.

    The command must end by itself, with all runs as they are undisturbed. A snapshot of an epoch that was whole
    when the worker was killed must not be written again. Raises NotPossible if Dask is not installed.
    """
    if find_spec("distributed") is None:
        raise NotPossible('Dask is not installed: pip install "dense-keras[sweep]"')
    count = Count("SIGKILL of a worker of a Dask cluster, another added")
    with campaign.scratch() as place, Cluster(place) as cluster:
        working = {backend: cluster.add_worker(backend) for backend in ("tensorflow", "torch")}
        command = [*COMMAND, "--scheduler", cluster.address, "--runs"]
        cluster.wait()
        seconds = campaign.undisturbed([*command, str(place / "whole")])
        expected = of_sweep(place / "whole")
        while count.tried < campaign.times:
            with campaign.scratch() as folder:
                process = campaign.under_way([*command, str(folder)], seconds, count)
                if process is None:
                    continue
                backend = str(campaign.generator.choice(list(working)))
                working[backend].kill()
                before = written(folder)
                working[backend] = cluster.add_worker(backend)
                count.tried += 1
                process.join()
                if process.exitcode:
                    count.note(f"the sweep did not go on: {campaign.said()}")
                elif different := ended_otherwise(of_sweep, folder, expected):
                    count.note(f"the sweep ended otherwise: {different}")
                elif twice := sorted(before.items() - written(folder).items()):
                    count.note(f"done twice: {twice}")
                cluster.wait()
            print(f"{count.fault}: {count.tried} of {campaign.times}, {count.lost} lost", flush=True)
    yield count


def written(runs: Path) -> Mapping[str, int]:
    """Each snapshot up to the last whole epoch of each run, and when it was written, in nanoseconds."""
    times = {}
    for path in runs.glob("*/history.csv"):
        run = Run(path.parent)
        ends = [step for step in run.history["step"] if step % run.description["steps_per_epoch"] == 0]
        kept = [step for step in run.steps if step <= max(ends, default=-1)]
        times |= {f"{run.folder.name} {step}": run.snapshot_path(step).stat().st_mtime_ns for step in kept}
    return times
