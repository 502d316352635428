"""Train, resume, rewind: the same bits whichever way one gets there."""

import errno
import shutil
from dataclasses import replace

import numpy as np
import pytest

from dense_keras import experiment as experiment_module
from dense_keras.backend import keras
from dense_keras.experiment import PRESETS, Experiment, batches, exemplar_order, experiment_of, rewind, train
from dense_keras.run import Run, RunError
from dense_keras.token_set import TokenSetError
from small import SMALL

EXPERIMENT = Experiment(**SMALL)


class Killed(BaseException):
    """What a test raises where a process would die."""


@pytest.fixture
def killed_at(monkeypatch):
    """Gives a function that makes training die after so many recordings."""

    def arm(recordings):
        left = iter(range(recordings))
        record = experiment_module.Snapshots.record

        def dying(self, step, logs):
            if next(left, None) is None:
                monkeypatch.undo()
                raise Killed
            record(self, step, logs)

        monkeypatch.setattr(experiment_module.Snapshots, "record", dying)

    return arm


def contents(run, steps=None):
    """Every recorded array by name, with the history."""
    arrays = {f"history/{name}": values for name, values in run.history.items()}
    for step in steps or run.steps:
        with np.load(run.snapshot_path(step)) as file:
            arrays |= {f"{step}/{name}": file[name] for name in file.files}
    return arrays


def assert_same_bits(one, other):
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_what_is_recorded(small_run):
    assert small_run.steps == [0, 1, 4, 8]
    assert set(small_run.history) >= {"step", "epoch", "loss", "held_out_accuracy", "accuracy/Ada", "learning_rate"}
    assert small_run.history["epoch"].tolist() == [0, 0.25, 1, 2]
    assert small_run.activations("conv3_1", 4, "mean").shape == (20, 128)
    assert small_run.activations("dense", 4, probe="factorial").shape == (128, 256)
    assert small_run.weights(8)["conv1_1/kernel"].shape == (3, 3, 3, 32)
    assert small_run.description["backend"] == keras.config.backend()
    recorded = sum(values.size for values in small_run.weights(0).values())
    assert recorded == 1_239_333
    assert small_run.damaged() == []


def test_recorded_activations_are_those_of_the_recorded_weights(small_run):
    token_set = EXPERIMENT.load_tokens()
    model = experiment_module.compiled_vgg(EXPERIMENT, token_set)
    experiment_module._restore(model, small_run, 8)
    logits = model.predict_on_batch(small_run.probes["held_out"].images)
    np.testing.assert_allclose(small_run.logits(8), logits, atol=1e-5)
    history = small_run.history
    accuracy = (logits.argmax(axis=1) == small_run.probes["held_out"].tokens).mean()
    assert history["held_out_accuracy"][-1] == pytest.approx(accuracy)
    per_token = [history[f"accuracy/{name}"][-1] for name in small_run.token_names]
    assert np.mean(per_token) == pytest.approx(accuracy)


def test_step_zero_is_the_untrained_network(small_run):
    untrained = experiment_module.compiled_vgg(EXPERIMENT, EXPERIMENT.load_tokens())
    for variable in untrained.weights:
        np.testing.assert_array_equal(small_run.weights(0)[variable.path], keras.ops.convert_to_numpy(variable))
    assert np.isnan(small_run.history["loss"][0])


@pytest.mark.parametrize("recordings", [0, 2, 3])
def test_a_killed_run_goes_on_to_the_same_bits(small_run, tmp_path, killed_at, recordings):
    killed_at(recordings)
    with pytest.raises(Killed):
        train(EXPERIMENT, tmp_path / "run", progress=False)
    resumed = train(EXPERIMENT, tmp_path / "run", progress=False)
    assert_same_bits(contents(resumed), contents(small_run))


