"""Dissection: how well the places where a unit is active agree with the places of a part.

Activation maps are (exemplars, height, width, units), part masks (exemplars, height, width,
parts) bool and usually larger: maps are enlarged to the masks bilinearly. A unit is *active*
where its enlarged map is among the largest of all positions of all exemplars; the share of
positions taken is the *quantile*. Intersection over union (IoU) compares these places with
a part's: 0 apart, 1 the same.

The masks are known, so no segmentation network is needed. But an IoU cannot be read by
itself. With a quantile q and a part that covers a share p of the pixels, no unit can be
above min(p, q) / max(p, q), and a unit that knows nothing is at p q / (p + q - p q): at
the ceiling a large part's detector looks poor. So report IoU over its ceiling, or give each
part its own quantile, its share. A unit may also follow where a face *usually* is: the
untrained network beside is the control.

Source: D. Bau et al. 2017, arXiv 1704.05796, and 2020, PNAS, who take quantile .01 and call
a unit a detector from IoU .04 on. Ceiling and own quantiles are our own.
"""

from __future__ import annotations

import numpy as np

from dense_keras.measures.arguments import known

QUANTILE = 0.01
DETECTS = 0.04
"""Bau et al. 2020's quantile, and the IoU above which they call a unit a detector."""

_CHUNK = 2**23
"""Enlarged activations that are held at a time."""


def part_shares(masks: np.ndarray | None) -> np.ndarray:
    """Share of all pixels that show each part: (parts,), 0..1.

    masks: (exemplars, height, width, parts) bool.
    Raises NotAvailable if masks are None; ValueError for another shape or type.
    """
    return _checked_masks(masks).mean(axis=(0, 1, 2))


