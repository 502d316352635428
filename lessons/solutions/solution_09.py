"""Solutions of lesson 9's exercises."""

import numpy as np


def conjunction_index(means):
    # The sum of both parts' effects would make 11 as far above 10 as 01 is above 00.
    return means[1, 1] - means[1, 0] - means[0, 1] + means[0, 0]


def interaction_share(means):
    centred = means - means.mean(axis=(0, 1))
    first = centred.mean(axis=1, keepdims=True)  # a row for each variant of the first part
    second = centred.mean(axis=0, keepdims=True)
    rest = centred - first - second
    energies = [(effect**2).mean(axis=(0, 1)) for effect in (first, second, rest)]
    return energies[2] / sum(energies)


def after_cut(inputs, kernel, bias, unit, cut):
    weights = kernel[:, unit].copy()
    weights[cut] = 0  # contributions add up, so a cut takes away its own and nothing else
    return np.maximum(inputs @ weights + bias[unit], 0)
