"""Shared by all tests: quiet threads, and one small recorded run."""

import os
import warnings

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest

from small import SMALL


@pytest.fixture(autouse=True)
def sparse_on_purpose():
    """Tests train on few exemplars; the warning that they are not dense has a test of its own."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is not dense.*")
        yield


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """A recorded run of the settings SMALL, with its TensorBoard view; read it, do not write it."""
    from dense_keras.experiment import Experiment, train

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is not dense.*")
        return train(Experiment(**SMALL), tmp_path_factory.mktemp("runs") / "small", progress=False)
