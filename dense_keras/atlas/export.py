"""The atlas of a run, or of two side by side, as one folder that any browser opens from disk.

index.html, ...          the viewer, the same in every atlas
runs/1.js, runs/2.js     all that is shown of each run
runs/1_thumbnails.jpg    its exemplars; 1_preferred.jpg: what its units prefer
runs/runs.js             what the runs are called here

The files of a run do not say what they are called, so an atlas can be laid out anew around them.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from dense_keras.atlas.arrays import called
from dense_keras.run import Run, RunError, disk_full_explained

VIEWER = Path(__file__).parent / "viewer"

OF_RUNS = re.compile(r"runs/([12](\.js|_thumbnails\.jpg|_preferred\.jpg)|runs\.js)")


def write_atlas(runs: Sequence[Run], folder: str | Path | None = None) -> Path:
    """Write the atlas of one run or two, and return its folder; it appears whole or not at all.

    folder: of the atlas, by default ``atlas`` in that of the first run. An atlas that is there is replaced.
    Raises ValueError for another number of runs, and RunError for a folder that holds something else or
    cannot be written, and for a run without a whole snapshot.
    """
    if not 1 <= len(runs) <= 2:
        raise ValueError(f"{len(runs)} runs came; an atlas shows one, or two side by side.")
    folder = Path(runs[0].folder / "atlas" if folder is None else folder).resolve()
    _check_place(folder)
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        with disk_full_explained(folder):
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            _write(partial, runs)
            _publish(partial, folder)
    except OSError as error:
        raise RunError(f"{folder} cannot be written ({error.strerror}). Choose another folder with --out.") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def write_run(run: Run, place: Path) -> None:
    """Write what an atlas shows of a run: PLACE.js, PLACE_thumbnails.jpg and PLACE_preferred.jpg.

    Raises RunError for a run without a whole snapshot.
    """
    from dense_keras.atlas.contents import contents  # with Keras, for which who only lays out need not wait

    Path(f"{place}.js").write_bytes(called("atlas.addRun", contents(run, place)))


def lay_out(folder: Path, names: Sequence[str]) -> Path:
    """Write the viewer into a folder that may be there, and return the folder for the files of runs of these names."""
    shutil.copytree(VIEWER, folder, dirs_exist_ok=True)
    runs = folder / "runs"
    runs.mkdir(exist_ok=True)
    (runs / "runs.js").write_bytes(called("atlas.load", [f"runs/{name}" for name in names]))
    return runs


def _write(folder: Path, runs: Sequence[Run]) -> None:
    names = [str(number) for number, _ in enumerate(runs, 1)]
    place = lay_out(folder, names)
    for name, run in zip(names, runs, strict=True):
        write_run(run, place / name)


def _check_place(folder: Path) -> None:
    """Raise RunError unless a folder is free, empty, or an atlas and nothing else."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise RunError(f"{folder} is a file. Choose another folder with --out.")
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    of_viewer = {path.relative_to(VIEWER).as_posix() for path in VIEWER.rglob("*")}
    others = sorted(name for name in files - of_viewer if not OF_RUNS.fullmatch(name))
    if others or (files and "runs/runs.js" not in files):
        raise RunError(
            f"{folder} holds other things than an atlas{f', such as {others[0]}' if others else ''}. "
            "Choose another folder with --out, or empty this one."
        )


def _publish(partial: Path, folder: Path) -> None:
    """Give a complete folder its name, in place of an older one."""
    replaced = folder.with_name(f".{folder.name}.replaced")
    shutil.rmtree(replaced, ignore_errors=True)
    if folder.exists():
        folder.rename(replaced)
    partial.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)
