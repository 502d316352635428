"""Lesson 3 runs on a small run, says what it leaves out without parts, and prints what must hold."""

import pytest

from dense_keras.measures import classification
from lesson_runs import figures_in, numbers_after, run_lesson_here

LESSON = "03_emergence_of_classification.py"
EVERY = ("forgetting", "forgotten", "plateaus", "tokens", "confusions")
OF_PARTS = ("parts",)


@pytest.fixture(scope="module")
def lesson(small_run, shared_folder):
    """Folder and output of the lesson on the small run."""
    return shared_folder, run_lesson_here(LESSON, shared_folder, small_run.folder)


def test_it_saves_its_figures_and_compares_guesses_with_answers(lesson):
    folder, printed = lesson
    saved = set(figures_in(folder))
    assert {f"03_{name}.png" for name in EVERY + OF_PARTS} <= saved
    assert ("03_blocks.png" in saved) == ("Blocks of" in printed)
    assert printed.count("you guessed") == 3 if "Blocks of" in printed else 2


def test_what_it_prints_agrees_with_the_run(lesson, small_run):
    _, printed = lesson
    assert printed.count("falls out of its band") == len(small_run.token_names)
    for part in small_run.part_names:
        free = numbers_after(f"{part} ", printed)
        assert free[-3:-1] == sorted(free[-3:-1]) and free[-2] <= 1  # who knows a part does not do worse
        assert free[-1] == pytest.approx(100 * small_run.description["part_shares"][part], abs=0.06)
    index = numbers_after("Mistakes inside the blocks:", printed)
    assert all(0 <= value <= 1 for value in (index[0], index[2], index[3]))
    assert 0.25 <= index[3] <= 0.5  # random errors in blocks of three and two tokens, or of four and one


def test_who_knows_a_part_of_the_default_code_reads_it_always(small_run):
    probe = small_run.probes["held_out"]
    variants = classification.token_variants(probe.codes, probe.tokens)
    assert classification.part_readout_baseline(probe.tokens, variants) == pytest.approx(0.6)


def test_without_parts_it_says_what_it_leaves_out(fashion_run, tmp_path):
    printed = run_lesson_here(LESSON, tmp_path, fashion_run.folder)
    assert set(figures_in(tmp_path)) == {f"03_{name}.png" for name in EVERY}
    for said in ("These tokens have no codes", "Nobody knows the parts", "There are no blocks to compare with"):
        assert said in printed


def test_where_parts_say_nothing_alone_it_reads_two_together(conjunctive_run, tmp_path):
    printed = run_lesson_here(LESSON, tmp_path, conjunctive_run.folder)
    assert "Some tokens are told by accessory, hair = eyes, nose = mouth" in printed
    assert numbers_after("hair = eyes", printed)[-2] == pytest.approx(0.5)
    assert len(figures_in(tmp_path)) >= len(EVERY + OF_PARTS)
