"""The same experiment on every installed backend, in one run.

Ten steps are compared in float64. In float32 the same steps agree until a rounding error
turns a maximum in a pooling over, which happens at another step on another processor; so
there only the untrained network and the first update are held to the same bounds.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from dense_keras.backend import installed_backends, keras

PROGRAM = """
import json
import numpy as np
from dense_keras.backend import keras
from dense_keras.experiment import Experiment, batches, compiled_vgg

experiment = Experiment(exemplars=64, held_out=4)
token_set = experiment.load_tokens()
results = {}
for precision, steps in (("float32", 2), ("float64", 10)):
    keras.config.set_floatx(precision)
    keras.config.set_dtype_policy(precision)
    model = compiled_vgg(experiment, token_set)
    logits = np.asarray(model.predict_on_batch(token_set.held_out.images))
    batch = batches(token_set.train, experiment)
    losses = [float(model.train_on_batch(*next(batch), return_dict=True)["loss"]) for _ in range(steps)]
    results[precision] = [logits.tolist(), losses, str(model.get_layer("dense").kernel.dtype)]
print("RESULT" + json.dumps(results))
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
            env=os.environ | {"KERAS_BACKEND": name, "JAX_ENABLE_X64": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        results[name] = json.loads(done.stdout.split("RESULT")[1])
    first, *others = results.values()
    for precision, (first_logits, first_losses, _) in first.items():
        for other in others:
            logits, losses, dtype = other[precision]
            assert dtype == precision
            np.testing.assert_allclose(logits, first_logits, atol=1e-5)
            np.testing.assert_allclose(losses, first_losses, atol=1e-4)
