"""What several forms have around them: names of steps, an axis of steps, a legend, colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.ticker import FuncFormatter, NullLocator

from dense_keras.figures.palette import token_colours

LETTERS = 15.5
"""Letters of a legend that fit on an inch of the axes below it."""

READABLE = 4.5
"""Contrast from which small text can be read."""

STEP_LABEL = "step (optimizer updates, logarithmic)"


def ink() -> str:
    """The colour of text and lines on the paper that is in use."""
    return matplotlib.rcParams["text.color"]


def readable(colour: str) -> str:
    """A colour for small text: as much ink in it as it takes to be read on the paper that is in use.

    That is a contrast of 4.5 or more, as the Web Content Accessibility Guidelines 2.1 ask.
    """
    paper = _luminance(matplotlib.rcParams["axes.facecolor"])
    own, full = (np.array(to_rgb(each)) for each in (colour, ink()))
    mixed = (own + share * (full - own) for share in np.linspace(0, 1, 21))
    return next((to_hex(each) for each in mixed if _contrast(_luminance(each), paper) >= READABLE), ink())


def _contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def _luminance(colour: Any) -> float:
    """Relative luminance, 0..1, of WCAG 2.1."""
    values = np.array(to_rgb(colour))
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def step_name(step: float) -> str:
    """``untrained`` for step 0, else its number with the thousands apart."""
    return "untrained" if step == 0 else f"{step:,.0f}"


def chosen_colours(
    colours: Sequence[str] | None, number: int, what: str, usual: Callable[[int], list[str]] = token_colours
) -> list[str]:
    """A colour for each of so many tokens, curves or the like; None takes the usual ones.

    usual: ``token_colours``, or ``part_colours`` for what is no token.
    Raises ValueError for fewer colours than that.
    """
    chosen = list(colours or usual(number))
    if len(chosen) < number:
        raise ValueError(f"{number} {what} came with {len(chosen)} colours: one each is needed.")
    return chosen


def step_axis(ax: Axes, last: float) -> None:
    """Make x a logarithmic axis of steps, from 0, the untrained network, at the left edge to the last step."""
    last = max(float(last), 1.0)
    ax.set_xscale("symlog", linthresh=1.0, linscale=0.5)
    ax.set_xlim(-0.08, last * 1.15)
    ax.set_xticks([0.0, *(10.0**power for power in range(int(np.log10(last)) + 1))])
    ax.xaxis.set_major_formatter(FuncFormatter(lambda step, _: step_name(step)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel(STEP_LABEL)


def legend_above(ax: Axes, handles: Sequence[Artist] | None = None) -> None:
    """Put a legend above the axes, in as many columns as fit. handles: None takes all that have a label."""
    handles = list(handles or ax.get_legend_handles_labels()[0])
    widths = [len(str(handle.get_label())) + 6 for handle in handles]  # with the piece of line before the name
    letters = int(LETTERS * ax.bbox.width / ax.figure.dpi)
    columns = len(widths) if sum(widths) <= letters else max(1, letters // max(widths))
    ax.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, frameon=False, borderaxespad=0.2
    )
