"""Lesson 10 compares any runs, draws the whole curve where it was computed, and says what it leaves out."""

import warnings
from dataclasses import replace

import pytest

from dense_keras.experiment import experiment_of, train
from dense_keras.run import Run
from lesson_runs import figures_in, numbers_after, run_lesson_here

LESSON = "10_density.py"
OF_ALL = ["10_curves.png", "10_neighbours.png"]
TABLE = """exemplars,seed,backend,steps,held_out_accuracy,pair_hair_eyes,pair_nose_mouth,interaction_hair_eyes,interaction_nose_mouth,training_accuracy
5,0,torch,8,0.3,0.5,0.5,0.1,0.0,1.0
5,1,torch,8,0.4,0.6,0.9,0.2,0.0,0.9
20,0,tensorflow,8,0.9,1.0,0.8,0.3,0.1,1.0
20,1,tensorflow,8,0.9,0.9,1.0,0.04,0.05,1.0
20,0,tensorflow,4,0.1,0.1,0.1,0.1,0.1,0.1
"""


@pytest.fixture(scope="module")
def two_densities(conjunctive_run, shared_folder):
    """Folders of two small runs with equally many steps, the first of twice as many exemplars."""
    many = experiment_of(conjunctive_run)
    few = replace(many, exemplars=many.exemplars // 2, epochs=2 * many.epochs)
    folder = shared_folder / "few"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is not dense.*")
        train(few, folder, record=False, progress=False)
    return conjunctive_run.folder, folder


def test_two_densities_at_equal_steps(two_densities, tmp_path):
    printed = run_lesson_here(LESSON, tmp_path, *two_densities)
    assert list(figures_in(tmp_path)) == sorted([*OF_ALL, "10_interaction.png", "10_pairs.png"])
    assert "26 a token, 8 steps in 2 epochs" in printed and "13 a token, 8 steps in 4 epochs" in printed
    assert "Beware" not in printed and "has not been computed" in printed
    for count, guess in ((26, 0.95), (13, 0.5)):
        guessed, found = numbers_after(f"{count} a token, held-out: you guessed", printed)
        assert guessed == guess and 0 <= found <= 1
        trained_on, held_out = numbers_after(f"{count} a token, hair x eyes: trained on", printed)[:2]
        assert 0 <= min(trained_on, held_out) and max(trained_on, held_out) <= 1
        run = Run(two_densities[0 if count == 26 else 1])
        probe, called = run.probes["held_out"], run.logits(8).argmax(axis=1)
        of_pairs = probe.tokens < 4  # hair and eyes are alike for the first two, the fifth has neither
        right = (called[of_pairs] < 4) & (called[of_pairs] // 2 == probe.tokens[of_pairs] // 2)
        assert held_out == pytest.approx(right.mean(), abs=0.006)
    distances = [
        numbers_after(f"    {count:2} a token: nearest of the own token", printed)[0] for count in (5, 13, 20, 26)
    ]
    assert distances == sorted(distances, reverse=True)  # more exemplars, nearer ones


def test_the_table_of_densities_is_drawn_where_it_is(two_densities, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "density.csv").write_text(TABLE)
    printed = run_lesson_here(LESSON, tmp_path, *two_densities)
    assert "10_whole_curve.png" in figures_in(tmp_path)
    assert "The whole curve: 4 runs, seeds 0 1 on tensorflow torch" in printed  # the run of fewer steps is left out
    assert "     5 a token: training 0.95, held-out 0.35\n" in printed
    of_pairs = [line.split(maxsplit=3)[3] for line in printed.splitlines() if "; bound in" in line]
    assert of_pairs == [
        "told rightly 0.55, interaction 0.15; bound in 0 of 2 runs",  # there is interaction, but it does not tell
        "told rightly 0.70, interaction 0.00; bound in 0 of 2 runs",  # sums tell it in one run
        "told rightly 0.95, interaction 0.17; bound in 1 of 2 runs",
        "told rightly 0.90, interaction 0.08; bound in 1 of 2 runs",  # .05 is enough
    ]


def test_tokens_without_pairs_or_without_any_parts_and_unequal_steps(fashion_run, small_run, tmp_path):
    printed = run_lesson_here(LESSON, tmp_path, fashion_run.folder, small_run.folder)
    assert "Beware: the runs have different numbers of steps" in printed
    assert printed.count("tokens that are not made of pairs") == 2
    assert list(figures_in(tmp_path)) == OF_ALL
