"""The site's page of the confirmatory study: questions word by word, verdicts and pictures from the table."""

import csv
import math
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

NAMES = [f"H{number}" for number in range(1, 11)]

WORDS = {
    "at least": r"{} or more\b",
    "at most": r"{} or less\b",
    "above": r"\bz above {}\b",
    "mean above": r"a mean (tau|share) over seeds above {}\b",
    "mean below": r"a mean of the first below {}\b",
    "median above": r"a median over seeds above {}\b",
}
"""What a picture says of a threshold -> how the question says it."""


@pytest.fixture
def draw(tool):
    yield tool("draw_study")
    plt.close("all")


def row(hypothesis, preset, seed, number, value, backend="torch"):
    return {
        "hypothesis": hypothesis,
        "preset": preset,
        "backend": backend,
        "seed": str(seed),
        "number": number,
        "value": repr(value),
    }


@pytest.fixture
def rows(draw):
    """Two seeds of each number of H1, H4 and H10, and of a control."""
    found = []
    for name, preset in (("H1", "default"), ("H1", "shuffled"), ("H4", "conjunctive"), ("H10", "conjunctive")):
        for number in next(iter(draw.HYPOTHESES[name].numbers.values())):
            found += [row(name, preset, seed, number, value) for seed, value in ((10, 0.75), (11, 3.0))]
    return found


def test_every_hypothesis_is_asked_decided_and_drawn(tool, draw):
    study = tool("study")
    assert list(study.study_questions()) == list(draw.HYPOTHESES) == list(draw.STRIPS) == NAMES
    for name, strip in draw.STRIPS.items():
        question = " ".join(study.study_question(name).split())
        assert "*Fails*" in question and "### " not in question
        assert set(strip.thresholds) <= set(draw.HYPOTHESES[name].numbers)
        for numbers in draw.HYPOTHESES[name].numbers.values():
            assert set(strip.numbers) <= set(numbers)
        for word, value in strip.thresholds.values():
            said = "one such plateau" if name == "H1" else re.sub(r"^(-?)0", r"\1", f"{value:g}")
            assert re.search(WORDS[word].format(re.escape(said)), question), (name, word, value)


def test_verdicts_and_tables_are_those_of_the_analysis(tool, draw, rows, tmp_path, monkeypatch):
    import analysis

    study = tool("study")
    monkeypatch.setattr(study, "FOUND", tmp_path / "results.md")
    assert not study.study_found()
    study.FOUND.write_text(analysis.page(rows, [10, 11], ["torch"], ["one-that-is-missing"]))
    assert study.study_found() and "one-that-is-missing" in study.study_about()
    assert study.study_verdict("H1") == "fails"
    assert study.study_verdict("H2") == "not run"
    assert study.study_verdicts().startswith("| | claim | verdict |") and study.study_verdicts().count("\n") == 11
    assert "| shuffled | torch | 11 | 3 |" in study.study_numbers("H1")
    assert "conjunctive" not in study.study_numbers("H1")
    with pytest.raises(LookupError, match="No verdict on 'H11'"):
        study.study_verdict("H11")
    with pytest.raises(LookupError, match="Nothing in results.md begins like"):
        study.study_numbers("H11")


def test_numbers_of_seeds_are_those_of_the_table(tool, rows, tmp_path, monkeypatch):
    study, macros = tool("study"), tool("site_macros")
    monkeypatch.setattr(study, "NUMBERS", tmp_path / "results.csv")
    rows = [
        *rows,
        row("H4", "conjunctive", 12, "share after", math.nan),
        *(row("H1", "default", seed, "x", 5, "tensorflow") for seed in (10, 11, 12)),
        *(row("H1", "default", seed, "y", value, "tensorflow") for seed, value in ((10, 5), (11, 6), (12, math.inf))),
    ]
    with study.NUMBERS.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert study.study_values("H4", "share after", "conjunctive") == [0.75, 3]
    assert study.study_values("H1", "x", "default", "tensorflow") == [5, 5, 5]
    assert macros.study_range("H4", "share after", "conjunctive", 1) == "0.8 to 3.0"
    assert macros.study_range("H1", "x", "default", 0) == "5"
    assert study.study_sooner("H1", "x", "y", "default") == 2
    assert study.study_sooner("H1", "y", "x", "default") == 0
    with pytest.raises(LookupError, match=r"No row of results.csv agrees with .*torch"):
        study.study_values("H1", "x", "default", "torch")


def centre(ax):
    """Where the bar stands that is drawn before the threshold."""
    return ax.get_lines()[0].get_xdata()[0]


def dots(figure):
    return [offsets for each in figure.axes[0].collections for offsets in each.get_offsets().tolist()]


def test_each_seed_is_a_dot_and_the_control_stands_below(draw, rows):
    figure = draw.drawn("H1", rows)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["default, PyTorch", "shuffled, PyTorch"]
    assert sorted(x for x, _ in dots(figure)) == [0.75, 0.75, 3, 3]
    assert any(text.get_text() == "at least 1" for text in figure.axes[0].texts)
    assert draw.drawn("H2", rows) is None


def test_what_has_no_number_is_said_and_what_is_infinite_stands_at_the_end(draw, rows):
    changed = [each | {"value": "inf"} if each["number"] == "ratio" and each["seed"] == "11" else each for each in rows]
    ax = draw.drawn("H10", changed).axes[0]
    assert ax.get_xticklabels()[-1].get_text() == "∞"
    assert sorted(x for x, _ in dots(ax.figure)) == pytest.approx([0.75, ax.get_xticks()[-1]])
    assert centre(ax) == pytest.approx(ax.get_xticks()[-1])
    changed = [each | {"value": "nan"} if each["number"] == "ratio" and each["seed"] == "11" else each for each in rows]
    assert centre(draw.drawn("H10", changed).axes[0]) == pytest.approx(0.375)
    changed = [each | {"value": "nan"} if each["number"] == "share after" else each for each in rows]
    ax = draw.drawn("H4", changed).axes[0]
    assert [text.get_text() for text in ax.texts] == ["none in 2 of 2", "mean above 0.8"]


def test_pictures_are_written_for_both_papers(draw, rows, tmp_path):
    with (tmp_path / "results.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    draw.main(["--results", str(tmp_path / "results.csv"), "--out", str(tmp_path / "out")])
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"{name}.{paper}.webp" for name in ("H1", "H10", "H4") for paper in ("dark", "light")]
    light, dark = (np.asarray(plt.imread(tmp_path / "out" / f"H1.{paper}.webp")) for paper in ("light", "dark"))
    assert light.shape == dark.shape and light[0, 0].min() > 250 and dark[0, 0].max() < 60
