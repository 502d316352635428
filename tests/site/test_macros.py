"""What macros write into a page; what is unknown fails the build."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.usefixtures("recorded")


@pytest.fixture
def macros(tool):
    return tool("site_macros")


def test_numbers_are_written_for_people(macros):
    assert macros.number("03", "share", digits=1) == "0.2"
    assert macros.number("03", "share", percent=True) == "25%"
    assert macros.number("03", "name") == "Ada"
    assert macros.numbers("03", "share") == "0.25 on TensorFlow"
    assert macros.said_number("03", "First:") == "1,560"
    assert macros.said_numbers("03", "First:", 1) == "-0.50 on TensorFlow"
    assert macros.found("03", "Third") == "Ben and Cleo on TensorFlow"
    assert macros.said("03", "Second") == "`Second: none`"
    assert [macros.as_text(value) for value in (1560, 1560.0, -0.126)] == ["1,560", "1,560.00", "-0.13"]
    for value in (True, None, float("nan"), [1]):
        with pytest.raises(ValueError, match="is no number that a page could say"):
            macros.as_text(value)


def test_backends_that_agree_are_not_told_apart(macros, monkeypatch):
    monkeypatch.setattr(macros.recorded, "backends_of", lambda lesson: ["tensorflow", "torch"])
    assert macros.on_each("03", lambda backend: backend[-1]) == "w on TensorFlow and h on PyTorch"
    assert macros.on_each("03", lambda backend: "all") == "all"


def test_tables_are_summed_up(macros):
    assert macros.cell("runs.csv", "final", {"seed": 0, "backend": "torch"}, digits=2) == "0.50"
    assert [macros.of_column("runs.csv", "final", name) for name in ("mean", "min", "count")] == ["0.75", "0.50", "2"]
    assert macros.table("runs.csv", ["seed", "final"], {"backend": "tensorflow"}).splitlines()[-1] == "| 0 | 1.0 |"
    assert macros.seeds("runs.csv") == "1 seed on TensorFlow and 2 seeds on PyTorch"
    assert macros.seeds("runs.csv", {"backend": "torch"}) == "2 seeds on PyTorch"
    with pytest.raises(ValueError, match="No summary 'median'. There are: mean, min, "):
        macros.of_column("runs.csv", "final", "median")
    with pytest.raises(LookupError, match="No column 'last'"):
        macros.table("runs.csv", ["seed", "last"])


def test_a_page_cannot_claim_what_was_not_recorded(macros):
    assert macros.holds(macros.recorded.value("03", "share") < 0.5, "less than a half") == ""
    with pytest.raises(ValueError, match="A page says 'more than a half'. What was recorded says otherwise"):
        macros.holds(macros.recorded.value("03", "share") > 0.5, "more than a half")


def test_code_is_the_lessons_own(macros):
    block = macros.code("03", "plateaus = classification.plateaus(")
    assert block.startswith('```python title="lessons/03_emergence_of_classification.py"\naccuracy = ')
    assert macros.code("03", "plateaus = classification.plateaus(", lines=[1, 1]).count("\n") == 2
    assert "raise NotImplementedError" in macros.exercise("03", "ceiling")
    assert macros.solution("03", "ceiling").startswith(
        '```python title="lessons/solutions/solution_03.py"\ndef ceiling('
    )
    assert macros.minutes("03") == 30


def test_tabs_hold_one_backend_each(macros):
    text = macros.tabs({"tensorflow": "one\n\ntwo", "torch": "three"})
    assert text == '===! "TensorFlow"\n\n    one\n\n    two\n\n=== "PyTorch"\n\n    three'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ number('03', 'nothing_so_called') }}", "No 'nothing_so_called'"),
        ("{{ nothing_so_called }}", "nothing_so_called"),
        ("{{ figures('03_nothing', alt='Something') }}", "No figure '03_nothing'"),
        ("{{ figures('03_plateaus', alt=' ') }}", "has no alt text"),
        ("[nowhere](nowhere.md)", "nowhere.md"),
        ("[nowhere](#nowhere)", "#nowhere"),
        ('--8<-- "nowhere.py"', "nowhere.py"),
    ],
)
def test_what_is_unknown_fails_the_build(text, told, tmp_path, tool):
    pytest.importorskip("mkdocs_macros", reason="no MkDocs: pip install -e '.[docs]'")
    root = tool("lesson_script").ROOT
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# A page\n\n{text}\n")
    settings = (root / "mkdocs.yml").read_text().split("\nnav:")
    kept = settings[0] + "\nplugins:" + settings[1].split("\nplugins:")[1]
    kept = kept.replace("tools/site_macros", str(root / "tools" / "site_macros")).split("\nextra_css:")[0]
    (tmp_path / "mkdocs.yml").write_text(kept + "\nvalidation: {anchors: warn}\n")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True)
    assert done.returncode != 0 and told in done.stdout + done.stderr
