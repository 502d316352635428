"""The callbacks alone, in any Keras model's fit."""

import io

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

from dense_keras.backend import keras
from dense_keras.callbacks import (
    ActivationMaps,
    AtSteps,
    ConfusionMatrix,
    Embeddings,
    FilterImages,
    Histograms,
    Scalars,
)
from dense_keras.probes import Probe

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (24, 12, 12, 3), dtype=np.uint8)
TOKENS = np.repeat(np.arange(3), 8)
PLUGINS = ("scalars", "images", "histograms", "text")
NAMES = ["cat", "dog", "<b>hen</b> & co"]


def functional(channels=3):
    """Convolutions, batch normalisation and dropout: what training changes, and what is random in it."""
    images = keras.Input((12, 12, channels))
    x = keras.layers.Conv2D(6, 3, activation="relu", name="first")(keras.layers.Rescaling(1 / 255)(images))
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.DepthwiseConv2D(3, name="depthwise")(x)
    x = keras.layers.Conv2D(4, 3, name="second")(x)
    x = keras.layers.Dropout(0.3, seed=1)(keras.layers.GlobalAveragePooling2D()(x))
    return keras.Model(images, keras.layers.Dense(3, activation="softmax", name="tokens")(x))


def sequential():
    layers = keras.layers
    return keras.Sequential([layers.Conv2D(5, 3, name="first"), layers.Flatten(), layers.Dense(3, name="tokens")])


def nested():
    body = keras.Sequential([keras.Input((12, 12, 3)), keras.layers.Conv2D(5, 3, name="inner")], name="body")
    images = keras.Input((12, 12, 3))
    return keras.Model(images, keras.layers.Dense(3, name="tokens")(keras.layers.Flatten()(body(images))))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = keras.layers.Conv2D(5, 3, activation="relu", name="first")
        self.pool = keras.layers.GlobalMaxPooling2D()
        self.tokens = keras.layers.Dense(3, name="tokens")

    def call(self, images):
        return self.tokens(self.pool(self.first(keras.ops.cast(images, "float32") / 255)))


class Noisy(keras.layers.Layer):
    """Draws random numbers whenever it is called, in training and out of it."""

    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(5)

    def call(self, values):
        return values + keras.random.normal(keras.ops.shape(values), stddev=0.1, seed=self.seeds)


class Counting(keras.layers.Layer):
    """Divides by how often it was called, and adds noise of Keras's global generator."""

    def build(self, shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, values):
        self.calls.assign_add(1.0)
        noise = 0.0 if keras.config.backend() == "jax" else keras.random.normal(keras.ops.shape(values))
        return (values + noise) / self.calls


def noisy():
    images = keras.Input((12, 12, 3))
    x = Noisy()(keras.layers.Conv2D(5, 3, name="first")(images))
    return keras.Model(images, keras.layers.Dense(3, name="tokens")(keras.layers.GlobalAveragePooling2D()(x)))


def recurrent():
    images = keras.Input((12, 12, 3))
    x = keras.layers.Conv2D(5, 3, name="first")(images)
    x = keras.layers.Reshape((10, 50))(x)
    x = keras.layers.Bidirectional(keras.layers.GRU(4, return_sequences=True))(x)
    x, _ = keras.layers.GRU(4, return_state=True, name="states")(x)
    return keras.Model(images, keras.layers.Dense(3, name="tokens")(x))


def recurrent_with_dropout():
    images = keras.Input((12, 12, 3))
    x = keras.layers.Reshape((12, 36))(images)
    x = keras.layers.Bidirectional(keras.layers.LSTM(4, dropout=0.3, recurrent_dropout=0.3))(x)
    return keras.Model(images, keras.layers.Dense(3, name="tokens")(x))


def counting():
    images = keras.Input((12, 12, 3))
    x = Counting()(keras.layers.GlobalAveragePooling2D()(images))
    return keras.Model(images, keras.layers.Dense(3, name="tokens")(x))


def stateful():
    images = keras.Input((12, 12, 3), batch_size=8)
    x = keras.layers.LSTM(4, stateful=True)(keras.layers.Reshape((12, 36))(images))
    return keras.Model(images, keras.layers.Dense(3, name="tokens")(x))


