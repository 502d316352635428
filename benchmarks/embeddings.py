"""How much dearer a snapshot is with ``add_embedding`` than with ``write_embeddings``, as ratios.

One layer of 2,500 x 256 activations, and seven of them, with 2,500 colour thumbnails of 64 x 64 and three columns of
metadata, written again and again as training does. The thumbnails are drawn, not noise: discs
on a shaded background. PyTorch's and tensorboardX's ``add_embedding`` write all of it anew
each time; ours, as its callback does, checks and writes thumbnails once.

    python benchmarks/embeddings.py            needs torch and tensorboardX
"""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dense_keras.tensorboard import Thumbnails, write_embeddings

EXEMPLARS, UNITS, SIZE, LATER = 2500, 256, 64, 5

Layers = dict[str, np.ndarray]
Writer = Callable[[Path], Callable[[int, Layers], None]]
"""From a folder to what writes the snapshot of a step into it."""


def layer(step: int) -> np.ndarray:
    """(2500, 256) float32: five tokens that move apart."""
    generator = np.random.default_rng(step)
    means = np.repeat(np.random.default_rng(0).normal(size=(5, UNITS)), EXEMPLARS // 5, axis=0)
    return np.maximum(0, generator.normal(size=(EXEMPLARS, UNITS)) + step * means).astype(np.float32)


def drawn_thumbnails() -> np.ndarray:
    """(2500, 64, 64, 3) uint8."""
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    images = np.empty((EXEMPLARS, SIZE, SIZE, 3), np.uint8)
    for image in images:
        top, left, radius = generator.uniform((16, 16, 8), (48, 48, 20))
        inside = (rows - top) ** 2 + (columns - left) ** 2 < radius**2
        shade = 200 + generator.uniform(0, 0.8) * rows
        image[:] = np.where(inside[..., None], generator.integers(0, 200, 3), shade[..., None])
    return images


def metadata() -> dict[str, list[str]]:
    return {
        "token": [f"token {index // 500}" for index in range(EXEMPLARS)],
        "predicted": [f"token {index % 5}" for index in range(EXEMPLARS)],
        "yaw": [f"{index / EXEMPLARS:.3f}" for index in range(EXEMPLARS)],
    }


def ours(dimensions: int) -> Writer:
    thumbnails, columns = Thumbnails(drawn_thumbnails()), metadata()

    def start(folder: Path) -> Callable[[int, Layers], None]:
        return lambda step, layers: write_embeddings(folder, step, layers, columns, thumbnails, dimensions)

    return start


def theirs(module: str) -> Writer:
    import torch

    summary_writer = __import__(module, fromlist=["SummaryWriter"]).SummaryWriter
    images = torch.from_numpy(np.ascontiguousarray(drawn_thumbnails().transpose(0, 3, 1, 2))).float() / 255
    columns = metadata()
    rows = [list(row) for row in zip(*columns.values(), strict=True)]

    def start(folder: Path) -> Callable[[int, Layers], None]:
        writer = summary_writer(str(folder))

        def write(step: int, layers: Layers) -> None:
            for tag, points in layers.items():
                writer.add_embedding(torch.from_numpy(points), rows, images, step, tag, list(columns))
            writer.flush()

        return write

    return start


def cost(start: Writer, num_layers: int) -> dict[str, float]:
    """Seconds and bytes on disk of the first snapshot, and of a later one (median)."""
    with tempfile.TemporaryDirectory() as folder:
        write = start(Path(folder))
        seconds, sizes = [], [0]
        for step in range(1 + LATER):
            layers = {f"layer{number}": layer(step) + number for number in range(num_layers)}
            began = time.perf_counter()
            write(step, layers)
            seconds.append(time.perf_counter() - began)
            sizes.append(bytes_on_disk(Path(folder)))
    grown = np.diff(sizes) / 1e6
    return {
        "first, s": seconds[0],
        "first, MB": grown[0],
        "later, s": statistics.median(seconds[1:]),
        "later, MB": statistics.median(grown[1:]),
        "40, s": seconds[0] + 39 * statistics.median(seconds[1:]),
        "40, MB": grown[0] + 39 * statistics.median(grown[1:]),
    }


def bytes_on_disk(folder: Path) -> int:
    """A file with several names counts once."""
    files = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return sum({stat.st_ino: stat.st_size for stat in files}.values())


def show(title: str, rows: dict[str, dict[str, float]], digits: int) -> None:
    quantities = next(iter(rows.values()))
    print(f"\n{title:32}" + "".join(f"{quantity:>11}" for quantity in quantities))
    for name, values in rows.items():
        print(f"{name:32}" + "".join(f"{value:11.{digits}f}" for value in values.values()))


def main() -> None:
    writers = {
        "ours, 48 axes": ours(48),
        "ours, 200 axes": ours(200),
        "torch": theirs("torch.utils.tensorboard"),
        "tensorboardX": theirs("tensorboardX"),
    }
    cost(writers["ours, 48 axes"], 1)  # loads what loads once
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}")
    for num_layers in (1, 7):
        costs = {name: cost(start, num_layers) for name, start in writers.items()}
        show(f"snapshots of {num_layers} layer(s)", costs, 3)
        ratios = {
            f"{other} / {own}": {quantity: costs[other][quantity] / costs[own][quantity] for quantity in costs[own]}
            for own in ("ours, 48 axes", "ours, 200 axes")
            for other in ("torch", "tensorboardX")
        }
        show("ratios", ratios, 1)


if __name__ == "__main__":
    main()
