"""Curves over optimizer steps, from the untrained network on, over numbers of exemplars, and over anything else.

Axes of steps and of counts are logarithmic, since most happens early. Ink is Matplotlib's own
text colour, so the figures follow ``palette.LIGHT`` and ``palette.DARK``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from dense_keras.figures.axes import chosen_colours, ink, legend_above, step_axis
from dense_keras.figures.palette import mark, part_colours

SIZE = (6.0, 3.4)
"""Width and height in inches of a figure that is made here."""

DASHES = ("-", "--", ":", "-.")

UNTRAINED: dict[str, Any] = {"linestyle": (0, (5, 3)), "linewidth": 0.9}
"""Look of the levels of the untrained network."""

Band = tuple[np.ndarray, np.ndarray]
"""Lowest and highest values, each (points,)."""


def curves_over_steps(
    steps: np.ndarray, curves: Mapping[str, np.ndarray], ax: Axes | None = None, *, untrained: bool = False, **look: Any
) -> Axes:
    """Draw curves against steps, log-spaced, with step 0, the untrained network, at the left edge.

    steps: (snapshots,) ascending from 0. curves: name -> (snapshots,) values; NaN leaves a gap.
    untrained: also draw the value at step 0 of each curve as a dashed level, to compare with.
    look: ``ylabel``, ``colours``, ``bands`` and ``levels`` of ``draw_curves``.
    Returns the axes. Raises ValueError as ``draw_curves`` does, and for a level of the
    untrained network when the first step is another.
    """
    if untrained and steps[0] != 0:
        raise ValueError(
            f"The first step is {steps[0]}, and the untrained network is step 0: leave out untrained=True."
        )
    ax = draw_curves(steps, curves, ax, **look)
    step_axis(ax, np.max(steps))
    if untrained:
        lines = [line for line in ax.get_lines() if line.get_label() in curves]
        for line in lines:
            ax.axhline(line.get_ydata()[0], color=line.get_color(), zorder=1, **UNTRAINED)
        legend_above(ax, [*lines, Line2D([], [], color=ink(), label="untrained", **UNTRAINED)])
    return ax


def curves_over_counts(
    counts: Sequence[int], curves: Mapping[str, np.ndarray], ax: Axes | None = None, **look: Any
) -> Axes:
    """Draw curves against the number of exemplars of each token, on a logarithmic axis with every count marked.

    counts: (counts,) ascending from 1 or more. curves, look, what is returned and what is
    raised: as for ``curves_over_steps``.
    """
    ax = draw_curves(counts, curves, ax, **look)
    ax.set_xscale("log")
    ax.set_xlim(min(counts) / 1.15, max(counts) * 1.15)
    ax.set_xticks(list(counts), [f"{count:,}" for count in counts])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("training exemplars of each token (logarithmic)")
    return ax


def draw_curves(
    positions: Sequence[float] | np.ndarray,
    curves: Mapping[str, np.ndarray],
    ax: Axes | None = None,
    *,
    ylabel: str = "",
    colours: Sequence[str] | None = None,
    bands: Mapping[str, Band] | None = None,
    levels: Mapping[float, str] | None = None,
) -> Axes:
    """Draw curves with a legend above, against positions on a plain axis.

    positions: (points,) ascending. curves: name -> (points,) values; NaN leaves a gap.
    ylabel: what the values are, with their unit. colours: one a curve; None takes those of what is no token.
    bands: name of a curve -> its lowest and highest values, drawn pale behind it.
    levels: value -> name, drawn as dotted lines with the name at the right.
    Returns the axes. Raises ValueError for a curve or band that does not fit the positions,
    for the band of no curve, and for too few colours.
    """
    bands, levels = bands or {}, levels or {}
    _check(len(positions), curves, bands)
    chosen = chosen_colours(colours, len(curves), "curves", part_colours)
    if ax is None:
        ax = plt.subplots(figsize=SIZE)[1]
    for value, name in levels.items():
        ax.axhline(value, color=ink(), linestyle=":", linewidth=0.9, alpha=0.6, zorder=1)
        ax.annotate(name, (1, value), (4, 0), ("axes fraction", "data"), "offset points", fontsize=8, va="center")
    for index, (name, values) in enumerate(curves.items()):
        colour = chosen[index]
        dashes = DASHES[chosen[:index].count(colour) % len(DASHES)]
        if name in bands:
            ax.fill_between(positions, *bands[name], color=colour, alpha=0.2, linewidth=0)
        ax.plot(positions, values, dashes, color=colour, marker=mark(colour), label=name, clip_on=False)
    legend_above(ax)
    ax.set_ylabel(ylabel)
    return ax


def _check(points: int, curves: Mapping[str, np.ndarray], bands: Mapping[str, Band]) -> None:
    unknown = sorted(set(bands) - set(curves))
    if unknown:
        raise ValueError(f"Bands came for {', '.join(unknown)}, but the curves are {', '.join(curves)}.")
    lengths = {name: len(values) for name, values in curves.items()}
    lengths |= {f"the band of {name}": len(edge) for name, band in bands.items() for edge in band}
    for name, length in lengths.items():
        if length != points:
            raise ValueError(f"{name} has {length} values for {points} points: one each is needed.")
