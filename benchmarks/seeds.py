"""What the training of a preset comes to, over seeds and backends: a table in docs/.

Trains the preset once for every seed and backend, each in a process of its own, recorded as
always, and reads the run that it leaves. What the columns mean stands above each table.

    python benchmarks/seeds.py --backends tensorflow torch
    python benchmarks/seeds.py --preset conjunctive --keep runs/seeds

Writes ``PRESET_runs.csv`` after every run, and ``PRESET_runs.md`` with it. Rows that are
there are not trained again, so a command that was killed goes on where it stood, and two
commands may fill one table; to train everything anew, delete the file.

Seconds are of the training with all its recording; imports are left out. With ``--threads 1``
a training has one processor core: the first of those that the command may use, so that
``taskset -c 1 python benchmarks/seeds.py --threads 1`` chooses another.
"""

from __future__ import annotations

import argparse
import csv
import io
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from dense_keras.markdown import markdown_table
from dense_keras.run import Run, write_whole
from dense_keras.sweep import THREAD_SETTINGS
from run_tables import TABLES, Row, Table
from timing import machine

SETTINGS = ("exemplars", "held_out", "epochs")
"""Settings of a preset that can be changed, and columns of the table."""

HEAD = """# Runs of the preset {preset}

Made by `python benchmarks/seeds.py --preset {preset}`: `dense-keras train --preset {preset}` with other seeds.
*final*: held-out accuracy after the last epoch. *processors*: cores that the training had. *seconds*: of the training
with all its recording, which leaves the view for TensorBoard out where *tensorboard* says no.

{about}
"""


def available_processors() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def limit_processors(count: int) -> None:
    """Keep this process, which must be a new one, to the first cores of those that it may use."""
    os.environ.update(dict.fromkeys(THREAD_SETTINGS, str(count)))
    threadpool_limits(count)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def in_new_process(processors: int, function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns in a process of its own, on so many processor cores."""
    limit = {} if processors == available_processors() else {"initializer": limit_processors, "initargs": (processors,)}
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), **limit) as process:
        return process.submit(function, *arguments).result()


def timed_training(backend: str, settings: dict[str, Any], folder: Path, tensorboard: bool) -> float:
    """Train in this process, which must be a new one, and give the seconds that it took."""
    os.environ["KERAS_BACKEND"] = backend
    from dense_keras.experiment import Experiment, train

    began = time.perf_counter()
    train(Experiment(**settings), folder, record=tensorboard, progress=False)
    return time.perf_counter() - began


def row_of(run: Run, table: Table, seconds: float, processors: int) -> Row:
    """What the table says of a run."""
    described = run.description
    return {
        "backend": described["backend"],
        "seed": described["experiment"]["seed"],
        **{name: described["experiment"][name] for name in SETTINGS},
        **table.columns(run, seconds),
        "processors": processors,
        "seconds": f"{seconds:.0f}",
        "tensorboard": "yes" if run.tensorboard.exists() else "no",
        "version": described["versions"][described["backend"]],
        "keras": described["versions"]["keras"],
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
    }


def trained_row(
    table: Table, backend: str, settings: dict[str, Any], processors: int, kept: Path | None, tensorboard: bool
) -> Row:
    """Train in a new process and read the run; its folder is deleted, or moved to ``kept``.

    Raises FileExistsError, before training, if ``kept`` is there already.
    """
    if kept is not None:
        if kept.exists():
            raise FileExistsError(f"{kept} is there already. Move it away, or keep the runs in another folder.")
        kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept and kept.parent, prefix="unfinished_") as folder:
        path = Path(folder) / "run"
        seconds = in_new_process(processors, timed_training, backend, settings, path, tensorboard)
        row = row_of(Run(path), table, seconds, processors)
        if kept is not None:
            path.rename(kept)
    return row


def read_rows(path: Path) -> list[Row]:
    """Rows of the table so far; none if there is no table."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[Row]) -> None:
    """Write a table as CSV, whole or not at all, with the columns of its last row."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[-1]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def write_text(path: Path, text: str) -> None:
    """Write a file, whole or not at all, in a folder that is made if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(text.encode()))


