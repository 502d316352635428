"""Film strips: a small panel for each snapshot, in order, the untrained network first.

A strip has several axes, so it takes a figure (or one of a figure's ``subfigures``) where the
other forms take ``ax``, and returns the axes of its panels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Rectangle

from dense_keras.figures.axes import ink, readable, step_name
from dense_keras.figures.heat_maps import Limits, beyond, colour_scale
from dense_keras.figures.palette import COLOURS, token_colours
from dense_keras.measures.arguments import checked_steps

WIDTH = 6.0
"""Inches of a figure that is made here."""

BESIDE, BELOW = 1.25, 0.45
"""Inches for the names and the colour bar beside matrices, and for the names below them."""

WIDEST = 2.0
"""Inches of a panel that is alone or nearly so."""

Strip = Figure | SubFigure


def film_strip(
    draw: Callable[[Axes, int], object],
    steps: Sequence[int] | np.ndarray,
    figure: Strip | None = None,
    *,
    most_columns: int = 5,
    aspect: float = 1.0,
) -> list[Axes]:
    """Draw a panel for each snapshot with a given function, in rows of about equal length, named by their steps.

    draw: is called with the axes of a panel and the position of its snapshot in ``steps``.
    steps: (snapshots,) ascending; choose few, five to a row are seen well.
    most_columns: panels in a row at most. aspect: height of a panel over its width, where the figure is made here.
    Returns the axes of the panels. Raises ValueError for steps that do not ascend.
    """
    steps = checked_steps(steps, len(steps))
    rows, columns = _rows_and_columns(len(steps), most_columns)
    figure = figure or _new_figure(rows, columns, aspect)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for empty in grid[len(steps) :]:
        empty.remove()
    panels = list(grid[: len(steps)])
    for position, (ax, step) in enumerate(zip(panels, steps, strict=True)):
        draw(ax, position)
        ax.set_title(step_name(step) if step == 0 else f"step {step_name(step)}", fontsize=9, loc="center")
    return panels


def image_film(images: np.ndarray, steps: Sequence[int] | np.ndarray, figure: Strip | None = None) -> list[Axes]:
    """Draw a stack of images, each pixel as a square: filters, preferred images, or a unit's map over time.

    images: (snapshots, height, width, 1 or 3) uint8, or float from 0 to 1.
    Returns the axes of the panels. Raises ValueError for images of another shape, and steps that do not fit.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[3] not in (1, 3):
        raise ValueError(f"Images came with shape {images.shape}: they must be (snapshots, height, width, 1 or 3).")
    steps = checked_steps(steps, len(images))
    brightest = 255 if images.dtype == np.uint8 else 1.0

    def draw(ax: Axes, position: int) -> None:
        image = images[position]
        ax.imshow(image.squeeze(2) if image.shape[2] == 1 else image, cmap="gray", vmin=0, vmax=brightest)
        _without_axis(ax)

    return film_strip(draw, steps, figure, aspect=images.shape[1] / images.shape[2])


def matrix_film(
    matrices: np.ndarray,
    steps: Sequence[int] | np.ndarray,
    figure: Strip | None = None,
    *,
    blocks: Mapping[str, int] | None = None,
    block_colours: Sequence[str] | None = None,
    unit: str = "",
    limits: Limits | None = None,
) -> list[Axes]:
    """Draw a stack of matrices in the same colours, with one colour bar: dissimilarities, similarities, filters.

    matrices: (snapshots, rows, columns) float; NaN is left empty.
    blocks: name -> number of rows, in order, of square matrices: named at the left and below,
    with lines between. block_colours: of their names; None for the colour of all text.
    unit: what the values are, with their unit. limits: see ``heat_maps.colour_scale``.
    Returns the axes of the panels. Raises ValueError for matrices of another shape, and for
    steps or blocks that do not fit.
    """
    matrices = np.asarray(matrices, float)
    _check_matrices(matrices, blocks)
    steps = checked_steps(steps, len(matrices))
    colours, norm = colour_scale(matrices, limits)

    def draw(ax: Axes, position: int) -> None:
        ax.imshow(matrices[position], cmap=colours, norm=norm)  # not "nearest", which drops rows of large matrices
        _without_axis(ax)

    aspect = matrices.shape[1] / matrices.shape[2]
    figure = figure or _new_figure(*_rows_and_columns(len(steps), 5), aspect, BESIDE, BELOW if blocks else 0.0)
    panels = film_strip(draw, steps, figure)
    if blocks:
        _name_blocks(panels, blocks, block_colours)
    _colour_bar(panels, unit, beyond(matrices, norm))
    return panels


