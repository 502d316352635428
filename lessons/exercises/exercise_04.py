"""Exercises of lesson 4. Fill in the functions, then ask

    dense-keras check 04

which says at once what is right, and where to look where it is not.
"""

import numpy as np


def scatter_share(activations: np.ndarray, tokens: np.ndarray) -> float:
    """The share (0..1) of all squared distances from the mean of all exemplars that lies between the tokens.

    activations: (exemplars, units) float.
    tokens: (exemplars,) integers; one token may have more exemplars than another.

    Put the mean of its token in the place of each exemplar: how much of what varies is left?
    """
    raise NotImplementedError


def gained(trained: np.ndarray, untrained: np.ndarray, labels: np.ndarray) -> float:
    """What training added (-1..1) to what can be read of a part.

    trained, untrained: (exemplars,) integers, the variant that is read from a layer of each network.
    labels: (exemplars,) integers, the variant that is true; one may be far more frequent than another.

    Of each network take the share that is read rightly among the exemplars of each label, and then the mean of
    these shares, so that a frequent label does not count for more.
    """
    raise NotImplementedError


def participation_ratio(activations: np.ndarray) -> float:
    """The number of directions along which activations spread, large ones counting for more.

    activations: (exemplars, units) float.

    Take the variances along the principal axes (the eigenvalues of the covariance matrix, from ``np.linalg.eigvalsh``,
    as it is symmetric); the ratio is their squared sum over the sum of their squares.
    """
    raise NotImplementedError