def test_a_damaged_last_snapshot_is_recorded_anew(small_run, tmp_path):
    run = train(replace(EXPERIMENT, epochs=1), tmp_path / "run", progress=False)
    path = run.snapshot_path(4)
    path.write_bytes(path.read_bytes()[:1000])
    resumed = train(EXPERIMENT, tmp_path / "run", progress=False)
    assert resumed.damaged() == []
    assert_same_bits(contents(resumed), contents(small_run))


def test_more_epochs_go_on_and_a_finished_run_is_left_alone(small_run, tmp_path):
    train(replace(EXPERIMENT, epochs=1), tmp_path / "run", progress=False)
    longer = train(EXPERIMENT, tmp_path / "run", progress=False)
    assert_same_bits(contents(longer), contents(small_run))
    assert experiment_of(longer).epochs == 2
    before = longer.snapshot_path(8).stat().st_mtime_ns
    train(EXPERIMENT, tmp_path / "run", progress=False)
    assert longer.snapshot_path(8).stat().st_mtime_ns == before


def test_recording_never_changes_the_training(small_run, tmp_path):
    bare = train(EXPERIMENT, tmp_path / "bare", record=False, progress=False)
    assert not bare.tensorboard.exists()
    assert_same_bits(contents(bare), contents(small_run))

    token_set = EXPERIMENT.load_tokens()
    model = experiment_module.compiled_vgg(EXPERIMENT, token_set)
    model.fit(batches(token_set.train, EXPERIMENT), steps_per_epoch=4, epochs=2, verbose=0, shuffle=False)
    for variable in model.weights:
        np.testing.assert_array_equal(small_run.weights(8)[variable.path], keras.ops.convert_to_numpy(variable))


@pytest.mark.parametrize("step", [1, 4])
def test_rewinding_repeats_the_parent_bit_for_bit(small_run, tmp_path, step):
    child = rewind(small_run, step, tmp_path / "child")
    assert child.steps == [step]
    assert child.description["origin"] == {"run": str(small_run.folder), "step": step}
    train(experiment_of(child), child.folder, progress=False)
    assert child.steps == [recorded for recorded in small_run.steps if recorded >= step]
    after = [recorded for recorded in child.steps if recorded > step]
    ours, parents = contents(child, after), contents(small_run, after)
    for name in ours:
        if not name.startswith("history/"):
            np.testing.assert_array_equal(ours[name], parents[name], err_msg=name)


def test_rewinding_with_another_rate_and_order_goes_another_way_on_the_same_images(small_run, tmp_path):
    child = rewind(small_run, 4, tmp_path / "child", learning_rate=3e-3, order_seed=9)
    np.testing.assert_array_equal(child.probes["held_out"].images, small_run.probes["held_out"].images)
    train(experiment_of(child), child.folder, progress=False, record=False)
    assert child.weights(4)["dense/kernel"].tolist() == small_run.weights(4)["dense/kernel"].tolist()
    assert not np.array_equal(child.weights(8)["dense/kernel"], small_run.weights(8)["dense/kernel"])
    assert child.history["learning_rate"][-1] == pytest.approx(3e-3)


def test_rewinding_to_a_step_that_was_not_recorded_lists_those_that_were(small_run, tmp_path):
    with pytest.raises(RunError, match="No snapshot of step 3 in .*There are: 0, 1, 4, 8"):
        rewind(small_run, 3, tmp_path / "child")
    assert not (tmp_path / "child" / "experiment.json").exists()


