"""Every block of Python in every page runs: all blocks of a page in order, in an empty folder."""

import re
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

DOCS = Path(__file__).parents[2] / "docs"
BLOCKS = {"callbacks.md": 6, "lessons/01_the_dense_sample.md": 1, "own_tokens.md": 4, "reference/measures.md": 1}
"""How many blocks each page has. A page that is not here has none."""

FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})([^\n`]*)\n(.*?)^\1\2[ \t]*$", re.MULTILINE | re.DOTALL)


def blocks(text):
    """(line, source) of each block of Python in a page, be it in a tab or a list, with a title or without."""
    return [
        (text.count("\n", 0, fence.start()) + 2, textwrap.dedent(fence[4]))
        for fence in FENCE.finditer(re.sub(r"{% (end)?raw %}", "", text))
        if re.match(r"[ {.]*(python|py3?|pycon)\b", fence[3])
    ]


def pages():
    return {path.relative_to(DOCS).as_posix(): path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}


def test_all_blocks_are_found():
    text = 'a\n```python title="x.py"\none\n```\n=== "Tab"\n\n    ``` { .py hl_lines="1" }\n    two\n      three\n    ```\n'
    assert blocks(text + "```text\npython\n```\n") == [(3, "one\n"), (8, "two\n  three\n")]


def test_blocks_are_counted():
    assert {name: len(blocks(text)) for name, text in pages().items() if blocks(text)} == BLOCKS


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    with plt.rc_context():
        for line, source in blocks(pages()[name]):
            exec(compile("\n" * (line - 1) + source, f"docs/{name}", "exec"), namespace)
    plt.close("all")
