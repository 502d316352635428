"""What a lesson leaves is kept: figures on both papers, variables, what each cell printed."""

import io
import json
import os
from collections import namedtuple

import numpy as np
import pytest
from PIL import Image

from dense_keras.backend import keras

LESSON = """# %% [markdown]
# # A lesson

# %%
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from dense_keras.figures.palette import LIGHT

figures = Path(__file__).parent / "figures"
figures.mkdir(exist_ok=True)
plt.rcParams.update(LIGHT)
share, names = np.float32(0.25), ["Ada", "Ben"]
print("called", *sys.argv)

# %%
figure, ax = plt.subplots(figsize=(2, 2))
figure.savefig(figures / "99_empty.png")
print(__name__)
"""


@pytest.fixture
def work(tmp_path):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "99_a_lesson.py").write_text(LESSON)
    return tmp_path


def recorded(tool, work):
    arguments = (keras.config.backend(), work, "lessons/99_a_lesson.py", work / "out")
    return tool("record_lessons").in_new_process(tool("run_lesson").run_lesson, *arguments)


def test_figures_values_and_printed_text_are_kept(tool, work):
    recorded(tool, work)
    numbers = json.loads((work / "out" / "numbers.json").read_text())
    assert numbers["values"] == {"names": ["Ada", "Ben"], "share": 0.25}
    assert numbers["printed"] == ["called lessons/99_a_lesson.py\n", "__main__\n"]
    assert numbers["seconds"] > 0 and numbers["cpu_seconds"] > 0 and numbers["cores"] >= 1
    assert numbers["code"] == tool("lesson_script").code_hash(LESSON)
    corners = [Image.open(work / "out" / f"99_empty.{paper}.webp").getpixel((0, 0)) for paper in ("light", "dark")]
    assert corners == [(255, 255, 255), (22, 24, 29)]
    assert str(work) not in (work / "out" / "numbers.json").read_text()


def test_a_failing_lesson_fails_with_its_own_traceback(tool, work):
    path = work / "lessons" / "99_a_lesson.py"
    path.write_text(LESSON.replace("print(__name__)", "names[2]"))
    line = path.read_text().splitlines().index("names[2]") + 1
    with pytest.raises(tool("run_lesson").LessonFailed) as caught:
        recorded(tool, work)
    told = str(caught.value)
    assert f'File "lessons/99_a_lesson.py", line {line}' in told and "names[2]" in told
    assert told.rstrip().endswith("IndexError: list index out of range")
    assert told.count("File ") == 1


def test_what_is_kept_of_variables(tool):
    kept = tool("run_lesson").kept
    Test = namedtuple("Test", "p_value count")
    variables = {
        "whole": np.int64(3), "share": 1 / 3, "nothing": None, "flag": True, "name": "Ada", "_own": 1, "module": json,
        "array": np.arange(4.0).reshape(2, 2), "large": np.zeros(201), "listed": [[1] * 101] * 2, "text": "a" * 501,
        "tested": Test(0.5, 2), "by_step": {1: [0.5], (1, 2): "both"}, "mixed": [1, json],
        "environment": os.environ | {"KERAS_BACKEND": "torch"},
    }  # fmt: skip
    assert kept(variables) == {
        "whole": 3, "share": 0.333333, "nothing": None, "flag": True, "name": "Ada", "array": [[0.0, 1.0], [2.0, 3.0]],
        "tested": {"p_value": 0.5, "count": 2}, "by_step": {"1": [0.5], "1, 2": "both"},
    }  # fmt: skip


def test_a_drawing_keeps_the_colours_of_its_tokens(tool):
    shades = np.zeros((64, 64, 3), np.uint8)
    shades[..., 2] = np.arange(64 * 64).reshape(64, 64) % 256
    shades[..., 1] = np.arange(64 * 64).reshape(64, 64) // 256 * 4
    shades[-1, :2] = (213, 94, 0), (230, 159, 0)  # a few pixels of a name
    picture = Image.fromarray(shades)
    back = np.asarray(Image.open(io.BytesIO(tool("run_lesson").as_webp(picture))))
    assert len(np.unique(back.reshape(-1, 3), axis=0)) <= 256
    assert np.abs(back.astype(int) - shades).max() <= 16
    assert back[-1, :2].tolist() == [[213, 94, 0], [230, 159, 0]]
