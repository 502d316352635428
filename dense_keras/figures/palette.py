"""Colours: a token keeps its colour in every figure, and so does a part, on light and on dark paper.

The hues of tokens are those of Okabe and Ito, which people with any of the common kinds of colour
blindness tell apart. Their yellow is left out, because it is too pale on white, and so is
black, which is invisible on dark paper.
Source: M. Okabe and K. Ito, "Color Universal Design", 2002, https://jfly.uni-koeln.de/color/.

Parts, and all else that is no token, have hues of their own, searched for by us: as far from the
tokens' and from one another as could be had for any of these eyes. Their marks have corners.
"""

from __future__ import annotations

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Blue, vermillion, green, purple, orange, sky blue: of tokens."""

PART_COLOURS = ("#C30F2D", "#7887FF", "#96B45A", "#A500FF", "#3C6969")
"""Crimson, periwinkle, olive, violet, slate: of parts, in their order, and of other things that are no tokens."""

GRAY = "#8C8C8C"
"""Of what stands beside for comparison."""

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


def part_colours(num_parts: int) -> list[str]:
    """A colour for each part, or other thing that is no token; from the sixth on they come again."""
    return [PART_COLOURS[part % len(PART_COLOURS)] for part in range(num_parts)]


def mark(colour: str) -> str:
    """Matplotlib's marker of a colour: a square if it is a part's, else a disc."""
    return "s" if colour in PART_COLOURS else "o"
