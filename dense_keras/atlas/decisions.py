"""What the network called each exemplar over time: the learning curves, the confusions, each exemplar's fate."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax

from dense_keras.atlas.arrays import Packed, integers, numbers, shares
from dense_keras.atlas.recorded import Recorded
from dense_keras.codes import named_ceilings
from dense_keras.measures import classification


def decisions(recorded: Recorded) -> dict[str, Any]:
    """``curves``, ``confusion``, and what is known of each exemplar's ``answers``."""
    logits, tokens = recorded.activations("logits"), recorded.probe.tokens
    predicted = classification.predicted_tokens(logits)
    return {
        "curves": _curves(recorded, predicted),
        "confusion": integers(classification.confusions(predicted, tokens)),
        "answers": {
            "predicted": integers(predicted),
            "certainty": shares(softmax(logits, axis=2).max(axis=2)),
            "certaintyOfToken": shares(classification.confidences(logits, tokens)),
        },
    }


def _curves(recorded: Recorded, predicted: np.ndarray) -> dict[str, Any]:
    tokens, steps = recorded.probe.tokens, np.array(recorded.steps)
    accuracy = classification.accuracy(predicted, tokens)
    low, high = classification.wilson_band(classification.correctness(predicted, tokens).sum(axis=1), len(tokens))
    rests = classification.plateaus(accuracy, (high - low) / 4, steps)
    code = recorded.run.description["experiment"]["code"]
    return {
        "train": _training_accuracy(recorded),
        "heldOut": numbers(accuracy),
        "band": numbers([low, high]),
        "ofToken": numbers(classification.token_accuracies(predicted, tokens)),
        "plateaus": [
            [int(steps[first]), int(steps[last]), float(accuracy[first : last + 1].mean())] for first, last in rests
        ],
        "ceilings": [[level, name] for level, name in named_ceilings(code, len(recorded.run.token_names)).items()],
    }


def _training_accuracy(recorded: Recorded) -> Packed:
    """Mean over the epoch so far; unknown at step 0, and where the history has no row."""
    history = recorded.run.history
    known = dict(zip(history.get("step", ()), history.get("accuracy", ()), strict=True))
    return numbers([known.get(step, np.nan) for step in recorded.steps])
