"""The confusion matrix as a small picture."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

CELL, MARGIN = 64, 96


def confusion_picture(counts: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """(height, width, 3) uint8: rows are true tokens, columns predicted ones.

    counts: (tokens, tokens) integers. Colours are shares of a row, from white to blue.
    """
    shares = counts / counts.sum(axis=1, keepdims=True).clip(1)
    colours = np.rint(255 * matplotlib.colormaps["Blues"](shares)[..., :3]).astype(np.uint8)
    side = MARGIN + CELL * len(names)
    picture = Image.new("RGB", (side + 8, side + 8), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=15)
    for row in range(len(names)):
        middle = MARGIN + CELL * row + CELL // 2
        draw.text((MARGIN - 8, middle), _short(names[row], font), "black", font, "rm")
        draw.text((middle, MARGIN - 8), _short(names[row], font), "black", font, "ms")
        for column in range(len(names)):
            left, top = MARGIN + CELL * column, MARGIN + CELL * row
            draw.rectangle((left, top, left + CELL - 2, top + CELL - 2), tuple(colours[row, column]))
            ink = "white" if shares[row, column] > 0.6 else "black"
            draw.text((left + CELL // 2, top + CELL // 2), str(counts[row, column]), ink, font, "mm")
    draw.text((MARGIN + CELL * len(names) // 2, 14), "predicted", "dimgray", font, "mt")
    draw.text((8, 40), "true", "dimgray", font, "lt")
    return np.asarray(picture)


def _short(name: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The name, cut with an ellipsis to fit beside or above a cell."""
    kept = name
    while font.getlength(kept) > CELL and len(kept) > 1:
        kept = kept[:-2] + "…"
    return kept
