"""What a record of filter walls and of histograms costs with us and with others that write for TensorBoard, as ratios.

The network is the package's VGG, whose weights move a little between records. Seconds are the
processor's, all threads together; bytes are what the folder grows by.

*Walls*: the kernels of each convolution and how far they moved, at most 32 x 32 slices of each, in one
scale over time. PyTorch's and tensorboardX's ``add_image`` get the same pixels as ours, laid out tile
by tile as ``make_grid`` does; ``add_images`` gets the bare slices, as one writes it down at first.
*Histograms*: all weights. *Both*: what Keras's own callback does with ``write_images=True``, which
leaves out every convolution's kernel.

    python benchmarks/images.py            says which of torch, tensorboardX, tensorflow is missing
"""

from __future__ import annotations

import argparse
import importlib
import io
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image

from dense_keras import probes
from dense_keras.backend import keras
from dense_keras.callbacks import FilterImages, Histograms
from dense_keras.figures.image_walls import filter_wall
from dense_keras.markdown import markdown_table
from dense_keras.model import build_vgg
from timing import machine, taking_turns

MAX_UNITS, WIDTH, GRAY = 32, 256, 224
"""Of a wall: most units drawn of either side of a kernel, pixels that it is magnified to, level of its lines."""

Record = Callable[[int], object]
"""Writes the record of a step."""


def evenly(units: int) -> np.ndarray:
    return np.arange(units) if units <= MAX_UNITS else np.linspace(0, units - 1, MAX_UNITS).round().astype(int)


def slices(kernel: np.ndarray, scale: float) -> np.ndarray:
    """Chosen 3 x 3 slices with -1..1 for weights from -scale to scale: (rows, columns, 3, 3, 1 or 3)."""
    shares = np.clip(kernel[..., evenly(kernel.shape[3])] / scale, -1, 1)
    if kernel.shape[2] == 3:
        return shares.transpose(3, 0, 1, 2)[np.newaxis]
    return shares[:, :, evenly(kernel.shape[2])].transpose(2, 3, 0, 1)[..., np.newaxis]


