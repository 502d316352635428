"""Bars: in order, as long as their values, with marks where they belong."""

import pytest

from dense_keras.figures.bars import bars

VALUES = {"hair": 0.4, "hair + eyes": 0.6, "nose": 0.35}


def test_bars_are_as_long_as_their_values_and_the_first_is_at_the_top(cut_off):
    ax = bars(VALUES, xlabel="accuracy (share)", levels={0.2: "chance"})
    assert [bar.get_width() for bar in ax.patches] == list(VALUES.values())
    heights = [ax.transData.transform((0, bar.get_y()))[1] for bar in ax.patches]
    assert heights == sorted(heights, reverse=True)
    assert [label.get_text() for label in ax.get_yticklabels()] == list(VALUES)
    assert {"0.40", "0.60", "0.35", "chance"} <= {text.get_text() for text in ax.texts}
    assert cut_off(ax.figure) == []


def test_a_mark_stands_on_the_bar_of_its_name():
    ax = bars(VALUES, marks={"nose": 0.5}, marks_name="ceiling")
    (mark,) = [line for line in ax.get_lines() if len(line.get_xdata()) == 2]
    assert list(mark.get_xdata()) == [0.5, 0.5]
    assert mark.get_ydata().mean() == 2
    assert ax.get_legend().get_texts()[0].get_text() == "ceiling"


def test_a_mark_without_a_bar_is_refused():
    with pytest.raises(ValueError, match="Marks came for ears, but the bars are hair, hair . eyes, nose"):
        bars(VALUES, marks={"ears": 0.5})
