"""Rows of images with names at the left and above."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from dense_keras.figures.axes import readable

GAP = 2
"""Pixels of an image between two images."""


def image_rows(
    images: np.ndarray,
    row_names: Sequence[str],
    column_names: Sequence[str],
    ax: Axes | None = None,
    *,
    row_colours: Sequence[str] | None = None,
    frame_colours: Sequence[Sequence[str]] | None = None,
) -> Axes:
    """Draw images in rows and columns, each pixel as a square.

    images: (rows, columns, height, width, 1 or 3) uint8. row_names, column_names: one each.
    row_colours: of the row names; None for the colour of all text.
    frame_colours: a row of colours for each row of images; None for no frames.
    Returns the axes. Raises ValueError if names and images differ in number.
    """
    rows, columns, height, width, _ = images.shape
    if (rows, columns) != (len(row_names), len(column_names)):
        raise ValueError(
            f"{rows} x {columns} images came with {len(row_names)} names of rows and {len(column_names)} of columns."
        )
    if ax is None:
        ax = plt.subplots(figsize=(6.0, 0.35 + 5.05 * rows * height / (columns * width)))[1]
    paper = np.array(matplotlib.colors.to_rgb(matplotlib.rcParams["axes.facecolor"])) * 255
    wall = np.empty((rows, height + GAP, columns, width + GAP, 3), np.uint8)
    wall[:] = np.rint(paper)
    wall[:, :height, :, :width] = np.broadcast_to(images, (*images.shape[:4], 3)).swapaxes(1, 2)
    wall = wall.reshape(rows * (height + GAP), columns * (width + GAP), 3)[:-GAP, :-GAP]
    ax.imshow(wall, interpolation="nearest")
    ax.set_xticks((np.arange(columns) + 0.5) * (width + GAP) - 1.5, column_names)
    ax.set_yticks((np.arange(rows) + 0.5) * (height + GAP) - 1.5, row_names)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    for label, colour in zip(ax.get_yticklabels(), row_colours or (), strict=False):
        label.set(color=readable(colour), fontweight="bold")
    for row, colours in enumerate(frame_colours or ()):
        for column, colour in enumerate(colours):
            corner = (column * (width + GAP) - 0.5, row * (height + GAP) - 0.5)
            ax.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=colour, linewidth=2.5, clip_on=False))
    return ax
