"""Snapshots for TensorBoard's Embedding Projector: every exemplar a point, layer by layer.

One folder a snapshot, which the projector lists as a run:

    embeddings/step_000312/
        layer_01.bytes ...        points, raw little-endian float32 (exemplars, axes)
        metadata.tsv              what is known of each exemplar, to label and colour by
        sprite.png                their thumbnails; one file on disk for all snapshots
        projector_config.pbtxt
        events.out.tfevents...    written last: the folder now counts as a run

The projector colours points by at most 50 different values of a column, and multiplies
thumbnails with the colour: a light background keeps it visible.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from google.protobuf import text_format
from PIL import Image
from tensorboard.plugins.projector.projector_config_pb2 import EmbeddingInfo, ProjectorConfig

from dense_keras.tensorboard.events import EventFile, encode_png

LARGEST_SPRITE = 8192
"""Pixels a side; the projector refuses more."""

FEWEST_AXES, MOST_AXES = 3, 200
"""The projector needs three axes to draw; beyond 200 it projects onto random ones."""

TURN = 0.01
"""Radians between an axis of the projector and ours; see ``_turned``."""

SAFE = {
    **dict.fromkeys([*range(32), *range(127, 160), 0x2028, 0x2029, *range(0xD800, 0xE000)], " "),
    **str.maketrans("<>", "‹›"),
}
"""What stands in for control characters, line ends, halves of characters, and HTML tags."""


def write_embeddings(
    folder: str | Path,
    step: int,
    layers: Mapping[str, np.ndarray],
    metadata: Mapping[str, Sequence],
    thumbnails: np.ndarray | Thumbnails | None,
    dimensions: int = 48,
) -> Path:
    """Write one snapshot and return its folder, ``folder/embeddings/step_000312``.

    An open TensorBoard lists it after a reload of the page. A snapshot of the same step,
    whole or half-written, is replaced.

    layers: name -> (exemplars, units) points, in order from input to output. They are
        turned onto their principal axes (see ``principal_coordinates``). The projector
        sorts names and opens the first, so they are counted from the output, as Python
        does: ``-1 dense``, ``-2 conv3_2``. The share of variance that is kept is in the text tab.
    metadata: column -> one value an exemplar. Points are labelled by the first column
        that is not numeric: put the token's name there.
    thumbnails: (exemplars, height, width, channels) uint8 with 1 or 3 channels, shrunk if
        they do not fit in a square of 8192 x 8192 pixels; None draws plain points. Make
        ``Thumbnails`` of them once to write many snapshots of the same exemplars.
    dimensions: most axes kept, 2 to 200. From 50 on the projector starts with "spherize",
        which puts all points on a sphere and can hide how they separate.

    Raises ValueError for lengths that differ, for NaN, and for wrong types and shapes.
    """
    layers = {name: np.asarray(points) for name, points in layers.items()}
    if thumbnails is not None and not isinstance(thumbnails, Thumbnails):
        thumbnails = Thumbnails(thumbnails)
    _check(step, layers, metadata, thumbnails, dimensions)
    parent = Path(folder) / "embeddings"
    final = parent / f"step_{step:06d}"
    partial = parent / f".{final.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        kept = _write_files(partial, layers, metadata, thumbnails, dimensions)
        _publish(partial, final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    with EventFile(final) as events:  # only now the folder counts as a run
        events.text("embeddings", kept, step)
    return final


class Thumbnails:
    """Small images for points, checked and fingerprinted once for all snapshots that show them.

    images: (exemplars, height, width, channels) uint8 with 1 or 3 channels; a copy is kept.
    Raises ValueError for another type or shape.
    """

    def __init__(self, images: np.ndarray) -> None:
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
            raise ValueError(
                f"Thumbnails came as {images.dtype} of shape {images.shape}. They must be uint8 in 0..255, shaped "
                "(exemplars, height, width, channels) with 1 channel (gray) or 3 (colour)."
            )
        self.images = np.array(images, order="C")
        self.images.setflags(write=False)
        digest = hashlib.sha1(self.images, usedforsecurity=False).hexdigest()
        self.name = f"{digest}_{'x'.join(map(str, images.shape))}.png"

    def __len__(self) -> int:
        return len(self.images)


def _write_files(
    folder: Path,
    layers: Mapping[str, np.ndarray],
    metadata: Mapping[str, Sequence],
    thumbnails: Thumbnails | None,
    dimensions: int,
) -> str:
    """Write all that a snapshot's folder holds but its event file; returns a table of the variance kept."""
    config = ProjectorConfig()
    kept = ["layer | units | axes | variance kept", "--- | --- | --- | ---"]
    for number, (name, points) in enumerate(layers.items(), 1):
        coordinates, share = principal_coordinates(points, dimensions)
        path = folder / f"layer_{number:0{len(str(len(layers)))}d}.bytes"
        tensor = _tensor_name(name, len(layers) - number + 1, len(layers))
        _write_points(config.embeddings.add(tensor_name=tensor), path, coordinates)
        kept.append(f"{tensor} | {points.shape[1]} | {coordinates.shape[1]} | {share:.3f}")
    if metadata:
        table = _metadata_table(metadata, len(next(iter(layers.values()))))
        (folder / "metadata.tsv").write_bytes(table.encode())
    if thumbnails is not None:
        sprite, size = _sprite_file(folder.parent / "sprites", thumbnails)
        _link(sprite, folder / "sprite.png")
    for embedding in config.embeddings:
        if metadata:
            embedding.metadata_path = "metadata.tsv"
        if thumbnails is not None:
            embedding.sprite.image_path = "sprite.png"
            embedding.sprite.single_image_dim.extend(size)
    (folder / "projector_config.pbtxt").write_text(text_format.MessageToString(config), encoding="utf-8")
    return "\n".join(kept)


