"""Gradients with respect to weights and to images, without naming a backend.

A gradient is read off one step of plain gradient descent: what the step changed, divided by
the learning rate. So Keras's own trainer does the work, and the same code runs everywhere.
For weights the step is taken on a copy of the model. For images a trainable change, zero at
first, is added to the images in front of a frozen copy, so that its gradient is theirs.

Images are (exemplars, height, width, channels) in the model's own range, tokens are what its
loss takes, weights are named by path as in ``probes.weights``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dense_keras import probes
from dense_keras.backend import keras

BATCH = 128

LEARNING_RATE = 2.0**10
"""Of the one step. A weight's rounding is divided by it, and dividing by a power of two rounds nothing."""


def copy_of(model: keras.Model) -> keras.Model:
    """A model of the same layers and weights that shares nothing with it; not compiled.

    Raises ValueError for a model that has no graph from its inputs to its outputs.
    """
    if not getattr(model, "inputs", None):
        raise ValueError(
            f"{type(model).__name__} {model.name!r} has no graph of layers yet. This works for a model made with "
            "keras.Model(inputs, outputs), and for a Sequential one that begins with keras.Input."
        )
    inputs, outputs = (each[0] if len(each) == 1 else each for each in (model.inputs, model.outputs))
    copy = keras.models.clone_model(keras.Model(inputs, outputs, name=model.name))  # which is not compiled
    copy.set_weights(model.get_weights())
    return copy


def frozen_up_to(model: keras.Model, layer: str) -> keras.Model:
    """A copy of a model from its input to a layer's output, units last, whose weights do not learn.

    Raises ValueError for a layer that the model does not have, listing those there are.
    """
    copy = copy_of(model)
    output = probes.layer_of(copy, layer).output
    copy.trainable = False
    return keras.Model(copy.inputs[0], probes.units_last(output, probes.unit_axes(copy, [layer])[layer]))


