"""Builds the site into a temporary folder, and writes what each page weighs and how long the building took.

    python tools/page_weights.py                docs/page_weights.csv, and docs/page_weights.md for the site
    python tools/page_weights.py --out FOLDER   the same, elsewhere

A page weighs what a browser reads from disk to show it: its HTML, style sheets, scripts with their data, pictures, and
what the search reads. Of a picture on light and on dark paper the light one counts, for a reader sees one of them; the
tabs of all backends count, and so does a page within a page. A page that has a folder for itself, as an atlas has,
weighs all that lies in it, for its scripts fetch the rest. Fonts of formulas, of which a browser takes those in use, do
not count. The table tells of the site before the table itself was written.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlparse

from dense_keras.markdown import markdown_table
from lesson_script import ROOT
from recorded import DOCS

KINDS = ("html", "css", "js", "images", "search")
LOADED = {
    ("script", "src"): "js",
    ("figure", "data-source"): "js",
    ("img", "src"): "images",
    ("iframe", "src"): "html",
}
RELATIONS = {"stylesheet": "css", "icon": "images"}
SUFFIXES = {".html": "html", ".css": "css", ".js": "js"}
ABOUT = """# Weight of the pages

Made by `python tools/page_weights.py`, which built the site and added up what a browser reads from disk to show each
page, in kB of 1,000 bytes. *js*: scripts and their data. *images*: those on light paper, in the tabs of all backends.
A page within a page counts, once the reader has come to it. *search*: what the search reads. Style sheets, the search and most scripts are the same files on all pages.
"""


class Page(HTMLParser):
    """What a page loads: ``loads``, pairs of kind and address."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[tuple[str, str]] = []
        self._configures = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        found = [(LOADED.get((tag, name)), address) for name, address in given.items()]
        found += [(RELATIONS.get(given.get("rel")), given.get("href"))] if tag == "link" else []
        self.loads += [(kind, address) for kind, address in found if kind and address]
        self._configures = given.get("id") == "__config"

    def handle_data(self, data: str) -> None:
        if self._configures and (worker := (config := json.loads(data)).get("search")):
            self.loads += [("search", worker), ("search", f"{config['base']}/search/search_index.js")]
        self._configures = False


def files_of(path: Path) -> Iterator[tuple[str, Path]]:
    """Kind and file of all that a page loads, itself first."""
    yield "html", path
    if [*path.parent.rglob("*.html")] == [path]:
        yield from ((SUFFIXES.get(file.suffix, "images"), file) for file in path.parent.rglob("*") if file.is_file())
    for kind, address in Page(path.read_text(encoding="utf-8")).loads:
        parts = urlparse(address)
        if parts.scheme or not parts.path or parts.fragment == "only-dark":
            continue
        file = (path.parent / unquote(parts.path)).resolve()
        if not file.exists():
            raise SystemExit(f"{path.name} loads {address}, which is not there.")
        if kind == "html":
            yield from files_of(file)
        else:
            yield kind, file


def page_weights(site: Path) -> list[list[object]]:
    """A row a page: its path, bytes of each kind, and of all; a file counts once a page.

    The page of what is not found is left out: it knows no folder of its own.
    """
    rows = []
    for path in sorted(path for path in site.resolve().rglob("*.html") if path.name != "404.html"):
        files = set(files_of(path))
        weights = [sum(file.stat().st_size for of, file in files if of == kind) for kind in KINDS]
        rows.append([path.relative_to(site.resolve()).as_posix(), *weights, sum(weights)])
    return rows


def build(folder: Path) -> tuple[float, float]:
    """Seconds by the clock and of the processors that it took to build the site into a folder."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    began, before = time.perf_counter(), os.times()
    if subprocess.run(command, cwd=ROOT).returncode:
        raise SystemExit("The site cannot be built: see above. It needs pip install -c constraints.txt -e '.[docs]'.")
    after = os.times()
    seconds = [last - first for first, last in zip(before[2:4], after[2:4])]  # of children: user, system
    return time.perf_counter() - began, sum(seconds)


def write(rows: Sequence[Sequence[object]], built: str, out: Path) -> None:
    """The table and its page.

    rows: as of ``page_weights``. built: a sentence on the building.
    """
    columns = ["page", *KINDS, "all"]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    (out / "page_weights.csv").write_text(text.getvalue(), encoding="utf-8")
    shown = [[page, *(f"{weight / 1000:.0f}" for weight in weights)] for page, *weights in rows]
    page = "\n".join([ABOUT, built, "", markdown_table(columns, shown), ""])
    (out / "page_weights.md").write_text(page, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of the table and its page")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        (seconds, of_processors), rows = build(Path(folder)), page_weights(Path(folder))
        whole = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6
    machine = f"{platform.system()} {platform.machine()} with {os.cpu_count()} processors"
    time_taken = f"{seconds:.1f} seconds ({of_processors:.1f} of the processors) on {machine}"
    built = f"{len(rows)} pages were built in {time_taken}; the whole site takes {whole:.1f} MB."
    write(rows, built, chosen.out)
    print(built)


if __name__ == "__main__":
    main()
