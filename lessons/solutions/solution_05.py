"""Exercises of lesson 5, solved."""

import numpy as np


def auc(activations: np.ndarray, is_member: np.ndarray) -> float:
    """The share of pairs in which the member evokes more than the other."""
    differences = activations[is_member][:, np.newaxis] - activations[~is_member]  # (members, others)
    return float((differences > 0).mean() + (differences == 0).mean() / 2)


def best_iou(masks: np.ndarray, quantile: float) -> float:
    """The largest intersection over union that any unit could have with a part."""
    share = masks.mean()
    return float(min(share, quantile) / max(share, quantile))  # at best the smaller lies wholly inside of the larger


def share_gained(untrained_auc: np.ndarray, trained_auc: np.ndarray, threshold: float) -> float:
    """Share of all units that are detectors after training, and were none before."""
    before, after = (auc.max(axis=1) > threshold for auc in (untrained_auc, trained_auc))
    return float((after & ~before).mean())  # a difference of shares would let losses hide gains
