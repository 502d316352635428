"""What several forms have around them: names of steps, an axis of steps, a legend, colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from dense_keras.figures.palette import token_colours

LETTERS = 15.5
"""Letters of a legend that fit on an inch of the axes below it."""

STEP_LABEL = "step (optimizer updates, logarithmic)"


def ink() -> str:
    """The colour of text and lines on the paper that is in use."""
    return matplotlib.rcParams["text.color"]


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
