"""The same experiment on every installed backend, in one run."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from dense_keras.backend import installed_backends, keras

PROGRAM = """
import json, numpy as np
from dense_keras.experiment import Experiment, batches, compiled_vgg
experiment = Experiment(exemplars=64, held_out=4)
token_set = experiment.load_tokens()
model = compiled_vgg(experiment, token_set)
logits = np.asarray(model.predict_on_batch(token_set.held_out.images))
batch = batches(token_set.train, experiment)
losses = [float(model.train_on_batch(*next(batch), return_dict=True)["loss"]) for _ in range(10)]
print("RESULT" + json.dumps([logits.tolist(), losses]))
"""


@pytest.mark.skipif(len(installed_backends()) < 2, reason="parity needs two backends, and one is installed")
@pytest.mark.skipif(
    keras.config.backend() != installed_backends()[0], reason=f"parity is tested once, under {installed_backends()[0]}"
)
def test_same_network_and_same_batches_on_every_backend():
    results = {}
    for name in installed_backends():
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", PROGRAM],
            env=os.environ | {"KERAS_BACKEND": name},
            capture_output=True,
            text=True,
            check=True,
        )
        results[name] = json.loads(done.stdout.split("RESULT")[1])
    (first_logits, first_losses), *others = results.values()
    for logits, losses in others:
        np.testing.assert_allclose(logits, first_logits, atol=1e-5)
        np.testing.assert_allclose(losses, first_losses, atol=1e-4)
