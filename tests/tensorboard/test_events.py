import io
import os
import signal
import subprocess
import sys
from itertools import count

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.util.tensor_util import make_ndarray

from dense_keras.tensorboard import EventFile, encode_png


def accumulated(folder):
    return EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()


def read(folder, tag):
    """step -> value, as TensorBoard shows it."""
    return [(event.step, make_ndarray(event.tensor_proto)) for event in accumulated(folder).Tensors(tag)]


def plugin(folder, tag):
    return accumulated(folder).SummaryMetadata(tag).plugin_data.plugin_name


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)))


def test_scalars_come_back(tmp_path):
    with EventFile(tmp_path / "new" / "folder") as events:
        for step in (0, 1, 312):
            events.scalar("accuracy", np.float32(0.25 * step), step)
        events.scalar("loss", float("nan"), 0)
    assert read(tmp_path / "new" / "folder", "accuracy") == [(0, 0), (1, 0.25), (312, 78)]
    assert np.isnan(read(tmp_path / "new" / "folder", "loss")[0][1])
    assert plugin(tmp_path / "new" / "folder", "accuracy") == "scalars"


@pytest.mark.parametrize("channels", [1, 3])
def test_images_come_back_pixel_by_pixel(tmp_path, channels):
    images = np.random.default_rng(0).integers(0, 256, (5, 7, 9, channels), dtype=np.uint8)
    with EventFile(tmp_path) as events:
        events.image("filters/conv1", images, 40, description="*the first* layer")
    ((step, (width, height, *pngs)),) = read(tmp_path, "filters/conv1")
    assert (step, width, height, len(pngs)) == (40, b"9", b"7", 5)
    for image, png in zip(images, pngs, strict=True):
        np.testing.assert_array_equal(pixels(png).reshape(image.shape), image)
    assert plugin(tmp_path, "filters/conv1") == "images"
    assert accumulated(tmp_path).SummaryMetadata("filters/conv1").summary_description == "*the first* layer"


def test_a_png_is_stored_as_it_is(tmp_path):
    png = encode_png(np.zeros((4, 6), dtype=np.uint8))
    with EventFile(tmp_path) as events:
        events.image("figure", [png], 0)
    assert list(read(tmp_path, "figure")[0][1]) == [b"6", b"4", png]


@pytest.mark.parametrize(
    "images, message",
    [
        (np.zeros((2, 5, 5, 3)), r"Image 0 of 'f' came as float64 of shape \(5, 5, 3\).*\(image \* 255\)"),
        (np.zeros((1, 5, 5, 32), np.uint8), r"Image 0 of 'f' came as uint8 of shape \(5, 5, 32\)"),
        (np.zeros((5,), np.uint8), r"came as uint8 of shape \(\)"),
        ([b"GIF89a"], "Image 0 of 'f' came as bytes that are no PNG file"),
        ([], "No image came for 'f'"),
    ],
)
def test_other_images_are_refused(tmp_path, images, message):
    with EventFile(tmp_path) as events, pytest.raises(ValueError, match=message):
        events.image("f", images, 0)


def test_a_histogram_counts_every_finite_value(tmp_path):
    values = np.random.default_rng(0).normal(size=(10, 20)).astype(np.float16)
    values[0, :3] = np.nan, np.inf, -np.inf
    with EventFile(tmp_path) as events:
        events.histogram("kernel", values, 1)
        events.histogram("constant", np.full(7, 3.0), 1)
        events.histogram("diverged", np.full(7, np.nan), 1)
    left, right, counts = read(tmp_path, "kernel")[0][1].T
    finite = values[np.isfinite(values)]
    assert counts.sum() == 197
    assert left[0] == finite.min() and right[-1] == pytest.approx(finite.max())
    assert read(tmp_path, "constant")[0][1][:, 2].sum() == 7
    assert read(tmp_path, "diverged")[0][1].sum() == 0
    assert plugin(tmp_path, "kernel") == "histograms"


@pytest.mark.parametrize(
    "values", [np.random.default_rng(0).normal(size=999), np.full(7, 3.0), np.zeros(0), np.arange(31)]
)
def test_bins_are_tensorboards_own(tmp_path, values):
    with EventFile(tmp_path) as events:
        events.histogram("values", values, 0)
    theirs = make_ndarray(histogram_pb("values", values).value[0].tensor)
    np.testing.assert_allclose(read(tmp_path, "values")[0][1], theirs, rtol=1e-12)


