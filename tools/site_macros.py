"""What pages of the site can say in double braces: numbers, tables, code and figures, read when the site is built.

Each macro gives Markdown. What it cannot find fails the build.
"""

from __future__ import annotations

import math
import os
import re
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))  # mkdocs-macros loads this file alone

import recorded
from atlases import ATLASES, write_atlases
from dense_keras.markdown import markdown_table
from lesson_script import LESSONS, code_cells, function_source, lesson_script, place_of_cell, write_downloads
from recorded import BACKENDS
from study import (
    study_about,
    study_found,
    study_numbers,
    study_question,
    study_questions,
    study_sooner,
    study_values,
    study_verdict,
    study_verdicts,
)

DOWNLOADS = "downloads"
"""Folder of the site with the lessons as scripts and as notebooks."""

RUNNING = "lessons/index.md#run-a-script-or-a-notebook"
"""Where the site tells what to do with them."""

ATLAS = "atlas"
"""Folder of the site with the atlases, each in a folder of its own."""

FRAME = "width: 100%; height: 86vh; border: 1px solid var(--md-default-fg-color--lightest); border-radius: 8px"
"""How an atlas lies within a page."""

SUMMARIES = {"mean": statistics.fmean, "min": min, "max": max, "sum": sum, "count": len}

Where = Mapping[str, object] | None


def number(
    lesson: str, name: str, digits: int | None = None, backend: str = "tensorflow", percent: bool = False
) -> str:
    """What a lesson left in a variable, as text."""
    return as_text(recorded.value(lesson, name, backend), digits, percent)


def numbers(lesson: str, name: str, digits: int | None = None, percent: bool = False) -> str:
    """The same on each backend: ``0.93 on TensorFlow and 0.91 on PyTorch``, or ``0.93`` if they agree."""
    return on_each(lesson, lambda backend: number(lesson, name, digits, backend, percent))


def said(lesson: str, beginning: str, backend: str = "tensorflow") -> str:
    """A line that a lesson printed, as inline code."""
    return f"`{recorded.said(lesson, beginning, backend)}`"


def said_number(
    lesson: str, beginning: str, place: int = 0, digits: int | None = None, backend: str = "tensorflow"
) -> str:
    """A number of a line that a lesson printed, as text."""
    return as_text(recorded.said_number(lesson, beginning, place, backend), digits)


def said_numbers(lesson: str, beginning: str, place: int = 0, digits: int | None = None) -> str:
    """The same on each backend."""
    return on_each(lesson, lambda backend: said_number(lesson, beginning, place, digits, backend))


def found(lesson: str, beginning: str) -> str:
    """What a line that a lesson printed says after its last "is", "are" or "was", on each backend."""
    return on_each(lesson, lambda backend: re.split(r" (?:is|are|was) ", recorded.said(lesson, beginning, backend))[-1])


def holds(condition: bool, sentence: str) -> str:
    """Nothing. Raises ValueError if what a page says is not so in what was recorded."""
    if not condition:
        raise ValueError(f"A page says {sentence!r}. What was recorded says otherwise: change the page.")
    return ""


def table(name: str, columns: Sequence[str] | None = None, where: Where = None) -> str:
    """A table that a command wrote, or some of its columns and rows."""
    columns = list(columns or recorded.rows(name)[0])
    return markdown_table(columns, list(zip(*(recorded.texts(name, column, where) for column in columns))))


def cell(name: str, column: str, where: Where = None, digits: int | None = None) -> str:
    """A cell of a table, rounded if ``digits`` are given."""
    text = recorded.cell(name, column, where)
    return text if digits is None else as_text(float(text), digits)


def of_column(name: str, column: str, summary: str, where: Where = None, digits: int | None = None) -> str:
    """The mean, min, max, sum or count of a column of a table."""
    values = recorded.column(name, column, where)
    if summary not in SUMMARIES:
        raise ValueError(f"No summary {summary!r}. There are: {', '.join(SUMMARIES)}.")
    found = SUMMARIES[summary](values)
    return as_text(int(found) if found == int(found) and digits is None else found, digits)


