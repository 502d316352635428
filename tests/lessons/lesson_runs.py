"""Running a lesson as a learner does, and looking at what it leaves."""

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from dense_keras.backend import keras
from dense_keras.run import Run

LESSONS = Path(__file__).parents[2] / "lessons"


def run_lesson(name, folder, *arguments):
    """Run a copy of a lesson in a folder of its own, in a process of its own; returns what it printed."""
    shutil.copy(LESSONS / name, folder)
    environment = {**os.environ, "KERAS_BACKEND": keras.config.backend(), "MPLBACKEND": "Agg", "PYTHONUTF8": "1"}
    command = [sys.executable, name, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def run_lesson_here(name, folder, *arguments, change=None, as_script=True):
    """The same in this process, which spares the imports; returns what it printed.

    change: text of the lesson that stands there once, and what to put in its place.
    as_script: False for a notebook, where nothing tells the lesson which file it is.
    """
    text = (LESSONS / name).read_text(encoding="utf-8")
    if change:
        assert text.count(change[0]) == 1
        text = text.replace(*change)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    names = {"__name__": "__main__"} | ({"__file__": str(path)} if as_script else {})
    matplotlib.use("Agg")
    before = sys.argv
    sys.argv = [str(path), *map(str, arguments)]
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()) as printed, plt.rc_context():
            exec(compile(text, str(path), "exec"), names)
    finally:
        sys.argv = before
        plt.close("all")
    return printed.getvalue()


def described_copy(run, folder, **changes):
    """A copy of a run that says something else about itself."""
    copy = Run(shutil.copytree(run.folder, folder))
    copy.describe(**changes)
    return copy


def figures_in(folder):
    """Name -> how many different colours each saved picture has; all are checked not to be blank."""
    colours = {}
    for path in sorted((folder / "figures").glob("*.png")):
        picture = np.asarray(Image.open(path).convert("RGB"))
        colours[path.name] = len(np.unique(picture @ np.array([1, 256, 65536])))
        assert min(picture.shape[:2]) > 300, path.name
        assert picture.std() > 10 and colours[path.name] > 20, path.name
    return colours


def numbers_after(text, printed):
    """Numbers in the line of the output that begins with ``text``."""
    (line,) = [line for line in printed.splitlines() if line.startswith(text)]
    return [float(number) for number in re.findall(r"(?<![\w.])[-+]?\d*\.?\d+", line[len(text) :])]
