"""Layered graphs: a column of units for each layer, coloured by what they prefer, and the strongest couplings between.

Units of a layer are sorted by what they prefer, and among those that prefer the same by where
their couplings come from, so that lines cross less. Only a few units and couplings are seen
well on paper: the figure says how many of how many it shows.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dense_keras.figures.axes import chosen_colours, ink, legend_above
from dense_keras.figures.film_strips import film_strip
from dense_keras.figures.palette import COLOURS, GRAY, mark
from dense_keras.measures.arguments import checked_steps

NONE = GRAY
"""Colour of units that prefer nothing."""

NEGATIVE = COLOURS[5]
"""Colour of negative couplings; positive ones are drawn in ink."""

BETWEEN = 0.8
"""Room between units that prefer different things, in units."""

FILM_COLUMNS, FILM_HEIGHT = 2, 2.3
"""Panels in a row of a film, and inches of a row."""

BEND = (1 - np.cos(np.linspace(0, np.pi, 24))) / 2
"""How far a line has come from one unit's height to the other's."""


def layered_graph(
    couplings: Sequence[np.ndarray],
    preferences: Sequence[np.ndarray],
    layers: Sequence[str],
    names: Sequence[str],
    ax: Axes | None = None,
    *,
    colours: Sequence[str] | None = None,
    most_units: int = 30,
    most_couplings: int = 40,
    legend: bool = True,
) -> Axes:
    """Draw units as dots (squares in colours of parts), a column a layer, and the strongest couplings of neighbouring layers as lines.

    couplings: for each pair of neighbouring layers (units in, units out) float, 0 for none.
    preferences: for each layer (units,) integers, the position in ``names`` of what a unit
    prefers, -1 for nothing. layers: their names, input side first.
    names: of tokens or parts. colours: one a name; None takes the tokens'.
    most_units: dots in a column, those with the strongest couplings.
    most_couplings: lines between two columns, the strongest among the units shown. A line's
    thickness is its coupling over the strongest of the same two layers, its colour the sign.
    legend: of colours above, and below how many units and couplings are shown; a panel that has them
    elsewhere needs neither.
    Returns the axes. Raises ValueError for couplings or preferences that do not fit each other, and for NaN.
    """
    couplings, preferences = [np.asarray(each) for each in couplings], [np.asarray(each) for each in preferences]
    _check(couplings, preferences, layers, names)
    colours = chosen_colours(colours, len(names), "names")
    relative = [np.abs(matrix) / (np.abs(matrix).max(initial=0) or 1) for matrix in couplings]
    shown = _strongest_units(relative, preferences, most_units)
    drawn = [
        _strongest_couplings(strengths, shown[layer], shown[layer + 1], most_couplings)
        for layer, strengths in enumerate(relative)
    ]
    heights = _heights(shown, preferences, drawn)
    if ax is None:
        ax = plt.subplots(figsize=(6.0, 4.6))[1]
    for layer, pairs in enumerate(drawn):
        if len(pairs):
            ax.add_collection(_lines(layer, pairs, heights, couplings[layer], relative[layer]))
    for layer, units in enumerate(shown):
        paints = np.array([colours[kind] if kind >= 0 else NONE for kind in preferences[layer][units]])
        places = np.array([heights[layer][unit] for unit in units])
        marks = np.array([mark(paint) for paint in paints])
        for shape in np.unique(marks):
            own = marks == shape
            look = {"marker": shape, "edgecolors": _paper(), "linewidths": 0.6, "zorder": 3}
            ax.scatter(np.full(own.sum(), layer), places[own], s=26, c=paints[own], **look)
    if not legend:
        _label_layers(ax, layers)
        return ax
    _label_layers(ax, layers, [_of(len(few), len(units)) for few, units in zip(shown, preferences)])
    lines = _of(sum(map(len, drawn)), sum(map(np.count_nonzero, couplings)))
    ax.set_xlabel(
        f"layer, input side first, with the units shown\n{lines} couplings, thicker where stronger", fontsize=8
    )
    nothing = any(np.any(preferences[layer][units] < 0) for layer, units in enumerate(shown))
    legend_above(ax, _handles(names, colours, nothing))
    return ax


def layered_graph_film(
    couplings: Sequence[Sequence[np.ndarray]],
    preferences: Sequence[Sequence[np.ndarray]],
    steps: Sequence[int] | np.ndarray,
    layers: Sequence[str],
    names: Sequence[str],
    figure: Figure | None = None,
    *,
    colours: Sequence[str] | None = None,
    most_units: int = 16,
    most_couplings: int = 16,
) -> list[Axes]:
    """Draw the graph of each snapshot, with one legend for all above the figure.

    couplings, preferences: what ``layered_graph`` takes, a snapshot. steps: (snapshots,) ascending.
    For the other arguments see there. figure: None makes one with two panels in a row.
    Returns the axes of the panels. Raises ValueError as ``layered_graph`` does, and for steps that do not fit.
    """
    for snapshots in (couplings, preferences):
        steps = checked_steps(steps, len(snapshots))
    colours = chosen_colours(colours, len(names), "names")

    def draw(ax: Axes, position: int) -> None:
        given = (couplings[position], preferences[position], layers, names, ax)
        layered_graph(*given, colours=colours, most_units=most_units, most_couplings=most_couplings, legend=False)

    rows = -(-len(steps) // FILM_COLUMNS)
    figure = figure or plt.figure(figsize=(6.0, 0.5 + rows * FILM_HEIGHT), layout="constrained")
    panels = film_strip(draw, steps, figure, most_columns=FILM_COLUMNS)
    nothing = any(np.any(np.asarray(units) < 0) for of_step in preferences for units in of_step)
    handles = _handles(names, colours, nothing)
    figure.legend(handles=handles, loc="outside upper left", ncols=4, frameon=False)
    return panels


def _strongest_units(relative: Sequence[np.ndarray], preferences: Sequence[np.ndarray], most: int) -> list[np.ndarray]:
    """For each layer the units with the strongest single coupling to either side, ascending."""
    chosen = []
    for layer, units in enumerate(preferences):
        strength = np.zeros(len(units))
        if layer > 0:
            strength = np.maximum(strength, relative[layer - 1].max(axis=0))
        if layer < len(relative):
            strength = np.maximum(strength, relative[layer].max(axis=1))
        chosen.append(np.sort(np.argsort(-strength, kind="stable")[:most]))
    return chosen


def _strongest_couplings(strengths: np.ndarray, units_in: np.ndarray, units_out: np.ndarray, most: int) -> np.ndarray:
    """(couplings, 2) units in and out of the strongest couplings among those shown, weakest first."""
    among = strengths[np.ix_(units_in, units_out)]
    order = np.argsort(-among, axis=None, kind="stable")[: min(most, np.count_nonzero(among))][::-1]
    rows, columns = np.unravel_index(order, among.shape)
    return np.stack([units_in[rows], units_out[columns]], axis=1)


def _heights(
    shown: Sequence[np.ndarray], preferences: Sequence[np.ndarray], drawn: Sequence[np.ndarray]
) -> list[dict[int, float]]:
    """For each layer unit -> height, 0 at the top and 1 at the bottom."""
    heights: list[dict[int, float]] = []
    for layer, units in enumerate(shown):
        kinds = np.where(preferences[layer][units] < 0, np.iinfo(np.int64).max, preferences[layer][units])
        origins = np.full(len(units), 0.5)
        if layer > 0:
            pairs = drawn[layer - 1]
            for place, unit in enumerate(units):
                before = [heights[-1][other] for other in pairs[pairs[:, 1] == unit, 0]]
                origins[place] = np.mean(before) if before else 0.5
        order = np.lexsort([units, origins, kinds])
        places = np.arange(len(units)) + BETWEEN * np.cumsum(np.diff(kinds[order], prepend=kinds[order][:1]) != 0)
        places = places / places[-1] if len(units) > 1 else np.array([0.5])
        heights.append(dict(zip(units[order].tolist(), places.tolist(), strict=True)))
    return heights


def _lines(
    layer: int, pairs: np.ndarray, heights: list[dict[int, float]], coupling: np.ndarray, relative: np.ndarray
) -> LineCollection:
    across = layer + np.linspace(0, 1, len(BEND))
    begins = np.array([heights[layer][unit] for unit in pairs[:, 0]])[:, np.newaxis]
    ends = np.array([heights[layer + 1][unit] for unit in pairs[:, 1]])[:, np.newaxis]
    down = begins + (ends - begins) * BEND
    strengths = relative[pairs[:, 0], pairs[:, 1]]
    signs = coupling[pairs[:, 0], pairs[:, 1]] < 0
    paints = [to_rgba(NEGATIVE if sign else ink(), 0.2 + 0.7 * share) for sign, share in zip(signs, strengths)]
    segments = np.stack([np.broadcast_to(across, down.shape), down], axis=2)
    return LineCollection(segments, colors=paints, linewidths=0.3 + 1.9 * strengths, zorder=2)


def _of(few: int, many: int) -> str:
    return f"all {many:,}" if few == many else f"{few:,} of {many:,}"


def _label_layers(ax: Axes, layers: Sequence[str], counts: Sequence[str] | None = None) -> None:
    """Name the columns of units, slanted where they are narrow: in the panels of a film, or where there are many."""
    narrow = counts is None or sum(max(len(layer), len(count)) + 2 for layer, count in zip(layers, counts)) > 64
    between = "  " if narrow else "\n"
    labels = [between.join(words) for words in zip(layers, *([counts] if counts else []))]
    slanted = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if narrow else {}
    ax.set_xticks(range(len(layers)), labels, fontsize=8 if counts else 7, **slanted)
    ax.set_xlim(-0.3, len(layers) - 0.7)
    ax.set_ylim(1.03, -0.03)
    ax.set_yticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _handles(names: Sequence[str], colours: Sequence[str], nothing: bool) -> list[Line2D]:
    """Of a legend of what units prefer and of the sign of couplings."""
    dots = dict(zip(names, colours)) | ({"nothing": NONE} if nothing else {})
    signs = {"coupling +": ink(), "coupling −": NEGATIVE}
    return [
        *(
            Line2D([], [], color=colour, marker=mark(colour), linestyle="", markersize=6, label=name)
            for name, colour in dots.items()
        ),
        *(Line2D([], [], color=signs[name], label=name) for name in signs),
    ]


def _paper() -> str:
    return matplotlib.rcParams["axes.facecolor"]


def _check(
    couplings: Sequence[np.ndarray], preferences: Sequence[np.ndarray], layers: Sequence[str], names: Sequence[str]
) -> None:
    if len(preferences) != len(layers) or len(couplings) != len(layers) - 1:
        raise ValueError(
            f"{len(layers)} layers came with {len(preferences)} arrays of preferences and {len(couplings)} of "
            f"couplings: {len(layers)} and {len(layers) - 1} are needed."
        )
    for layer, units in enumerate(preferences):
        if np.max(units) >= len(names):
            raise ValueError(
                f"A unit of {layers[layer]} prefers number {np.max(units)}, but there are {len(names)} names."
            )
    for layer, matrix in enumerate(couplings):
        expected = (len(preferences[layer]), len(preferences[layer + 1]))
        if np.shape(matrix) != expected:
            raise ValueError(
                f"The couplings of {layers[layer]} and {layers[layer + 1]} came with shape {np.shape(matrix)}: "
                f"their units are {expected[0]} and {expected[1]}."
            )
        if not np.isfinite(matrix).all():
            raise ValueError(f"The couplings of {layers[layer]} and {layers[layer + 1]} hold NaN or infinite values.")
