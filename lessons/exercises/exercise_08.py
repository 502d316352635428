"""Exercises of lesson 8: the dynamics of learning.

Fill in the functions, then check them with

    dense-keras check 08

Arrays are NumPy's. You may use NumPy, but not `dense_keras.measures`: write the idea yourself.
"""

import numpy as np  # noqa: F401


def layer_rotation(kernel, initial_kernel):
    """1 - cosine of a layer's weights with its initial ones: 0 the same direction, 1 a right angle.

    The layer is one vector: all its filters together.
    kernel, initial_kernel: (height, width, in, out) float.
    Returns a number.
    """
    raise NotImplementedError


def noise_scale(gradients, batch_size):
    """The number of exemplars in a batch at which noise and signal of its gradient are equal.

    It is the noise of ONE exemplar (its variance, summed over weights) divided by the signal
    (the squared length of the true gradient). Two things to think of:
    a batch of B exemplars is less noisy than one exemplar, its variance is that of one divided by B;
    the mean of all batches is not the true gradient, some noise is left in it, so its
    squared length is too long by the variance of that mean.
    A variance between batches is that of few values: divide by one less than there are (ddof=1).
    gradients: (batches, weights) float, the mean gradient of each batch. batch_size: exemplars in a batch.
    Returns a number.
    """
    raise NotImplementedError


def random_walk(strides, num_weights, generator):
    """The way of weights that go nowhere in particular: as far as the network at each stride, in random directions.

    strides: (snapshots - 1,) float, distance of each snapshot from the one before. num_weights:
    numbers in a snapshot. generator: np.random.Generator to draw from.
    Returns (snapshots, num_weights) float; the first row is all 0.
    """
    raise NotImplementedError
