"""Shapes with known areas, and the frames that they lie in."""

import numpy as np
import pytest

from dense_keras.canvas import Canvas, Frame, Window, box, cloud, oval, whole_picture

SIZE = 128


def area(shape):
    """Of each exemplar's shape, in square image units."""
    return shape.coverage.sum(axis=(1, 2)) * (2 / SIZE) ** 2


def frames(half_width=0.4, half_height=0.2):
    """Three frames: upright, turned and shifted, half the size."""
    return whole_picture(3).place(
        np.array([0.0, 0.2, -0.3]),
        np.array([0.0, -0.3, 0.4]),
        half_width * np.array([1, 1, 0.5]),
        half_height * np.array([1, 1, 0.5]),
        np.radians([0.0, 35.0, -80.0]),
    )


def test_area_of_an_oval_is_that_of_an_ellipse():
    np.testing.assert_allclose(area(oval(frames(), SIZE)), np.pi * 0.08 * np.array([1, 1, 0.25]), rtol=0.01)


def test_bending_an_oval_keeps_its_area():
    np.testing.assert_allclose(area(oval(frames(), SIZE, bend=1.5)), np.pi * 0.08 * np.array([1, 1, 0.25]), rtol=0.02)


def test_area_of_a_rounded_box():
    expected = 4 * 0.08 - (4 - np.pi) * 0.05**2
    np.testing.assert_allclose(area(box(frames(), SIZE, corner=0.05))[:2], expected, rtol=0.01)


def test_a_cloud_without_curls_is_an_ellipse_and_curls_are_scallops():
    plain, curly = cloud(frames(), SIZE, 0.0), cloud(frames(), SIZE, 0.12)
    np.testing.assert_allclose(area(plain), np.pi * 0.08 * np.array([1, 1, 0.25]), rtol=0.01)
    middle_row = curly.coverage[0].shape[0] // 2
    assert curly.coverage[0, middle_row].max() == 1
    assert area(curly)[0] != pytest.approx(area(plain)[0], rel=0.005)


def test_taper_narrows_the_bottom():
    shape = oval(whole_picture(1).place(0, 0, 0.5, 0.5), SIZE, taper=0.4)
    widths = shape.coverage[0].sum(axis=1)
    middle = len(widths) // 2
    assert widths[middle + 20] < 0.8 * widths[middle - 20]


def test_a_bend_above_zero_lifts_the_ends():
    shape = oval(whole_picture(1).place(0, 0, 0.5, 0.1), SIZE, bend=2.0)
    rows = (np.arange(shape.coverage.shape[1])[:, np.newaxis] * shape.coverage[0]).sum(axis=0)
    columns = shape.coverage[0].sum(axis=0)
    centre_line = rows[columns > 0] / columns[columns > 0]
    assert centre_line[len(centre_line) // 2] > centre_line[0] + 5


def test_a_frame_places_frames_in_its_own_coordinates():
    outer = whole_picture(1).place(0.2, 0.1, 0.5, 0.5, np.pi / 2)
    inner = outer.place(1.0, 0.0)
    np.testing.assert_allclose(inner.centre, [[0.2, 0.6]], atol=1e-12)  # a quarter turn clockwise: right is down
    np.testing.assert_allclose(inner.down, [[-0.5, 0.0]], atol=1e-12)


@pytest.mark.parametrize("angle", [0, 30, 75])
@pytest.mark.parametrize("size", [48, 96])
@pytest.mark.parametrize(
    "draw",
    [
        lambda frame, size: oval(frame, size, bend=-2.0),
        lambda frame, size: oval(frame, size, taper=-0.4),
        lambda frame, size: box(frame, size, corner=0.05, bend=-1.6),
        lambda frame, size: cloud(frame, size, 0.14),
    ],
)
def test_the_window_holds_all_that_is_covered(draw, size, angle, monkeypatch):
    frame = whole_picture(1).place(0.1, -0.1, 0.12, 0.10, np.radians(angle))
    shape = draw(frame, size)
    assert 0 < shape.coverage.shape[1] < size
    monkeypatch.setattr(Frame, "window", lambda self, size, reach=1.0: Window(slice(0, size), slice(0, size)))
    everywhere = draw(frame, size)
    in_window = np.zeros_like(everywhere.coverage)
    in_window[:, *shape.window] = shape.coverage
    np.testing.assert_array_equal(in_window, everywhere.coverage)


def test_paint_shows_a_part_and_glaze_does_not():
    canvas = Canvas(1, SIZE, num_parts=2)
    canvas.fill(np.array([[0.0, 0.0, 1.0]]))
    shape = oval(whole_picture(1).place(0, 0, 0.5, 0.5), SIZE)
    canvas.glaze(shape, np.array([0.0, 1.0, 0.0]))
    assert not canvas.masks().any()
    canvas.paint(shape, np.array([1.0, 0.0, 0.0]), part=1)
    masks = canvas.masks()
    assert masks[..., 1].mean() == pytest.approx(np.pi / 16, rel=0.03)
    assert not masks[..., 0].any()
    images = canvas.images()
    assert images[0, SIZE // 2, SIZE // 2].tolist() == [255, 0, 0]
    assert images[0, 0, 0].tolist() == [0, 0, 255]
    assert canvas.images(colour=False)[0, 0, 0].tolist() == [29]


def test_painting_over_a_part_hides_it():
    canvas = Canvas(1, SIZE, num_parts=1)
    frame = whole_picture(1).place(0, 0, 0.5, 0.5)
    canvas.paint(oval(frame, SIZE), np.zeros(3), part=0)
    canvas.paint(box(frame.place(1, 0, 1, 2), SIZE), np.ones(3))
    shown = canvas.masks()[0, ..., 0]
    assert shown[:, : SIZE // 2].any() and not shown[:, SIZE // 2 + 1 :].any()
