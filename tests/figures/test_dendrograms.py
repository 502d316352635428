"""Dendrograms: joins at their distances, leaves in the colours of their tokens."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.cluster import hierarchy
from texts import overlapping

from dense_keras.figures.axes import readable
from dense_keras.figures.dendrograms import dendrogram, dendrogram_film
from dense_keras.figures.palette import DARK, LIGHT, token_colours

NAMES = ["Ada", "Ben", "Cleo", "Dov", "Eva"]
LINKAGE = hierarchy.linkage([[0.0], [10.0], [1.0], [12.0], [30.0]], "single")


def joins(ax):
    """Distance -> the two rows that it joins, of the upright lines."""
    upright = [line for line in ax.get_lines() if line.get_xdata()[0] == line.get_xdata()[1]]
    return {line.get_xdata()[0]: sorted(line.get_ydata()) for line in upright}


def names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_tokens_are_joined_at_their_distances():
    ax = dendrogram(LINKAGE, NAMES, distance="distance (gray levels)")
    assert names(ax) == ["Ada", "Cleo", "Ben", "Dov", "Eva"]
    assert joins(ax) == {1: [0, 1], 2: [2, 3], 9: [0.5, 2.5], 18: [1.5, 4]}
    assert ax.get_xlabel() == "distance (gray levels)"
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_joins_are_those_of_scipy():
    linkage = hierarchy.linkage(np.random.default_rng(0).random((12, 3)), "average")
    drawn = dendrogram(linkage, [f"leaf {leaf}" for leaf in range(12)])
    expected = hierarchy.dendrogram(linkage, no_plot=True)
    np.testing.assert_allclose(sorted(joins(drawn)), sorted(heights[1] for heights in expected["dcoord"]))
    assert sorted(names(drawn)) == sorted(f"leaf {leaf}" for leaf in expected["leaves"])


def test_leaves_keep_their_colours_wherever_they_stand():
    ax = dendrogram(LINKAGE, NAMES)
    colours = token_colours(5)
    assert [label.get_color() for label in ax.get_yticklabels()] == [
        readable(colours[leaf]) for leaf in (0, 2, 1, 3, 4)
    ]
    stems = [line for line in ax.get_lines() if line.get_color() in colours]
    assert {line.get_ydata()[0]: line.get_color() for line in stems} == dict(
        zip(range(5), [colours[leaf] for leaf in (0, 2, 1, 3, 4)])
    )
    assert all(line.get_xdata()[0] == 0 for line in stems)


def test_every_branch_begins_where_its_own_join_is():
    ax = dendrogram(LINKAGE, NAMES)
    level = [line for line in ax.get_lines() if line.get_ydata()[0] == line.get_ydata()[1]]
    assert {(line.get_ydata()[0], *line.get_xdata()) for line in level} == {
        (0, 0, 1), (1, 0, 1), (2, 0, 2), (3, 0, 2), (0.5, 1, 9), (2.5, 2, 9), (4, 0, 18), (1.5, 9, 18),
    }  # fmt: skip


def test_leaves_stay_in_order_where_the_tree_allows_it():
    linkage = hierarchy.linkage([[3.0], [2.0], [1.0], [0.0], [-1.5]], "single")
    assert names(dendrogram(linkage, NAMES)) == NAMES
    linkage = hierarchy.linkage([[0.0], [10.0], [11.1], [12.5], [1.0]], "single")
    ax = dendrogram(linkage, NAMES)
    assert names(ax) == ["Ada", "Eva", "Ben", "Cleo", "Dov"]
    assert joins(ax)[1] == [0, 1]


def test_a_film_has_one_axis_of_distance():
    shrunk = LINKAGE * [1, 1, 0.5, 1]
    panels = dendrogram_film([shrunk, LINKAGE], [0, 16], NAMES, distance="distance (cosine)")
    assert panels[0].get_xlim() == panels[1].get_xlim() == (0, 18 * 1.05)
    assert [ax.get_title() for ax in panels] == ["untrained", "step 16"]
    assert max(joins(panels[0])) == 9 and max(joins(panels[1])) == 18


def test_tokens_that_are_all_alike_can_be_drawn():
    ax = dendrogram(hierarchy.linkage(np.zeros((5, 1)), "average"), NAMES)
    assert ax.get_xlim()[1] > 0


@pytest.mark.parametrize("paper", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("snapshots", [3, 8])
def test_nothing_is_cut_off_and_no_text_lies_on_another(paper, snapshots, cut_off):
    with matplotlib.rc_context(paper):
        steps = [0, 1, 16, 64, 156, 312, 624, 1560][:snapshots]
        film = dendrogram_film([LINKAGE] * snapshots, steps, NAMES, distance="distance (cosine)")
        for figure in (film[0].figure, dendrogram(LINKAGE, NAMES).figure):
            assert figure.get_figwidth() == 6
            assert cut_off(figure) == [] and overlapping(figure) == []


def test_axes_that_are_given_are_used_and_returned():
    _, given = plt.subplots()
    assert dendrogram(LINKAGE, NAMES, given) is given


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="joins 5 leaves, but 2 names came"):
        dendrogram(LINKAGE, ["Ada", "Ben"])
    with pytest.raises(ValueError, match=r"shape \(5, 5\): it must be \(leaves - 1, 4\)"):
        dendrogram(np.zeros((5, 5)), NAMES)
    with pytest.raises(ValueError, match="5 leaves came with 1 colours"):
        dendrogram(LINKAGE, NAMES, colours=["red"])
    with pytest.raises(ValueError, match=r"shape \(2,\) for 1 snapshot"):
        dendrogram_film([LINKAGE], [0, 1], NAMES)
