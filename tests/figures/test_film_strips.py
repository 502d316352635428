"""Film strips: each snapshot in its panel, in order, in the same colours."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from texts import overlapping

from dense_keras.figures.axes import readable
from dense_keras.figures.film_strips import confusion_film, film_strip, image_film, matrix_film
from dense_keras.figures.palette import DARK, LIGHT, token_colours

STEPS = [0, 1, 16, 64, 156, 312, 624, 1560]
NAMES = ["Ada", "Ben", "Cleo", "Dov", "Eva"]
COUNTS = np.random.default_rng(0).multinomial(100, [0.2] * 5, (len(STEPS), 5))


def titles(panels):
    return [ax.get_title() for ax in panels]


def test_each_snapshot_is_drawn_in_its_panel_in_order():
    drawn = []
    panels = film_strip(lambda ax, position: drawn.append((ax, position)), STEPS[:3])
    assert drawn == list(zip(panels, range(3)))
    assert titles(panels) == ["untrained", "step 1", "step 16"]
    places = [ax.get_position().x0 for ax in panels]
    assert places == sorted(places)


@pytest.mark.parametrize(("snapshots", "shape"), [(1, (1, 1)), (5, (1, 5)), (6, (2, 3)), (7, (2, 4)), (8, (2, 4))])
def test_rows_are_of_about_equal_length_and_no_panel_is_empty(snapshots, shape):
    panels = film_strip(lambda ax, position: None, STEPS[:snapshots])
    assert panels[0].get_subplotspec().get_gridspec().get_geometry() == shape
    assert len(panels[0].figure.axes) == snapshots == len(panels)


def test_a_part_of_a_figure_can_be_given():
    figure = plt.figure()
    above, below = figure.subfigures(2, 1)
    image_film(np.zeros((2, 4, 4, 1), np.uint8), [0, 1], above)
    panels = matrix_film(np.eye(3)[np.newaxis], [7], below)
    assert panels[0].figure is below and len(above.axes) == 2
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_drawn_as_they_are(channels):
    images = np.random.default_rng(0).integers(0, 256, (2, 4, 5, channels), dtype=np.uint8)
    for ax, image in zip(image_film(images, [0, 1]), images, strict=True):
        np.testing.assert_array_equal(ax.get_images()[0].get_array(), image.squeeze())
        assert ax.get_images()[0].get_clim() == (0, 255)
    with pytest.raises(ValueError, match=r"shape \(2, 4, 5\): they must be \(snapshots, height, width, 1 or 3\)"):
        image_film(images[..., 0], [0, 1])


def test_matrices_share_their_colours_and_the_bar_is_named():
    matrices = np.arange(18.0).reshape(2, 3, 3) - 4
    panels = matrix_film(matrices, [0, 16], unit="dissimilarity (1 - r)")
    for ax, matrix in zip(panels, matrices, strict=True):
        np.testing.assert_array_equal(ax.get_images()[0].get_array(), matrix)
        assert ax.get_images()[0].get_clim() == (-13, 13)
    (bar,) = [ax for ax in panels[0].figure.axes if ax not in panels]
    assert bar.get_ylabel() == "dissimilarity (1 - r)"


def test_blocks_are_named_in_their_middle_and_divided():
    panels = matrix_film(np.random.default_rng(0).random((6, 6, 6)), STEPS[:6], blocks={"Ada": 4, "Ben": 2})
    assert list(panels[0].get_yticks()) == [1.5, 4.5] == list(panels[3].get_xticks())
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["Ada", "Ben"]
    assert len(panels[1].get_yticks()) == 0 and len(panels[0].get_xticks()) == 0
    assert {line.get_ydata()[0] for line in panels[1].get_lines() if line.get_ydata()[0] > 1} == {3.5}
    with pytest.raises(ValueError, match="Blocks of 5 rows in all came for matrices of 6 x 6"):
        matrix_film(np.zeros((1, 6, 6)), [0], blocks={"Ada": 3, "Ben": 2})
    with pytest.raises(ValueError, match=r"shape \(6, 6\): they must be \(snapshots, rows, columns\)"):
        matrix_film(np.zeros((6, 6)), [0])


def test_confusions_are_shares_of_a_row_with_their_counts_in_the_cells():
    counts = np.array([[[30, 10], [0, 5]]])
    (ax,) = confusion_film(counts, [16], ["Ada", "Ben"])
    np.testing.assert_allclose(ax.get_images()[0].get_array(), [[0.75, 0.25], [0, 1]])
    assert ax.get_images()[0].get_clim() == (0, 1)
    written = {tuple(map(int, text.get_position())): text.get_text() for text in ax.texts}
    assert written == {(0, 0): "30", (1, 0): "10", (1, 1): "5"}  # (column, row)
    labels = [*ax.get_yticklabels(), *ax.get_xticklabels()]
    assert [label.get_text() for label in labels] == ["Ada", "Ben"] * 2
    assert [label.get_color() for label in labels] == [readable(colour) for colour in token_colours(2) * 2]


def test_cells_of_a_block_are_framed_in_each_panel_wherever_its_tokens_stand():
    panels = confusion_film(COUNTS[:2], STEPS[:2], NAMES, blocks=[7, 0, 7, 0, 3])
    for ax in panels:
        frames = {tuple(np.round(frame.get_center()[::-1]).astype(int).tolist()) for frame in ax.patches}
        assert frames == {(0, 0), (0, 2), (2, 0), (2, 2), (1, 1), (1, 3), (3, 1), (3, 3), (4, 4)}
        assert {frame.get_edgecolor() for frame in ax.patches} == {to_rgba(matplotlib.rcParams["text.color"])}
    assert not confusion_film(COUNTS[:1], STEPS[:1], NAMES)[0].patches
    with pytest.raises(ValueError, match=r"Blocks came with shape \(2,\) for 5 tokens: one integer each is needed"):
        confusion_film(COUNTS[:1], STEPS[:1], NAMES, blocks=[0, 1])


def test_a_token_without_exemplars_has_an_empty_row():
    (ax,) = confusion_film(np.array([[[0, 0], [1, 4]]]), [16], ["Ada", "Ben"])
    np.testing.assert_allclose(ax.get_images()[0].get_array(), [[0, 0], [0.2, 0.8]])


def test_counts_of_other_tokens_are_refused():
    with pytest.raises(ValueError, match=r"shape \(1, 2, 2\) for 3 tokens: they must be \(snapshots, 3, 3\)"):
        confusion_film(np.zeros((1, 2, 2), int), [0], ["Ada", "Ben", "Cleo"])


@pytest.mark.parametrize("paper", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("snapshots", [3, 8])
def test_nothing_is_cut_off_and_no_text_lies_on_another(paper, snapshots, cut_off):
    with matplotlib.rc_context(paper):
        confusions = confusion_film(COUNTS[:snapshots], STEPS[:snapshots], NAMES)
        blocks = dict.fromkeys(NAMES, 1)
        matrices = matrix_film(COUNTS[:snapshots] / 50, STEPS[:snapshots], blocks=blocks, unit="dissimilarity")
        for panels in (confusions, matrices):
            figure = panels[0].figure
            assert figure.get_figwidth() == 6
            assert cut_off(figure) == [] and overlapping(figure) == []


def test_counts_are_seen_on_their_cells():
    for paper in (LIGHT, DARK):
        with matplotlib.rc_context(paper):
            (ax,) = confusion_film(np.array([[[99, 1], [50, 50]]]), [16], ["Ada", "Ben"])
            image = ax.get_images()[0]
            for text in ax.texts:
                column, row = map(int, text.get_position())
                paint = image.cmap(image.norm(image.get_array()[row, column]))[:3]
                ink = matplotlib.colors.to_rgb(text.get_color())
                assert abs(np.mean(paint) - np.mean(ink)) > 0.4
