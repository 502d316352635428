"""Event files: what TensorBoard's scalar, image, histogram and text tabs read.

An event file is a sequence of records, each an ``Event`` protobuf framed by checksums.
Whatever was flushed stays readable when the process is killed: a record cut short at the
end of the file is ignored by every reader.
"""

from __future__ import annotations

import io
import os
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.plugins.histogram.metadata import create_summary_metadata as histogram_metadata
from tensorboard.plugins.image.metadata import create_summary_metadata as image_metadata
from tensorboard.plugins.scalar.summary import scalar_pb
from tensorboard.plugins.text.summary import text_pb
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_tensor_proto

BINS = 30

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class EventFile:
    """An append-only TensorBoard event file in ``folder``, which is made if missing.

    The name holds the time and the process id, so that a resumed run adds a file and
    never touches the old ones; TensorBoard reads them in the order of their names.

    folder: of one run; share one EventFile among all that write into it, because
        ``purge_step`` applies to everything in the folder.
    purge_step: the first step that a resumed run writes again. TensorBoard then drops what
        earlier files hold at that step and later, which would else be shown twice.
    clock: gives the time of each event, in seconds since 1970.

    Nothing is sure to be on disk before ``flush`` or ``close``. Raises OSError with the path
    where the file cannot be written, for instance because the disk is full.
    """

    def __init__(
        self, folder: str | Path, purge_step: int | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._clock = clock
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.path, file = _open_new(folder, clock())
        self._records = RecordWriter(file)
        self._write(Event(file_version="brain.Event:2"))
        if purge_step is not None:
            self._purge(purge_step)
        self.flush()

    def scalar(self, tag: str, value: float, step: int) -> None:
        """One point of a curve; NaN and infinities are kept, and marked by TensorBoard."""
        self._write(Event(step=step, summary=scalar_pb(tag, float(value))))

    def image(
        self, tag: str, images: np.ndarray | Sequence[np.ndarray | bytes], step: int, description: str = ""
    ) -> None:
        """Images under one tag.

        images: (images, height, width, channels) uint8 with 1 or 3 channels, or a sequence of
            (height, width, channels) arrays and of PNG files' bytes, such as a saved figure.
        description: Markdown, shown beside the tag.
        Raises ValueError for other types and shapes, and if there is no image.
        """
        pngs = [_as_png(image, f"Image {index} of {tag!r}") for index, image in enumerate(images)]
        if not pngs:
            raise ValueError(f"No image came for {tag!r}: give at least one, as a sequence.")
        width, height = struct.unpack(">II", pngs[0][16:24])
        size = [str(width).encode(), str(height).encode()]
        summary = Summary()
        summary.value.add(
            tag=tag,
            metadata=image_metadata(display_name=None, description=description),
            tensor=_strings(size + pngs),
        )
        self._write(Event(step=step, summary=summary))

    def histogram(self, tag: str, values: np.ndarray, step: int) -> None:
        """The distribution of values of any shape, in 30 bins; NaN and infinities are left out."""
        values = np.asarray(values, dtype=np.float64).ravel()
        bins = make_tensor_proto(_bins(values[np.isfinite(values)]), dtype=np.float64)
        metadata = histogram_metadata(display_name=None, description="")
        summary = Summary()
        summary.value.add(tag=tag, metadata=metadata, tensor=bins)
        self._write(Event(step=step, summary=summary))

    def text(self, tag: str, markdown: str, step: int) -> None:
        """A Markdown text."""
        self._write(Event(step=step, summary=text_pb(tag, markdown)))

    def flush(self) -> None:
        """Hand everything written so far to the operating system: it survives a killed process."""
        with _naming(self.path):
            self._records.flush()

    def close(self) -> None:
        with _naming(self.path):
            self._records.close()

    def __enter__(self) -> EventFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, event: Event) -> None:
        event.wall_time = self._clock()
        with _naming(self.path):
            self._records.write(event.SerializeToString())

    def _purge(self, step: int) -> None:
        # Readers take a folder's first START for the beginning and purge only at later ones.
        for _ in range(2):
            self._write(Event(step=step, session_log=SessionLog(status=SessionLog.START)))


def encode_png(image: np.ndarray) -> bytes:
    """A PNG file. image: (height, width), (height, width, 1) or (height, width, 3) uint8.

    Raises ValueError for other types and shapes.
    """
    image = np.asarray(image)
    gray = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 1)
    if image.dtype != np.uint8 or image.size == 0 or not (gray or (image.ndim == 3 and image.shape[2] == 3)):
        raise ValueError(
            f"came as {image.dtype} of shape {image.shape}. An image is uint8 in 0..255, shaped (height, width, 1) "
            "for gray or (height, width, 3) for colour; floats in [0, 1] become one by (image * 255).astype('uint8')."
        )
    buffer = io.BytesIO()
    Image.fromarray(image.reshape(image.shape[:2]) if gray else image).save(buffer, format="png")
    return buffer.getvalue()


def _as_png(image: np.ndarray | bytes, title: str) -> bytes:
    if isinstance(image, bytes):
        if not image.startswith(PNG_SIGNATURE):
            raise ValueError(f"{title} came as bytes that are no PNG file. Give a PNG's bytes, or a uint8 array.")
        return image
    try:
        return encode_png(image)
    except ValueError as error:
        raise ValueError(f"{title} {error}") from None


def _bins(values: np.ndarray) -> np.ndarray:
    """(30, 3): left edge, right edge and count of each bin.

    The same as of TensorBoard's ``histogram_pb``, without its 30 comparisons a value.
    """
    if not values.size:
        return np.zeros((BINS, 3))
    low, high = values.min(), values.max()
    edges = np.linspace(low, high, BINS + 1)
    if low == high:
        return np.column_stack([edges[:-1], edges[1:], np.eye(BINS)[-1] * values.size])
    places = ((values - low) / ((high - low) / BINS)).astype(np.intp)
    counts = np.bincount(np.minimum(places, BINS - 1), minlength=BINS)
    return np.column_stack([edges[:-1], edges[1:], counts])


def _strings(values: list[bytes]) -> TensorProto:
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=len(values))])
    return TensorProto(dtype=DT_STRING, tensor_shape=shape, string_val=values)


def _open_new(folder: Path, seconds: float) -> tuple[Path, io.BufferedWriter]:
    """A file that did not exist, whose name sorts after those of earlier times."""
    for number in range(1_000_000):
        path = folder / f"events.out.tfevents.{seconds:017.6f}.{os.getpid()}.{number}"
        try:
            return path, open(path, "xb")
        except FileExistsError:
            continue
    raise FileExistsError(f"{folder} holds a million event files of this moment.")


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Errors of writing carry the path, which errors of an open file do not."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
