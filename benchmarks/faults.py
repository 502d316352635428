"""A campaign of faults: what is lost when commands are killed, disks fill up, and files are damaged.

    python benchmarks/faults.py                  100 kills, about an hour; writes docs/faults.csv and docs/faults.md
    python benchmarks/faults.py --kills 4 --times 1   a short one

Commands run on a small experiment in processes of their own. After each fault the same command is given
again, and what it leaves is held against what it leaves undisturbed: snapshots, history and probes bit for
bit, the steps of the TensorBoard view, the files of an atlas, the table of a sweep. Small disks are mounted in
memory, which takes the rights to do so; without them those faults are not tried, and the table says so.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

import damage
from dense_keras.markdown import markdown_table
from dense_keras.run import write_whole
from kills import ACTIVITIES, Commands, Count, killed
from timing import machine

SHARES = {"training and recording": 0.4, "measuring": 0.2, "export of an atlas": 0.15, "a sweep": 0.25}
"""Of all kills, by what is killed."""

COLUMNS = ("fault", "tried", "lost")


def campaign(kills: int, times: int, flips: int, place: Path, generator: np.random.Generator) -> Iterator[Count]:
    """One count a fault. kills: in all; times: each other fault; flips: of the bits of each kind of file."""
    commands, run = Commands(), place / "run"
    began = time.monotonic()
    if commands.done(damage.RECORDING.arguments(run, run), place / "said.txt"):
        raise RuntimeError((place / "said.txt").read_text())
    seconds = time.monotonic() - began
    for activity in ACTIVITIES:
        own = place / activity.command[0]
        own.mkdir()
        yield killed(activity, round(SHARES[activity.name] * kills), commands, run, own, generator)
    yield from damage.damaged_files(run, flips, place, generator)
    others: dict[str, Callable[[], Count]] = {
        "full": lambda: damage.full_disks(run, times, commands, place, generator),
        "read-only": lambda: damage.read_only_folders(run, times, commands, place),
        "vanished": lambda: damage.vanished_folders(run, times, seconds, commands, place, generator),
        "clock": lambda: damage.clocks_set_back(run, times, commands, place),
        "two": lambda: damage.two_at_once(run, times, commands, place, generator),
        "memory": lambda: damage.trainings_without_memory(times, commands, place, generator),
    }
    for name, fault in others.items():
        try:
            count = fault()
        except OSError as error:
            print(f"{name}: not tried. {error}", flush=True)
            continue
        print(f"{count.fault}: {count.tried}, {count.lost} lost", flush=True)
        yield count


def write_table(counts: Sequence[Count], folder: Path) -> None:
    rows = [(count.fault, count.tried, count.lost) for count in counts]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([COLUMNS, *rows])
    write_whole(folder / "faults.csv", lambda file: file.write(text.getvalue().encode()))
    page = f"""# Faults

`KERAS_BACKEND={os.environ["KERAS_BACKEND"]} python benchmarks/faults.py`. After each fault the same command was given again. *Lost* counts the
faults after which it did not go on, or left something else than the same command undisturbed, or after which a damaged
file was read without a word. {machine()}.

{markdown_table(COLUMNS, rows)}
"""
    write_whole(folder / "faults.md", lambda file: file.write(page.encode()))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=100, help="in all (default: 100)")
    parser.add_argument("--times", type=int, default=5, help="of each other fault (default: 5)")
    parser.add_argument("--flips", type=int, default=50, help="and truncations of each kind of file (default: 50)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments and bits (default: 0)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs", help="folder of the table")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        generator = np.random.default_rng(chosen.seed)
        counts = list(campaign(chosen.kills, chosen.times, chosen.flips, Path(place), generator))
    write_table(counts, chosen.out)
    said = [f"{count.fault}: {text}" for count in counts for text in count.said]
    print(*said, sep="\n")
    return 1 if said else 0


if __name__ == "__main__":
    import dense_keras.backend  # noqa: F401  chooses a backend where none is named

    sys.exit(main())
