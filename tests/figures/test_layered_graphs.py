"""Layered graphs: the strongest couplings between the right units, sorted, coloured and counted."""

from itertools import pairwise

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgba
from texts import overlapping

from dense_keras.figures.layered_graphs import NEGATIVE, NONE, layered_graph, layered_graph_film
from dense_keras.figures.palette import DARK, LIGHT, part_colours, token_colours

NAMES = ["Ada", "Ben", "Cleo", "Dov", "Eva"]
LAYERS = ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv4_1", "conv4_2", "dense", "logits"]
UNITS = [32, 32, 64, 64, 128, 128, 256, 256, 256, 5]


def dots(ax):
    """A layer's dots: (units, 2) positions and their colours."""
    columns = [collection for collection in ax.collections if isinstance(collection, PathCollection)]
    return [(np.asarray(column.get_offsets()), column.get_facecolors()) for column in columns]


def lines(ax):
    """(begin, end, colour, thickness) of each line, over all layers."""
    return [
        (segment[0], segment[-1], tuple(colour), width)
        for collection in ax.collections
        if isinstance(collection, LineCollection)
        for segment, colour, width in zip(
            collection.get_segments(), collection.get_colors(), collection.get_linewidths(), strict=True
        )
    ]


def large_graph():
    generator = np.random.default_rng(0)
    couplings = [generator.normal(size=shape) for shape in pairwise(UNITS)]
    return couplings, [generator.integers(-1, 5, units) for units in UNITS[:-1]] + [np.arange(5)]


def test_units_are_sorted_by_what_they_prefer_and_keep_its_colour():
    ax = layered_graph([np.ones((4, 1))], [np.array([2, -1, 0, 2]), np.array([1])], ["a", "b"], NAMES)
    (places, colours), (alone, _) = dots(ax)
    blue, _, green, *_ = token_colours(5)
    assert [tuple(colour) for colour in colours[np.argsort(places[:, 1])]] == [
        to_rgba(colour) for colour in (blue, green, green, NONE)
    ]
    assert set(places[:, 0]) == {0} and alone.tolist() == [[1, 0.5]]
    assert places[:, 1].min() == 0 and places[:, 1].max() == 1
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_units_that_prefer_parts_are_squares_and_those_that_prefer_tokens_discs():
    colours = [*part_colours(2), token_colours(1)[0]]
    ax = layered_graph([np.ones((3, 1))], [np.array([0, 2, 1]), np.array([2])], ["a", "b"], NAMES[:3], colours=colours)
    columns = [collection for collection in ax.collections if isinstance(collection, PathCollection)]
    corners = {tuple(paint): len(column.get_paths()[0]) for column in columns for paint in column.get_facecolors()}
    assert [corners[to_rgba(colour)] < 10 for colour in colours] == [True, True, False]
    marks = {line.get_label(): line.get_marker() for line in ax.get_legend().get_lines()}
    assert [marks[name] for name in NAMES[:3]] == ["s", "s", "o"]


def test_a_line_joins_its_units_as_thick_as_strong_and_coloured_by_its_sign():
    coupling = np.array([[4.0, 0.0], [0.0, -2.0]])
    ax = layered_graph([coupling], [np.array([0, 1]), np.array([0, 1])], ["a", "b"], NAMES)
    weak, strong = sorted(lines(ax), key=lambda line: line[3])
    assert strong[0].tolist() == [0, 0] and strong[1].tolist() == [1, 0]
    assert weak[0].tolist() == [0, 1] and weak[1].tolist() == [1, 1]
    assert strong[2][:3] == to_rgba(LIGHT["text.color"])[:3] and weak[2][:3] == to_rgba(NEGATIVE)[:3]
    assert strong[3] - 0.3 == pytest.approx(2 * (weak[3] - 0.3))


def test_lines_lead_to_the_units_in_and_out_and_not_the_other_way():
    coupling = np.zeros((3, 2))
    coupling[2, 0] = 1
    ax = layered_graph([coupling], [np.array([0, 1, 2]), np.array([0, 1])], ["a", "b"], NAMES)
    ((begin, end, *_),) = lines(ax)
    assert begin.tolist() == [0, 1] and end.tolist() == [1, 0]


def test_only_the_strongest_are_drawn_and_the_figure_says_how_many_of_how_many():
    coupling = np.zeros((6, 4))
    coupling[3, 1], coupling[5, 2], coupling[0, 0] = 3, -2, 1
    preferences = [np.zeros(6, int), np.zeros(4, int)]
    ax = layered_graph([coupling], preferences, ["a", "b"], NAMES, most_units=2, most_couplings=1)
    assert [len(places) for places, _ in dots(ax)] == [2, 2]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a\n2 of 6", "b\n2 of 4"]
    assert len(lines(ax)) == 1
    assert len(lines(layered_graph([coupling], preferences, ["a", "b"], NAMES, most_units=2))) == 2
    ax = layered_graph([coupling], preferences, ["a", "b"], NAMES)
    assert len(lines(ax)) == 3 and "all 3 couplings" in ax.get_xlabel()
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a\nall 6", "b\nall 4"]


