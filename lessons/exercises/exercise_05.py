"""Exercises of lesson 5, feature detectors. Fill in the functions, then: dense-keras check 05"""

import numpy as np


def auc(activations: np.ndarray, is_member: np.ndarray) -> float:
    """How well a unit detects the members: the share of pairs, one member and one other, in which the member wins.

    A member wins where it evokes more than the other. Where both evoke the same, it wins half:
    a unit after a ReLU is silent for many.
    activations: (exemplars,) float, of one unit. is_member: (exemplars,) bool.
    Returns a number, 0..1; .5 is chance.
    """
    raise NotImplementedError


def best_iou(masks: np.ndarray, quantile: float) -> float:
    """The largest intersection over union that any unit could have with a part.

    The unit is active at exactly a share ``quantile`` of all positions of all exemplars; where
    these are is up to the unit.
    masks: (exemplars, height, width) bool, where the part is seen. quantile: 0..1.
    Returns a number, 0..1.
    """
    raise NotImplementedError


def share_gained(untrained_auc: np.ndarray, trained_auc: np.ndarray, threshold: float) -> float:
    """Share of all units that are detectors after training, and were none before.

    A detector is a unit whose best AUC is above the threshold, whichever token that is for.
    untrained_auc, trained_auc: (units, tokens), of the same units.
    Returns a number, 0..1.
    """
    raise NotImplementedError
