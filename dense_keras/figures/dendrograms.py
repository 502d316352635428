"""Dendrograms: which tokens are near one another, and from which distance on they are one group."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from dense_keras.figures.axes import chosen_colours, ink, readable
from dense_keras.figures.film_strips import Strip, film_strip
from dense_keras.measures.arguments import checked_steps


def dendrogram(
    linkage: np.ndarray,
    names: Sequence[str],
    ax: Axes | None = None,
    *,
    colours: Sequence[str] | None = None,
    distance: str = "distance",
    farthest: float | None = None,
) -> Axes:
    """Draw a tree that grows to the right, its leaves named at the left.

    Leaves keep their order as far as the tree allows, so that trees can be compared.
    linkage: (leaves - 1, 4) float, of ``scipy.cluster.hierarchy.linkage``. names: one a leaf.
    colours: one a leaf; None takes the tokens'. distance: what the linkage's distances are, with their unit.
    farthest: right end of the axis; None takes the last join.
    Returns the axes. Raises ValueError for names or colours that do not fit the tree.
    """
    linkage = np.asarray(linkage, float)
    _check(linkage, names)
    colours = chosen_colours(colours, len(names), "leaves")
    leaves = len(names)
    places = _places(linkage)
    if ax is None:
        ax = plt.subplots(figsize=(6.0, 0.9 + 0.28 * leaves))[1]
    for first, second, height, _ in linkage:
        for child in (int(first), int(second)):
            begin = 0.0 if child < leaves else linkage[child - leaves, 2]
            paint, width = (colours[child], 2.4) if child < leaves else (ink(), 1.2)
            ax.plot([begin, height], [places[child]] * 2, color=paint, linewidth=width, solid_capstyle="butt")
        ax.plot([height] * 2, [places[int(first)], places[int(second)]], color=ink(), linewidth=1.2)
    order = np.argsort(places[:leaves])
    ax.set_yticks(range(leaves), [names[leaf] for leaf in order])
    for label, leaf in zip(ax.get_yticklabels(), order, strict=True):
        label.set_color(readable(colours[leaf]))
    ax.set_ylim(leaves - 0.5, -0.5)
    ax.set_xlim(0, 1.05 * (farthest or linkage[:, 2].max() or 1.0))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(distance)
    return ax


def dendrogram_film(
    linkages: Sequence[np.ndarray],
    steps: Sequence[int] | np.ndarray,
    names: Sequence[str],
    figure: Strip | None = None,
    *,
    colours: Sequence[str] | None = None,
    distance: str = "distance",
) -> list[Axes]:
    """Draw the tree of each snapshot, all on the same axis of distance.

    linkages: a linkage a snapshot. For the other arguments see ``dendrogram``.
    Returns the axes of the panels. Raises ValueError as ``dendrogram`` does, and for steps that do not fit.
    """
    steps = checked_steps(steps, len(linkages))
    farthest = max(float(np.max(np.asarray(linkage)[:, 2])) for linkage in linkages)

    def draw(ax: Axes, position: int) -> None:
        dendrogram(linkages[position], names, ax, colours=colours, distance="", farthest=farthest)

    panels = film_strip(draw, steps, figure, most_columns=4)
    panels[0].figure.supxlabel(distance, size=9)
    return panels


def _places(linkage: np.ndarray) -> np.ndarray:
    """(leaves and joins,) heights on the page: leaves 0, 1, ... from the top, each join amid its two sides."""
    leaves = len(linkage) + 1
    groups = [[leaf] for leaf in range(leaves)]
    for first, second in linkage[:, :2].astype(int):
        upper, lower = sorted((groups[first], groups[second]), key=min)
        groups.append(upper + lower)
    places = np.empty(len(groups))
    places[groups[-1]] = np.arange(leaves)
    for joined, (first, second) in enumerate(linkage[:, :2].astype(int), start=leaves):
        places[joined] = (places[first] + places[second]) / 2
    return places


def _check(linkage: np.ndarray, names: Sequence[str]) -> None:
    if linkage.ndim != 2 or linkage.shape[1] != 4:
        raise ValueError(
            f"The linkage came with shape {linkage.shape}: it must be (leaves - 1, 4), as "
            "scipy.cluster.hierarchy.linkage returns it."
        )
    if len(linkage) + 1 != len(names):
        raise ValueError(
            f"The linkage joins {len(linkage) + 1} leaves, but {len(names)} names came: one each is needed."
        )
