"""Lesson 6 runs on any small run, says what it leaves out, and prints what must hold."""

import re

import pytest

from lesson_runs import figures_in, numbers_after, run_lesson_here

LESSON = "06_coupling_of_detectors.py"
EVERY = {f"06_{name}.png" for name in ("correlation", "contributions", "graph", "chance", "paths", "cuts")}
LEFT_OUT = "Factors of the view are unknown, or exemplars too few"


@pytest.fixture(scope="module")
def lesson(small_run, shared_folder):
    """Folder and output of the lesson on the small run."""
    return shared_folder, run_lesson_here(LESSON, shared_folder, small_run.folder)


def test_it_saves_its_figures_and_compares_guesses_with_answers(lesson):
    folder, printed = lesson
    assert set(figures_in(folder)) == EVERY
    assert LEFT_OUT in printed  # twenty exemplars are too few for so many factors
    assert printed.count("you guessed") == 4


def test_what_must_hold_of_any_network_holds(lesson, small_run):
    _, printed = lesson
    differences = [
        float(number) for number in re.findall(r"differ by at most (\S+) of the largest activation", printed)
    ]
    assert len(differences) == 2 and max(differences) < 1e-4
    assert numbers_after("Fall over contribution: you guessed", printed)[-1] <= 1.01
    raw, shuffled = (numbers_after(f"Trained, raw{rest}", printed)[-1] for rest in (":", ", but shuffled in cells"))
    assert 0 <= shuffled <= 1 and 0 <= raw <= 1
    for network in ("untrained", "trained  "):
        by_weights = numbers_after(f"{network} weights shuffled   :", printed)[0]
        assert 0.35 < by_weights < 0.65  # a shuffled weight is as often positive as negative
    for token in small_run.token_names:
        assert all(0 <= share <= 1 for share in numbers_after(f"{token:8} uncut", printed)[:2])
        assert 0 < float(re.search(rf"{token} .*together (\d+)% as different", printed)[1]) < 110
    assert all(f"{part:6} unit" in printed for part in small_run.part_names)


def test_without_parts_it_still_runs(fashion_run, tmp_path):
    printed = run_lesson_here(LESSON, tmp_path, fashion_run.folder)
    assert set(figures_in(tmp_path)) == EVERY and LEFT_OUT in printed


def test_with_enough_exemplars_the_view_is_taken_out_also_of_conjunctive_tokens(conjunctive_run, tmp_path):
    printed = run_lesson_here(LESSON, tmp_path, conjunctive_run.folder)
    assert set(figures_in(tmp_path)) == EVERY and LEFT_OUT not in printed
    assert printed.count("you guessed") == 5
