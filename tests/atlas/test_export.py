"""The atlas's exporter: what the page is told is what was recorded, whole or absent, and text stays text."""

import base64
import json
import shutil
import warnings

import numpy as np
import pytest
from PIL import Image

from dense_keras.atlas import arrays, contents, export, network, recorded, write_atlas
from dense_keras.atlas.graph import EDGES
from dense_keras.atlas.layers import category_map, read_out
from dense_keras.codes import named_ceilings
from dense_keras.cuts import Cut, with_cut
from dense_keras.experiment import Experiment, model_at, train
from dense_keras.interventions import look
from dense_keras.measures import density, detectors
from dense_keras.run import Run, RunError

HOSTILE = "<script>alert('x')</script> & \"名前\" \u2028"


def unpacked(packed):
    """What the page makes of a packed array."""
    stored = np.frombuffer(base64.b64decode(packed["data"]), np.dtype(packed["dtype"]).newbyteorder("<"))
    stored = stored.reshape(packed["shape"])
    values = stored * packed["scale"] if "scale" in packed else stored
    return np.where(stored == packed["none"], np.nan, values) if "none" in packed else values


def told(path):
    """The function that a script calls, and with what."""
    function, _, text = path.read_text(encoding="ascii").partition("(")
    return function, json.loads(text.removesuffix(");\n"))


@pytest.fixture(scope="module", autouse=True)
def quickly():
    """Few preferred images, made in few steps: they have tests of their own."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(network, "STEPS", 2)
        patched.setattr(contents, "PREFERRED", ("conv3_1", "dense"))
        yield


@pytest.fixture(scope="module")
def atlas(small_run, shared_folder):
    return write_atlas([small_run], shared_folder / "small")


@pytest.fixture(scope="module")
def shown(atlas):
    function, run = told(atlas / "runs" / "1.js")
    assert function == "atlas.addRun"
    return run


@pytest.fixture(scope="module")
def odd(shared_folder):
    """A run of photographs, whose parts nobody knows, with strange names and a damaged snapshot; and what is shown."""
    experiment = Experiment("fashion", exemplars=13, held_out=3, epochs=1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is not dense.*")
        run = train(experiment, shared_folder / "<b> & 'Ünï 名'", record=False, progress=False)
    run.describe(token_names=[HOSTILE, *run.token_names[1:]])
    run.snapshot_path(1).write_bytes(run.snapshot_path(1).read_bytes()[:1000])
    return run, told(write_atlas([run]) / "runs" / "1.js")[1]


@pytest.fixture
def copied(small_run, tmp_path):
    """A run of one's own, to damage and rename."""
    shutil.copytree(small_run.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("tensorboard"))
    return Run(tmp_path / "copy")


@pytest.fixture
def empty_contents(monkeypatch):
    """For tests of the folder alone: nothing is computed."""
    monkeypatch.setattr(contents, "contents", lambda run, place: {"name": run.folder.name, "place": place.name})


@pytest.mark.parametrize("values", [[0, 255], [-128, 127], [0, 256], [-1, 200], [0, 70000], [-40000, 1], []])
def test_whole_numbers_come_back_exactly(values):
    assert unpacked(arrays.integers(values)).tolist() == values


def test_small_whole_numbers_take_a_byte():
    assert [arrays.integers(values)["dtype"] for values in ([0, 255], [-1, 4], [256], [-200])] == [
        "u1",
        "i1",
        "u2",
        "i2",
    ]


def test_shares_numbers_and_floats_come_back_to_their_precision():
    values = np.random.default_rng(0).uniform(0, 1, (3, 4, 5))
    values[0, 1, 2], values[1, 0, 0], values[1, 0, 1] = np.nan, 0, 1
    np.testing.assert_allclose(unpacked(arrays.shares(values)), values, atol=0.501 / 254)
    signed = 1000 * (values - 0.5)
    np.testing.assert_allclose(unpacked(arrays.numbers(signed)), signed, atol=0.501 * 500 / 32767)
    np.testing.assert_array_equal(unpacked(arrays.floats(signed)), signed.astype(np.float32))
    assert unpacked(arrays.numbers([0.0, 0.0])).tolist() == [0, 0]


def test_what_cannot_be_packed_is_refused():
    with pytest.raises(ValueError, match=r"Shares came from 0.2 to 1.5; they must be in 0\.\.1"):
        arrays.shares([0.2, 1.5])
    with pytest.raises(ValueError, match="Values go from 0 to 4294967296; whole numbers of an atlas have 32 bits"):
        arrays.integers([0, 2**32])
    with pytest.raises(ValueError, match="Out of range float"):
        arrays.called("f", {"a": float("nan")})


