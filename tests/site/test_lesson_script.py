"""A lesson's cells and its notebook say what the script says."""

import ast

import pytest

MOST = 15
"""Lines of code of a cell; comments, blank lines and imports are not counted."""

SCRIPT = """# %% [markdown]
# # A lesson
#
# **Question.**

# %%
answer = 42
print(answer)

# %%
# %% [markdown]
# The end.
"""


def test_cells_keep_text_kind_and_line(tool):
    lesson_script = tool("lesson_script")
    first, second, third = lesson_script.cells(SCRIPT)
    assert (first.kind, first.source, first.line) == ("markdown", "# A lesson\n\n**Question.**", 2)
    assert (second.kind, second.source, second.line) == ("code", "answer = 42\nprint(answer)", 7)
    assert (third.kind, third.source) == ("markdown", "The end.")
    assert SCRIPT.splitlines()[second.line - 1] == "answer = 42"
    with pytest.raises(ValueError, match="begins with '# %% .markdown.', not with 'import os'"):
        lesson_script.cells("import os\n" + SCRIPT)


def test_all_lines_of_every_lesson_are_in_its_cells(tool):
    lesson_script = tool("lesson_script")
    scripts = lesson_script.lesson_scripts()
    assert [path.name[:2] for path in scripts] == [f"{number:02}" for number in range(1, 12)]
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        left = dict(enumerate(text.splitlines(), start=1))
        for cell in lesson_script.cells(text):
            for line, said in enumerate(cell.source.splitlines(), start=cell.line):
                own = left.pop(line)
                assert said == (own if cell.kind == "code" else own.removeprefix("#").removeprefix(" "))
        assert {line.strip() for line in left.values()} <= {"", "# %%", "# %% [markdown]"}


def test_the_hash_is_of_what_is_run(tool):
    code_hash = tool("lesson_script").code_hash
    assert code_hash(SCRIPT) == code_hash(SCRIPT.replace("The end", "No end"))
    assert code_hash(SCRIPT) != code_hash(SCRIPT.replace("42", "43"))


def test_a_cell_is_found_by_what_only_it_contains(tool):
    lesson_script = tool("lesson_script")
    assert lesson_script.place_of_cell(SCRIPT + "\n# %%\nlast = 1\n", "last") == 1
    with pytest.raises(LookupError, match="No code cells contain 'The end'"):
        lesson_script.place_of_cell(SCRIPT, "The end")
    with pytest.raises(LookupError, match="2 code cells contain 'answer'"):
        lesson_script.place_of_cell(SCRIPT + "\n# %%\nanswer\n", "answer")
    with pytest.raises(LookupError, match="No lesson '3'. There are: 01, 02, "):
        lesson_script.lesson_script("3")


def test_functions_of_exercises_and_solutions_are_found(tool):
    lesson_script = tool("lesson_script")
    path = lesson_script.LESSONS / "solutions" / "solution_03.py"
    source = lesson_script.function_source(path, "block_index")
    assert source.startswith("def block_index(counts, blocks):") and source in path.read_text(encoding="utf-8")
    with pytest.raises(LookupError, match="No function 'nobody' in solution_03.py. There are: ceiling, "):
        lesson_script.function_source(path, "nobody")


def test_a_notebook_is_valid_and_always_the_same(tool):
    lesson_script = tool("lesson_script")
    notebook = lesson_script.notebook(SCRIPT)
    assert notebook == lesson_script.notebook(SCRIPT)
    assert [cell["cell_type"] for cell in notebook["cells"]] == ["markdown", "code", "markdown"]
    assert "".join(notebook["cells"][1]["source"]) == "answer = 42\nprint(answer)"
    nbformat = pytest.importorskip("nbformat")
    for path in lesson_script.lesson_scripts():
        nbformat.validate(nbformat.from_dict(lesson_script.notebook(path.read_text(encoding="utf-8"))))


def lines_of_code(source):
    """Without comments, blank lines and imports."""
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {number for node in imports for number in range(node.lineno, node.end_lineno + 1)}
    lines = [line.strip() for line in source.splitlines()]
    return sum(bool(line) and line[0] != "#" for number, line in enumerate(lines, 1) if number not in imported)


def test_lines_are_counted_as_a_reader_counts():
    without = "# why\nimport csv\nfrom a import (\n    b,\n)\n\n"
    counted = 'c = f(\n    1,  # one\n)\nd = """\nimport e\n"""\n'
    assert lines_of_code(without + counted) == 6


def test_no_cell_is_longer_than_a_learner_can_follow(tool):
    script = tool("lesson_script")
    lengths = {
        f"{path.name}:{cell.line}": lines_of_code(cell.source)
        for path in script.lesson_scripts()
        for cell in script.code_cells(path.read_text(encoding="utf-8"))
    }
    assert {place: length for place, length in lengths.items() if length > MOST} == {}
    assert len(lengths) > 150
