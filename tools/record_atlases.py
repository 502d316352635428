"""Exports the runs that the site's atlases show, into docs/outputs/atlas/, each run once.

    python tools/record_atlases.py                    what has changed, from runs/
    python tools/record_atlases.py --runs FOLDER      runs that lie elsewhere

Runs that ``--runs`` does not hold are recorded first, as ``dense-keras train`` names them. The pages are laid out
when the site is built (``atlases.py``), with the viewer as it is then: the viewer is not recorded.

What has not changed is not exported again. A stamp covers the code of ``dense_keras/atlas/``, which names the
format, and the run's description and history. It does not cover the measures and all else that this code calls:
if these change what an atlas shows, say ``--anew``.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from atlases import ATLASES, PICTURES, RECORDED, run_name
from lesson_script import ROOT
from record_lessons import in_new_process
from run_lesson import recorded_runs

CODE = ROOT / "dense_keras" / "atlas"


def fingerprint(run: Path) -> str:
    """A hash of what decides what is exported of a run."""
    digest = hashlib.sha256()
    for path in [*sorted(CODE.glob("*.py")), run / "experiment.json", run / "history.csv"]:
        digest.update(b"\0" + path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def record(preset: str, backend: str, work: Path, anew: bool = False) -> None:
    """Export a run unless that was done of just this; its files are replaced when all are there.

    work: a folder in which runs/ lies.
    """
    name = run_name(preset, backend)
    run = work / in_new_process(recorded_runs, backend, work, [preset])[preset]
    stamp, stamped = fingerprint(run), RECORDED / f"{name}_stamp.txt"
    if not anew and stamped.exists() and stamped.read_text(encoding="utf-8").strip() == stamp:
        print(f"{name}: nothing has changed.", flush=True)
        return
    print(f"{name} ...", end=" ", flush=True)
    in_new_process(export, backend, run, work / name)
    packed = gzip.compress(Path(f"{work / name}.js").read_bytes(), mtime=0)
    RECORDED.mkdir(parents=True, exist_ok=True)
    (RECORDED / f"{name}.js.gz").write_bytes(packed)
    for picture in PICTURES:
        file = f"{name}_{picture}.jpg"
        (RECORDED / file).write_bytes((work / file).read_bytes())
    stamped.write_text(f"{stamp}\n", encoding="utf-8")
    print(f"{len(packed) / 1e6:.1f} MB", flush=True)


def export(backend: str, run: Path, place: Path) -> None:
    """Write what an atlas shows of a run. Call it in a new process."""
    os.environ |= {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"}
    from dense_keras.atlas import write_run
    from dense_keras.run import Run

    write_run(Run(run), place)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=Path, default=ROOT / "runs", help="folder of the recorded runs")
    parser.add_argument("--anew", action="store_true", help="also what has not changed")
    chosen = parser.parse_args(arguments)
    chosen.runs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "runs").symlink_to(chosen.runs.resolve(), target_is_directory=True)
        for preset, backend in dict.fromkeys(each for of_runs in ATLASES.values() for each in of_runs):
            record(preset, backend, work, chosen.anew)


if __name__ == "__main__":
    main()