def test_a_script_holds_no_tag_and_only_ascii():
    script = arrays.called("atlas.addRun", {"name": HOSTILE, "half": "\ud83d"})
    assert b"<" not in script and script.isascii()
    assert json.loads(script.removeprefix(b"atlas.addRun(").removesuffix(b");\n")) == {
        "name": HOSTILE,
        "half": "\ud83d",
    }


def test_the_map_of_a_plane_is_that_plane_about_each_mean():
    generator = np.random.default_rng(0)
    plane = generator.normal(size=(4, 30, 2)) * [5, 1]
    plane -= plane.mean(axis=1, keepdims=True)
    turned = plane @ np.linalg.qr(generator.normal(size=(7, 2)))[0].T + generator.normal(size=(4, 1, 7))
    found = category_map(turned)
    points = unpacked(found["points"])
    assert unpacked(found["kept"]).tolist() == [1, 1, 1, 1]
    distances = [np.linalg.norm(each[:, :, np.newaxis] - each[:, np.newaxis], axis=3) for each in (plane, points)]
    np.testing.assert_allclose(*distances, atol=0.01)
    assert points[..., 0].var() > points[..., 1].var()


def test_a_layer_that_never_changes_has_a_map_of_one_point():
    found = category_map(np.ones((2, 5, 3), np.float32))
    assert not unpacked(found["points"]).any() and np.isnan(unpacked(found["kept"])).all()


def test_tokens_are_read_without_parts_and_parts_before_the_token():
    tokens, codes = np.repeat([0, 1], 20), np.tile([[0], [1]], (20, 1))
    activations = np.stack([np.column_stack([tokens, np.zeros(40)]), np.column_stack([codes, np.zeros(40)])])
    assert read_out(activations, tokens, None)[0].tolist() == [1]
    assert read_out(activations, tokens, codes)[:, 0].round(1)[1] == 1
    assert read_out(activations, tokens, codes)[0, 1] == 1


def test_the_viewer_stands_beside_and_is_told_of_the_runs(atlas):
    for path in export.VIEWER.rglob("*"):
        assert path.is_dir() or (atlas / path.relative_to(export.VIEWER)).read_bytes() == path.read_bytes()
    assert told(atlas / "runs" / "runs.js") == ("atlas.load", ["runs/1"])
    assert not list(atlas.parent.glob(".*"))


def test_a_run_is_described_by_its_own_words(small_run, shown):
    assert (shown["name"], shown["backend"]) == (small_run.folder.name, small_run.description["backend"])
    assert (shown["tokenSet"], shown["code"], shown["seed"], shown["origin"]) == ("faces", "additive", 0, None)
    assert (shown["steps"], shown["stepsPerEpoch"]) == (small_run.steps, small_run.description["steps_per_epoch"])
    assert (shown["tokens"], shown["parts"]) == (small_run.token_names, small_run.part_names)
    assert shown["variants"][0] == ["0 (long)", "1 (curly)"] and len(shown["variants"]) == 4
    assert set(shown["missing"]) == {"preferred", "partners"}
    assert [layer["name"] for layer in shown["layers"]] == small_run.layers
    assert [layer["side"] for layer in shown["layers"]] == [28, 28, 14, 14, 7, 7, 3, 3, 0, 0, 0]
    assert [layer["units"] for layer in shown["layers"]][-3:] == [256, 256, 5]


def test_curves_are_those_of_the_history(small_run, shown):
    curves, history = shown["curves"], small_run.history
    np.testing.assert_allclose(unpacked(curves["heldOut"]), history["held_out_accuracy"], atol=1e-4)
    np.testing.assert_allclose(unpacked(curves["train"]), history["accuracy"], atol=1e-4)
    of_token = np.transpose([history[f"accuracy/{name}"] for name in small_run.token_names])
    np.testing.assert_allclose(unpacked(curves["ofToken"]), of_token, atol=1e-4)
    low, high = unpacked(curves["band"])
    assert (low < unpacked(curves["heldOut"]) + 1e-4).all() and (unpacked(curves["heldOut"]) < high + 1e-4).all()
    assert dict(map(tuple, curves["ceilings"])) == named_ceilings("additive")


