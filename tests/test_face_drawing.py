"""Drawn faces: masks, parts that can be left out, balanced variants, and views."""

import numpy as np
import pytest

from dense_keras.codes import ABSENT, KINDS, factorial_codes, part_names
from dense_keras.face_drawing import draw_faces
from dense_keras.face_looks import WORDS, face_looks, variant_name
from dense_keras.face_views import FACTORS, draw_views, grain, repeated, scene_numbers, scrambled
from dense_keras.token_set import TokenSetError

NUM_VIEWS = 12


def views(count=NUM_VIEWS, seed=0, **fixed):
    drawn = draw_views(count, np.random.default_rng(seed))
    return drawn | {name: np.full(count, float(value)) for name, value in fixed.items()}


def middle_view(**changed):
    """One view in the middle of all ranges, on a wall without grain."""
    middle = {name: (lowest + highest) / 2 for name, (lowest, highest) in FACTORS.items()}
    return {name: np.array([float(value)]) for name, value in (middle | {"noise": 0.0} | changed).items()}


def dilated(masks):
    """Masks (exemplars, height, width) grown by one pixel in all eight directions."""
    padded = np.pad(masks, ((0, 0), (1, 1), (1, 1)))
    height, width = masks.shape[1:]
    return np.any([padded[:, y : y + height, x : x + width] for y in range(3) for x in range(3)], axis=0)


def all_parts():
    return [(kind, part) for kind in KINDS for part in part_names(kind)]


def drawn_with(kind, part, variant, size=32, count=NUM_VIEWS):
    """All factorial codes, one part set to ``variant``, in the same views."""
    codes = np.repeat(factorial_codes(kind), count, axis=0)
    codes[:, part_names(kind).index(part)] = variant
    every = repeated(views(count), len(factorial_codes(kind)))
    return draw_faces(codes, every, face_looks(kind, seed=2), size)


@pytest.mark.parametrize(("kind", "part"), all_parts())
@pytest.mark.parametrize("size", [28, 32, 61])
def test_a_part_changes_only_the_pixels_of_its_masks(kind, part, size):
    number = part_names(kind).index(part)
    images, masks = zip(*(drawn_with(kind, part, variant, size, count=4) for variant in (ABSENT, 0, 1)), strict=True)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        change = np.abs(images[first].astype(int) - images[second]).max(axis=-1)
        near = dilated(masks[first][..., number] | masks[second][..., number])
        assert change[~near].max() < 40, "only slivers, faint and few, lie outside"
        assert (change[~near] > 0).sum() <= 0.04 * (change > 0).sum()


@pytest.mark.parametrize(("kind", "part"), all_parts())
def test_leaving_a_part_out_changes_its_pixels(kind, part):
    number = part_names(kind).index(part)
    without, masks_without = drawn_with(kind, part, ABSENT)
    images, masks = drawn_with(kind, part, 1)
    if part == "head":
        assert (images != without).any()
    else:
        assert not masks_without[..., number].any()
        shown = masks[..., number]
        changed = np.abs(images.astype(int) - without).max(axis=-1) > 8
        assert changed[shown].mean() > 0.9


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_is_seen_in_every_picture(kind):
    for seed in range(5):
        looks = face_looks(kind, seed)
        codes = np.repeat(factorial_codes(kind), NUM_VIEWS, axis=0)
        _, masks = draw_faces(codes, repeated(views(seed=seed), len(factorial_codes(kind))), looks)
        pixels = masks.sum(axis=(1, 2))
        seen = pixels >= 8
        if kind == "conjunctive":
            seen[:, 4] |= codes[:, 4] == 0
            assert not pixels[codes[:, 4] == 0, 4].any()
        assert seen.all()


@pytest.mark.parametrize("part", ["hair", "eyes", "nose", "mouth"])
def test_two_variants_of_a_part_have_one_area_and_one_brightness(part):
    number = part_names("additive").index(part)
    _, masks = zip(*(drawn_with("additive", part, variant, 64, count=6) for variant in (0, 1)), strict=True)
    areas = [mask[..., number].mean() for mask in masks]
    assert areas[0] == pytest.approx(areas[1], rel=0.08)
    images, _ = zip(*(drawn_with("additive", part, variant, count=40) for variant in (0, 1)), strict=True)
    np.testing.assert_allclose(*(image.mean(axis=(0, 1, 2)) for image in images), atol=1.0)  # of 255