def principal_coordinates(points: np.ndarray, dimensions: int) -> tuple[np.ndarray, float]:
    """Points seen along the axes in which they vary most, and the share of variance kept, in 0..1.

    The points are moved to have their mean at zero, and rotated: as long as all axes are kept,
    the distances between them stay what they were. Axes come in falling order of variance, each
    pointing to where later exemplars lie: sort exemplars by token, and a snapshot's axes point
    the same way as those of the one before.

    points: (exemplars, units) float, finite. Returns (exemplars, axes) float64, with as many
    axes as ``dimensions``, or fewer where there are fewer units or exemplars.
    """
    points = np.asarray(points, dtype=np.float64)
    points = points - points[0]  # a unit that never varies is exactly zero, not noise
    centred = points - points.mean(axis=0)
    if len(points) < points.shape[1]:
        centred = np.linalg.qr(centred.T, mode="r").T  # the same points in the space they span
    variances, axes = np.linalg.eigh(centred.T @ centred)
    variances, axes = variances[::-1].clip(min=0), axes[:, ::-1]
    coordinates = centred @ axes[:, :dimensions]
    ramp = np.arange(len(points)) - (len(points) - 1) / 2
    coordinates *= np.where(ramp @ coordinates < 0, -1, 1)
    total = variances.sum()
    return coordinates, float(variances[:dimensions].sum() / total) if total > 0 else 1.0


def _check(
    step: int,
    layers: Mapping[str, np.ndarray],
    metadata: Mapping[str, Sequence],
    thumbnails: Thumbnails | None,
    dimensions: int,
) -> None:
    """Raise ValueError unless everything fits together."""
    if step < 0:
        raise ValueError(f"step is {step}. Steps count from 0, the untrained network.")
    if not 2 <= dimensions <= MOST_AXES:
        raise ValueError(
            f"dimensions is {dimensions}. It must be 2 to {MOST_AXES}: the projector shows more only after "
            "projecting them onto random axes. The default of 48 keeps nearly all variance of most layers."
        )
    if not layers:
        raise ValueError("No layers came: give at least one, as {'dense': activations}.")
    first, exemplars = next((name, len(points)) for name, points in layers.items())
    for name, points in layers.items():
        _check_points(name, points)
        if len(points) != exemplars:
            raise ValueError(
                f"Layer {first!r} has {exemplars} points and layer {name!r} has {len(points)}: "
                "all layers of a snapshot must be recorded on the same exemplars."
            )
    for column, values in metadata.items():
        if len(values) != exemplars:
            raise ValueError(
                f"{exemplars} points came with {len(values)} values of {column!r}: one for each point is needed."
            )
    if thumbnails is not None and len(thumbnails) != exemplars:
        raise ValueError(f"{exemplars} points came with {len(thumbnails)} thumbnails: one for each point is needed.")


def _check_points(name: str, points: np.ndarray) -> None:
    if points.ndim != 2 or len(points) < 2 or points.shape[1] < 1:
        raise ValueError(
            f"Layer {name!r} came with shape {points.shape}. It must be (exemplars, units) with at least two "
            "exemplars: pool activation maps over space, or flatten them."
        )
    bad = np.flatnonzero(~np.isfinite(np.asarray(points, dtype=np.float64)).all(axis=1))
    if bad.size:
        raise ValueError(
            f"Layer {name!r} has NaN or infinite activations for {bad.size} of {len(points)} exemplars, first at "
            f"{bad[0]}. Training has diverged: use a smaller learning rate."
        )


