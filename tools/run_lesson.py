"""Runs one lesson as it stands, and keeps what it leaves: figures, numbers, printed text, time.

Everything happens in a process of its own, because Keras chooses its backend once. The process
stands in a folder that holds lessons/, docs/ and runs/, as a learner does who starts
``python lessons/03_emergence_of_classification.py``.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lesson_script import code_cells, code_hash

MOST_NUMBERS, MOST_LETTERS = 200, 500
COLOURS_OF_A_DRAWING, MUCH = 10_000, 150_000


class LessonFailed(RuntimeError):
    """A lesson's own traceback."""


def recorded_runs(backend: str, folder: Path, presets: list[str]) -> dict[str, str]:
    """Record the course's runs that are missing, in ``folder``/runs; preset -> folder of its run.

    Call it in a new process.
    """
    _settle(backend, folder)
    from dense_keras.course import recorded_run

    return {preset: str(recorded_run(preset=preset).folder) for preset in presets}


def run_lesson(backend: str, folder: Path, script: str, out: Path) -> None:
    """Run a lesson on light paper and once more on dark; into ``out`` go its figures and ``numbers.json``.

    folder: to stand in. script: its path there. Call it in a new process. Raises LessonFailed.
    """
    began = time.perf_counter()
    _settle(backend, folder)
    text, figures = Path(script).read_text(encoding="utf-8"), Path(script).parent / "figures"
    variables, printed = executed(script, text)
    seconds, used = time.perf_counter() - began, os.times()
    keep_figures(figures, out, "light")
    numbers = {
        "code": code_hash(text),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(sum(used[:4]), 1),  # with those of the processes that the lesson started
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "values": kept(variables),
        "printed": printed,
    }
    (out / "numbers.json").write_text(json.dumps(numbers, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")

    from dense_keras.figures import palette

    palette.LIGHT.update(palette.DARK)
    executed(script, text)
    keep_figures(figures, out, "dark")


def executed(script: str, text: str) -> tuple[dict[str, Any], list[str]]:
    """Run a script cell by cell, as one program; the variables that it leaves, and what each cell printed.

    Raises LessonFailed.
    """
    import matplotlib.pyplot as plt

    variables: dict[str, Any] = {"__name__": "__main__", "__file__": script}
    printed = []
    sys.argv = [script]
    for cell in code_cells(text):
        program = compile("\n" * (cell.line - 1) + cell.source, script, "exec")
        try:
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(program, variables)
        except Exception as error:
            own = error.with_traceback(error.__traceback__.tb_next)  # without this frame
            raise LessonFailed("".join(traceback.format_exception(own))) from None
        printed.append(output.getvalue())
    plt.close("all")
    return variables, printed


def keep_figures(figures: Path, out: Path, paper: str) -> None:
    """Move a lesson's pictures to ``out``, as WebP, told apart by their paper."""
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(figures.glob("*.png")):
        with Image.open(path) as picture:
            (out / f"{path.stem}.{paper}.webp").write_bytes(as_webp(picture.convert("RGB")))
        path.unlink()


def as_webp(picture: Image.Image) -> bytes:
    """A picture without loss; if that takes much, with a loss that is hard to see.

    Drawings are reduced to 256 colours, which halves them; those that fill most stay as they are, so a token keeps
    its own. What shows images is not reduced.
    """
    if colours := picture.getcolors(COLOURS_OF_A_DRAWING):
        picture = reduced(picture, [colour for _, colour in sorted(colours, reverse=True)])
    for quality in ({"lossless": True}, {"quality": 85, "method": 6}):
        file = io.BytesIO()
        picture.save(file, "WEBP", **quality)
        if file.tell() < MUCH:
            break
    return file.getvalue()


def reduced(picture: Image.Image, colours: Sequence[tuple[int, int, int]]) -> Image.Image:
    """A picture in 256 colours at most: half of them the first of its ``colours``, half those farthest from all chosen."""
    every, places = np.unique(np.asarray(picture).reshape(-1, 3), axis=0, return_inverse=True)
    palette = list(colours[:128])
    least, nearest = np.full(len(every), np.inf), np.zeros((len(every), 3), np.uint8)
    for number in range(256):
        if number >= len(palette):
            palette.append(tuple(every[least.argmax()]))
        distances = ((every.astype(float) - palette[number]) ** 2).sum(axis=1)
        nearest[distances < least] = palette[number]
        least = np.minimum(least, distances)
    return Image.fromarray(nearest[places].reshape(picture.height, picture.width, 3))


def kept(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The scalars, texts and small collections of them among a lesson's variables, as JSON holds them; no constants."""
    values = {}
    for name, value in sorted(variables.items()):
        if not name.startswith("_") and not name.isupper():
            with contextlib.suppress(TypeError):
                values[name] = plain(value)
    return {name: value for name, value in values.items() if _count(value) <= MOST_NUMBERS}


def plain(value: Any) -> Any:
    """A value in JSON's words, numbers to 6 digits. Raises TypeError for what is neither scalar, text nor collection."""
    if isinstance(value, np.ndarray | np.generic):
        if value.size > MOST_NUMBERS:
            raise TypeError(f"{value.size} numbers are too many.")
        value = value.tolist()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else value
    if isinstance(value, str) and len(value) <= MOST_LETTERS:
        return value
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        if os.environ.keys() <= value.keys():
            raise TypeError("The environment is the machine's.")
        return {str(_key(key)): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple) and len(value) <= MOST_NUMBERS:
        return [plain(each) for each in value]
    raise TypeError(f"{type(value).__name__} is neither a scalar, a text, nor a small collection of them.")


def _key(key: Any) -> Any:
    return plain(key) if not isinstance(key, tuple) else ", ".join(map(str, key))


def _count(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return sum(map(_count, value)) if isinstance(value, list) else 1


def _settle(backend: str, folder: Path) -> None:
    os.environ |= {"KERAS_BACKEND": backend, "MPLBACKEND": "Agg", "TF_CPP_MIN_LOG_LEVEL": "2"}
    os.chdir(folder)
