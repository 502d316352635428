"""Receptive fields: the known sizes, what an impulse reaches, and planted patterns."""

import numpy as np
import pytest

from dense_keras.measures import receptive_fields as fields
from dense_keras.measures.receptive_fields import ReceptiveField


def test_the_convolutions_of_our_network_see_the_known_sizes():
    found = fields.receptive_fields()
    convolutions = [found[f"conv{block}_{position}"] for block in range(1, 5) for position in (1, 2)]
    assert [field.size for field in convolutions] == [3, 5, 10, 14, 24, 32, 52, 68]
    assert [field.stride for field in convolutions] == [1, 1, 2, 2, 4, 4, 8, 8]
    assert found["conv1_1"] == ReceptiveField(3, 1, -1)
    assert found["conv2_1"] == ReceptiveField(10, 2, -4)  # two rows of pixels a place: middle at 0.5


def test_the_chain_is_that_of_our_network():
    from dense_keras.model import build_vgg

    layers = build_vgg((32, 32, 3), 5).layers
    chain = {}
    for layer in layers:
        side = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
        if side:
            padding = (side[0] - 1) // 2 if layer.padding == "same" else 0
            chain[layer.name] = (side[0], layer.strides[0], padding)
    assert chain == fields.VGG


def test_one_pixel_reaches_exactly_the_places_whose_field_holds_it():
    pixels = np.eye(48)  # (impulses, pixels)
    responses, reached = pixels, {}
    for name, (kernel, stride, padding) in fields.VGG.items():
        padded = np.pad(responses, ((0, 0), (padding, padding)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=1)[:, ::stride]
        responses = reached[name] = windows.sum(axis=2)
    for name, field in fields.receptive_fields().items():
        first = field.start + field.stride * np.arange(reached[name].shape[1])
        inside = (np.arange(48)[:, None] >= first) & (np.arange(48)[:, None] < first + field.size)
        np.testing.assert_array_equal(reached[name] > 0, inside, err_msg=name)


def test_a_chain_of_any_layers_and_what_cannot_be_one():
    found = fields.receptive_fields({"wide": (7, 2, 3), "same": (3, 1, 1)})
    assert found == {"wide": ReceptiveField(7, 2, -3), "same": ReceptiveField(11, 2, -5)}
    with pytest.raises(
        ValueError, match="pool came with kernel 2, stride 0, padding 0; they must be at least 1, 1 and 0"
    ):
        fields.receptive_fields({"pool": (2, 0, 0)})


def test_peaks_are_the_largest_values_and_their_places():
    maps = np.random.default_rng(0).random((7, 4, 6, 3))
    values, rows, columns = fields.peaks(maps)
    np.testing.assert_array_equal(values, maps.max(axis=(1, 2)))
    for exemplar in range(7):
        for unit in range(3):
            place = rows[exemplar, unit], columns[exemplar, unit]
            assert maps[exemplar, *place, unit] == values[exemplar, unit]


def test_top_exemplars_are_ordered_and_ties_go_to_the_first():
    activations = np.array([[1.0, 0], [3, 0], [2, 5], [3, 0]])
    np.testing.assert_array_equal(fields.top_exemplars(activations, 3), [[1, 2], [3, 0], [2, 1]])
    with pytest.raises(ValueError, match="5 exemplars were asked for; there are 4: ask for 1 to that many"):
        fields.top_exemplars(activations, 5)


def test_a_planted_pattern_is_found_and_cropped():
    random = np.random.default_rng(0)
    images = random.integers(0, 100, (6, 16, 16, 1), dtype=np.uint8)
    pattern = np.array([[200, 250, 200], [250, 255, 250], [200, 250, 200]], np.uint8)
    images[4, 5:8, 9:12, 0] = pattern
    padded = np.pad(images[..., 0].astype(float), ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    maps = (windows * pattern).sum(axis=(3, 4))[..., None]  # a convolution that looks for it
    values, rows, columns = fields.peaks(maps)
    best = fields.top_exemplars(values, 1)[:, 0]
    assert best[0] == 4 and (rows[4, 0], columns[4, 0]) == (6, 10)
    crops = fields.receptive_field_crops(images[best], rows[best, 0], columns[best, 0], ReceptiveField(3, 1, -1))
    np.testing.assert_array_equal(crops[0, :, :, 0], pattern)


def test_crops_follow_the_stride_and_are_gray_outside_of_the_image():
    images = np.arange(2 * 8 * 8 * 3, dtype=np.uint8).reshape(2, 8, 8, 3)
    crops = fields.receptive_field_crops(images, [0, 3], [1, 3], ReceptiveField(4, 2, -1))
    assert crops.shape == (2, 4, 4, 3) and crops.dtype == np.uint8
    assert (crops[0, 0] == fields.GRAY).all()
    np.testing.assert_array_equal(crops[0, 1:], images[0, 0:3, 1:5])
    assert (crops[1, 3] == fields.GRAY).all() and (crops[1, :, 3] == fields.GRAY).all()
    np.testing.assert_array_equal(crops[1, :3, :3], images[1, 5:8, 5:8])


def test_maps_of_another_shape_and_places_of_other_number_are_refused():
    with pytest.raises(ValueError, match=r"Activation maps came with shape \(3, 4\). They must be"):
        fields.peaks(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="2 images came with 1 rows and 2 columns: one each is needed"):
        fields.receptive_field_crops(np.zeros((2, 8, 8, 1)), [0], [0, 1], ReceptiveField(3, 1, -1))
