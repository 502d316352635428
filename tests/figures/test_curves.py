"""Curves: every value where it belongs, the untrained network in sight, nothing cut off."""

import subprocess
import sys

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from dense_keras.figures.curves import curves_over_counts, curves_over_steps, draw_curves
from dense_keras.figures.palette import DARK, LIGHT, PART_COLOURS, token_colours

STEPS = np.array([0, 1, 2, 4, 8, 16, 78, 156, 1560])


def lines(ax):
    """Name -> its line, without the dotted levels."""
    return {line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_")}


def test_curves_show_the_values_that_came_and_change_none():
    values = np.linspace(0.2, 1, len(STEPS))
    before = values.copy()
    ax = curves_over_steps(STEPS, {"held-out": values}, ylabel="accuracy (share)")
    np.testing.assert_array_equal(lines(ax)["held-out"].get_xydata(), np.stack([STEPS, before], axis=1))
    np.testing.assert_array_equal(values, before)
    assert ax.get_ylabel() == "accuracy (share)" and "step" in ax.get_xlabel()


def test_the_untrained_network_stands_inside_the_axes_left_of_step_1_and_is_named():
    ax = curves_over_steps(STEPS, {"held-out": np.linspace(0.2, 1, len(STEPS))})
    ax.figure.canvas.draw()
    places = [ax.transAxes.inverted().transform(ax.transData.transform((step, 0.5)))[0] for step in STEPS]
    assert 0 < places[0] < 0.05 and places[-1] <= 1
    assert np.all(np.diff(places) > 0.02)
    assert dict(zip(ax.get_xticks(), (label.get_text() for label in ax.get_xticklabels())))[0] == "untrained"


def test_steps_double_at_equal_distances():
    ax = curves_over_steps(STEPS, {"held-out": np.zeros(len(STEPS))})
    places = ax.transData.transform([(step, 0) for step in (4, 8, 16)])[:, 0]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], rel=0.02)


def test_axes_that_are_given_are_used_and_returned():
    _, given = plt.subplots()
    for draw in (curves_over_steps, curves_over_counts):
        assert draw([1, 2], {"a": [0.1, 0.2]}, given) is given
    assert len(plt.get_fignums()) == 1


def test_levels_are_dotted_and_named_and_bands_reach_from_lowest_to_highest():
    values = np.array([0.2, 0.4, 0.9])
    ax = curves_over_counts(
        [5, 50, 500], {"pixels": values}, bands={"pixels": (values - 0.1, values + 0.05)}, levels={0.2: "chance"}
    )
    dotted = [line for line in ax.get_lines() if line.get_linestyle() == ":"]
    assert [set(line.get_ydata()) for line in dotted] == [{0.2}]
    assert "chance" in [text.get_text() for text in ax.texts]
    corners = ax.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == pytest.approx(0.1) and corners[:, 1].max() == pytest.approx(0.95)


def test_every_count_is_written_below_the_axis():
    ax = curves_over_counts([5, 50, 6000], {"pixels": np.zeros(3)})
    assert [label.get_text() for label in ax.get_xticklabels()] == ["5", "50", "6,000"]


def test_a_curve_keeps_its_colour_and_a_colour_that_comes_again_is_dashed():
    names = [f"token {token}" for token in range(7)]
    ax = curves_over_steps([0, 1], {name: [0, token] for token, name in enumerate(names)}, colours=token_colours(7))
    drawn = lines(ax)
    assert [drawn[name].get_color() for name in names] == token_colours(7)
    assert [drawn[name].get_linestyle() for name in names] == ["-"] * 6 + ["--"]


def test_what_is_no_token_has_no_colour_of_a_token_and_its_marks_have_corners():
    drawn = lines(curves_over_steps([0, 1], {"hair": [0, 1], "eyes": [1, 0]}))
    assert [line.get_color() for line in drawn.values()] == list(PART_COLOURS[:2])
    assert {line.get_marker() for line in drawn.values()} == {"s"}
    (token,) = lines(curves_over_steps([0, 1], {"Ada": [0, 1]}, colours=token_colours(1))).values()
    assert token.get_marker() == "o"


