"""A lesson comes in pieces that fit a learner's eye: a cell has 15 lines of code at most."""

import ast
import re

import pytest

from lesson_runs import LESSONS

MOST = 15
"""Lines of code of a cell; comments, blank lines and imports are not counted."""


def cells_of(path):
    """First line of each code cell of a lesson -> its source."""
    text = path.read_text(encoding="utf-8")
    begins = [*re.finditer(r"^# %%(.*)\n", text, re.MULTILINE)]
    ends = [*(begin.start() for begin in begins[1:]), len(text)]
    pieces = [(begin, text[begin.end() : end]) for begin, end in zip(begins, ends) if begin[1] != " [markdown]"]
    return {text.count("\n", 0, begin.end()) + 1: source for begin, source in pieces}


def lines_of_code(source):
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    lines = [line.strip() for line in source.splitlines()]
    imported = {number for node in imports for number in range(node.lineno, node.end_lineno + 1)}
    return sum(bool(line) and line[0] != "#" for number, line in enumerate(lines, 1) if number not in imported)


def test_lines_are_counted_as_a_reader_counts():
    without = "# why\nimport csv\nfrom a import (\n    b,\n)\n\n"
    counted = 'c = f(\n    1,  # one\n)\nd = """\nimport e\n"""\n'
    assert lines_of_code(without + counted) == 6


@pytest.mark.parametrize("path", sorted(LESSONS.glob("*.py")), ids=lambda path: path.name)
def test_no_cell_is_longer_than_a_learner_can_follow(path):
    lengths = {f"line {line}": lines_of_code(source) for line, source in cells_of(path).items()}
    assert {line: length for line, length in lengths.items() if length > MOST} == {}


def test_the_cells_are_found():
    assert sum(len(cells_of(path)) for path in LESSONS.glob("*.py")) > 100
