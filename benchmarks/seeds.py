"""What the default training comes to, over seeds and backends: a table in docs/.

Trains ``Experiment(seed=...)`` once for every seed and backend, each in a process of its own,
recorded as always, and reads the run that it leaves:

    steps to 0.5, 0.8, 0.95   the step of the first snapshot whose held-out accuracy is at or above it
    final                     held-out accuracy after the last epoch
    steps near .4, .6, .8     steps between neighbouring snapshots that are both within 0.05 of it: the
                              ceilings of accuracy for one who knows some of the parts (additive faces)
    seconds                   of the training with all its recording; imports are left out

    python benchmarks/seeds.py --backends tensorflow torch

Writes ``default_runs.csv`` after every run, and ``default_runs.md`` with it. Rows that are
there are not trained again, so a command that was killed goes on where it stood; to train
everything anew, delete the file.
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from pathlib import Path

import numpy as np

from dense_keras.codes import accuracy_ceiling, part_names
from dense_keras.run import Run, write_whole
from timing import machine, markdown_table

THRESHOLDS = (0.5, 0.8, 0.95)
CEILINGS = sorted(
    {accuracy_ceiling("additive", known) for count in (1, 2) for known in combinations(part_names("additive"), count)}
)
NEAR = 0.05
CLAIMED_SHARE, CLAIMED_ACCURACY = 4 / 5, 0.95

Row = dict[str, object]


def first_passing(steps: np.ndarray, accuracies: np.ndarray, threshold: float) -> int | None:
    """Step of the first snapshot whose accuracy is at or above a threshold; None if there is none.

    steps, accuracies: (snapshots,), ascending in step.
    """
    passing = np.flatnonzero(np.asarray(accuracies) >= threshold)
    return int(steps[passing[0]]) if len(passing) else None


def steps_near(steps: np.ndarray, accuracies: np.ndarray, level: float, within: float = NEAR) -> int:
    """Steps between neighbouring snapshots that are both within a distance of a level, summed.

    steps, accuracies: (snapshots,), ascending in step.
    """
    near = np.abs(np.asarray(accuracies) - level) <= within
    return int(np.diff(steps)[near[:-1] & near[1:]].sum())


def timed_training(backend: str, settings: dict[str, int | None], folder: Path) -> float:
    """Train in this process, which must be a new one, and give the seconds that it took."""
    os.environ["KERAS_BACKEND"] = backend
    from dense_keras.experiment import Experiment, train

    began = time.perf_counter()
    train(Experiment(**settings), folder, progress=False)
    return time.perf_counter() - began


def row_of(run: Run, seconds: float) -> Row:
    """What the table says of a run."""
    described, history = run.description, run.history
    backend, steps, accuracies = described["backend"], history["step"], history["held_out_accuracy"]
    return {
        "backend": backend,
        "seed": described["experiment"]["seed"],
        "exemplars": described["experiment"]["exemplars"],
        "held_out": described["experiment"]["held_out"],
        "epochs": described["experiment"]["epochs"],
        **{f"steps to {threshold}": first_passing(steps, accuracies, threshold) for threshold in THRESHOLDS},
        "final": f"{accuracies[-1]:.3f}",
        **{f"steps near {ceiling}": steps_near(steps, accuracies, ceiling) for ceiling in CEILINGS},
        "seconds": f"{seconds:.0f}",
        "version": described["versions"][backend],
        "keras": described["versions"]["keras"],
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
    }


TITLE = """# Default runs

Made by `python benchmarks/seeds.py`: `dense-keras train` with the default settings and other seeds. *steps to 0.5*: the
first snapshot at which held-out accuracy is .5 or more. *steps near 0.4*: steps between neighbouring snapshots that lie
within .05 of the ceiling, so how long accuracy rests there.
"""


def trained_row(backend: str, settings: dict[str, int | None], keep: Path | None) -> Row:
    """Train in a new process and read the run; its folder is deleted, or moved into ``keep``.

    Raises FileExistsError, before training, if ``keep`` holds such a run already.
    """
    if keep is not None:
        kept = keep / f"{backend}_seed_{settings['seed']}"
        if kept.exists():
            raise FileExistsError(f"{kept} is there already. Move it away, or keep the runs in another folder.")
        keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=keep, prefix="unfinished_") as folder:
        path = Path(folder) / "run"
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            seconds = process.submit(timed_training, backend, settings, path).result()
        row = row_of(Run(path), seconds)
        if keep is not None:
            path.rename(kept)
    return row


def read_rows(path: Path) -> list[Row]:
    """Rows of the table so far; none if there is no table."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def table_of(rows: list[Row], columns: list[str]) -> str:
    """Markdown of some columns; a cell stays empty where an accuracy was never reached."""
    return markdown_table(columns, [["" if row[name] is None else row[name] for name in columns] for row in rows])


def write_rows(path: Path, rows: list[Row]) -> None:
    """Write the table and its Markdown form, each whole or not at all."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    table = f"{TITLE}\n{table_of(rows, list(rows[0]))}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(text.getvalue().encode()))
    write_whole(path.with_suffix(".md"), lambda file: file.write(table.encode()))


def verdict(rows: list[Row]) -> str:
    """Whether enough seeds reach the claimed accuracy, in one line; ``rows`` are of one backend, one a seed."""
    column = f"steps to {CLAIMED_ACCURACY}"
    reached = sum(row[column] not in (None, "") for row in rows)
    needed = math.ceil(CLAIMED_SHARE * len(rows))
    holds = "holds" if reached >= needed else "does not hold"
    return (
        f"{rows[0]['backend']}: {reached} of {len(rows)} seeds reach {CLAIMED_ACCURACY} "
        f"within {rows[0]['epochs']} epochs ({needed} are needed): {holds}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--backends", nargs="+", default=["tensorflow", "torch"])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(5)))
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--exemplars", type=int, default=500, help="a token")
    parser.add_argument("--held-out", type=int, default=100, help="a token")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs", help="folder of the table")
    parser.add_argument("--keep", type=Path, help="folder to move the runs into, 0.7 GB each; else they are deleted")
    chosen = parser.parse_args(arguments)
    path = chosen.out / "default_runs.csv"
    rows = read_rows(path)
    shown = []
    for backend in chosen.backends:
        of_backend = []
        for seed in chosen.seeds:
            wanted = {name: getattr(chosen, name) for name in ("exemplars", "held_out", "epochs")} | {"seed": seed}
            row = next((row for row in rows if _is(row, backend=backend, **wanted)), None)
            if row is None:
                print(f"{backend}, seed {seed} ...", flush=True)
                row = trained_row(backend, wanted, chosen.keep)
                rows.append(row)
                write_rows(path, rows)
            of_backend.append(row)
        shown += of_backend
        print(verdict(of_backend), flush=True)
    columns = [name for name in shown[0] if name not in ("version", "keras", "machine")]
    print(f"\n{table_of(shown, columns)}\n\n{machine()}")


def _is(row: Row, **wanted: object) -> bool:
    return all(str(row[name]) == str(value) for name, value in wanted.items())


if __name__ == "__main__":
    main()