@pytest.mark.parametrize("part", ["hair", "eyes", "nose", "mouth"])
def test_two_variants_of_a_part_look_different(part):
    number = part_names("additive").index(part)
    images, masks = zip(*(drawn_with("additive", part, variant) for variant in (0, 1)), strict=True)
    difference = np.abs(images[0].astype(int) - images[1]).mean(axis=-1)
    assert difference[masks[0][..., number] | masks[1][..., number]].mean() > 25  # of 255


@pytest.mark.parametrize("part", ["eyes", "mouth"])
def test_expression_never_turns_one_variant_into_the_other(part):
    number = part_names("additive").index(part)

    def mask(variant, expression):
        codes = np.zeros((1, 4), int)
        codes[0, number] = variant
        view = middle_view(expression=expression)
        return draw_faces(codes, view, face_looks("additive"), size=96)[1][..., number]

    def overlap(first, second):
        return (first & second).sum() / (first | second).sum()

    same = min(overlap(mask(variant, -1), mask(variant, 1)) for variant in (0, 1))
    other = max(overlap(mask(0, first), mask(1, second)) for first in (-1, 1) for second in (-1, 1))
    assert same > other + 0.15


@pytest.mark.parametrize("factor", FACTORS)
def test_every_factor_shows(factor):
    lowest, highest = FACTORS[factor]
    others = middle_view(light_strength=0.2, noise=0.02)
    (low, _), (middle, _) = (
        draw_faces(np.zeros((1, 4), int), others | {factor: np.array([value])}, face_looks("additive"))
        for value in (lowest, np.floor(100 * (lowest + highest) / 2) / 100)
    )
    assert (low != middle).any()


def test_the_face_turns_and_moves_as_the_factors_say():
    looks = face_looks("additive")

    def nose(**changed):
        _, masks = draw_faces(np.zeros((1, 4), int), middle_view(**changed), looks, size=96)
        rows, columns = np.nonzero(masks[0, ..., 2])
        return rows.mean(), columns.mean()

    row, column = nose()
    assert nose(yaw=14)[1] > column + 5 and nose(pitch=8)[0] > row + 3
    assert nose(shift_x=0.05)[1] == pytest.approx(column + 0.05 * 96, abs=0.3)
    assert nose(shift_y=-0.05)[0] == pytest.approx(row - 0.05 * 96, abs=0.3)


def test_scale_and_roll_keep_shapes():
    looks = face_looks("additive")

    def nose_area(**changed):
        return draw_faces(np.zeros((1, 4), int), middle_view(**changed), looks, size=192)[1][..., 2].sum()

    assert nose_area(scale=1.0) == pytest.approx(nose_area(scale=0.9) / 0.81, rel=0.03)
    assert nose_area(roll=12) == pytest.approx(nose_area(), rel=0.03)


def test_a_picture_does_not_depend_on_its_neighbours():
    codes, every = np.tile(factorial_codes("conjunctive"), (5, 1)), views(160)
    looks = face_looks("conjunctive")
    images, masks = draw_faces(codes, every, looks)
    some = np.array([0, 31, 77, 159])
    alone = [draw_faces(codes[[one]], {name: values[[one]] for name, values in every.items()}, looks) for one in some]
    np.testing.assert_array_equal(images[some], np.concatenate([image for image, _ in alone]))
    np.testing.assert_array_equal(masks[some], np.concatenate([mask for _, mask in alone]))


def test_a_larger_picture_shows_the_same():
    codes, every = np.zeros((NUM_VIEWS, 4), int), views(noise=0)
    small, _ = draw_faces(codes, every, face_looks("additive"), size=32)
    large, _ = draw_faces(codes, every, face_looks("additive"), size=96)
    shrunk = large.reshape(NUM_VIEWS, 32, 3, 32, 3, 3).mean(axis=(2, 4))
    assert np.abs(shrunk - small).mean() < 2.5