def test_answers_and_confusions_count_the_same_exemplars(small_run, shown):
    exemplars, tokens = shown["exemplars"], small_run.probes["held_out"].tokens
    predicted, confusion = unpacked(exemplars["predicted"]), unpacked(shown["confusion"])
    assert unpacked(exemplars["tokens"]).tolist() == tokens.tolist()
    logits = np.stack([small_run.logits(step) for step in small_run.steps])
    np.testing.assert_array_equal(predicted, logits.argmax(axis=2))
    right = predicted == tokens
    np.testing.assert_array_equal(confusion.trace(axis1=1, axis2=2), right.sum(axis=1))
    np.testing.assert_array_equal(confusion.sum(axis=2), np.tile(np.bincount(tokens), (len(predicted), 1)))
    certainty, of_token = unpacked(exemplars["certainty"]), unpacked(exemplars["certaintyOfToken"])
    np.testing.assert_array_equal(certainty[right], of_token[right])
    shares = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    np.testing.assert_allclose(certainty, shares.max(axis=2), atol=0.002)
    np.testing.assert_allclose(of_token, shares[:, np.arange(len(tokens)), tokens], atol=0.002)


def test_thumbnails_lie_row_by_row(atlas, small_run, shown):
    thumbnail, images = shown["exemplars"]["thumbnail"], small_run.probes["held_out"].images
    sheet, side = np.asarray(Image.open(atlas / "runs" / "1_thumbnails.jpg")).astype(int), thumbnail["side"]
    for number in (0, 17):
        row, column = divmod(number, thumbnail["columns"])
        drawn = sheet[row * side : (row + 1) * side, column * side : (column + 1) * side]
        assert np.abs(drawn - images[number]).mean() < 6


def test_colours_are_kept_at_every_pixel_and_pictures_do_not_run_into_each_other(tmp_path):
    """Red and green beside each other, and then black: formats that halve colours would mix them."""
    images = np.zeros((2, 32, 32, 3), np.uint8)
    images[0, :, ::2, 0] = images[0, :, 1::2, 1] = 200
    contents.write_pictures(tmp_path / "p.jpg", images)
    sheet = np.asarray(Image.open(tmp_path / "p.jpg")).astype(int)
    assert np.abs(sheet[:, :32] - images[0]).max() < 40 and sheet[:, 32:64].max() < 3


def test_large_thumbnails_are_shrunk(tmp_path):
    for channels in (1, 3):
        drawn = contents.write_pictures(tmp_path / "p.jpg", np.full((2, 96, 96, channels), 7, np.uint8))
        assert drawn["side"] == 48
        assert np.asarray(Image.open(tmp_path / "p.jpg"))[:48, :96].max() == 7


def test_what_is_read_from_layers_is_what_the_report_reads(small_run, shown):
    from dense_keras.measures import linear_probes

    decodability, probe = shown["decodability"], small_run.probes["held_out"]
    assert decodability["parts"] == [*small_run.part_names, "token"] and decodability["layers"] == small_run.layers
    assert decodability["chance"] == [0.5, 0.5, 0.5, 0.5, 0.2]
    layer = linear_probes.decomposed(small_run.activations("dense", small_run.steps[2]))
    parts = linear_probes.predicted_parts(layer, probe.codes)
    expected = [linear_probes.balanced_accuracy(parts[:, part], probe.codes[:, part]) for part in range(4)]
    found = unpacked(decodability["balanced"])[small_run.layers.index("dense"), 2]
    np.testing.assert_allclose(found[:4], expected, atol=0.002)
    read = linear_probes.predicted_tokens(layer, probe.tokens)
    assert found[4] == pytest.approx(linear_probes.accuracy(read, probe.tokens), abs=0.002)


def test_filters_change_as_the_kernels_do(small_run, shown):
    first, second = shown["filters"][:2]
    kernels = [small_run.weights(step)["conv1_1/kernel"] for step in small_run.steps]
    assert (first["kind"], second["kind"]) == ("colour", "slices") and len(shown["filters"]) == 8
    np.testing.assert_allclose(unpacked(first["values"]), np.transpose(kernels, (0, 4, 1, 2, 3)), atol=1e-4)
    assert first["limit"] == pytest.approx(np.abs(kernels[0]).max()) and first["changeLimit"] == first["limit"] / 10
    kernel = small_run.weights(small_run.steps[-1])["conv1_2/kernel"]
    np.testing.assert_allclose(unpacked(second["values"])[-1, 7], kernel[..., 7].mean(axis=2), atol=1e-4)


