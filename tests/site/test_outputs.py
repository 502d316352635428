"""What is recorded of the lessons is of the lessons as they are, on both backends, and small."""

import json
import re

import pytest


def test_downloads_are_the_lessons(tool, site):
    script = tool("lesson_script")
    for path in script.lesson_scripts():
        text = path.read_text(encoding="utf-8")
        assert (site / "downloads" / path.name).read_text(encoding="utf-8") == text
        notebook = json.loads((site / "downloads" / f"{path.stem}.ipynb").read_text(encoding="utf-8"))
        assert notebook == script.notebook(text)


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_figures_and_numbers_are_of_the_lessons_code(backend, tool):
    script, recorded = tool("lesson_script"), tool("recorded")
    stale = []
    for path in script.lesson_scripts():
        text, number = path.read_text(encoding="utf-8"), path.name[:2]
        folder = recorded.OUTPUTS / backend / number
        if recorded.outputs(number, backend)["code"] != script.code_hash(text):
            stale.append(number)
        saved = set(re.findall(r'figures / "(\w+)\.png"', text))
        for paper in ("light", "dark"):
            assert {each.name.split(".")[0] for each in folder.glob(f"*.{paper}.webp")} <= saved
    assert not stale, f"python tools/record_lessons.py --lessons {' '.join(stale)} --backends {backend}"


def test_outputs_are_small_and_name_no_machine(tool):
    outputs = tool("recorded").OUTPUTS
    assert sum(path.stat().st_size for path in outputs.rglob("*") if path.is_file()) < 18e6
    for path in outputs.rglob("*.json"):
        assert not re.search(r"[\s\"'(](/(tmp|home|root|work|Users)/|[A-Z]:\\)", path.read_text(encoding="utf-8")), path
