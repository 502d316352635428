"""Which tokens are taken for which."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dense_keras.callbacks.at_steps import AtSteps, as_folder, shared_event_file
from dense_keras.figures.confusion import confusion_picture
from dense_keras.probes import Probe


class ConfusionMatrix(AtSteps):
    """Writes the confusion matrix as a picture: rows are true tokens, columns predicted ones.

    folder: of TensorBoard. probe: images with their tokens. schedule: of ``AtSteps``.
    Raises ValueError if the model has not one output a token.
    """

    def __init__(self, folder: str | Path, probe: Probe, **schedule: Any) -> None:
        super().__init__(**schedule)
        self.folder, self.probe = as_folder(folder), probe

    def record(self, step: int, logs: Mapping[str, float]) -> None:
        self.events = shared_event_file(self.folder, step)
        counts = self.probe.confusion(self.probe.evoke(self.model, step))
        picture = confusion_picture(counts, self.probe.token_names)
        self.events.image("confusion", [picture], step, "Rows: true token. Columns: predicted. Counts of probe images.")
        self.events.flush()
