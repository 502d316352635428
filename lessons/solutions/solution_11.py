"""Solutions of lesson 11's exercises."""

from itertools import combinations

import numpy as np


def same_bits(first, second):
    # Comparing bytes, not numbers: NaN == NaN is false, and 0.0 == -0.0 is true.
    alike = [
        one.shape == two.shape and one.dtype == two.dtype and one.tobytes() == two.tobytes()
        for one, two in zip(first, second)
    ]
    return len(first) == len(second) and all(alike)


def parting_step(steps, first, second, tolerance):
    apart = np.abs(first - second) > tolerance
    together = np.flatnonzero(~apart)
    begin = together[-1] + 1 if len(together) else 0
    return float(steps[begin]) if begin < len(steps) else float("inf")


def yardstick(results):
    between_backends = [np.abs(one - two) for one, two in combinations(results, 2)]
    between_seeds = [np.abs(one - two) for one, two in combinations(results.T, 2)]
    return float(np.mean(between_backends) / np.mean(between_seeds))
