"""Lesson 9 runs on any two runs or on one, and leaves out in words what needs parts or pairs."""

from lesson_runs import figures_in, numbers_after, run_lesson_here

LESSON = "09_complex_features.py"
OF_ALL = ["09_deletions.png", "09_interaction.png", "09_orders.png"]


def test_both_kinds_of_tokens_side_by_side(small_run, conjunctive_run, tmp_path):
    printed = run_lesson_here(LESSON, tmp_path, small_run.folder, conjunctive_run.folder)
    drawn = list(figures_in(tmp_path))
    assert set(OF_ALL) | {"09_pairs.png", "09_swaps.png"} <= set(drawn)
    assert "AND: you guessed 1.00, it is 0.33" in printed
    assert numbers_after("XOR ", printed) == [1, 0] and numbers_after("OR ", printed) == [0.33, -1]
    assert "Four sums tell hair x eyes with 1.00, nose x mouth with 0.62; interaction in their logits: 0.00" in printed
    assert numbers_after("The best accuracy of sums:", printed) == [0.7]
    assert numbers_after("One pair bound and the other guessed:", printed) == [0.6]
    for code in ("additive", "conjunctive"):
        assert f"\n{code} tokens: interaction at steps 0" in printed
        assert f"{code}: most of dense is" in printed
        shares = numbers_after(f"{code}: all parts", printed)
        assert all(0 <= share <= 1 for share in shares) and shares[1] == 1  # the ceiling of all parts
    for pair in ("hair x eyes", "nose x mouth"):
        line = next(line for line in printed.splitlines() if line.startswith(f"{pair}: told rightly"))
        assert line.endswith(("not bound", " on"))
    assert 0 <= numbers_after("Other hair: you guessed 50, it is", printed)[0] <= 100


def test_what_can_be_computed_again_is_what_was_recorded(small_run, conjunctive_run, tmp_path):
    printed = run_lesson_here(LESSON, tmp_path, conjunctive_run.folder)
    assert "Interaction in dense, additive" not in printed
    again = [line for line in printed.splitlines() if line.startswith("The layer dense, computed again")]
    if again:  # some unit of the small run has energy of the pair, and that may be by chance
        assert float(again[0].rstrip(".").split()[-1]) < 1e-4
        assert "09_parents.png" in figures_in(tmp_path)
        most = [number for number in (16, 32, 64) if numbers_after(f"strength of {number} parents", printed)[1] >= 85]
        assert f"{max(most, default=16)} inputs cut, equal strength:" in printed  # a fair control, and no unfair one
        assert all(f"{number} inputs cut" not in printed for number in (32, 64) if number > max(most, default=16))


def test_one_run_of_additive_tokens_leaves_the_pairs_out(small_run, tmp_path):
    printed = run_lesson_here(LESSON, tmp_path, small_run.folder)
    assert list(figures_in(tmp_path)) == OF_ALL
    assert "No run of conjunctive tokens came" in printed
    assert "Other hair" not in printed


def test_tokens_without_parts_leave_everything_but_the_ruler_out(fashion_run, tmp_path):
    printed = run_lesson_here(LESSON, tmp_path, fashion_run.folder)
    assert "nobody knows the parts of these tokens" in printed and "AND: you guessed" in printed
    assert figures_in(tmp_path) == {}
