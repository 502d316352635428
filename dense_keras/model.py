"""The network that comes to know the tokens: a VGG of 1.24 million weights.

Four blocks of two 3x3 convolutions (32, 64, 128, 256 units) with ReLU and max-pooling,
global average pooling, a dense layer of 256 units, and a softmax over the tokens. The
design is ours; "1.24M-weight VGG" is what arXiv 2307.10991 says of its network.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dense_keras.backend import keras

BLOCK_UNITS = (32, 64, 128, 256)
DENSE_UNITS = 256
RECORDED_LAYERS = (
    *(f"conv{block}_{position}" for block in range(1, len(BLOCK_UNITS) + 1) for position in (1, 2)),
    "global_pool",
    "dense",
    "logits",
)
"""Names of the layers whose activations a run records, input side first."""

WEIGHTED_LAYERS = tuple(name for name in RECORDED_LAYERS if name != "global_pool")
"""Those of them that have a kernel."""


def build_vgg(
    input_shape: tuple[int, int, int],
    num_tokens: int,
    seed: int = 0,
    data_format: str = "channels_last",
    initial_scales: Mapping[str, float] = {},
) -> keras.Model:
    """The VGG, with initial weights that are the same on every backend.

    input_shape: (height, width, channels) of images in 0..255; sides of at least 16.
    data_format: where the layers inside keep their channels, ``channels_last`` or
    ``channels_first``; it changes speed alone.
    initial_scales: layer -> what its initial kernel is multiplied by.
    Returns a model from (exemplars, height, width, channels) to (exemplars, num_tokens)
    probabilities. Its layers are named conv1_1 to conv4_2, pool1 to pool4, global_pool,
    dense, logits and tokens; images are centred inside, to -2..2.
    Raises ValueError for images that are too small, or fewer than two tokens.
    """
    if len(input_shape) != 3 or min(input_shape[:2]) < 2 ** len(BLOCK_UNITS):
        raise ValueError(
            f"Images came as {tuple(input_shape)}. They must be (height, width, channels) with sides of at least "
            f"{2 ** len(BLOCK_UNITS)} pixels, because {len(BLOCK_UNITS)} poolings halve them."
        )
    if num_tokens < 2:
        raise ValueError(f"{num_tokens} token(s) came; telling tokens apart takes at least two.")
    layers = keras.layers
    images = keras.Input(input_shape, name="images")
    x = layers.Rescaling(4 / 255, offset=-2, name="centre")(images)
    if data_format == "channels_first":
        x = layers.Permute((3, 1, 2), name="channels_first")(x)
    for block, units in enumerate(BLOCK_UNITS, start=1):
        for position in (1, 2):
            x = layers.Conv2D(
                units, 3, padding="same", activation="relu", data_format=data_format, name=f"conv{block}_{position}"
            )(x)
        x = layers.MaxPooling2D(2, data_format=data_format, name=f"pool{block}")(x)
    x = layers.GlobalAveragePooling2D(data_format=data_format, name="global_pool")(x)
    x = layers.Dense(DENSE_UNITS, activation="relu", name="dense")(x)
    x = layers.Dense(num_tokens, name="logits")(x)
    x = layers.Softmax(name="tokens")(x)
    model = keras.Model(images, x, name="vgg_1.24M")
    draw_initial_weights(model, seed, initial_scales)
    return model


def draw_initial_weights(model: keras.Model, seed: int, scales: Mapping[str, float]) -> None:
    """Set kernels to He-uniform draws from NumPy and biases to zero.

    A kernel is uniform in +-sqrt(6 / fan_in), where fan_in is the product of all its
    dimensions but the last; a layer with a scale has it multiplied by that. Source: He et
    al. 2015, arXiv 1502.01852.
    """
    generator = np.random.default_rng([seed, 0])
    for layer in model.layers:
        drawn = []
        for weight in layer.get_weights():
            if weight.ndim < 2:
                drawn.append(np.zeros_like(weight))
            else:
                limit = np.sqrt(6 / np.prod(weight.shape[:-1])) * scales.get(layer.name, 1)
                drawn.append(generator.uniform(-limit, limit, weight.shape).astype(weight.dtype))
        layer.set_weights(drawn)
