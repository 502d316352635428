"""Many small pictures in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dense_keras.tensorboard import encode_png

COLUMNS = 25

LARGEST = 48
"""Pixels a side; larger pictures are shrunk."""


def write_pictures(path: Path, images: np.ndarray) -> dict[str, Any]:
    """Write pictures row by row into one PNG file; returns its name as the page calls it, and how it is laid out.

    path: in the atlas's folder of runs. images: (pictures, side, side, 1 or 3) uint8.
    """
    images = _shrunk(images)
    count, side, _, channels = images.shape
    rows = -(-count // COLUMNS)
    grid = np.zeros((rows * COLUMNS, side, side, channels), np.uint8)
    grid[:count] = images
    grid = grid.reshape(rows, COLUMNS, side, side, channels).swapaxes(1, 2)
    path.write_bytes(encode_png(grid.reshape(rows * side, COLUMNS * side, channels)))
    return {"file": f"{path.parent.name}/{path.name}", "side": side, "columns": COLUMNS}


def _shrunk(images: np.ndarray) -> np.ndarray:
    if images.shape[1] <= LARGEST:
        return images
    pictures = (Image.fromarray(image.squeeze()).resize((LARGEST, LARGEST), Image.Resampling.BOX) for image in images)
    return np.stack([np.asarray(picture) for picture in pictures]).reshape(len(images), LARGEST, LARGEST, -1)
