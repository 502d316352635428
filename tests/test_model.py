import numpy as np
import pytest

from dense_keras.backend import keras
from dense_keras.model import RECORDED_LAYERS, build_vgg


@pytest.mark.parametrize(
    ("shape", "weights"), [((32, 32, 3), 1_239_333), ((32, 32, 1), 1_238_757), ((45, 28, 1), 1_238_757)]
)
def test_number_of_weights(shape, weights):
    assert build_vgg(shape, 5).count_params() == weights


def test_summary_says_124_million(capsys):
    build_vgg((32, 32, 3), 5).summary(print_fn=print)
    assert "1.24M" in capsys.readouterr().out


def test_initial_weights_are_he_uniform_and_biases_zero():
    layer = build_vgg((32, 32, 1), 5).get_layer("conv4_2")
    kernel, bias = layer.get_weights()
    limit = np.sqrt(6 / (3 * 3 * 256))
    assert np.abs(kernel).max() == pytest.approx(limit, rel=1e-3)
    assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.01)
    assert not bias.any()


def test_a_layer_can_start_smaller():
    plain, small = (build_vgg((28, 28, 1), 5, initial_scales=scales) for scales in ({}, {"conv1_2": 0.25}))
    for layer, scale in (("conv1_1", 1), ("conv1_2", 0.25), ("conv2_1", 1)):
        kernels = [model.get_layer(layer).get_weights()[0] for model in (plain, small)]
        np.testing.assert_allclose(kernels[1], scale * kernels[0], rtol=1e-6)


def test_initial_weights_depend_on_the_seed_alone():
    first, again, other = (build_vgg((28, 28, 1), 5, seed).get_weights() for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_the_place_of_the_channels_changes_no_output():
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 3), dtype=np.uint8)
    last, first = (build_vgg((28, 28, 3), 5, 0, place)(images) for place in ("channels_last", "channels_first"))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(last), keras.ops.convert_to_numpy(first), atol=1e-5)


def test_output_is_a_distribution_over_tokens():
    probabilities = build_vgg((28, 28, 1), 4).predict_on_batch(np.zeros((2, 28, 28, 1), np.uint8))
    assert probabilities.shape == (2, 4)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_recorded_layers_exist():
    names = [layer.name for layer in build_vgg((28, 28, 1), 5).layers]
    assert [name for name in names if name in RECORDED_LAYERS] == list(RECORDED_LAYERS)


@pytest.mark.parametrize("shape", [(15, 32, 1), (32, 32)])
def test_images_that_are_too_small_are_refused(shape):
    with pytest.raises(ValueError, match="at least 16 pixels, because 4 poolings"):
        build_vgg(shape, 5)


def test_one_token_is_refused():
    with pytest.raises(ValueError, match="at least two"):
        build_vgg((28, 28, 1), 1)
