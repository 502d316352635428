import io
import os

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.distance import pdist

from dense_keras.tensorboard import principal_coordinates, projector, write_embeddings

HOSTILE = ["a\tb", "c\nd", "<script>alert(1)</script>", "", "  ", "日本語 Größe", "\u2028x\x00\ud800", "&lt;#+%", '"q"']


@pytest.fixture
def points():
    """(60, 20): activations of three tokens, sorted by token."""
    generator = np.random.default_rng(0)
    means = generator.normal(size=(3, 20)) * 3
    return np.maximum(0, np.repeat(means, 20, axis=0) + generator.normal(size=(60, 20)) + 1)


@pytest.fixture
def thumbnails():
    return np.random.default_rng(1).integers(0, 256, (60, 6, 8, 3), dtype=np.uint8)


TOKENS = [f"token {index // 20}" for index in range(60)]


def shown(pages, run):
    """tensor name -> (exemplars, axes), as the projector gets it."""
    embeddings = pages.json("plugin/projector/info", run=run)["embeddings"]
    return {
        embedding["tensorName"]: np.frombuffer(
            pages.bytes("plugin/projector/tensor", run=run, name=embedding["tensorName"]), "<f4"
        ).reshape(embedding["tensorShape"])
        for embedding in embeddings
    }


def metadata_lines(pages, run):
    name = pages.json("plugin/projector/info", run=run)["embeddings"][0]["tensorName"]
    return pages.bytes("plugin/projector/metadata", run=run, name=name).decode().split("\n")[:-1]


def sprite(pages, run):
    embedding = pages.json("plugin/projector/info", run=run)["embeddings"][0]
    data = pages.bytes("plugin/projector/sprite_image", run=run, name=embedding["tensorName"])
    return np.asarray(Image.open(io.BytesIO(data))), embedding["sprite"]["singleImageDim"]


def data_files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if "tfevents" not in path.name}


def test_a_snapshot_is_served_whole(tmp_path, points, thumbnails, reader):
    folder = write_embeddings(tmp_path, 312, {"conv": points[:, :5], "dense": points}, {"token": TOKENS}, thumbnails)
    assert folder == tmp_path / "embeddings" / "step_000312"
    pages = reader(tmp_path)
    assert pages.json("plugins_listing")["projector"]["enabled"]
    assert pages.json("plugin/projector/runs") == ["embeddings/step_000312"]
    tensors = shown(pages, "embeddings/step_000312")
    assert list(tensors) == ["-2 conv", "-1 dense"]
    for units, tensor in zip((5, 20), tensors.values(), strict=True):
        expected = projector._turned(principal_coordinates(points[:, :units], 48)[0])
        np.testing.assert_allclose(tensor, expected, rtol=3e-5, atol=1e-6)
    assert metadata_lines(pages, "embeddings/step_000312") == TOKENS
    (text,) = pages.json("plugin/text/text", run="embeddings/step_000312", tag="embeddings")
    assert text["step"] == 312 and "<td>-1 dense</td>\n<td>20</td>\n<td>20</td>\n<td>1.000</td>" in text["text"]
    pixels, size = sprite(pages, "embeddings/step_000312")
    assert size == [8, 6] and pixels.shape == (8 * 6, 8 * 8, 3)
    for index in (0, 7, 8, 59):
        row, column = divmod(index, 8)
        found = pixels[row * 6 : row * 6 + 6, column * 8 : column * 8 + 8]
        np.testing.assert_array_equal(found, thumbnails[index])


def test_snapshots_appear_while_tensorboard_is_open(tmp_path, points, thumbnails, reader):
    layers, metadata = {"dense": points}, {"token": TOKENS}
    write_embeddings(tmp_path, 40, layers, metadata, thumbnails)
    pages = reader(tmp_path)
    assert pages.json("plugin/projector/runs") == ["embeddings/step_000040"]
    for step in (1000, 0, 312):
        write_embeddings(tmp_path, step, layers, metadata, thumbnails)
        pages.reload()
        assert len(shown(pages, f"embeddings/step_{step:06d}")) == 1
    steps = [int(run[-6:]) for run in pages.json("plugin/projector/runs")]
    assert steps == [0, 40, 312, 1000]


