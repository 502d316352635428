"""Exercises of lesson 9. Fill in the functions, then ask

    dense-keras check 09

which says at once what is right, and where to look where it is not.
"""

import numpy as np


def conjunction_index(means: np.ndarray) -> np.ndarray:
    """What each unit answers to two parts together, beyond the sum of what it answers to each: (units,).

    means: (2, 2, units) float; means[a, b] is the mean response to faces with variant a of the
    first part and variant b of the second one.

    1 for an AND that answers 1 to variants 1 and 1 only, -1 for an OR, 0 for any sum.
    """
    raise NotImplementedError


def interaction_share(means: np.ndarray) -> np.ndarray:
    """Which share of a unit's energy is interaction: (units,), 0..1.

    means: (2, 2, units) float, as above; no unit answers to all four alike.

    Take away the mean over the four faces, then the effect of the first part, then that of the second. The
    energy of each is the mean of its squares over the four faces. What is left is the interaction.
    The share is its energy by that of all three: 1/3 for an AND, 1 for an exclusive-or.
    """
    raise NotImplementedError


def after_cut(inputs: np.ndarray, kernel: np.ndarray, bias: np.ndarray, unit: int, cut: list[int]) -> np.ndarray:
    """What a unit of a dense layer with ReLU answers if some of its inputs are cut: (exemplars,).

    inputs: (exemplars, inputs) float; kernel: (inputs, units); bias: (units,).
    unit: which unit; cut: numbers of the inputs that it no longer sees.

    The arrays are not yours: leave them as they are.
    """
    raise NotImplementedError
