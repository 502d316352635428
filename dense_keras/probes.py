"""What a model computes on a fixed set of images, as arrays.

Works on any Keras model. *Images* are what it takes: an array, or a list or dictionary of arrays
for a model with several inputs. Looking never changes the training: layers
are read through a second model that shares them, with ``predict_on_batch``; what they count
or remember is put back, and so is the state of all generators of random numbers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from dense_keras.backend import kept_random_state, keras

BATCH = 128

TRANSPOSED = (keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose)
"""Convolutions whose kernels have their outputs before their inputs."""


def layer_names(model: keras.Model) -> list[str]:
    """Names of all layers whose output can be looked at, nested ones as OUTER/INNER."""
    return list(_layers(model))


def weighted_layers(model: keras.Model) -> list[str]:
    """Names of the layers that have a kernel, input side first: what is recorded unless told otherwise."""
    return [name for name, layer in _layers(model).items() if any(weight.ndim > 1 for weight in layer.weights)]


def layer_of(model: keras.Model, name: str) -> keras.Layer:
    """The layer of that name, one of the model's own.

    Raises ValueError for a layer that the model does not have, listing those there are.
    """
    known = {layer.name: layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)}
    if name not in known:
        raise ValueError(f"The model has no layer {name!r}. It has: {', '.join(known)}.")
    return known[name]


def unit_axes(model: keras.Model, layers: Iterable[str]) -> dict[str, int]:
    """Layer -> axis of its output in which its units lie: 1 where channels come before space, else -1."""
    known = _layers(model)
    formats = {name: getattr(layer, "data_format", None) for name, layer in known.items()}
    usual = "channels_first" if "channels_first" in formats.values() else "channels_last"
    return {name: 1 if (formats.get(name) or usual) == "channels_first" else -1 for name in layers}


def units_last(tensor: Any, axis: int) -> Any:
    """A layer's output with its units moved from an axis of ``unit_axes`` to the last one."""
    return tensor if axis == -1 or len(tensor.shape) < 3 else keras.ops.moveaxis(tensor, axis, -1)


Images = np.ndarray | Sequence[np.ndarray] | Mapping[str, np.ndarray]
"""(exemplars, height, width, channels), or any other array that a model takes; one for each of its inputs."""


def build(model: keras.Model, images: Images | None = None) -> None:
    """Have a model make its weights, as ``fit`` would do with its first batch.

    images: any that the model takes, or None where there are none at hand.
    Layers that a built model never calls stay without weights.
    Raises ValueError for a model that is not built when there are no images.
    """
    if model.built and all(layer.built for layer in _layers(model).values()):
        return
    if images is not None:
        with _unchanged(model) if model.built else nullcontext():
            model(_chosen(images, slice(1)), training=False)
    elif not (model.built and model.weights):
        raise ValueError(
            "The model is not built yet, so its untrained weights cannot be recorded. "
            "Begin it with keras.Input(shape), or call model.build((None, *shape)) before fit."
        )


def convolution_layers(model: keras.Model) -> list[str]:
    """Names of all convolutions, input side first."""
    build(model)
    return [name for name, layer in _layers(model).items() if _is_convolution(_innermost(layer))]


