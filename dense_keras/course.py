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


def default_folder(experiment: Experiment, preset: str = "default") -> Path:
    """Where an experiment is recorded unless told otherwise: ``runs/faces-additive-seed0-tensorflow``.

    preset: its name stands in the folder's in place of the code, unless it is the default. Numbers
    of exemplars and sizes that are not the preset's are told too, and tokens that are shuffled but for the preset.
    """
    resolved = experiment.resolved()
    usual = Experiment(**PRESETS[preset] | {"tokens": experiment.tokens}).resolved()
    other = [name for name in ("exemplars", "held_out", "size") if getattr(resolved, name) != getattr(usual, name)]
    named = resolved.code if preset == "default" else preset
    unusual = [f"{name}{getattr(resolved, name)}" for name in other]
    unusual += ["shuffled"] if resolved.shuffled_tokens and not usual.shuffled_tokens else []
    unusual += [f"without-{part}" for part in resolved.without_parts or ()]
    parts = [Path(resolved.tokens).name, named, *unusual, f"seed{resolved.seed}", keras.config.backend()]
    return RUNS / "-".join(part for part in parts if part)


def recorded_run(folder: str | Path | None = None, *, preset: str = "default", **settings: Any) -> Run:
    """A finished run: read if it is there, else recorded now, or gone on with, saying so.

    folder: of a run that is there; None for that in which ``dense-keras train`` records these settings.
    preset: one of ``experiment.PRESETS``. settings: of ``Experiment``. Both are for a run that is not there yet.
    Raises SystemExit, which ends a lesson in words, for a folder without a run that can be read; RunError for one
    that cannot be recorded into, ValueError for an unknown preset.
    """
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


def _read(folder: Path) -> Run:
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
