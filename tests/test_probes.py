import numpy as np
import pytest

from dense_keras import probes
from dense_keras.backend import kept_random_state, keras

IMAGES = np.random.default_rng(0).normal(size=(150, 8, 8, 2)).astype(np.float32)


@pytest.fixture(params=["channels_last", "channels_first"])
def model(request):
    """A convolution whose first unit copies the first channel and whose second is its double."""
    images = keras.Input((8, 8, 2))
    x = images if request.param == "channels_last" else keras.layers.Permute((3, 1, 2))(images)
    convolution = keras.layers.Conv2D(2, 1, use_bias=False, data_format=request.param, name="copies")
    x = keras.layers.Activation("relu", name="positive")(convolution(x))
    model = keras.Model(images, keras.layers.Dense(1, name="out")(keras.layers.Flatten()(x)))
    convolution.set_weights([np.array([[[[1, 2], [0, 0]]]], np.float32)])
    return model


def test_pooling_is_over_space_whatever_the_place_of_the_channels(model):
    pooled = probes.pooled_activations(model, IMAGES, ["copies", "positive"])
    channel = IMAGES[..., 0]
    np.testing.assert_allclose(pooled["copies"]["max"][:, 1], 2 * channel.max(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(pooled["copies"]["mean"][:, 0], channel.mean(axis=(1, 2)), atol=1e-6)
    np.testing.assert_allclose(pooled["positive"]["mean"][:, 0], channel.clip(0).mean(axis=(1, 2)), atol=1e-6)


def test_maps_are_channels_last(model):
    maps = probes.activation_maps(model, IMAGES)["copies"]
    assert maps.shape == (150, 8, 8, 2)
    np.testing.assert_allclose(maps[..., 1], 2 * IMAGES[..., 0], rtol=1e-5)


def test_units_lie_where_the_model_has_its_channels_and_are_moved_last(model):
    first = model.get_layer("copies").data_format == "channels_first"
    assert probes.unit_axes(model, ["copies", "positive"]) == dict.fromkeys(["copies", "positive"], 1 if first else -1)
    output = probes.layer_of(model, "positive").output
    assert probes.units_last(output, 1 if first else -1).shape == (None, 8, 8, 2)
    flat = probes.layer_of(model, "out").output
    assert probes.units_last(flat, 1) is flat
    with pytest.raises(ValueError, match="The model has no layer 'dense'. It has: .*copies, positive, .*, out"):
        probes.layer_of(model, "dense")


def test_watching_calls_reads_the_same_as_the_graph(model):
    layers = ["copies", "positive", "out"]
    known = probes._layers(model)
    graph, eager = (make(model, known, layers)(IMAGES, True) for make in (probes._graph_reader, probes._eager_reader))
    for layer in layers:
        np.testing.assert_allclose(graph[layer][0], eager[layer][0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(graph[layer][1], eager[layer][1], rtol=1e-5, atol=1e-6)
    assert "call" not in vars(model.get_layer("copies"))


def test_recurrent_layers_are_pooled_over_time():
    model = keras.Sequential([keras.Input((6, 3)), keras.layers.LSTM(4, return_sequences=True, name="recurrent")])
    series = IMAGES[:5, :6, :3, 0]
    pooled = probes.pooled_activations(model, series, ["recurrent"])["recurrent"]
    np.testing.assert_allclose(pooled["max"], model.predict_on_batch(series).max(axis=1), rtol=1e-5)


def test_a_probe_looks_once_a_step(model):
    calls = []
    probe = probes.Probe(IMAGES, layers=["copies"])
    first = probe.evoke(model, 0)
    probe._reader._read = lambda *arguments: calls.append(arguments)
    assert probe.evoke(model, 0) is first
    assert not calls


def test_thumbnails():
    assert probes.as_thumbnails(IMAGES) is None
    floats = np.array([[[[-1.0]], [[3.0]]]])
    assert probes.as_thumbnails(floats).reshape(-1).tolist() == [0, 255]
    integers = np.full((1, 2, 2), 7, np.uint8)
    assert probes.as_thumbnails(integers).tolist() == np.full((1, 2, 2, 1), 7).tolist()


def test_layers_of_one_name_are_both_read():
    class Twins(keras.Model):
        def __init__(self):
            super().__init__()
            self.one, self.other = keras.layers.Dense(3, name="d"), keras.layers.Dense(3, name="d")

        def call(self, images):
            flat = keras.ops.reshape(images, (-1, 128))
            return self.one(flat) + self.other(flat)

    model = Twins()
    probes.build(model, IMAGES)
    pooled = probes.pooled_activations(model, IMAGES[:4], ["d", "d#2"])
    assert not np.allclose(pooled["d"]["max"], pooled["d#2"]["max"])
    assert len(probes.weights(model)) == 4


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (keras.layers.Conv1D(4, 3, name="c"), (9, 2), {"c": (1, 3, 2, 4)}),
        (keras.layers.Conv2DTranspose(4, 3, name="c"), (9, 9, 2), {"c": (3, 3, 2, 4)}),
        (keras.layers.Conv3D(4, 3, name="c"), (9, 9, 9, 2), {"c": (3, 3, 2, 4)}),
        (keras.layers.SeparableConv2D(4, 3, name="c"), (9, 9, 2), {"c": (3, 3, 2, 1), "c/pointwise": (1, 1, 2, 4)}),
        (keras.layers.TimeDistributed(keras.layers.Conv2D(4, 3), name="c"), (5, 9, 9, 2), {"c": (3, 3, 2, 4)}),
        (keras.layers.SpectralNormalization(keras.layers.Conv2D(4, 3), name="c"), (9, 9, 2), {"c": (3, 3, 2, 4)}),
        (keras.layers.ConvLSTM2D(4, 3, name="c"), (5, 9, 9, 2), {"c": (3, 3, 2, 16)}),
    ],
)
def test_kernels_of_every_convolution_are_height_width_in_out(layer, shape, expected):
    model = keras.Sequential([keras.Input(shape), layer])
    assert {name: kernel.shape for name, kernel in probes.convolution_kernels(model).items()} == expected


def test_one_sigmoid_output_stands_for_the_second_of_two_tokens():
    model = keras.Sequential([keras.Input((8, 8, 2)), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
    probe = probes.Probe(IMAGES, np.arange(150) % 2)
    evoked = probe.evoke(model, 0)
    assert probe.predicted(evoked).tolist() == (model.predict_on_batch(IMAGES)[:, 0] > 0.5).astype(int).tolist()
    assert probe.confusion(evoked).sum() == 150


def test_one_hot_tokens_are_read_as_integers():
    assert probes.Probe(IMAGES, np.eye(3)[np.arange(150) % 3]).tokens.tolist() == (np.arange(150) % 3).tolist()
    assert probes.Probe(IMAGES, np.arange(150)[:, np.newaxis]).tokens.shape == (150,)


def test_whole_numbers_of_another_type_are_tokens():
    for tokens in (np.arange(150) % 2 / 1.0, np.arange(150) % 2 == 1):
        read = probes.Probe(IMAGES, tokens).tokens
        assert np.issubdtype(read.dtype, np.integer)
        assert read.tolist() == (np.arange(150) % 2).tolist()


def test_token_names_become_text():
    assert probes.Probe(IMAGES, np.arange(150) % 2, token_names=[10, 20]).token_names == ["10", "20"]


def test_wrong_tokens_are_explained():
    tokens = np.arange(150) % 3
    with pytest.raises(ValueError, match="Tokens must be integers from 0, one an image; -1 came. Leave out images"):
        probes.Probe(IMAGES, tokens - 1)
    for names in (["a", "b", "a"], "abc"):
        with pytest.raises(ValueError, match="They must be a list of different names"):
            probes.Probe(IMAGES, tokens, token_names=names)
    for column in ("token", "predicted", "correct"):
        with pytest.raises(ValueError, match=f"metadata have a column '{column}'.* give yours another name"):
            probes.Probe(IMAGES, tokens, metadata={column: tokens})
    assert probes.Probe(IMAGES, metadata={"token": tokens}).metadata


def test_one_layer_may_be_named_alone(model):
    assert list(probes.pooled_activations(model, IMAGES, "copies")) == ["copies"]
    assert list(probes.Probe(IMAGES, layers="copies").evoke(model, 0).maxima) == ["copies"]


class Counting(keras.layers.Layer):
    """Counts its calls, and draws from Keras's global generator."""

    def build(self, shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, values):
        self.calls.assign_add(1.0)
        return values + keras.random.normal((1, 1))


class WithSpare(keras.Model):
    """Has a layer that it never calls."""

    def __init__(self):
        super().__init__()
        self.counting, self.spare, self.out = Counting(), keras.layers.Dense(7), keras.layers.Dense(2, name="out")

    def call(self, images):
        return self.out(self.counting(keras.ops.reshape(images, (-1, 128))))


def test_a_look_leaves_no_trace():
    keras.utils.set_random_seed(1)
    model = WithSpare()
    model(IMAGES[:2])
    model(IMAGES[:2])

    def next_draws():
        return keras.ops.convert_to_numpy(keras.random.normal((3,)))

    calls = float(model.counting.calls)
    with kept_random_state():
        expected = next_draws()
    probes.Probe(IMAGES).evoke(model, 0)
    assert float(model.counting.calls) == calls > 0
    np.testing.assert_array_equal(next_draws(), expected)


def test_layers_that_are_never_called_need_no_weights():
    model = WithSpare()
    with pytest.raises(ValueError, match="not built yet"):
        probes.weights(model)
    model(IMAGES[:2])
    assert len(probes.weights(model)) == 3
    assert probes.convolution_layers(model) == []


def test_several_inputs_are_read_together_in_any_order_of_their_names():
    images, factors = keras.Input((8, 8, 2), name="images"), keras.Input((3,), name="factors")
    both = keras.layers.Concatenate(name="both")([keras.layers.Flatten()(images), factors])
    model = keras.Model({"images": images, "factors": factors}, keras.layers.Dense(1, name="out")(both))
    given = {"factors": IMAGES[:, 0, :3, 0], "images": IMAGES}
    evoked = probes.Probe(given, np.zeros(150, int), layers=["both"]).evoke(model, 0)
    np.testing.assert_array_equal(evoked.maxima["both"], np.hstack([IMAGES.reshape(150, -1), given["factors"]]))
    listed = keras.Model([images, factors], model.output)
    inputs = [given["images"], given["factors"]]
    pooled = probes.pooled_activations(listed, inputs, ["both"])
    np.testing.assert_array_equal(pooled["both"]["max"], evoked.maxima["both"])
    assert probes.Probe(given).thumbnails is None


def test_inputs_of_different_numbers_of_exemplars_are_explained():
    with pytest.raises(ValueError, match=r"Images came with shapes \[\(150, 8, 8, 2\), \(149, 8, 8, 2\)\]"):
        probes.Probe([IMAGES, IMAGES[1:]])
    with pytest.raises(ValueError, match="They must be one array, or one for each of the model's inputs"):
        probes.Probe([])
