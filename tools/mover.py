"""What the front page's moving picture shows: where the network's answers lie, snapshot by snapshot.

Five tokens stand at the corners of a pentagon. An exemplar of the held-out probe lies at the mean of
the corners, each weighed with the share of belief (softmax) that the network gives to its token: in
a corner where it is sure, half way between two that it cannot tell apart.
"""

from __future__ import annotations

import base64
import json
import warnings
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.special import softmax

from dense_keras import tokens as token_sets
from dense_keras.figures.palette import token_colours
from dense_keras.run import Run

SPREAD = 0.06
"""Standard deviation of the fixed shift by which exemplars are kept from hiding one another; a corner is 1 from the middle."""

FACE, LARGEST = 96, 32_000


def corners(number: int) -> np.ndarray:
    """(number, 2) corners of a regular polygon around 0, the first on top; y points downwards."""
    angles = 2 * np.pi * np.arange(number) / number
    return np.stack([np.sin(angles), -np.cos(angles)], axis=1)


def positions(logits: np.ndarray, seed: int = 0) -> np.ndarray:
    """(snapshots, exemplars, 2) places within the polygon, with their shift. logits: (snapshots, exemplars, tokens)."""
    shift = np.random.default_rng(seed).normal(scale=SPREAD, size=(logits.shape[1], 2))
    return softmax(logits.astype(np.float64), axis=2) @ corners(logits.shape[2]) + shift


def faces(run: Run) -> Image.Image:
    """The first exemplar of each token of a run on generated faces, side by side, large enough for people."""
    settings = run.description["experiment"]
    with warnings.catch_warnings(action="ignore"):  # that so few are not dense
        token_set = token_sets.load("faces", code=settings["code"], exemplars=1, size=FACE, seed=settings["seed"])
    return Image.fromarray(np.concatenate(list(token_set.train.images), axis=1))


def write(folder: Path, out: Path) -> None:
    """Write ``mover.js`` and ``mover_faces.webp`` of a run. Numbers are 16-bit integers in base64."""
    run = Run(folder)
    tokens = run.probes["held_out"].tokens
    placed = positions(np.array([run.logits(step) for step in run.steps]))
    scale = LARGEST / np.abs(placed).max()
    content = {
        "steps": run.steps,
        "accuracy": [round(float(share), 3) for share in run.history["held_out_accuracy"]],
        "names": run.token_names,
        "colours": token_colours(len(run.token_names)),
        "tokens": tokens.tolist(),
        "scale": float(scale),
        "positions": base64.b64encode((placed * scale).round().astype("<i2").tobytes()).decode(),
    }
    (out / "mover.js").write_text(f"window.moverData = {json.dumps(content)};\n", encoding="utf-8")
    faces(run).save(out / "mover_faces.webp", quality=90, method=6)
