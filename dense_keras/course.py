"""What every lesson begins with: a recorded run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from dense_keras.backend import keras
from dense_keras.experiment import Experiment, experiment_of, train
from dense_keras.run import Run

RUNS = Path("runs")
"""Folder of the runs, beside wherever a command or a lesson is started."""


def default_folder(experiment: Experiment) -> Path:
    """Where an experiment is recorded unless told otherwise: ``runs/faces-additive-seed0-tensorflow``."""
    resolved = experiment.resolved()
    parts = [Path(resolved.tokens).name, resolved.code, f"seed{resolved.seed}", keras.config.backend()]
    return RUNS / "-".join(part for part in parts if part)


def recorded_run(folder: str | Path | None = None, minutes: str = "three minutes", **settings: Any) -> Run:
    """A finished run: read if it is there, else recorded now, or gone on with, saying so.

    folder: of the run; None for that in which ``dense-keras train`` records these settings.
    minutes: that recording takes, for the message. settings: of ``Experiment``; they are for
    a run that is not there yet.
    Raises RunError for a folder that cannot be used.
    """
    experiment = Experiment(**settings)
    folder = default_folder(experiment) if folder is None else Path(folder)
    if (folder / "experiment.json").exists():
        run = Run(folder)
        experiment = experiment_of(run)
        if len(run.history) and run.history["epoch"][-1] >= experiment.epochs:
            print(f"{folder} holds a finished run; it is read, and nothing is trained.")
            return run
    print(f"Recording into {folder}. On two processor cores that takes about {minutes}.")
    began = time.monotonic()
    run = train(experiment, folder)
    print(f"Recorded in {time.monotonic() - began:.0f} seconds.")
    return run
