"""Bars: one number for each of a few named things."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from dense_keras.figures.palette import COLOURS


def bars(
    values: Mapping[str, float],
    ax: Axes | None = None,
    *,
    xlabel: str = "",
    marks: Mapping[str, float] | None = None,
    marks_name: str = "",
    levels: Mapping[float, str] | None = None,
) -> Axes:
    """Draw a horizontal bar for each value, the first at the top, with its number beside it.

    values: name -> length of its bar, to the left below 0; NaN has none, and a dash for its number.
    xlabel: what the values are, with their unit.
    marks: name -> a second value, drawn as a short line across the bar; its number stands behind a
    short line, too. marks_name: for the legend.
    levels: value -> name, drawn as dotted lines with the name above.
    Returns the axes. Raises ValueError for marks of names that have no bar.
    """
    marks, levels = marks or {}, levels or {}
    unknown = sorted(set(marks) - set(values))
    if unknown:
        raise ValueError(f"Marks came for {', '.join(unknown)}, but the bars are {', '.join(values)}.")
    if ax is None:
        ax = plt.subplots(figsize=(6.0, 1.0 + 0.26 * len(values)))[1]
    ink = matplotlib.rcParams["text.color"]
    on_paper = {"facecolor": matplotlib.rcParams["axes.facecolor"], "linewidth": 0, "pad": 0.5}
    places = {name: place for place, name in enumerate(values)}
    ax.barh(list(places.values()), list(values.values()), height=0.62, color=COLOURS[5])
    if any(value < 0 for value in values.values()):
        ax.axvline(0, color=ink, linewidth=0.6)
    for name, value in values.items():
        numbers = [value, marks[name]] if name in marks else [value]
        words = " | ".join("–" if np.isnan(number) else f"{round(number, 2) + 0:.2f}" for number in numbers)
        end = float(np.nanmax([0.0, *numbers]))
        look = {"textcoords": "offset points", "fontsize": 8, "va": "center", "bbox": on_paper}
        ax.annotate(words, (end, places[name]), (5, 0), **look)
    for name, mark in marks.items():
        ax.plot([mark] * 2, [places[name] - 0.42, places[name] + 0.42], color=ink, linewidth=2)
    for value, name in levels.items():
        ax.axvline(value, color=ink, linestyle=":", linewidth=0.9)
        ax.annotate(name, (value, 1), (0, 3), ("data", "axes fraction"), "offset points", fontsize=8, ha="center")
    if marks:
        ax.plot([], [], color=ink, linewidth=2, label=marks_name)
        beyond = 1.6 if levels else 0.2  # above the levels' names
        ax.legend(loc="lower right", bbox_to_anchor=(1, 1.0), frameon=False, borderaxespad=beyond)
    ax.set_yticks(list(places.values()), list(places))
    ax.invert_yaxis()
    ax.margins(y=0.02)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(xlabel)
    return ax
