"""Tables in Markdown, as the commands that measure and the site show them."""

from __future__ import annotations

import re
from collections.abc import Sequence

BEGINS_WITH_A_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+(e[-+]?\d+)?%?(?=\s|$)")


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table with a header. A column stands to the right if each of its cells begins with a number or is empty.

    columns: the headers. rows: (rows, columns), of anything that has a text.
    """
    texts = [[str(cell) for cell in row] for row in rows]
    right = [all(BEGINS_WITH_A_NUMBER.match(cell) for cell in column if cell) for column in zip(*texts)]
    rule = ["---:" if numeric else "---" for numeric in right] or ["---"] * len(columns)
    return "\n".join("| " + " | ".join(line) + " |" for line in [columns, rule, *texts])