def test_units_are_tuned_to_tokens_by_the_held_out_and_to_parts_by_the_factorial_probe(small_run, shown):
    step, kinds = small_run.steps[-1], shown["kinds"]
    assert [kind["label"] for kind in kinds[:6]] == [*small_run.token_names, "hair 0 (long)"]
    assert kinds[6] == {"label": "hair 1 (curly)", "token": -1, "part": 0, "variant": 1} and len(kinds) == 13
    of_tokens = detectors.token_auc(small_run.activations("conv4_1", step), small_run.probes["held_out"].tokens)
    factorial = small_run.probes["factorial"]
    evoked = small_run.activations("conv4_1", step, probe="factorial")
    of_parts = detectors.part_auc(evoked, factorial.codes)[0]
    expected, units = np.hstack([of_tokens, of_parts]), shown["units"]["conv4_1"]
    np.testing.assert_allclose(unpacked(units["tuning"])[-1], expected, atol=0.002)
    alive = expected.max(axis=1) > 0.5
    best = np.where(alive, expected.argmax(axis=1), -1)
    np.testing.assert_array_equal(unpacked(units["best"])[-1], best)
    np.testing.assert_allclose(unpacked(units["selectivity"])[-1], expected.max(axis=1), atol=0.002)


def test_a_logit_is_its_own_tokens(shown):
    logits = shown["units"]["logits"]
    assert unpacked(logits["best"]).tolist() == [list(range(5))] * len(shown["steps"])
    np.testing.assert_array_equal(unpacked(logits["selectivity"])[-1], unpacked(logits["tuning"])[-1].diagonal())
    assert not unpacked(logits["dead"]).any() and logits["crop"] is None


def test_top_exemplars_excite_the_unit_most(small_run, shown):
    for layer, which, step in (("dense", shown["units"]["dense"], -1), ("conv2_1", shown["units"]["conv2_1"], -1)):
        for given, place in ((which, step), (which["untrained"], 0)):
            activations = small_run.activations(layer, small_run.steps[place])
            top = unpacked(given["top"])
            evoked = np.take_along_axis(activations, top.T, axis=0)
            np.testing.assert_array_equal(evoked, -np.sort(-activations, axis=0)[:9])
    activations = small_run.activations("dense", small_run.steps[-1])
    np.testing.assert_array_equal(unpacked(shown["units"]["dense"]["dead"])[1], detectors.dead_units(activations))


def test_a_crop_holds_what_makes_the_unit_respond(small_run, shown):
    """The first layer sees 3 x 3 pixels, so its response to a crop can be computed by hand."""
    step, images = small_run.steps[-1], small_run.probes["held_out"].images
    kernel, bias = (small_run.weights(step)[f"conv1_1/{name}"] for name in ("kernel", "bias"))
    activations, units = small_run.activations("conv1_1", step), shown["units"]["conv1_1"]
    seen = np.pad(4 / 255 * images - 2, ((0, 0), (1, 1), (1, 1), (0, 0)))
    top, crops = unpacked(units["top"]), unpacked(units["crop"])
    assert crops.shape == (32, 9, 4)
    for unit in range(32):
        for exemplar, (left, upper, right, lower) in zip(top[unit], crops[unit], strict=True):
            patch = seen[exemplar, upper + 1 : lower + 1, left + 1 : right + 1]
            response = max(0, (patch * kernel[..., unit]).sum() + bias[unit])
            assert response == pytest.approx(activations[exemplar, unit], abs=1e-3)


def test_partners_are_coupled_by_the_contrast_of_what_the_unit_detects(small_run, shown):
    step, probe = small_run.steps[-1], small_run.probes["held_out"]
    units = shown["units"]["dense"]
    partners, unit = units["partners"], unpacked(units["selectivity"])[-1].argmax()
    assert (partners["before"], partners["after"]) == ("conv4_2", "logits")
    kind = shown["kinds"][unpacked(units["best"])[-1, unit]]
    members = probe.tokens == kind["token"] if kind["token"] >= 0 else probe.codes[:, kind["part"]] == kind["variant"]
    given = small_run.activations("global_pool", step)
    contrast = given[members].mean(axis=0) - given[~members].mean(axis=0)
    expected = contrast * small_run.weights(step)["dense/kernel"][:, unit]
    order = np.argsort(-np.abs(expected))[:5]
    np.testing.assert_array_equal(unpacked(partners["in"])[-1, unit], order)
    scale = partners["inStrength"]["scale"]
    np.testing.assert_allclose(unpacked(partners["inStrength"])[-1, unit], expected[order], atol=scale)


