"""Trajectories: hollow at the beginning, filled at the end, fading in between."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgba
from texts import overlapping

from dense_keras.figures.palette import DARK, LIGHT, token_colours
from dense_keras.figures.trajectories import FAINTEST, trajectories

STEPS = [0, 1, 16, 78]
NAMES = ["Ada", "Ben", "Cleo", "Dov", "Eva"]
POSITIONS = np.random.default_rng(0).normal(size=(4, 5, 2)).cumsum(axis=0)


def scatters(ax):
    """For each token: the dots between, the first and the last."""
    drawn = [each for each in ax.collections if isinstance(each, PathCollection)]
    return list(zip(drawn[::3], drawn[1::3], drawn[2::3], strict=True))


@pytest.mark.parametrize("paper", [LIGHT, DARK], ids=["light", "dark"])
def test_trails_lead_from_a_hollow_beginning_to_a_filled_end_in_the_colour_of_the_token(paper):
    with matplotlib.rc_context(paper):
        ax = trajectories(POSITIONS, STEPS, NAMES)
    for token, ((between, first, last), colour) in enumerate(zip(scatters(ax), token_colours(5), strict=True)):
        assert first.get_offsets().tolist() == [POSITIONS[0, token].tolist()]
        assert last.get_offsets().tolist() == [POSITIONS[-1, token].tolist()]
        np.testing.assert_array_equal(between.get_offsets(), POSITIONS[1:-1, token])
        assert tuple(first.get_facecolors()[0]) == to_rgba(paper["axes.facecolor"])
        assert tuple(first.get_edgecolors()[0]) == tuple(last.get_facecolors()[0]) == to_rgba(colour)


def test_trails_fade_towards_their_beginning():
    ax = trajectories(POSITIONS, STEPS, NAMES)
    trails = [each for each in ax.collections if isinstance(each, LineCollection)]
    for token, trail in enumerate(trails):
        np.testing.assert_array_equal(np.array(trail.get_segments())[:, 0], POSITIONS[:-1, token])
        np.testing.assert_array_equal(np.array(trail.get_segments())[:, 1], POSITIONS[1:, token])
        opacity = trail.get_colors()[:, 3]
        assert np.all(np.diff(opacity) > 0) and opacity[0] > FAINTEST and opacity[-1] == 1


def test_both_axes_have_the_same_scale():
    ax = trajectories(POSITIONS * [10, 1], STEPS, NAMES, xlabel="component 1", ylabel="component 2")
    ax.figure.canvas.draw()
    origin, right, up = ax.transData.transform([(0, 0), (1, 0), (0, 1)])
    assert right[0] - origin[0] == pytest.approx(up[1] - origin[1], rel=0.01)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("component 1", "component 2")


def test_the_legend_names_tokens_and_both_ends():
    ax = trajectories(POSITIONS, STEPS, NAMES)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [*NAMES, "untrained", "step 78"]
    ax = trajectories(POSITIONS[1:], STEPS[1:], NAMES)
    assert [text.get_text() for text in ax.get_legend().get_texts()][-2:] == ["step 1", "step 78"]


@pytest.mark.parametrize("stretch", [[1, 1], [20, 1], [1, 20]], ids=["round", "wide", "high"])
def test_nothing_is_cut_off_and_no_text_lies_on_another(stretch, cut_off):
    figure = trajectories(POSITIONS * stretch, STEPS, NAMES, xlabel="component 1", ylabel="component 2").figure
    assert figure.get_figwidth() == 6
    assert cut_off(figure) == [] and overlapping(figure) == []


def test_axes_that_are_given_are_used_and_returned():
    _, given = plt.subplots()
    assert trajectories(POSITIONS, STEPS, NAMES, given) is given


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"shape \(4, 5, 2\) for 2 names: they must be \(snapshots, 2, 2\)"):
        trajectories(POSITIONS, STEPS, NAMES[:2])
    with pytest.raises(ValueError, match=r"shape \(2,\) for 4 snapshot"):
        trajectories(POSITIONS, [0, 1], NAMES)
