"""Shared by all tests: quiet threads, one small recorded run, and a browser."""

import importlib
import os
import shutil
import warnings
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from dense_keras.sweep import THREAD_SETTINGS

if "PYTEST_XDIST_WORKER" in os.environ:  # each has a core of its own
    os.environ |= dict.fromkeys(THREAD_SETTINGS, "1")

import pytest
from browser import started_chromium

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


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory):
    """A folder for what the tests of a module read in common; it goes with the last of them."""
    folder = tmp_path_factory.mktemp("shared")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def benchmark(monkeypatch):
    """Imports a module of the benchmarks by name."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    return importlib.import_module


@pytest.fixture(scope="module")
def chromium():
    """A browser for the tests of a module, closed after them: a running one keeps other event loops from starting."""
    with started_chromium() as browser:
        yield browser
