"""Numbers are found by name, and what is not there is told."""

import pytest


def test_values_are_found_at_any_depth(recorded):
    assert recorded.value("03", "share") == 0.25
    assert recorded.value("03", "levels.0.2") == "chance"
    assert recorded.value("03", "levels.1 part.1.-1") == 3
    for name, told in (
        ("shares", "No 'shares' of 'shares' in lesson 03 on tensorflow: share, levels, name."),
        ("levels.1 part.2", "No '2' of .*: -2, -1, 0, 1."),
        ("share.0", "'share' of 'share.0' in lesson 03 is 0.25: it has no '0'."),
    ):
        with pytest.raises(LookupError, match=told):
            recorded.value("03", name)
    with pytest.raises(LookupError, match="not recorded on 'torch'. Record it: .* --lessons 03 --backends torch"):
        recorded.value("03", "share", "torch")
    assert recorded.backends_of("03") == ["tensorflow"]


def test_lines_and_their_numbers_are_found(recorded):
    assert recorded.said("03", "Second") == "Second: none"
    assert [recorded.said_number("03", "First:", place) for place in (0, 1, -1)] == [1560, -0.5, 3e-05]
    with pytest.raises(LookupError, match="No lines of lesson 03 on tensorflow begin with 'Fourth'"):
        recorded.said("03", "Fourth")
    with pytest.raises(LookupError, match="No number at place 0 in 'Second: none'"):
        recorded.said_number("03", "Second")


def test_tables_are_read_by_column_and_row(recorded):
    assert recorded.cell("runs.csv", "final", {"backend": "torch", "seed": 0}) == "0.5"
    assert recorded.column("runs.csv", "final") == [0.5, 1.0]
    assert recorded.has_table("runs.csv") and not recorded.has_table("others.csv")
    for name, column, where, told in (
        ("others.csv", "final", None, "No table 'others.csv' in docs/ or lessons/data/."),
        ("runs.csv", "last", None, "No column 'last' in 'runs.csv'. There are: backend, seed, final."),
        ("runs.csv", "final", {"of": 1}, "No column 'of' in 'runs.csv'."),
        ("runs.csv", "final", {"seed": 2}, "No row of 'runs.csv' agrees with {'seed': 2}."),
        ("runs.csv", "final", {"seed": 0}, "2 rows of 'runs.csv' agree with {'seed': 0}, and one is needed."),
    ):
        with pytest.raises(LookupError, match=told):
            recorded.cell(name, column, where)
