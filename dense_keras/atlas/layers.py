"""What each layer holds over time: the category map, and what can be read from it."""

from __future__ import annotations

import numpy as np

from dense_keras.atlas.arrays import Packed, numbers, shares
from dense_keras.measures import linear_probes
from dense_keras.tensorboard.projector import principal_coordinates

MAPS_NOTE = (
    "Axes are the two directions along which exemplars differ most, over all snapshots together; each snapshot lies "
    "about its own mean."
)


def category_map(activations: np.ndarray) -> dict[str, Packed]:
    """Exemplars in the plane that holds most of the variance of all snapshots, and each snapshot's share in it.

    activations: (snapshots, exemplars, units), each snapshot taken about its own mean, so that what all exemplars
    have in common takes no axis.
    """
    snapshots, exemplars, units = activations.shape
    centred = activations - activations.mean(axis=1, keepdims=True)
    points = principal_coordinates(centred.reshape(-1, units), 2)[0].reshape(snapshots, exemplars, -1)
    shown, all_there_is = (np.square(values).sum(axis=(1, 2), dtype=np.float64) for values in (points, centred))
    kept = np.divide(shown, all_there_is, out=np.full(snapshots, np.nan), where=all_there_is > 0)
    return {"points": numbers(points), "kept": shares(kept.clip(max=1))}


def read_out(activations: np.ndarray, tokens: np.ndarray, codes: np.ndarray | None) -> np.ndarray:
    """Balanced accuracy of what linear probes read: (snapshots, parts and at last the token), 0..1.

    activations: (snapshots, exemplars, units); codes: (exemplars, parts), or None where parts are unknown.
    """
    return np.array([_read_at(values, tokens, codes) for values in activations])


def _read_at(activations: np.ndarray, tokens: np.ndarray, codes: np.ndarray | None) -> list[float]:
    layer = linear_probes.decomposed(activations)
    token = linear_probes.balanced_accuracy(linear_probes.predicted_tokens(layer, tokens), tokens)
    if codes is None:
        return [token]
    parts = linear_probes.predicted_parts(layer, codes)
    return [*(linear_probes.balanced_accuracy(*pair) for pair in zip(parts.T, codes.T, strict=True)), token]