def test_distances_are_kept_where_all_axes_are(points, tmp_path, reader):
    write_embeddings(tmp_path, 0, {"dense": points}, {}, None, dimensions=20)
    (tensor,) = shown(reader(tmp_path), "embeddings/step_000000").values()
    np.testing.assert_allclose(pdist(tensor), pdist(points), rtol=1e-4)


def test_distances_are_kept_where_units_outnumber_exemplars(points):
    few = points[:7]
    coordinates, share = principal_coordinates(few, 48)
    assert coordinates.shape == (7, 7) and share == pytest.approx(1)
    np.testing.assert_allclose(pdist(coordinates), pdist(few))


def test_axes_hold_the_largest_variance_first(points):
    coordinates, share = principal_coordinates(points, 3)
    variances = np.linalg.svd(points - points.mean(axis=0), compute_uv=False) ** 2
    np.testing.assert_allclose((coordinates**2).sum(axis=0), variances[:3])
    assert share == pytest.approx(variances[:3].sum() / variances.sum())
    np.testing.assert_allclose(coordinates.mean(axis=0), 0, atol=1e-12)


def test_axes_keep_their_direction_whatever_the_units_do(points):
    """A network of mirrored, permuted units sees the same thing."""
    generator = np.random.default_rng(2)
    signs = generator.choice([-1, 1], 20)
    mirrored = (points * signs)[:, generator.permutation(20)]
    np.testing.assert_allclose(principal_coordinates(mirrored, 48)[0], principal_coordinates(points, 48)[0], atol=1e-9)


def test_later_exemplars_lie_further_along_each_axis(points):
    coordinates, _ = principal_coordinates(points, 48)
    assert (np.arange(60) @ (coordinates - coordinates.mean(axis=0)) >= 0).all()


def test_the_turn_is_a_rotation_that_the_projector_sees_in_neighbouring_axes():
    axes = projector._turned(np.eye(5))
    np.testing.assert_allclose(axes @ axes.T, np.eye(5), atol=1e-15)
    covariance = axes.T @ np.diag([5, 4, 3, 2, 1]) @ axes
    assert (np.diag(covariance, k=1) > 0.005).all()


@pytest.mark.parametrize("units", [1, 2, 16])
@pytest.mark.parametrize("value", [0.0, 0.1, -3.0])
def test_a_dead_layer_is_one_point(tmp_path, reader, units, value):
    write_embeddings(tmp_path, 0, {"dead": np.full((250, units), value)}, {}, None)
    ((name, tensor),) = shown(reader(tmp_path), "embeddings/step_000000").items()
    assert name == "-1 dead"
    assert tensor.shape == (250, max(units, 3)) and (tensor == 0).all()


@pytest.mark.parametrize("first", [0x00, 0x0A, 0x31])
def test_points_are_never_read_as_text(tmp_path, first):
    """Bytes that would be text, or end a line, wherever they come first."""
    from tensorboard.plugins.projector.projector_plugin import _read_tensor_tsv_file

    text = np.frombuffer(bytes([first]) * 4 + b"1111" * 5, "<f4").reshape(2, 3)
    path = tmp_path / "points.bytes"
    path.write_bytes(projector._never_text(text))
    with pytest.raises(UnicodeDecodeError):
        _read_tensor_tsv_file(str(path))
    np.testing.assert_allclose(np.fromfile(path, "<f4").reshape(2, 3), text, rtol=3.1e-5)


