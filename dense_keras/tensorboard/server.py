"""TensorBoard for one run, or for a folder of runs."""

from __future__ import annotations

import errno
import sys
import threading
import types
import webbrowser
from pathlib import Path

SAMPLES = "images=1000,histograms=1000,scalars=10000,text=1000"
"""How many steps of a tag are shown. By default TensorBoard shows 10 images and drops those between."""


def serve(folder: str | Path, port: int = 6006, host: str = "127.0.0.1", open_browser: bool = False) -> None:
    """Show ``folder`` in TensorBoard until Ctrl-C, and print the address.

    folder: holds event files, at any depth; snapshots written later appear after a reload of the page.
    host: only this computer can look, unless another address is given: ``0.0.0.0`` lets everybody in.

    Raises FileNotFoundError if there is no event file, and OSError if the port is taken.
    """
    address = launch(folder, port, host)
    print(f"TensorBoard shows {folder} at {address} (Ctrl-C ends it)", flush=True)
    if open_browser:
        webbrowser.open(address)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print()


def launch(folder: str | Path, port: int = 6006, host: str = "127.0.0.1") -> str:
    """Start TensorBoard in a thread that ends with the process, and return its address.

    port: 0 takes one that is free.
    Raises as ``serve`` does, and ValueError for a port that cannot be.
    """
    if not 0 <= port <= 65535:
        raise ValueError(f"Port {port} came. Ports are 0, for any free one, to 65535.")
    if not any(Path(folder).rglob("*tfevents*")):
        raise FileNotFoundError(
            errno.ENOENT,
            "No event files for TensorBoard: give the folder of a run that was recorded, or the folder of all runs",
            str(folder),
        )
    _keep_tensorflow_out()
    from tensorboard import program

    tensorboard = program.TensorBoard(plugins=plugins())
    tensorboard.configure(argv=arguments(folder, port, host))
    try:
        return tensorboard.launch()
    except program.TensorBoardPortInUseError:
        raise OSError(
            errno.EADDRINUSE,
            f"Port {port} is taken, perhaps by another TensorBoard: end that one, "
            f"or pick another with --port {port + 1}",
        ) from None


def plugins() -> list[type]:
    """TensorBoard's own tabs, with a projector that lists snapshots by name, and so by step.

    It also looks for snapshots whenever it is asked if there are any. TensorBoard's looks in the
    background, hides the tab on the first page, and forever if looking failed once.
    """
    from tensorboard import default
    from tensorboard.plugins.projector.projector_plugin import ProjectorPlugin

    class OrderedProjector(ProjectorPlugin):
        def _update_configs(self) -> None:
            super()._update_configs()
            self._configs = dict(sorted(self._configs.items()))

        def is_active(self) -> bool:
            self._update_configs()
            return bool(self._configs)

    return [*default.get_static_plugins(), OrderedProjector]


def arguments(folder: str | Path, port: int, host: str) -> list[str]:
    """The command line that shows all steps of ``folder``, and goes on reading files that grow."""
    return [
        "tensorboard",
        *("--logdir", str(folder)),
        *("--port", str(port)),
        *("--host", host),
        *("--samples_per_plugin", SAMPLES),
        *("--reload_multifile", "true"),
    ]


def _keep_tensorflow_out() -> None:
    """Have TensorBoard read files by itself: it imports TensorFlow where it is installed, unless this module exists."""
    name = "tensorboard.compat.notf"
    sys.modules.setdefault(name, types.ModuleType(name))
