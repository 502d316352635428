import json
import subprocess
import sys

import numpy as np
import pytest

from dense_keras.tensorboard import EventFile, serve, server


@pytest.fixture
def run(tmp_path):
    with EventFile(tmp_path) as events:
        events.scalar("loss", 1, 0)
    return tmp_path


def test_only_this_computer_can_look_unless_asked(run):
    arguments = server.arguments(run, 6006, "127.0.0.1")
    assert arguments[arguments.index("--logdir") + 1] == str(run)
    assert arguments[arguments.index("--host") + 1] == "127.0.0.1"
    assert "images=1000" in arguments[arguments.index("--samples_per_plugin") + 1]
    assert "--bind_all" not in arguments


def test_every_step_of_an_image_is_shown(run, reader):
    with EventFile(run) as events:
        for step in range(40):
            events.image("filters", np.zeros((1, 4, 4, 1), np.uint8), step)
    pages = reader(run)
    images = pages.json("plugin/images/images", run=".", tag="filters", sample=0)
    assert [image["step"] for image in images] == list(range(40))
    assert pages.bytes("plugin/images/individualImage?" + images[0]["query"]).startswith(b"\x89PNG")


def test_all_tabs_are_active(run, reader):
    with EventFile(run) as events:
        events.image("filters", np.zeros((1, 4, 4, 1), np.uint8), 0)
        events.histogram("kernel", np.arange(5), 0)
        events.text("note", "text", 0)
    tabs = reader(run).json("plugins_listing")
    assert all(tabs[name]["enabled"] for name in ("scalars", "images", "histograms", "text"))
    assert not tabs["projector"]["enabled"]


def test_a_folder_without_event_files_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="No event files for TensorBoard: give the folder of a run"):
        serve(tmp_path)


SERVED = """
import json, sys, urllib.request
from dense_keras.tensorboard import server
address = server.launch(sys.argv[1], port=0)
port = int(address.rstrip("/").rpartition(":")[2])
listing = json.load(urllib.request.urlopen(address + "data/plugins_listing"))
try:
    server.serve(sys.argv[1], port)
except OSError as error:
    message = str(error)
backends = sorted({"tensorflow", "torch", "jax", "keras"} & set(sys.modules))
print(json.dumps([address, port, sorted(listing), message, backends]))
"""


def test_a_real_server_answers_without_a_backend_and_a_taken_port_is_an_error(run):
    result = subprocess.run([sys.executable, "-c", SERVED, str(run)], capture_output=True, text=True, timeout=60)
    address, port, tabs, message, backends = json.loads(result.stdout)
    assert address == f"http://127.0.0.1:{port}/"
    assert {"projector", "images", "scalars"} <= set(tabs)
    assert f"Port {port} is taken" in message and f"--port {port + 1}" in message
    assert backends == []


def test_serve_prints_the_address_opens_it_and_ends_on_ctrl_c(run, monkeypatch, capsys):
    class Interrupted:
        def wait(self):
            raise KeyboardInterrupt

    opened = []
    monkeypatch.setattr(server, "launch", lambda *arguments: "http://127.0.0.1:6006/")
    monkeypatch.setattr(server.webbrowser, "open", opened.append)
    monkeypatch.setattr(server.threading, "Event", Interrupted)
    serve(run, open_browser=True)
    assert opened == ["http://127.0.0.1:6006/"]
    assert f"TensorBoard shows {run} at http://127.0.0.1:6006/" in capsys.readouterr().out
