"""Names of steps, the axis of steps, and the legend above."""

import matplotlib.pyplot as plt
import pytest

from dense_keras.figures.axes import _contrast, _luminance, chosen_colours, legend_above, readable, step_axis, step_name
from dense_keras.figures.palette import COLOURS, DARK, LIGHT, PART_COLOURS, token_colours


def test_step_0_is_the_untrained_network():
    assert [step_name(step) for step in (0, 1, 78, 1560)] == ["untrained", "1", "78", "1,560"]


def test_colours_are_the_tokens_unless_others_are_given_and_never_too_few():
    assert chosen_colours(None, 8, "tokens") == token_colours(8)
    assert chosen_colours(["red", "blue"], 1, "tokens") == ["red", "blue"]
    with pytest.raises(ValueError, match="3 tokens came with 1 colours: one each is needed"):
        chosen_colours(["red"], 3, "tokens")


@pytest.mark.parametrize("paper", [LIGHT, DARK])
def test_small_text_can_be_read_and_keeps_its_colour_where_it_could_be(paper):
    with plt.rc_context(paper):
        for colour in (*COLOURS, *PART_COLOURS):
            own, shown = (
                _contrast(_luminance(each), _luminance(paper["axes.facecolor"])) for each in (colour, readable(colour))
            )
            assert shown >= 4.5
            assert own < 4.5 or readable(colour) == colour.lower()
    assert _contrast(_luminance("black"), _luminance("white")) == pytest.approx(21)


def test_a_run_of_no_step_has_an_axis_too():
    ax = plt.subplots()[1]
    step_axis(ax, 0)
    assert list(ax.get_xticks()) == [0, 1]


def test_the_legend_of_half_a_figure_is_half_as_wide(cut_off):
    figure, both = plt.subplots(1, 2, figsize=(6, 3))
    for ax in both:
        for name in ("Ada", "Ben", "Cleo", "Dov", "Eva"):
            ax.plot([0, 1], label=name)
        legend_above(ax)
    figure.canvas.draw()
    assert all(ax.get_legend().get_window_extent().width <= 3 * figure.dpi for ax in both)
    assert cut_off(figure) == []