def several_inputs():
    """Images, and beside them a vector; it names its inputs."""
    images, factors = keras.Input((12, 12, 3), name="images"), keras.Input((2,), name="factors")
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(5, 3, name="first")(images))
    x = keras.layers.Concatenate()([x, factors])
    return keras.Model({"images": images, "factors": factors}, keras.layers.Dense(3, name="tokens")(x))


def fitted(model, callbacks, epochs=2, images=IMAGES, **options):
    keras.utils.set_random_seed(3)
    logits = not isinstance(model.layers[-1], keras.layers.Dense) or model.layers[-1].activation.__name__ == "linear"
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=logits), metrics=["accuracy"])
    model.fit(images, TOKENS, batch_size=8, epochs=epochs, verbose=0, callbacks=callbacks, **options)
    return model


def probe(**options):
    return Probe(IMAGES, TOKENS, token_names=NAMES, **options)


def everything(folder, images=IMAGES):
    shared = Probe(images, TOKENS, token_names=NAMES, metadata={"part": np.arange(24) % 2})
    return [
        Scalars(folder, shared),
        FilterImages(folder),
        ActivationMaps(folder, keras.tree.map_structure(lambda each: each[:2], images)),
        Histograms(folder, shared),
        ConfusionMatrix(folder, shared),
        Embeddings(folder, shared),
    ]


def read(folder):
    events = EventAccumulator(str(folder), tensor_size_guidance=dict.fromkeys(PLUGINS, 0))
    events.Reload()
    found = {}
    for tag in events.Tags()["tensors"]:
        steps = [event.step for event in events.Tensors(tag)]
        assert steps == sorted(set(steps)), tag
        found[tag] = {event.step: tensor_util.make_ndarray(event.tensor_proto) for event in events.Tensors(tag)}
    return found


def picture(values):
    return np.asarray(Image.open(io.BytesIO(values[2])).convert("RGB"))


@pytest.mark.parametrize("build", [functional, sequential, nested, Subclassed, recurrent, noisy])
def test_all_work_in_any_model(build, tmp_path):
    fitted(build(), everything(tmp_path))
    tags = read(tmp_path)
    inner = "body/inner" if build is nested else "first"
    assert {"loss", "learning_rate", "probe_accuracy", "accuracy/cat", f"filters/{inner}", f"filter_change/{inner}",
            f"activation_maps/{inner}", "activations/tokens", "confusion"} <= set(tags)  # fmt: skip
    assert {step for tag in tags.values() for step in tag} == {0, 1, 3, 4, 6}
    assert sorted(path.name for path in (tmp_path / "embeddings").glob("step_*"))[0] == "step_000000"


@pytest.mark.parametrize("build", [functional, Subclassed, noisy])
def test_recording_never_changes_the_training(build, tmp_path):
    def trained(callbacks):
        keras.utils.set_random_seed(7)
        return fitted(build(), callbacks, epochs=3).get_weights()

    bare, recorded = trained([]), trained(everything(tmp_path))
    assert all(np.array_equal(a, b) for a, b in zip(bare, recorded, strict=True))
    assert any(weight.any() for weight in bare)


def test_a_model_with_several_inputs_is_recorded_and_trains_as_it_does_alone(tmp_path):
    images = {"factors": IMAGES[:, 0, 0, :2] / 255, "images": IMAGES}

    def trained(callbacks):
        keras.utils.set_random_seed(7)
        return fitted(several_inputs(), callbacks, images=images).get_weights()

    bare, recorded = trained([]), trained(everything(tmp_path, images))
    assert all(np.array_equal(a, b) for a, b in zip(bare, recorded, strict=True))
    assert {"probe_accuracy", "filters/first", "activation_maps/first", "activations/tokens"} <= set(read(tmp_path))
    with Image.open(tmp_path / "embeddings" / "step_000006" / "sprite.png") as sprite:
        np.testing.assert_array_equal(np.asarray(sprite)[:12, :12], IMAGES[0])


