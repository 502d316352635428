import re
from pathlib import Path

import numpy as np
import pytest

from dense_keras import checks
from dense_keras.checks import ExerciseError, Hint, check_lesson
from dense_keras.checks.answers import number, numbers
from dense_keras.cli import main

LESSONS = Path(__file__).parents[2] / "lessons"


@pytest.fixture
def doubling(monkeypatch):
    """A lesson with two exercises."""

    def check_double(attempt, seed):
        if attempt(seed + 1) != 2 * seed + 2:
            raise Hint(f"double({seed + 1}) gave {attempt(seed + 1)}: add the number to itself.")
        return "Twice as much."

    def check_nothing(attempt, seed):
        return attempt()

    monkeypatch.setattr(checks, "checks_of", lambda lesson: {"double": check_double, "nothing": check_nothing})


@pytest.mark.parametrize(
    ("body", "right", "said"),
    [
        ("return 2 * n", True, "Twice as much."),
        ("return n", False, "double(4) gave 4: add the number to itself."),
        ("raise NotImplementedError", False, "Not done yet"),
        ("return n / 0", False, "ZeroDivisionError (division by zero) in line 4 of answers.py"),
        ("return np.stack([])", False, "ValueError (need at least one array to stack) in line 4 of answers.py"),
        ("sys.exit(3)", False, "SystemExit (3) in line 4 of answers.py"),
    ],
)
def test_right_wrong_and_unfinished_answers(doubling, tmp_path, body, right, said):
    file = tmp_path / "answers.py"
    file.write_text(f"import sys\nimport numpy as np\ndef double(n):\n    {body}\n")
    first, second = check_lesson("03", file, seed=3)
    assert first.right is right and said in first.said
    assert not second.right and "There is no function nothing in the file" in second.said


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no Python file .*--file"),
        ("def double(:", "cannot be run: SyntaxError"),
        ("1 / 0", "ZeroDivision"),
        ("import sys\nsys.exit(1)", "cannot be run: SystemExit: 1"),
    ],
)
def test_files_that_cannot_be_checked(doubling, tmp_path, content, message):
    file = tmp_path / "answers.py"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ExerciseError, match=message):
        check_lesson("03", file)


def test_each_lesson_with_checks_has_its_exercises_and_solutions_of_the_same_names():
    assert checks.lessons() == ["03", "04", "05", "06", "07", "08", "09", "10", "11"]
    for kind in ("exercise", "solution"):
        files = sorted(path.name for path in (LESSONS / f"{kind}s").glob("*.py"))
        assert files == [f"{kind}_{lesson}.py" for lesson in checks.lessons()]


@pytest.mark.parametrize("lesson", checks.lessons())
@pytest.mark.parametrize("seed", range(5))
def test_solutions_are_right(lesson, seed):
    asked = re.findall(r"^def (\w+)", (LESSONS / "exercises" / f"exercise_{lesson}.py").read_text(), re.MULTILINE)
    results = check_lesson(lesson, LESSONS / "solutions" / f"solution_{lesson}.py", seed)
    assert [result.name for result in results] == asked and len(asked) == 3
    assert all(result.right for result in results), results


@pytest.mark.parametrize("lesson", checks.lessons())
def test_exercises_are_not_done_yet(lesson):
    results = check_lesson(lesson, LESSONS / "exercises" / f"exercise_{lesson}.py")
    assert len(results) == len(checks.checks_of(lesson))
    assert all(not result.right and result.said.startswith("Not done yet") for result in results)


def test_a_negative_seed_is_refused_before_it_looks_like_a_mistake_of_the_learner(capsys):
    file = LESSONS / "solutions" / "solution_05.py"
    assert main(["check", "05", "--file", str(file), "--seed", "-1"]) == 2
    assert "The seed came as -1; it must be 0 or more." in capsys.readouterr().err


def test_an_unknown_lesson_lists_those_with_exercises():
    with pytest.raises(ExerciseError, match="Lesson '99' has no exercises. There are: 03, "):
        checks.checks_of("99")


def test_the_command_says_what_is_right_and_fails_until_all_is(doubling, tmp_path, capsys):
    file = tmp_path / "answers.py"
    file.write_text("def double(n):\n    return 2 * n\n\ndef nothing():\n    raise NotImplementedError\n")
    assert main(["check", "03", "--file", str(file)]) == 1
    printed = capsys.readouterr().out
    assert (
        "right   double: Twice" in printed and "not yet nothing: Not done yet" in printed and "1 of 2 right." in printed
    )
    file.write_text("def double(n):\n    return 2 * n\n\ndef nothing():\n    return 'Nothing.'\n")
    assert main(["check", "03", "--file", str(file)]) == 0


def test_complex_numbers_that_are_real_are_taken_as_real():
    assert number(np.complex128(3 + 1e-15j)) == 3
    assert numbers(np.array([1 + 0j, 2]), (2,)).tolist() == [1, 2]
    for answer in (lambda: number(1 + 1j), lambda: numbers([1, 2j], (2,))):
        with pytest.raises(Hint, match="returned complex numbers; real ones are needed"):
            answer()
