"""Texts of a figure that lie on one another."""

from itertools import combinations

from matplotlib.axes import Axes
from matplotlib.text import Text


def overlapping(figure, slack=1.0):
    """Pairs of texts whose boxes overlap by more than ``slack`` pixels in both directions.

    Slanted texts are left out, since their boxes overlap where they do not.
    """
    figure.canvas.draw()
    hidden = {label for ax in figure.findobj(Axes) for label in _hidden_labels(ax)}
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    straight = [text for text in texts if text not in hidden and text.get_rotation() % 90 == 0]
    boxes = [(text.get_text(), text.get_window_extent()) for text in straight]
    return [
        (name, other)
        for (name, box), (other, around) in combinations(boxes, 2)
        if min(box.x1, around.x1) - max(box.x0, around.x0) > slack
        and min(box.y1, around.y1) - max(box.y0, around.y0) > slack
    ]


def _hidden_labels(ax):
    """Labels of ticks outside an axis, which Matplotlib keeps and does not draw."""
    for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
            if not min(limits) <= tick.get_loc() <= max(limits):
                yield from (tick.label1, tick.label2)
