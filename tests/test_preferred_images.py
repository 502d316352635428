"""Preferred images: of units whose preference is known, and of a small network."""

import numpy as np
import pytest
from scipy.fft import idct, idctn

from dense_keras import preferred_images as module
from dense_keras import probes
from dense_keras.backend import fast_data_format, keras
from dense_keras.model import build_vgg
from dense_keras.preferred_images import coarse_first, cosine_transform, moving, preferred_images


def generator():
    return np.random.default_rng(0)


def linear(template, bias=0.0, activation=None):
    """A network of one dense layer whose units like the templates: (units, height, width, channels)."""
    model = keras.Sequential(
        [
            keras.Input(template.shape[1:]),
            keras.layers.Flatten(),
            keras.layers.Dense(len(template), activation=activation, name="out"),
        ]
    )
    model.set_weights([template.reshape(len(template), -1).T, np.full(len(template), bias)])
    return model


def blobs(channels, size=16):
    """Two templates: light on the left, and a light spot that is dark around."""
    down, across = np.mgrid[:size, :size] / (size - 1) - 0.5
    shapes = np.stack([-across, 0.25 - np.hypot(down, across)])
    return np.repeat(shapes[..., np.newaxis], channels, axis=3)


@pytest.fixture(scope="module")
def vgg():
    model = build_vgg((16, 16, 3), 3, seed=1, data_format=fast_data_format())
    return keras.Model(model.input, model.get_layer("logits").output)


@pytest.mark.parametrize("side", [5, 16])
def test_the_cosine_transform_is_orthonormal_and_its_own_inverse_when_turned(side):
    transform, signal = cosine_transform(side), generator().normal(size=side)
    np.testing.assert_allclose(transform @ transform.T, np.eye(side), atol=1e-6)
    np.testing.assert_allclose(transform.T @ signal, idct(signal, norm="ortho"), atol=1e-5)


def test_coarse_patterns_are_weighted_by_one_over_their_frequency():
    weights = coarse_first(8, 16)
    assert weights.shape == (8, 16)
    assert weights[0, 0] == 16
    assert weights[0, 8] == pytest.approx(4)  # four cycles over 16 pixels
    assert weights[4, 0] == pytest.approx(4)
    assert weights[3, 4] == pytest.approx(1 / np.hypot(3 / 16, 4 / 32))


def test_pictures_are_the_inverse_transform_of_the_coefficients_squeezed_into_the_range():
    coefficients = generator().normal(size=(8, 12, 1))
    canvas = module._Canvas(2, (8, 12, 1), coefficients, (0, 255))
    planes = idctn(coefficients[..., 0] * coarse_first(8, 12), norm="ortho")
    pictures = keras.ops.convert_to_numpy(canvas.pictures())
    np.testing.assert_allclose(pictures[1, ..., 0], 1 / (1 + np.exp(-planes)), atol=1e-5)
    np.testing.assert_array_equal(canvas.images(), np.rint(255 * pictures).astype(np.uint8))


