"""The front page's picture: who is sure stands in a corner, who is torn between two stands between them."""

import base64
import json

import numpy as np
import pytest
from PIL import Image


def test_places_are_means_of_corners_weighed_by_belief(tool, monkeypatch):
    mover = tool("mover")
    monkeypatch.setattr(mover, "SPREAD", 0.0)
    corners = mover.corners(5)
    assert corners[0] == pytest.approx([0, -1]) and np.linalg.norm(corners, axis=1) == pytest.approx(np.ones(5))
    sure, torn, blank = np.eye(5)[2] * 99, np.array([99.0, 99, 0, 0, 0]), np.zeros(5)
    placed = mover.positions(np.array([[sure, torn, blank]], np.float32))
    assert placed.shape == (1, 3, 2)
    assert placed[0] == pytest.approx(np.array([corners[2], corners[:2].mean(axis=0), [0, 0]]), abs=1e-6)


def test_shifts_stay_while_dots_move(tool):
    placed = tool("mover").positions(np.zeros((3, 4, 5), np.float32))
    assert (placed == placed[0]).all() and len(np.unique(placed[0])) == 8


def test_what_is_written_is_what_the_page_reads(tool, small_run, tmp_path):
    mover = tool("mover")
    mover.write(small_run.folder, tmp_path)
    text = (tmp_path / "mover.js").read_text()
    data = json.loads(text.removeprefix("window.moverData = ").removesuffix(";\n"))
    steps, tokens = small_run.steps, small_run.probes["held_out"].tokens
    assert data["steps"] == steps and data["tokens"] == tokens.tolist() and len(data["accuracy"]) == len(steps)
    stored = np.frombuffer(base64.b64decode(data["positions"]), "<i2").reshape(len(steps), len(tokens), 2)
    placed = mover.positions(np.array([small_run.logits(step) for step in steps]))
    assert stored / data["scale"] == pytest.approx(placed, abs=1e-4)
    assert Image.open(tmp_path / "mover_faces.webp").size == (5 * mover.FACE, mover.FACE)
