"""Interventions: what is cut is silent, stays cut, and nothing else changes."""

import json
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from dense_keras import probes
from dense_keras.backend import fast_data_format, keras
from dense_keras.cuts import Cut, control_cuts, cut_strength, matched_cut, random_cut, with_cut
from dense_keras.experiment import Experiment, experiment_of, model_at, rewind, train
from dense_keras.face_views import FACTORS
from dense_keras.interventions import (
    Look,
    accuracy_after_rewinding,
    gated_logits,
    logits_after_rewinding,
    look,
    redrawn,
    train_on,
    with_other_variants,
    with_parts_of,
    without_parts,
)
from dense_keras.measures.arguments import NotAvailable
from dense_keras.model import build_vgg
from dense_keras.run import Run, RunError
from small import SMALL

CUT = Cut(units={"conv2_1": [5, 7]}, edges={"conv3_1": [(3, 11)], "dense": [(0, 1)]})


def generator():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def vgg():
    model = build_vgg((16, 16, 3), 5, seed=1, data_format=fast_data_format())
    return keras.Model(model.input, model.get_layer("logits").output)


@pytest.fixture(scope="module")
def pictures():
    return generator().integers(0, 256, (20, 16, 16, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def conjunctive():
    """What a run of conjunctive faces holds of its probe."""
    settings = {**SMALL, "code": "conjunctive"}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is not dense.*")
        token_set = Experiment(**settings).load_tokens()
    description = {"experiment": {"tokens": "faces", "code": "conjunctive", "seed": 0}}
    return SimpleNamespace(
        probes={"held_out": token_set.held_out}, part_names=list(token_set.part_names), description=description
    )


@pytest.fixture(scope="module")
def cut_run(small_run, shared_folder):
    """The small run, from step 1 on without what CUT cuts."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is not dense.*")
        return train_on(small_run, 1, shared_folder / "run", CUT, record=False, progress=False)


def assert_same_snapshots(one, other, steps):
    for step in steps:
        with np.load(one.snapshot_path(step)) as ours, np.load(other.snapshot_path(step)) as others:
            assert set(ours.files) == set(others.files)
            for name in ours.files:
                np.testing.assert_array_equal(ours[name], others[name], err_msg=f"{step} {name}")


def test_cuts_are_equal_if_they_cut_the_same_and_go_through_json():
    cut = Cut({"dense": np.array([3, 1, 3]), "conv1_1": []}, {"logits": [[2, 0]]}, {"conv2_2": np.int64(4)})
    assert cut == Cut({"dense": (1, 3)}, {"logits": ((2, 0),)}, {"conv2_2": 4})
    assert Cut(**json.loads(json.dumps(cut.as_json()))) == cut
    assert cut and not Cut() and not Cut({"dense": []}) and Cut().as_json() == {}
    both = cut + Cut({"dense": [0, 1], "conv1_2": [9]}, layers={"conv2_2": 8})
    assert both == Cut({"conv1_2": [9], "dense": [0, 1, 3]}, {"logits": [(2, 0)]}, {"conv2_2": 8})
    with pytest.raises(
        ValueError, match=r"units of dense came as \[2, -1\]. They are a list of numbers of units, which count from 0"
    ):
        Cut({"dense": [2, -1]})


def test_cuts_say_in_words_what_they_cut():
    assert str(Cut()) == "nothing"
    cut = Cut({"dense": [4]}, {"logits": [(2, 0), (2, 1)]}, {"conv1_1": 0})
    assert str(cut) == "unit 4 of dense; 2 edges of logits (2 to 0, 2 to 1); conv1_1 set back to step 0"
    assert str(Cut({"dense": range(20)})) == "20 units of dense (0, 1, 2, 3, 4, 5, 6, 7, ...)"


def test_cut_units_are_silent_and_the_others_of_their_layer_do_as_before(vgg, pictures):
    cut = with_cut(vgg, Cut({"conv2_1": [5, 7], "dense": [0]}))
    before, after = (probes.activation_maps(model, pictures, ["conv2_1"])["conv2_1"] for model in (vgg, cut))
    assert (after[..., [5, 7]] == 0).all() and (before[..., [5, 7]] > 0).any()
    others = np.setdiff1d(np.arange(64), [5, 7])
    np.testing.assert_allclose(after[..., others], before[..., others], rtol=1e-5, atol=1e-5)
    assert (probes.pooled_activations(cut, pictures, ["dense"])["dense"]["max"][:, 0] == 0).all()


def test_a_cut_edge_takes_away_exactly_what_came_through_it():
    model = keras.Sequential(
        [keras.Input((6, 6, 3)), keras.layers.Conv2D(4, 3, padding="same", name="conv"), keras.layers.Flatten()]
    )
    images = generator().normal(size=(5, 6, 6, 3)).astype(np.float32)
    without_input = images.copy()
    without_input[..., 1] = 0
    cut = with_cut(model, Cut(edges={"conv": [(1, 2)]}))
    before, after, blind = (
        outputs.reshape(5, 6, 6, 4)
        for outputs in (
            model.predict_on_batch(images),
            cut.predict_on_batch(images),
            model.predict_on_batch(without_input),
        )
    )
    np.testing.assert_allclose(after[..., 2], blind[..., 2], atol=1e-5)
    np.testing.assert_allclose(after[..., [0, 1, 3]], before[..., [0, 1, 3]], atol=1e-5)


def test_the_model_itself_stays_whole_and_a_cut_of_nothing_is_a_copy(vgg, pictures):
    before = vgg.get_weights()
    with_cut(vgg, CUT)
    copy = with_cut(vgg, Cut())
    for kept, weight, copied in zip(before, vgg.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, weight)
        np.testing.assert_array_equal(kept, copied)
    assert all(variable.constraint is None for variable in [*vgg.weights, *copy.weights])


def test_what_is_cut_stays_cut_in_training_also_after_fit_and_beside_other_constraints():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(6, activation="relu", kernel_constraint="non_neg", name="hidden"),
            keras.layers.Dense(3, name="out"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.05), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    values, tokens = generator().normal(size=(64, 4)).astype(np.float32), generator().integers(0, 3, 64)
    model.fit(values, tokens, epochs=1, verbose=0)
    Cut({"hidden": [1]}, {"out": [(0, 2)]}).apply(model)
    Cut({"hidden": [4]}).apply(model)
    before = model.get_weights()
    model.fit(values, tokens, epochs=3, verbose=0)
    kernel, bias, out, _ = model.get_weights()
    assert (kernel[:, [1, 4]] == 0).all() and (bias[[1, 4]] == 0).all() and out[0, 2] == 0
    assert (kernel >= 0).all() and (kernel != before[0]).any() and (out[:, 2][1:4:2] != 0).any()
    assert np.count_nonzero(out == 0) == 1


def test_cuts_that_cannot_be_are_refused(vgg):
    for cut, text in (
        (Cut({"fc1": [0]}), "The model has no layer 'fc1'. It has: centre, .*conv1_1"),
        (Cut({"conv1_1": [3, 32]}), r"conv1_1 has no unit \(32,\). It has units 0 to 31"),
        (Cut(edges={"conv1_1": [(3, 0)]}), r"conv1_1 has no edge \(3, 0\). It has inputs 0 to 2 and units 0 to 31"),
        (Cut({"global_pool": [0]}), "global_pool is a GlobalAveragePooling2D. Units and edges are cut in layers with"),
        (Cut(layers={"conv1_1": 0}), "conv1_1 is to be set back to step 0, but no run came that recorded it"),
    ):
        with pytest.raises(ValueError, match=text):
            with_cut(vgg, cut)
    sigmoid = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation="sigmoid", name="out")])
    with pytest.raises(ValueError, match="Units of out cannot be cut by their weights: its activation makes 0.5 of 0"):
        with_cut(sigmoid, Cut({"out": [0]}))


def test_layers_are_set_back_to_a_snapshot(small_run):
    model = with_cut(model_at(small_run, 8), Cut(layers={"conv3_1": 1}), small_run)
    weights = probes.weights(model)
    for path, values in small_run.weights(8).items():
        expected = small_run.weights(1)[path] if path.startswith("conv3_1/") else values
        np.testing.assert_array_equal(weights[path], expected)


def test_random_cuts_are_as_many_others_into_the_same_units(vgg):
    for chosen in (random_cut(vgg, CUT, generator()), matched_cut(vgg, CUT, generator())):
        assert len(chosen.units["conv2_1"]) == 2 and not {5, 7} & set(chosen.units["conv2_1"])
        ((origin, unit),) = chosen.edges["conv3_1"]
        assert unit == 11 and origin != 3
        assert set(chosen.edges) == {"conv3_1", "dense"}
    assert random_cut(vgg, CUT, generator()) == random_cut(vgg, CUT, generator())
    drawn = {random_cut(vgg, CUT, np.random.default_rng(seed)).units["conv2_1"] for seed in range(20)}
    assert len(drawn) > 15
    with pytest.raises(ValueError, match="20 of 32 units of conv1_1 are cut: there are not as many others to draw"):
        random_cut(vgg, Cut({"conv1_1": range(20)}), generator())
    with pytest.raises(ValueError, match="2 of 3 edges into unit 4 of conv1_1 are cut"):
        random_cut(vgg, Cut(edges={"conv1_1": [(0, 4), (1, 4)]}), generator())


def test_matched_cuts_are_as_strong_and_random_ones_are_not(vgg):
    kernel = np.abs(probes.weights(vgg)["conv4_1/kernel"]).sum(axis=(0, 1))
    strongest = np.argsort(-kernel[:, 9])[:10]
    cut = Cut(edges={"conv4_1": [(i, 9) for i in strongest]})

    def strength(of):
        return sum(kernel[pair] for pair in of.edges["conv4_1"])

    matched, random = matched_cut(vgg, cut, generator()), random_cut(vgg, cut, generator())
    assert not set(matched.edges["conv4_1"]) & set(cut.edges["conv4_1"])
    assert strength(random) < strength(matched) < strength(cut)
    assert strength(matched) > 0.85 * strength(cut)
    typical = Cut(edges={"conv4_1": [(i, 9) for i in np.argsort(-kernel[:, 9])[20:100:8]]})
    assert strength(matched_cut(vgg, typical, generator())) == pytest.approx(strength(typical), rel=0.03)


def test_a_matched_cut_of_the_strongest_units_tells_by_how_much_it_falls_short(vgg):
    strengths = {"conv1_1": np.r_[np.full(4, 10.0), np.full(28, 6.0)]}
    cut = Cut({"conv1_1": range(4)}, {"conv2_1": [(3, 1)]}, {"dense": 0})
    matched = matched_cut(vgg, Cut(cut.units), generator(), strengths)
    assert cut_strength(vgg, matched, strengths) == 24 and cut_strength(vgg, Cut(cut.units), strengths) == 40
    edge = np.abs(probes.weights(vgg)["conv2_1/kernel"][:, :, 3, 1]).sum()
    assert cut_strength(vgg, cut, strengths) == pytest.approx(40 + edge)
    assert cut_strength(vgg, Cut()) == 0
    with pytest.raises(ValueError, match=r"Strengths of conv1_1 came with shape \(5,\); here they are \(32,\)"):
        cut_strength(vgg, cut, {"conv1_1": np.ones(5)})


def test_matched_cuts_go_by_the_strengths_that_are_given(vgg):
    strengths = np.arange(32.0)
    for unit in (4, 20):
        (drawn,) = matched_cut(vgg, Cut({"conv1_1": [unit]}), generator(), {"conv1_1": strengths}).units["conv1_1"]
        assert 0 < abs(drawn - unit) <= 3
    with pytest.raises(ValueError, match=r"Strengths of conv1_1 came with shape \(5,\); here they are \(32,\)"):
        matched_cut(vgg, Cut({"conv1_1": [0]}), generator(), {"conv1_1": np.ones(5)})


def test_controls_are_nothing_equal_number_and_equal_strength(vgg):
    controls = control_cuts(vgg, CUT, generator())
    assert list(controls) == ["nothing", "equal number", "equal strength"]
    assert not controls["nothing"] and controls["equal number"].units["conv2_1"] != CUT.units["conv2_1"]


def test_the_untrained_network_is_a_control_too(small_run):
    model = model_at(small_run, small_run.steps[-1])
    controls = control_cuts(model, CUT, generator(), small_run)
    images = small_run.probes["held_out"].images
    cut, whole = (
        with_cut(model, controls[name], small_run).predict_on_batch(images) for name in ("untrained, cut", "untrained")
    )
    untrained = model_at(small_run, 0)
    np.testing.assert_array_equal(whole, untrained.predict_on_batch(images))
    np.testing.assert_array_equal(cut, with_cut(untrained, CUT).predict_on_batch(images))
    assert (cut != whole).any()


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        ({"units": {"dense": 3}}, "units of dense came as 3. They are a list of numbers of units, which count from 0"),
        ({"units": {"dense": [1.7]}}, r"units of dense came as \[1.7\]"),
        ({"units": {"dense": [[1, 2]]}}, "units of dense came as"),
        (
            {"edges": {"dense": [3]}},
            r"edges of dense came as \[3\]. They are a list of pairs of an input's and a unit's",
        ),
        ({"edges": {"dense": [(1, 2), (3,)]}}, "edges of dense came as"),
        ({"units": {"dense": ["one"]}}, "units of dense came as"),
    ],
)
def test_what_is_no_cut_is_refused_in_words(cut, message):
    with pytest.raises(ValueError, match=message):
        Cut(**cut)


def test_looks_of_known_logits():
    logits = np.array([[3.0, 1, 0], [0, 2, 5], [1, 4, 4.5], [9, 0, 0]])
    seen = Look(logits, np.array([0, 1, 2, 2]))
    np.testing.assert_allclose(seen.margins, [2, -3, 0.5, -9])
    assert seen.correct.tolist() == [True, False, True, False] and seen.accuracy == 0.5
    np.testing.assert_allclose(seen.balanced_accuracies, [(1 + 2 / 3) / 2, (0 + 1) / 2, (0.5 + 0.5) / 2])
    many = Look(np.stack([logits, logits[:, ::-1]]), np.array([0, 1, 2, 2]))
    assert many.margins.shape == (2, 4) and many.accuracy.shape == (2,) and many.balanced_accuracies.shape == (2, 3)
    np.testing.assert_array_equal(many.margins[0], seen.margins)
    constant = Look(np.tile([1.0, 0, 0], (6, 1)), np.arange(6) % 2)
    np.testing.assert_allclose(constant.balanced_accuracies, [0.5, 0.5, np.nan])
    np.testing.assert_array_equal(Look(logits + 7, np.array([0, 1, 2, 2])).margins, seen.margins)


def test_looks_at_chimeras_and_strange_tokens_are_refused():
    with pytest.raises(ValueError, match="Some exemplars are chimeras"):
        Look(np.zeros((2, 5)), np.array([0, -1]))
    with pytest.raises(ValueError, match="Tokens go up to 5, but there are 5 logits"):
        Look(np.zeros((2, 5)), np.array([0, 5]))
    with pytest.raises(ValueError, match="for 2 exemplars"):
        Look(np.zeros((2, 5)), np.array([0, 1, 2]))


def test_a_look_at_a_recorded_network_sees_what_was_recorded(small_run):
    seen = look(model_at(small_run, 8), small_run.probes["held_out"])
    np.testing.assert_allclose(seen.logits, small_run.logits(8), atol=1e-5)
    assert seen.accuracy == pytest.approx(small_run.history["held_out_accuracy"][-1])
    untrained = look(model_at(small_run, 0), small_run.probes["held_out"])
    np.testing.assert_allclose(untrained.logits, small_run.logits(0), atol=1e-5)


@pytest.mark.parametrize("layer", ["conv1_2", "conv4_2", "dense", "logits"])
def test_gates_do_what_cutting_a_copy_does(vgg, pictures, layer):
    units = vgg.get_layer(layer).kernel.shape[-1]
    gates = np.ones((3, units))
    gates[1, 3] = gates[2, [0, 2]] = 0
    logits = gated_logits(vgg, pictures, layer, gates)
    cuts = Cut(), Cut({layer: [3]}), Cut({layer: [0, 2]})
    expected = [with_cut(vgg, cut).predict_on_batch(pictures) for cut in cuts]
    assert np.abs(expected[0] - expected[2]).max() > 1e-3
    np.testing.assert_allclose(logits, expected, atol=1e-4)


def test_gates_work_on_layers_without_weights_and_refuse_what_does_not_fit(vgg, pictures):
    gates = 1 - np.eye(256)[:2]
    pooled, convolved = (gated_logits(vgg, pictures, layer, gates) for layer in ("global_pool", "conv4_2"))
    np.testing.assert_allclose(pooled, convolved, atol=1e-4)
    np.testing.assert_allclose(
        gated_logits(vgg, pictures, "pool2", np.ones((1, 64)))[0], vgg.predict_on_batch(pictures), atol=1e-4
    )
    with pytest.raises(ValueError, match=r"Gates came with shape \(2, 256\); for conv1_1 they are \(cuts, 32\)"):
        gated_logits(vgg, pictures, "conv1_1", gates)
    values = keras.Input((4,))
    hidden = keras.layers.Dense(4, name="hidden")(values)
    around = keras.Model(values, keras.layers.Add()([values, hidden]))
    with pytest.raises(ValueError, match="The outputs do not hang on hidden alone: a path leads around it"):
        gated_logits(around, np.ones((2, 4), np.float32), "hidden", np.ones((1, 4)))


def test_rewinding_layers_one_at_a_time(small_run):
    layers, steps = ["conv1_1", "conv3_2", "dense", "logits"], [8, 4, 0]
    logits = logits_after_rewinding(small_run, steps, layers)
    assert logits.shape == (4, 3, 20, 5)
    for row, layer in enumerate(layers):
        for column, step in enumerate(steps):
            model = with_cut(model_at(small_run, 8), Cut(layers={layer: step}), small_run)
            expected = model.predict_on_batch(small_run.probes["held_out"].images)
            np.testing.assert_allclose(logits[row, column], expected, atol=1e-4, err_msg=f"{layer} {step}")
    accuracy = accuracy_after_rewinding(small_run, steps, layers)
    assert (accuracy[:, 0] == small_run.history["held_out_accuracy"][-1]).all()
    with pytest.raises(RunError, match="No snapshot of step 3"):
        logits_after_rewinding(small_run, [3], ["dense"])
    with pytest.raises(ValueError, match="pool1 has no weights, so there is nothing to set back"):
        logits_after_rewinding(small_run, [0], ["pool1"])


def test_training_on_with_nothing_cut_repeats_the_parent_bit_for_bit(small_run, tmp_path):
    child = train_on(small_run, 1, tmp_path / "child", record=False, progress=False)
    assert child.description["origin"] == {"run": str(small_run.folder), "step": 1}
    assert child.steps == [1, 4, 8]
    assert_same_snapshots(child, small_run, [1, 4, 8])
    also = train_on(small_run, 4, tmp_path / "also", Cut(), record=False, progress=False)
    assert_same_snapshots(also, small_run, [4, 8])


def test_a_cut_run_stays_cut_repeats_and_says_what_was_cut(small_run, cut_run, tmp_path):
    one = train_on(small_run, 1, tmp_path / "again", CUT, record=False, progress=False)
    assert one.steps == [1, 4, 8]
    assert_same_snapshots(one, cut_run, [1, 4, 8])
    described = Run(one.folder).description["origin"]
    assert Cut(**described["cut"]) == CUT and described["step"] == 1
    for step in one.steps:
        weights = one.weights(step)
        assert (weights["conv2_1/kernel"][..., [5, 7]] == 0).all() and (weights["conv2_1/bias"][[5, 7]] == 0).all()
        assert (weights["conv3_1/kernel"][..., 3, 11] == 0).all() and weights["dense/kernel"][0, 1] == 0
        assert (one.activations("conv2_1", step)[:, [5, 7]] == 0).all()
        assert np.count_nonzero(weights["conv2_1/kernel"] == 0) == 2 * 9 * 32
    assert not np.array_equal(one.weights(8)["dense/kernel"], small_run.weights(8)["dense/kernel"])
    np.testing.assert_array_equal(one.weights(1)["conv1_1/kernel"], small_run.weights(1)["conv1_1/kernel"])
    model = model_at(one, 8)
    np.testing.assert_allclose(look(model, one.probes["held_out"]).logits, one.logits(8), atol=1e-5)


def test_a_cut_run_goes_on_where_it_was_stopped(small_run, cut_run, tmp_path):
    child = rewind(small_run, 1, tmp_path / "stopped", cut=CUT, epochs=1)
    train(experiment_of(child), child.folder, record=False, progress=False)
    assert child.steps == [1, 4]
    stopped = train_on(small_run, 1, tmp_path / "stopped", CUT, record=False, progress=False)
    assert_same_snapshots(stopped, cut_run, [1, 4, 8])
    with pytest.raises(RunError, match="holds another run, of origin"):
        train_on(small_run, 1, tmp_path / "stopped", Cut({"dense": [0]}), progress=False)


def test_a_run_that_is_rewound_from_a_cut_one_keeps_the_cut_and_adds_to_it(cut_run, tmp_path):
    same = train_on(cut_run, 4, tmp_path / "same", record=False, progress=False)
    assert_same_snapshots(same, cut_run, [4, 8])
    more = train_on(cut_run, 4, tmp_path / "more", Cut({"dense": [9]}), record=False, progress=False)
    assert Cut(**more.description["origin"]["cut"]) == CUT + Cut({"dense": [9]})
    assert (more.activations("dense", 8)[:, 9] == 0).all() and (more.activations("conv2_1", 8)[:, 5] == 0).all()


def test_a_layer_that_is_set_back_learns_on_from_there(small_run, tmp_path):
    cut = Cut(layers={"logits": 0})
    child = train_on(small_run, 4, tmp_path / "child", cut, record=False, progress=False, epochs=3)
    assert child.steps == [4, 8, 12]
    np.testing.assert_array_equal(child.weights(4)["logits/kernel"], small_run.weights(0)["logits/kernel"])
    np.testing.assert_array_equal(child.weights(4)["dense/kernel"], small_run.weights(4)["dense/kernel"])
    assert (child.weights(8)["logits/kernel"] != child.weights(4)["logits/kernel"]).any()
    later = rewind(child, 8, tmp_path / "later")
    assert "cut" not in later.description["origin"]
    np.testing.assert_array_equal(later.weights(8)["logits/kernel"], child.weights(8)["logits/kernel"])


def test_a_part_is_left_out_from_a_snapshot_on_in_training_alone(small_run, tmp_path):
    child = train_on(small_run, 4, tmp_path / "child", record=False, progress=False, without_parts=["mouth", "eyes"])
    assert child.description["experiment"]["without_parts"] == ["eyes", "mouth"]
    assert child.steps == [4, 8] and child.description["part_shares"]["eyes"] == 0
    np.testing.assert_array_equal(child.probes["held_out"].images, small_run.probes["held_out"].images)
    assert_same_snapshots(child, small_run, [4])
    assert not np.array_equal(child.weights(8)["dense/kernel"], small_run.weights(8)["dense/kernel"])
    again = train_on(small_run, 4, tmp_path / "child", record=False, progress=False, without_parts=["eyes", "mouth"])
    assert again.folder == child.folder
    with pytest.raises(RunError, match="holds a run with other settings"):
        train_on(small_run, 4, tmp_path / "child", record=False, progress=False)


def test_cuts_that_cannot_be_leave_no_run(small_run, tmp_path):
    with pytest.raises(ValueError, match=r"conv1_1 has no unit \(99,\)"):
        train_on(small_run, 4, tmp_path / "child", Cut({"conv1_1": [99]}), progress=False)
    with pytest.raises(RunError, match="No snapshot of step 2"):
        train_on(small_run, 4, tmp_path / "child", Cut(layers={"dense": 2}), progress=False)
    assert not (tmp_path / "child").exists()


def test_drawing_anew_with_the_same_codes_gives_the_same_pixels(small_run, conjunctive):
    for run in (small_run, conjunctive):
        exemplars = run.probes["held_out"]
        again = redrawn(run, exemplars.codes)
        np.testing.assert_array_equal(again.images, exemplars.images)
        np.testing.assert_array_equal(again.masks, exemplars.masks)


def test_a_part_left_out_is_gone_and_the_rest_of_the_picture_stays(small_run):
    exemplars, without = small_run.probes["held_out"], without_parts(small_run, ["nose"])
    part = small_run.part_names.index("nose")
    assert not without.masks[..., part].any() and exemplars.masks[..., part].any()
    np.testing.assert_array_equal(without.tokens, exemplars.tokens)
    assert (without.codes[:, part] == -1).all()
    others = [number for number in range(4) if number != part]
    np.testing.assert_array_equal(without.codes[:, others], exemplars.codes[:, others])
    elsewhere = ~exemplars.masks[..., part]
    changed = (without.images != exemplars.images).any(axis=3)
    assert changed[~elsewhere].mean() > 0.5 > 0.1 > changed[elsewhere].mean()
    again = without_parts(small_run, ["nose", "mouth"])
    assert not again.masks[..., [part, small_run.part_names.index("mouth")]].any()


def test_parts_of_a_token_make_everyone_that_token(small_run):
    exemplars, ada = small_run.probes["held_out"], small_run.probes["held_out"].tokens == 0
    turned = with_parts_of(small_run, small_run.part_names, 0)
    np.testing.assert_array_equal(turned.codes, np.tile(exemplars.codes[ada][:1], (len(exemplars), 1)))
    np.testing.assert_array_equal(turned.images[ada], exemplars.images[ada])
    np.testing.assert_array_equal(turned.tokens, exemplars.tokens)
    with pytest.raises(ValueError, match="The held_out probe has no exemplar of token 7"):
        with_parts_of(small_run, ["hair"], 7)


def test_the_other_variant_of_one_part_of_a_pair_turns_the_pair_and_of_both_leaves_it(conjunctive):
    from dense_keras.codes import tokens_of_codes

    tokens = conjunctive.probes["held_out"].tokens
    one = tokens_of_codes("conjunctive", with_other_variants(conjunctive, ["hair"]).codes)
    both = tokens_of_codes("conjunctive", with_other_variants(conjunctive, ["hair", "eyes"]).codes)
    np.testing.assert_array_equal(one, np.where(tokens == 4, 4, (tokens + 2) % 4))
    np.testing.assert_array_equal(both, tokens)
    worn = with_parts_of(conjunctive, ["accessory"], 4)
    assert (tokens_of_codes("conjunctive", worn.codes) == 4).all()


def test_parts_that_nobody_knows_are_not_available(small_run, conjunctive):
    with pytest.raises(ValueError, match=r"Parts came as \['ears'\]. They are a list out of: hair, eyes, nose, mouth"):
        without_parts(small_run, ["ears"])
    with pytest.raises(ValueError, match="Parts came as 'nose'. They are a list"):
        without_parts(small_run, "nose")
    fashion = SimpleNamespace(**vars(conjunctive) | {"description": {"experiment": {"tokens": "fashion"}}})
    for change in (without_parts, with_other_variants, lambda run, parts: with_parts_of(run, parts, 0)):
        with pytest.raises(NotAvailable, match="Not available for this token set: only generated faces can be drawn"):
            change(fashion, ["hair"])
    assert set(FACTORS) <= set(small_run.probes["held_out"].factors)
