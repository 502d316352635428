"""Looks up the packages of CI, in their versions, among known vulnerabilities, with pip-audit.

    pip install pip-audit && python tools/audit.py

pip-audit alone says "No known vulnerabilities found" of packages that it could not look up, too, as behind
a mirror of the package index that has no such data. Here those are counted. Exit status 1 if a version is
vulnerable; 0 if none is known to be, or nothing could be looked up.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LISTS = [*sorted((ROOT / ".ci" / "locks").glob("*.txt")), ROOT / "constraints.txt"]
"""The constraints name PyTorch, which is not locked."""


def report_on(path: Path) -> Mapping[str, Any] | None:
    """What pip-audit says of a list of packages and versions; None if its data cannot be reached."""
    with tempfile.TemporaryDirectory() as place:
        said = Path(place) / "report.json"
        options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "-f", "json", "-o", said]
        done = subprocess.run([sys.executable, "-m", "pip_audit", "-r", path, *options], capture_output=True, text=True)
        if said.exists():
            return json.loads(said.read_text())
    print(f"{path.name}: {(done.stderr.strip().splitlines() or ['pip-audit said nothing'])[-1]}")
    return None


def verdict(reports: Iterable[Mapping[str, Any]]) -> tuple[str, dict[str, list[str]]]:
    """What was found in one line, and package and version -> names of its vulnerabilities."""
    vulnerable, known, unknown = {}, set(), set()
    for package in (package for report in reports for package in report["dependencies"]):
        if "skip_reason" in package:
            unknown.add(package["skip_reason"])
            continue
        name = f"{package['name']} {package['version']}"
        known.add(name)
        if package["vulns"]:
            vulnerable[name] = [each["id"] for each in package["vulns"]]
    found = f"{len(known)} packages looked up, {len(vulnerable)} of them vulnerable."
    return found + (f" {len(unknown)} could not be looked up." if unknown else ""), vulnerable


def main() -> int:
    reports = [report for path in LISTS if (report := report_on(path)) is not None]
    found, vulnerable = verdict(reports)
    print(found, *(f"{name}: {', '.join(names)}" for name, names in vulnerable.items()), sep="\n")
    return 1 if vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
