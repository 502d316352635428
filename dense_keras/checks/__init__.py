"""Exercises that check themselves: one module a lesson, with a check for each function that the learner fills.

A check is a function ``check_NAME(attempt, seed)`` of a module ``lesson_NN``. It calls the
learner's function ``NAME`` with arrays made from the seed, whose answer is known, and raises
``Hint`` where the answer is wrong; it returns a sentence on what was shown. The check's
docstring says in a line what the exercise is about. The learner's seed decides the arrays, so
a neighbour's digits do not help.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

Check = Callable[[Callable[..., Any], int], str]


class Hint(Exception):
    """A wrong answer: what came, and where to look."""


@dataclass(frozen=True)
class Result:
    """What a check found: the exercise's name, whether it is right, and a sentence for the learner."""

    name: str
    right: bool
    said: str


class ExerciseError(ValueError):
    """Exercises that cannot be checked at all, with what to do."""


def lessons() -> list[str]:
    """Numbers of the lessons that have exercises, such as ``03``."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.removeprefix("lesson_") for name in found if name.startswith("lesson_"))


def checks_of(lesson: str) -> dict[str, Check]:
    """The lesson's checks by the name of the exercise, in the order in which they are to be done.

    Raises ExerciseError for a lesson without exercises, listing those that have some.
    """
    number = lesson.zfill(2)
    if number not in lessons():
        raise ExerciseError(f"Lesson {lesson!r} has no exercises. There are: {', '.join(lessons())}.")
    module = importlib.import_module(f"{__name__}.lesson_{number}")
    named = {name.removeprefix("check_"): check for name, check in vars(module).items() if name.startswith("check_")}
    return {name: check for name, check in named.items() if callable(check)}


def check_lesson(lesson: str, file: str | Path, seed: int = 0) -> list[Result]:
    """Check the functions in a file against a lesson's exercises.

    lesson: its number. file: a Python file with the learner's functions; it is run.
    seed: 0 or more, decides the arrays that the functions are asked about.
    Raises ExerciseError for an unknown lesson, a negative seed, a missing file, and one that does not run.
    """
    checks = checks_of(lesson)
    if seed < 0:
        raise ExerciseError(f"The seed came as {seed}; it must be 0 or more.")
    answers = _loaded(Path(file))
    return [_result(name, check, answers, seed) for name, check in checks.items()]


def _result(name: str, check: Check, answers: ModuleType, seed: int) -> Result:
    attempt = getattr(answers, name, None)
    if not callable(attempt):
        return Result(name, False, f"There is no function {name} in the file. Put the one of the exercise back.")
    try:
        return Result(name, True, check(attempt, seed))
    except NotImplementedError:
        return Result(name, False, "Not done yet: write the function's body.")
    except Hint as hint:
        return Result(name, False, str(hint))
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if frame.filename == answers.__file__]
        where = (own or frames)[-1]
        place = f"line {where.lineno} of {Path(where.filename).name}"
        return Result(name, False, f"It stopped with {type(error).__name__} ({error}) in {place}.")


def _loaded(file: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location("answers", file)
    if not file.is_file() or specification is None or specification.loader is None:
        raise ExerciseError(f"There is no Python file {file}. Give the file that holds your functions with --file.")
    module = importlib.util.module_from_spec(specification)
    try:
        specification.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise ExerciseError(f"{file} cannot be run: {type(error).__name__}: {error}") from error
    return module