def study_range(name: str, number: str, preset: str, digits: int = 2, backend: str | None = None) -> str:
    """The smallest and the largest of a number of a hypothesis over seeds, ``0.03 to 0.35``; once if they are the same."""
    values = study_values(name, number, preset, backend)
    least, most = as_text(min(values), digits), as_text(max(values), digits)
    return least if least == most else f"{least} to {most}"


def seeds(name: str, where: Where = None) -> str:
    """Of how many runs a table tells: ``5 seeds on TensorFlow and 1 seed on PyTorch``."""
    runs = {(row["backend"], row["seed"]) for row in recorded.rows(name, where)}
    counts = Counter(backend for backend, _ in sorted(runs))
    return " and ".join(
        f"{count} seed{'' if count == 1 else 's'} on {BACKENDS.get(backend, backend)}"
        for backend, count in counts.items()
    )


def code(lesson: str, text: str, lines: Sequence[int] | None = None) -> str:
    """The code cell of a lesson that contains a text, or its lines from the first to the last of ``lines``."""
    script = lesson_script(lesson)
    content = script.read_text(encoding="utf-8")
    source = code_cells(content)[place_of_cell(content, text)].source
    if lines:
        first, last = lines
        source = "\n".join(source.splitlines()[first - 1 : last])
    return fence(source, f"lessons/{script.name}")


def exercise(lesson: str, name: str) -> str:
    """The function that an exercise asks to fill."""
    return _function("exercise", lesson, name)


def solution(lesson: str, name: str) -> str:
    """A function that solves an exercise."""
    return _function("solution", lesson, name)


def printed(lesson: str, text: str) -> str:
    """What the code cell that contains a text printed, in a tab a backend."""
    backends = recorded.backends_of(lesson)
    return tabs({name: fence(recorded.printed(lesson, text, name), language="text") for name in backends})


def minutes(lesson: str) -> int:
    """Minutes that a learner needs, as the lesson says."""
    return int(re.search(r"\*Time: about (\d+) minutes", lesson_script(lesson).read_text(encoding="utf-8"))[1])


def lesson_time(lesson: str) -> str:
    """Seconds that the computer needed: ``12 seconds on TensorFlow and 15 seconds on PyTorch``."""
    return on_each(lesson, lambda backend: f"{recorded.outputs(lesson, backend)['seconds']:.0f} seconds")