def _write_points(embedding: EmbeddingInfo, path: Path, coordinates: np.ndarray) -> None:
    """Write one layer's points, and tell the projector of them."""
    missing = max(FEWEST_AXES - coordinates.shape[1], 0)
    points = _turned(np.pad(coordinates, ((0, 0), (0, missing)))).astype("<f4")
    path.write_bytes(_never_text(points))
    embedding.tensor_shape.extend(points.shape)
    embedding.tensor_path = path.name


def _turned(coordinates: np.ndarray) -> np.ndarray:
    """The points after a rotation that turns each axis by 0.6 degrees towards the next.

    The projector computes principal axes once more, which undoes the turn. Without it their
    signs follow from rounding errors: clusters swap sides from snapshot to snapshot.
    """
    axes = coordinates.shape[1]
    half_turn = TURN / 2 * (np.eye(axes, k=1) - np.eye(axes, k=-1))
    return coordinates @ np.linalg.solve(np.eye(axes) - half_turn, np.eye(axes) + half_turn)


def _tensor_name(name: str, from_output: int, num_layers: int) -> str:
    """Such as ``-1 dense``; the projector sends it unescaped in its address."""
    return f"-{from_output:0{len(str(num_layers))}d} " + re.sub(r"[^\w/.-]+", "_", name)


def _never_text(points: np.ndarray) -> bytes:
    """Little-endian float32 points that TensorBoard surely reads as raw numbers.

    It reads a file as text first, and as numbers when that fails: always, if the first byte is
    0xFF, which changes the first value by at most 3e-5 of it, or if that value is minus zero.
    """
    data = bytearray(points.tobytes())
    if points[0, 0] == 0:
        data[3] = 0x80
    else:
        data[0] = 0xFF
    return bytes(data)


def _metadata_table(metadata: Mapping[str, Sequence], exemplars: int) -> str:
    """Tab-separated values, one line an exemplar; with a header, except for a single column."""
    columns = [[_cell(value) for value in values] for values in metadata.values()]
    lines = ["\t".join(cells) for cells in zip(*columns, strict=True)]
    if len(columns) > 1:
        lines.insert(0, "\t".join(_distinct([_cell(name) for name in metadata])))
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    """A value that cannot break a table, nor the page that shows it."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    text = f"{value:.6g}" if isinstance(value, (float, np.floating)) else str(value)
    return text.translate(SAFE).strip() or "(empty)"


def _distinct(names: list[str]) -> list[str]:
    """The names, with a number added to those that came before."""
    return [name if name not in names[:index] else f"{name} ({index + 1})" for index, name in enumerate(names)]


def _sprite_file(folder: Path, thumbnails: Thumbnails) -> tuple[Path, tuple[int, int]]:
    """The sprite of these thumbnails, written if there is none yet, and a thumbnail's width and height."""
    side = int(np.ceil(np.sqrt(len(thumbnails))))
    height, width = thumbnails.images.shape[1:3]
    scale = min(1.0, LARGEST_SPRITE // side / max(height, width))
    size = max(1, int(width * scale)), max(1, int(height * scale))
    path = folder / thumbnails.name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        partial.write_bytes(encode_png(_sprite(thumbnails.images, side, size)))
        os.replace(partial, path)
    return path, size


def _sprite(thumbnails: np.ndarray, side: int, size: tuple[int, int]) -> np.ndarray:
    """Thumbnails row by row in a square grid: (side * height, side * width, channels) uint8."""
    if size != thumbnails.shape[2:0:-1]:
        thumbnails = np.stack([_shrink(thumbnail, size) for thumbnail in thumbnails])
    exemplars, height, width, channels = thumbnails.shape
    grid = np.zeros((side * side, height, width, channels), dtype=np.uint8)
    grid[:exemplars] = thumbnails
    grid = grid.reshape(side, side, height, width, channels).swapaxes(1, 2)
    return grid.reshape(side * height, side * width, channels)


def _shrink(thumbnail: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    channels = thumbnail.shape[2]
    image = Image.fromarray(thumbnail[..., 0] if channels == 1 else thumbnail)
    return np.asarray(image.resize(size, Image.Resampling.BOX)).reshape(size[1], size[0], channels)


def _link(source: Path, target: Path) -> None:
    """One file on disk under two names; a copy on file systems that have no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _publish(partial: Path, final: Path) -> None:
    """Give a complete folder its name, in place of an older one."""
    if final.exists():
        for event_file in final.glob("*tfevents*"):
            event_file.unlink()
        shutil.rmtree(final)
    os.replace(partial, final)
