"""The site, built once, and the modules of tools/ that make it."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VALUES = {"share": 0.25, "levels": {"0.2": "chance", "1 part": [1, [2, 3]]}, "name": "Ada"}
PRINTED = [
    "",
    "First: 1,560 steps, -0.5 or 3e-05 of run2\n  Second: none\nThird: it was Ada, most often they are Ben and Cleo\n",
]


@pytest.fixture
def tool(monkeypatch):
    """Imports a module of tools/ by name."""
    monkeypatch.syspath_prepend(ROOT / "tools")
    return importlib.import_module


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built site. Addresses outside are out of reach while it is built."""
    pytest.importorskip("mkdocs_macros", reason="no MkDocs: pip install -e '.[docs]'")
    folder = tmp_path_factory.mktemp("built") / "a site"
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | nowhere, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


@pytest.fixture
def recorded(tool, monkeypatch, tmp_path):
    """The module, on outputs of lesson 03 on TensorFlow and a table of its own."""
    module = tool("recorded")
    tool("atlases")  # takes over what is changed here, so it is loaded before
    monkeypatch.setattr(module, "DOCS", tmp_path)
    monkeypatch.setattr(module, "OUTPUTS", tmp_path / "outputs")
    folder = tmp_path / "outputs" / "tensorflow" / "03"
    folder.mkdir(parents=True)
    (folder / "numbers.json").write_text(json.dumps({"values": VALUES, "printed": PRINTED}))
    (tmp_path / "runs.csv").write_text("backend,seed,final\ntorch,0,0.5\ntorch,1,\ntensorflow,0,1.0\n")
    return module
