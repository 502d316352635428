"""Curves: loss, metrics, learning rate, accuracy of each token."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dense_keras.backend import keras
from dense_keras.callbacks.at_steps import AtSteps, as_folder, shared_event_file
from dense_keras.probes import Probe


class Scalars(AtSteps):
    """Writes what Keras logs, the learning rate and, if the model names a probe's tokens, their accuracies.

    folder: of TensorBoard. probe: held-out images with their tokens, or None.
    schedule: ``steps`` and ``each_epoch`` of ``AtSteps``.
    Tags: those of Keras's logs (a running mean over the epoch), ``learning_rate``,
    ``probe_accuracy`` and ``accuracy/TOKEN``, each in 0..1.
    """

    def __init__(self, folder: str | Path, probe: Probe | None = None, **schedule: Any) -> None:
        super().__init__(**schedule)
        self.folder, self.probe = as_folder(folder), probe

    def record(self, step: int, logs: Mapping[str, float]) -> None:
        self.events = shared_event_file(self.folder, step)
        rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        for tag, value in {**logs, "learning_rate": rate, **self._accuracies(step)}.items():
            self.events.scalar(tag, float(value), step)
        self.events.flush()

    def _accuracies(self, step: int) -> dict[str, float]:
        evoked = self.probe.evoke(self.model, step) if self.probe is not None else None
        if evoked is None or self.probe.predicted(evoked) is None:
            return {}
        accuracy, of_token = self.probe.accuracies(evoked)
        return {"probe_accuracy": accuracy, **{f"accuracy/{name}": share for name, share in of_token.items()}}
