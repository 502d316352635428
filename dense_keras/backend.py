"""Which backend Keras runs on: the one place that chooses.

Everything in the package that needs Keras says ``from dense_keras.backend import keras``,
so that the choice is made, and a wrong one explained, before Keras is loaded.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

BACKENDS = ("tensorflow", "torch", "jax")
"""Backends that can train, in the order of preference."""


class BackendError(ImportError):
    """No usable backend, with what is installed and how to install another."""


def installed_backends() -> list[str]:
    """Backends that are installed, in the order of preference; none of them is imported."""
    return [name for name in BACKENDS if importlib.util.find_spec(name) is not None]


def choose_backend() -> str:
    """Settle Keras's backend and return its name.

    KERAS_BACKEND decides. Where it is unset, Keras's own configuration file decides if
    what it names is installed, else the first installed backend is taken; one line on
    standard error says so. Does nothing once Keras is loaded.
    Raises BackendError if KERAS_BACKEND names a backend that is missing or misspelt, or
    if none is installed.
    """
    if "keras" in sys.modules:
        return sys.modules["keras"].config.backend()
    wanted, installed = os.environ.get("KERAS_BACKEND"), installed_backends()
    if wanted:
        if wanted not in BACKENDS:
            raise BackendError(
                f"KERAS_BACKEND is {wanted!r}. It can be {', '.join(BACKENDS)}. {_installed_text(installed)} "
                'Install another with: pip install "dense-keras[torch]" (or tensorflow, or jax)'
            )
        if wanted not in installed:
            raise BackendError(
                f"KERAS_BACKEND is {wanted!r}, which is not installed. {_installed_text(installed)} "
                f'Install it with: pip install "dense-keras[{wanted}]"'
            )
        return wanted
    if not installed:
        raise BackendError(
            "Keras needs a backend and none is installed. Install one with: "
            'pip install "dense-keras[tensorflow]" or pip install "dense-keras[torch]"'
        )
    configured = _configured_backend()
    chosen = configured if configured in installed else installed[0]
    os.environ["KERAS_BACKEND"] = chosen
    print(
        f"dense_keras: KERAS_BACKEND is not set, using {chosen} (installed: {', '.join(installed)}).",
        file=sys.stderr,
    )
    return chosen


def fast_data_format() -> str:
    """The place of the channels in which convolutions are fastest on this backend.

    PyTorch keeps images channels-first; told so, Keras leaves out a copy before and after
    each convolution. The weights have the same shapes either way.
    """
    return "channels_first" if keras.config.backend() == "torch" else "channels_last"


def backend_version() -> str:
    """Version of the backend in use."""
    return sys.modules[keras.config.backend()].__version__


def _installed_text(installed: list[str]) -> str:
    if not installed:
        return "No backend is installed."
    return f"Installed: {', '.join(installed)}; choose one with KERAS_BACKEND={installed[0]}."


def _configured_backend() -> str | None:
    """The backend in Keras's configuration file, or None."""
    folder = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    try:
        return json.loads((folder / "keras.json").read_text()).get("backend")
    except (OSError, ValueError, AttributeError):
        return None


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
choose_backend()

import keras  # noqa: E402

__all__ = [
    "BACKENDS",
    "BackendError",
    "backend_version",
    "choose_backend",
    "fast_data_format",
    "installed_backends",
    "keras",
]
