"""Each lesson runs as it stands, on any tokens, and what it says of the default faces holds."""

import re
import shutil

import pytest

from dense_keras.course import default_folder
from dense_keras.experiment import Experiment
from lesson_runs import LESSONS, described_copy, figures_in, numbers_after, run_lesson, run_lesson_here

FIRST, SECOND = "01_the_dense_sample.py", "02_record_a_run.py"
EXERCISE = "return exemplars.images  # your change goes here"
SOLUTION = "return exemplars.images * exemplars.masks.any(axis=-1)[..., np.newaxis]"


@pytest.fixture(scope="module")
def default_faces(shared_folder):
    """Folder and output of lesson 1 on the default faces."""
    return shared_folder, run_lesson(FIRST, shared_folder)


def test_lesson_1_saves_five_figures_and_compares_guesses_with_answers(default_faces):
    folder, printed = default_faces
    names = ("density", "neighbours", "parts", "tokens", "what_parts_tell")
    assert list(figures_in(folder)) == [f"01_{name}.png" for name in names]
    assert printed.count("you guessed") == 4
    assert "Not yet" in printed  # the exercise is left to the learner


def test_what_lesson_1_says_of_the_default_faces_holds(default_faces):
    _, printed = default_faces
    accuracy = numbers_after("Nearest neighbour right:", printed)[1]
    one, two = (numbers_after(f"{number}:", printed)[1] for number in ("One part", "Two parts"))
    assert one < 0.5 and accuracy < two  # the nearest neighbour is worth less than the best two parts
    share, agreement, by_chance = zip(*(numbers_after(part, printed) for part in ("hair", "eyes", "nose", "mouth")))
    assert share[0] > 3 * max(share[1:])  # hair covers by far the most pixels
    assert agreement[0] > 0.95 and max(agreement[2:]) < 0.8  # and is nearly always right, unlike nose and mouth
    assert max(by_chance) < 0.6
    assert numbers_after("Distance, 500 exemplars against 1:", printed)[1] > 0.5  # even a dense sample is thin


def test_lesson_1_runs_in_a_notebook_and_rewards_the_solved_exercise(tmp_path):
    printed = run_lesson_here(FIRST, tmp_path, "-f", "kernel.json", change=(EXERCISE, SOLUTION), as_script=False)
    before, after = numbers_after("Exercise:", printed)
    assert after > before + 0.1
    assert len(figures_in(tmp_path)) == 5


def test_lesson_1_says_what_it_leaves_out_where_parts_are_unknown(tmp_path):
    printed = run_lesson_here(FIRST, tmp_path, "fashion")
    assert list(figures_in(tmp_path)) == ["01_density.png", "01_neighbours.png", "01_tokens.png"]
    for said in ("Nobody knows the parts", "Codes are unknown", "this section is left out", "There are no masks here"):
        assert said in printed


def contents(folder):
    """Path -> bytes of every file of a run, without the lock."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder): path.read_bytes() for path in paths}


def test_lesson_2_reads_the_default_run_of_the_command_line_and_records_nothing(small_run, tmp_path):
    folder = tmp_path / default_folder(Experiment())
    shutil.copytree(small_run.folder, folder)
    before = contents(folder)
    printed = run_lesson(SECOND, tmp_path)
    assert "holds a finished run; it is read, and nothing is trained." in printed
    assert contents(folder) == before
    assert list(figures_in(tmp_path)) == ["02_activations.png", "02_learning_curve.png"]
    assert printed.count("you guessed") == 4
    assert f"dense-keras show {folder.relative_to(tmp_path)}" in printed
    assert f"Untrained: you guessed 0.50, it is {small_run.history['held_out_accuracy'][0]:.2f}" in printed
    for ceiling in ("1 part   0.40", "2 parts  0.60", "2 parts  0.80", "3 parts  1.00"):
        assert ceiling in printed


def test_lesson_2_goes_on_with_an_unfinished_run_of_any_tokens(fashion_run, tmp_path):
    longer = fashion_run.description["experiment"] | {"epochs": 2}
    run = described_copy(fashion_run, tmp_path / "run", experiment=longer)  # as if stopped after the first epoch
    before = {step: run.snapshot_path(step).read_bytes() for step in run.steps}
    printed = run_lesson_here(SECOND, tmp_path, "run")
    assert "Recording into run." in printed and "Recorded in" in printed
    assert run.history["epoch"][-1] == 2
    assert {step: run.snapshot_path(step).read_bytes() for step in before} == before
    assert "These tokens have no codes" in printed
    assert len(figures_in(tmp_path)) == 2


@pytest.mark.parametrize("path", sorted(LESSONS.glob("*.py")), ids=lambda path: path.name)
def test_lessons_keep_to_the_glossary_and_end_with_exercise_and_sources(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"stimul|neuron|feature map|helper|utils|logdir", text, re.IGNORECASE)
    assert text.startswith("# %% [markdown]\n# # ")
    for heading in ("# ## Exercise", "# ## Where this comes from", "arXiv 2307.10991"):
        assert heading in text
    assert re.search(r"\*\*Predict first[.:*]", text) and "**Question.**" in text and "*Time: about" in text
    assert max(len(line) for line in text.splitlines()) <= 120
