"""Dissection: units that are a part, that avoid it, and that know nothing; ceilings in closed form."""

import numpy as np
import pytest
from scipy.ndimage import zoom

from dense_keras.measures import dissection
from dense_keras.measures.arguments import NotAvailable


def masks_of(shares=(0.25, 0.05), exemplars=40, size=16, seed=0):
    return np.random.default_rng(seed).random((exemplars, size, size, len(shares))) < shares


def test_a_unit_that_is_a_part_agrees_wholly_and_one_that_avoids_it_not_at_all():
    masks = masks_of()
    maps = np.concatenate([masks, ~masks], axis=-1).astype(np.float32)
    iou = dissection.part_iou_at_share(maps, masks)
    np.testing.assert_allclose(iou[[0, 1], [0, 1]], 1)
    np.testing.assert_allclose(iou[[2, 3], [0, 1]], 0)


@pytest.mark.parametrize("quantile", [0.01, 0.1, 0.5])
def test_the_best_possible_unit_is_at_the_ceiling_and_a_random_one_at_chance(quantile):
    masks = masks_of()
    random = np.random.default_rng(1).random((40, 16, 16, 30))
    ideal = masks + random[..., :2] / 2  # the part first, then anywhere
    shares = dissection.part_shares(masks)
    np.testing.assert_allclose(shares, [0.25, 0.05], atol=0.01)
    best = dissection.part_iou(ideal, masks, quantile).diagonal()
    np.testing.assert_allclose(best, dissection.iou_ceiling(shares, quantile), rtol=0.01)
    over = dissection.iou_over_ceiling(dissection.part_iou(ideal, masks, quantile), shares, quantile)
    np.testing.assert_allclose(over.diagonal(), 1, rtol=0.01)
    chance = dissection.part_iou(random, masks, quantile).mean(axis=0)
    np.testing.assert_allclose(chance, dissection.iou_chance(shares, quantile), rtol=0.1)
    at_share = dissection.part_iou_at_share(random, masks).mean(axis=0)
    np.testing.assert_allclose(at_share, shares / (2 - shares), rtol=0.05)


def test_ceiling_and_chance_in_closed_form():
    np.testing.assert_allclose(
        dissection.iou_ceiling(np.array([0.132, 0.184, 0.005])), [0.0758, 0.0543, 0.5], atol=1e-4
    )
    np.testing.assert_allclose(dissection.iou_chance(np.array([0.5, 0.1]), 0.1), [0.05 / 0.55, 0.01 / 0.19])
    np.testing.assert_allclose(dissection.iou_over_ceiling(np.ones((1, 2)), np.array([0.0, 0.01])), [[np.nan, 1]])


def test_iou_is_that_of_the_definition_whatever_the_chunks(monkeypatch):
    masks, maps = masks_of(exemplars=6), np.random.default_rng(2).normal(size=(6, 8, 8, 5)).astype(np.float32)
    large = dissection.enlarged(np.moveaxis(maps, -1, 0), 16, 16)
    expected = np.empty((5, 2))
    for unit, response in enumerate(large):
        active = response > np.sort(response, axis=None)[-1 - round(0.1 * response.size)]
        assert active.sum() == round(0.1 * response.size)
        for part in range(2):
            expected[unit, part] = (active & masks[..., part]).sum() / (active | masks[..., part]).sum()
    for chunk in (1, 4000, 2**23):
        monkeypatch.setattr(dissection, "_CHUNK", chunk)
        np.testing.assert_allclose(dissection.part_iou(maps, masks, 0.1), expected, rtol=1e-6)


def test_enlarging_is_that_of_scipy_and_keeps_pixel_centres():
    maps = np.random.default_rng(0).random((2, 4, 6))
    expected = np.stack([zoom(image, (4, 4), order=1, mode="nearest", grid_mode=True) for image in maps])
    np.testing.assert_allclose(dissection.enlarged(maps, 16, 24), expected, atol=1e-12)
    np.testing.assert_array_equal(dissection.enlarged(maps, 4, 6), maps)
    np.testing.assert_allclose(dissection.enlarged(np.array([[0.0, 1.0]]), 1, 4), [[0, 0.25, 0.75, 1]])
    assert dissection.enlarged(maps.astype(np.float32), 8, 8).dtype == np.float32


def test_scaling_a_unit_changes_nothing_and_exemplars_may_come_in_any_order():
    masks, maps = masks_of(), np.random.default_rng(3).random((40, 8, 8, 4))
    iou = dissection.part_iou(maps, masks)
    np.testing.assert_allclose(dissection.part_iou(8 * maps, masks), iou)
    order = np.random.default_rng(0).permutation(40)
    np.testing.assert_allclose(dissection.part_iou(maps[order], masks[order]), iou)


def test_dead_units_detect_nothing_and_rare_ones_are_active_only_where_they_respond():
    masks = masks_of()
    maps = np.zeros((40, 16, 16, 2))
    maps[0, :, :, 1] = masks[0, :, :, 1]
    shown = masks[..., 1].sum()
    np.testing.assert_allclose(dissection.part_iou(maps, masks, 0.3)[:, 1], [0, masks[0, ..., 1].sum() / shown])
    assert np.isnan(dissection.part_iou_at_share(maps, np.zeros_like(masks))).all()


def test_each_unit_counts_for_its_best_part():
    iou = np.array([[0.5, 0.6], [0.05, 0.0], [0.03, 0.04], [np.nan, 0.1]])
    np.testing.assert_array_equal(dissection.detectors_of_parts(iou), [1, 2])
    np.testing.assert_array_equal(dissection.detectors_of_parts(iou, 0.7), [0, 0])


def test_what_cannot_be_dissected_is_refused():
    masks = masks_of(exemplars=3)
    maps = np.zeros((3, 8, 8, 2))
    with pytest.raises(NotAvailable, match="nobody knows its part masks"):
        dissection.part_iou(maps, None)
    with pytest.raises(ValueError, match=r"Masks came with shape \(3, 16, 16, 2\) and type float64"):
        dissection.part_shares(masks.astype(float))
    with pytest.raises(ValueError, match=r"Maps came with shape \(2, 8, 8, 2\), masks with \(3, 16, 16, 2\)"):
        dissection.part_iou(maps[:2], masks)
    with pytest.raises(ValueError, match="The quantile came as 1; it must be between 0 and 1, such as 0.01"):
        dissection.part_iou(maps, masks, 1)
    with pytest.raises(ValueError, match="The maps hold NaN or infinite values"):
        dissection.part_iou(maps * np.nan, masks)