def test_moving_shifts_and_scales_about_the_middle():
    line = np.arange(9.0)
    np.testing.assert_allclose(moving(9, 0, 1), np.eye(9))
    np.testing.assert_allclose(moving(9, 2, 1) @ line, [0, 0, 0, 1, 2, 3, 4, 5, 6])
    np.testing.assert_allclose(moving(9, -0.5, 1) @ line, [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8])
    np.testing.assert_allclose(moving(9, 0, 2) @ line, [2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_linear_unit_prefers_what_its_weights_say(channels):
    templates = blobs(channels)
    found = preferred_images(linear(templates), "out", [1, 0], generator(), steps=40)
    assert found.images.shape == (2, 16, 16, channels) and found.images.dtype == np.uint8
    assert not found.dead.any()
    for image, template in zip(found.images, templates[::-1], strict=True):
        centred = image - 127.5
        cosine = (centred * template).sum() / np.linalg.norm(centred) / np.linalg.norm(template)
        assert cosine > 0.8
        assert (np.sign(centred) == np.sign(template))[np.abs(template) > 0.15].mean() > 0.9
    pixels = found.images.astype(np.float32).reshape(2, -1)
    evoked = (pixels * templates[::-1].reshape(2, -1)).sum(axis=1)
    np.testing.assert_allclose(found.activations, evoked, rtol=1e-3)


def test_a_dead_unit_is_said_to_be_dead_and_gets_even_gray():
    templates = np.concatenate([blobs(1), np.zeros((1, 16, 16, 1))])
    model = linear(templates, activation="relu")
    kernel, bias = model.get_weights()
    model.set_weights([kernel, np.array([0, -1e6, 0.0]) + bias])
    found = preferred_images(model, "out", [0, 1, 2], generator(), steps=10)
    assert found.dead.tolist() == [False, True, True]
    assert (found.images[1:] == 128).all() and found.images[0].std() > 10
    assert found.activations[0] > 0 and (found.activations[1:] == 0).all()


def test_a_unit_that_the_start_leaves_silent_is_reached():
    model = linear(blobs(1), bias=-300.0, activation="relu")
    gray = np.full((1, 16, 16, 1), 128, np.uint8)
    assert (model.predict_on_batch(gray) == 0).all()
    found = preferred_images(model, "out", [0, 1], generator(), steps=60)
    assert not found.dead.any() and (found.activations > 0).all()
    assert model.get_layer("out").activation is keras.activations.relu


def test_the_range_of_the_network_is_kept_to():
    found = preferred_images(linear(blobs(1)), "out", [0], generator(), steps=20, value_range=(-1, 1))
    values = found.images[0] / 127.5 - 1
    assert found.activations[0] == pytest.approx((values * blobs(1)[0]).sum(), rel=1e-3)


@pytest.mark.parametrize("layer", ["conv1_1", "conv2_2", "dense"])
def test_live_units_respond_more_than_to_any_exemplar(vgg, layer):
    exemplars = generator().integers(0, 256, (200, 16, 16, 3), dtype=np.uint8)
    best = probes.pooled_activations(vgg, exemplars, [layer])[layer]["mean"][:, :16].max(axis=0)
    found = preferred_images(vgg, layer, range(16), generator(), steps=48)
    live = ~found.dead
    assert live.sum() > 8 and live[best > 0.1 * best.max()].all()
    assert (found.activations > best)[live].mean() > 0.8


def test_images_repeat_and_do_not_depend_on_the_company(vgg):
    before = vgg.get_weights()
    several = preferred_images(vgg, "conv2_1", [3, 8, 5], generator(), steps=8)
    alone = preferred_images(vgg, "conv2_1", [8], generator(), steps=8)
    again = preferred_images(vgg, "conv2_1", [3, 8, 5], generator(), steps=8)
    np.testing.assert_array_equal(several.images, again.images)
    assert np.abs(several.images[1].astype(int) - alone.images[0]).max() <= 2
    assert np.abs(several.images[0].astype(int) - several.images[1]).max() > 20
    for kept, weight in zip(before, vgg.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, weight)


def test_units_layers_and_steps_that_cannot_be_are_refused(vgg):
    with pytest.raises(ValueError, match=r"Units came as \[0, 32\]; conv1_1 has units 0 to 31. Name at least one"):
        preferred_images(vgg, "conv1_1", [0, 32], generator())
    with pytest.raises(ValueError, match=r"Units came as \[\]; conv1_1 has"):
        preferred_images(vgg, "conv1_1", [], generator())
    with pytest.raises(ValueError, match="The model has no layer 'fc1'. It has: centre, .*conv1_1"):
        preferred_images(vgg, "fc1", [0], generator())
    with pytest.raises(ValueError, match="steps is 0; it must be 1 or more"):
        preferred_images(vgg, "conv1_1", [0], generator(), steps=0)


def test_smoother_pictures_when_differences_cost_more(monkeypatch):
    noise = generator().normal(size=(1, 16, 16, 1))

    def roughness():
        found = preferred_images(linear(noise, activation="relu"), "out", [0], generator(), steps=40)
        return np.abs(np.diff(found.images[0].astype(float), axis=0)).mean()

    rough = roughness()
    monkeypatch.setattr(module, "SMOOTHNESS", 1e3)
    assert roughness() < rough / 2
