"""Lessons are scripts in percent format: their cells, their functions, and the notebook that says the same."""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LESSONS = ROOT / "lessons"
CODE, MARKDOWN = "# %%", "# %% [markdown]"


@dataclass(frozen=True)
class Cell:
    """A cell of a lesson.

    kind: ``code`` or ``markdown``. source: its text; of markdown, without the comment signs.
    line: of the script, from 1, on which the text begins.
    """

    kind: str
    source: str
    line: int


def lesson_scripts() -> list[Path]:
    """All lessons, in order."""
    return sorted(LESSONS.glob("[0-9][0-9]_*.py"))


def lesson_script(number: str) -> Path:
    """The script of a lesson by its two digits. Raises LookupError for an unknown one."""
    scripts = {path.name[:2]: path for path in lesson_scripts()}
    if number not in scripts:
        raise LookupError(f"No lesson {number!r}. There are: {', '.join(scripts)}.")
    return scripts[number]


def cells(script: str) -> list[Cell]:
    """The cells of a script, none of them empty. Raises ValueError for text before the first one."""
    lines = script.splitlines()
    begins = [number for number, line in enumerate(lines) if line in (CODE, MARKDOWN)]
    before = "\n".join(lines[: begins[0]] if begins else lines).strip()
    if before:
        raise ValueError(f"A lesson begins with {MARKDOWN!r}, not with {before.splitlines()[0]!r}.")
    found = []
    for begin, end in zip(begins, [*begins[1:], len(lines)]):
        own = lines[begin + 1 : end]
        while own and not own[-1].strip():
            own.pop()
        if lines[begin] == MARKDOWN:
            own = [line.removeprefix("#").removeprefix(" ") for line in own]
        if own:
            found.append(Cell("markdown" if lines[begin] == MARKDOWN else "code", "\n".join(own), begin + 2))
    return found


def code_cells(script: str) -> list[Cell]:
    """The cells that are run, in order."""
    return [cell for cell in cells(script) if cell.kind == "code"]


def code_hash(script: str) -> str:
    """A hash of all that is run: it stays when only prose changes."""
    return hashlib.sha256("\n\n".join(cell.source for cell in code_cells(script)).encode()).hexdigest()


def place_of_cell(script: str, text: str) -> int:
    """The place, from 0, of the one code cell that contains a text. Raises LookupError if none or several do."""
    places = [place for place, cell in enumerate(code_cells(script)) if text in cell.source]
    if len(places) != 1:
        raise LookupError(f"{len(places) or 'No'} code cells contain {text!r}. Give a text that exactly one contains.")
    return places[0]


def function_source(path: Path, name: str) -> str:
    """The source of a function of a file. Raises LookupError for an unknown one."""
    text = path.read_text(encoding="utf-8")
    functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    if name not in functions:
        raise LookupError(f"No function {name!r} in {path.name}. There are: {', '.join(functions)}.")
    return ast.get_source_segment(text, functions[name])


def notebook(script: str) -> dict[str, Any]:
    """The same cells as a notebook (nbformat 4.5) without outputs; the same script gives the same notebook."""
    return {
        "cells": [
            {
                "cell_type": cell.kind,
                "id": f"cell-{number:02}",
                "metadata": {},
                "source": cell.source.splitlines(keepends=True),
                **({"execution_count": None, "outputs": []} if cell.kind == "code" else {}),
            }
            for number, cell in enumerate(cells(script), start=1)
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def write_downloads(folder: Path) -> None:
    """Write each lesson as a script and as a notebook."""
    folder.mkdir(parents=True, exist_ok=True)
    for script in lesson_scripts():
        shutil.copyfile(script, folder / script.name)
        content = json.dumps(notebook(script.read_text(encoding="utf-8")), indent=1, ensure_ascii=False) + "\n"
        (folder / f"{script.stem}.ipynb").write_text(content, encoding="utf-8")
