"""What a learner's function returned, as what it should have returned, or a hint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dense_keras.checks import Hint

ROUNDING = 1e-9
"""Imaginary part, as a share of the largest number, that is put down to rounding."""


def kind(answer: Any) -> str:
    """What came, in words."""
    return "nothing" if answer is None else f"{type(answer).__name__} of shape {np.shape(answer)}"


def number(answer: Any) -> float:
    """One number, NaN and infinity among them. Raises Hint for anything else."""
    array = None if answer is None else _real(np.asarray(answer))
    if array is None or array.ndim or not (np.issubdtype(array.dtype, np.number) or array.dtype == bool):
        raise Hint(f"Your function returned {kind(answer)}; one number is needed. Is a `return` or a mean missing?")
    return float(array)


def real_number(answer: Any) -> float:
    """One number that is not NaN; it may be infinite, for what never came. Raises Hint for anything else."""
    if np.isnan(value := number(answer)):
        raise Hint(
            "Your function returned NaN, which is no number: something was divided by zero, or a mean was empty."
        )
    return value


def finite_number(answer: Any) -> float:
    """One number that is neither NaN nor infinite. Raises Hint for anything else."""
    if np.isinf(value := real_number(answer)):
        raise Hint(f"Your function returned {value}, an infinite number: something was divided by zero.")
    return value


def numbers(answer: Any, shape: tuple[int, ...], axes: str = "") -> np.ndarray:
    """An array of numbers of a shape, as float64. axes: their names, for the hint. Raises Hint for anything else."""
    try:
        array = None if answer is None else _real(np.asarray(answer)).astype(np.float64)
    except (TypeError, ValueError):
        array = None
    if array is None or array.shape != shape:
        named = f" ({axes})" if axes else ""
        raise Hint(
            f"Your function returned {kind(answer)}; an array of shape {shape}{named} is needed. "
            "Is a `return` missing, or an axis?"
        )
    return array


def left_whole(given: Sequence[np.ndarray], before: Sequence[np.ndarray]) -> None:
    """Raises Hint if a function changed arrays that it was given. before: what they were."""
    if not all(np.array_equal(now, own) for now, own in zip(given, before, strict=True)):
        raise Hint(
            "Your function changed the arrays that it was given. Work on a copy: the next who asks wants them whole."
        )


def _real(array: np.ndarray) -> np.ndarray:
    """Complex numbers that are real but for rounding, as real ones. Raises Hint for others."""
    if not np.iscomplexobj(array):
        return array
    if np.abs(array.imag).max(initial=0) > ROUNDING * np.abs(array).max(initial=0):
        raise Hint("Your function returned complex numbers; real ones are needed. Is a matrix not symmetric?")
    return array.real
