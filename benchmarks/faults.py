"""A campaign of faults: what is lost when commands are killed, disks fill up, and files are damaged.

    python benchmarks/faults.py                           all of it, with 100 kills: an hour or two
    python benchmarks/faults.py --only files full --times 1

Commands run on a small experiment in processes of their own. After most faults the same command is given again, and
what it leaves is held against what it leaves undisturbed: snapshots, history and probes bit for bit, the steps of the
TensorBoard view, the files of an atlas, the table of a sweep. Damaged files are only read. Small disks are mounted in
memory, which takes the rights to do so, and a cluster needs Dask; without them those faults are not tried.

Writes faults.csv and faults.md into docs/ after each fault. Rows of other faults, and of other backends, stay.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

import cluster
import damage
from campaign import ACTIVITIES, Campaign, Count, NotPossible
from dense_keras.backend import BACKENDS, keras
from dense_keras.markdown import markdown_table
from dense_keras.run import write_whole
from kills import killed
from timing import machine

FAULTS: Mapping[str, Callable[[Campaign], Iterator[Count]]] = {
    **{activity.command[0]: partial(killed, activity=activity) for activity in ACTIVITIES},
    "cluster": cluster.killed_workers,
    "files": damage.damaged_files,
    "full": damage.full_disks,
    "read-only": damage.read_only_folders,
    "vanished": damage.vanished_folders,
    "clock": damage.clocks_set_back,
    "two": damage.two_at_once,
    "memory": damage.trainings_without_memory,
}

COLUMNS = ("fault", "backend", "tried", "lost", "machine")

Rows = dict[tuple[str, str], tuple[str, str, str]]
"""Fault and backend -> how often it was tried, after how many of them something was lost, and on what machine."""


def campaign_of(chosen: Sequence[str], campaign: Campaign) -> Iterator[Count]:
    """A count of each fault, or several; faults that cannot be tried on this machine are told and left out."""
    for name in chosen:
        try:
            for count in FAULTS[name](campaign):
                print(f"{count.fault}: {count.tried}, {count.lost} lost", flush=True)
                yield count
        except NotPossible as error:
            print(f"{name}: not tried. {error}", flush=True)


def read_table(path: Path) -> Rows:
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = [[row[column] for column in COLUMNS] for row in csv.DictReader(file)]
    return {(fault, backend): (tried, lost, place) for fault, backend, tried, lost, place in rows}


def write_table(rows: Rows, folder: Path) -> None:
    machines = "\n".join(sorted({f"- {backend}: {of[-1]}" for (_, backend), of in rows.items()}))
    lines = [(*which, *counted) for which, counted in sorted(rows.items(), key=lambda row: BACKENDS.index(row[0][1]))]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([COLUMNS, *lines])
    write_whole(folder / "faults.csv", lambda file: file.write(text.getvalue().encode()))
    page = f"""# Faults

`python benchmarks/faults.py`. After a kill the same command was given again, up to five kills in a row, and its end held
against the same command undisturbed. Damaged files were only read: lost is one that is read with other values and without
a word. A folder that cannot be written has to be refused and left as it was; of two processes on one folder at least one
has to end well, and leave what one alone leaves. The sweep on a cluster trains on TensorFlow and on PyTorch; the backend
is that of the command. After all other faults the same command goes on, and is compared.
Rows may be of separate calls, so that some were tried more often than one call does.
What stands in a run folder only to be looked at, the view for TensorBoard, is not mended: TensorBoard leaves out
records of event files that do not agree with their checksums; what the projector reads has none.

{markdown_table(COLUMNS[:-1], [line[:-1] for line in lines])}

Tried on:

{machines}
"""
    write_whole(folder / "faults.md", lambda file: file.write(page.encode()))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=FAULTS, default=list(FAULTS), help="(default: all)")
    parser.add_argument("--kills", type=int, default=100, help="in all (default: 100)")
    parser.add_argument("--times", type=int, default=5, help="of each other fault (default: 5)")
    parser.add_argument("--flips", type=int, default=50, help="and truncations of each kind of file (default: 50)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments and bits (default: 0)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs", help="folder of the table")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    rows, said = read_table(options.out / "faults.csv"), []
    with tempfile.TemporaryDirectory() as place:
        generator = np.random.default_rng(options.seed)
        campaign = Campaign(options.kills, options.times, options.flips, Path(place), generator)
        for count in campaign_of(options.only, campaign):
            rows[count.fault, keras.config.backend()] = (str(count.tried), str(count.lost), machine(with_load=False))
            write_table(rows, options.out)
            said += [f"{count.fault}: {text}" for texts in count.problems.values() for text in texts]
    print(*said, sep="\n")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
