"""Walls of small images: filters and activation maps, as PNG files."""

from __future__ import annotations

import io

import matplotlib
import numpy as np
from PIL import Image

from dense_keras.tensorboard import encode_png

WIDTH = 256
"""Pixels that a wall is magnified to, by whole numbers, as far as it fits."""


def filter_wall(kernel: np.ndarray, scale: float, max_units: int = 32) -> tuple[bytes, str]:
    """A PNG of a convolution's kernel, and what it shows.

    kernel: (height, width, in, out). With one input channel or three, a tile a unit; with
    more, a row an input unit and a column an output unit.
    scale: the weight that is drawn in full colour; larger ones are clipped.
    max_units: most units drawn of either side, evenly chosen.
    """
    chosen_in, chosen_out = _spread(kernel.shape[2], max_units), _spread(kernel.shape[3], max_units)
    shares = np.clip(np.nan_to_num(kernel[:, :, :, chosen_out] / scale), -1, 1)
    if kernel.shape[2] == 3:
        tiles = np.rint(127.5 + 127.5 * shares.transpose(3, 0, 1, 2)).astype(np.uint8)
        picture = encode_png(_magnified(_near_square(tiles, 255)))
        return (
            picture,
            f"{_of(chosen_out, kernel.shape[3])} units. Colours are weights of red, green, blue from -{scale:.2g} to +{scale:.2g}; gray is 0.",
        )
    if kernel.shape[2] == 1:
        wall, rows = _near_square(_levels(shares[:, :, 0].transpose(2, 0, 1)), GAP), ""
    else:
        slices = shares[:, :, chosen_in].transpose(2, 3, 0, 1)
        wall, rows = _grid(_levels(slices), GAP), f"Rows: {_of(chosen_in, kernel.shape[2])} input units. Columns: "
    caption = f"{rows}{_of(chosen_out, kernel.shape[3])} units. Red +{scale:.2g}, white 0, blue -{scale:.2g}."
    return _palette_png(_magnified(wall), "RdBu_r"), caption


def activation_wall(maps: np.ndarray, thumbnails: np.ndarray | None, max_units: int = 16) -> tuple[bytes, str]:
    """A PNG of activation maps, a row an image and a column a unit, and what it shows.

    maps: (exemplars, height, width, units). thumbnails: (exemplars, height, width, 1 or 3)
    uint8, drawn at the left in the same colours; None for none.
    """
    chosen, maps = _spread(maps.shape[3], max_units), np.nan_to_num(maps)
    low, high = min(float(maps.min()), 0.0), float(maps.max())
    levels = np.rint(LEVELS * (maps[..., chosen] - low) / max(high - low, 1e-12)).astype(np.uint8)
    tiles = levels.transpose(0, 3, 1, 2)
    if thumbnails is not None:
        gray = thumbnails.mean(axis=3) * (LEVELS / 255)
        tiles = np.concatenate([_resized(gray, maps.shape[1:3])[:, np.newaxis], tiles], axis=1)
    caption = f"Rows: images, shown at the left. Columns: {_of(chosen, maps.shape[3])} units. Black {low:.2g}, yellow {high:.2g}."
    return _palette_png(_magnified(_grid(tiles, GAP), 3 * WIDTH), "inferno"), caption


GAP = 255
"""Palette index of the lines between tiles; the indices below it are levels."""

LEVELS = 254


def _levels(shares: np.ndarray) -> np.ndarray:
    """-1..1 as palette indices 0..254, with zero exactly in the middle."""
    return np.rint(LEVELS / 2 * (shares + 1)).astype(np.uint8)


def _spread(units: int, most: int) -> np.ndarray:
    """Indices of at most ``most`` of so many units, evenly chosen."""
    return np.arange(units) if units <= most else np.linspace(0, units - 1, most).round().astype(int)


def _of(chosen: np.ndarray, units: int) -> str:
    return f"all {units}" if len(chosen) == units else f"{len(chosen)} of {units}"


def _near_square(tiles: np.ndarray, gap: int) -> np.ndarray:
    """(tiles, height, width, ...) in about twice as many columns as rows."""
    columns = int(np.ceil(np.sqrt(2 * len(tiles))))
    rows = -(-len(tiles) // columns)
    filled = np.full((rows * columns, *tiles.shape[1:]), gap, dtype=np.uint8)
    filled[: len(tiles)] = tiles
    return _grid(filled.reshape(rows, columns, *tiles.shape[1:]), gap)


def _grid(tiles: np.ndarray, gap: int) -> np.ndarray:
    """(rows, columns, height, width, ...) tiles side by side with lines of one pixel between."""
    rows, columns, height, width, *channels = tiles.shape
    wall = np.full((rows, height + 1, columns, width + 1, *channels), gap, dtype=np.uint8)
    wall[:, :height, :, :width] = tiles.swapaxes(1, 2)
    return wall.reshape(rows * (height + 1), columns * (width + 1), *channels)[:-1, :-1]


def _magnified(wall: np.ndarray, width: int = WIDTH) -> np.ndarray:
    factor = max(1, width // max(wall.shape[:2]))
    return wall.repeat(factor, axis=0).repeat(factor, axis=1)


def _resized(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    pictures = (Image.fromarray(image.astype(np.uint8)).resize(size[::-1], Image.Resampling.BOX) for image in images)
    return np.stack([np.asarray(picture) for picture in pictures])


def _palette_png(indices: np.ndarray, colormap: str) -> bytes:
    """A PNG of palette indices; index 255 is light gray."""
    colours = np.rint(255 * matplotlib.colormaps[colormap](np.linspace(0, 1, LEVELS + 1))[:, :3]).astype(np.uint8)
    picture = Image.fromarray(indices)
    picture.putpalette(np.vstack([colours, [[224, 224, 224]]]).astype(np.uint8).tobytes())
    file = io.BytesIO()
    picture.save(file, format="PNG", compress_level=1)
    return file.getvalue()
