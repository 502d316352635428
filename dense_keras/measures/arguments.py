"""What measures take, checked: arrays of the right shape, or an error that says what came and what is possible."""

from __future__ import annotations

import numpy as np


class NotAvailable(ValueError):
    """A measure of parts, masks or factors, asked of a token set in which nobody knows them."""


def checked_activations(activations: np.ndarray, fewest: int = 2) -> np.ndarray:
    """Activations as (exemplars, units) float64.

    fewest: exemplars that the measure needs.
    Raises ValueError for another shape, too few exemplars, no unit, and NaN or infinite values.
    """
    values = np.asarray(activations, np.float64)
    if values.ndim != 2 or values.shape[1] == 0:
        raise ValueError(
            f"Activations came with shape {np.shape(activations)}. They must be (exemplars, units): pool over space "
            "first, or take one layer at one step."
        )
    if len(values) < fewest:
        raise ValueError(f"{len(values)} exemplar(s) came; this measure needs {fewest} or more.")
    if not np.isfinite(values).all():
        raise ValueError("The activations hold NaN or infinite values: the training diverged before this step.")
    return values


def checked_tokens(tokens: np.ndarray, exemplars: int, fewest: int = 2) -> np.ndarray:
    """Tokens as (exemplars,) integers.

    fewest: different tokens that the measure needs.
    Raises ValueError for another shape or type, a chimera (-1), and too few different tokens.
    """
    values = np.asarray(tokens)
    if values.shape != (exemplars,) or not np.issubdtype(values.dtype, np.integer):
        raise ValueError(
            f"Tokens came with shape {values.shape} and type {values.dtype} for {exemplars} exemplars: "
            "one integer each is needed."
        )
    if exemplars and values.min() < 0:
        raise ValueError("Some exemplars are chimeras (token -1), which belong to no token: leave them out.")
    if len(np.unique(values)) < fewest:
        raise ValueError(
            f"The exemplars are of {len(np.unique(values))} token(s); this measure needs {fewest} or more."
        )
    return values.astype(np.int64)


def checked_steps(steps: np.ndarray, snapshots: int) -> np.ndarray:
    """Steps as (snapshots,) float64.

    Raises ValueError for another number than there are snapshots, for negative and for not ascending ones.
    """
    values = np.asarray(steps, np.float64)
    if values.shape != (snapshots,) or not snapshots:
        raise ValueError(f"Steps came with shape {values.shape} for {snapshots} snapshot(s): one each is needed.")
    if not (values[0] >= 0 and (np.diff(values) > 0).all()):
        raise ValueError("Steps must ascend from 0 or more: sort the snapshots by step, each once.")
    return values


def known(values: np.ndarray | None, what: str) -> np.ndarray:
    """Codes, masks or factors, if they are known: as ``values``, whatever shape.

    what: they are called in the error.
    Raises NotAvailable if they are None: nothing is put in their place.
    """
    if values is None:
        raise NotAvailable(f"Not available for this token set: nobody knows its {what}. Generated faces have them.")
    return np.asarray(values)