def convolution_kernels(model: keras.Model) -> dict[str, np.ndarray]:
    """Layer -> kernel (height, width, in, out) of every convolution.

    A one-dimensional kernel has height 1; of a three-dimensional one it is the middle slice;
    a separable convolution has two, the second under LAYER/pointwise. A wrapper, such as
    TimeDistributed, has that of the layer within; a ConvLSTM that of its input, with the
    outputs of its four gates side by side.
    """
    kernels = {}
    for name in convolution_layers(model):
        layer = _innermost(_layers(model)[name])
        for attribute in ("kernel", "depthwise_kernel", "pointwise_kernel"):
            if (weight := getattr(layer, attribute, None)) is None:
                continue
            kernel = keras.ops.convert_to_numpy(weight)
            if isinstance(layer, TRANSPOSED):
                kernel = kernel.swapaxes(-1, -2)
            kernel = {3: kernel[np.newaxis], 4: kernel, 5: kernel[len(kernel) // 2]}[kernel.ndim]
            kernels[f"{name}/pointwise" if attribute == "pointwise_kernel" else name] = kernel
    return kernels


def weights(model: keras.Model) -> dict[str, np.ndarray]:
    """Path of a variable, such as ``conv1_1/kernel`` -> its values."""
    build(model)
    values = {}
    for variable in model.weights:
        path, number = variable.path, 2
        while path in values:
            path, number = f"{variable.path}#{number}", number + 1
        values[path] = keras.ops.convert_to_numpy(variable)
    return values


def pooled_activations(
    model: keras.Model, images: Images, layers: Sequence[str] | None = None
) -> dict[str, dict[str, np.ndarray]]:
    """Layer -> {"max", "mean"} -> (exemplars, units) float32: activations pooled over space.

    images: (exemplars, height, width, channels).
    layers: by name; None for all that have weights.
    Raises ValueError for a layer that the model does not have, listing those there are.
    """
    return LayerReader(model, layers).pooled(images)


def activation_maps(model: keras.Model, images: Images, layers: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Layer -> (exemplars, height, width, units) float32, for layers that have space.

    layers: by name; None for all convolutions.
    Raises ValueError for a layer that the model does not have, listing those there are.
    """
    return LayerReader(model, convolution_layers(model) if layers is None else layers).maps(images)


class LayerReader:
    """Reads layers of a model, compiled once and used at every snapshot.

    model: any built Keras model. layers: names; None for all that have weights.
    Raises ValueError for a layer that the model does not have, listing those there are.
    """

    def __init__(self, model: keras.Model, layers: Sequence[str] | None = None) -> None:
        self.model = model
        self.layers = weighted_layers(model) if layers is None else as_names(layers)
        self._warned = False
        known = _layers(model)
        unknown = [name for name in self.layers if name not in known and name != OUTPUTS]
        if unknown:
            raise ValueError(f"The model has no layer {', '.join(map(repr, unknown))}. It has: {', '.join(known)}.")
        self._read = _graph_reader(model, known, self.layers) or _eager_reader(model, known, self.layers)

    def pooled(self, images: Images) -> dict[str, dict[str, np.ndarray]]:
        """Layer -> {"max", "mean"} -> (exemplars, units) float32."""
        parts = self._parts(images, True)
        return {
            layer: {
                pooling: _joined(part[layer][place] for part in parts) for place, pooling in enumerate(("max", "mean"))
            }
            for layer in self.layers
            if layer in parts[0]
        }

    def maps(self, images: Images) -> dict[str, np.ndarray]:
        """Layer -> (exemplars, height, width, units) float32, for layers that have space."""
        parts = self._parts(images, False)
        with_space = [layer for layer in self.layers if layer in parts[0] and parts[0][layer][0].ndim == 4]
        return {layer: _joined(part[layer][0] for part in parts) for layer in with_space}

    def _parts(self, images: Images, pool: bool) -> list[dict[str, list[np.ndarray]]]:
        with _unchanged(self.model):
            parts = [self._read(batch, pool) for batch in _batches(images)]
        unseen = [layer for layer in self.layers if layer not in parts[0]]
        if unseen and not self._warned:
            warnings.warn(
                f"Not recorded, because the model does not call them as layers: {', '.join(unseen)}.", stacklevel=4
            )
            self._warned = True
        return parts


@dataclass(frozen=True)
class Evoked:
    """What a probe evokes in a model at one step.

    maxima, means: layer -> (exemplars, units) float32, pooled over space.
    outputs: (exemplars, tokens) float32, the model's output.
    """

    maxima: Mapping[str, np.ndarray]
    means: Mapping[str, np.ndarray]
    outputs: np.ndarray


class Probe:
    """A fixed set of images that every snapshot is examined on.

    Share one probe among callbacks and its images pass through the model once a snapshot.

    images: as the model takes them (see ``Images``).
    tokens: (exemplars,) integers, the true classes, or (exemplars, tokens) one-hot; None
        where unknown.
    token_names: one a token, all different; None for "0", "1", ...
    metadata: further columns for the projector, name -> (exemplars,) values (parts, factors);
        with tokens, the names ``token``, ``predicted`` and ``correct`` are taken.
    layers: those to read; None for all of the model that have weights.
    thumbnails: (exemplars, height, width, 1 or 3) uint8; None to take them from the images, of several
        inputs from the first that are images.
    Raises ValueError if inputs, tokens, names or metadata do not match the images.
    """

    def __init__(
        self,
        images: Images,
        tokens: np.ndarray | None = None,
        *,
        token_names: Sequence[str] | None = None,
        metadata: Mapping[str, Sequence[Any]] | None = None,
        layers: Sequence[str] | None = None,
        thumbnails: np.ndarray | None = None,
    ) -> None:
        self.images = as_inputs(images)
        inputs = keras.tree.flatten(self.images)
        exemplars = len(inputs[0])
        if exemplars == 0:
            raise ValueError("The probe holds no image: give at least one.")
        if any(np.issubdtype(each.dtype, np.floating) and not np.isfinite(each).all() for each in inputs):
            raise ValueError("The probe's images hold NaN or infinite values: drop or mend those images.")
        self.tokens = None if tokens is None else _as_integers(np.asarray(tokens))
        self.metadata = dict(metadata or {})
        for name, values in (("tokens", self.tokens), *self.metadata.items()):
            if values is not None and len(values) != exemplars:
                raise ValueError(f"The probe has {exemplars} images but {len(values)} {name}: one each is needed.")
        taken = [] if self.tokens is None else [name for name in TOKEN_COLUMNS if name in self.metadata]
        if taken:
            raise ValueError(
                f"The metadata have a column {', '.join(map(repr, taken))}. The probe's tokens make "
                f"{', '.join(TOKEN_COLUMNS)} already: give yours another name."
            )
        self.token_names = self._names(token_names)
        self.layers = None if layers is None else as_names(layers)
        self.thumbnails = as_thumbnails(self.images) if thumbnails is None else thumbnails
        self._reader: LayerReader | None = None
        self._latest: tuple[int, Evoked] | None = None

    def _names(self, token_names: Sequence[str] | None) -> list[str] | None:
        names = None if token_names is None else [str(name) for name in token_names]
        if isinstance(token_names, str) or len(set(names or ())) < len(names or ()):
            raise ValueError(f"Token names came as {token_names!r}. They must be a list of different names.")
        if self.tokens is None:
            return names
        if not np.issubdtype(self.tokens.dtype, np.integer):
            raise ValueError(f"Tokens must be integers from 0, one an image; they came as {self.tokens.dtype}.")
        if self.tokens.min() < 0:
            raise ValueError(
                f"Tokens must be integers from 0, one an image; {self.tokens.min()} came. "
                "Leave out images that have no token, or give no tokens at all."
            )
        highest = int(self.tokens.max())
        names = [str(token) for token in range(highest + 1)] if names is None else names
        if len(names) <= highest:
            raise ValueError(f"Tokens go up to {highest}, but there are only {len(names)} token names: {names}.")
        return names

    def evoke(self, model: keras.Model, step: int) -> Evoked:
        """What the probe evokes in the model; computed once for each model and step."""
        if self._reader is None or self._reader.model is not model:
            build(model, self.images)
            self._reader, self._latest = _with_outputs(model, self.layers), None
        if self._latest is None or self._latest[0] != step:
            pooled = self._reader.pooled(self.images)
            outputs = pooled.pop(OUTPUTS)["max"]
            self._latest = (
                step,
                Evoked(
                    {layer: poolings["max"] for layer, poolings in pooled.items()},
                    {layer: poolings["mean"] for layer, poolings in pooled.items()},
                    outputs,
                ),
            )
        return self._latest[1]

    def predicted(self, evoked: Evoked) -> np.ndarray | None:
        """(exemplars,) the token that the model takes each image for; None where it does not name tokens.

        It is that of the largest output. A single output stands for the second of two
        tokens: above 0.5 where all outputs are in 0..1, else above 0.
        """
        outputs = evoked.outputs
        if self.tokens is None or outputs.ndim != 2:
            return None
        if outputs.shape[1] == 1 and len(self.token_names) == 2:
            threshold = 0.5 if outputs.min() >= 0 and outputs.max() <= 1 else 0.0
            return (outputs[:, 0] > threshold).astype(np.int64)
        return outputs.argmax(axis=1) if outputs.shape[1] == len(self.token_names) else None

    def confusion(self, evoked: Evoked) -> np.ndarray:
        """(tokens, tokens) counts: rows are true tokens, columns predicted ones.

        Raises ValueError if the probe has no tokens or the model not one output for each.
        """
        if self.tokens is None:
            raise ValueError("The probe has no tokens, so nothing is right or wrong: give Probe(images, tokens).")
        predicted = self.predicted(evoked)
        if predicted is None:
            raise ValueError(
                f"The model has {evoked.outputs.shape[1]} outputs for {len(self.token_names)} tokens: "
                f"{', '.join(self.token_names)}. Accuracy needs one output a token."
            )
        counts = np.zeros((len(self.token_names),) * 2, dtype=np.int64)
        np.add.at(counts, (self.tokens, predicted), 1)
        return counts

    def accuracies(self, evoked: Evoked) -> tuple[float, dict[str, float]]:
        """Accuracy over the probe, and of each token that occurs in it, each in 0..1. Raises as ``confusion``."""
        counts = self.confusion(evoked)
        of_token = counts.sum(axis=1)
        shares = counts.diagonal() / of_token.clip(1)
        named = {name: float(shares[token]) for token, name in enumerate(self.token_names) if of_token[token]}
        return float(counts.trace() / counts.sum()), named


TOKEN_COLUMNS = ("token", "predicted", "correct")
"""Columns of the projector that follow from a probe's tokens."""


def as_names(layers: str | Sequence[str]) -> list[str]:
    """Names of layers, also from a single one."""
    return [layers] if isinstance(layers, str) else list(layers)


def _as_integers(tokens: np.ndarray) -> np.ndarray:
    """Tokens as (exemplars,), also from one column, from one-hot rows, and from whole numbers of another type."""
    if (
        tokens.ndim == 2
        and tokens.shape[1] > 1
        and ((tokens == 0) | (tokens == 1)).all()
        and (tokens.sum(axis=1) == 1).all()
    ):
        return tokens.argmax(axis=1)
    tokens = tokens.reshape(-1)
    whole = tokens.dtype.kind in "bf" and np.isfinite(tokens).all() and (tokens == np.rint(tokens)).all()
    return tokens.astype(np.int64) if whole else tokens


OUTPUTS = ""
"""Stands for the model's own output among the names of layers."""


def as_inputs(images: Images) -> Images:
    """The images with each input as an array. Raises ValueError for inputs of different numbers of exemplars."""
    inputs = keras.tree.map_structure(np.asarray, images)
    shapes = [each.shape for each in keras.tree.flatten(inputs)]
    if not shapes or not all(shapes) or len({shape[0] for shape in shapes}) > 1:
        raise ValueError(
            f"Images came with shapes {shapes}. They must be one array, or one for each of the model's inputs, "
            "all of as many exemplars."
        )
    return inputs


def as_thumbnails(images: Images) -> np.ndarray | None:
    """Images as (exemplars, height, width, 1 or 3) uint8, of several inputs the first; None if they are no images.

    Integers in 0..255 are taken as they are; other ranges are stretched to 0..255, one scale for all.
    """
    pictures = (_as_pictures(each) for each in keras.tree.flatten(images))
    images = next((each for each in pictures if each is not None), None)
    if images is None:
        return None
    low, high = float(images.min()), float(images.max())
    if np.issubdtype(images.dtype, np.integer) and low >= 0 and high <= 255:
        return images.astype(np.uint8)
    return np.rint((images - low) * (255 / max(high - low, 1e-12))).astype(np.uint8)


def _as_pictures(images: np.ndarray) -> np.ndarray | None:
    if images.ndim == 3 and images.dtype == np.uint8:
        images = images[..., np.newaxis]
    return images if images.ndim == 4 and images.shape[3] in (1, 3) else None


def _layers(model: keras.Model, prefix: str = "") -> dict[str, keras.Layer]:
    """All layers by name, nested ones as OUTER/INNER, a second of one name as NAME#2; input side first."""
    found = {}
    for layer in model._flatten_layers(include_self=False, recursive=False):
        if isinstance(layer, keras.layers.InputLayer):
            continue
        name, number = prefix + layer.name, 2
        while name in found:
            name, number = f"{prefix}{layer.name}#{number}", number + 1
        found[name] = layer
        if not isinstance(layer, (keras.layers.RNN, keras.layers.Wrapper)):  # their inner layers are steps, not layers
            found |= _layers(layer, f"{name}/")
    return found


def _innermost(layer: keras.Layer) -> keras.Layer:
    """The layer that is repeated by wrappers and over time, or the layer itself."""
    while isinstance(layer, (keras.layers.RNN, keras.layers.Wrapper)):
        layer = layer.cell if isinstance(layer, keras.layers.RNN) else layer.layer
    return layer


def _is_convolution(layer: keras.Layer) -> bool:
    return hasattr(layer, "rank") and hasattr(layer, "kernel_size")


@contextmanager
def _unchanged(model: keras.Model) -> Iterator[None]:
    """Puts back what a call of the model changes outside of training: what layers count, remember and draw."""
    recurrent = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.RNN) and layer.stateful]
    states = keras.tree.flatten([layer.states for layer in recurrent if layer.built])
    variables = [*model.non_trainable_variables, *model.metrics_variables, *states]
    values = [keras.ops.convert_to_numpy(variable).copy() for variable in variables]
    with kept_random_state():
        try:
            yield
        finally:
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)


