"""A line that shows how training goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from dense_keras.backend import keras


class Progress(keras.callbacks.Callback):
    """Shows epoch, loss, held-out accuracy and time left.

    total: steps of the whole training. steps_per_epoch: by which epochs are counted.
    held_out_accuracy: gives the latest one, in 0..1, or None where there is none yet.
    """

    def __init__(self, total: int, steps_per_epoch: int, held_out_accuracy: Callable[[], float | None]) -> None:
        super().__init__()
        self.total, self.steps_per_epoch, self.held_out_accuracy = total, steps_per_epoch, held_out_accuracy
        self._bar: Bar | None = None

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        step = int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))
        self._bar = Bar(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(bar_width=24),
            TextColumn("loss {task.fields[loss]}  held-out accuracy {task.fields[accuracy]}"),
            TimeRemainingColumn(),
            TextColumn("left"),
            refresh_per_second=4,
        )
        self._task = self._bar.add_task("train", total=self.total, completed=step, **self._fields(step, {}))
        self._bar.start()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        done = int(self._bar.tasks[self._task].completed)
        self._bar.update(self._task, advance=1, **self._fields(done, logs or {}))

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        if self._bar is not None:
            self._bar.update(self._task, accuracy=self._fields(0, {})["accuracy"])
            self._bar.stop()

    def _fields(self, done: int, logs: Mapping[str, float]) -> dict[str, str]:
        accuracy = self.held_out_accuracy()
        epochs = -(-self.total // self.steps_per_epoch)
        return {
            "epoch": f"{min(done // self.steps_per_epoch + 1, epochs)}/{epochs}",
            "loss": f"{float(logs['loss']):.3f}" if "loss" in logs else "-",
            "accuracy": "-" if accuracy is None else f"{accuracy:.3f}",
        }