def test_rewinding_goes_on_where_it_was_stopped_and_refuses_what_cannot_be(small_run, tmp_path):
    child = rewind(small_run, 4, tmp_path / "child")
    assert rewind(small_run, 4, tmp_path / "child").steps == child.steps
    with pytest.raises(RunError, match="holds another run, of origin {.*'step': 4}"):
        rewind(small_run, 1, tmp_path / "child")
    with pytest.raises(
        RunError,
        match="size, tokens cannot change when rewinding; epochs, learning_rate, order_seed, without_parts can",
    ):
        rewind(small_run, 4, tmp_path / "other", tokens="fashion", size=32)
    with pytest.raises(RunError, match="Step 8 is the end of 2 epochs: give more --epochs"):
        rewind(small_run, 8, tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("lost", [0, 1])
def test_a_lost_or_damaged_snapshot_of_a_finished_run_is_recorded_anew(small_run, tmp_path, lost):
    run = train(EXPERIMENT, tmp_path / "run", progress=False)
    run.snapshot_path(lost).unlink()
    run.snapshot_path(8).write_bytes(b"")
    train(EXPERIMENT, run.folder, progress=False)
    assert_same_bits(contents(run), contents(small_run))


def test_filter_images_keep_their_scale_over_a_resume(small_run, monkeypatch):
    view = experiment_module._tensorboard_view(small_run, experiment_module._probe(small_run, "held_out"))
    (filters,) = (callback for callback in view if isinstance(callback, experiment_module.FilterImages))
    np.testing.assert_array_equal(filters.initial["conv4_2"], small_run.weights(0)["conv4_2/kernel"])


def test_training_holds_the_run_against_other_processes(tmp_path):
    from dense_keras.run import locked

    with locked(tmp_path / "run"), pytest.raises(RunError, match="Another process is recording into"):
        train(EXPERIMENT, tmp_path / "run", progress=False)


def test_a_disk_that_fills_while_the_view_is_written_is_explained(tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("dense_keras.callbacks.embeddings.write_embeddings", full)
    with pytest.raises(
        RunError, match="The disk is full: .* is intact; free some space and give the same command again"
    ):
        train(EXPERIMENT, tmp_path / "run", progress=False)


@pytest.mark.parametrize("gone", ["", "snapshots"])
def test_a_folder_that_vanishes_while_it_is_recorded_is_explained_and_recorded_anew(
    small_run, tmp_path, monkeypatch, gone
):
    folder, write = tmp_path / "run", experiment_module.Embeddings.record

    def vanishing(self, step, logs):
        if step == 4:
            shutil.rmtree(folder / gone)
        write(self, step, logs)

    monkeypatch.setattr(experiment_module.Embeddings, "record", vanishing)
    with pytest.raises(RunError, match="run was moved or deleted while the run was recorded"):
        train(EXPERIMENT, folder, progress=False)
    monkeypatch.undo()
    assert (folder / "tensorboard").exists(), "what was written after that stays"
    assert_same_bits(contents(train(EXPERIMENT, folder, progress=False)), contents(small_run))


def test_a_folder_that_is_gone_at_the_end_is_no_run(tmp_path, monkeypatch):
    folder, train_to_the_end = tmp_path / "run", experiment_module._train

    def vanishing(*arguments):
        train_to_the_end(*arguments)
        shutil.rmtree(folder)

    monkeypatch.setattr(experiment_module, "_train", vanishing)
    with pytest.raises(RunError, match="run was moved or deleted while the run was recorded"):
        train(EXPERIMENT, folder, progress=False)


def test_a_model_that_cannot_be_leaves_no_folder(tmp_path):
    with pytest.raises(ValueError, match="at least 16 pixels"):
        train(Experiment(tokens="fashion", size=8, exemplars=5, held_out=2), tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_other_settings_are_refused_with_the_differences(small_run):
    other = replace(EXPERIMENT, seed=5, size=32)
    before = contents(small_run)
    with pytest.raises(
        RunError,
        match=r"other settings:\n  size: 28 there, 32 now\n  seed: 0 there, 5 now\n  order_seed: 0 there, 5 now\nGive the same",
    ):
        train(other, small_run.folder, progress=False)
    with pytest.raises(RunError, match=r"epochs: 2 there, 1 now"):
        train(replace(EXPERIMENT, epochs=1), small_run.folder, progress=False)
    assert_same_bits(contents(Run(small_run.folder)), before)


def test_shuffled_tokens_are_dealt_by_the_seed_to_training_exemplars_alone():
    true, shuffled = (replace(EXPERIMENT, shuffled_tokens=is_so).load_tokens() for is_so in (False, True))
    dealt = np.random.default_rng([EXPERIMENT.seed, 2]).permutation(true.train.tokens)
    np.testing.assert_array_equal(shuffled.train.tokens, dealt)
    assert (dealt == true.train.tokens).mean() < 0.4
    for untouched in ("held_out", "factorial"):
        np.testing.assert_array_equal(getattr(shuffled, untouched).tokens, getattr(true, untouched).tokens)
    other = replace(EXPERIMENT, shuffled_tokens=True, seed=1).load_tokens()
    assert not np.array_equal(other.train.tokens, dealt)


def test_a_run_of_shuffled_tokens_is_trained_on_them_and_rewound_with_them(tmp_path):
    experiment = Experiment(**SMALL | PRESETS["shuffled"] | {"epochs": 1})
    run = train(experiment, tmp_path / "run", progress=False, record=False)
    model = experiment_module.compiled_vgg(experiment, experiment.load_tokens())
    model.fit(batches(experiment.load_tokens().train, experiment), steps_per_epoch=4, verbose=0, shuffle=False)
    for variable in model.weights:
        np.testing.assert_array_equal(run.weights(4)[variable.path], keras.ops.convert_to_numpy(variable))
    assert experiment_of(rewind(run, 1, tmp_path / "child")).shuffled_tokens
    with pytest.raises(RunError, match=r"other settings:\n  shuffled_tokens: True there, False now\nGive the same"):
        train(replace(experiment, shuffled_tokens=False), run.folder, progress=False)


def test_a_run_recorded_before_tokens_could_be_shuffled_goes_on(small_run, tmp_path):
    run = train(replace(EXPERIMENT, epochs=1), tmp_path / "run", progress=False, record=False)
    before = dict(run.description["experiment"])
    assert before.pop("shuffled_tokens") is False
    run.describe(experiment=before)
    assert not experiment_of(Run(run.folder)).shuffled_tokens
    resumed = train(EXPERIMENT, run.folder, progress=False, record=False)
    assert_same_bits(contents(resumed), contents(small_run))


def test_controls_are_their_presets_but_for_the_tokens():
    for preset, control in (("default", "shuffled"), ("conjunctive", "conjunctive-shuffled")):
        assert replace(Experiment(**PRESETS[control]), shuffled_tokens=False) == Experiment(**PRESETS[preset])
    dense, sparse = Experiment(**PRESETS["conjunctive"]), Experiment(**PRESETS["conjunctive-500"])
    assert dense.exemplars * dense.epochs == sparse.exemplars * sparse.epochs


def test_another_backend_is_another_setting(small_run):
    description = dict(small_run.description)
    other = Run(small_run.folder)
    other.description = description | {"backend": "theano"}
    with pytest.raises(RunError, match="backend: 'theano' there"):
        experiment_module._reopen(other, EXPERIMENT, EXPERIMENT.load_tokens())


def test_other_images_under_the_same_settings_are_refused(small_run):
    other = Run(small_run.folder)
    other.description = small_run.description | {"images": "0123456789abcdef"}
    with pytest.raises(RunError, match="images: '0123456789abcdef' there"):
        experiment_module._reopen(other, EXPERIMENT, EXPERIMENT.load_tokens())


def test_damage_beside_the_snapshots_is_mended_or_named(small_run, tmp_path):
    once = replace(EXPERIMENT, epochs=1)
    run = train(once, tmp_path / "run", progress=False, record=False)
    (run.folder / "probe.npz").write_bytes(b"PK")
    train(once, run.folder, progress=False, record=False)
    np.testing.assert_array_equal(Run(run.folder).probes["held_out"].images, small_run.probes["held_out"].images)

    (run.folder / "history.csv").write_text("step,loss\n0,zero\n")
    with pytest.raises(RunError, match="history.csv is damaged .*Delete it and give the same command again"):
        train(once, run.folder, progress=False, record=False)
    (run.folder / "history.csv").unlink()
    train(once, run.folder, progress=False, record=False)
    assert Run(run.folder).history["step"].tolist() == [0, 1, 4]


def test_a_rewound_run_without_its_first_snapshot_is_refused(small_run, tmp_path):
    child = rewind(small_run, 4, tmp_path / "child")
    child.snapshot_path(4).unlink()
    with pytest.raises(RunError, match="was rewound to step 4 of .*Delete the folder and rewind again"):
        train(experiment_of(child), child.folder, progress=False)


def test_the_tensorboard_view_of_a_killed_run_holds_each_step_once(tmp_path, killed_at):
    from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator

    killed_at(3)
    with pytest.raises(Killed):
        train(EXPERIMENT, tmp_path / "run", progress=False)
    run = train(EXPERIMENT, tmp_path / "run", progress=False)
    events = EventAccumulator(
        str(run.tensorboard), tensor_size_guidance={"scalars": 0, "images": 0, "histograms": 0}
    ).Reload()
    for tag in ("probe_accuracy", "filters/conv4_2", "weights/dense/kernel", "confusion"):
        assert [event.step for event in events.Tensors(tag)] == [0, 1, 4, 8]
    assert [event.step for event in events.Tensors("loss")] == [1, 4, 8]
    assert [path.name for path in sorted(run.tensorboard.glob("embeddings/step_*"))] == [
        f"step_{step:06d}" for step in run.steps
    ]


def test_defaults_and_the_same_settings_spelt_out_are_one_experiment(small_run):
    spelt = replace(EXPERIMENT, code="additive", colour=True)
    assert train(spelt, small_run.folder, progress=False).steps == small_run.steps


def test_batches_show_each_exemplar_once_an_epoch_in_an_order_of_the_seed():
    token_set = EXPERIMENT.load_tokens()
    stream = batches(token_set.train, EXPERIMENT)
    first = [next(stream) for _ in range(4)]
    order = exemplar_order(EXPERIMENT.seed, 0, len(token_set.train))
    assert sorted(order) == list(range(len(token_set.train)))
    np.testing.assert_array_equal(np.concatenate([tokens for _, tokens in first]), token_set.train.tokens[order][:128])
    later = next(batches(token_set.train, EXPERIMENT, step=3))
    np.testing.assert_array_equal(later[0], first[3][0])
    assert not np.array_equal(exemplar_order(0, 0, 9), exemplar_order(0, 1, 9))
    assert not np.array_equal(exemplar_order(0, 0, 9), exemplar_order(1, 0, 9))


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"epochs": 0}, "epochs is 0; it must be 1 or more"),
        ({"epochs": -3}, "epochs is -3"),
        ({"seed": -1}, "seed is -1; it must be 0 or more"),
        ({"exemplars": 0}, "exemplars is 0"),
        ({"learning_rate": 2.0}, "learning_rate is 2.0; it must be above 0"),
        ({"initial_scales": {"conv9": 0.1}}, "initial_scales holds 'conv9': 0.1. Layers are conv1_1, "),
        ({"initial_scales": {"dense": 0}}, "'dense': 0.*scales are above 0"),
    ],
)
def test_settings_that_cannot_be_run_are_explained(settings, text):
    with pytest.raises(ValueError, match=text):
        Experiment(**settings)


def test_a_wrong_token_set_leaves_no_folder_of_a_run(tmp_path):
    with pytest.raises(TokenSetError, match="No token set and no folder 'voices'"):
        train(Experiment(tokens="voices"), tmp_path / "run", progress=False)
    assert not (tmp_path / "run" / "experiment.json").exists()