def _with_outputs(model: keras.Model, layers: Sequence[str] | None) -> LayerReader:
    return LayerReader(model, [*(weighted_layers(model) if layers is None else layers), OUTPUTS])


Reader = Callable[[Images, bool], dict[str, list[np.ndarray]]]


def _graph_reader(model: keras.Model, known: Mapping[str, keras.Layer], layers: Sequence[str]) -> Reader | None:
    """Reads through a model from the inputs to the layers; None where layers are not in one graph."""
    axes = unit_axes(model, layers)
    try:
        outputs = {name: model.outputs if name == OUTPUTS else known[name].output for name in layers}
        tensors = {name: keras.tree.flatten(output)[0] for name, output in outputs.items()}
        pooled = keras.Model(model.input, {name: _pool(tensor, axes[name]) for name, tensor in tensors.items()})
        maps = keras.Model(model.input, {name: [units_last(tensor, axes[name])] for name, tensor in tensors.items()})
    except (AttributeError, ValueError):
        return None
    return lambda batch, pool: (pooled if pool else maps).predict_on_batch(batch)


def _eager_reader(model: keras.Model, known: Mapping[str, keras.Layer], layers: Sequence[str]) -> Reader:
    """Reads by watching the layers' calls: for subclassed models and nested layers."""
    axes = unit_axes(model, layers)

    def read(batch: Images, pool: bool) -> dict[str, list[np.ndarray]]:
        seen = {}

        def watch(name: str, call: Callable) -> Callable:
            def watched(*args: Any, **kwargs: Any) -> Any:
                result = call(*args, **kwargs)
                seen.setdefault(name, keras.tree.flatten(result)[0])
                return result

            return watched

        watched_layers = {name: known[name] for name in layers if name != OUTPUTS}
        try:
            for name, layer in watched_layers.items():
                object.__setattr__(layer, "call", watch(name, layer.call))
            seen[OUTPUTS] = keras.tree.flatten(model(batch, training=False))[0]
        finally:
            for layer in watched_layers.values():
                layer.__dict__.pop("call", None)
        arrange = _pool if pool else (lambda tensor, axis: [units_last(tensor, axis)])
        return {
            name: [keras.ops.convert_to_numpy(part) for part in arrange(seen[name], axes[name])]
            for name in layers
            if name in seen
        }

    return read


def _pool(tensor: Any, channel_axis: int) -> list[Any]:
    """Largest and mean value over all axes but the first and the channels."""
    axes = [axis for axis in range(1, len(tensor.shape)) if axis != channel_axis % len(tensor.shape)]
    if not axes:
        return [tensor, tensor]
    return [keras.ops.max(tensor, axis=axes), keras.ops.mean(tensor, axis=axes)]


def _batches(images: Images) -> Iterable[Images]:
    exemplars = len(keras.tree.flatten(images)[0])
    return (_chosen(images, slice(start, start + BATCH)) for start in range(0, exemplars, BATCH))


def _chosen(images: Images, rows: slice) -> Images:
    return keras.tree.map_structure(lambda each: each[rows], images)


def _joined(parts: Iterable[np.ndarray]) -> np.ndarray:
    joined = np.concatenate([np.asarray(part, dtype=np.float32) for part in parts])
    return joined[:, np.newaxis] if joined.ndim == 1 else joined