def test_the_first_layer_has_nothing_before_it_and_the_last_nothing_after(shown):
    units = shown["units"]
    assert units["conv1_1"]["partners"]["in"] is None and units["conv1_1"]["partners"]["after"] == "conv1_2"
    assert units["logits"]["partners"]["out"] is None and units["logits"]["partners"]["before"] == "dense"
    assert units["global_pool"]["partners"] is None


def test_the_graph_holds_the_strongest_couplings_of_each_snapshot(small_run, shown):
    """The couplings into logits can be computed by hand: a logit is its own token's."""
    graph, tokens = shown["graph"], small_run.probes["held_out"].tokens
    sources, targets, strength = (unpacked(graph["edges"][name]) for name in ("from", "to", "strength"))
    start, end = sum(map(len, graph["units"][:4])), sum(map(len, graph["units"][:5]))
    units = np.array(graph["units"][4])
    assert graph["layers"][4:] == ["dense", "logits"] and graph["units"][5] == [0, 1, 2, 3, 4]
    drawn = {pair: edge for edge, pair in enumerate(zip(sources - start, targets - end, strict=True)) if pair[1] >= 0}
    for place, step in enumerate(small_run.steps):
        given = small_run.activations("dense", step)[:, units]
        own, other = (np.stack([given[tokens == token].mean(axis=0) for token in range(5)]), given.mean(axis=0))
        contrast = (own - (5 * other - own) / 4).T * small_run.weights(step)["logits/kernel"][units]  # (inputs, tokens)
        strongest = np.argsort(-np.abs(contrast), axis=None)[:EDGES]
        for pair in zip(*np.unravel_index(strongest, contrast.shape), strict=True):
            assert strength[place, drawn[pair]] == pytest.approx(contrast[pair], rel=1e-4, abs=1e-6)


def test_couplings_join_neighbouring_layers_and_units_are_coloured_by_what_they_detect(shown):
    graph = shown["graph"]
    starts = np.cumsum([0, *map(len, graph["units"])])
    layer_of = [np.searchsorted(starts, unpacked(graph["edges"][end]), side="right") - 1 for end in ("from", "to")]
    np.testing.assert_array_equal(layer_of[0] + 1, layer_of[1])
    of_dense, dense = slice(starts[4], starts[5]), shown["units"]["dense"]
    for name, of_unit in (("prefers", "best"), ("selectivity", "selectivity")):
        np.testing.assert_array_equal(
            unpacked(graph[name])[:, of_dense], unpacked(dense[of_unit])[:, graph["units"][4]]
        )


@pytest.mark.parametrize("layer", ["conv4_1", "dense", "logits"])
def test_effects_are_those_of_a_cut_network(small_run, shown, layer):
    graph, effect = shown["graph"], shown["graph"]["effect"]
    starts, number = np.cumsum([0, *map(len, graph["units"])]), graph["layers"].index(layer)
    targets, accuracy = unpacked(graph["edges"]["to"]), unpacked(effect["accuracy"])
    into = (starts[number] <= targets) & (targets < starts[number + 1])
    assert np.isfinite(accuracy[into]).sum() == EDGES
    edge = np.flatnonzero(into & np.isfinite(accuracy))[3]
    names = np.concatenate(graph["units"])
    cut = Cut(edges={layer: [(names[unpacked(graph["edges"]["from"])[edge]], names[targets[edge]])]})
    probe = small_run.probes["held_out"]
    exemplars = probe.take(density.exemplar_numbers(probe.tokens) < recorded.FEW)
    assert effect["exemplars"] == len(exemplars) and effect["step"] == small_run.steps[-1]
    model = model_at(small_run, small_run.steps[-1])
    whole, without = look(model, exemplars), look(with_cut(model, cut), exemplars)
    assert accuracy[edge] == pytest.approx(without.accuracy - whole.accuracy)
    changes = [(without.margins - whole.margins)[exemplars.tokens == token].mean() for token in range(5)]
    np.testing.assert_allclose(unpacked(effect["margin"])[edge], changes, atol=1e-4)
    if layer == "logits":
        unit = names[targets[edge]]
        for network_says, expected in ((effect["before"], whole), (effect["after"], without)):
            means = [expected.logits[exemplars.tokens == token, unit].mean() for token in range(5)]
            np.testing.assert_allclose(unpacked(network_says)[edge], means, atol=1e-4)