def as_text(value: Any, digits: int | None = None, percent: bool = False) -> str:
    """A number with thousands commas, by default with 2 digits if it is not whole; a text as it is."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number that a page could say.")
    if percent:
        return f"{100 * value:.{digits or 0}f}%"
    if digits is None:
        digits = 0 if isinstance(value, int) else 2
    return f"{value:,.{digits}f}"


def on_each(lesson: str, tell: Callable[[str], str]) -> str:
    """What ``tell`` says of each backend on which a lesson was recorded, in one phrase; once if it is the same."""
    told = {backend: tell(backend) for backend in recorded.backends_of(lesson)}
    if len(told) > 1 and len(set(told.values())) == 1:
        return next(iter(told.values()))
    return " and ".join(f"{text} on {BACKENDS[backend]}" for backend, text in told.items())


def fence(source: str, title: str | None = None, language: str = "python") -> str:
    """A block of code."""
    return f"```{language}" + (f' title="{title}"' if title else "") + f"\n{source}\n```"


def tabs(contents: Mapping[str, str]) -> str:
    """Backend -> Markdown, as a set of tabs of its own."""
    told = []
    for place, (name, text) in enumerate(contents.items()):
        indented = "\n".join(f"    {line}".rstrip() for line in text.splitlines())
        told.append(f'==={"" if place else "!"} "{BACKENDS[name]}"\n\n{indented}')
    return "\n\n".join(told)


def figure(path: str, alt: str, folder: str, name: str, caption: str | None) -> str:
    """A figure on light and on dark paper, of which the reader sees one.

    path: of the site's folder of outputs, seen from the page. folder: within it.
    """
    if not alt.strip():
        raise ValueError(f"Figure {name!r} has no alt text. Say in it what there is to see.")
    pictures = []
    for paper in ("light", "dark"):
        file = recorded.OUTPUTS / folder / f"{name}.{paper}.webp"
        if not file.exists():
            there = sorted(each.name.split(".")[0] for each in file.parent.glob("*.light.webp"))
            raise LookupError(f"No figure {name!r} in {folder}. There are: {', '.join(there)}.")
        width, height = Image.open(file).size
        size = f'width="{width}" height="{height}"'
        text = alt.replace("[", r"\[").replace("]", r"\]")
        pictures.append(f"![{text}]({path}/{folder}/{file.name}#only-{paper}){{ loading=lazy {size} }}")
    return "\n".join(pictures) + (f"\n\n/// caption\n{caption}\n///" if caption else "")


def define_env(env: Any) -> None:
    """Called by mkdocs-macros before the pages are read."""

    def from_page(place: str) -> str:
        """A path of the docs folder, seen from the page that is being written."""
        return os.path.relpath(place, os.path.dirname(env.page.file.src_uri) or ".").replace(os.sep, "/")

    def figures(name: str, alt: str, caption: str | None = None, alt_torch: str | None = None) -> str:
        """A figure of a lesson in a tab a backend."""
        lesson, path = name[:2], from_page("outputs")
        alts = {"torch": alt_torch or alt}
        return tabs(
            {
                backend: figure(path, alts.get(backend, alt), f"{backend}/{lesson}", name, caption)
                for backend in recorded.backends_of(lesson)
            }
        )

    def study_figure(name: str, alt: str, caption: str | None = None) -> str:
        """The numbers of a hypothesis of the confirmatory study."""
        return figure(from_page("outputs"), alt, "confirmatory", name, caption)

    def downloads(lesson: str) -> str:
        """Links to a lesson's script and notebook, which are written beside the pages when all are built, and how to run them."""
        stem = f"{from_page(DOWNLOADS)}/{lesson_script(lesson).stem}"
        links = {"Script": f"{stem}.py", "Notebook": f"{stem}.ipynb"}.items()
        buttons = " ".join(f'<a class="md-button" href="{address}" download>{name}</a>' for name, address in links)
        return f"{buttons} [How to run them]({from_page(RUNNING)}){{ .running }}"

    def atlas_address(name: str, view: str = "") -> str:
        """Where an atlas will lie when all pages are built, for HTML.

        view: what stands behind the ``#``, such as ``step=156&layer=dense``.
        """
        if name not in ATLASES:
            raise LookupError(f"No atlas {name!r}. There are: {', '.join(ATLASES)}.")
        return escape(f"{from_page(ATLAS)}/{name}/index.html" + (f"#{view}" if view else ""))

    def atlas_link(name: str, text: str, view: str = "") -> str:
        """A link that opens an atlas at a view."""
        return f'<a href="{atlas_address(name, view)}" target="_blank">{text}</a>'

    def atlas(name: str, title: str, view: str = "") -> str:
        """An atlas within the page, read once the reader comes near, and a link that opens it alone."""
        address, style = atlas_address(name, view), f'loading="lazy" style="{FRAME}"'
        frame = f'<iframe class="atlas" src="{address}" title="{escape(title)}" {style}></iframe>'
        return f"<div>{frame} {atlas_link(name, 'Open it alone', view)}</div>"

    def mover() -> str:
        """The front page's moving picture."""
        html = Path(__file__).with_name("mover.html").read_text(encoding="utf-8")
        return html.replace("OUTPUTS", from_page("outputs")).strip()

    for macro in (
        *(
            number,
            numbers,
            said,
            said_number,
            said_numbers,
            found,
            holds,
            table,
            cell,
            of_column,
            seeds,
            code,
            exercise,
            solution,
            printed,
        ),
        *(minutes, lesson_time, figures, downloads, atlas, atlas_link, mover, study_figure),
        *(study_questions, study_question, study_found, study_about, study_verdicts, study_verdict, study_numbers),
        *(study_values, study_sooner, study_range),
        *(recorded.value, recorded.column, recorded.has_table),
    ):
        env.macro(macro)


def on_post_build(env: Any) -> None:
    """Called by mkdocs-macros when all pages are built."""
    site = Path(env.conf["site_dir"])
    write_downloads(site / DOWNLOADS)
    write_atlases(site / ATLAS)


def _function(kind: str, lesson: str, name: str) -> str:
    path = LESSONS / f"{kind}s" / f"{kind}_{lesson}.py"
    lesson_script(lesson)
    return fence(function_source(path, name), f"lessons/{kind}s/{path.name}")
