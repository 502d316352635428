"""Preferred images: pictures made to excite a unit, found by gradient ascent on any backend.

An image is ``sigmoid(colours . C_h^T (S * D) C_w)``: S are trainable coefficients, D lets coarse
patterns learn faster than fine ones, C are orthonormal cosine transforms, ``colours`` mixes
three channels as photographs do (one channel stays as it is). At each step the picture is
shifted and scaled a little at random before the network sees it, so that what it shows does not
hang on single pixels; a small penalty on the differences of neighbouring pixels keeps it smooth.
The preference of an untrained network belongs beside that of a trained one.

Source: Olah, Mordvintsev & Schubert 2017, "Feature Visualization", doi 10.23915/distill.00007;
the cosine transform in place of Fourier's, and the leaky last layer, are our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from scipy.fft import dct

from dense_keras.backend import keras
from dense_keras.gradients import frozen_up_to
from dense_keras.optimizer import Adam

ops = keras.ops

LEARNING_RATE = 0.05
SMOOTHNESS = 1e-4
"""Weight of the total variation, the summed absolute differences of neighbouring pixels, in 0..1."""

START = 0.01
"""Standard deviation of the coefficients at the start: almost even gray."""

SLOPE = 0.01
"""Of a ReLU below zero, in the layer that is looked at."""

SHIFT, SCALE = 1 / 8, 0.05
"""Largest shift, as a share of the side, and largest change of scale at a step."""

COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
"""How red, green and blue go together in photographs, (3, mixed) before it is scaled; Olah et al. 2017."""


@dataclass(frozen=True)
class PreferredImages:
    """What units prefer.

    images: (units, height, width, channels) uint8; even gray for a dead unit.
    activations: (units,) float32, what the images evoke in their units, mean over space.
    dead: (units,) bool: nothing raised the unit's activation above what the start evokes, so
        there is no image that it is known to prefer.
    """

    images: np.ndarray
    activations: np.ndarray
    dead: np.ndarray


def preferred_images(
    model: keras.Model,
    layer: str,
    units: Sequence[int],
    generator: np.random.Generator,
    steps: int = 128,
    value_range: tuple[float, float] = (0, 255),
) -> PreferredImages:
    """Images that maximise the mean activation of each unit over space.

    All units start from the same coefficients and see the same shifts, so a unit's image does
    not depend on the others that are asked for, and generators of one seed make snapshots comparable.

    model: with a graph of layers, from one array of images with 1 or more channels. It is not changed.
    layer: by name. units: of that layer; all are worked on at once.
    steps: of Adam. value_range: of the images that the model takes.
    Raises ValueError for a model without a graph, an unknown layer or unit, and fewer than 1 step.
    """
    units = np.asarray(units, int)
    if steps < 1:
        raise ValueError(f"steps is {steps}; it must be 1 or more.")
    frozen = frozen_up_to(model, layer)
    count = frozen.output_shape[-1]
    if units.ndim != 1 or not len(units) or units.min() < 0 or units.max() >= count:
        raise ValueError(f"Units came as {units.tolist()}; {layer} has units 0 to {count - 1}. Name at least one.")
    shape = model.inputs[0].shape[1:]
    canvas = _Canvas(len(units), shape, generator.normal(0, START, shape), value_range)
    start, gray = canvas.images(), np.full((len(units), *shape), 128, np.uint8)
    with _silent_units_learning(frozen.get_layer(layer)):
        _fit(canvas, frozen, units, _movements(generator, steps, shape))
    images = canvas.images()
    before, after, of_gray = _evoked(frozen, units, np.stack([start, images, gray]), value_range)
    dead = ~(after > before)
    return PreferredImages(
        np.where(dead[:, np.newaxis, np.newaxis, np.newaxis], gray, images), np.where(dead, of_gray, after), dead
    )


def _fit(
    canvas: _Canvas, frozen: keras.Model, units: np.ndarray, movements: Iterable[tuple[np.ndarray, np.ndarray]]
) -> None:
    """Train the canvas so that each picture excites its unit; the loss is a sum, so each is on its own."""
    wanted = np.eye(frozen.output_shape[-1], dtype=np.float32)[units]
    rows, columns = (keras.Input(batch_shape=(len(units), side, side)) for side in canvas.shape[:2])
    maps = frozen(canvas(rows, columns))
    space = tuple(range(1, len(maps.shape) - 1))
    model = keras.Model([rows, columns], ops.mean(maps, axis=space) if space else maps)
    model.compile(Adam(LEARNING_RATE), lambda wanted, evoked: -len(units) * ops.sum(wanted * evoked, axis=-1))
    model.optimizer.build(model.trainable_variables)  # else TensorFlow would trace the first step twice
    for movement in movements:
        model.train_on_batch([np.broadcast_to(each, (len(units), *each.shape)) for each in movement], wanted)


@contextmanager
def _silent_units_learning(layer: keras.Layer) -> Iterator[None]:
    """Gives a ReLU a slope below zero, so that a unit that the start leaves silent can be reached."""
    activation = getattr(layer, "activation", None)
    if activation is keras.activations.relu:
        layer.activation = lambda values: ops.maximum(values, SLOPE * values)
    yield
    if activation is keras.activations.relu:
        layer.activation = activation


def _evoked(frozen: keras.Model, units: np.ndarray, images: np.ndarray, value_range: tuple[float, float]) -> np.ndarray:
    """(sets, units) float32: what each image of sets (sets, units, ...) evokes in its unit, mean over space."""
    low, high = value_range
    values = low + (high - low) * (images.reshape(-1, *images.shape[2:]).astype(np.float32) / 255)
    evoked = ops.convert_to_numpy(frozen(values, training=False))  # not compiled, for it is run but once
    means = evoked.mean(axis=tuple(range(1, evoked.ndim - 1)))
    return means.reshape(len(images), len(units), -1)[:, range(len(units)), units]


def _movements(
    generator: np.random.Generator, steps: int, shape: tuple[int, ...]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each step the matrices that move rows (height, height) and columns (width, width)."""
    for _ in range(steps):
        scale = 1 + generator.uniform(-SCALE, SCALE)
        shifts = generator.uniform(-SHIFT, SHIFT, 2) * shape[:2]
        yield tuple(moving(side, shift, scale) for side, shift in zip(shape[:2], shifts, strict=True))


