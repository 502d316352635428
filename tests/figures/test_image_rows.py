"""Rows of images: each pixel drawn, each image under its names."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from dense_keras.figures.axes import readable
from dense_keras.figures.image_rows import GAP, image_rows

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("channels", [1, 3])
def test_every_pixel_is_drawn_in_its_place(channels, cut_off):
    images = GENERATOR.integers(0, 256, (2, 3, 4, 5, channels), dtype=np.uint8)
    ax = image_rows(images, ["Ada", "Ben"], ["whole", "hair", "eyes"], row_colours=["red", "blue"])
    wall = np.asarray(ax.get_images()[0].get_array())
    for row in range(2):
        for column in range(3):
            top, left = row * (4 + GAP), column * (5 + GAP)
            drawn = wall[top : top + 4, left : left + 5]
            np.testing.assert_array_equal(drawn, np.broadcast_to(images[row, column], (4, 5, 3)))
    assert wall.shape == (8 + GAP, 15 + 2 * GAP, 3)
    assert [label.get_color() for label in ax.get_yticklabels()] == [readable("red"), readable("blue")]
    assert cut_off(ax.figure) == []


def test_frames_surround_their_images():
    images = np.zeros((1, 2, 4, 4, 1), np.uint8)
    ax = image_rows(images, ["Ada"], ["asked", "nearest"], frame_colours=[["red", "blue"]])
    frames = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert [frame.get_x() for frame in frames] == [-0.5, 4 + GAP - 0.5]
    assert [frame.get_edgecolor()[:3] for frame in frames] == [(1, 0, 0), (0, 0, 1)]


def test_missing_names_are_refused():
    with pytest.raises(ValueError, match="1 x 2 images came with 1 names of rows and 1 of columns"):
        image_rows(np.zeros((1, 2, 4, 4, 1), np.uint8), ["Ada"], ["whole"])
