"""Heat maps: a row a layer, and a column a part or factor, or a snapshot with the untrained network set apart.

Snapshots stand at equal distances, whatever steps lie between them, and are labelled by their steps.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.image import AxesImage

from dense_keras.figures.axes import ink, step_name
from dense_keras.measures.arguments import checked_steps

GAP = 0.5
"""Distance of the untrained network from the first trained snapshot, in columns."""

LETTER = 0.075
"""Width in inches of a letter below the axis."""

Limits = tuple[float, float]
"""The values that are drawn in the lowest and in the highest colour."""


def heat_map(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    ax: Axes | None = None,
    *,
    unit: str = "",
    ylabel: str = "layer, input side first",
    limits: Limits | None = None,
) -> Axes:
    """Draw a matrix as colours with a colour bar: what of several things each layer has, at one snapshot.

    values: (rows, columns) float; NaN is left empty. rows: their names, layers as a rule, the first at
    the top. columns: their names, parts or factors, slanted where they are long.
    unit: what the values are, with their unit. limits: see ``colour_scale``.
    Returns the axes. Raises ValueError for values that do not fit the rows and columns.
    """
    values = np.asarray(values, float)
    if values.shape != (len(rows), len(columns)):
        raise ValueError(
            f"Values came with shape {values.shape} for {len(rows)} rows and {len(columns)} columns: "
            f"they must be ({len(rows)}, {len(columns)})."
        )
    ax = ax or _new_axes(len(rows))
    colours, norm = colour_scale(values, limits)
    drawn = ax.imshow(values, cmap=colours, norm=norm, aspect="auto", interpolation="nearest")
    room = ax.bbox.width / ax.figure.dpi / len(columns)
    slanted = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
    ax.set_xticks(range(len(columns)), columns, **(slanted if max(map(len, columns)) * LETTER > room else {}))
    ax.tick_params(axis="x", length=0)
    _frame(ax, rows, ylabel)
    _colour_bar(ax, drawn, unit, beyond(values, norm))
    return ax


def heat_map_over_steps(
    values: np.ndarray,
    steps: Sequence[int] | np.ndarray,
    rows: Sequence[str],
    ax: Axes | None = None,
    *,
    unit: str = "",
    ylabel: str = "layer, input side first",
    limits: Limits | None = None,
) -> Axes:
    """Draw values as colours, the first row at the top, with a colour bar.

    values: (snapshots, rows) float; NaN is left empty. steps: (snapshots,) ascending; a first
    step 0, the untrained network, is set apart by a gap. rows: their names, layers as a rule.
    unit: what the values are, with their unit. limits: see ``colour_scale``.
    Returns the axes. Raises ValueError for values that do not fit the steps and rows.
    """
    values = np.asarray(values, float)
    if values.ndim != 2 or values.shape[1] != len(rows):
        raise ValueError(
            f"Values came with shape {values.shape} for {len(rows)} rows: they must be (snapshots, {len(rows)})."
        )
    steps = checked_steps(steps, len(values))
    ax = ax or _new_axes(len(rows))
    colours, norm = colour_scale(values, limits)
    apart = int(steps[0] == 0)  # columns before the gap
    for first, last in ((0, apart), (apart, len(steps))):
        if first < last:
            left = first + GAP * (first > 0)
            extent = (left - 0.5, left + last - first - 0.5, len(rows) - 0.5, -0.5)
            block = values[first:last].T
            drawn = ax.imshow(block, cmap=colours, norm=norm, extent=extent, aspect="auto", interpolation="nearest")
    if 0 < apart < len(steps):
        ax.axvline((1 + GAP) / 2, color=ink(), linewidth=0.6)
    centres = np.arange(len(steps)) + GAP * apart * (np.arange(len(steps)) > 0)
    ax.set_xlim(-0.5, centres[-1] + 0.5)
    _frame(ax, rows, ylabel)
    _colour_bar(ax, drawn, unit, beyond(values, norm))
    _label_columns(ax, centres, steps)
    ax.set_xlabel("step (optimizer updates)")
    return ax


def colour_scale(values: np.ndarray, limits: Limits | None = None) -> tuple[str, Normalize]:
    """The colours of values: their map, and the range that it covers.

    limits: the values that are drawn in the lowest and in the highest colour, so that two
    figures can be compared; None takes the lowest and highest there are. Where the lowest is
    below zero, colours diverge from white at zero, blue below and red above, equally far to both sides.
    Raises ValueError if no value is finite, or if the limits do not ascend.
    """
    finite = np.asarray(values)[np.isfinite(values)]
    if finite.size == 0:
        raise ValueError("No value is finite: there is nothing to draw.")
    low, high = limits or (float(finite.min()), float(finite.max()))
    if limits and low >= high:
        raise ValueError(f"The limits came as {low:g} and {high:g}: the lower one must come first.")
    if low < 0:
        farthest = max(-low, high)
        return "RdBu_r", Normalize(-farthest, farthest)
    return "viridis", Normalize(low, high)


def beyond(values: np.ndarray, norm: Normalize) -> str:
    """Which ends of a colour bar are pointed, since there are values beyond: ``neither``, ``min``, ``max`` or ``both``."""
    below, above = np.nanmin(values) < norm.vmin, np.nanmax(values) > norm.vmax
    return {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[
        bool(below), bool(above)
    ]


def _new_axes(rows: int) -> Axes:
    return plt.subplots(figsize=(6.0, max(2.4, 1.2 + 0.22 * rows)))[1]


def _frame(ax: Axes, rows: Sequence[str], ylabel: str) -> None:
    """Name the rows, the first at the top."""
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.spines[:].set_visible(False)
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(axis="y", length=0)
    ax.set_ylabel(ylabel)


def _colour_bar(ax: Axes, drawn: AxesImage, unit: str, extend: str) -> None:
    bar = ax.figure.colorbar(drawn, ax=ax, label=unit, extend=extend, pad=0.02)
    bar.outline.set_visible(False)


def _label_columns(ax: Axes, centres: np.ndarray, steps: np.ndarray) -> None:
    """Name the first column and the last, and of those between as many as fit."""
    inches = ax.bbox.width / ax.figure.dpi / (centres[-1] + 1)  # a column is wide
    half = np.array([len(step_name(step)) + 1 for step in steps]) * LETTER / inches / 2
    chosen, right = [0], centres[0] + (0.5 if steps[0] == 0 else half[0])
    for column in range(1, len(steps)):
        is_last = column == len(steps) - 1
        fits_before_last = is_last or centres[column] + half[column] <= centres[-1] - half[-1]
        if centres[column] - half[column] >= right and fits_before_last:
            chosen.append(column)
            right = centres[column] + half[column]
    ax.set_xticks(centres[chosen], [step_name(steps[column]) for column in chosen])
    if steps[0] == 0:
        ax.get_xticklabels()[0].set(ha="right")
