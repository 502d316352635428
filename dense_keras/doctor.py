"""What is installed, what is missing, and what to do."""

from __future__ import annotations

import importlib
import os
import shutil
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

NEEDED_BYTES = 10**9
"""Free space for one run at default settings (measured: 0.7 GB)."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at. good: whether it is as it should be. remedy: what to do if not."""

    subject: str
    good: bool
    text: str
    remedy: str = ""


def examine(folder: str | Path = ".") -> list[Finding]:
    """Look at everything a run needs. folder: where runs would be recorded."""
    return [_backend(), _packages(), _tensorboard(), _threads(), _disk(Path(folder)), _writable(Path(folder))]


def _backend() -> Finding:
    try:
        backend = importlib.import_module("dense_keras.backend")
    except ImportError as error:
        return Finding("backend", False, str(error), "Set KERAS_BACKEND, or install what is missing as said above.")
    name = backend.keras.config.backend()
    others = [other for other in backend.installed_backends() if other != name]
    return Finding(
        "backend",
        True,
        f"{name} {backend.backend_version()}" + (f" (also installed: {', '.join(others)})" if others else ""),
    )


def _packages() -> Finding:
    names = ("dense-keras", "keras", "numpy", "matplotlib", "pillow")
    return Finding("versions", True, ", ".join(f"{name} {metadata.version(name)}" for name in names))


def _tensorboard() -> Finding:
    version = metadata.version("tensorboard")
    good = tuple(int(part) for part in version.split(".")[:2]) >= (2, 21)
    remedy = "" if good else 'Older ones break with newer setuptools: pip install "tensorboard>=2.21"'
    return Finding("TensorBoard", good, version, remedy)


def _threads() -> Finding:
    settings = [f"{name}={os.environ[name]}" for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY") if name in os.environ]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    processors = os.cpu_count() or 1
    busy = load > 1.5 * processors
    remedy = (
        "Other programs are running, and training will be slow, with PyTorch many times. End them, or wait."
        if busy
        else ""
    )
    return Finding("processors", not busy, ", ".join([f"{processors}, load {load:.1f}", *settings]), remedy)


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    good = free >= NEEDED_BYTES
    remedy = (
        ""
        if good
        else f"A run of 20 epochs takes about {NEEDED_BYTES / 1e9:.0f} GB: free some, or record elsewhere with --run."
    )
    return Finding("free disk", good, f"{free / 1e9:.1f} GB", remedy)


def _writable(folder: Path) -> Finding:
    good = os.access(folder, os.W_OK)
    return Finding(
        "folder", good, str(folder.resolve()), "" if good else "It cannot be written: record elsewhere with --run."
    )
