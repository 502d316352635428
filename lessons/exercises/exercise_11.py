"""Exercises of lesson 11. Fill in the functions, then ask

    dense-keras check 11

which says at once what is right, and where to look where it is not.
"""

import numpy as np


def same_bits(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    """Whether two lists of arrays are identical: as many, of the same shapes and types, the same to the last bit.

    NaN is identical to NaN of the same bits, and 0.0 is not identical to -0.0. How an array lies in memory does not matter.
    """
    raise NotImplementedError


def parting_step(steps: np.ndarray, first: np.ndarray, second: np.ndarray, tolerance: float) -> float:
    """The first step from which on two curves differ by more than a tolerance at every later snapshot; else infinite.

    steps: (snapshots,) ascending; first, second: (snapshots,) float.

    Curves that cross come near to each other for a moment. So it takes a step from which on they stay apart to the end.
    """
    raise NotImplementedError


def yardstick(results: np.ndarray) -> float:
    """How large the difference between backends is, in units of that between seeds.

    results: (backends, seeds) float, one number from each run, such as the step at which it passed .95.

    The mean absolute difference of all pairs of runs of one seed on two backends, by the mean absolute
    difference of all pairs of runs of one backend with two seeds. Far below 1: the backend matters less than luck.
    """
    raise NotImplementedError