@pytest.mark.parametrize("build", [recurrent_with_dropout, counting, stateful])
def test_recording_never_changes_what_layers_remember_and_draw(build, tmp_path):
    def trained(callbacks):
        keras.utils.set_random_seed(7)
        model = fitted(build(), callbacks, epochs=3, shuffle=False)
        return [keras.ops.convert_to_numpy(variable) for variable in model.variables]

    try:
        bare = trained([])
    except (RuntimeError, ValueError) as error:
        if build is stateful:
            pytest.skip(f"Keras cannot fit a stateful layer here: {error}")
        raise
    some = Probe(IMAGES[:8], TOKENS[:8], token_names=NAMES)
    recorded = trained([Histograms(tmp_path, some), Embeddings(tmp_path, some)])
    assert all(np.array_equal(a, b) for a, b in zip(bare, recorded, strict=True))


def test_every_convolution_has_its_filters_and_zero_change_at_the_start(tmp_path):
    fitted(functional(), [FilterImages(tmp_path)])
    tags = read(tmp_path)
    assert {tag for tag in tags if tag.startswith("filters/")} == {
        "filters/first",
        "filters/depthwise",
        "filters/second",
    }
    assert len(np.unique(picture(tags["filter_change/second"][0]).reshape(-1, 3), axis=0)) == 2
    assert len(np.unique(picture(tags["filter_change/second"][6]).reshape(-1, 3), axis=0)) > 2


def test_filter_images_keep_one_scale_over_time(tmp_path):
    model = functional()
    callback = FilterImages(tmp_path, steps=(), each_epoch=True)
    fitted(model, [callback], epochs=1)
    before = read(tmp_path)["filters/second"][3]
    kernel, bias = model.get_layer("second").get_weights()
    model.get_layer("second").set_weights([kernel / 2, bias])
    callback.set_model(model)
    callback._step, callback._recorded = 99, None
    callback._record_once({})
    halved = picture(read(tmp_path)["filters/second"][99]).astype(int)
    assert (255 - halved).sum() < 0.7 * (255 - picture(before).astype(int)).sum()


def test_per_token_accuracies_average_to_the_probes(tmp_path):
    model = fitted(functional(), [Scalars(tmp_path, probe())])
    tags = read(tmp_path)
    last = {tag: float(values[6]) for tag, values in tags.items()}
    assert np.mean([last[f"accuracy/{name}"] for name in NAMES]) == pytest.approx(last["probe_accuracy"], abs=1e-6)
    expected = (model.predict_on_batch(IMAGES).argmax(axis=1) == TOKENS).mean()
    assert last["probe_accuracy"] == pytest.approx(expected, abs=1e-6)


def test_a_learning_rate_schedule_is_followed(tmp_path):
    model = functional()
    model.compile(
        keras.optimizers.SGD(keras.optimizers.schedules.PiecewiseConstantDecay([3], [0.1, 0.01])),
        "sparse_categorical_crossentropy",
    )
    model.fit(IMAGES, TOKENS, batch_size=8, epochs=2, verbose=0, callbacks=[Scalars(tmp_path)])
    rates = read(tmp_path)["learning_rate"]
    assert (float(rates[0]), float(rates[6])) == (pytest.approx(0.1), pytest.approx(0.01))


def test_a_second_fit_goes_on_counting_steps(tmp_path):
    model, callback = functional(), Scalars(tmp_path, steps=())
    fitted(model, [callback], epochs=1)
    model.fit(IMAGES, TOKENS, batch_size=8, epochs=1, verbose=0, callbacks=[callback])
    assert sorted(read(tmp_path)["learning_rate"]) == [0, 3, 6]


def test_steps_inside_a_jump_of_several_steps_are_not_missed():
    class Steps(AtSteps):
        def record(self, step, logs):
            seen.append(step)

    seen = []
    callback = Steps(steps=(3,), each_epoch=False)
    callback.set_params({"steps": 12})
    callback.set_model(functional())
    callback.model.compile("sgd")
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    for last_of_four in (3, 7, 11):
        callback.on_train_batch_end(last_of_four)
    assert seen == [0, 4]


