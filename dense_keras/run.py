"""The run folder: one training on disk, and its only reader and writer.

    experiment.json    what was run: settings, backend, versions, layers, names
    probe.npz          the probe and the factorial probe: images and what is known of them
    history.csv        a row a snapshot: losses, accuracies, learning rate, and a checksum of all
    snapshots/         step_00000312.npz: weights, optimizer, what the probes evoked
    tensorboard/       a view of the same for TensorBoard, never read back and never mended

Every file is written beside its place and then moved there, so it is whole or absent.
Files are NumPy's, JSON and CSV: reading a run never executes code from it, and damage is
found by the checksums in each file. Of the view only records of event files have them, which TensorBoard reads.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import filelock
import numpy as np

from dense_keras.token_set import Exemplars

FORMAT = 2
PROBES = ("held_out", "factorial")
POOLINGS = ("max", "mean")

DESCRIBED = frozenset(
    ("experiment", "origin", "backend", "steps_per_epoch", "layers", "token_names", "part_names", "images")
)
"""What ``experiment.json`` tells of every run."""

CHECKSUM = "checksum"
"""Name of the entry of ``experiment.json``, and the last column of ``history.csv``, that tell damage."""

ABANDONED = (".experiment.json.*.part", ".probe.npz.*.part", ".history.csv.*.part", "snapshots/.step_*.npz.*.part")
"""Files that a process leaves behind when it is killed while it writes."""


class RunError(RuntimeError):
    """A run folder that cannot be used as asked, with what to do about it."""


class RunHeld(RunError):
    """A run folder that another process is recording into."""


class Run:
    """A recorded run, read from its folder.

    folder: holds ``experiment.json`` and what stands beside it.
    description: the content of ``experiment.json``.
    Raises RunError if the folder holds no run, or one of a later format.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        path = self.folder / "experiment.json"
        try:
            self.description: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunError(
                f"No run in {self.folder}: it has no experiment.json. Record one with: dense-keras train --run {self.folder}"
            ) from None
        except (ValueError, OSError, RecursionError) as error:
            raise RunError(f"{path} cannot be read ({error}). Without it the run is lost: record it anew.") from None
        if not isinstance(self.description, dict) or self.description.get("format") != FORMAT:
            found = self.description.get("format") if isinstance(self.description, dict) else "no description"
            raise RunError(f"{path} has format {found!r}; this version of dense_keras reads {FORMAT}.")
        if self.description.pop(CHECKSUM, None) != _checksum(self.description):
            raise RunError(
                f"{path} is damaged: it does not agree with its checksum. Without it the run is lost: record it anew."
            )
        missing = sorted(DESCRIBED - set(self.description))
        if missing:
            raise RunError(
                f"{path} is damaged: it lacks {', '.join(missing)}. Without them the run is lost: record it anew."
            )

    @classmethod
    def create(cls, folder: str | Path, description: Mapping[str, Any], probes: Mapping[str, Exemplars | None]) -> Run:
        """Make a run folder that holds no snapshot yet.

        probes: ``held_out`` and ``factorial`` exemplars; None where there is no such probe.
        Raises RunError if the folder holds something else, or cannot be written.
        """
        folder = Path(folder)
        try:
            if folder.is_dir() and not all(_is_begun(entry) for entry in folder.iterdir()):
                raise RunError(f"{folder} holds other things and no run. Choose another folder with --run.")
            _make_snapshots_folder(folder)
            for path in folder.glob("snapshots/step_*.npz"):
                path.unlink()  # of a run whose description is gone: without it they say nothing
            _write_probes(folder, probes)
            write_whole(folder / "experiment.json", _json_writer({"format": FORMAT, **description}))
        except OSError as error:
            raise RunError(
                f"{folder} cannot be written ({error.strerror}). Choose another folder with --run."
            ) from None
        return cls(folder)

    def mend(self, probes: Mapping[str, Exemplars | None]) -> None:
        """Write the probes anew if they are damaged or missing, and make the folder of snapshots if it is gone."""
        _make_snapshots_folder(self.folder)
        try:
            self.probes  # noqa: B018
        except RunError:
            _write_probes(self.folder, probes)

    def describe(self, **changes: Any) -> None:
        """Change entries of ``experiment.json``."""
        self.description.update(changes)
        write_whole(self.folder / "experiment.json", _json_writer(self.description))

    @property
    def tensorboard(self) -> Path:
        """Folder of the TensorBoard view."""
        return self.folder / "tensorboard"

    @property
    def layers(self) -> list[str]:
        """Names of the recorded layers, input side first."""
        return self.description["layers"]

    @property
    def token_names(self) -> list[str]:
        return self.description["token_names"]

    @property
    def part_names(self) -> list[str]:
        """Names of the parts, in the order of the codes' columns; empty where parts are unknown."""
        return self.description["part_names"]

    @property
    def steps(self) -> list[int]:
        """Steps of the snapshots, ascending; they may include damaged ones."""
        names = (re.fullmatch(r"step_(\d+)\.npz", path.name) for path in (self.folder / "snapshots").glob("*.npz"))
        return sorted(int(name[1]) for name in names if name)

    @cached_property
    def probes(self) -> dict[str, Exemplars]:
        """The probes by name, ``held_out`` and, where there are parts, ``factorial``."""
        flat = _read_npz(self.folder / "probe.npz")
        try:
            return {name: _exemplars(flat, f"{name}/") for name in PROBES if f"{name}/images" in flat}
        except (KeyError, ValueError) as error:
            raise _damaged(self.folder / "probe.npz", error) from None

    @property
    def history(self) -> dict[str, np.ndarray]:
        """Column name -> (snapshots,) float: step, epoch, loss, accuracy, held_out_loss,
        held_out_accuracy, accuracy of each token (``accuracy/NAME``), learning_rate.

        loss and accuracy are means over the training batches of the epoch so far; NaN at step 0.
        """
        path = self.folder / "history.csv"
        if not path.exists():
            return {}
        try:
            with path.open(newline="", encoding="utf-8") as file:
                rows = _checked(csv.DictReader(file, strict=True))
            return {name: np.array([float(row[name]) for row in rows]) for name in (rows[0] if rows else {})}
        except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
            raise RunError(
                f"{path} is damaged ({error}). Delete it and give the same command again: the run is then "
                "recorded anew."
            ) from None

    def write_history(self, rows: list[Mapping[str, float]]) -> None:
        """Replace the history; ``rows`` are dictionaries with the same keys, ascending in step."""
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=[*rows[0], CHECKSUM], lineterminator="\n")
        writer.writeheader()
        written = [{name: str(value) for name, value in row.items()} for row in rows]
        writer.writerows(row | {CHECKSUM: _checksum(written)} for row in written)
        write_whole(self.folder / "history.csv", lambda file: file.write(text.getvalue().encode()))

    def snapshot_path(self, step: int) -> Path:
        return self.folder / "snapshots" / f"step_{step:08d}.npz"

    def write_snapshot(self, step: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Write the snapshot of a step, whole or not at all.

        arrays: ``weights/LAYER/NAME``, ``optimizer/...``, ``PROBE/POOLING/LAYER`` -> array.
        """
        write_whole(self.snapshot_path(step), lambda file: np.savez(file, **arrays))

    def weights(self, step: int) -> dict[str, np.ndarray]:
        """``LAYER/NAME`` -> array: kernels (height, width, in, out) or (in, out), biases (out,)."""
        return self._group(step, "weights/")

    def optimizer(self, step: int) -> dict[str, np.ndarray]:
        """The optimizer's variables by name."""
        return self._group(step, "optimizer/")

    def activations(self, layer: str, step: int, pooling: str = "max", probe: str = "held_out") -> np.ndarray:
        """(exemplars, units) float32: what the probe's exemplars evoke in a layer.

        pooling: over space, ``max`` or ``mean``; the same for layers without space.
        probe: ``held_out`` or ``factorial``.
        Raises RunError for a layer, step or probe that was not recorded, and for a damaged snapshot.
        """
        for kind, value, possible in (
            ("layer", layer, self.layers),
            ("pooling", pooling, POOLINGS),
            ("probe", probe, list(self.probes)),
        ):
            if value not in possible:
                raise RunError(f"No {kind} {value!r} in {self.folder}. Recorded: {', '.join(possible)}.")
        return self._read(step, [f"{probe}/{pooling}/{layer}"]).popitem()[1]

    def logits(self, step: int, probe: str = "held_out") -> np.ndarray:
        """(exemplars, tokens) float32: the network's evidence for each token before the softmax."""
        return self.activations("logits", step, probe=probe)

    def is_whole(self, step: int) -> bool:
        """Whether the snapshot of a step can be read and agrees with its checksums."""
        try:
            return any(name.startswith("weights/") for name in self._read(step, None))
        except RunError:
            return False

    def damaged(self) -> list[int]:
        """Steps whose snapshots are damaged."""
        return [step for step in self.steps if not self.is_whole(step)]

    def copy_snapshot(self, other: Run, step: int) -> None:
        """Take over another run's snapshot, weights, optimizer and all."""
        other._read(step, None)
        with other.snapshot_path(step).open("rb") as source:
            write_whole(self.snapshot_path(step), lambda file: shutil.copyfileobj(source, file))

    def _group(self, step: int, prefix: str) -> dict[str, np.ndarray]:
        flat = self._read(step, prefix)
        return {name.removeprefix(prefix): values for name, values in flat.items()}

    def _read(self, step: int, wanted: str | list[str] | None) -> dict[str, np.ndarray]:
        path = self.snapshot_path(step)
        if not path.exists():
            raise RunError(
                f"No snapshot of step {step} in {self.folder}. There are: {', '.join(map(str, self.steps))}."
            )
        return _read_npz(path, wanted)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a run folder, made if missing, against other processes until done or dead.

    Raises RunHeld if another process holds it, RunError if the folder cannot be written.
    """
    lock = filelock.FileLock(folder / ".lock", blocking=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        raise RunHeld(
            f"Another process is recording into {folder}. Wait for it, or choose another folder with --run."
        ) from None
    except OSError as error:
        raise RunError(f"{folder} cannot be written ({error.strerror}). Choose another folder with --run.") from None
    try:
        for pattern in ABANDONED:
            for part in folder.glob(pattern):
                part.unlink(missing_ok=True)
        yield
    finally:
        if not (folder / "experiment.json").exists():  # nothing came of it
            with suppress(OSError):
                (folder / ".lock").unlink()
                folder.rmdir()
        lock.release()


@contextmanager
def disk_full_explained(path: Path) -> Iterator[None]:
    """Turn the many errors of a full disk into one RunError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise RunError(
                f"The disk is full: {path} could not be written. What was recorded before is intact; "
                "free some space and give the same command again to go on."
            ) from error
        raise


@contextmanager
def vanishing_explained(folder: Path) -> Iterator[None]:
    """Turn the many errors of a folder that is moved or deleted meanwhile, or none, into one RunError."""
    cause = None
    try:
        yield
    except OSError as error:
        cause = error
    if not all((folder / name).exists() for name in ("experiment.json", "snapshots")):
        raise RunError(
            f"{folder} was moved or deleted while the run was recorded. "
            "Give the same command again: it goes on with what is there, or records the run anew."
        ) from cause
    if cause:
        raise cause


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let ``write`` fill a file beside ``path``, then move it there: whole or absent.

    Raises RunError if the disk is full; any failure leaves what was there before.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with disk_full_explained(path):
            with part.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _is_begun(entry: Path) -> bool:
    """Whether an entry of a folder is left of a run that was being made when the process died, or was deleted meanwhile."""
    if entry.name == "snapshots" and entry.is_dir():
        return all(fnmatch(path.name, "step_*.npz") or fnmatch(path.name, ".step_*.part") for path in entry.iterdir())
    known = (".lock", "probe.npz", "tensorboard", *ABANDONED)
    return any(fnmatch(entry.name, pattern) for pattern in known)


def _make_snapshots_folder(folder: Path) -> None:
    """Raises RunError if a folder in the run folder is a link: what is written or deleted there would lie outside."""
    inside = (Path(place) / name for place, names, _ in os.walk(folder) for name in names)
    if link := next((path for path in inside if path.is_symlink()), None):
        raise RunError(f"{link} is a link. Link the whole run folder instead, or choose another with --run.")
    (folder / "snapshots").mkdir(parents=True, exist_ok=True)


def _json_writer(content: Mapping[str, Any]) -> Callable[[BinaryIO], object]:
    text = json.dumps({**content, CHECKSUM: _checksum(content)}, indent=2, ensure_ascii=False)
    return lambda file: file.write(f"{text}\n".encode())


def _checksum(content: Any) -> str:
    return f"{zlib.crc32(json.dumps(content, sort_keys=True).encode()):08x}"


def _checked(table: csv.DictReader[str]) -> list[dict[str, str]]:
    """The rows of a history without the checksum, which each has of all. Raises ValueError if they do not agree."""
    rows = list(table)
    found = {row.pop(CHECKSUM, None) for row in rows}
    if any(None in row for row in rows) or found != {_checksum(rows)}:
        raise ValueError("it does not agree with its checksum")
    return rows


def _read_npz(path: Path, wanted: str | list[str] | None = None) -> dict[str, np.ndarray]:
    """Arrays of a file whose names are in ``wanted`` or begin with it; all for None.

    NumPy's own reader stops where an array ends by its header, and so misses the checksum behind a damaged one.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = wanted if isinstance(wanted, list) else _names(archive, path, wanted or "")
            return {name: _array(archive, f"{name}.npy") for name in names}
    except UNREADABLE as error:
        raise _damaged(path, error) from None


def _names(archive: zipfile.ZipFile, path: Path, beginning: str) -> list[str]:
    """Names of the arrays that begin so. Raises ValueError where the archive's directory is damaged.

    An array whose name is damaged there would merely not be among them.
    """
    members = archive.infolist()
    for member in members:
        archive.open(member).close()  # compares its name with the one beside its data
    with path.open("rb") as file:
        file.seek(-22, os.SEEK_END)  # the end of the directory
        end = file.read()
    if len(members) != int.from_bytes(end[10:12], "little"):
        raise ValueError("its directory is not whole")
    return [member.filename.removesuffix(".npy") for member in members if member.filename.startswith(beginning)]


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """The array of a member. Raises ValueError for one that swells as no recorded array does."""
    member = archive.getinfo(name)
    if member.file_size > LARGE and member.file_size > MOST_PACKED * member.compress_size:
        raise ValueError(f"{name} would take {member.file_size / 1e9:.1f} GB, of {member.compress_size / 1e6:.1f} MB")
    return np.lib.format.read_array(io.BytesIO(archive.read(member)), allow_pickle=False)


LARGE, MOST_PACKED = 2**28, 100
"""Bytes of an array, and how many times smaller a larger one is on disk at most: more is a decompression bomb."""

UNREADABLE = (
    OSError,
    MemoryError,
    ValueError,
    KeyError,
    RuntimeError,  # an encrypted archive
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
)


def _damaged(path: Path, error: Exception) -> RunError:
    return RunError(
        f"{path} is damaged ({str(error) or type(error).__name__}). Other files are not affected. "
        "Give the command that recorded the run again: it mends what is damaged."
    )


def _write_probes(folder: Path, probes: Mapping[str, Exemplars | None]) -> None:
    write_whole(folder / "probe.npz", lambda file: np.savez_compressed(file, **_flat_probes(probes)))


def _flat_probes(probes: Mapping[str, Exemplars | None]) -> dict[str, np.ndarray]:
    flat: dict[str, np.ndarray] = {}
    for probe, exemplars in probes.items():
        if exemplars is None:
            continue
        flat |= {f"{probe}/images": exemplars.images, f"{probe}/tokens": exemplars.tokens}
        flat |= {f"{probe}/factors/{name}": values for name, values in exemplars.factors.items()}
        for name, values in (("codes", exemplars.codes), ("masks", exemplars.masks)):
            if values is not None:
                flat[f"{probe}/{name}"] = values
    return flat


def _exemplars(flat: Mapping[str, np.ndarray], prefix: str) -> Exemplars:
    factors = f"{prefix}factors/"
    return Exemplars(
        flat[f"{prefix}images"],
        flat[f"{prefix}tokens"],
        flat.get(f"{prefix}codes"),
        {name.removeprefix(factors): values for name, values in flat.items() if name.startswith(factors)},
        flat.get(f"{prefix}masks"),
    )
