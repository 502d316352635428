"""Colours: a token keeps its colour in every figure, on light and on dark paper.

The hues are those of Okabe and Ito, which people with any of the common kinds of colour
blindness tell apart. Their yellow is left out, because it is too pale on white, and so is
black, which is invisible on dark paper.
Source: M. Okabe and K. Ito, "Color Universal Design", 2002, https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Blue, vermillion, green, purple, orange, sky blue."""

_COMMON = {
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.constrained_layout.use": True,
    "lines.linewidth": 1.6,
    "lines.markersize": 3.5,
    "savefig.dpi": 150.0,
}


def _paper(paper: str, ink: str) -> dict[str, object]:
    inked = ("text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color")
    return _COMMON | dict.fromkeys(inked, ink) | dict.fromkeys(("figure.facecolor", "axes.facecolor"), paper)


LIGHT = _paper("#ffffff", "#222222")
"""Settings for ``matplotlib.rc_context`` or ``rcParams.update``: dark ink on white."""

DARK = _paper("#16181d", "#e6e6e6")
"""The same, light ink on nearly black."""


def token_colours(num_tokens: int) -> list[str]:
    """A colour for each token, the same whatever their number; from the seventh on they come again."""
    return [COLOURS[token % len(COLOURS)] for token in range(num_tokens)]