@pytest.mark.skipif(keras.config.backend() == "torch", reason="PyTorch has one step an execution")
def test_no_step_is_claimed_that_never_was():
    class Steps(AtSteps):
        def record(self, step, logs):
            seen.append((step, self._updates()))

    for each_epoch in (True, False):
        seen, model = [], functional()
        model.compile("sgd", "sparse_categorical_crossentropy", steps_per_execution=4)
        schedule = Steps(range(1, 100), each_epoch)
        model.fit(IMAGES, TOKENS, batch_size=4, epochs=2, verbose=0, callbacks=[schedule])
        assert seen[-1][0] == 12
        assert all(claimed == updates for claimed, updates in seen)


def test_embeddings_carry_token_prediction_parts_and_thumbnails(tmp_path):
    fitted(functional(), [Embeddings(tmp_path, probe(metadata={"hair": np.arange(24) % 2}), ["second"])])
    folder = tmp_path / "embeddings" / "step_000006"
    header, *rows = (folder / "metadata.tsv").read_text().splitlines()
    assert header.split("\t") == ["token", "predicted", "correct", "hair"]
    assert len(rows) == 24
    assert rows[0].split("\t")[0] == "cat"
    assert (folder / "sprite.png").exists()


def test_an_unknown_layer_lists_those_there_are(tmp_path):
    with pytest.raises(ValueError, match="no layer 'thirteenth'. It has: .*first, norm, depthwise, second"):
        fitted(functional(), [Embeddings(tmp_path, probe(layers=["thirteenth"]))])
    with pytest.raises(ValueError, match="does not read layer 'first'. It reads: second"):
        fitted(functional(), [Embeddings(tmp_path, probe(layers=["second"]), ["first"])])
    with pytest.raises(ValueError, match="no layer 'thirteenth'"):
        fitted(functional(), [ActivationMaps(tmp_path, IMAGES[:2], ["thirteenth"])])


def test_wrong_probes_are_explained():
    with pytest.raises(ValueError, match="24 images but 3 tokens"):
        Probe(IMAGES, TOKENS[:3])
    with pytest.raises(ValueError, match="Tokens go up to 2, but there are only 2 token names"):
        Probe(IMAGES, TOKENS, token_names=["cat", "dog"])
    with pytest.raises(ValueError, match="24 images but 5 hair"):
        Probe(IMAGES, TOKENS, metadata={"hair": [0] * 5})
    with pytest.raises(ValueError, match="NaN"):
        Probe(np.full((2, 12, 12, 3), np.nan), [0, 1])
    with pytest.raises(ValueError, match="Tokens must be integers"):
        Probe(IMAGES, TOKENS / 2)


def test_accuracy_needs_one_output_a_token(tmp_path):
    four = Probe(IMAGES, TOKENS, token_names=list("abcd"))
    with pytest.raises(ValueError, match="3 outputs for 4 tokens"):
        fitted(functional(), [ConfusionMatrix(tmp_path, four)])
    with pytest.raises(ValueError, match="no tokens"):
        fitted(functional(), [ConfusionMatrix(tmp_path, Probe(IMAGES))])
    fitted(functional(), [Scalars(tmp_path / "scalars", four)])
    assert "probe_accuracy" not in read(tmp_path / "scalars")


