"""Views of a face: what differs between exemplars of one token and says nothing of the token.

A view is a row of factors, drawn evenly from their ranges. Codes and views together
determine a picture completely: what stands in the background, and the grain of each
pixel, are computed from the factor ``scene``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

FACTORS = {
    "yaw": (-20.0, 20.0),
    "pitch": (-12.0, 12.0),
    "roll": (-20.0, 20.0),
    "scale": (0.8, 1.05),
    "shift_x": (-0.1, 0.1),
    "shift_y": (-0.08, 0.08),
    "light_angle": (-180.0, 180.0),
    "light_strength": (0.0, 0.35),
    "brightness": (0.7, 1.05),
    "expression": (-1.0, 1.0),
    "skin_tint": (0.0, 1.0),
    "hair_tint": (0.0, 1.0),
    "clothes_tint": (0.0, 1.0),
    "noise": (0.0, 0.08),
    "scene": (0.0, 2.0**24),
}
"""Factor -> (lowest, highest).

yaw, pitch, roll: degrees; the face turns to our right, looks down, tilts clockwise.
scale: of the face, 1 is the middle. shift_x, shift_y: share of the side, right and down.
light_angle: degrees, where the light comes from, 0 is right, 90 below.
light_strength: 0 is even light; at .35 the picture's edges are lit 35 % more and less.
brightness: factor on all pixels. expression: -1 subdued to 1 lively.
skin_tint, hair_tint, clothes_tint: position on a palette, 0..1 (natural faces have a hair colour of their own
and do not show hair_tint).
noise: largest change of a pixel by grain, share of the full range.
scene: whole number that determines background and grain.
"""


def draw_views(count: int, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Factors of ``count`` views: name -> (count,) float. The first views do not depend on ``count``."""
    even = generator.random((count, len(FACTORS)))
    views = {
        name: lowest + (highest - lowest) * column
        for (name, (lowest, highest)), column in zip(FACTORS.items(), even.T, strict=True)
    }
    views["scene"] = np.floor(views["scene"])
    return views


def readable_factors(factors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Factors as numbers that can be regressed on or read from a layer: name -> (exemplars,) float.

    The light's angle comes round again, so light is given as its strength along x (to our
    right) and y (down). The scene's number means nothing as a number, and the view's counts
    views: both are left out.
    factors: those of faces, or of any other token set, which are returned as they are.
    """
    readable = {name: values for name, values in factors.items() if name not in ("scene", "view")}
    if "light_angle" in readable:
        angle, strength = np.deg2rad(readable.pop("light_angle")), readable.pop("light_strength")
        readable |= {"light x": strength * np.cos(angle), "light y": strength * np.sin(angle)}
    return readable


def repeated(views: Mapping[str, np.ndarray], times: int) -> dict[str, np.ndarray]:
    """All views in order, then all again, and so on."""
    return {name: np.tile(values, times) for name, values in views.items()}


def scrambled(numbers: np.ndarray) -> np.ndarray:
    """Each whole number's own unpredictable uint32: a counter made random, equal on every machine.

    numbers: uint32 of any shape. Source of the constants: Chris Wellons, "lowbias32".
    """
    numbers = numbers ^ (numbers >> np.uint32(16))
    numbers *= np.uint32(0x7FEB352D)
    numbers ^= numbers >> np.uint32(15)
    numbers *= np.uint32(0x846CA68B)
    numbers ^= numbers >> np.uint32(16)
    return numbers


def scene_numbers(scene: np.ndarray, count: int) -> np.ndarray:
    """What stands in a scene: (exemplars, count) float in [0, 1), determined by ``scene``."""
    start = scrambled(scene.astype(np.uint32))[:, np.newaxis]
    return scrambled(start + np.arange(count, dtype=np.uint32)) / 2.0**32


def grain(scene: np.ndarray, size: int) -> np.ndarray:
    """Noise of each pixel, triangular in -1..1: (exemplars, size, size) float32."""
    start = scrambled(scene.astype(np.uint32) + np.uint32(2**24))[:, np.newaxis, np.newaxis]
    bits = scrambled(start + np.arange(size * size, dtype=np.uint32).reshape(size, size))
    twice = (bits & np.uint32(0xFFFF)).astype(np.float32) + (bits >> np.uint32(16)).astype(np.float32)
    return twice * np.float32(1 / 65535) - 1


def between(palette: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Colours along a palette: palette (colours, 3), position (exemplars,) in 0..1; (exemplars, 3)."""
    place = np.asarray(position) * (len(palette) - 1)
    lower = np.clip(place.astype(int), 0, len(palette) - 2)
    share = (place - lower)[:, np.newaxis]
    return palette[lower] * (1 - share) + palette[lower + 1] * share
