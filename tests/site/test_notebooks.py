"""A lesson's notebook runs from the first cell to the last."""

import shutil

import pytest

from dense_keras.backend import keras
from dense_keras.course import default_folder
from dense_keras.experiment import Experiment


def test_a_notebook_runs(tool, small_run, tmp_path, monkeypatch):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("KERAS_BACKEND", keras.config.backend())
    shutil.copytree(small_run.folder, tmp_path / default_folder(Experiment()))
    tool("lesson_script").write_downloads(tmp_path / "downloads")
    (path,) = (tmp_path / "downloads").glob("03_*.ipynb")
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, resources=resources, timeout=None, startup_timeout=600).execute()
    printed = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ()))
    assert "holds a finished run" in printed and "Never forgotten: you guessed" in printed
    assert (tmp_path / "figures" / "03_plateaus.png").exists()
