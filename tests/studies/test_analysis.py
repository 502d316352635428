"""The way from run folders to the results, on runs that are too small to tell anything."""

import numpy as np
import pytest

import analysis
from dense_keras.experiment import Experiment, train
from small import SMALL
from verdicts import HYPOTHESES


@pytest.fixture(scope="module")
def conjunctive_run(shared_folder):
    settings = SMALL | {"code": "conjunctive", "held_out": 16, "epochs": 1}
    return train(Experiment(**settings), shared_folder / "run", record=False, progress=False)


def names(numbers, hypothesis):
    return {name for of, name, _ in numbers if of == hypothesis}


def test_a_run_gives_all_the_numbers_that_its_verdicts_need(small_run, conjunctive_run, monkeypatch):
    monkeypatch.setattr(analysis, "of_modularity", lambda run: iter(()))  # it needs more exemplars than factors
    for preset, run in (("default", small_run), ("conjunctive", conjunctive_run)):
        found = list(analysis.numbers_of(run))
        for name, hypothesis in HYPOTHESES.items():
            if preset in hypothesis.numbers and name != "H7":
                assert set(hypothesis.numbers[preset]) <= names(found, name), (name, preset)
                rows = analysis.rows_of(preset, "torch", 10, iter(found))
                assert analysis.verdicts_of(rows, name, ["torch"])[preset, "torch"] in ("holds", "fails", "undecided")


def test_modularity_of_a_run_is_asked_at_six_snapshots(conjunctive_run, monkeypatch):
    asked = []
    monkeypatch.setattr(analysis.quantities, "token_modularity", lambda *of: asked.append(of) or (len(asked), 3.0))
    found = {name: value for _, name, value in analysis.of_modularity(conjunctive_run)}
    assert len(asked) == min(analysis.GRAPH_SNAPSHOTS, len(conjunctive_run.steps))
    assert found["slope"] == 1 and found["excess, less that of step 0"] == len(asked) - 1
    assert [len(each) for each in asked[0][:1]] == [len(analysis.GRAPH_LAYERS)]


def test_without_conjunctive_units_the_cut_tells_nothing(conjunctive_run, monkeypatch):
    monkeypatch.setattr(analysis.quantities, "conjunctive_units", lambda responses: np.zeros(256, bool))
    found = {name: value for _, name, value in analysis.of_parents(conjunctive_run)}
    assert found["units"] == 0 and np.isnan(found["ratio"])


def test_parents_are_cut_from_conjunctive_units(conjunctive_run, monkeypatch):
    monkeypatch.setattr(analysis.quantities, "conjunctive_units", lambda responses: np.arange(256) < 3)
    monkeypatch.setattr(analysis, "CONTROL_CUTS", 2)
    cuts = []
    energy = analysis._energy_after
    monkeypatch.setattr(analysis, "_energy_after", lambda cut, *of: cuts.append(cut) or energy(cut, *of))
    found = {name: value for _, name, value in analysis.of_parents(conjunctive_run)}
    none, parents, *others = (set(cut.edges.get("dense", ())) for cut in cuts)
    assert len(others) == 2 and not none and len(parents) == 3 * analysis.PARENTS
    assert all(len(other) == len(parents) and not other & parents for other in others)
    assert {unit for _, unit in parents} == {0, 1, 2}
    assert found["units"] == 3


def density_rows(shares, seed="10", backend="torch"):
    return [
        {
            "exemplars": str(count),
            "seed": seed,
            "backend": backend,
            "pair_hair_eyes": str(pair),
            "pair_nose_mouth": "0.5",
            "interaction_hair_eyes": "0.3",
            "interaction_nose_mouth": "0.0",
        }
        for count, pair in shares.items()
    ]


def test_density_is_read_in_its_order():
    found = {name: value for _, name, value in analysis.of_density(density_rows({500: 0.97, 5: 0.5, 100: 0.55}))}
    assert found["critical, hair and eyes"] == 500
    assert found["critical, nose and mouth"] == np.inf
    assert found["least share"] == 0.5
    assert found["largest rise"] == pytest.approx(0.42 / 0.47)


def test_results_without_any_run_say_so_and_are_not_computed_twice(tmp_path, capsys):
    rows = density_rows({5: 0.5, 100: 0.55, 500: 0.97})
    header = ",".join(rows[0])
    (tmp_path / "density.csv").write_text("\n".join([header, *(",".join(row.values()) for row in rows)]) + "\n")
    options = ["--density", str(tmp_path / "density.csv"), "--seeds", "10", "--backends", "torch"]
    for _ in range(2):
        analysis.main([str(tmp_path / "runs"), "--out", str(tmp_path), *options])
        page = (tmp_path / "results.md").read_text()
        assert "**Not there when this was written:** faces-additive-seed10-torch" in page
        assert "| H1 | " in page and "| **not run** | default, torch: not run |" in page
        assert "| density | torch | 10 | 500 | inf | 0.894 | 0.5 |" in page
        assert "density, torch: holds" in page
        assert (tmp_path / "results.csv").read_text().count("H9,density,torch,10,least share,0.5") == 1
    assert "| H10 | " in capsys.readouterr().out


def test_every_hypothesis_of_the_page_has_a_verdict():
    text = (analysis.HERE / "hypotheses.md").read_text()
    claims = [line.removeprefix("### ") for line in text.splitlines() if line.startswith("### H")]
    assert claims == [
        f"{name}. {hypothesis.claim[0].upper()}{hypothesis.claim[1:]}" for name, hypothesis in HYPOTHESES.items()
    ]
