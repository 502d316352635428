"""Curves over optimizer steps, from the untrained network on, and over numbers of exemplars.

Both axes are logarithmic, since most happens early. Ink is Matplotlib's own text colour,
so the figures follow ``palette.LIGHT`` and ``palette.DARK``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from dense_keras.figures.palette import COLOURS

SIZE = (6.0, 3.4)
"""Width and height in inches of a figure that is made here."""

LETTERS = 72
"""Letters in a line of a legend, as far as they fit."""

DASHES = ("-", "--", ":", "-.")

Band = tuple[np.ndarray, np.ndarray]
"""Lowest and highest values, each (points,)."""


def curves_over_steps(
    steps: np.ndarray,
    curves: Mapping[str, np.ndarray],
    ax: Axes | None = None,
    *,
    ylabel: str = "",
    colours: Sequence[str] | None = None,
    bands: Mapping[str, Band] | None = None,
    levels: Mapping[float, str] | None = None,
) -> Axes:
    """Draw curves against steps, log-spaced, with step 0, the untrained network, at the left edge.

    steps: (snapshots,) ascending from 0. curves: name -> (snapshots,) values; NaN leaves a gap.
    ylabel: what the values are, with their unit. colours: one a curve; None takes the palette's.
    bands: name of a curve -> its lowest and highest values, drawn pale behind it.
    levels: value -> name, drawn as dotted lines with the name at the right.
    Returns the axes. Raises ValueError for a curve or band that does not fit the steps.
    """
    ax = _axes(ax)
    _draw(ax, np.asarray(steps), curves, colours, bands or {}, levels or {})
    last = max(float(np.max(steps)), 1.0)
    ax.set_xscale("symlog", linthresh=1.0, linscale=0.5)
    ax.set_xlim(-0.08, last * 1.15)
    ax.set_xticks([0.0, *(10.0**power for power in range(int(np.log10(last)) + 1))])
    ax.xaxis.set_major_formatter(FuncFormatter(lambda step, _: "untrained" if step == 0 else f"{step:,.0f}"))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("step (optimizer updates, logarithmic)")
    ax.set_ylabel(ylabel)
    return ax


def curves_over_counts(
    counts: Sequence[int],
    curves: Mapping[str, np.ndarray],
    ax: Axes | None = None,
    *,
    ylabel: str = "",
    colours: Sequence[str] | None = None,
    bands: Mapping[str, Band] | None = None,
    levels: Mapping[float, str] | None = None,
) -> Axes:
    """Draw curves against the number of exemplars of each token, on a logarithmic axis with every count marked.

    counts: (counts,) ascending from 1 or more. For the other arguments, what is returned
    and what is raised see ``curves_over_steps``.
    """
    ax = _axes(ax)
    _draw(ax, np.asarray(counts), curves, colours, bands or {}, levels or {})
    ax.set_xscale("log")
    ax.set_xlim(min(counts) / 1.15, max(counts) * 1.15)
    ax.set_xticks(list(counts), [f"{count:,}" for count in counts])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("training exemplars of each token (logarithmic)")
    ax.set_ylabel(ylabel)
    return ax


def _axes(ax: Axes | None) -> Axes:
    return plt.subplots(figsize=SIZE)[1] if ax is None else ax


def _draw(
    ax: Axes,
    positions: np.ndarray,
    curves: Mapping[str, np.ndarray],
    colours: Sequence[str] | None,
    bands: Mapping[str, Band],
    levels: Mapping[float, str],
) -> None:
    _check(positions, curves, bands)
    chosen = list(colours or [COLOURS[index % len(COLOURS)] for index in range(len(curves))])
    if len(chosen) < len(curves):
        raise ValueError(f"{len(curves)} curves came with {len(chosen)} colours: one each is needed.")
    ink = matplotlib.rcParams["text.color"]
    for value, name in levels.items():
        ax.axhline(value, color=ink, linestyle=":", linewidth=0.9, alpha=0.6, zorder=1)
        ax.annotate(name, (1, value), (4, 0), ("axes fraction", "data"), "offset points", fontsize=8, va="center")
    for index, (name, values) in enumerate(curves.items()):
        colour = chosen[index]
        dashes = DASHES[chosen[:index].count(colour) % len(DASHES)]
        if name in bands:
            ax.fill_between(positions, *bands[name], color=colour, alpha=0.2, linewidth=0)
        ax.plot(positions, values, dashes, color=colour, marker="o", label=name, clip_on=False)
    widths = [len(name) + 6 for name in curves]  # with the piece of line before the name
    columns = len(widths) if sum(widths) <= LETTERS else max(1, LETTERS // max(widths))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, frameon=False, borderaxespad=0.2)


def _check(positions: np.ndarray, curves: Mapping[str, np.ndarray], bands: Mapping[str, Band]) -> None:
    unknown = sorted(set(bands) - set(curves))
    if unknown:
        raise ValueError(f"Bands came for {', '.join(unknown)}, but the curves are {', '.join(curves)}.")
    lengths = {name: len(values) for name, values in curves.items()}
    lengths |= {f"the band of {name}": len(edge) for name, band in bands.items() for edge in band}
    for name, length in lengths.items():
        if length != len(positions):
            raise ValueError(f"{name} has {length} values for {len(positions)} points: one each is needed.")
