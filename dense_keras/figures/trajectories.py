"""Trajectories in a plane: where the tokens go, from the untrained network on."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D

from dense_keras.figures.axes import chosen_colours, ink, legend_above, step_name
from dense_keras.measures.arguments import checked_steps

FAINTEST = 0.3
"""Opacity of a trail where it begins; it is 1 where it ends."""


def trajectories(
    positions: np.ndarray,
    steps: Sequence[int] | np.ndarray,
    names: Sequence[str],
    ax: Axes | None = None,
    *,
    colours: Sequence[str] | None = None,
    xlabel: str = "",
    ylabel: str = "",
) -> Axes:
    """Draw a trail for each token, faint where it begins, hollow at the first snapshot and filled at the last.

    Both axes have the same scale, so that distances can be compared.
    positions: (snapshots, tokens, 2) float, for example aligned principal components of token means.
    steps: (snapshots,) ascending. names: one a token. colours: one a token; None takes the tokens'.
    xlabel, ylabel: what the plane's axes are, with their unit.
    Returns the axes. Raises ValueError for positions that do not fit the steps and names.
    """
    positions = np.asarray(positions, float)
    if positions.ndim != 3 or positions.shape[1:] != (len(names), 2):
        raise ValueError(
            f"Positions came with shape {positions.shape} for {len(names)} names: they must be "
            f"(snapshots, {len(names)}, 2)."
        )
    steps = checked_steps(steps, len(positions))
    colours = chosen_colours(colours, len(names), "tokens")
    if ax is None:
        ax = plt.subplots(figsize=(6.0, 4.6))[1]
    paper = matplotlib.rcParams["axes.facecolor"]
    opacity = np.linspace(FAINTEST, 1, len(steps))
    for token, colour in enumerate(colours[: len(names)]):
        trail = positions[:, token]
        pieces = np.stack([trail[:-1], trail[1:]], axis=1)
        faded = [to_rgba(colour, share) for share in opacity]
        ax.add_collection(LineCollection(pieces, colors=faded[1:], linewidths=1.6, capstyle="round"))
        ax.scatter(*trail[1:-1].T, s=7, c=faded[1:-1], linewidths=0)
        ax.scatter(*trail[0], s=36, facecolors=paper, edgecolors=colour, linewidths=1.4, zorder=3)
        ax.scatter(*trail[-1], s=52, color=colour, edgecolors=paper, linewidths=0.8, zorder=4)
    ax.set_aspect("equal", adjustable="datalim")
    ax.margins(0.06)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    legend_above(ax, _handles(names, colours, steps))
    return ax


def _handles(names: Sequence[str], colours: Sequence[str], steps: np.ndarray) -> list[Line2D]:
    ends = [(_end_name(steps[0]), "none"), (_end_name(steps[-1]), ink())]
    return [
        *(Line2D([], [], color=colour, label=name) for name, colour in zip(names, colours)),
        *(
            Line2D([], [], color=ink(), linestyle="", marker="o", markersize=6, markerfacecolor=fill, label=name)
            for name, fill in ends
        ),
    ]


def _end_name(step: int) -> str:
    return step_name(step) if step == 0 else f"step {step_name(step)}"
