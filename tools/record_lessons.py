"""Runs the lessons on each backend and writes what the site shows of them, into docs/outputs/.

    python tools/record_lessons.py                                          all lessons, TensorFlow and PyTorch
    python tools/record_lessons.py --lessons 03 05 --backends torch         some of them
    python tools/record_lessons.py --runs FOLDER                            runs that lie elsewhere than in runs/

The lessons read full default runs. Those that ``--runs`` does not hold are recorded first, under the
names that ``dense-keras train`` gives them; a lesson that fails ends the command with its traceback.

    docs/outputs/BACKEND/03/     figures on light and dark paper; ``numbers.json``: variables, printed text, seconds
    docs/outputs/mover.js        what the front page's picture shows, with ``mover_faces.webp``
    docs/lesson_times.csv, .md   how long each lesson took

What has not changed is not run again: each folder carries a hash of the lesson's code, the package's
source, the runs and the tables that it reads, and the backend.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import multiprocessing
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import mover
from dense_keras.markdown import markdown_table
from lesson_script import LESSONS, ROOT, code_hash, lesson_script, lesson_scripts
from recorded import BACKENDS, DOCS, OUTPUTS
from run_lesson import LessonFailed, recorded_runs, run_lesson

PRESETS = ("default", "rich", "conjunctive", "conjunctive-500")
"""Presets whose runs the lessons read. All read that of the default; the others are named in a lesson's code."""

TIMES = """# How long the lessons take

Made by `python tools/record_lessons.py`, which ran each lesson as it stands on full default runs, in a process of its own.
*seconds*: by the clock, imports included. *CPU seconds*: of all cores, and of processes that the lesson started.
"""


def in_new_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns in a process of its own; its errors come with their traceback."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


def presets_read(text: str) -> list[str]:
    """Presets whose runs a lesson reads."""
    return [preset for preset in PRESETS if preset == "default" or f'"{preset}"' in text]


def backends_read(text: str, backend: str, backends: Sequence[str]) -> list[str]:
    """Backends whose runs a lesson reads: its own, or all where it compares them."""
    return list(backends) if "BACKENDS" in text else [backend]


def fingerprint(text: str, backend: str, runs: Sequence[Path]) -> str:
    """A hash of all that decides what a lesson leaves.

    text: the lesson. runs: the folders that it may read.
    """
    tables = [path for path in (*(LESSONS / "data").glob("*.csv"), *DOCS.glob("*.csv")) if path.name in text]
    sources = [*(ROOT / "dense_keras").rglob("*.py"), Path(__file__).with_name("run_lesson.py"), *tables]
    states = [folder / name for folder in runs for name in ("experiment.json", "history.csv")]
    digest = hashlib.sha256(f"{backend} {code_hash(text)}".encode())
    for path in [*sorted(sources), *states]:
        digest.update(b"\0" + path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def record(script: Path, backend: str, work: Path, runs: Sequence[Path]) -> None:
    """Run a lesson unless it was run on just this; its outputs are replaced whole or not at all.

    work: the folder that it stands in. runs: the folders that it may read.
    """
    text, target = script.read_text(encoding="utf-8"), OUTPUTS / backend / script.name[:2]
    stamp, stamped = fingerprint(text, backend, runs), target / "stamp.txt"
    if stamped.exists() and stamped.read_text(encoding="utf-8").strip() == stamp:
        print(f"{script.stem} on {BACKENDS[backend]}: nothing has changed.", flush=True)
        return
    print(f"{script.stem} on {BACKENDS[backend]} ...", end=" ", flush=True)
    out = work / "out"
    shutil.rmtree(out, ignore_errors=True)
    shutil.copy(script, work / "lessons")
    try:
        in_new_process(run_lesson, backend, work, f"lessons/{script.name}", out)
    except LessonFailed as error:
        sys.exit(f"it failed:\n\n{error}")
    (out / "stamp.txt").write_text(f"{stamp}\n", encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(out, target)
    print(f"{json.loads((target / 'numbers.json').read_text(encoding='utf-8'))['seconds']:.0f} seconds", flush=True)


def megabytes(pattern: str) -> float:
    """What the outputs that agree with a pattern take on disk."""
    return sum(path.stat().st_size for path in OUTPUTS.glob(pattern) if path.is_file()) / 1e6


def write_times() -> None:
    """The table of times of all lessons recorded so far, and the size of what they and the atlases left."""
    rows = []
    for path in sorted(OUTPUTS.glob("*/[0-9][0-9]/numbers.json"), key=lambda path: (path.parent.name, path.parts[-3])):
        numbers = json.loads(path.read_text(encoding="utf-8"))
        lesson, backend = lesson_script(path.parent.name).stem, path.parts[-3]
        rows.append([lesson, backend, *(numbers[name] for name in ("seconds", "cpu_seconds", "cores"))])
    columns = ["lesson", "backend", "seconds", "CPU seconds", "cores"]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    (DOCS / "lesson_times.csv").write_text(text.getvalue(), encoding="utf-8")
    lessons, atlases = megabytes("*/[0-9][0-9]/*"), megabytes("atlas/*")
    size = (
        f"Figures and numbers that the lessons left for this site take {lessons:.1f} MB, the atlases {atlases:.1f} MB."
    )
    page = "\n".join([TIMES, markdown_table(columns, rows), "", size, ""])
    (DOCS / "lesson_times.md").write_text(page, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    numbers = [script.name[:2] for script in lesson_scripts()]
    parser.add_argument("--lessons", nargs="+", choices=numbers, default=numbers, metavar="NN", help="such as 03")
    parser.add_argument("--backends", nargs="+", choices=list(BACKENDS), default=list(BACKENDS))
    parser.add_argument("--runs", type=Path, default=ROOT / "runs", help="folder of the recorded runs")
    chosen = parser.parse_args(arguments)
    scripts = [lesson_script(number) for number in chosen.lessons]
    texts = {script: script.read_text(encoding="utf-8") for script in scripts}
    presets = [preset for preset in PRESETS if any(preset in presets_read(text) for text in texts.values())]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "lessons").mkdir()
        chosen.runs.mkdir(parents=True, exist_ok=True)
        for name, place in (("runs", chosen.runs), ("docs", DOCS), ("lessons/data", LESSONS / "data")):
            (work / name).symlink_to(place.resolve(), target_is_directory=True)
        runs = {backend: in_new_process(recorded_runs, backend, work, presets) for backend in chosen.backends}
        for script, text in texts.items():
            for backend in chosen.backends:
                others = backends_read(text, backend, chosen.backends)
                read = [work / runs[other][preset] for other in others for preset in presets_read(text)]
                record(script, backend, work, read)
                write_times()
        mover.write(work / runs[chosen.backends[0]]["default"], OUTPUTS)
    write_times()


if __name__ == "__main__":
    main()
