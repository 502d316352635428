"""When to record: the untrained network, log-spaced steps, every epoch."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from weakref import WeakValueDictionary

from dense_keras.backend import keras
from dense_keras.tensorboard import EventFile

LOG_SPACED = (1, 4, 16, 32, 64, 96, 128, 192, 256)
"""Steps between the untrained network and the pace of epochs, about log-spaced."""


class AtSteps(keras.callbacks.Callback):
    """Calls ``record(step, logs)`` when a recording is due; subclasses say what that is.

    steps: optimizer updates after which to record, besides the start of training.
    each_epoch: record at the end of each epoch too.
    Steps count over the optimizer's whole life, so a second ``fit`` goes on counting.
    """

    def __init__(self, steps: Iterable[int] = LOG_SPACED, each_epoch: bool = True) -> None:
        super().__init__()
        if isinstance(steps, str) or not isinstance(steps, Iterable):
            raise ValueError(f"Steps came as {steps!r}. Give a list of them, such as [1, 10, 100].")
        self.steps = frozenset(steps)
        if any(step < 0 for step in self.steps):
            raise ValueError(f"Steps came as {sorted(self.steps)}; they count optimizer updates, from 0.")
        self.each_epoch = each_epoch
        self._recorded: int | None = None

    def go_on_from(self, step: int) -> None:
        """Take a step as recorded already, by the process that was here before."""
        self._recorded = step

    def record(self, step: int, logs: Mapping[str, float]) -> None:
        """Record the state after ``step`` updates; ``logs`` are those of Keras, empty at the start."""
        raise TypeError(f"{type(self).__name__} must define record(step, logs).")

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self._step = self._updates()
        self._record_once({})

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self._epoch_start = self._step
        self._batches_an_update = getattr(self.model.optimizer, "gradient_accumulation_steps", None) or 1

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        in_epoch = self.params.get("steps")
        batches = min(batch + 1, in_epoch or batch + 1)  # several batches at once may be counted beyond the last
        before, self._step = self._step, self._epoch_start + batches // self._batches_an_update
        ends_epoch = self.each_epoch and batches == in_epoch
        if not ends_epoch and any(step in self.steps for step in range(before + 1, self._step + 1)):
            self._record_once(logs or {})

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self._step = self._updates()
        if self.each_epoch:
            self._record_once(logs or {})

    def _updates(self) -> int:
        return int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))

    def _record_once(self, logs: Mapping[str, float]) -> None:
        if self._recorded != self._step:
            self.record(self._step, logs)
            self._recorded = self._step


_open_files: WeakValueDictionary[Path, EventFile] = WeakValueDictionary()
_latest_steps: dict[Path, int] = {}


def as_folder(folder: str | Path) -> Path:
    """A folder that is there or can be made. Raises ValueError for a file."""
    path = Path(folder)
    if path.is_file():
        raise ValueError(f"{path} is a file. Name a folder: it is made if it is missing.")
    return path


def drop_embeddings(folder: str | Path) -> None:
    """Remove what the projector has of steps after 0, when a training begins there anew."""
    embeddings = Path(folder) / "embeddings"
    for snapshot in () if embeddings.is_symlink() else embeddings.glob("step_*"):
        if snapshot.name != "step_000000":
            shutil.rmtree(snapshot, ignore_errors=True)


def shared_event_file(folder: str | Path, step: int) -> EventFile:
    """The event file that all callbacks of this process write into for a folder.

    TensorBoard reads one growing file a folder. A new file that joins older ones makes
    TensorBoard drop what those hold from ``step`` on, which is then recorded again. So does
    a step that lies before the latest one, when a model was compiled anew. A training that
    begins at step 0 drops embeddings likewise; one that goes on from 0 is never here at 0.
    """
    path = Path(folder).resolve()
    events = _open_files.get(path)
    if events is None or step < _latest_steps.get(path, 0):
        joins = any(path.glob("events.out.tfevents.*"))
        events = _open_files[path] = EventFile(path, purge_step=step if joins else None)
        if step == 0:
            drop_embeddings(path)
    _latest_steps[path] = step
    return events
