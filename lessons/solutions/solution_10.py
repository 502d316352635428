"""Solutions of lesson 10's exercises."""

import numpy as np


def equal_epochs(exemplars, other_exemplars, other_epochs, batch_size):
    steps = other_epochs * (other_exemplars // batch_size)
    return -(-steps // (exemplars // batch_size))  # divided, and rounded up


def pair_accuracy(predicted, tokens, labels):
    true, called = labels[tokens], labels[predicted]
    counted = ~np.isnan(true)
    return float((true == called)[counted].mean())  # NaN equals nothing, so a token without label is wrong


def memorised_share(training, held_out, chance):
    if training <= chance:
        return float("nan")
    return min(max((training - held_out) / (training - chance), 0), 1)
