"""Receptive fields: which pixels a unit can see, and the exemplars and places that excite it most.

A chain is what an image passes through, name -> (kernel, stride, padding) in pixels, input
side first; ``VGG`` is that of our network. Pixels are counted from 0 at the upper left; a
field may begin before 0, in the padding. Places are rows and columns of activation maps,
(exemplars, height, width, units).

The field is what a unit *can* see. What it does see is less, most of it near the middle
(Luo et al. 2016, arXiv 1701.04128).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

VGG: Mapping[str, tuple[int, int, int]] = {
    name: shape
    for block in range(1, 5)
    for name, shape in (
        (f"conv{block}_1", (3, 1, 1)),
        (f"conv{block}_2", (3, 1, 1)),
        (f"pool{block}", (2, 2, 0)),
    )
}
"""The chain of our network: four blocks of two 3x3 convolutions and a 2x2 pooling."""

GRAY = 128
"""Stands for what is outside of an image: our network pads its centred images with 0, which is this gray."""


class ReceptiveField(NamedTuple):
    """The square of pixels that a layer's units see.

    size: pixels a side. stride: pixels from one place of the map to the next.
    start: the first row and column seen from place 0; negative in the padding.
    """

    size: int
    stride: int
    start: int


def receptive_fields(chain: Mapping[str, tuple[int, int, int]] = VGG) -> dict[str, ReceptiveField]:
    """The receptive field of every layer of a chain: name -> field.

    size grows by (kernel - 1) strides, start falls by padding strides, the stride is
    multiplied by the layer's own. In our VGG, convolutions see 3, 5, 10, 14, 24, 32, 52 and
    68 pixels.
    Raises ValueError for a kernel or stride below 1, or a padding below 0.
    Source: A. Araujo, W. Norris and J. Sim, "Computing receptive fields of convolutional neural networks", 2019.
    """
    fields = {}
    size, stride, start = 1, 1, 0
    for name, (kernel, own_stride, padding) in chain.items():
        if kernel < 1 or own_stride < 1 or padding < 0:
            raise ValueError(
                f"{name} came with kernel {kernel}, stride {own_stride}, padding {padding}; "
                "they must be at least 1, 1 and 0."
            )
        size += (kernel - 1) * stride
        start -= padding * stride
        stride *= own_stride
        fields[name] = ReceptiveField(size, stride, start)
    return fields


def peaks(maps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The largest activation of every unit in every exemplar, its row and its column: three (exemplars, units).

    Rows and columns count from 0.
    maps: (exemplars, height, width, units); of equal places the first, row by row.
    Raises ValueError for another shape.
    """
    maps = np.asarray(maps)
    if maps.ndim != 4 or 0 in maps.shape:
        raise ValueError(
            f"Activation maps came with shape {maps.shape}. They must be (exemplars, height, width, units)."
        )
    exemplars, height, width, units = maps.shape
    flat = maps.reshape(exemplars, height * width, units)
    places = flat.argmax(axis=1)
    values = np.take_along_axis(flat, places[:, np.newaxis], axis=1)[:, 0]
    return values, places // width, places % width


def top_exemplars(activations: np.ndarray, count: int = 9) -> np.ndarray:
    """The exemplars that excite each unit most, most first: (count, units) integers; of equal ones the first.

    activations: (exemplars, units), the largest over space, recorded or of ``peaks``. For a
    dead unit they say nothing.
    Raises ValueError for a count that is not in 1..exemplars.
    """
    if not 1 <= count <= len(activations):
        raise ValueError(f"{count} exemplars were asked for; there are {len(activations)}: ask for 1 to that many.")
    return np.argsort(-np.asarray(activations), axis=0, kind="stable")[:count]


def receptive_field_crops(
    images: np.ndarray, rows: np.ndarray, columns: np.ndarray, field: ReceptiveField
) -> np.ndarray:
    """What a unit sees of each image at a place of its map: (images, size, size, channels).

    Where the field reaches out of the image, the crop is gray (128), not repeated pixels.
    images: (images, height, width, channels) in 0..255; rows, columns: (images,) of the
    activation map; field: of its layer.
    Raises ValueError if images and places differ in number.
    """
    if not len(images) == len(rows) == len(columns):
        raise ValueError(
            f"{len(images)} images came with {len(rows)} rows and {len(columns)} columns: one each is needed."
        )
    offsets = field.start + np.arange(field.size)
    seen_rows = (np.asarray(rows)[:, np.newaxis] * field.stride + offsets)[:, :, np.newaxis]
    seen_columns = (np.asarray(columns)[:, np.newaxis] * field.stride + offsets)[:, np.newaxis]
    height, width = images.shape[1:3]
    inside = (seen_rows >= 0) & (seen_rows < height) & (seen_columns >= 0) & (seen_columns < width)
    which = np.arange(len(images))[:, np.newaxis, np.newaxis]
    crops = images[which, seen_rows.clip(0, height - 1), seen_columns.clip(0, width - 1)]
    return np.where(inside[..., np.newaxis], crops, np.asarray(GRAY, images.dtype))
