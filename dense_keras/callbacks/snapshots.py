"""Snapshots into a run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dense_keras import probes
from dense_keras.backend import keras
from dense_keras.callbacks.at_steps import AtSteps
from dense_keras.probes import Evoked, Probe
from dense_keras.run import Run


class Snapshots(AtSteps):
    """Writes weights, optimizer, history, and what each probe evokes in all layers into a run.

    run: open for writing. probe_of: name in the run -> probe; ``held_out`` has tokens.
    steps_per_epoch: by which the history counts epochs.
    rows: of the history so far.
    schedule: of ``AtSteps``.
    """

    def __init__(
        self,
        run: Run,
        probe_of: Mapping[str, Probe],
        steps_per_epoch: int,
        rows: Sequence[dict[str, float]] = (),
        **schedule: Any,
    ) -> None:
        super().__init__(**schedule)
        self.run, self.probe_of, self.steps_per_epoch = run, probe_of, steps_per_epoch
        self.rows = list(rows)

    def latest_accuracy(self) -> float | None:
        """Held-out accuracy at the latest snapshot, in 0..1; None before the first."""
        return self.rows[-1]["held_out_accuracy"] if self.rows else None

    def record(self, step: int, logs: Mapping[str, float]) -> None:
        evoked = {name: probe.evoke(self.model, step) for name, probe in self.probe_of.items()}
        self.run.write_snapshot(step, self._arrays(evoked))
        self.rows.append(self._row(step, logs, evoked["held_out"]))
        self.run.write_history(self.rows)

    def _arrays(self, evoked: Mapping[str, Evoked]) -> dict[str, np.ndarray]:
        arrays = {f"weights/{path}": values for path, values in probes.weights(self.model).items()}
        for index, variable in enumerate(self.model.optimizer.variables):
            arrays[f"optimizer/{index:03d}/{variable.name}"] = keras.ops.convert_to_numpy(variable)
        for name, seen in evoked.items():
            for pooling, layers in (("max", seen.maxima), ("mean", seen.means)):
                arrays |= {f"{name}/{pooling}/{layer}": values for layer, values in layers.items()}
        return arrays

    def _row(self, step: int, logs: Mapping[str, float], seen: Evoked) -> dict[str, float]:
        probe = self.probe_of["held_out"]
        accuracy, of_token = probe.accuracies(seen)
        return {
            "step": step,
            "epoch": step / self.steps_per_epoch,
            "loss": float(logs.get("loss", np.nan)),
            "accuracy": float(logs.get("accuracy", np.nan)),
            "held_out_loss": _cross_entropy(seen.outputs, probe.tokens),
            "held_out_accuracy": accuracy,
            **{f"accuracy/{name}": share for name, share in of_token.items()},
            "learning_rate": float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
        }


def _cross_entropy(logits: np.ndarray, tokens: np.ndarray) -> float:
    """Mean of -log softmax(logits) at the true token, in nats."""
    logits = logits.astype(np.float64)
    largest = logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(logits - largest).sum(axis=1)) + largest[:, 0]
    return float((log_sums - logits[np.arange(len(tokens)), tokens]).mean())
