"""What every lesson begins with: a recorded run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from dense_keras.backend import keras
from dense_keras.experiment import PRESETS, Experiment, experiment_of, train
from dense_keras.run import Run, RunError

RUNS = Path("runs")
"""Folder of the runs, beside wherever a command or a lesson is started."""

IMAGES_A_MINUTE = 20_000
"""Trained on and recorded at 32x32 on two processor cores, to tell how long it will take."""


def default_folder(experiment: Experiment, preset: str = "default", backend: str | None = None) -> Path:
    """Where an experiment is recorded unless told otherwise: ``runs/faces-additive-seed0-tensorflow``.

    preset: its name stands in the folder's in place of the code, unless it is the default. Numbers
    of exemplars and sizes that are not the preset's are told too, and tokens that are shuffled but for the preset.
    backend: None for the one that is in use.
    """
    resolved = experiment.resolved()
    usual = Experiment(**PRESETS[preset] | {"tokens": experiment.tokens}).resolved()
    other = [name for name in ("exemplars", "held_out", "size") if getattr(resolved, name) != getattr(usual, name)]
    named = resolved.code if preset == "default" else preset
    unusual = [f"{name}{getattr(resolved, name)}" for name in other]
    unusual += ["shuffled"] if resolved.shuffled_tokens and not usual.shuffled_tokens else []
    unusual += [f"without-{part}" for part in resolved.without_parts or ()]
    parts = [Path(resolved.tokens).name, named, *unusual, f"seed{resolved.seed}", backend or keras.config.backend()]
    return RUNS / "-".join(part for part in parts if part)


def recorded_run(folder: str | Path | None = None, *more: str, preset: str = "default", **settings: Any) -> Run:
    """A finished run: read if it is there, else recorded now, or gone on with, saying so.

    folder: of a run that is there; None for that in which ``dense-keras train`` records these settings.
    more: folders that the lesson has no use for. preset: one of ``experiment.PRESETS``. settings: of ``Experiment``. Both are for a run that is not there yet.
    Raises SystemExit, which ends a lesson in words, for a folder without a run that can be read, and for more folders;
    RunError for one that cannot be recorded into, ValueError for an unknown preset.
    """
    _refuse(more)
    if preset not in PRESETS:
        raise ValueError(f"No preset {preset!r}. There are: {', '.join(PRESETS)}.")
    experiment = Experiment(**PRESETS[preset] | settings)
    named, folder = folder is not None, Path(folder or default_folder(experiment, preset))
    if named or (folder / "experiment.json").exists():
        run = _read(folder)
        experiment = experiment_of(run)
        if len(run.history) and run.history["epoch"][-1] >= experiment.epochs:
            print(f"{folder} holds a finished run; it is read, and nothing is trained.")
            return run
    images = experiment.epochs * len(experiment.load_tokens().train)
    print(f"Recording into {folder}. On two processor cores that takes about {images / IMAGES_A_MINUTE:.0f} minutes.")
    began = time.monotonic()
    run = train(experiment, folder)
    print(f"Recorded in {time.monotonic() - began:.0f} seconds.")
    return run


def run_beside(run: Run, folder: str | Path | None = None, *more: str, preset: str) -> Run | None:
    """A second run to show beside a first one; None if there is none, saying why, for a lesson goes without it.

    folder: of a run that is there; None for that in which ``dense-keras train`` records the preset with the tokens,
    code and seed of the first. Raises SystemExit as ``recorded_run`` does.
    """
    _refuse(more)
    experiment = experiment_of(run)
    named, folder = folder is not None, Path(folder or default_folder(experiment, preset))
    if folder.resolve() == run.folder.resolve():
        print(f"{folder} is this run itself. To see another one beside it, name that as the second folder.")
    elif named or (folder / "experiment.json").exists():
        print("Beside it:", end=" ")
        return recorded_run(folder)
    else:
        usual = Experiment(**PRESETS[preset] | {"tokens": experiment.tokens}).resolved()
        settings = {
            name: getattr(experiment, name) for name in ("tokens", "code", "exemplars", "size", "source", "seed")
        }
        told = {name for name in ("exemplars", "size", "source") if settings[name] == getattr(usual, name)}
        options = " ".join(
            f"--{name} {value}" for name, value in settings.items() if value is not None and name not in told
        )
        print(
            f"There is no run in {folder}, so only this one is shown. Record the other with\n"
            f"    dense-keras train --preset {preset} {options} --run {folder}\n"
            "and run this lesson again, or name another run as the second folder."
        )
    return None


def latest_run() -> Path:
    """Folder of the run in ``runs/`` that was recorded into last. Raises RunError if there is none."""
    recorded = sorted(RUNS.glob("*/experiment.json"), key=lambda path: (path.parent / "snapshots").stat().st_mtime)
    if not recorded:
        raise RunError(f"There is no run in {RUNS}/ yet. Record one with: dense-keras train")
    return recorded[-1].parent


def _refuse(more: tuple[str, ...]) -> None:
    if more:
        raise SystemExit(
            f"{', '.join(more)}: more folders than the lesson takes. The first lines of the lesson say how many it takes."
        )


def _read(folder: Path) -> Run:
    if str(folder).startswith("-"):
        raise SystemExit(
            f"{folder}: a lesson takes folders of runs, and no options. The first lines of its script say how many."
        )
    if not (folder / "experiment.json").exists():
        recorded = sorted(str(path.parent) for path in RUNS.glob("*/experiment.json"))
        raise SystemExit(
            f"{folder} {'holds no run' if folder.exists() else 'is not there'}. Runs that are: "
            f"{', '.join(recorded) or 'none'}. Name one, or no folder for the run that `dense-keras train` records."
        )
    try:
        return Run(folder)
    except RunError as error:
        raise SystemExit(str(error)) from None
