"""Lesson 4 runs on a small run, says what it leaves out without parts, and prints what must hold."""

import re

import pytest

from lesson_runs import figures_in, numbers_after, run_lesson_here

LESSON = "04_category_structure.py"
EVERY = ("collapse", "directions", "dissimilarities", "models", "read", "structure", "trees", "ways")


@pytest.fixture(scope="module")
def lesson(small_run, shared_folder):
    """Folder and output of the lesson on the small run."""
    return shared_folder, run_lesson_here(LESSON, shared_folder, small_run.folder)


def test_it_saves_its_figures_and_compares_guesses_with_answers(lesson, small_run):
    folder, printed = lesson
    assert set(figures_in(folder)) == {f"04_{name}.png" for name in (*EVERY, "nuisances", "parts")}
    assert printed.count("you guessed") == 3
    assert f"dense-keras show {small_run.folder}" in printed
    assert "Read from the layers: token (share), parts (share), nuisances (R squared)\n" in printed


def test_what_it_prints_is_in_its_range(lesson, small_run):
    _, printed = lesson
    snapshots = re.findall(r"^logits, step +(\d+): .* share (\S+) .* tokens (\S+) .* silhouette (\S+)$", printed, re.M)
    assert [int(snapshots[0][0]), int(snapshots[-1][0])] == [small_run.steps[0], small_run.steps[-1]]
    for _, scatter, alignment, silhouette in snapshots:
        assert 0 <= float(scatter) <= 1 and float(alignment) <= 1 and -1 <= float(silhouette) <= 1
    guessed, read, shuffled = numbers_after("Token read from conv1_1, untrained:", printed)
    assert guessed == 0.2 and 0 <= read <= 1 and shuffled < 0.45
    chances = [float(chance) for chance in re.findall(r"\(p (\S+)\)", printed)]
    assert len(chances) == 2 + len(small_run.part_names) and all(0 < chance <= 1 for chance in chances)
    assert "light x" in printed and "scene" not in printed and "light_angle" not in printed
    for name in ("dense ", "logits", "token means in dense"):
        untrained, fewest, *_, last = numbers_after(f"directions, {name}", printed)
        assert 1 <= fewest <= min(untrained, last) <= 20


def test_without_parts_it_says_what_it_leaves_out(fashion_run, tmp_path):
    printed = run_lesson_here(LESSON, tmp_path, fashion_run.folder)
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {f"04_{name}.png" for name in EVERY}
    for said in ("What is missing of token, parts", "Nobody knows the parts", "there is no tree of the codes"):
        assert said in printed
    assert printed.count("(p ") == 2  # the models of the token and of the pixels
