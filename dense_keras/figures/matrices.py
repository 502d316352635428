"""Matrices: exemplars by units as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from dense_keras.figures.axes import chosen_colours, readable


def activation_matrix(
    activations: np.ndarray,
    tokens: np.ndarray,
    token_names: Sequence[str],
    ax: Axes | None = None,
    *,
    colours: Sequence[str] | None = None,
    highest: float | None = None,
) -> Axes:
    """Draw activations, a row an exemplar and a column a unit, in the order given, with tokens named at the left.

    activations: (exemplars, units) float. tokens: (exemplars,) integers, all of a token side by side.
    colours: of the names; None takes the tokens'.
    highest: activation that is drawn in full colour, so that two matrices can be compared;
    larger ones look the same. None takes the largest. Below zero looks like zero.
    Returns the axes. Raises ValueError if the exemplars of a token lie apart.
    """
    tokens = np.asarray(tokens)
    edges = np.flatnonzero(np.diff(tokens)) + 1
    present = tokens[np.concatenate([[0], edges])]
    if len(set(present.tolist())) < len(present):
        raise ValueError("Exemplars of a token lie apart: sort them first, with numpy.argsort(tokens, kind='stable').")
    if ax is None:
        ax = plt.subplots(figsize=(6.0, 3.4))[1]
    drawn = ax.imshow(activations, cmap="magma", vmin=0, vmax=highest, aspect="auto", interpolation="nearest")
    for edge in edges:
        ax.axhline(edge - 0.5, color="white", linewidth=0.8)
    bounds = np.concatenate([[0], edges, [len(tokens)]])
    ax.set_yticks((bounds[1:] + bounds[:-1] - 1) / 2, [token_names[token] for token in present])
    colours = chosen_colours(colours, len(token_names), "names")
    for label, token in zip(ax.get_yticklabels(), present, strict=True):
        label.set_color(readable(colours[token]))
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("unit")
    bar = ax.figure.colorbar(drawn, ax=ax, extend="max" if highest is not None else "neither")
    bar.set_label("activation", color=matplotlib.rcParams["text.color"])
    return ax