def plain_wall(kernel: np.ndarray, scale: float) -> np.ndarray:
    """The pixels of ``filter_wall``, tile by tile: (height, width, 3) uint8."""
    tiles = slices(kernel, scale)
    if tiles.shape[-1] == 3:
        tiles, background = np.rint(127.5 + 127.5 * tiles[0]).astype(np.uint8), 255
        columns = int(np.ceil(np.sqrt(2 * len(tiles))))
    else:
        levels, (_, columns, *_), background = np.rint(127 * (tiles[..., 0] + 1)) / 254, tiles.shape, GRAY
        tiles = np.rint(255 * matplotlib.colormaps["RdBu_r"](levels)[..., :3]).astype(np.uint8).reshape(-1, 3, 3, 3)
    rows = -(-len(tiles) // columns)
    wall = np.full((4 * rows - 1, 4 * columns - 1, 3), background, np.uint8)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        wall[4 * row : 4 * row + 3, 4 * column : 4 * column + 3] = tile
    factor = max(1, WIDTH // max(wall.shape[:2]))
    return wall.repeat(factor, axis=0).repeat(factor, axis=1)


def check_same_pixels(kernels: dict[str, np.ndarray]) -> None:
    """Raises AssertionError where the walls that peers write are not ours."""
    for layer, kernel in kernels.items():
        scale = float(np.abs(kernel).max())
        ours = np.asarray(Image.open(io.BytesIO(filter_wall(kernel, scale, MAX_UNITS)[0])).convert("RGB"))
        assert np.array_equal(ours, plain_wall(kernel, scale)), f"The walls of {layer} differ from ours."


class Drawn:
    """What is drawn of a model: name of a picture -> kernel or its change since the start, and its full scale."""

    def __init__(self, model: keras.Model) -> None:
        self.model, self.start = model, probes.convolution_kernels(model)

    def now(self) -> dict[str, tuple[np.ndarray, float]]:
        found = {}
        for layer, kernel in probes.convolution_kernels(self.model).items():
            scale = float(np.abs(self.start[layer]).max())
            found |= {f"filters/{layer}": (kernel, scale)}
            found |= {f"filter_change/{layer}": (kernel - self.start[layer], scale / 10)}
        return found


def our_walls(model: keras.Model, folder: Path) -> Record:
    callback = FilterImages(folder, probes.convolution_kernels(model), MAX_UNITS)
    callback.set_model(model)
    return lambda step: callback.record(step, {})


def our_histograms(model: keras.Model, folder: Path) -> Record:
    callback = Histograms(folder)
    callback.set_model(model)
    return lambda step: callback.record(step, {})


def our_walls_and_histograms(model: keras.Model, folder: Path) -> Record:
    records = our_walls(model, folder), our_histograms(model, folder)
    return lambda step: [record(step) for record in records]


def their_walls(module: str, model: keras.Model, folder: Path) -> Record:
    events, drawn = importlib.import_module(module).SummaryWriter(str(folder)), Drawn(model)

    def record(step: int) -> None:
        for tag, (kernel, scale) in drawn.now().items():
            events.add_image(tag, plain_wall(kernel, scale), step, dataformats="HWC")
        events.flush()

    return record


def their_slices(module: str, model: keras.Model, folder: Path) -> Record:
    events, drawn = importlib.import_module(module).SummaryWriter(str(folder)), Drawn(model)

    def record(step: int) -> None:
        for tag, (kernel, scale) in drawn.now().items():
            tiles = slices(kernel, scale)
            gray = (tiles.reshape(-1, *tiles.shape[2:]) + 1) / 2
            events.add_images(tag, gray.repeat(3 // gray.shape[-1], axis=-1), step, dataformats="NHWC")
        events.flush()

    return record


def their_histograms(module: str, model: keras.Model, folder: Path) -> Record:
    events = importlib.import_module(module).SummaryWriter(str(folder))

    def record(step: int) -> None:
        for path, values in probes.weights(model).items():
            events.add_histogram(path, values, step)
        events.flush()

    return record


def of_keras(write_images: bool, model: keras.Model, folder: Path) -> Record:
    callback = keras.callbacks.TensorBoard(str(folder), histogram_freq=1, write_graph=False, write_images=write_images)
    callback.set_model(model)
    callback.on_train_begin()
    return lambda step: callback.on_epoch_end(step, {})


@dataclass(frozen=True)
class Writer:
    """What writes records of one kind.

    record, name: in words. needs: a package that may be missing. start: from a model and a folder to what records.
    """

    record: str
    name: str
    needs: str
    start: Callable[[keras.Model, Path], Record]


OURS, TORCH, TENSORBOARDX = "ours", "torch.utils.tensorboard", "tensorboardX"

WRITERS = [
    Writer("walls", OURS, "tensorboard", our_walls),
    Writer("walls", "torch, add_image of the same walls", "torch", partial(their_walls, TORCH)),
    Writer("walls", "torch, add_images of the bare slices", "torch", partial(their_slices, TORCH)),
    Writer("walls", "tensorboardX, add_image of the same walls", TENSORBOARDX, partial(their_walls, TENSORBOARDX)),
    Writer("walls", "tensorboardX, add_images of the bare slices", TENSORBOARDX, partial(their_slices, TENSORBOARDX)),
    Writer("histograms", OURS, "tensorboard", our_histograms),
    Writer("histograms", "torch, add_histogram", "torch", partial(their_histograms, TORCH)),
    Writer("histograms", "tensorboardX, add_histogram", TENSORBOARDX, partial(their_histograms, TENSORBOARDX)),
    Writer("histograms", "Keras, histogram_freq=1", "tensorflow", partial(of_keras, False)),
    Writer("both", OURS, "tensorboard", our_walls_and_histograms),
    Writer("both", "Keras, write_images=True too", "tensorflow", partial(of_keras, True)),
]
"""Of each kind ours comes first."""

NOT_DONE = {
    "torch, tensorboardX": "one scale over time, colours, lines and captions are the caller's to make; histograms have "
    "up to 1,500 bins, exponential ones around 0, in place of 30 even ones",
    "torch.utils.tensorboard": "does not come without PyTorch",
    "Keras's callback": "no kernel of a convolution as a picture, only biases and dense kernels, in gray and without a "
    "scale; nothing before the first epoch has ended; needs TensorFlow on any backend",
}
"""Peer -> what it does not do."""


def move(model: keras.Model, generator: np.random.Generator) -> None:
    """Let the weights go a little way, as training does."""
    for weight in model.weights:
        weight.assign_add(0.01 * generator.standard_normal(weight.shape))


def costs(model: keras.Model, rounds: int, folder: Path) -> dict[Writer, tuple[float, float]]:
    """Installed writer -> least processor seconds of a record after the first, which warms up, and bytes of a record."""
    folders = {each: folder / str(number) for number, each in enumerate(WRITERS) if find_spec(each.needs)}
    records = {each: each.start(model, where) for each, where in folders.items()}
    generator = np.random.default_rng(0)
    seconds = taking_turns({"training": lambda step: move(model, generator), **records}, 1 + rounds, time.process_time)
    return {each: (min(seconds[each][1:]), bytes_on_disk(where) / (1 + rounds)) for each, where in folders.items()}


def bytes_on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def rows_of(found: Mapping[Writer, tuple[float, float]]) -> list[list[str]]:
    ours = {each.record: cost for each, cost in found.items() if each.name == OURS}
    rows = []
    for each in WRITERS:
        if each not in found:
            rows.append([each.record, f"{each.name}: {each.needs} is not installed", "", "", "", ""])
            continue
        (seconds, size), (our_seconds, our_size) = found[each], ours[each.record]
        ratios = [f"{seconds / our_seconds:.1f}", f"{size / our_size:.1f}"]
        rows.append([each.record, each.name, f"{1e3 * seconds:.0f}", f"{size / 1e3:.0f}", *ratios])
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=10, help="records of each, after one that warms up")
    parser.add_argument("--size", type=int, default=32, help="pixels a side of the network's images")
    chosen = parser.parse_args(arguments)
    model = build_vgg((chosen.size, chosen.size, 3), 5)
    model.compile("adam", "sparse_categorical_crossentropy")
    kernels = probes.convolution_kernels(model)
    check_same_pixels(kernels)
    with tempfile.TemporaryDirectory() as folder:
        rows = rows_of(costs(model, chosen.rounds, Path(folder)))
    columns = ["record", "writer", "ms", "kB", "time / ours", "bytes / ours"]
    print(f"{2 * len(kernels)} walls, {len(model.weights)} histograms of {model.count_params():,} weights\n")
    print(markdown_table(columns, rows) + "\n")
    print(markdown_table(["peer", "what it does not do"], [*NOT_DONE.items()]) + "\n")
    print(machine())


if __name__ == "__main__":
    main()
