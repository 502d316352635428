"""What kernels are given, read from a network: it explains the responses exactly, across poolings too."""

import numpy as np
import pytest

from dense_keras import probes
from dense_keras.backend import fast_data_format, keras
from dense_keras.kernel_inputs import KernelInputs
from dense_keras.measures import coupling
from dense_keras.model import build_vgg

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 20, 20, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def vgg():
    return build_vgg((20, 20, 3), 3, seed=1, data_format=fast_data_format())


def test_contributions_add_up_to_the_next_layers_response_also_across_a_pooling(vgg):
    layers = ["conv1_2", "conv2_1", "dense"]
    linear = keras.models.clone_model(vgg)  # without the ReLUs of the layers asked about, the response is the sum
    linear.set_weights(vgg.get_weights())
    for layer in layers:
        linear.get_layer(layer).activation = keras.activations.linear
    given = KernelInputs(vgg, layers).of(IMAGES)
    assert list(given) == layers
    assert given["conv2_1"].shape == (5, 3, 3, 32) and given["dense"].shape == (5, 256)
    for layer in layers:
        up_to = keras.Model(vgg.inputs[0], vgg.get_layer(layer).input).predict_on_batch(IMAGES)
        response = keras.ops.convert_to_numpy(linear.get_layer(layer)(up_to))
        axes = {"channels_first": (2, 3), "channels_last": (1, 2)}[fast_data_format()] if response.ndim == 4 else ()
        kernel, bias = vgg.get_layer(layer).get_weights()
        found = coupling.contributions(given[layer], kernel).sum(axis=1) + bias
        np.testing.assert_allclose(found, response.mean(axis=axes), rtol=1e-4, atol=1e-4)


def test_it_sees_the_weights_that_the_model_has_now(vgg):
    model = build_vgg((20, 20, 3), 3, seed=1, data_format=fast_data_format())
    inputs = KernelInputs(model, ["logits"])
    before = inputs.of(IMAGES)["logits"]
    np.testing.assert_allclose(before, probes.pooled_activations(model, IMAGES, ["dense"])["dense"]["max"], rtol=1e-5)
    model.set_weights([2 * weight for weight in model.get_weights()])
    assert (inputs.of(IMAGES)["logits"] != before).any()


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_units_come_last_wherever_the_model_has_them(data_format):
    images = keras.Input((8, 8, 2))
    x = images if data_format == "channels_last" else keras.layers.Permute((3, 1, 2))(images)
    layer = keras.layers.Conv2D(4, 3, padding="same", data_format=data_format, name="asked")
    given = KernelInputs(keras.Model(images, layer(x)), ["asked"]).of(IMAGES[:, :8, :8, :2])["asked"]
    np.testing.assert_allclose(given, coupling.shifted_means(IMAGES[:, :8, :8, :2]), rtol=1e-5)


def test_kernels_of_another_kind_and_unknown_layers_are_refused(vgg):
    with pytest.raises(ValueError, match="pool1 is a MaxPooling2D of another kind. Contributions are known for dense"):
        KernelInputs(vgg, ["dense", "pool1"])
    images = keras.Input((8, 8, 2))
    wide = keras.Model(images, keras.layers.Conv2D(4, 5, padding="same", name="wide")(images))
    with pytest.raises(ValueError, match="wide is a Conv2D of another kind"):
        KernelInputs(wide, ["wide"])
    with pytest.raises(ValueError, match="The model has no layer 'fc1'. It has: .*dense, logits, tokens"):
        KernelInputs(vgg, ["fc1"])
