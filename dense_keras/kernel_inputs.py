"""What kernels are given: the other half of every contribution, read at any snapshot.

A contribution is a weight times what it is multiplied with (``measures.coupling``). Recorded
activations are largest values over space; what a convolution's kernel sees is read here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dense_keras.backend import keras
from dense_keras.gradients import chunks
from dense_keras.measures.coupling import shifted_means
from dense_keras.probes import layer_of, unit_axes, units_last


class KernelInputs:
    """Reads what kernels of layers are given, compiled once and used at every snapshot.

    model: with a graph of layers, from one array of images; it is not changed, and read with the
    weights that it has at the time.
    layers: names of dense layers, and of 3x3 convolutions with padding "same" and stride 1.
    Raises ValueError for a layer that the model does not have, and for one of another kind.
    """

    def __init__(self, model: keras.Model, layers: Sequence[str]) -> None:
        axes = unit_axes(model, layers)
        for name in layers:
            _check_kind(layer_of(model, name), name)
        given = {name: units_last(layer_of(model, name).input, axes[name]) for name in layers}
        self._reader = keras.Model(model.inputs[0], given)

    def of(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Layer -> what its kernel is given, as ``coupling.contributions`` takes it.

        (exemplars, 3, 3, inputs) for a convolution: what each tap sees, mean over space;
        (exemplars, inputs) for a dense layer.
        """
        read = [self._reader.predict_on_batch(images[chosen]) for chosen in chunks(len(images))]
        seen = [{name: shifted_means(each) if each.ndim == 4 else each for name, each in part.items()} for part in read]
        return {name: np.concatenate([part[name] for part in seen]) for name in seen[0]}


def _check_kind(layer: keras.Layer, name: str) -> None:
    if isinstance(layer, keras.layers.Dense):
        return
    is_convolution = isinstance(layer, keras.layers.Conv2D) and not isinstance(layer, keras.layers.Conv2DTranspose)
    kind = ("kernel_size", "strides", "dilation_rate", "groups", "padding")
    if not is_convolution or [getattr(layer, name) for name in kind] != [(3, 3), (1, 1), (1, 1), 1, "same"]:
        raise ValueError(
            f"{name} is a {type(layer).__name__} of another kind. Contributions are known for dense layers, and for "
            '3x3 convolutions with padding "same" and stride 1.'
        )
