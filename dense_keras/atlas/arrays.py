"""Arrays as the atlas's page reads them: whole numbers in base64, in a script that a page from disk may load.

A packed array is ``{"dtype", "shape", "data"}``, little-endian, row by row. With ``scale``, a value
is scale times what is stored; ``none`` is what is stored where nothing is known, other than NaN.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np

Packed = dict[str, Any]

INTEGERS = ("u1", "i1", "u2", "i2", "u4", "i4")


def integers(values: np.ndarray) -> Packed:
    """Whole numbers, exactly, in the smallest type that holds them all.

    Raises ValueError for numbers beyond 32 bits.
    """
    values = np.asarray(values)
    low, high = (int(values.min()), int(values.max())) if values.size else (0, 0)
    for dtype in INTEGERS:
        limits = np.iinfo(dtype)
        if limits.min <= low and high <= limits.max:
            return _packed(values, dtype)
    raise ValueError(f"Values go from {low} to {high}; whole numbers of an atlas have 32 bits.")


def shares(values: np.ndarray) -> Packed:
    """Values in 0..1 in steps of 1/254, a byte each; NaN is kept.

    Raises ValueError for values out of range.
    """
    values = np.asarray(values, np.float64)
    if np.nanmin(values, initial=0) < -1e-9 or np.nanmax(values, initial=1) > 1 + 1e-9:
        raise ValueError(f"Shares came from {np.nanmin(values):g} to {np.nanmax(values):g}; they must be in 0..1.")
    return _scaled(values, "u1", 1 / 254, 255)


def numbers(values: np.ndarray) -> Packed:
    """Finite numbers of one scale, to 1/32767 of the largest, two bytes each; NaN is kept."""
    values = np.asarray(values, np.float64)
    largest = np.nanmax(np.abs(values), initial=0)
    return _scaled(values, "i2", (largest or 1) / 32767, -32768)


def floats(values: np.ndarray) -> Packed:
    """Numbers of several scales to seven digits, four bytes each; NaN is kept."""
    return _packed(np.asarray(values), "f4")


def called(function: str, content: Any) -> bytes:
    """A script that calls a function with content as JSON, safe wherever it is put.

    All but ASCII, and what could end a script, is escaped. Raises ValueError for NaN outside of arrays.
    """
    text = json.dumps(content, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return f"{function}({text});\n".encode("ascii")


def _scaled(values: np.ndarray, dtype: str, scale: float, none: int) -> Packed:
    stored = np.where(np.isnan(values), none, np.rint(values / scale))
    packed = _packed(stored, dtype) | {"scale": scale}
    return packed | {"none": none} if np.isnan(values).any() else packed


def _packed(values: np.ndarray, dtype: str) -> Packed:
    data = np.ascontiguousarray(values, np.dtype(dtype).newbyteorder("<"))
    return {"dtype": dtype, "shape": list(np.shape(values)), "data": base64.b64encode(data).decode("ascii")}