def confusion_film(
    counts: np.ndarray,
    steps: Sequence[int] | np.ndarray,
    token_names: Sequence[str],
    figure: Strip | None = None,
    *,
    blocks: Sequence[int] | np.ndarray | None = None,
) -> list[Axes]:
    """Draw confusion matrices over time: rows are true tokens, columns predicted ones.

    counts: (snapshots, tokens, tokens) integers. Colours are shares of the true token's
    exemplars; where the tokens are six or fewer, each cell that is not empty has its count.
    blocks: (tokens,) integers, such as of ``classification.blocks_of_known_parts``: cells of two tokens
    of one block get a frame, where those stay who know what tells blocks apart, and no more.
    Returns the axes of the panels. Raises ValueError for counts and blocks that do not fit the steps and tokens.
    """
    counts = np.asarray(counts)
    tokens = len(token_names)
    framed = _cells_in_blocks(blocks, tokens)
    if counts.shape[1:] != (tokens, tokens):
        raise ValueError(
            f"Counts came with shape {counts.shape} for {tokens} tokens: they must be (snapshots, {tokens}, {tokens})."
        )
    steps = checked_steps(steps, len(counts))
    shares = counts / counts.sum(axis=2, keepdims=True).clip(1)
    colours = LinearSegmentedColormap.from_list("from paper", [matplotlib.rcParams["axes.facecolor"], COLOURS[0]])

    def draw(ax: Axes, position: int) -> None:
        ax.imshow(shares[position], cmap=colours, vmin=0, vmax=1, interpolation="nearest")
        _without_axis(ax)
        for row, column in np.argwhere(counts[position]) if tokens <= 6 else ():
            paint = colours(shares[position, row, column])
            ax.text(
                column, row, f"{counts[position, row, column]}", color=_seen_on(paint), size=7, ha="center", va="center"
            )
        for row, column in framed:
            ax.add_patch(Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, fill=False, edgecolor=ink()))

    figure = figure or _new_figure(*_rows_and_columns(len(steps), 4), 1.0, BESIDE, BELOW + 0.1)
    panels = film_strip(draw, steps, figure, most_columns=4)
    _name_blocks(panels, dict.fromkeys(token_names, 1), token_colours(tokens))
    panels[0].figure.supylabel("true token", size=9)
    panels[0].figure.supxlabel("predicted token (numbers: exemplars)", size=9)
    _colour_bar(panels, "share of the true token")
    return panels


def _cells_in_blocks(blocks: Sequence[int] | np.ndarray | None, tokens: int) -> np.ndarray:
    """(cells, 2) row and column of the cells whose two tokens are of one block."""
    if blocks is None:
        return np.empty((0, 2), int)
    blocks = np.asarray(blocks)
    if blocks.shape != (tokens,):
        raise ValueError(f"Blocks came with shape {blocks.shape} for {tokens} tokens: one integer each is needed.")
    return np.argwhere(blocks[:, np.newaxis] == blocks)


def _rows_and_columns(panels: int, most_columns: int) -> tuple[int, int]:
    rows = -(-panels // most_columns)
    return rows, -(-panels // rows)


def _new_figure(rows: int, columns: int, aspect: float, beside: float = 0.0, below: float = 0.0) -> Figure:
    """A figure for panels of an aspect, with so many inches for what stands beside and below them."""
    panel_width = min((WIDTH - beside) / columns, WIDEST)
    return plt.figure(figsize=(WIDTH, below + rows * (0.3 + aspect * panel_width)), layout="compressed")


def _check_matrices(matrices: np.ndarray, blocks: Mapping[str, int] | None) -> None:
    if matrices.ndim != 3:
        raise ValueError(f"Matrices came with shape {matrices.shape}: they must be (snapshots, rows, columns).")
    side = sum(blocks.values()) if blocks else None
    if side is not None and matrices.shape[1:] != (side, side):
        raise ValueError(
            f"Blocks of {side} rows in all came for matrices of {matrices.shape[1]} x {matrices.shape[2]}: "
            "they name the rows and the columns of square matrices."
        )


def _name_blocks(panels: Sequence[Axes], blocks: Mapping[str, int], colours: Sequence[str] | None) -> None:
    """Draw lines between blocks, and name them at the left of the strip and below it."""
    ends = np.cumsum(list(blocks.values()))
    centres = ends - np.array(list(blocks.values())) / 2 - 0.5
    for ax in panels:
        for end in ends[:-1]:
            ax.axhline(end - 0.5, color=matplotlib.rcParams["axes.facecolor"], linewidth=0.8)
            ax.axvline(end - 0.5, color=matplotlib.rcParams["axes.facecolor"], linewidth=0.8)
        place = ax.get_subplotspec()
        labels = []
        if place.is_first_col():
            ax.set_yticks(centres, list(blocks), fontsize=8)
            labels += [ax.get_yticklabels()]
        if place.is_last_row():
            ax.set_xticks(centres, list(blocks), fontsize=8, rotation=90)
            labels += [ax.get_xticklabels()]
        for label, colour in ((label, colour) for side in labels for label, colour in zip(side, colours or ())):
            label.set_color(readable(colour))


def _colour_bar(panels: Sequence[Axes], unit: str, extend: str = "neither") -> None:
    bar = panels[0].figure.colorbar(panels[0].images[0], ax=panels, label=unit, extend=extend, aspect=30, pad=0.02)
    bar.outline.set_visible(False)


def _without_axis(ax: Axes) -> None:
    ax.set_xticks([])
    ax.set_yticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _seen_on(paint: tuple[float, float, float, float]) -> str:
    """Black or white, whichever is seen better on a colour."""
    return "white" if np.dot(paint[:3], (0.299, 0.587, 0.114)) < 0.55 else "black"