def test_a_training_that_diverges_is_recorded_on(tmp_path):
    class Diverges(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                layer = self.model.get_layer("tokens")
                layer.set_weights([values * np.nan for values in layer.get_weights()])

    with pytest.warns(UserWarning, match="No embeddings at step 6: activations of .*tokens are not finite"):
        fitted(functional(), [Diverges(), *everything(tmp_path)])
    assert set(read(tmp_path)["filters/first"]) == {0, 1, 3, 4, 6}


def test_the_last_step_of_an_epoch_has_the_epochs_logs(tmp_path):
    model = fitted(functional(), [Scalars(tmp_path, steps=(3,))], epochs=1, validation_data=(IMAGES, TOKENS))
    assert {"loss", "val_loss"} <= {tag for tag, values in read(tmp_path).items() if 3 in values}
    assert int(model.optimizer.iterations) == 3


def test_a_model_compiled_anew_counts_from_zero_and_the_old_curve_is_dropped(tmp_path):
    model, callback = functional(), Scalars(tmp_path)
    fitted(model, [callback], epochs=3)
    fitted(model, [callback], epochs=1)
    assert list(read(tmp_path)["learning_rate"]) == [0, 1, 3]


def test_gradient_accumulation_counts_updates(tmp_path):
    model = functional()
    model.compile(keras.optimizers.SGD(0.1, gradient_accumulation_steps=3), "sparse_categorical_crossentropy")
    model.fit(IMAGES, TOKENS, batch_size=4, epochs=2, verbose=0, callbacks=[Scalars(tmp_path)])
    assert list(read(tmp_path)["learning_rate"])[:1] == [0]
    assert max(read(tmp_path)["learning_rate"]) == int(model.optimizer.iterations)


def test_a_model_that_is_not_built_is_explained(tmp_path):
    callback = FilterImages(tmp_path)
    callback.set_model(sequential())
    callback.model.compile("sgd")
    with pytest.raises(ValueError, match=r"not built yet.*keras.Input\(shape\)"):
        callback.on_train_begin()


def test_filter_images_need_a_convolution(tmp_path):
    model = keras.Sequential([keras.Input((12, 12, 3)), keras.layers.Flatten(), keras.layers.Dense(3)])
    with pytest.raises(ValueError, match="no convolution with a kernel among the model's layers: flatten.*, dense"):
        fitted(model, [FilterImages(tmp_path)])


def test_filter_images_start_anew_with_a_new_model(tmp_path):
    callback = FilterImages(tmp_path)
    for channels in (1, 3):
        images = keras.Input((12, 12, 3))
        x = keras.layers.Conv2D(5 * channels, 3, name=f"of_{channels}")(images)
        x = keras.layers.Conv2D(channels, 3, name="of_both")(x)
        fitted(keras.Model(images, keras.layers.Dense(3)(keras.layers.Flatten()(x))), [callback], epochs=1)
    tags = read(tmp_path)
    assert list(tags["filters/of_3"]) == [0, 1, 3]
    assert len(np.unique(picture(tags["filter_change/of_both"][0]).reshape(-1, 3), axis=0)) == 2


def test_initial_kernels_of_another_model_are_explained(tmp_path):
    for initial in ({}, {"first": np.zeros((5, 5, 3, 6))}):
        with pytest.raises(ValueError, match=r"no initial kernel of shape \(3, 3, 3, 6\) for layer 'first'"):
            fitted(functional(), [FilterImages(tmp_path, initial)])


def test_embeddings_of_a_former_longer_training_are_dropped(tmp_path):
    def snapshots():
        return sorted(path.name for path in (tmp_path / "embeddings").glob("step_*"))

    fitted(functional(), [Embeddings(tmp_path, probe())], epochs=3)
    assert snapshots()[-1] == "step_000009"
    model = fitted(functional(), [Scalars(tmp_path), Embeddings(tmp_path, probe())], epochs=1)
    assert snapshots() == ["step_000000", "step_000001", "step_000003"]
    model.fit(IMAGES, TOKENS, batch_size=8, epochs=1, verbose=0, callbacks=[Embeddings(tmp_path, probe())])
    assert snapshots() == ["step_000000", "step_000001", "step_000003", "step_000004", "step_000006"]
    fitted(functional(), [Scalars(tmp_path)], epochs=1)
    assert snapshots() == ["step_000000"]


def test_wrong_schedules_and_folders_are_explained(tmp_path):
    for steps in (5, "abc"):
        with pytest.raises(ValueError, match=f"Steps came as {steps!r}. Give a list of them, such as"):
            Scalars(tmp_path, steps=steps)
    file = tmp_path / "file"
    file.touch()
    for make in (Scalars, FilterImages, Histograms):
        with pytest.raises(ValueError, match="file is a file. Name a folder"):
            make(file)
    for make in (ActivationMaps, ConfusionMatrix, Embeddings):
        with pytest.raises(ValueError, match="file is a file. Name a folder"):
            make(file, probe())
