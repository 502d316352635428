"""Heat maps: every value in its place, the untrained network apart, zero in the middle."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from texts import overlapping

from dense_keras.figures.heat_maps import GAP, beyond, colour_scale, heat_map, heat_map_over_steps
from dense_keras.figures.palette import DARK, LIGHT

STEPS = np.array([0, 1, 4, 16, 32, 48, 64, 78, 117, 156, 195, 234, *range(312, 1561, 78)])
LAYERS = [
    "conv1_1",
    "conv1_2",
    "conv2_1",
    "conv2_2",
    "conv3_1",
    "conv3_2",
    "conv4_1",
    "conv4_2",
    "global_pool",
    "dense",
]
VALUES = np.random.default_rng(0).random((len(STEPS), len(LAYERS)))


def test_values_are_drawn_with_the_first_row_at_the_top_and_the_untrained_network_apart():
    ax = heat_map_over_steps(VALUES, STEPS, LAYERS, unit="accuracy (share)")
    untrained, trained = ax.get_images()
    np.testing.assert_array_equal(untrained.get_array(), VALUES[:1].T)
    np.testing.assert_array_equal(trained.get_array(), VALUES[1:].T)
    assert untrained.get_extent() == [-0.5, 0.5, 9.5, -0.5]
    assert trained.get_extent() == [0.5 + GAP, len(STEPS) - 0.5 + GAP, 9.5, -0.5]
    assert [line.get_xdata()[0] for line in ax.get_lines()] == [0.5 + GAP / 2]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    assert [label.get_text() for label in ax.get_yticklabels()] == LAYERS
    assert [other.get_ylabel() for other in ax.figure.axes if other is not ax] == ["accuracy (share)"]


def test_columns_are_labelled_by_their_own_steps_the_first_and_the_last_always():
    ax = heat_map_over_steps(VALUES, STEPS, LAYERS)
    labels = dict(zip(ax.get_xticks(), (label.get_text() for label in ax.get_xticklabels())))
    assert labels[0] == "untrained" and labels[len(STEPS) - 1 + GAP] == "1,560"
    assert len(labels) >= 6
    for place, name in labels.items():
        if place > 0:
            assert name == f"{STEPS[int(place - GAP)]:,}"


def test_without_an_untrained_network_there_is_no_gap():
    ax = heat_map_over_steps(VALUES[1:4], STEPS[1:4], LAYERS)
    (drawn,) = ax.get_images()
    np.testing.assert_array_equal(drawn.get_array(), VALUES[1:4].T)
    assert list(ax.get_xticks()) == [0, 1, 2]


def test_the_untrained_network_alone_can_be_drawn():
    (drawn,) = heat_map_over_steps(VALUES[:1], STEPS[:1], LAYERS).get_images()
    assert drawn.get_array().shape == (len(LAYERS), 1)


def test_colours_run_from_the_lowest_to_the_highest_and_diverge_from_zero_where_signed():
    name, norm = colour_scale(np.array([2.0, np.nan, 5.0]))
    assert (name, norm.vmin, norm.vmax) == ("viridis", 2, 5)
    name, norm = colour_scale(np.array([-0.1, 0.7]))
    assert (name, norm.vmin, norm.vmax, norm(0.0)) == ("RdBu_r", -0.7, 0.7, 0.5)
    name, norm = colour_scale(np.array([0.1, 0.7]), limits=(-1.0, 0.5))
    assert (name, norm.vmin, norm.vmax) == ("RdBu_r", -1, 1)
    name, norm = colour_scale(np.array([-0.01, 0.7]), limits=(0.0, 1.0))
    assert (name, norm.vmin, norm.vmax) == ("viridis", 0, 1)


def test_values_beyond_the_limits_point_the_colour_bar():
    norm = matplotlib.colors.Normalize(0, 1)
    found = [beyond(np.array(values), norm) for values in ([0, 1, np.nan], [-0.1, 1], [0, 1.1], [-0.1, 1.1])]
    assert found == ["neither", "min", "max", "both"]


@pytest.mark.parametrize("paper", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("steps", [STEPS, np.array([0, 1000]), np.array([0, 1]), STEPS * 1000], ids=len)
def test_nothing_is_cut_off_and_no_text_lies_on_another(paper, steps, cut_off):
    with matplotlib.rc_context(paper):
        figure = heat_map_over_steps(VALUES[: len(steps)], steps, LAYERS, unit="accuracy (share)").figure
        assert figure.get_figwidth() == 6
        assert cut_off(figure) == [] and overlapping(figure) == []


@pytest.mark.parametrize("factors", [["yaw", "light"], [f"light, number {number}" for number in range(12)]], ids=len)
def test_a_matrix_has_a_row_a_layer_and_a_column_a_factor(factors, cut_off):
    values = np.random.default_rng(0).normal(size=(len(LAYERS), len(factors)))
    ax = heat_map(values, LAYERS, factors, unit="R squared")
    (drawn,) = ax.get_images()
    np.testing.assert_array_equal(drawn.get_array(), values)
    assert drawn.norm(0.0) == 0.5
    assert [label.get_text() for label in ax.get_xticklabels()] == factors
    assert [label.get_text() for label in ax.get_yticklabels()] == LAYERS and ax.get_ylim()[0] > ax.get_ylim()[1]
    assert [other.get_ylabel() for other in ax.figure.axes if other is not ax] == ["R squared"]
    assert (ax.get_xticklabels()[0].get_rotation() > 0) == (len(factors) > 2)
    assert cut_off(ax.figure) == [] and overlapping(ax.figure) == []


def test_half_a_figure_has_fewer_labels_and_none_on_another():
    figure, (left, right) = plt.subplots(1, 2, figsize=(6, 3))
    assert heat_map_over_steps(VALUES, STEPS, LAYERS, left) is left
    heat_map_over_steps(VALUES, STEPS, LAYERS, right)
    assert 3 <= len(left.get_xticks()) <= 6
    assert overlapping(figure) == []


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"shape \(10, 23\) for 10 rows: they must be \(snapshots, 10\)"):
        heat_map_over_steps(np.zeros((10, 23)), range(23), LAYERS)
    with pytest.raises(ValueError, match=r"shape \(2,\) for 3 snapshot"):
        heat_map_over_steps(VALUES[:3], [0, 1], LAYERS)
    with pytest.raises(ValueError, match=r"shape \(2, 10\) for 10 rows and 2 columns: they must be \(10, 2\)"):
        heat_map(np.zeros((2, 10)), LAYERS, ["yaw", "light"])
    with pytest.raises(ValueError, match="No value is finite"):
        heat_map_over_steps(np.full((2, 10), np.nan), [0, 1], LAYERS)
    with pytest.raises(ValueError, match="limits came as 1 and 0: the lower one must come first"):
        heat_map_over_steps(VALUES[:2], [0, 1], LAYERS, limits=(1.0, 0.0))
