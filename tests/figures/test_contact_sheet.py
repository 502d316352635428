"""The contact sheet: the right images in the right rows, whatever the set."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

from dense_keras.figures.contact_sheet import contact_sheet, describe, printable
from dense_keras.token_set import Exemplars, TokenSet


def make_set(levels=(40, 120, 200), count=6, size=(32, 32), channels=1, names=None, **known):
    """A set whose tokens are plain squares, each of its own level."""
    labels = np.repeat(np.arange(len(levels)), count)
    images = np.ones((len(labels), *size, channels), np.uint8) * np.array(levels, np.uint8)[labels][:, None, None, None]
    exemplars = Exemplars(images, labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return TokenSet("plain", names or [f"token {level}" for level in levels], exemplars, exemplars, **known)


def runs_of(line, level):
    """Lengths of the stretches of one gray level in a line of pixels."""
    same = np.concatenate([[0], np.all(line == level, axis=-1), [0]]).astype(int)
    edges = np.flatnonzero(np.diff(same))
    return (edges[1::2] - edges[::2]).tolist()


def rows_with(sheet, level, width):
    array = np.asarray(sheet)
    return [row for row, line in enumerate(array) if width in runs_of(line, level)]


def test_each_token_has_a_row_of_its_own_exemplars_in_order():
    sheet = contact_sheet(make_set(), exemplars=4)
    rows = {level: rows_with(sheet, level, 96) for level in (40, 120, 200)}
    assert [len(found) for found in rows.values()] == [96, 96, 96]
    assert max(rows[40]) < min(rows[120]) and max(rows[120]) < min(rows[200])
    for level, found in rows.items():
        assert runs_of(np.asarray(sheet)[found[48]], level) == [96] * 4


def test_magnified_by_nearest_neighbour():
    token_set = make_set(size=(8, 8))
    token_set.train.images[:, ::2, ::2] = 255
    sheet = np.asarray(contact_sheet(token_set, exemplars=1, magnify=10))
    row = rows_with(sheet, 120, 80)[0]
    assert runs_of(sheet[row], 120) == [80]
    assert runs_of(sheet[row - 1], 120) == [10] * 4 and runs_of(sheet[row - 10], 255)[:4] == [10] * 4


@pytest.mark.parametrize(("side", "cell"), [(8, 96), (28, 84), (32, 96), (64, 128), (96, 96), (224, 96)])
def test_cells_are_of_a_pleasant_size(side, cell):
    assert len(rows_with(contact_sheet(make_set(size=(side, side)), exemplars=2), 120, cell)) == cell


def test_images_need_not_be_square():
    sheet = contact_sheet(make_set(size=(16, 48)), exemplars=2)
    assert len(rows_with(sheet, 120, 96)) == 32


def test_colour_is_kept():
    token_set = make_set(channels=3)
    token_set.train.images[..., 1:] = 0
    array = np.asarray(contact_sheet(token_set, exemplars=1)).astype(int)
    assert ((array == (200, 0, 0)).all(axis=-1)).sum() == 96 * 96


def test_a_short_row_where_there_are_fewer_exemplars():
    sheet = contact_sheet(make_set(count=2), exemplars=5)
    assert runs_of(np.asarray(sheet)[rows_with(sheet, 40, 96)[0]], 40) == [96] * 2


def test_seed_chooses_the_exemplars():
    token_set = make_set(count=50)
    token_set.train.images[:] += np.tile(np.arange(50, dtype=np.uint8), 3)[:, None, None, None]
    first, again, other = (contact_sheet(token_set, seed=seed).tobytes() for seed in (1, 1, 2))
    assert first == again != other


def test_light_paper_and_dark_title():
    array = np.asarray(contact_sheet(make_set()).convert("L"))
    assert array[0].min() > 240 and array[:, -1].min() > 240 and array[-1].min() > 240
    assert array[20:50, 20:150].min() < 80


def test_counts_are_told():
    assert describe(make_set()) == "3 tokens · 6 training and 6 held-out exemplars of each · 32 × 32 pixels, gray"
    token_set = make_set(channels=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        uneven = TokenSet("plain", list("abc"), token_set.train.take(np.arange(1, 18)), token_set.held_out)
    assert "5 to 6 training and 6 held-out" in describe(uneven) and "colour" in describe(uneven)


def test_shares_of_the_parts_and_the_credit_make_the_sheet_taller():
    plain, shares = contact_sheet(make_set()), contact_sheet(make_set(part_shares={"hair": 0.21, "eyes": 0.03}))
    both = contact_sheet(make_set(part_shares={"hair": 0.21}, credit="Somebody, MIT licence"))
    assert plain.height < shares.height < both.height
    assert plain.width == shares.width


@pytest.mark.parametrize(
    "name",
    ["日本語", "Ελένη", "Алиса", "مريم", "\U0001f469\u200d\U0001f52c", "ren\udce9", "a\nb", "<b>", "n" * 300, ""],
)
def test_any_name_can_be_drawn(name):
    sheet = contact_sheet(make_set(names=[name, "bob", "cid"], credit=name, part_shares={name: 0.1}), exemplars=2)
    assert rows_with(sheet, 40, 96)
    assert sheet.width < 900


def test_names_are_drawn_on_one_line_without_control_characters():
    assert printable(" Zoë\n  Müller ") == "Zoë Müller"
    assert printable("ren\udce9 \x07") == "ren\ufffd \ufffd"


def test_many_tokens_are_cut_at_40():
    sheet = contact_sheet(make_set(levels=[7] * 45, count=1, names=[str(number) for number in range(45)]), exemplars=1)
    assert len(rows_with(sheet, 7, 96)) == 40 * 96


@pytest.mark.parametrize("options", [{"exemplars": 0}, {"magnify": 0}])
def test_numbers_below_one(options):
    with pytest.raises(ValueError, match="both must be 1 or more"):
        contact_sheet(make_set(), **options)


def test_needs_no_keras():
    code = "import sys, dense_keras.figures.contact_sheet; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