def table_of(rows: list[Row], columns: Sequence[str]) -> str:
    """Markdown of some columns; a cell stays empty where there is nothing to tell."""
    cells = [["" if row.get(name) is None else row[name] for name in columns] for row in rows]
    return markdown_table(columns, cells)


def verdicts(table: Table, rows: list[Row]) -> list[str]:
    """A line for each backend, settings and number of processors, in the order of the rows; none without a claim."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows if table.claim else ():
        key = tuple(str(row.get(name, "")) for name in ("backend", *SETTINGS, "processors"))
        groups.setdefault(key, []).append(row)
    return [table.verdict(group) for group in groups.values()]


def page_of(preset: str, rows: list[Row]) -> str:
    """The table with its explanation and its verdicts, in Markdown."""
    head = HEAD.format(preset=preset, about=TABLES[preset].about)
    told = "".join(f"\n- {line}" for line in verdicts(TABLES[preset], rows))
    return f"{head}\n{table_of(rows, list(rows[-1]))}\n" + (f"{told}\n" if told else "")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--preset", choices=TABLES, default="default")
    parser.add_argument("--backends", nargs="+", default=["tensorflow", "torch"])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(5)))
    parser.add_argument("--epochs", type=int, help="default: the preset's")
    parser.add_argument("--exemplars", type=int, help="a token (default: the preset's)")
    parser.add_argument("--held-out", type=int, help="a token (default: the preset's)")
    parser.add_argument("--threads", type=int, help="processor cores of a training (default: all)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs", help="folder of the table")
    parser.add_argument(
        "--keep", type=Path, help="folder to move the runs into, as PRESET/BACKEND_seed_N, 0.7 GB each; else deleted"
    )
    parser.add_argument("--no-tensorboard", action="store_true", help="record no view for TensorBoard, of 0.03 GB")
    chosen = parser.parse_args(arguments)
    processors = chosen.threads or available_processors()
    if not 1 <= processors <= available_processors():
        parser.error(f"--threads is {processors}; this command may use 1 to {available_processors()}.")
    os.environ.setdefault("KERAS_BACKEND", chosen.backends[0])
    from dense_keras.experiment import PRESETS, Experiment

    table, path = TABLES[chosen.preset], chosen.out / f"{chosen.preset}_runs.csv"
    given = {name: getattr(chosen, name) for name in SETTINGS if getattr(chosen, name) is not None}
    shown = []
    for backend in chosen.backends:
        of_backend = []
        for seed in chosen.seeds:
            settings = PRESETS[chosen.preset] | given | {"seed": seed}
            resolved = Experiment(**settings).resolved()
            wanted = {name: getattr(resolved, name) for name in (*SETTINGS, "seed")}
            row = _row_like(read_rows(path), backend=backend, processors=processors, **wanted)
            if row is None:
                print(f"{backend}, seed {seed} ...", flush=True)
                kept = chosen.keep and chosen.keep / chosen.preset / f"{backend}_seed_{seed}"
                row = trained_row(table, backend, settings, processors, kept, not chosen.no_tensorboard)
                rows = [*read_rows(path), row]
                write_rows(path, rows)
                write_text(path.with_suffix(".md"), page_of(chosen.preset, rows))
            of_backend.append(row)
        shown += of_backend
        for line in verdicts(table, of_backend):
            print(line, flush=True)
    columns = [name for name in shown[-1] if name not in ("version", "keras", "machine")]
    print(f"\n{table_of(shown, columns)}\n\n{machine()}")


def _row_like(rows: list[Row], **wanted: object) -> Row | None:
    """The first row with such cells, or None; a cell that is empty or missing is like any."""
    likes = (row for row in rows if all(row.get(name, "") in ("", str(value)) for name, value in wanted.items()))
    return next(likes, None)


if __name__ == "__main__":
    main()