@pytest.mark.parametrize("size", [28, 33, 96])
def test_gray_is_the_luma_of_colour(size):
    codes, every = np.ones((NUM_VIEWS, 4), int), views()
    colour, masks = draw_faces(codes, every, face_looks("additive"), size)
    gray, gray_masks = draw_faces(codes, every, face_looks("additive"), size, colour=False)
    assert colour.shape == (NUM_VIEWS, size, size, 3) and gray.shape == (NUM_VIEWS, size, size, 1)
    np.testing.assert_array_equal(gray[..., 0], (colour.astype(int) @ [299, 587, 114] + 500) // 1000)
    np.testing.assert_array_equal(masks, gray_masks)


def test_views_stay_in_their_ranges_and_fill_them():
    for name, values in views(2000).items():
        lowest, highest = FACTORS[name]
        assert lowest <= values.min() and values.max() <= highest
        assert np.ptp(values) > 0.99 * (highest - lowest)


def test_fewer_views_are_the_first_of_more():
    few, many = views(7), views(300)
    for name in FACTORS:
        np.testing.assert_array_equal(few[name], many[name][:7])


def test_scene_numbers_and_grain_are_evenly_spread():
    scenes = np.arange(4000.0)
    numbers = scene_numbers(scenes, 8)
    assert np.abs(numbers.mean(axis=0) - 0.5).max() < 0.02
    assert np.abs(np.corrcoef(numbers.T) - np.eye(8)).max() < 0.06
    noise = grain(scenes[:50], 32)
    assert abs(float(noise.mean())) < 0.01 and float(noise.var()) == pytest.approx(1 / 6, rel=0.02)
    assert np.abs(np.corrcoef(noise.reshape(50, -1)) - np.eye(50)).max() < 0.15


def test_scrambled_numbers_are_those_of_the_source():
    numbers = [0, 1, 2, 12345, 2**32 - 1]
    expected = [lowbias32(number) for number in numbers]
    np.testing.assert_array_equal(scrambled(np.array(numbers, np.uint32)), expected)


def lowbias32(number):
    """Chris Wellons' integer hash, written with Python's whole numbers."""
    number ^= number >> 16
    number = number * 0x7FEB352D % 2**32
    number ^= number >> 15
    number = number * 0x846CA68B % 2**32
    return number ^ number >> 16


def test_natural_tokens_differ_in_every_measurement_and_by_seed():
    first, second = face_looks("natural", seed=0), face_looks("natural", seed=1)
    assert tuple(first) == part_names("natural")
    for part, measurements in first.items():
        for name, values in measurements.items():
            gaps = np.diff(np.sort(values))
            assert gaps.min() > 0.2 * gaps.max() > 0, (part, name)
            assert (values != second[part][name]).all()


def test_errors_say_what_to_do():
    looks = face_looks("additive")
    with pytest.raises(TokenSetError, match="Size 27 is too small.*Choose 28 or more"):
        draw_faces(np.zeros((1, 4), int), views(1), looks, size=27)
    with pytest.raises(TokenSetError, match=r"shape \(1, 5\). They must be \(exemplars, 4\): one column for each"):
        draw_faces(np.zeros((1, 5), int), views(1), looks)
    with pytest.raises(TokenSetError, match="codes of eyes run from 2 to 2. Its variants are 0 to 1, and -1"):
        draw_faces(np.array([[0, 2, 0, 0]]), views(1), looks)
    with pytest.raises(TokenSetError, match="Each of the 2 faces needs a value of yaw, but the views have 1"):
        draw_faces(np.zeros((2, 4), int), views(1), looks)
    with pytest.raises(TokenSetError, match="needs a value of pitch, but the views have none"):
        draw_faces(np.zeros((1, 4), int), {name: values for name, values in views(1).items() if name != "pitch"}, looks)


def test_variants_are_called_by_their_look_where_it_is_known():
    assert [variant_name("additive", "mouth", variant) for variant in (0, 1)] == ["0 (smile)", "1 (oh)"]
    assert variant_name("natural", "mouth", 3) == variant_name(None, "handle", 3) == "variant 3"
    for code in ("additive", "conjunctive"):
        for part, looks in face_looks(code).items():
            assert {len(values) for values in looks.values()} == {len(WORDS[part])}
