"""What single units respond to: how they are tuned over time, and the exemplars that excite them most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dense_keras.atlas.arrays import integers, shares
from dense_keras.atlas.kinds import Kinds
from dense_keras.measures import detectors, receptive_fields
from dense_keras.measures.receptive_fields import ReceptiveField

TOP = 9


@dataclass(frozen=True)
class Tuning:
    """How well the units of a layer detect each kind over time.

    auc: (snapshots, units, kinds), 0..1, .5 not at all. best: (snapshots, units), the kind preferred:
    that of the largest AUC, -1 for none. selectivity: (snapshots, units), the AUC of that.
    """

    auc: np.ndarray
    best: np.ndarray
    selectivity: np.ndarray

    def described(self) -> dict[str, Any]:
        return {"tuning": shares(self.auc), "best": integers(self.best), "selectivity": shares(self.selectivity)}


def tuning(kinds: Kinds, activations: np.ndarray, factorial: np.ndarray | None) -> Tuning:
    """activations: (snapshots, exemplars, units); factorial: the same of the factorial probe, or None."""
    probes = zip(activations, factorial if factorial is not None else [None] * len(activations), strict=True)
    auc = np.stack([kinds.auc(*both) for both in probes])
    return Tuning(auc, np.stack([detectors.preferred_columns(each) for each in auc]), auc.max(axis=2))


def tuning_of_logits(kinds: Kinds, activations: np.ndarray, factorial: np.ndarray | None) -> Tuning:
    """As ``tuning``, but a logit is its own token's by its place, whatever it prefers."""
    auc, tokens = tuning(kinds, activations, factorial).auc, np.arange(len(kinds.token_names))
    return Tuning(auc, np.tile(tokens, (len(auc), 1)), auc[:, tokens, tokens])


def top_exemplars(
    activations: np.ndarray, places: tuple[np.ndarray, np.ndarray] | None, field: ReceptiveField | None
) -> dict[str, Any]:
    """The exemplars that excite each unit most, and what it saw of them where it responded most.

    activations: (exemplars, units) of one snapshot; places: rows and columns of the peaks, each
    (exemplars, units), and field: the layer's; both None for a layer without space.
    """
    top = receptive_fields.top_exemplars(activations, min(TOP, len(activations))).T
    if places is None or field is None:
        return {"top": integers(top), "crop": None}
    rows, columns = (np.take_along_axis(each, top.T, axis=0).T * field.stride + field.start for each in places)
    crops = np.stack([columns, rows, columns + field.size, rows + field.size], axis=2)
    return {"top": integers(top), "crop": integers(crops)}
