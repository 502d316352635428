"""Gradients: against those known in closed form, and against small differences."""

import numpy as np
import pytest

from dense_keras import probes
from dense_keras.backend import fast_data_format, keras
from dense_keras.gradients import ImageGradients, WeightGradients, copy_of, effective_receptive_fields
from dense_keras.model import build_vgg


def generator():
    return np.random.default_rng(0)


def classifier(inputs=6, tokens=4):
    keras.utils.set_random_seed(0)
    return compiled([keras.layers.Dense(tokens, activation="softmax", name="out")], inputs)


def compiled(layers, inputs=6, loss="sparse_categorical_crossentropy"):
    values = outputs = keras.Input((inputs,))
    for layer in layers:
        outputs = layer(outputs)
    model = keras.Model(values, outputs)
    model.compile("adam", loss)
    return model


def questions(count=50, inputs=6, tokens=4):
    random = generator()
    return random.normal(size=(count, inputs)).astype(np.float32), random.integers(0, tokens, count)


def softmax_gradient(model, values, tokens):
    """Of the mean cross-entropy with respect to kernel and bias."""
    kernel, bias = (weight.astype(np.float64) for weight in model.get_weights())
    logits = values.astype(np.float64) @ kernel + bias
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    errors = (shares - np.eye(len(bias))[tokens]) / len(values)
    return {"out/kernel": values.T @ errors, "out/bias": errors.sum(axis=0)}


@pytest.fixture(scope="module")
def vgg():
    model = build_vgg((16, 16, 3), 3, seed=1, data_format=fast_data_format())
    return keras.Model(model.input, model.get_layer("logits").output)


def pictures(count=4, size=16):
    return generator().integers(0, 256, (count, size, size, 3), dtype=np.uint8)


@pytest.mark.parametrize("count", [50, 300])
def test_the_gradient_of_a_softmax_regression_is_the_analytic_one(count):
    model, (values, tokens) = classifier(), questions(count)
    gradient, expected = WeightGradients(model).mean(values, tokens), softmax_gradient(model, values, tokens)
    assert list(gradient) == list(expected)
    for path in expected:
        np.testing.assert_allclose(gradient[path], expected[path], atol=5e-7)


def test_the_model_is_left_as_it_was_and_its_new_weights_are_seen():
    model, (values, tokens) = classifier(), questions()
    gradients, before = WeightGradients(model), model.get_weights()
    gradients.mean(values, tokens)
    for weight, kept in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, kept)
    model.set_weights([2 * weight + 0.1 for weight in before])
    expected = softmax_gradient(model, values, tokens)
    np.testing.assert_allclose(gradients.mean(values, tokens)["out/kernel"], expected["out/kernel"], atol=5e-7)


def test_gradients_of_batches_are_those_of_their_images_and_average_to_the_mean():
    model, (values, tokens) = classifier(), questions(50)
    gradients = WeightGradients(model)
    batches = gradients.of_batches(values, tokens, 10)["out/kernel"]
    assert batches.shape == (5, 6, 4)
    np.testing.assert_allclose(
        batches[1], softmax_gradient(model, values[10:20], tokens[10:20])["out/kernel"], atol=5e-7
    )
    np.testing.assert_allclose(batches.mean(axis=0), gradients.mean(values, tokens)["out/kernel"], atol=5e-7)
    assert gradients.of_batches(values, tokens, 20)["out/kernel"].shape[0] == 2
    with pytest.raises(ValueError, match="batch_size is 51 for 50 images; it must be 1 to 50"):
        gradients.of_batches(values, tokens, 51)


def test_the_second_derivative_of_a_squared_error_is_exact():
    model, (values, _) = compiled([keras.layers.Dense(1, name="out")], loss="mean_squared_error"), questions()
    direction = generator().normal(size=7)
    product = WeightGradients(model).hessian_vector_product(
        values, values[:, :1], {"out/kernel": direction[:6, None], "out/bias": direction[6:]}, distance=0.5
    )
    with_ones = np.column_stack([values, np.ones(len(values))])
    expected = 2 / len(values) * with_ones.T @ with_ones @ direction
    np.testing.assert_allclose(np.append(product["out/kernel"], product["out/bias"]), expected, rtol=1e-4, atol=1e-4)


def test_vectors_that_do_not_fit_are_refused():
    model, (values, tokens) = classifier(), questions()
    gradients = WeightGradients(model)
    with pytest.raises(ValueError, match="The vector has out/kernel; it needs .* for each of out/kernel, out/bias"):
        gradients.hessian_vector_product(values, tokens, {"out/kernel": np.ones((6, 4))})
    with pytest.raises(ValueError, match="The vector is zero or not finite, so it has no direction"):
        gradients.hessian_vector_product(values, tokens, {"out/kernel": np.zeros((6, 4)), "out/bias": np.zeros(4)})


