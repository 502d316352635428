"""Exercises of lesson 10. Fill in the functions, then ask

    dense-keras check 10

which says at once what is right, and where to look where it is not.
"""

import numpy as np


def equal_epochs(exemplars: int, other_exemplars: int, other_epochs: int, batch_size: int) -> int:
    """For how many whole epochs a run must train to have at least as many optimizer steps as another run.

    exemplars: of all tokens together, in an epoch of this run; other_exemplars, other_epochs: of the other one.
    batch_size: exemplars a step, in both. Exemplars that do not fill a batch are left out of an epoch.
    """
    raise NotImplementedError


def pair_accuracy(predicted: np.ndarray, tokens: np.ndarray, labels: np.ndarray) -> float:
    """The share of exemplars (0..1) whose pair is told rightly.

    predicted, tokens: (exemplars,) integers, the token that was called and the true one.
    labels: (tokens,) float, the pair's label of each token: 0 or 1, and NaN for a token that has none.

    An exemplar counts if its true token has a label. It is right if the token that was called has the same label,
    so a wrong name may be right about the pair. One that is called by a token without label is wrong.
    """
    raise NotImplementedError


def memorised_share(training: float, held_out: float, chance: float) -> float:
    """Which share of what a network knows is memory.

    training, held_out: accuracies (0..1) on images that it was trained on, and on others. chance: of one who knows nothing.

    What it knows is how far its answers on known images are above chance. Memory is what of that is missing on
    held-out images. 0 if nothing is missing (or if held-out images go better), 1 if all is. float("nan") for one who
    knows nothing even on images it was trained on.
    """
    raise NotImplementedError
