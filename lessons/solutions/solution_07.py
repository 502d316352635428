"""Solutions of lesson 7's exercises."""

import numpy as np


def onset(curve, steps, level):
    below = np.flatnonzero(~(np.asarray(curve) > level))
    if not len(below):
        return steps[0]
    last_below = below[-1]  # after it the curve stays above
    return steps[last_below + 1] if last_below + 1 < len(steps) else np.inf


def share_of_its_way(similarities):
    untrained = similarities[:, :1]  # a column, so that each layer is compared with itself
    return (similarities - untrained) / (1 - untrained)


def share_by_chance(first_onsets, second_onsets):
    came = np.isfinite(first_onsets) & np.isfinite(second_onsets)
    first, second = first_onsets[came][:, np.newaxis], second_onsets[came]
    # Every item meets every other: that is the average over all shuffles of partners.
    return (first < second).sum() / (first != second).sum()