def moving(side: int, shift: float, scale: float) -> np.ndarray:
    """(side, side) float32 matrix that shifts a line of pixels and scales it about its middle.

    Values between pixels are interpolated; the first and last pixel go on beyond the edge.
    """
    middle = (side - 1) / 2
    sources = np.clip((np.arange(side) - middle - shift) / scale + middle, 0, side - 1)
    return np.maximum(0, 1 - np.abs(sources[:, np.newaxis] - np.arange(side))).astype(np.float32)


def cosine_transform(side: int) -> np.ndarray:
    """(frequencies, side) float32: the orthonormal cosine transform, its transpose its inverse."""
    return dct(np.eye(side), axis=0, norm="ortho").astype(np.float32)


def coarse_first(height: int, width: int) -> np.ndarray:
    """(height, width) float32: one over the frequency of each coefficient, in pixels a cycle, at most the longer side."""
    rows, columns = (np.arange(side) / (2 * side) for side in (height, width))
    frequencies = np.hypot(rows[:, np.newaxis], columns)
    return (1 / np.maximum(frequencies, 1 / max(height, width))).astype(np.float32)


def _colours(channels: int) -> np.ndarray:
    """(channels, mixed) float32."""
    mix = COLOURS / np.linalg.norm(COLOURS, axis=0).max() if channels == 3 else np.eye(channels)
    return mix.astype(np.float32)


class _Canvas(keras.layers.Layer):
    """Pictures as trainable coefficients; called with matrices that move them, it gives what the network sees."""

    def __init__(
        self, count: int, shape: tuple[int, int, int], start: np.ndarray, value_range: tuple[float, float]
    ) -> None:
        super().__init__()
        self.shape, self.low, self.high = shape, *map(float, value_range)
        height, width, channels = shape
        self.down, self.across = cosine_transform(height), cosine_transform(width)
        self.pace, self.mix = coarse_first(height, width)[..., np.newaxis], _colours(channels)
        self.coefficients = self.add_weight(shape=(count, *shape), initializer="zeros", name="coefficients")
        self.coefficients.assign(np.broadcast_to(start, (count, *shape)))

    def call(self, rows, columns):
        pictures = self.pictures()
        self.add_loss(SMOOTHNESS * _variation(pictures))
        moved = ops.einsum("nih,nhwc->niwc", rows, pictures)
        return self.low + (self.high - self.low) * ops.einsum("njw,niwc->nijc", columns, moved)

    def pictures(self):
        """(units, height, width, channels) in 0..1."""
        planes = ops.einsum("yi,nyxc->nixc", self.down, self.coefficients * self.pace)
        planes = ops.einsum("xj,nixc->nijc", self.across, planes)
        return ops.sigmoid(ops.einsum("nijc,dc->nijd", planes, self.mix))

    def images(self) -> np.ndarray:
        """(units, height, width, channels) uint8."""
        return np.rint(255 * keras.ops.convert_to_numpy(self.pictures())).astype(np.uint8)


def _variation(pictures):
    """Total variation, summed over pictures."""
    down, across = pictures[:, 1:] - pictures[:, :-1], pictures[:, :, 1:] - pictures[:, :, :-1]
    return ops.sum(ops.abs(down)) + ops.sum(ops.abs(across))