def test_text_comes_back(tmp_path):
    with EventFile(tmp_path) as events:
        events.text("experiment", "# Größe\n日本語", 0)
    assert read(tmp_path, "experiment")[0][1].item().decode() == "# Größe\n日本語"
    assert plugin(tmp_path, "experiment") == "text"


def test_same_arrays_give_the_same_bytes(tmp_path):
    def written(folder):
        with EventFile(folder, clock=count(1000).__next__) as events:
            events.scalar("loss", 0.1, 3)
            events.image("filters", np.arange(64, dtype=np.uint8).reshape(1, 8, 8, 1), 3)
            events.histogram("kernel", np.linspace(0, 1, 99), 3)
            events.text("note", "same", 3)
        return events.path.read_bytes()

    assert written(tmp_path / "a") == written(tmp_path / "b")


def test_files_never_collide_and_sort_by_time(tmp_path):
    seconds = [999.0, 1000.0, 1000.0, 10_000_000_000.5]
    paths = []
    for start in seconds:
        with EventFile(tmp_path, clock=lambda start=start: start) as events:
            paths.append(events.path)
    assert len(set(paths)) == 4
    assert sorted(paths) == paths
    assert all(str(os.getpid()) in path.name for path in paths)


def test_a_resumed_run_purges_what_it_writes_again(tmp_path):
    with EventFile(tmp_path, purge_step=0) as events:
        for step in range(10):
            events.scalar("loss", 1, step)
        events.scalar("only at the end", 1, 9)
    with EventFile(tmp_path, purge_step=6) as events:
        for step in range(6, 8):
            events.scalar("loss", 2, step)
    assert read(tmp_path, "loss") == [*((step, 1) for step in range(6)), (6, 2), (7, 2)]
    assert read(tmp_path, "only at the end") == []


def test_the_first_resume_purges_what_a_file_without_purge_step_holds(tmp_path):
    with EventFile(tmp_path) as events:
        for step in range(4):
            events.scalar("loss", 1, step)
    with EventFile(tmp_path, purge_step=2) as events:
        events.scalar("loss", 2, 2)
    assert read(tmp_path, "loss") == [(0, 1), (1, 1), (2, 2)]


def test_a_second_file_without_purge_step_purges_nothing(tmp_path):
    for value in (1, 2):
        with EventFile(tmp_path) as events:
            events.scalar(f"loss {value}", value, 0)
    assert read(tmp_path, "loss 1") == [(0, 1)] and read(tmp_path, "loss 2") == [(0, 2)]


KILLED = """
import os, signal, sys
from dense_keras.tensorboard import EventFile
events = EventFile(sys.argv[1])
for step in range(1000):
    events.scalar("loss", step, step)
events.flush()
events.scalar("lost", 1, 1000)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_what_was_flushed(tmp_path):
    assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)]).returncode == -signal.SIGKILL
    (path,) = tmp_path.iterdir()
    with path.open("ab") as file:
        file.write(b"\x10\x00\x00")
    with EventFile(tmp_path) as events:
        events.scalar("loss", 1000, 1000)
    assert read(tmp_path, "loss") == [(step, step) for step in range(1001)]


FULL = """
import resource, sys
from dense_keras.tensorboard import EventFile
events = EventFile(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    events.text("long", "x" * 1_000_000, 0)
    events.flush()
except OSError as error:
    assert error.filename == str(events.path), error
    print("named")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_a_full_disk_is_an_error_that_names_the_file(tmp_path):
    result = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True)
    assert result.stdout == "named\n", result.stderr


NO_BACKEND = """
import sys
import numpy as np
from dense_keras.tensorboard import EventFile, write_embeddings
with EventFile(sys.argv[1]) as events:
    events.scalar("loss", 1, 0)
    events.image("filters", np.zeros((1, 4, 4, 1), np.uint8), 0)
    events.histogram("kernel", np.arange(9), 0)
    events.text("note", "text", 0)
write_embeddings(sys.argv[1], 0, {"dense": np.eye(4)}, {"token": list("abcd")}, np.zeros((4, 4, 4, 3), np.uint8))
print(sorted({"tensorflow", "torch", "jax", "keras"} & set(sys.modules)))
"""


def test_writing_imports_no_backend(tmp_path):
    result = subprocess.run([sys.executable, "-c", NO_BACKEND, str(tmp_path)], capture_output=True, text=True)
    assert result.stdout == "[]\n", result.stderr
