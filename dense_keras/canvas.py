"""A canvas for whole batches of pictures: soft-edged shapes, painted one over the other.

Positions are in image units: x to the right and y down, both from -1 to 1 over the
picture, whatever its size in pixels. Each exemplar of a batch has its own frames, so
a shape is one array expression for all pictures. Pixels are computed with + - * /
and square roots only, which are rounded alike on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

_TINY = np.float32(1e-6)


class Window(NamedTuple):
    """The rows and columns of a picture that a shape can touch."""

    rows: slice
    columns: slice


class Shape(NamedTuple):
    """A shape drawn in its own coordinates.

    coverage: (exemplars, rows, columns) float32, 0 outside to 1 inside, soft over one pixel.
    p, q: the same shape; coordinates along the frame's right and down axes.
    """

    window: Window
    coverage: np.ndarray
    p: np.ndarray
    q: np.ndarray

    def times(self, factor: np.ndarray) -> Shape:
        """The shape with its coverage multiplied by ``factor``, broadcast over (exemplars, rows, columns)."""
        return self._replace(coverage=self.coverage * factor)


@dataclass(frozen=True)
class Frame:
    """Where something lies: a centre and two orthogonal axes, one set an exemplar.

    centre, right, down: (exemplars, 2) float, in image units. A point with own
    coordinates (p, q) lies at centre + p * right + q * down.
    """

    centre: np.ndarray
    right: np.ndarray
    down: np.ndarray

    def place(self, p, q, half_width=1.0, half_height=1.0, angle=0.0) -> Frame:
        """A frame inside this one: its centre at (p, q), turned by ``angle`` (radians, clockwise).

        All arguments are numbers or (exemplars,) floats in units of this frame.
        """
        count = len(self.centre)
        p, q, half_width, half_height, angle = (
            np.broadcast_to(value, (count,))[:, np.newaxis] for value in (p, q, half_width, half_height, angle)
        )
        cosine, sine = np.cos(angle), np.sin(angle)
        return Frame(
            self.centre + p * self.right + q * self.down,
            half_width * (cosine * self.right + sine * self.down),
            half_height * (cosine * self.down - sine * self.right),
        )

    def window(self, size: int, reach: float = 1.0) -> Window:
        """The smallest window that holds the box |p|, |q| <= reach of all exemplars, and two pixels around."""
        extent = reach * (np.abs(self.right) + np.abs(self.down))
        first = np.floor(((self.centre - extent).min(axis=0) + 1) * size / 2) - 2
        last = np.ceil(((self.centre + extent).max(axis=0) + 1) * size / 2) + 2
        (left, top), (right, bottom) = np.clip(first, 0, size).astype(int), np.clip(last, 0, size).astype(int)
        return Window(slice(top, bottom), slice(left, right))

    def coordinates(self, window: Window, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Own coordinates (p, q) of the window's pixel centres, each (exemplars, rows, columns) float32."""
        pixel_centres = (2 * np.arange(size) + 1) / size - 1
        x = pixel_centres[window.columns][np.newaxis, np.newaxis, :]
        y = pixel_centres[window.rows][np.newaxis, :, np.newaxis]
        return tuple(self._along(axis, x, y) for axis in (self.right, self.down))

    def _along(self, axis: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        axis = axis / np.square(axis).sum(axis=1, keepdims=True)
        start = (axis * self.centre).sum(axis=1)
        from_x = axis[:, 0, np.newaxis, np.newaxis] * x - start[:, np.newaxis, np.newaxis]
        from_y = axis[:, 1, np.newaxis, np.newaxis] * y
        return from_x.astype(np.float32) + from_y.astype(np.float32)

    def lengths(self) -> tuple[np.ndarray, np.ndarray]:
        """Half width and half height in image units, each (exemplars, 1, 1) float32."""
        return tuple(per_exemplar(np.sqrt(np.square(axis).sum(axis=1))) for axis in (self.right, self.down))


def whole_picture(count: int) -> Frame:
    """The frame of the picture itself: p and q are x and y."""
    return Frame(np.zeros((count, 2)), np.tile([1.0, 0.0], (count, 1)), np.tile([0.0, 1.0], (count, 1)))


def per_exemplar(values) -> np.ndarray:
    """(exemplars,) values as (exemplars, 1, 1) float32, to go with pixels."""
    return np.asarray(values, np.float32)[:, np.newaxis, np.newaxis]


def softened(distance: np.ndarray, size: int) -> np.ndarray:
    """Coverage from a signed distance in image units (negative inside): a ramp one pixel wide."""
    return np.clip(np.float32(0.5) - distance * np.float32(size / 2), 0, 1)


def oval(frame: Frame, size: int, taper=0.0, bend=0.0) -> Shape:
    """An ellipse that fills its frame.

    taper: -1..1; above 0 it is narrower at the bottom, below 0 at the top.
    bend: lifts both ends by this share of the half height (a smile); below 0 drops them.
    Both are numbers or (exemplars,) floats.
    """
    taper, bend = (_pixelwise(value, frame) for value in (taper, bend))
    window = frame.window(size, 1 + float(np.abs(bend).max()) + float(np.abs(taper).max()))
    p, q = frame.coordinates(window, size)
    width, height = frame.lengths()
    narrowing = 1 + taper * q
    across, along = p * narrowing, q + bend * (p * p - np.float32(0.5))
    slope_p = (across * narrowing + 2 * bend * p * along) / width
    slope_q = (along + taper * p * across) / height
    radius = np.sqrt(across * across + along * along)
    steepness = np.sqrt(slope_p * slope_p + slope_q * slope_q) + _TINY
    return Shape(window, softened((radius - 1) * radius / steepness, size), p, along)


def box(frame: Frame, size: int, corner: float = 0.0, bend=0.0) -> Shape:
    """A rectangle that fills its frame, its corners rounded by a radius in image units; bend as in ``oval``."""
    bend = _pixelwise(bend, frame)
    window = frame.window(size, 1 + float(np.abs(bend).max()))
    p, q = frame.coordinates(window, size)
    width, height = frame.lengths()
    corner = np.minimum(np.float32(corner), np.minimum(width, height))
    q = q + bend * (p * p - np.float32(0.5))
    across, along = np.abs(p) * width - (width - corner), np.abs(q) * height - (height - corner)
    outside_p, outside_q = np.maximum(across, 0), np.maximum(along, 0)
    rounding = np.sqrt(outside_p * outside_p + outside_q * outside_q)
    return Shape(window, softened(rounding + np.minimum(np.maximum(across, along), 0) - corner, size), p, q)


def cloud(frame: Frame, size: int, curl) -> Shape:
    """An ellipse that fills its frame, with sixteen scallops at its edge.

    curl: depth of the scallops as a share of the radius; 0 gives a plain ellipse.
    """
    curl = _pixelwise(curl, frame)
    window = frame.window(size, 1 + float(curl.max()))
    p, q = frame.coordinates(window, size)
    width, height = frame.lengths()
    radius = np.sqrt(p * p + q * q) + _TINY
    cosine = p / radius
    for _ in range(3):
        cosine = 2 * cosine * cosine - 1  # of twice the angle
    rim = 1 + curl * (np.abs(cosine) - np.float32(0.6))
    return Shape(window, softened((radius - rim) * np.minimum(width, height), size), p, q)


def _pixelwise(value, frame: Frame) -> np.ndarray:
    return per_exemplar(np.broadcast_to(value, len(frame.centre)))


class Canvas:
    """A batch of colour pictures, and how much of each part every pixel shows.

    planes: (3, exemplars, size, size) float32, red, green, blue, 0..1.
    shown: (parts, exemplars, size, size) float32, the share of a pixel's paint that is the part's, 0..1.
    """

    def __init__(self, count: int, size: int, num_parts: int) -> None:
        self.planes = np.zeros((3, count, size, size), np.float32)
        self.shown = np.zeros((num_parts, count, size, size), np.float32)

    def fill(self, colour: np.ndarray) -> None:
        """One colour over each whole picture: (exemplars, 3) float in 0..1."""
        self.planes[:] = colour.T[:, :, np.newaxis, np.newaxis]

    def paint(self, shape: Shape, colour: np.ndarray, part: int | None = None) -> None:
        """Cover what lies below with a shape that shows ``part``, or no part.

        colour: (exemplars, 3) or (3,) float in 0..1.
        """
        self.glaze(shape, colour)
        hidden = self.shown[:, :, *shape.window]
        hidden *= 1 - shape.coverage
        if part is not None:
            hidden[part] += shape.coverage

    def glaze(self, shape: Shape, colour: np.ndarray) -> None:
        """Colour what lies below, which goes on showing: light, shade, a blush."""
        for plane, level in zip(self.planes, np.atleast_2d(colour).T, strict=True):
            pixels = plane[:, *shape.window]
            pixels += shape.coverage * (per_exemplar(level) - pixels)

    def images(self, colour: bool = True) -> np.ndarray:
        """(exemplars, size, size, 3) uint8, or with one channel: the luma, (299 R + 587 G + 114 B) / 1000."""
        planes = np.rint(np.clip(self.planes, 0, 1) * np.float32(255))
        if not colour:
            red, green, blue = planes.astype(np.int32)
            return ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(np.uint8)[..., np.newaxis]
        return np.ascontiguousarray(np.moveaxis(planes.astype(np.uint8), 0, -1))

    def masks(self) -> np.ndarray:
        """(exemplars, size, size, parts) bool: the pixels that show more than a quarter of the part."""
        return np.ascontiguousarray(np.moveaxis(self.shown > 0.25, 0, -1))
