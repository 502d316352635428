"""Small runs that several lessons read, trained once for all of them; read them, do not write them."""

import warnings

import pytest

from dense_keras.experiment import Experiment, train
from small import SMALL


@pytest.fixture(scope="session")
def fashion_run(tmp_path_factory):
    """A run of photographs, whose parts nobody knows."""
    return _recorded(tmp_path_factory, tokens="fashion", exemplars=13, held_out=3, epochs=1)


@pytest.fixture(scope="session")
def conjunctive_run(tmp_path_factory):
    """A run of conjunctive tokens, with enough held-out exemplars to take the factors of the view out."""
    return _recorded(tmp_path_factory, **SMALL | {"code": "conjunctive", "held_out": 30})


def _recorded(folders, **settings):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is not dense.*")
        folder = folders.mktemp(settings.get("code", settings.get("tokens"))) / "run"
        return train(Experiment(**settings), folder, record=False, progress=False)
