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


def written(ax):
    """Number beside each bar, from the top, and where it begins."""
    texts = sorted((text for text in ax.texts if text.get_text() != "chance"), key=lambda text: text.xy[1])
    return [(text.get_text(), text.xy[0]) for text in texts]


def test_both_numbers_stand_beyond_bar_and_mark():
    ax = bars(VALUES, marks={"hair": 0.7, "nose": 0.1}, marks_name="ceiling")
    assert written(ax) == [("0.40 | 0.70", 0.7), ("0.60", 0.6), ("0.35 | 0.10", 0.35)]


def test_bars_below_zero_go_to_the_left_and_their_numbers_stand_at_the_right(cut_off):
    ax = bars(
        {"up": 0.5, "down": -0.25, "unknown": float("nan")}, marks={"down": -0.1, "unknown": 0.2}, marks_name="mark"
    )
    assert [bar.get_width() for bar in ax.patches][:2] == [0.5, -0.25]
    assert written(ax) == [("0.50", 0.5), ("-0.25 | -0.10", 0), ("– | 0.20", 0.2)]
    assert written(bars({"hardly": -1e-9})) == [("0.00", 0)]
    zero = [line for line in ax.get_lines() if list(line.get_xdata()) == [0, 0]]
    assert len(zero) == 1 and ax.get_xlim()[0] < -0.25
    assert len([line for line in bars(VALUES).get_lines() if list(line.get_xdata()) == [0, 0]]) == 0
    assert cut_off(ax.figure) == []


def test_a_mark_without_a_bar_is_refused():
    with pytest.raises(ValueError, match="Marks came for ears, but the bars are hair, hair . eyes, nose"):
        bars(VALUES, marks={"ears": 0.5})


def test_the_legend_stands_above_the_names_of_levels():
    ax = bars(VALUES, marks={"nose": 0.5}, marks_name="a mark of something that has a long name", levels={0.3: "level"})
    ax.figure.canvas.draw()
    (level,) = [text for text in ax.texts if text.get_text() == "level"]
    assert ax.get_legend().get_texts()[0].get_window_extent().y0 > level.get_window_extent().y1
