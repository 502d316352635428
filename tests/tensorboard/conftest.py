"""TensorBoard's own readers, in this process: no port, no browser, no TensorFlow."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from dense_keras.tensorboard import server

server._keep_tensorflow_out()


class Reader:
    """The pages that a browser would ask for."""

    def __init__(self, folder: Path) -> None:
        from tensorboard import program
        from tensorboard.backend import application
        from tensorboard.backend.event_processing import data_provider
        from tensorboard.backend.event_processing import plugin_event_multiplexer as multiplexer
        from werkzeug.test import Client

        configured = program.TensorBoard(plugins=server.plugins())
        configured.configure(argv=server.arguments(folder, 0, "127.0.0.1"))
        self._folder = folder
        self._multiplexer = multiplexer.EventMultiplexer(
            size_guidance={"tensors": 0}, tensor_size_guidance={"images": 1000}, purge_orphaned_data=True
        )
        self.reload()
        provider = data_provider.MultiplexerDataProvider(self._multiplexer, str(folder))
        self._client = Client(
            application.TensorBoardWSGIApp(configured.flags, configured.plugin_loaders, provider, None)
        )

    def reload(self) -> None:
        self._multiplexer.AddRunsFromDirectory(str(self._folder))
        self._multiplexer.Reload()

    def bytes(self, path: str, **query: object) -> bytes:
        response = self._client.get(f"/data/{path}", query_string=query or None)
        assert response.status_code == 200, f"{path}: {response.status} {response.data[:300]!r}"
        return response.data

    def json(self, path: str, **query: object) -> object:
        return json.loads(self.bytes(path, **query))


@pytest.fixture
def reader():
    return Reader


@pytest.fixture(autouse=True)
def no_thread_dies(monkeypatch):
    """TensorBoard looks for plugins in threads, where an error would pass unseen."""
    errors = []
    monkeypatch.setattr(threading, "excepthook", lambda args: errors.append(args.exc_value))
    yield
    assert not errors