def test_weights_that_do_not_learn_have_no_gradient_and_constraints_play_no_part():
    model = compiled(
        [
            keras.layers.Dense(6, trainable=False, name="still"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Dense(4, activation="softmax", kernel_constraint="non_neg", name="out"),
        ]
    )
    values, tokens = questions()
    gradient = WeightGradients(model).mean(values, tokens)
    assert list(gradient) == ["norm/gamma", "norm/beta", "out/kernel", "out/bias"]
    assert (gradient["out/kernel"] < 0).any() and (gradient["out/kernel"] > 0).any()
    np.testing.assert_allclose(gradient["out/kernel"].sum(axis=1), 0, atol=1e-6)


def test_models_that_cannot_be_are_refused():
    class Own(keras.Model):
        pass

    with pytest.raises(ValueError, match="is not compiled, so it has no loss .* call model.compile"):
        WeightGradients(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))
    with pytest.raises(ValueError, match="Own 'own' has no graph of layers yet. This works for a model made with"):
        copy_of(Own(name="own"))
    with pytest.raises(ValueError, match="has no graph of layers yet"):
        copy_of(keras.Sequential([keras.layers.Dense(1)]))
    with pytest.raises(ValueError, match="The model has no layer 'conv9'. It has: out"):
        ImageGradients(classifier(), "conv9")


def test_the_gradient_of_a_linear_unit_is_its_weights_at_every_image():
    random = generator()
    weights = random.normal(size=(5 * 4 * 3, 2))
    model = keras.Sequential([keras.Input((5, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(2, name="out")])
    model.set_weights([weights, np.zeros(2)])
    gradients = ImageGradients(model, "out").of(random.normal(size=(7, 5, 4, 3)), np.array([0, 1, 0, 1, 1, 0, 0]))
    for row, unit in enumerate([0, 1, 0, 1, 1, 0, 0]):
        np.testing.assert_allclose(gradients[row], weights[:, unit].reshape(5, 4, 3), rtol=1e-5)


@pytest.mark.parametrize("position", [None, (2, 1)])
def test_image_gradients_agree_with_small_differences_in_every_layout(vgg, position):
    images = pictures(3)
    unit = int(probes.activation_maps(vgg, images, ["conv2_2"])["conv2_2"][0, 2, 1].argmax())
    gradients = ImageGradients(vgg, "conv2_2").of(images, unit, position)
    assert gradients.shape == images.shape

    def activation(values):
        maps = probes.activation_maps(vgg, values, ["conv2_2"])["conv2_2"][..., unit].astype(np.float64)
        return maps.mean(axis=(1, 2)) if position is None else maps[:, *position]

    direction = generator().normal(size=images.shape)
    ahead, behind = (activation((images + sign * 0.05 * direction).astype(np.float32)) for sign in (1, -1))
    expected = (gradients * direction).sum(axis=(1, 2, 3))
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose((ahead - behind) / 0.1, expected, atol=0.05 * np.abs(expected).max())


def test_image_gradients_do_not_depend_on_the_company(vgg):
    images = pictures(140)
    gradients = ImageGradients(vgg, "conv1_1")
    np.testing.assert_allclose(
        gradients.of(images, 3, (8, 8))[[0, 139]], gradients.of(images[[0, 139]], 3, (8, 8)), atol=1e-7
    )


def test_units_and_positions_that_are_not_there_are_refused(vgg):
    gradients = ImageGradients(vgg, "conv1_1")
    with pytest.raises(ValueError, match="Units came as 32 to 32; the layer's are 0 to 31"):
        gradients.of(pictures(), 32)
    with pytest.raises(ValueError, match=r"Position \(16, 0\) is not in the layer's map, which is \(16, 16\)"):
        gradients.of(pictures(), 0, (16, 0))
    with pytest.raises(ValueError, match=r"Position \(1,\) is not in the layer's map"):
        gradients.of(pictures(), 0, (1,))


@pytest.mark.parametrize(("layer", "first", "last"), [("conv1_1", 7, 9), ("conv1_2", 6, 10), ("conv2_1", 4, 13)])
def test_effective_receptive_fields_lie_in_the_theoretical_ones_and_fade_outwards(vgg, layer, first, last):
    fields = effective_receptive_fields(vgg, pictures(12), layer, range(8))
    assert fields.shape == (8, 16, 16) and (fields >= 0).all()
    inside = np.zeros((16, 16), bool)
    inside[first : last + 1, first : last + 1] = True
    assert (fields[:, ~inside] == 0).all()
    field = fields.mean(axis=0)
    assert field[first].any() and field[last].any() and field[:, first].any() and field[:, last].any()
    if layer == "conv2_1":
        assert field[8:10, 8:10].mean() > 3 * field[first, [first, last]].mean()


def test_a_receptive_field_is_where_the_position_is(vgg):
    (field,) = effective_receptive_fields(vgg, pictures(), "conv1_1", [0], position=(3, 11))
    rows, columns = np.nonzero(field)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (2, 4, 10, 12)
