"""Which backend Keras runs on: the one place that chooses.

Everything in the package that needs Keras says ``from dense_keras.backend import keras``,
so that the choice is made, and a wrong one explained, before Keras is loaded.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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


@contextmanager
def kept_random_state() -> Iterator[None]:
    """What is drawn within changes no random number that is drawn afterwards.

    Keeps the state of Keras's global generator, of Python's, from which it is seeded when
    it is first needed, and of PyTorch's, from which its dropout draws. TensorFlow and JAX
    draw by Keras's generators alone.
    """
    states = [(get(), put) for get, put in _global_generators()]
    try:
        yield
    finally:
        for state, put in states:
            put(state)


def _global_generators() -> Iterator[tuple[Callable[[], Any], Callable[[Any], Any]]]:
    """How to get and put the state of each generator of random numbers that is shared by all layers."""
    yield random.getstate, random.setstate
    name = "global_seed_generator"
    shared = global_state.get_global_attribute(name)
    if shared is None:
        yield lambda: None, lambda none: global_state.set_global_attribute(name, none)
    else:
        yield lambda: keras.ops.convert_to_numpy(shared.state).copy(), shared.state.assign
    if keras.config.backend() == "torch":
        torch = sys.modules["torch"]
        yield torch.get_rng_state, torch.set_rng_state
        if torch.cuda.is_available():
            yield torch.cuda.get_rng_state_all, torch.cuda.set_rng_state_all
        if torch.backends.mps.is_available():
            yield torch.mps.get_rng_state, torch.mps.set_rng_state


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
from keras.src.backend.common import global_state  # noqa: E402

__all__ = [
    "BACKENDS",
    "BackendError",
    "backend_version",
    "choose_backend",
    "fast_data_format",
    "installed_backends",
    "kept_random_state",
    "keras",
]