def test_hostile_metadata_stays_one_line_an_exemplar(tmp_path, points, reader):
    metadata = {
        "to\tken": [HOSTILE[index % len(HOSTILE)] for index in range(60)],
        "correct": np.arange(60) % 2 == 0,
        "": np.linspace(0, 1, 60).astype(np.float32),
        "to ken": np.arange(60),
    }
    write_embeddings(tmp_path, 0, {"dense": points}, metadata, None)
    header, *lines = metadata_lines(reader(tmp_path), "embeddings/step_000000")
    assert header.split("\t") == ["to ken", "correct", "(empty)", "to ken (4)"]
    assert len(lines) == 60
    for index, line in enumerate(lines):
        token, correct, fraction, number = line.split("\t")
        assert token and "<" not in token
        assert correct == ("no" if index % 2 else "yes")
        assert float(fraction) == pytest.approx(index / 59, rel=1e-5)
        assert int(number) == index
    assert [line.split("\t")[0] for line in lines[:9]] == [
        "a b", "c d", "‹script›alert(1)‹/script›", "(empty)", "(empty)", "日本語 Größe", "x", "&lt;#+%", '"q"',
    ]  # fmt: skip


def test_a_single_column_has_no_header_and_no_lost_line(tmp_path, points, reader):
    write_embeddings(tmp_path, 0, {"dense": points}, {"token": ["", "a\tb"] * 30}, None)
    assert metadata_lines(reader(tmp_path), "embeddings/step_000000") == ["(empty)", "a b"] * 30


def test_hostile_layer_names_stay_apart(tmp_path, points, reader):
    names = ["block/conv 1", "block/conv&1", "block/conv#1", "a+b%20", "..", "../../x", "層 1", "<b>", "m:0", ""]
    names += ["k", "l"]
    layers = {name: points * (index + 1) for index, name in enumerate(names)}
    folder = write_embeddings(tmp_path, 0, layers, {"token": TOKENS}, None)
    tensors = shown(reader(tmp_path), "embeddings/step_000000")
    assert len(tensors) == len(names)
    for index, (name, tensor) in enumerate(tensors.items()):
        assert not set(name) & set("&#+%:<>\t\"'")
        np.testing.assert_allclose(pdist(tensor[:5]), (index + 1) * pdist(points[:5]), rtol=1e-4)
    assert sorted(tensors) == list(tensors)[::-1], "the projector opens the first in alphabetical order"
    assert all(path.parent == folder for path in folder.rglob("*"))


def test_the_same_step_is_replaced(tmp_path, points, thumbnails, reader):
    layers, metadata = {"dense": points}, {"token": TOKENS}
    whole = data_files(write_embeddings(tmp_path / "whole", 5, layers, metadata, thumbnails))
    run = tmp_path / "run"
    write_embeddings(run, 5, {"other": points[:30], "dense": points[:30]}, {}, None)
    pages = reader(run)
    folder = write_embeddings(run, 5, layers, metadata, thumbnails)
    assert data_files(folder) == whole
    assert sorted(path.name for path in folder.parent.iterdir()) == ["sprites", "step_000005"]
    assert sum("tfevents" in path.name for path in folder.iterdir()) == 1
    pages.reload()
    assert pages.json("plugin/projector/runs") == ["embeddings/step_000005"]


@pytest.mark.parametrize("moment", ["encode_png", "_metadata_table", "_publish", "EventFile"])
def test_a_process_killed_at_any_moment_leaves_no_broken_snapshot(
    tmp_path, points, thumbnails, reader, monkeypatch, moment
):
    arguments = {"dense": points}, {"token": TOKENS}, thumbnails
    whole = data_files(write_embeddings(tmp_path / "whole", 7, *arguments))
    run = tmp_path / "run"
    write_embeddings(run, 0, {"dense": points}, {}, None)
    with monkeypatch.context() as patch:
        patch.setattr(projector, moment, None)
        with pytest.raises(TypeError):
            write_embeddings(run, 7, *arguments)
    pages = reader(run)
    assert pages.json("plugin/projector/runs") == ["embeddings/step_000000"]
    assert data_files(write_embeddings(run, 7, *arguments)) == whole
    pages.reload()
    assert pages.json("plugin/projector/runs") == ["embeddings/step_000000", "embeddings/step_000007"]
    assert not list(run.rglob("*.partial"))


def test_thumbnails_are_on_disk_once(tmp_path, points, thumbnails):
    folders = [write_embeddings(tmp_path, step, {"dense": points}, {}, thumbnails) for step in range(3)]
    assert len({os.stat(folder / "sprite.png").st_ino for folder in folders}) == 1
    other = write_embeddings(tmp_path, 3, {"dense": points}, {}, 255 - thumbnails)
    assert (other / "sprite.png").read_bytes() != (folders[0] / "sprite.png").read_bytes()


