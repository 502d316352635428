"""Curves: loss, metrics, learning rate, accuracy of each token."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dense_keras.backend import keras
from dense_keras.callbacks.at_steps import AtSteps, shared_event_file
from dense_keras.probes import Probe


class Scalars(AtSteps):
    """Writes what Keras logs, the learning rate and, with a probe, the accuracy of each token.

    folder: of TensorBoard. probe: held-out images with their tokens, or None.
    schedule: ``steps`` and ``each_epoch`` of ``AtSteps``.
    Tags: those of Keras's logs (a running mean over the epoch), ``learning_rate``,
    ``probe_accuracy`` and ``accuracy/TOKEN``, each in 0..1.
    """

    def __init__(self, folder: str | Path, probe: Probe | None = None, **schedule: Any) -> None:
        super().__init__(**schedule)
        self.folder, self.probe = folder, probe

    def record(self, step: int, logs: Mapping[str, float]) -> None:
        self.events = shared_event_file(self.folder, step)
        rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        for tag, value in {**logs, "learning_rate": rate, **self._accuracies(step)}.items():
            self.events.scalar(tag, float(value), step)
        self.events.flush()

    def _accuracies(self, step: int) -> dict[str, float]:
        if self.probe is None:
            return {}
        counts = self.probe.confusion(self.probe.evoke(self.model, step))
        present = counts.sum(axis=1) > 0
        shares = counts.diagonal() / counts.sum(axis=1).clip(1)
        accuracies = {f"accuracy/{name}": shares[token] for token, name in enumerate(self.probe.token_names) if present[token]}
        return {"probe_accuracy": counts.trace() / counts.sum(), **accuracies}