def chunks(count: int) -> list[np.ndarray]:
    """Positions in chunks of about one size, at most ``BATCH``: some backends compile anew for each size."""
    return np.array_split(np.arange(count), -(-count // BATCH))


class WeightGradients:
    """Gradients of a model's loss with respect to its trainable weights.

    The copy is compiled once: keep this for many batches, also while the model's weights change.
    Layers do as in training, so dropout drops. Float32: the error is about 1e-7 of the gradient
    and 1e-10 of the weight.

    model: with a graph of layers, and compiled with a loss.
    Raises ValueError for a model that is not.
    """

    def __init__(self, model: keras.Model) -> None:
        if getattr(model, "loss", None) is None:
            raise ValueError(
                f"Model {model.name!r} is not compiled, so it has no loss to take the gradient of: "
                "call model.compile(loss=...) first."
            )
        self.model, self._copy = model, copy_of(model)
        for variable in self._copy.trainable_variables:
            variable.constraint = None
        self._copy.compile(keras.optimizers.SGD(LEARNING_RATE), model.loss)
        self._learns = [variable.trainable for variable in model.weights]

    def mean(self, images: np.ndarray, tokens: np.ndarray) -> dict[str, np.ndarray]:
        """Path -> gradient of the mean loss over all images, in the weight's shape, float32."""
        return self._mean(probes.weights(self.model), images, tokens)

    def of_batches(self, images: np.ndarray, tokens: np.ndarray, batch_size: int) -> dict[str, np.ndarray]:
        """Path -> (batches, \\*shape of the weight) float32: gradients of the mean loss over each batch.

        Batches are taken in order; images that do not fill one are left out.
        Raises ValueError if there are fewer images than make a batch.
        """
        if not 1 <= batch_size <= len(images):
            raise ValueError(f"batch_size is {batch_size} for {len(images)} images; it must be 1 to {len(images)}.")
        weights = probes.weights(self.model)
        starts = range(0, len(images) - batch_size + 1, batch_size)
        batches = (slice(start, start + batch_size) for start in starts)
        gradients = [self._mean(weights, images[batch], tokens[batch]) for batch in batches]
        return {path: np.stack([gradient[path] for gradient in gradients]) for path in gradients[0]}

    def hessian_vector_product(
        self, images: np.ndarray, tokens: np.ndarray, vector: Mapping[str, np.ndarray], distance: float = 0.01
    ) -> dict[str, np.ndarray]:
        """Path -> the loss's second derivatives times a vector: how the gradient changes along it.

        By central differences, (g(w + s v) - g(w - s v)) / 2s, with s so that ``|s v| = distance``.
        vector: path -> array in the weight's shape, for every trainable weight.
        distance: on either side, in the space of all weights; shorter ones are nearer to the
        derivative and lose digits to rounding.
        Raises ValueError for a vector of other weights, and for a zero one.
        """
        weights = probes.weights(self.model)
        expected = {path: weights[path].shape for path in self._paths(weights)}
        if {path: np.shape(values) for path, values in vector.items()} != expected:
            raise ValueError(
                f"The vector has {', '.join(vector) or 'nothing'}; it needs an array in the weight's shape for each "
                f"of {', '.join(expected)}."
            )
        length = np.sqrt(sum(np.square(values, dtype=np.float64).sum() for values in vector.values()))
        if not length > 0:
            raise ValueError("The vector is zero or not finite, so it has no direction.")
        scale = distance / length
        ahead, behind = (
            self._mean(
                {path: values + sign * scale * vector.get(path, 0) for path, values in weights.items()}, images, tokens
            )
            for sign in (1, -1)
        )
        return {path: (ahead[path] - behind[path]) / (2 * scale) for path in expected}

    def _paths(self, weights: Mapping[str, np.ndarray]) -> list[str]:
        return [path for path, learns in zip(weights, self._learns, strict=True) if learns]

    def _mean(self, weights: Mapping[str, np.ndarray], images: np.ndarray, tokens: np.ndarray) -> dict[str, np.ndarray]:
        sums = {path: np.zeros(weights[path].shape) for path in self._paths(weights)}
        for chosen in chunks(len(images)):
            self._copy.set_weights([np.asarray(values, np.float32) for values in weights.values()])
            before = [keras.ops.convert_to_numpy(variable).copy() for variable in self._copy.trainable_variables]
            self._copy.train_on_batch(images[chosen], tokens[chosen])
            after = [keras.ops.convert_to_numpy(variable) for variable in self._copy.trainable_variables]
            for total, start, end in zip(sums.values(), before, after, strict=True):
                total += (start - end) * (len(chosen) / LEARNING_RATE)
        return {path: (total / len(images)).astype(np.float32) for path, total in sums.items()}


class ImageGradients:
    """Gradients of the units of one layer with respect to the images.

    The copy is compiled once: keep this for many units. It has the weights that the model had then.

    model: with a graph of layers. layer: by name.
    Raises ValueError for a model without a graph, and for a layer that it does not have.
    """

    def __init__(self, model: keras.Model, layer: str) -> None:
        frozen = frozen_up_to(model, layer)
        images = keras.Input(model.inputs[0].shape[1:])
        self._change = _Change()
        self._model = keras.Model(images, frozen(self._change(images)))
        self._model.compile(keras.optimizers.SGD(LEARNING_RATE), _weighted_sum)
        self.shape: tuple[int, ...] = frozen.output_shape[1:]
        """Of the layer's output for one image: (height, width, units), or (units,)."""

    def of(self, images: np.ndarray, units: int | np.ndarray, position: tuple[int, int] | None = None) -> np.ndarray:
        """(exemplars, height, width, channels) float32: how a unit's activation changes with each value of the image.

        units: one for all images, or (exemplars,) integers, one for each.
        position: (row, column) in the activation map; None for the mean over the map.
        Raises ValueError for a unit or a position that the layer does not have.
        """
        units = np.broadcast_to(units, len(images))
        if units.min(initial=0) < 0 or units.max(initial=0) >= self.shape[-1]:
            raise ValueError(
                f"Units came as {units.min()} to {units.max()}; the layer's are 0 to {self.shape[-1] - 1}."
            )
        where = self._where(position)
        gradients = np.empty(images.shape, np.float32)
        for chosen in chunks(len(images)):
            weights = where[..., np.newaxis] * np.eye(self.shape[-1], dtype=np.float32)[units[chosen]].reshape(
                len(chosen), *(1 for _ in where.shape), -1
            )
            self._change.reset()
            self._model.train_on_batch(images[chosen].astype(np.float32), weights)
            changed = keras.ops.convert_to_numpy(self._change.change)[: len(chosen)]
            gradients[chosen] = changed * (-len(chosen) / LEARNING_RATE)  # the trainer's loss is a mean
        return gradients

    def _where(self, position: tuple[int, int] | None) -> np.ndarray:
        """Weights of the positions of a map, adding to 1."""
        space = self.shape[:-1]
        if position is None:
            return np.full(space, 1 / max(1, np.prod(space)), np.float32)
        if len(position) != len(space) or not all(0 <= place < side for place, side in zip(position, space)):
            raise ValueError(f"Position {tuple(position)} is not in the layer's map, which is {space}.")
        where = np.zeros(space, np.float32)
        where[tuple(position)] = 1
        return where


def effective_receptive_fields(
    model: keras.Model,
    images: np.ndarray,
    layer: str,
    units: Sequence[int],
    position: tuple[int, int] | None = None,
) -> np.ndarray:
    """(units, height, width) float32: how much each pixel moves a unit, 0 or more.

    It is the mean over exemplars and channels of the absolute gradient of the unit's activation
    at one position. Exemplars that leave the unit silent count as zero.
    position: (row, column) in the layer's map; None for its middle, (height // 2, width // 2).
    Raises ValueError as ``ImageGradients``.
    Source: Luo et al. 2016, arXiv 1701.04128.
    """
    gradients = ImageGradients(model, layer)
    place = tuple(side // 2 for side in gradients.shape[:-1]) if position is None else position
    return np.stack([np.abs(gradients.of(images, unit, place)).mean(axis=(0, 3)) for unit in units])


class _Change(keras.layers.Layer):
    """Adds to each image of a batch a trainable change of its own, zero at first."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.change = self.add_weight(shape=(BATCH, *input_shape[1:]), initializer="zeros", name="change")

    def call(self, images):
        return images + self.change[: keras.ops.shape(images)[0]]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def reset(self) -> None:
        self.change.assign(np.zeros(self.change.shape, np.float32))


def _weighted_sum(weights, outputs):
    return keras.ops.sum(weights * outputs, axis=tuple(range(1, len(outputs.shape))))