def test_thumbnails_are_copied_where_files_cannot_be_linked(tmp_path, points, thumbnails, monkeypatch, reader):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    write_embeddings(tmp_path, 0, {"dense": points}, {}, thumbnails)
    assert sprite(reader(tmp_path), "embeddings/step_000000")[0].shape == (48, 64, 3)


def test_thumbnails_that_do_not_fit_are_shrunk(tmp_path, points, monkeypatch, reader):
    monkeypatch.setattr(projector, "LARGEST_SPRITE", 40)
    thumbnails = np.zeros((60, 16, 8, 1), np.uint8)
    thumbnails[:, 8:] = 200
    write_embeddings(tmp_path, 0, {"dense": points}, {}, thumbnails)
    pixels, (width, height) = sprite(reader(tmp_path), "embeddings/step_000000")
    assert (width, height) == (2, 5)
    assert pixels.shape == (8 * 5, 8 * 2) and max(pixels.shape) <= 40
    assert (pixels[0, 0], pixels[4, 0]) == (0, 200)


def test_same_arrays_give_the_same_bytes(tmp_path, points, thumbnails):
    arguments = {"dense": points}, {"token": TOKENS, "number": np.arange(60)}, thumbnails
    first, second = (data_files(write_embeddings(tmp_path / name, 0, *arguments)) for name in "ab")
    assert first == second


def test_activations_of_any_float_type_are_taken(tmp_path, points):
    for step, dtype in enumerate((np.float16, np.float32, np.int64)):
        folder = write_embeddings(tmp_path, step, {"dense": points.astype(dtype)}, {}, None)
        assert (folder / "layer_1.bytes").stat().st_size == 4 * len(points) * min(points.shape)


ONE_MISSING = np.zeros((59, 6, 8, 3), np.uint8)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"metadata": {"token": TOKENS[:-1]}}, "60 points came with 59 values of 'token': one for each point"),
        ({"layers": {"a": np.zeros((60, 3)), "b": np.zeros((59, 3))}}, "'a' has 60 points and layer 'b' has 59: all"),
        ({"layers": {}}, r"No layers came: give at least one, as \{'dense': activations\}"),
        ({"layers": {"conv": np.zeros((60, 4, 4, 8))}}, r"'conv' came with shape \(60, 4, 4, 8\).*pool"),
        ({"layers": {"conv": np.zeros((1, 4))}, "metadata": {}}, "at least two exemplars"),
        ({"layers": {"fc": np.where(np.eye(60), np.nan, 0)}}, "'fc' has NaN or infinite.* for 60 of 60.*at 0"),
        ({"layers": {"fc": np.full((60, 2), np.inf)}}, "Training has diverged: use a smaller learning rate"),
        ({"thumbnails": ONE_MISSING}, "60 points came with 59 thumbnails"),
        ({"thumbnails": np.zeros((60, 6, 8, 3))}, r"Thumbnails came as float64 of shape \(60, 6, 8, 3\).*uint8"),
        ({"thumbnails": np.zeros((60, 6, 8), np.uint8)}, r"uint8 of shape \(60, 6, 8\).*1 channel \(gray\) or 3"),
        ({"dimensions": 1}, "dimensions is 1. It must be 2 to 200"),
        ({"dimensions": 201}, "dimensions is 201.*random axes"),
        ({"step": -1}, "step is -1. Steps count from 0"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(tmp_path, points, changes, message):
    arguments = {"step": 0, "layers": {"dense": points}, "metadata": {"token": TOKENS}, "thumbnails": None} | changes
    with pytest.raises(ValueError, match=message):
        write_embeddings(tmp_path, **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_snapshot_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dense_keras.tensorboard.projector._metadata_table", full)
    with pytest.raises(OSError, match="No space left"):
        write_embeddings(tmp_path, 3, {"dense": np.eye(4)}, {"token": list("abcd")}, None)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
