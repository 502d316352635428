"""Rasters of onsets: when each unit, or coupling, or token began to be something.

Each layer has a band of the same height, in which its items stand in the order of their onsets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from dense_keras.figures.axes import STEP_LABEL, chosen_colours, ink, legend_above, step_axis, step_name
from dense_keras.figures.palette import part_colours

MARKERS = ("o", "s", "^", "D", "v", "P")
"""Shapes of the kinds of onset, in order."""

APART = 3.2
"""Points between marks of different kinds at the same step."""

BAND = 0.9
"""Share of its room that a layer's band takes."""

BEYOND = 0.13
"""Where items stand that never began: so much of the axis behind the last step."""


def onset_raster(
    onsets: Mapping[str, np.ndarray],
    item_layers: Sequence[int] | np.ndarray,
    layers: Sequence[str],
    last_step: int,
    ax: Axes | None = None,
    *,
    colours: Sequence[str] | None = None,
    items: str = "units",
) -> Axes:
    """Draw a mark at the step of each onset, a row an item, sorted by layer and then by onset.

    onsets: kind of onset -> (items,) steps, 0 if it was so in the untrained network, infinite
    if it never began, NaN if the item has no such onset. Items are sorted by the first kind,
    then by the second, and so on. Marks of different kinds at one step stand side by side.
    item_layers: (items,) integers, positions in ``layers``. layers: names, input side first.
    last_step: of the run; what never began stands behind it, hollow.
    colours: one a kind; None takes those of what is no token. items: what they are.
    Returns the axes. Raises ValueError for onsets that do not fit the items or the run.
    """
    item_layers = np.asarray(item_layers)
    onsets = {kind: np.asarray(steps, float) for kind, steps in onsets.items()}
    _check(onsets, item_layers, layers, last_step)
    colours = chosen_colours(colours, len(onsets), "kinds of onset", part_colours)
    if ax is None:
        ax = plt.subplots(figsize=(6.0, max(2.6, 1.2 + 0.42 * len(layers))))[1]
    step_axis(ax, last_step)
    never = _place_of_never(ax, last_step)
    rows = _rows(onsets, item_layers, len(layers))
    sizes = _sizes(ax, item_layers, len(layers))
    for kind, steps in enumerate(onsets.values()):
        known = ~np.isnan(steps)
        if not known.any():
            continue
        beside = ScaledTranslation((kind - (len(onsets) - 1) / 2) * APART / 72, 0, ax.figure.dpi_scale_trans)
        places = np.where(np.isposinf(steps), never, steps)[known]
        fills = np.where(np.isposinf(steps), "none", colours[kind])[known]
        look = {"marker": MARKERS[kind % len(MARKERS)], "transform": ax.transData + beside, "clip_on": False}
        ax.scatter(places, rows[known], sizes[known], fills, edgecolors=colours[kind], linewidths=0.5, **look)
    _frame(ax, item_layers, layers, never, last_step, items)
    legend_above(ax, _handles(onsets, colours))
    return ax


def _handles(onsets: Mapping[str, np.ndarray], colours: Sequence[str]) -> list[Line2D]:
    return [
        Line2D([], [], color=colour, marker=mark, linestyle="", markersize=5, label=kind)
        for kind, colour, mark in zip(onsets, colours, MARKERS * len(onsets))
    ]


def _rows(onsets: Mapping[str, np.ndarray], item_layers: np.ndarray, num_layers: int) -> np.ndarray:
    """(items,) heights: a layer's band is centred on its number, its earliest item at the top."""
    keys = [np.nan_to_num(steps, nan=np.inf) for steps in onsets.values()]
    order = np.lexsort(keys[::-1])
    rows = np.empty(len(item_layers))
    for layer in range(num_layers):
        members = order[item_layers[order] == layer]
        rows[members] = layer + BAND * ((np.arange(len(members)) + 0.5) / max(len(members), 1) - 0.5)
    return rows


def _sizes(ax: Axes, item_layers: np.ndarray, num_layers: int) -> np.ndarray:
    """(items,) areas of marks, in points squared: small where a band holds many items."""
    points = 72 * ax.bbox.height / ax.figure.dpi * BAND / num_layers
    counts = np.bincount(item_layers, minlength=num_layers).clip(1)
    return np.clip(points / counts, 1.7, 4.5)[item_layers] ** 2


def _place_of_never(ax: Axes, last_step: int) -> float:
    to_axis = ax.xaxis.get_transform()
    low, high = to_axis.transform([0.0, max(last_step, 1.0)])
    return float(to_axis.inverted().transform([high + BEYOND * (high - low)])[0])


def _frame(ax: Axes, item_layers: np.ndarray, layers: Sequence[str], never: float, last_step: int, items: str) -> None:
    counts = np.bincount(item_layers, minlength=len(layers))
    ax.set_yticks(range(len(layers)), [f"{name} ({count:,})" for name, count in zip(layers, counts)])
    ax.set_ylim(len(layers) - 0.5, -0.5)
    for layer in range(len(layers) - 1):
        ax.axhline(layer + 0.5, color=ink(), linewidth=0.4, alpha=0.35)
    ticks = [step for step in ax.get_xticks() if step <= last_step]
    ax.set_xticks([*ticks, never], [*map(step_name, ticks), "never"])
    low, high = ax.xaxis.get_transform().transform([max(last_step, 1.0), never])
    edge = float(ax.xaxis.get_transform().inverted().transform([(low + high) / 2])[0])
    ax.axvline(edge, color=ink(), linestyle=":", linewidth=0.9)
    ax.set_xlim(right=never * 1.3)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(STEP_LABEL)
    ax.set_ylabel(f"layer, input side first\n(number of {items})")


def _check(onsets: Mapping[str, np.ndarray], item_layers: np.ndarray, layers: Sequence[str], last_step: int) -> None:
    if not onsets:
        raise ValueError("No kind of onset came: there is nothing to draw.")
    for kind, steps in onsets.items():
        if steps.shape != item_layers.shape:
            raise ValueError(f"{kind} has {steps.size} onsets for {item_layers.size} items: one each is needed.")
        begun = steps[np.isfinite(steps)]
        if begun.size and (begun.min() < 0 or begun.max() > last_step):
            raise ValueError(
                f"{kind} has onsets from step {begun.min():,.0f} to {begun.max():,.0f}, but the run goes from 0 to "
                f"{last_step:,}. An item that never began has an infinite onset."
            )
    if item_layers.size and not 0 <= item_layers.min() <= item_layers.max() < len(layers):
        raise ValueError(
            f"Items are of layers {item_layers.min()} to {item_layers.max()}, but there are {len(layers)} layers."
        )
