"""Exercises of lesson 7: who comes first?

Fill in the functions, then check them with

    dense-keras check 07

Arrays are NumPy's. You may use NumPy, but not `dense_keras.measures`: write the idea yourself.
"""

import numpy as np  # noqa: F401


def onset(curve, steps, level):
    """The step from which a curve stays above a level, to the end.

    curve: (snapshots,) float. steps: (snapshots,) integers, ascending. level: a number.
    Returns a number: a step; infinity if the curve is not above the level at the last snapshot.
    Above means more than the level.
    """
    raise NotImplementedError


def share_of_its_way(similarities):
    """How much of its own way each layer has gone: 0 at the first snapshot, 1 at the last.

    similarities: (layers, snapshots) float, of each layer to its state at the last snapshot, where it
    is 1. The first snapshot is the untrained network. Every layer moved.
    Returns (layers, snapshots) float.
    """
    raise NotImplementedError


def share_by_chance(first_onsets, second_onsets):
    """How often the first kind would come before the second if nobody had a partner.

    Take every item of the first kind with every item of the second, not only its own partner.
    Of the couples that are not at the same step: in what share comes the first kind earlier?
    first_onsets, second_onsets: (items,) float, partners at the same place; infinite where an
    onset never came. A pair of partners of which either never came is left out, both of it.
    Returns a number, 0 to 1.
    """
    raise NotImplementedError