def enlarged(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """Maps at another size, bilinearly, pixel centres on pixel centres: (..., height, width) of (..., rows, columns).

    In activations, never beyond the largest and the smallest of a map.
    A pooled map's place stands for the middle of the pixels that it covers; beyond the
    outermost middles the map goes on unchanged. (``align_corners=False`` elsewhere.)
    """
    maps = np.asarray(maps)
    return _bilinear(maps.shape[-2], height, maps.dtype) @ maps @ _bilinear(maps.shape[-1], width, maps.dtype).T


def part_iou(maps: np.ndarray, masks: np.ndarray | None, quantile: float = QUANTILE) -> np.ndarray:
    """Intersection over union of each unit's active places with each part: (units, parts), 0..1.

    NaN for a part that is never seen with a unit that is never active. Of a unit that is above
    0 at fewer positions than the quantile, only these are active, as in a dead unit none.
    maps: (exemplars, height, width, units), masks: (exemplars, height, width, parts) bool.
    Raises NotAvailable if masks are None; ValueError for other shapes, maps and masks of
    different exemplars, and a quantile that is not between 0 and 1.
    Source: Bau et al. 2017, with the quantile taken of the enlarged maps.
    """
    if not 0 < quantile < 1:
        raise ValueError(f"The quantile came as {quantile}; it must be between 0 and 1, such as {QUANTILE}.")
    masks = _checked_masks(masks)
    return _iou(maps, masks, np.full(masks.shape[-1], quantile))


def part_iou_at_share(maps: np.ndarray, masks: np.ndarray | None) -> np.ndarray:
    """``part_iou`` where each part's quantile is its own share of the pixels: (units, parts), 0..1.

    The ceiling is then 1 and chance is p / (2 - p), for a part of share p.
    Arguments and errors as for ``part_iou``. Our own.
    """
    masks = _checked_masks(masks)
    return _iou(maps, masks, masks.mean(axis=(0, 1, 2)))


def iou_ceiling(shares: np.ndarray, quantile: float = QUANTILE) -> np.ndarray:
    """Largest IoU that is possible for a part: (parts,), min(p, q) / max(p, q), 0..1.

    shares: (parts,), of ``part_shares``. Our own.
    """
    return np.minimum(shares, quantile) / np.maximum(shares, quantile)


def iou_chance(shares: np.ndarray, quantile: float = QUANTILE) -> np.ndarray:
    """IoU of places chosen blindly: (parts,), p q / (p + q - p q), 0..1.

    shares: (parts,), of ``part_shares``. Our own.
    """
    both = np.asarray(shares) * quantile
    return both / (shares + quantile - both)


def iou_over_ceiling(iou: np.ndarray, shares: np.ndarray, quantile: float = QUANTILE) -> np.ndarray:
    """IoU as a share of the largest that is possible: (units, parts), 0..1; NaN for a part that is never seen.

    iou: (units, parts) of ``part_iou`` with the same quantile; shares: (parts,).
    """
    ceiling = iou_ceiling(shares, quantile)
    return np.divide(iou, ceiling, out=np.full(np.shape(iou), np.nan), where=ceiling > 0)


def detectors_of_parts(iou: np.ndarray, threshold: float = DETECTS) -> np.ndarray:
    """Number of units whose best part this is, with an IoU above the threshold: (parts,) integers.

    iou: (units, parts), raw or over its ceiling. Source: Bau et al. 2017.
    """
    iou = np.nan_to_num(iou)
    return np.bincount(iou.argmax(axis=1)[iou.max(axis=1) > threshold], minlength=iou.shape[1])


def _iou(maps: np.ndarray, masks: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    maps = np.asarray(maps)
    if maps.ndim != 4 or len(maps) != len(masks):
        raise ValueError(
            f"Maps came with shape {maps.shape}, masks with {masks.shape}: they must be (exemplars, height, width, "
            "units) and (exemplars, height, width, parts) of the same exemplars."
        )
    if not np.isfinite(maps).all():
        raise ValueError("The maps hold NaN or infinite values: the training diverged before this step.")
    exemplars, height, width, parts = masks.shape
    positions = exemplars * height * width
    places = masks.reshape(positions, parts).astype(np.float32)
    shown = masks.sum(axis=(0, 1, 2))
    counts = np.rint(quantiles * positions).astype(np.int64)
    units = maps.shape[-1]
    iou = np.empty((units, parts))
    step = max(1, _CHUNK // positions)
    for first in range(0, units, step):
        some = np.moveaxis(maps[..., first : first + step], -1, 0).astype(np.float32)
        responses = enlarged(some, height, width).reshape(len(some), positions)
        thresholds = _thresholds(responses, counts)
        for count in np.unique(counts):
            columns = np.flatnonzero(counts == count)
            active = responses > thresholds[count]
            both = active.astype(np.float32) @ places[:, columns]
            either = active.sum(axis=1)[:, np.newaxis] + shown[columns] - both
            iou[first : first + step, columns] = np.divide(
                both, either, out=np.full_like(both, np.nan), where=either > 0
            )
    return iou


def _thresholds(responses: np.ndarray, counts: np.ndarray) -> dict[int, np.ndarray]:
    """For each count the (units, 1) value that so many positions of each unit exceed, or fewer by ties."""
    places = {int(count): max(responses.shape[1] - 1 - int(count), 0) for count in counts}
    ordered = np.partition(responses, sorted(set(places.values())), axis=1)
    return {count: ordered[:, [place]] for count, place in places.items()}


def _bilinear(size: int, new_size: int, dtype: np.dtype) -> np.ndarray:
    """(new_size, size) weights of bilinear interpolation."""
    centres = ((np.arange(new_size) + 0.5) * size / new_size - 0.5).clip(0, size - 1)
    weights = 1 - np.abs(centres[:, np.newaxis] - np.arange(size))
    return weights.clip(0).astype(dtype if np.issubdtype(dtype, np.floating) else np.float64)


def _checked_masks(masks: np.ndarray | None) -> np.ndarray:
    masks = known(masks, "part masks")
    if masks.ndim != 4 or masks.dtype != bool or 0 in masks.shape:
        raise ValueError(
            f"Masks came with shape {masks.shape} and type {masks.dtype}. They must be (exemplars, height, width, "
            "parts) bool."
        )
    return masks
