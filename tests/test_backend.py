import json
import sys

import pytest

from dense_keras import backend


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """A process in which Keras is not loaded, KERAS_BACKEND is unset, and torch and jax are installed."""
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(backend, "installed_backends", lambda: ["torch", "jax"])
    return monkeypatch


def test_unset_takes_an_installed_backend_and_says_so(fresh, capsys):
    assert backend.choose_backend() == "torch"
    assert capsys.readouterr().err == ("dense_keras: KERAS_BACKEND is not set, using torch (installed: torch, jax).\n")


def test_unset_follows_kerass_own_configuration_if_that_is_installed(fresh, tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "jax"}))
    assert backend.choose_backend() == "jax"
    fresh.delenv("KERAS_BACKEND")
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "tensorflow"}))
    assert backend.choose_backend() == "torch"


def test_misspelt_backend_names_what_is_installed_and_how_to_install_another(fresh):
    fresh.setenv("KERAS_BACKEND", "pytorch")
    with pytest.raises(
        backend.BackendError,
        match="'pytorch'. It can be tensorflow, torch, jax. Installed: torch, jax.*Install another with: pip",
    ):
        backend.choose_backend()


def test_missing_backend_says_how_to_install_it(fresh):
    fresh.setenv("KERAS_BACKEND", "tensorflow")
    with pytest.raises(
        backend.BackendError, match=r"not installed. Installed: torch, jax; .*pip install \"dense-keras\[tensorflow\]\""
    ):
        backend.choose_backend()


def test_no_backend_at_all_says_how_to_install_one(fresh):
    fresh.setattr(backend, "installed_backends", lambda: [])
    with pytest.raises(backend.BackendError, match=r"none is installed.*dense-keras\[torch\]"):
        backend.choose_backend()


def test_a_loaded_keras_is_left_alone():
    assert backend.choose_backend() == backend.keras.config.backend()
