"""Rasters: each onset at its step, layers in order, and what never began behind the last step."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba
from texts import overlapping

from dense_keras.figures.palette import DARK, LIGHT, PART_COLOURS
from dense_keras.figures.rasters import BAND, onset_raster

NEVER = np.inf
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


def kinds(ax):
    return [each for each in ax.collections if isinstance(each, PathCollection)]


def marks(ax, last):
    """For each kind, in order: (step, row) of what began, and of what never did."""
    drawn = [np.asarray(each.get_offsets()) for each in kinds(ax)]
    return [(places[places[:, 0] <= last], places[places[:, 0] > last]) for places in drawn]


def test_marks_stand_at_their_steps_sorted_by_layer_and_then_by_onset():
    ax = onset_raster({"token": [64, 16, 0, NEVER]}, [0, 0, 1, 0], ["a", "b"], 156)
    ((begun, missing),) = marks(ax, 156)
    rows = {step: row for step, row in begun}
    assert set(rows) == {0, 16, 64}
    assert -0.5 < rows[16] < rows[64] < missing[0, 1] < 0.5
    assert rows[0] == 1
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_what_never_began_stands_hollow_behind_the_last_step_and_is_named():
    ax = onset_raster({"token": [NEVER, 16]}, [0, 0], ["a"], 1000)
    ((_, missing),) = marks(ax, 1000)
    assert missing[0, 0] > 1000
    assert dict(zip(ax.get_xticks(), (label.get_text() for label in ax.get_xticklabels())))[missing[0, 0]] == "never"
    (drawn,) = kinds(ax)
    assert [paint[3] for paint in drawn.get_facecolors()] == [0, 1]
    assert tuple(drawn.get_edgecolors()[0]) == tuple(drawn.get_facecolors()[1]) == to_rgba(PART_COLOURS[0])
    assert missing[0, 0] < ax.get_xlim()[1]


def test_an_item_that_has_no_such_onset_has_no_mark():
    ax = onset_raster({"part": [4, 4], "token": [16, np.nan]}, [0, 0], ["a"], 156)
    (parts, _), (begun, missing) = marks(ax, 156)
    assert len(parts) == 2 and len(begun) == 1 and len(missing) == 0


def test_a_kind_that_no_item_has_is_left_out(cut_off):
    ax = onset_raster({"part": [4], "token": [np.nan]}, [0], ["a"], 156)
    assert len(kinds(ax)) == 1 and cut_off(ax.figure) == []
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["part", "token"]


def test_items_are_sorted_by_the_first_kind_and_among_equals_by_the_second():
    ax = onset_raster({"part": [4, 4, 1], "token": [78, 16, 156]}, [0, 0, 0], ["a"], 156)
    _, (tokens, _) = marks(ax, 156)
    assert tokens[np.argsort(tokens[:, 1]), 0].tolist() == [156, 16, 78]


def test_kinds_at_one_step_stand_side_by_side():
    ax = onset_raster({"part": [16], "edge": [16], "token": [16]}, [0], ["a"], 156)
    ax.figure.canvas.draw()
    drawn = kinds(ax)
    across = [each.get_offset_transform().transform(each.get_offsets())[0, 0] for each in drawn]
    moved = [each.get_transforms()[0][0, 2] for each in drawn]
    assert len({round(place + shift, 3) for place, shift in zip(across, moved)}) == 3


def test_layers_have_bands_of_equal_height_with_their_counts():
    layers = np.repeat([0, 1], [3, 300])
    ax = onset_raster({"token": np.tile([1.0, 4.0, NEVER], 101)}, layers, ["a", "b"], 156)
    ((begun, missing),) = marks(ax, 156)
    rows = np.concatenate([begun[:, 1], missing[:, 1]])
    assert np.abs(rows[rows > 0.5] - 1).max() <= BAND / 2
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a (3)", "b (300)"]


@pytest.mark.parametrize("paper", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("last", [1, 156, 1000, 1560, 99999])
def test_nothing_is_cut_off_and_no_text_lies_on_another(paper, last, cut_off):
    generator = np.random.default_rng(0)
    layers = np.repeat(np.arange(10), [32, 32, 64, 64, 128, 128, 256, 256, 256, 256])
    onsets = {name: generator.integers(0, last, len(layers), endpoint=True) for name in ("part", "edge", "token")}
    with matplotlib.rc_context(paper):
        figure = onset_raster(onsets, layers, LAYERS, last).figure
        assert figure.get_figwidth() == 6
        assert cut_off(figure) == [] and overlapping(figure) == []


def test_axes_that_are_given_are_used_and_returned():
    _, given = plt.subplots()
    assert onset_raster({"token": [1]}, [0], ["a"], 4, given) is given


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="token has 2 onsets for 1 items"):
        onset_raster({"token": [1, 2]}, [0], ["a"], 4)
    with pytest.raises(ValueError, match="token has onsets from step 1 to 8, but the run goes from 0 to 4"):
        onset_raster({"token": [1, 8]}, [0, 0], ["a"], 4)
    with pytest.raises(ValueError, match="Items are of layers 0 to 1, but there are 1 layers"):
        onset_raster({"token": [1, 2]}, [0, 1], ["a"], 4)
    with pytest.raises(ValueError, match="No kind of onset came"):
        onset_raster({}, [0], ["a"], 4)
