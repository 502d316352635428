"""The campaign of faults counts what is lost, and says when something is."""

import csv
import shutil
from functools import partial

import numpy as np
import pytest

from dense_keras.run import Run, RunError


class Around:
    """A campaign on a run that is there, which starts no commands."""

    def __init__(self, module, run, place):
        self.run, self.place, self.flips, self.generator = run, place, 3, np.random.default_rng(0)
        self.scratch = lambda: module.Campaign.scratch(self)


@pytest.fixture
def campaign(benchmark, small_run, tmp_path):
    return Around(benchmark("campaign"), small_run.folder, tmp_path)


def test_damaged_files_are_noticed(benchmark, campaign):
    counts = list(benchmark("damage").damaged_files(campaign))
    assert [(count.tried, count.lost) for count in counts] == [(3, 0)] * 8


def test_what_is_read_without_a_word_is_lost(benchmark, campaign, monkeypatch):
    damage = benchmark("damage")
    monkeypatch.setattr(damage, "KINDS", {"history.csv": "the history"})
    read = iter([{"value": "1"}, {"value": "2"}, {"value": "1"}])

    def values(folder):
        try:
            return next(read)
        except StopIteration:
            raise RunError("something is damaged") from None

    monkeypatch.setattr(damage, "all_values", values)
    flipped, truncated = damage.damaged_files(campaign)
    assert (flipped.fault, flipped.tried, flipped.lost) == ("the history, a bit flipped", 3, 2)
    assert ["read without a word: 1 of 1 things differ, such as value"] in flipped.problems.values()
    assert truncated.lost == 3 and truncated.problems[1][0].startswith("history.csv is not named")


def test_one_bit_is_turned_and_the_end_is_cut(benchmark):
    damage, generator = benchmark("damage"), np.random.default_rng(0)
    content = bytes(range(200))
    for _ in range(20):
        changed = np.bitwise_xor(
            *(np.frombuffer(each, np.uint8) for each in (content, damage.flipped(content, generator)))
        )
        assert np.unpackbits(changed).sum() == 1
        cut = damage.truncated(content, generator)
        assert len(cut) < 200 and content.startswith(cut)


def test_states_are_unlike_where_something_is_lost_changed_or_left_over(benchmark):
    unlike = benchmark("campaign").unlike
    expected = {"a": "1", "b": "2"}
    assert unlike(dict(expected), expected) == ""
    for state in ({"a": "1"}, {"a": "1", "b": "3"}, expected | {"b.part": "left over"}):
        assert unlike(state, expected).startswith("1 of 2 things differ, such as b")


def test_what_cannot_be_read_is_lost(benchmark, tmp_path):
    campaign = benchmark("campaign")
    for state in (campaign.of_sweep, campaign.of_measures, campaign.of_run):
        assert "what it left cannot be read" in campaign.ended_otherwise(state, tmp_path, {})
    assert campaign.ended_otherwise(campaign.of_files, tmp_path, {}) == ""


def test_the_state_of_a_run_is_of_its_arrays_its_history_and_its_view(benchmark, small_run):
    state = benchmark("campaign").of_run(small_run.folder)
    kinds = {"history ": 3, "probe.npz ": 3, "step_": 10 * len(small_run.steps), ". ": 3}
    for beginning, least in kinds.items():
        assert sum(name.startswith(beginning) for name in state) > least, beginning


def test_snapshots_of_whole_epochs_are_known_by_when_they_were_written(benchmark, small_run, tmp_path):
    shutil.copytree(small_run.folder, tmp_path / "run")
    run, written = Run(tmp_path / "run"), benchmark("cluster").written
    assert set(written(tmp_path)) == {f"run {step}" for step in run.steps}
    run.write_history([{"step": step, "epoch": step / 2} for step in run.steps[:-1]])
    before = max(step for step in run.steps[:-1] if step % run.description["steps_per_epoch"] == 0)
    assert set(written(tmp_path)) == {f"run {step}" for step in run.steps if step <= before}


def test_rows_of_other_faults_and_backends_stay(benchmark, tmp_path, monkeypatch, capsys):
    faults, campaign = benchmark("faults"), benchmark("campaign")
    there = {("a fault", "tensorflow"): ("40", "0", "a machine"), ("a fault", "torch"): ("9", "1", "another")}
    faults.write_table(there, tmp_path)
    assert faults.read_table(tmp_path / "faults.csv") == there

    def tried(of):
        yield campaign.Count("another", 5, {3: ["ended otherwise"]})

    def refused(of):
        raise campaign.NotPossible("No small disk.")
        yield

    monkeypatch.setattr(faults, "FAULTS", {"tried": tried, "refused": refused})
    monkeypatch.setattr(faults, "Campaign", lambda *asked: None)
    assert faults.main(["--only", "refused", "tried", "--out", str(tmp_path)]) == 1
    assert "refused: not tried. No small disk." in capsys.readouterr().out
    rows = list(csv.DictReader((tmp_path / "faults.csv").open()))
    assert len(rows) == 3 and [row["lost"] for row in rows if row["fault"] == "another"] == ["1"]
    page = (tmp_path / "faults.md").read_text()
    assert "| a fault | tensorflow | 40 | 0 |" in page
    assert "- tensorflow: a machine\n- torch: " in page and "\n- torch: another\n" in page


def test_what_a_bare_traceback_says_is_kept(benchmark, tmp_path):
    of = object.__new__(benchmark("campaign").Campaign)
    of.commands, of.log = benchmark("campaign").Commands(), tmp_path / "said.txt"
    assert of.done(["--version"], before=partial(int, "a bug")) == 1
    assert "ValueError: invalid literal" in of.said() and "a bug" in of.said()


def test_a_try_is_lost_once(benchmark):
    count = benchmark("campaign").Count("a fault", tried=1)
    count.note("it did not go on")
    count.note("it left something else")
    count.tried += 1
    assert (count.tried, count.lost) == (2, 1)
    assert count.problems == {1: ["it did not go on", "it left something else"]}


def test_a_command_that_fails_before_the_fault_comes_is_lost(benchmark, tmp_path):
    campaign = benchmark("campaign")
    of = object.__new__(campaign.Campaign)
    of.commands, of.log, of.generator = campaign.Commands(), tmp_path / "said.txt", np.random.default_rng(0)
    count = campaign.Count("a fault")
    assert of.under_way(["measure", str(tmp_path / "nowhere")], 600, count) is None
    assert (count.tried, count.lost) == (1, 1) and "nowhere" in count.problems[1][0]
    assert of.under_way(["--version"], 600, count) is None
    assert count.tried == 1
