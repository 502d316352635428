"""Solutions of lesson 8's exercises."""

import numpy as np


def layer_rotation(kernel, initial_kernel):
    now, initial = np.ravel(kernel), np.ravel(initial_kernel)
    return 1 - now @ initial / (np.linalg.norm(now) * np.linalg.norm(initial))


def noise_scale(gradients, batch_size):
    batches = len(gradients)
    variance_of_batch = gradients.var(axis=0, ddof=1).sum()
    # The mean of all batches still holds its share of noise; without it the signal is right on average.
    signal = (gradients.mean(axis=0) ** 2).sum() - variance_of_batch / batches
    return batch_size * variance_of_batch / signal


def random_walk(strides, num_weights, generator):
    directions = generator.standard_normal((len(strides), num_weights))  # Gaussian: no direction is preferred
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    places = np.cumsum(strides[:, np.newaxis] * directions, axis=0)
    return np.concatenate([np.zeros((1, num_weights)), places])