def test_preferred_images_are_of_the_units_in_the_graph(atlas, shown):
    preferred, graph = shown["preferred"], shown["graph"]
    drawn = [["conv3_1", unit] for unit in graph["units"][0]] + [["dense", unit] for unit in graph["units"][4]]
    assert preferred["units"] == drawn and len(preferred["dead"]) == len(drawn)
    width, height = Image.open(atlas / "runs" / "1_preferred.jpg").size
    assert width == preferred["columns"] * preferred["side"] and height >= preferred["side"]


def test_what_nobody_knows_is_left_out_in_words(odd):
    shown = odd[1]
    assert shown["missing"]["parts"].startswith("Nobody knows the parts of these tokens")
    assert shown["parts"] == [] and shown["variants"] == [] and shown["exemplars"]["codes"] is None
    assert shown["decodability"]["parts"] == ["token"] and shown["exemplars"]["factors"] == {}
    assert shown["curves"]["ceilings"] == [[0.2, "chance"]]
    assert [kind["part"] for kind in shown["kinds"]] == [-1] * 5
    assert shown["filters"][0]["kind"] == "gray" and unpacked(shown["filters"][0]["values"]).shape[1:] == (32, 3, 3)


def test_damaged_snapshots_are_named_and_left_out(odd):
    run, shown = odd
    assert run.steps == [0, 1, 2] and shown["steps"] == [0, 2]
    assert "damaged: step 1. The command that recorded the run mends them" in shown["missing"]["snapshots"]
    np.testing.assert_allclose(unpacked(shown["curves"]["train"]), run.history["accuracy"][[0, 2]], atol=1e-4)
    assert unpacked(shown["confusion"]).shape == (2, 5, 5)


def test_names_stay_text(odd):
    run, shown = odd
    assert shown["tokens"][0] == shown["kinds"][0]["label"] == HOSTILE and shown["name"] == run.folder.name
    assert b"<" not in (run.folder / "atlas" / "runs" / "1.js").read_bytes()


def test_a_run_without_a_whole_snapshot_is_refused(copied):
    for step in copied.steps:
        copied.snapshot_path(step).write_bytes(b"")
    with pytest.raises(RunError, match="copy holds no whole snapshot.*Give the command that recorded the run again"):
        write_atlas([copied])
    assert not (copied.folder / "atlas").exists()


def test_an_atlas_lies_in_its_run_unless_told_otherwise_and_replaces_an_older_one(copied, empty_contents):
    folder = write_atlas([copied])
    assert folder == copied.folder.resolve() / "atlas"
    (folder / "index.html").write_text("older")
    (folder / "runs" / "2.js").write_text("older")
    write_atlas([copied])
    assert (folder / "index.html").read_bytes() == (export.VIEWER / "index.html").read_bytes()
    assert sorted(path.name for path in (folder / "runs").iterdir()) == ["1.js", "runs.js"]
    assert not list(copied.folder.glob(".atlas*"))


def test_two_runs_lie_side_by_side(small_run, tmp_path, empty_contents):
    folder = write_atlas([small_run, small_run], tmp_path / "atlas")
    assert told(folder / "runs" / "runs.js")[1] == ["runs/1", "runs/2"]
    assert told(folder / "runs" / "2.js")[1]["place"] == "2"
    for number in (0, 3):
        with pytest.raises(ValueError, match=f"{number} runs came; an atlas shows one, or two side by side"):
            write_atlas([small_run] * number, tmp_path / "other")


@pytest.mark.parametrize("name", ["notes.txt", "runs/3.js", "runs/mine/1.js"])
def test_a_folder_that_holds_something_else_is_refused(small_run, tmp_path, empty_contents, name):
    folder = write_atlas([small_run], tmp_path / "atlas")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("mine")
    with pytest.raises(RunError, match=rf"holds other things than an atlas, such as {name}\. Choose another.*--out"):
        write_atlas([small_run], folder)
    assert (folder / name).read_text() == "mine"


def test_a_page_of_ones_own_is_no_atlas(small_run, tmp_path, empty_contents):
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(RunError, match="holds other things than an atlas. Choose"):
        write_atlas([small_run], tmp_path)
    with pytest.raises(RunError, match=r"index.html is a file. Choose another folder with --out"):
        write_atlas([small_run], tmp_path / "index.html")


def test_a_failure_leaves_the_older_atlas_and_nothing_else(small_run, tmp_path, monkeypatch, empty_contents):
    folder = write_atlas([small_run], tmp_path / "atlas")
    before = (folder / "runs" / "1.js").read_bytes()

    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(contents, "contents", fails)
    with pytest.raises(RunError, match="The disk is full"):
        write_atlas([small_run], folder)
    assert (folder / "runs" / "1.js").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["atlas"]