def test_units_of_one_preference_stand_where_their_couplings_come_from():
    crossing = np.array([[0, 1.0], [1.0, 0]])
    ax = layered_graph([crossing], [np.array([0, 1]), np.array([2, 2])], ["a", "b"], NAMES)
    assert all(begin[1] == end[1] for begin, end, *_ in lines(ax))


def test_no_coupling_at_all_is_drawn_as_none():
    ax = layered_graph([np.zeros((2, 2))], [np.array([0, 1])] * 2, ["a", "b"], NAMES)
    assert lines(ax) == [] and len(dots(ax)) == 2


def test_the_legend_names_tokens_signs_and_nothing_where_a_unit_prefers_nothing():
    couplings = [np.ones((2, 1))]
    ax = layered_graph(couplings, [np.array([0, -1]), np.array([1])], ["a", "b"], ["Ada", "Ben"])
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["Ada", "Ben", "nothing", "coupling +", "coupling −"]
    ax = layered_graph(couplings, [np.array([0, 1]), np.array([1])], ["a", "b"], ["Ada", "Ben"])
    assert "nothing" not in [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("paper", [LIGHT, DARK], ids=["light", "dark"])
def test_a_large_graph_fits_on_six_inches(paper, cut_off):
    with matplotlib.rc_context(paper):
        couplings, preferences = large_graph()
        ax = layered_graph(couplings, preferences, LAYERS, NAMES)
        assert ax.figure.get_figwidth() == 6
        assert [len(places) for places, _ in dots(ax)] == [30] * 9 + [5]
        assert len(lines(ax)) == 40 * 9
        assert cut_off(ax.figure) == [] and overlapping(ax.figure) == []
        labels = ax.get_xticklabels()
        apart = np.diff(ax.transData.transform([(layer, 0) for layer in range(10)])[:, 0]).min()
        slope = np.sin(np.radians(labels[0].get_rotation()))
        assert apart * slope > 1.2 * labels[0].get_fontsize() * ax.figure.dpi / 72
        assert "360 of" in ax.get_xlabel()


def test_a_panel_can_do_without_a_legend():
    ax = layered_graph([np.ones((2, 1))], [np.array([0, -1]), np.array([1])], ["a", "b"], NAMES, legend=False)
    assert ax.get_legend() is None and ax.get_xlabel() == ""
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b"]


@pytest.mark.parametrize("paper", [LIGHT, DARK], ids=["light", "dark"])
def test_a_film_has_a_graph_a_snapshot_and_one_legend(paper, cut_off):
    with matplotlib.rc_context(paper):
        couplings, preferences = large_graph()
        steps = [0, 16, 156]
        films = [[scale * matrix for matrix in couplings[4:]] for scale in (0, 1, -1)]
        panels = layered_graph_film(films, [preferences[4:]] * 3, steps, LAYERS[4:], NAMES)
        assert [ax.get_title() for ax in panels] == ["untrained", "step 16", "step 156"]
        assert [len(lines(ax)) for ax in panels] == [0, 80, 80]
        assert all(len(places) <= 16 for ax in panels for places, _ in dots(ax))
        figure = panels[0].figure
        (legend,) = figure.legends
        assert [text.get_text() for text in legend.get_texts()] == [*NAMES, "nothing", "coupling +", "coupling −"]
        assert all(ax.get_legend() is None for ax in panels)
        assert figure.get_figwidth() == 6 and cut_off(figure) == [] and overlapping(figure) == []
    with pytest.raises(ValueError, match=r"shape \(2,\) for 3 snapshot"):
        layered_graph_film(films, [preferences[4:]] * 3, steps[:2], LAYERS[4:], NAMES)


def test_axes_that_are_given_are_used_and_returned():
    _, given = plt.subplots()
    assert layered_graph([np.ones((2, 2))], [np.array([0, 1])] * 2, ["a", "b"], NAMES, given) is given


def test_what_does_not_fit_is_refused():
    units = np.array([0, 1])
    with pytest.raises(ValueError, match="2 layers came with 1 arrays of preferences and 1 of couplings: 2 and 1"):
        layered_graph([np.ones((2, 2))], [units], ["a", "b"], NAMES)
    with pytest.raises(ValueError, match=r"couplings of a and b came with shape \(3, 2\): their units are 2 and 3"):
        layered_graph([np.ones((3, 2))], [units, np.array([0, 1, 1])], ["a", "b"], NAMES)
    with pytest.raises(ValueError, match="couplings of a and b hold NaN or infinite values"):
        layered_graph([[[0, np.nan]]], [[0], [0, 1]], ["a", "b"], NAMES)
    with pytest.raises(ValueError, match="A unit of b prefers number 5, but there are 5 names"):
        layered_graph([np.ones((2, 2))], [units, np.array([0, 5])], ["a", "b"], NAMES)
