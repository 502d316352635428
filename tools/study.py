"""What the confirmatory study asked and found, by the number of the hypothesis.

Questions are those of ``hypotheses.md``, word by word; verdicts and tables those of ``results.md``, numbers those of
``results.csv``, both of which the analysis wrote. Whatever is not there raises LookupError.
"""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path

STUDY = Path(__file__).parents[1] / "studies" / "confirmatory"
ASK, FOUND, NUMBERS = STUDY / "hypotheses.md", STUDY / "results.md", STUDY / "results.csv"


def study_questions() -> dict[str, str]:
    """Hypothesis -> what is claimed, in the order of their numbers."""
    return dict(re.findall(r"^### (H\d+)\. (.+)$", ASK.read_text(encoding="utf-8"), re.M))


def study_question(name: str) -> str:
    """What decides about a hypothesis: runs, number, threshold, falsifier."""
    return _between(ASK, rf"^### {name}\. .+$", r"^##")


def study_found() -> bool:
    """Whether the study has been analysed."""
    return FOUND.exists()


def study_about() -> str:
    """Seeds, backends, checksums of the frozen files, and which runs are not there."""
    return _between(FOUND, r"^# .+$", r"^\| \| claim")


def study_verdicts() -> str:
    """The table of all verdicts."""
    return "| | claim " + _between(FOUND, r"^\| \| claim ", r"^## ")


def study_verdict(name: str) -> str:
    """The verdict on a hypothesis, one word or two."""
    found = re.search(rf"^\| {name} \| .* \| \*\*(.+?)\*\* \|", FOUND.read_text(encoding="utf-8"), re.M)
    if not found:
        raise LookupError(f"No verdict on {name!r} in {FOUND.name}.")
    return found[1]


def study_numbers(name: str) -> str:
    """The tables of a hypothesis, a row a seed."""
    return _between(FOUND, rf"^## {name}: .+$", r"^## ")


def study_values(name: str, number: str, preset: str, backend: str | None = None) -> list[float]:
    """A number of a hypothesis in the runs of a preset, those that have one; on each backend unless one is named."""
    wanted = {"hypothesis": name, "number": number, "preset": preset} | ({"backend": backend} if backend else {})
    with NUMBERS.open(newline="", encoding="utf-8") as file:
        found = [row for row in csv.DictReader(file) if all(row[column] == value for column, value in wanted.items())]
    if not found:
        raise LookupError(f"No row of {NUMBERS.name} agrees with {wanted}.")
    return [value for value in (float(row["value"]) for row in found) if not math.isnan(value)]


def study_sooner(name: str, number: str, other: str, preset: str) -> int:
    """In how many runs of a preset a number of a hypothesis is less than another of the same run."""
    pairs = zip(study_values(name, number, preset), study_values(name, other, preset), strict=True)
    return sum(first < second for first, second in pairs)


def _between(path: Path, beginning: str, end: str) -> str:
    """What stands in a file behind the line that begins something, before the one that ends it."""
    _, *rest = re.split(beginning, path.read_text(encoding="utf-8"), maxsplit=1, flags=re.M)
    if not rest:
        raise LookupError(f"Nothing in {path.name} begins like {beginning!r}.")
    return re.split(end, rest[0], maxsplit=1, flags=re.M)[0].strip()
