"""What the lessons left and what the benchmarks counted, by name. Whatever is not there raises LookupError."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lesson_script import LESSONS, ROOT, lesson_script, place_of_cell

DOCS = ROOT / "docs"
OUTPUTS = DOCS / "outputs"
BACKENDS = {"tensorflow": "TensorFlow", "torch": "PyTorch"}
"""Backends that the site shows, with the names by which it calls them."""

NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d*\.?\d+)(?:e[-+]?\d+)?")


def outputs(lesson: str, backend: str) -> dict[str, Any]:
    """All that was recorded of a lesson on a backend: ``values``, ``printed``, ``seconds``, ..."""
    lesson_script(lesson)
    path = OUTPUTS / backend / lesson / "numbers.json"
    if not path.exists():
        raise LookupError(
            f"Lesson {lesson} was not recorded on {backend!r}. "
            f"Record it: python tools/record_lessons.py --lessons {lesson} --backends {backend}"
        )
    return json.loads(path.read_text(encoding="utf-8"))


def backends_of(lesson: str) -> list[str]:
    """Backends on which a lesson was recorded, one at least."""
    found = [backend for backend in BACKENDS if (OUTPUTS / backend / lesson / "numbers.json").exists()]
    return found or [*BACKENDS][:1]  # so that looking it up tells what to do


def value(lesson: str, name: str, backend: str = "tensorflow") -> Any:
    """What a lesson left in a global variable; dots lead into its lists and dictionaries: ``"sums.Ada+Eva.-1"``."""
    found, words = outputs(lesson, backend)["values"], name.split(".")
    while words:
        steps = {".".join(words[:count]): count for count in range(1, len(words) + 1)}  # keys may contain dots
        keys = found if isinstance(found, dict) else {str(key): key for key in range(-len(found), len(found))}
        key = next((step for step in steps if step in keys), None)
        if key is None:
            raise LookupError(f"No {words[0]!r} of {name!r} in lesson {lesson} on {backend}: {', '.join(keys)}.")
        found, words = found[key if isinstance(found, dict) else keys[key]], words[steps[key] :]
        if words and not isinstance(found, dict | list):
            raise LookupError(f"{key!r} of {name!r} in lesson {lesson} is {found!r}: it has no {words[0]!r}.")
    return found


def printed(lesson: str, text: str, backend: str = "tensorflow") -> str:
    """What the one code cell that contains a text printed."""
    place = place_of_cell(lesson_script(lesson).read_text(encoding="utf-8"), text)
    return outputs(lesson, backend)["printed"][place].rstrip("\n")


def said(lesson: str, beginning: str, backend: str = "tensorflow") -> str:
    """The one line that a lesson printed and that begins so."""
    lines = [line.strip() for text in outputs(lesson, backend)["printed"] for line in text.splitlines()]
    found = [line for line in lines if line.startswith(beginning)]
    if len(found) != 1:
        raise LookupError(f"{len(found) or 'No'} lines of lesson {lesson} on {backend} begin with {beginning!r}.")
    return found[0]


def said_number(lesson: str, beginning: str, place: int = 0, backend: str = "tensorflow") -> float:
    """The number at a place, from 0, after the beginning of a line that a lesson printed."""
    line = said(lesson, beginning, backend)
    numbers = NUMBER.findall(line.removeprefix(beginning))
    if not -len(numbers) <= place < len(numbers):
        raise LookupError(f"No number at place {place} in {line!r} of lesson {lesson} on {backend}.")
    number = numbers[place].replace(",", "")
    return float(number) if re.search(r"[.e]", number) else int(number)


def has_table(name: str) -> bool:
    """Whether a table has been computed."""
    return any((folder / name).exists() for folder in (DOCS, LESSONS / "data"))


def rows(name: str, where: Mapping[str, object] | None = None) -> list[dict[str, str]]:
    """The rows of a table, those that agree with ``where``; at least one."""
    if not has_table(name):
        raise LookupError(f"No table {name!r} in docs/ or lessons/data/.")
    path = next(folder / name for folder in (DOCS, LESSONS / "data") if (folder / name).exists())
    with path.open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    for column, wanted in (where or {}).items():
        _check_column(found, column, name)
        found = [row for row in found if row[column] == str(wanted)]
    if not found:
        raise LookupError(f"No row of {name!r} agrees with {where}.")
    return found


def texts(name: str, column: str, where: Mapping[str, object] | None = None) -> list[str]:
    """The cells of a column in the rows that agree with ``where``."""
    found = rows(name, where)
    _check_column(found, column, name)
    return [row[column] for row in found]


def cell(name: str, column: str, where: Mapping[str, object] | None = None) -> str:
    """The cell of a column in the one row that agrees with ``where``."""
    found = texts(name, column, where)
    if len(found) != 1:
        raise LookupError(f"{len(found)} rows of {name!r} agree with {where}, and one is needed.")
    return found[0]


def column(name: str, column: str, where: Mapping[str, object] | None = None) -> list[float]:
    """The numbers of a column in the rows that agree with ``where``; empty cells are left out."""
    return [float(text) for text in texts(name, column, where) if text]


def _check_column(rows: Sequence[Mapping[str, str]], column: str, name: str) -> None:
    if column not in rows[0]:
        raise LookupError(f"No column {column!r} in {name!r}. There are: {', '.join(rows[0])}.")
