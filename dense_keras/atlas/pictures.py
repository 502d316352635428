"""Many small pictures in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

COLUMNS = 25

LARGEST = 48
"""Pixels a side; larger pictures are shrunk."""

QUALITY = {"quality": 90, "subsampling": 0, "optimize": True}
"""Of JPEG, a third of PNG's size. Colours are kept at every pixel: at this size WebP, which halves them, dulls them."""


def write_pictures(path: Path, images: np.ndarray) -> dict[str, Any]:
    """Write pictures row by row into one JPEG file; returns how it is laid out.

    images: (pictures, side, side, 1 or 3) uint8.
    """
    images = _shrunk(images)
    count, side, _, channels = images.shape
    rows = -(-count // COLUMNS)
    grid = np.zeros((rows * COLUMNS, side, side, channels), np.uint8)
    grid[:count] = images
    grid = grid.reshape(rows, COLUMNS, side, side, channels).swapaxes(1, 2)
    sheet = grid.reshape(rows * side, COLUMNS * side, channels)
    Image.fromarray(sheet[..., 0] if channels == 1 else sheet).save(path, "JPEG", **QUALITY)
    return {"side": side, "columns": COLUMNS}


def _shrunk(images: np.ndarray) -> np.ndarray:
    if images.shape[1] <= LARGEST:
        return images
    pictures = (Image.fromarray(image.squeeze()).resize((LARGEST, LARGEST), Image.Resampling.BOX) for image in images)
    return np.stack([np.asarray(picture) for picture in pictures]).reshape(len(images), LARGEST, LARGEST, -1)
