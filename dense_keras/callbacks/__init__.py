"""Callbacks that record learning, for any Keras model's ``fit``, on any backend.

    probe = Probe(images, tokens, token_names=["cat", "dog"])
    model.fit(..., callbacks=[
        Scalars("logs", probe), FilterImages("logs"), ActivationMaps("logs", images[:4]),
        Histograms("logs", probe), ConfusionMatrix("logs", probe), Embeddings("logs", probe),
    ])

A callback decides when; ``probes`` say what; ``tensorboard`` or a ``Run`` say where. All
record the untrained network, then log-spaced steps, then every epoch, and none changes
the training: the final weights are the same bits without them.
"""

from dense_keras.callbacks.activation_maps import ActivationMaps
from dense_keras.callbacks.at_steps import LOG_SPACED, AtSteps
from dense_keras.callbacks.confusion_matrix import ConfusionMatrix
from dense_keras.callbacks.embeddings import Embeddings
from dense_keras.callbacks.filter_images import FilterImages
from dense_keras.callbacks.histograms import Histograms
from dense_keras.callbacks.progress import Progress
from dense_keras.callbacks.scalars import Scalars
from dense_keras.callbacks.snapshots import Snapshots

__all__ = [
    "LOG_SPACED",
    "ActivationMaps",
    "AtSteps",
    "ConfusionMatrix",
    "Embeddings",
    "FilterImages",
    "Histograms",
    "Progress",
    "Scalars",
    "Snapshots",
]