@pytest.mark.parametrize("paper", [LIGHT, DARK], ids=["light", "dark"])
def test_nothing_is_cut_off_at_six_inches_and_ink_follows_the_paper(paper, cut_off, pixels):
    with matplotlib.rc_context(paper):
        names = ["Ada", "Ben", "Cleo", "Dov", "Eva"]
        curves = {name: np.linspace(0, 1, len(STEPS)) ** (token + 1) for token, name in enumerate(names)}
        levels = {0.2: "chance", 0.4: "1 part"}
        ax = curves_over_steps(STEPS, curves, ylabel="held-out accuracy (share)", levels=levels)
        assert ax.figure.get_figwidth() == 6
        assert cut_off(ax.figure) == []
        assert {text.get_color() for text in ax.texts} == {paper["text.color"]}
        expected = np.rint(255 * np.array(matplotlib.colors.to_rgb(paper["figure.facecolor"])))
        np.testing.assert_array_equal(pixels(ax.figure)[0, 0], expected)


LONG, MANY = ["training (mean over the epoch so far)", "held-out"], [f"garment {number}" for number in range(12)]


@pytest.mark.parametrize("names", [LONG, MANY], ids=["long", "many"])
def test_long_and_many_names_fit_into_the_legend(names, cut_off):
    ax = curves_over_steps([0, 1, 2], {name: np.zeros(3) for name in names})
    assert cut_off(ax.figure) == []


def test_what_does_not_fit_is_refused_with_both_numbers():
    with pytest.raises(ValueError, match="held-out has 2 values for 3 points"):
        curves_over_steps([0, 1, 2], {"held-out": [0.1, 0.2]})
    with pytest.raises(ValueError, match="the band of a has 1 values for 2 points"):
        curves_over_counts([1, 2], {"a": [0, 0]}, bands={"a": ([0], [1])})
    with pytest.raises(ValueError, match="Bands came for b, but the curves are a"):
        curves_over_counts([1, 2], {"a": [0, 0]}, bands={"b": ([0, 0], [1, 1])})
    with pytest.raises(ValueError, match="2 curves came with 1 colours"):
        curves_over_steps([0, 1], {"a": [0, 0], "b": [0, 0]}, colours=["red"])


def test_the_untrained_network_can_be_drawn_as_a_dashed_level_of_each_curve():
    curves = {"Ada": [0.3, 0.5], "Ben": [0.1, 0.9], "training": [np.nan, 0.4]}
    ax = curves_over_steps([0, 1], curves, untrained=True)
    drawn = lines(ax)
    levels = [line for line in ax.get_lines() if line not in drawn.values()]
    assert [line.get_color() for line in levels] == [line.get_color() for line in drawn.values()]
    assert {line.get_ydata()[0] for line in levels[:2]} == {0.3, 0.1} == {line.get_ydata()[1] for line in levels[:2]}
    assert {line.is_dashed() for line in levels} == {True}
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["Ada", "Ben", "training", "untrained"]
    assert len(curves_over_steps([0, 1], curves).get_lines()) == 3
    with pytest.raises(ValueError, match="The first step is 1, and the untrained network is step 0"):
        curves_over_steps([1, 4], {"Ada": [0.3, 0.5]}, untrained=True)


def test_positions_may_be_anything():
    ax = draw_curves([1, 2, 3], {"a": [0.1, 0.2, 0.4]}, ylabel="dimension", levels={0.3: "chance"})
    np.testing.assert_array_equal(lines(ax)["a"].get_xdata(), [1, 2, 3])
    assert ax.get_xscale() == "linear" and ax.get_ylabel() == "dimension"


FORMS = (
    *("axes", "bars", "curves", "dendrograms", "film_strips", "heat_maps", "image_rows", "layered_graphs"),
    *("matrices", "palette", "rasters", "trajectories"),
)


def test_figures_do_not_need_keras():
    forms = ", ".join(f"dense_keras.figures.{form}" for form in FORMS)
    code = f"import sys, {forms}; print('keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
