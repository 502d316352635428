"""Folders of images: what must just work, and what must be refused in plain words."""

import os
import random
import re
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from dense_keras.token_set import TokenSetError
from dense_keras.tokens import folder as folder_module
from dense_keras.tokens.folder import folder, read_image

pytestmark = pytest.mark.filterwarnings("ignore:.*not dense")

ORIENTATION = 0x0112
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def save(path, colour=RED, size=(40, 40), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, **options)
    return path


def make_token(path, count, first=0):
    """Images that differ: the red channel is the image's number."""
    for number in range(first, first + count):
        save(path / f"{number:04}.png", (number, 90, 30), (12, 12))


@pytest.fixture
def friends(tmp_path):
    for name in ("ann", "bob"):
        make_token(tmp_path / "friends" / name, 10)
    return tmp_path / "friends"


def numbers(exemplars, token):
    return exemplars.images[exemplars.tokens == token][:, 0, 0, 0].tolist()


def message_of(path, **options):
    with pytest.raises(TokenSetError) as caught:
        folder(path, **options)
    return str(caught.value)


def assert_quarters(image, expected, tolerance=40):
    """expected: colours at the upper left, upper right, lower left, lower right."""
    array = np.asarray(image).astype(int)
    near, far = len(array) // 4, 3 * len(array) // 4
    for (row, column), colour in zip(((near, near), (near, far), (far, near), (far, far)), expected, strict=True):
        assert np.abs(array[row, column] - colour).max() <= tolerance, (row, column, array[row, column], colour)


def four_quarters(width=200, height=200):
    image = Image.new("RGB", (width, height))
    for index, colour in enumerate((RED, GREEN, BLUE, WHITE)):
        left, top = (index % 2) * width // 2, (index // 2) * height // 2
        image.paste(colour, (left, top, left + width // 2, top + height // 2))
    return image


def paint_face(generator, hair, size):
    """A disc on a cluttered ground, hair above; enough to be told from another identity."""
    width, height = size
    image = Image.fromarray(generator.integers(0, 255, (height, width, 3), dtype=np.uint8))
    image.paste((225, 190, 160), (width // 4, height // 4, 3 * width // 4, 3 * height // 4))
    image.paste(hair, (width // 4, height // 4, 3 * width // 4, height // 2))
    return image


def test_a_folder_per_identity_face_collection_just_works(tmp_path):
    generator = np.random.default_rng(0)
    hair = {"Ada Lovelace": (20, 20, 20), "Grace_Hopper": (210, 60, 40), "Zoë Müller": (240, 220, 90)}
    sizes = [(250, 250), (64, 96), (640, 480), (33, 47), (300, 120)]
    suffixes = [".jpg", ".JPG", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif"]
    modes = ["RGB", "RGB", "L", "P", "RGB"]
    for name, colour in hair.items():
        for number in range(40):
            place = tmp_path / name / ("2019 holiday" if number % 4 == 0 else "")
            place.mkdir(parents=True, exist_ok=True)
            image = paint_face(generator, colour, sizes[number % 5]).convert(modes[number % 5])
            suffix = suffixes[number % len(suffixes)]
            exif = Image.Exif()
            exif[ORIENTATION] = 1
            options = {"exif": exif} if "jp" in suffix.lower() else {}
            image.convert("RGB" if "jp" in suffix.lower() else image.mode).save(
                place / f"{name}_{number:04}{suffix}", **options
            )
        for junk in ("Thumbs.db", ".DS_Store", "._hidden.jpg", "notes.txt", "landmarks.csv"):
            (tmp_path / name / junk).write_bytes(b"\x00not an image")
    save(tmp_path / "Grace_Hopper" / "@eaDir" / "thumbnail.jpg")
    (tmp_path / "__MACOSX" / "ada").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "README.md").write_text("faces of three friends")

    token_set = folder(tmp_path)

    assert token_set.token_names == ("Ada Lovelace", "Grace_Hopper", "Zoë Müller")
    assert token_set.train.images.shape == (96, 32, 32, 3)
    assert token_set.held_out.images.shape == (24, 32, 32, 3)
    assert token_set.train.tokens.tolist() == np.repeat([0, 1, 2], 32).tolist()
    gray = folder(tmp_path, colour=False)
    assert gray.image_shape == (32, 32, 1)
    seen = [token_set.train.images[token_set.train.tokens == token, 10:14, 14:18].mean() for token in range(3)]
    assert seen[0] < seen[1] < seen[2]


def test_labels_follow_the_sub_folders(tmp_path):
    for name, colour in (("a", RED), ("b", GREEN), ("c", BLUE)):
        for number in range(6):
            save(tmp_path / name / f"{number}.png", colour)
    token_set = folder(tmp_path)
    for exemplars in (token_set.train, token_set.held_out):
        assert exemplars.images[:, 5, 5].argmax(axis=1).tolist() == exemplars.tokens.tolist()


def test_nothing_is_lost_and_nothing_is_in_both_splits(friends):
    token_set = folder(friends)
    for token in range(2):
        train, held_out = numbers(token_set.train, token), numbers(token_set.held_out, token)
        assert len(held_out) == 2
        assert sorted(train + held_out) == list(range(10))


def test_a_fifth_is_held_out_100_at_most_and_at_least_1(tmp_path):
    for name, count in (("many", 520), ("some", 25), ("two", 2)):
        make_token(tmp_path / name, count if count < 256 else 250)
    for number in range(270):
        save(tmp_path / "many" / f"more {number}.png", size=(4, 4))
    token_set = folder(tmp_path, size=8)
    assert np.bincount(token_set.held_out.tokens).tolist() == [100, 5, 1]
    assert np.bincount(token_set.train.tokens).tolist() == [420, 20, 1]


def test_fewer_exemplars_are_a_subset_of_more(friends):
    def splits(**options):
        token_set = folder(friends, seed=3, **options)
        return numbers(token_set.train, 1), numbers(token_set.held_out, 1)

    two, six = splits(exemplars=2, held_out=1)[0], splits(exemplars=6, held_out=3)[0]
    assert two == six[:2]
    assert splits(exemplars=2, held_out=1)[1] == splits(exemplars=6, held_out=3)[1][:1]


def test_exemplars_asked_for_come_before_held_out_ones(friends):
    token_set = folder(friends, exemplars=9)
    assert (len(token_set.train), len(token_set.held_out)) == (18, 2)


def test_split_depends_on_the_seed_and_not_on_the_order_of_the_file_system(friends, tmp_path):
    first, again, other = (folder(friends, seed=seed) for seed in (1, 1, 2))
    files = sorted(path for path in friends.rglob("*.png"))
    random.Random(0).shuffle(files)
    for path in files:
        copy = tmp_path / "copy" / path.relative_to(friends)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    copied = folder(tmp_path / "copy", seed=1)
    for same in (again, copied):
        np.testing.assert_array_equal(same.train.images, first.train.images)
        np.testing.assert_array_equal(same.held_out.images, first.held_out.images)
    assert numbers(other.train, 0) != numbers(first.train, 0)


def test_another_token_does_not_change_the_split_of_the_first(friends):
    before = folder(friends)
    make_token(friends / "aaron", 7)
    after = folder(friends)
    assert numbers(before.train, 0) == numbers(after.train, 1)


def test_order_of_the_listing_does_not_matter(friends, monkeypatch):
    expected = folder(friends).train.images
    listing = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda path: iter(sorted(listing(path), reverse=True)))
    np.testing.assert_array_equal(folder(friends).train.images, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_exif_orientation_turns_the_image_upright(tmp_path, orientation, suffix):
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    turned = four_quarters(240, 200)
    if orientation > 1:
        turned = turned.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    turned.save(tmp_path / f"turned{suffix}", exif=exif)
    assert_quarters(read_image(tmp_path / f"turned{suffix}", 32), (RED, GREEN, BLUE, WHITE))


def test_a_photograph_with_a_broken_exif_block_is_read(tmp_path):
    for number, exif in enumerate((b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0")):
        path = save(tmp_path / f"{number}.jpg", RED, exif=exif)
        assert_quarters(read_image(path, 8), [RED] * 4, tolerance=6)


@pytest.mark.parametrize("size", [(200, 200), (200, 90), (90, 200), (17, 31), (1, 50), (2000, 1500)])
def test_any_size_fits_the_shorter_side(tmp_path, size):
    save(tmp_path / "image.jpg", (200, 100, 50), size)
    image = read_image(tmp_path / "image.jpg", 24)
    assert image.size == (24, 24)
    assert np.abs(np.asarray(image).astype(int) - (200, 100, 50)).max() <= 6


def test_crop_is_centred(tmp_path):
    image = Image.new("RGB", (300, 100), BLUE)
    image.paste(four_quarters(100, 100), (100, 0))
    image.save(tmp_path / "wide.png")
    assert_quarters(read_image(tmp_path / "wide.png", 20), (RED, GREEN, BLUE, WHITE))


def test_a_fine_grid_becomes_gray_instead_of_stripes(tmp_path):
    stripes = np.zeros((256, 256), np.uint8)
    stripes[:, ::2] = 255
    Image.fromarray(stripes).save(tmp_path / "stripes.png")
    image = np.asarray(read_image(tmp_path / "stripes.png", 16)).astype(int)
    assert np.abs(image[1:-1, 1:-1] - 127).max() <= 6


def test_large_jpegs_are_decoded_smaller_but_not_below_twice_the_size(tmp_path, monkeypatch):
    asked = []
    draft = JpegImageFile.draft

    def noted(image, mode, size):
        draft(image, mode, size)
        asked.append(image.size)

    four_quarters(304, 304).save(tmp_path / "large.jpg")
    monkeypatch.setattr(JpegImageFile, "draft", noted)
    assert_quarters(read_image(tmp_path / "large.jpg", 32), (RED, GREEN, BLUE, WHITE))
    assert asked == [(76, 76)]


GRAY = (128, 128, 128)


@pytest.mark.parametrize(
    ("mode", "value", "suffix", "expected"),
    [
        ("RGB", (200, 100, 50), ".png", (200, 100, 50)),
        ("L", 128, ".png", GRAY),
        ("1", 1, ".png", WHITE),
        ("P", 0, ".gif", (0, 0, 0)),
        ("LA", (128, 255), ".png", GRAY),
        ("LA", (0, 0), ".png", WHITE),
        ("RGBA", (200, 100, 50, 255), ".png", (200, 100, 50)),
        ("RGBA", (0, 0, 0, 0), ".png", WHITE),
        ("RGBA", (255, 0, 0, 128), ".webp", (255, 127, 127)),
        ("I;16", 128 * 257, ".png", GRAY),
        ("I;16", 65535, ".tif", WHITE),
        ("I", 128 * 257, ".tif", GRAY),
        ("F", 0.5, ".tif", GRAY),
        ("CMYK", (0, 255, 255, 0), ".jpg", RED),
        ("CMYK", (0, 0, 0, 127), ".tif", GRAY),
        ("YCbCr", (128, 128, 128), ".jpg", GRAY),
    ],
)
def test_every_mode_becomes_colour_on_white(tmp_path, mode, value, suffix, expected):
    path = tmp_path / f"image{suffix}"
    Image.new(mode, (30, 40), value).save(path)
    image = read_image(path, 16)
    assert image.mode == "RGB"
    assert np.abs(np.asarray(image).astype(int) - expected).max() <= 3


@pytest.mark.parametrize("mode", ["P", "RGB", "L"])
def test_transparent_colours_become_white(tmp_path, mode):
    image = Image.new("RGB", (32, 32), BLUE)
    image.paste((9, 9, 9), (0, 0, 16, 32))
    image = image.convert(mode)
    image.save(tmp_path / "clear.png", transparency=image.getpixel((3, 3)))
    array = np.asarray(read_image(tmp_path / "clear.png", 32))
    assert array[16, 4].tolist() == [255, 255, 255]
    assert array[16, 28].max() - array[16, 28].min() == (0 if mode == "L" else 255)


def test_a_transparent_edge_does_not_darken(tmp_path):
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((*WHITE, 255), (16, 16, 48, 48))
    image.save(tmp_path / "white on nothing.png")
    assert np.asarray(read_image(tmp_path / "white on nothing.png", 20)).min() >= 253


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp", ".tif"])
def test_the_first_frame_of_an_animation(tmp_path, suffix):
    frames = [Image.new("RGB", (20, 20), colour) for colour in (RED, GREEN, BLUE)]
    frames[0].save(tmp_path / f"moving{suffix}", save_all=True, append_images=frames[1:], duration=50)
    assert_quarters(read_image(tmp_path / f"moving{suffix}", 8), [RED] * 4, tolerance=6)


def test_gray_is_luma(tmp_path):
    for name, colour in (("a", RED), ("b", GREEN)):
        for number in range(2):
            save(tmp_path / name / f"{number}.png", colour)
    assert folder(tmp_path, colour=False).train.images[:, 5, 5, 0].tolist() == [76, 150]


def test_odd_names_are_fine(tmp_path):
    names = ["'quoted' \"twice\"", "<script>alert(1)<script>", "a b  c", "日本", "x.png", "%s{0}$HOME"]
    for name in names:
        make_token(tmp_path / name, 2)
    token_set = folder(tmp_path)
    assert token_set.token_names == tuple(sorted(names))


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="file names must be Unicode there")
def test_names_that_are_not_utf_8_can_be_written(tmp_path):
    for name in (b"ren\xe9", b"bob"):
        make_token(Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)), 2)
    assert folder(tmp_path).token_names == ("bob", r"ren\xe9")
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/ren\xe9")) / "bad.png").write_bytes(b"")
    message_of(tmp_path).encode("utf-8")


def broken_files(place):
    """Every kind of file that cannot be used, and what the error says of it."""
    good = save(place / "good.jpg", size=(80, 80)).read_bytes()
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    noise.save(place / "good.png")
    png = (place / "good.png").read_bytes()
    contents = {
        "empty.jpg": (b"", "is empty (0 bytes)"),
        "text.png": (b"<html>404 not found</html>", "is no image that Pillow reads"),
        "truncated.jpg": (good[: len(good) // 2], "is broken"),
        "truncated.png": (png[: len(png) // 2], "is broken"),
        "corrupt.png": (png[:200] + b"\x00" * 400 + png[600:], "is broken"),
        "start only.png": (png[:20], ""),
        "photo.heic": (b"\x00\x00\x00\x18ftypheic", "Pillow does not read here (save it as JPEG or PNG)"),
        "drawing.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "Pillow does not read here"),
        "program.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is no image that Pillow reads"),
    }
    for name, (content, _) in contents.items():
        (place / name).write_bytes(content)
    Image.fromarray(np.full((9, 9), np.nan, np.float32)).save(place / "nan.tif")
    Image.fromarray(np.full((9, 9), 300.0, np.float32)).save(place / "range.tif")
    Image.fromarray(np.full((9, 9), -5, np.int32)).save(place / "negative.tif")
    (place / "dangling.png").symlink_to(place / "nowhere.png")
    os.mkfifo(place / "pipe.png")
    return {name: words for name, (_, words) in contents.items()} | {
        "nan.tif": "NaN or infinite values",
        "range.tif": "values from 300 to 300. Floats must be in [0, 1]",
        "negative.tif": "values from -5 to -5",
        "dangling.png": "is a broken link",
        "pipe.png": "is no file that can be opened",
    }


@pytest.mark.skipif(os.name == "nt", reason="named pipes and links")
@pytest.mark.parametrize("exemplars", [None, 1])
def test_all_broken_files_are_named_in_one_error(friends, exemplars):
    """Chosen or not, in both splits and in all tokens."""
    expected = broken_files(friends / "ann")
    (friends / "bob" / "deep").mkdir()
    (friends / "bob" / "deep" / "empty.webp").write_bytes(b"")
    (friends / "ann" / "good.jpg").unlink()
    message = message_of(friends, exemplars=exemplars)
    assert f"{len(expected) + 1} file(s) in {friends} cannot be used:" in message
    for name, words in expected.items():
        (line,) = [line for line in message.splitlines() if f"ann/{name} " in line]
        assert words in line
        assert str(friends) not in line
    assert "bob/deep/empty.webp is empty" in message
    assert "good" not in message and "0001.png" not in message
    assert message.endswith("Mend them, or move them out of the folder.")


def test_a_broken_file_that_is_not_chosen_does_not_matter(friends):
    for number in range(40):
        save(friends / "ann" / f"more {number}.png", (100, 0, 0))
    (friends / "ann" / "empty.png").write_bytes(b"")
    messages = []
    for seed in range(20):
        try:
            folder(friends, exemplars=1, held_out=1, seed=seed)
        except TokenSetError as error:
            messages.append(str(error))
    assert len(messages) < 10


def test_twenty_broken_files_are_listed_and_the_rest_counted(friends):
    for number in range(27):
        (friends / "ann" / f"empty {number:02}.png").write_bytes(b"")
    message = message_of(friends)
    assert message.startswith("27 file(s)")
    assert len(re.findall("is empty", message)) == 20
    assert "and 7 more" in message


def test_files_that_may_not_be_read_are_named(friends, monkeypatch):
    secret = friends / "bob" / "0003.png"
    opening = Image.open

    def guarded(path, *arguments, **options):
        if Path(path) == secret:
            raise PermissionError(13, "Permission denied", str(path))
        return opening(path, *arguments, **options)

    monkeypatch.setattr(Image, "open", guarded)
    assert "bob/0003.png is broken or cannot be opened (Permission denied)\n" in message_of(friends)


def test_folders_that_may_not_be_listed_are_named(friends, monkeypatch):
    make_token(friends / "bob" / "locked", 2)
    listing = Path.iterdir

    def guarded(path):
        if path.name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(Path, "iterdir", guarded)
    assert "bob/locked cannot be listed (Permission denied)" in message_of(friends)


def png_header(width, height):
    """A PNG of any size in less than 100 bytes."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 9)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("side", "words"),
    [
        (8001, "is 8001 x 8001 pixels, more than 64 million"),
        (10_000, "has more than 64 million pixels"),
        (60_000, "has more than 64 million pixels"),
    ],
)
def test_an_image_that_decodes_to_gigabytes_is_refused_by_its_header(friends, monkeypatch, side, words):
    (friends / "ann" / "bomb.png").write_bytes(png_header(side, side))
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load_prepare", lambda image: pytest.fail("decoded"))
    with pytest.raises(TokenSetError, match=words):
        read_image(friends / "ann" / "bomb.png", 32)
    monkeypatch.undo()
    assert f"ann/bomb.png {words}" in message_of(friends)


def test_an_image_just_below_the_limit_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_module, "MOST_PIXELS", 1600)
    assert read_image(save(tmp_path / "fits.png", size=(40, 40)), 8).size == (8, 8)
    with pytest.raises(TokenSetError, match="is 40 x 41 pixels"):
        read_image(save(tmp_path / "larger.png", size=(40, 41)), 8)


links = pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")


@links
def test_links_that_leave_the_folder_are_refused(friends, tmp_path):
    outside = save(tmp_path / "outside" / "secret.png")
    (friends / "ann" / "stolen.png").symlink_to(outside)
    (friends / "ann" / "more").symlink_to(outside.parent)
    (friends / "carol").symlink_to(outside.parent)
    (friends / "bob" / "up.png").symlink_to("../../outside/secret.png")
    message = message_of(friends)
    assert message.startswith("4 file(s)")
    for name in ("ann/stolen.png", "ann/more", "carol", "bob/up.png"):
        assert f"\n  {name} is a link that leaves the folder" in message


@links
def test_a_neighbour_whose_name_begins_alike_is_outside(friends):
    neighbour = save(friends.parent / "friends_private" / "secret.png")
    (friends / "ann" / "stolen.png").symlink_to(neighbour)
    assert "ann/stolen.png is a link that leaves the folder" in message_of(friends)


@links
def test_links_inside_the_folder_are_followed_once(friends):
    make_token(friends / "ann" / "originals", 3, first=100)
    (friends / "ann" / "linked").symlink_to(friends / "ann" / "originals")
    (friends / "ann" / "again.png").symlink_to(friends / "ann" / "0001.png")
    token_set = folder(friends)
    found = numbers(token_set.train, 0) + numbers(token_set.held_out, 0)
    assert sorted(found) == [*range(10), 100, 101, 102]


@links
def test_a_folder_reached_by_a_link_is_fine(friends, tmp_path):
    (tmp_path / "short").symlink_to(friends)
    np.testing.assert_array_equal(folder(tmp_path / "short").train.images, folder(friends).train.images)


@links
def test_one_file_of_two_tokens_is_refused(friends):
    (friends / "bob" / "also ann.png").symlink_to(friends / "ann" / "0004.png")
    assert "bob/also ann.png is the same file as ann/0004.png: an image can be of one token" in message_of(friends)


@links
def test_many_links_in_a_circle_cost_nothing(friends, monkeypatch):
    for number in range(4):
        (friends / "ann" / f"circle {number}").symlink_to(friends / "ann")
    listed = []
    listing = Path.iterdir

    def counted(path):
        listed.append(path)
        return listing(path) if len(listed) < 99 else []

    monkeypatch.setattr(Path, "iterdir", counted)
    assert len(folder(friends).train) == 16
    assert len(listed) < 10


@links
def test_a_link_in_a_circle_ends(friends):
    (friends / "ann" / "circle").symlink_to(friends / "ann")
    assert len(folder(friends).train) == 16
    (friends / "ann" / "circle").unlink()
    (friends / "ann" / "self").symlink_to(friends / "ann" / "self")
    assert len(folder(friends).train) == 16


def test_no_folder(tmp_path):
    message = message_of(tmp_path / "nothing")
    assert "nothing is no folder. Needed is one sub-folder a token, such as friends/ann/0001.jpg" in message


def test_a_file_instead_of_a_folder(tmp_path):
    (tmp_path / "friends.zip").write_bytes(b"PK")
    assert "friends.zip is a file, not a folder: unpack it first" in message_of(tmp_path / "friends.zip")


def test_a_flat_folder(tmp_path):
    make_token(tmp_path, 4)
    message = message_of(tmp_path)
    assert "has 4 image(s) and no sub-folders: the tokens are unknown" in message
    assert "friends/ann/0001.jpg and friends/bob/0001.jpg" in message


def test_an_empty_folder(tmp_path):
    assert "has 0 image(s) and no sub-folders" in message_of(tmp_path)


def test_one_token(tmp_path):
    make_token(tmp_path / "ann", 4)
    message = message_of(tmp_path)
    assert "has one token only, ann; it takes two or more" in message
    assert "did you mean" not in message


def test_a_folder_too_far_out(tmp_path):
    for name in ("ann", "bob"):
        make_token(tmp_path / "collection" / name, 4)
    assert f"did you mean {tmp_path}/collection? It has sub-folders" in message_of(tmp_path)


def test_parts_of_a_split_are_no_tokens(tmp_path):
    for part in ("train", "test"):
        for name in ("ann", "bob"):
            make_token(tmp_path / part / name, 3)
    message = message_of(tmp_path)
    assert "are test, train: parts of a split, not tokens" in message
    assert f"such as {tmp_path}/test" in message
    assert folder(tmp_path / "train").token_names == ("ann", "bob")


def test_tokens_may_be_called_test_and_train(tmp_path):
    for name in ("train", "test"):
        make_token(tmp_path / name, 3)
    assert folder(tmp_path).token_names == ("test", "train")


def test_tokens_without_images_or_with_one_are_all_named(friends):
    (friends / "carol").mkdir()
    (friends / "carol" / "notes.txt").write_text("none yet")
    make_token(friends / "dave", 1)
    message = message_of(friends)
    assert message.startswith("2 token(s) have too few images:")
    assert "\n  carol has no images\n  dave has 1 image\n" in message
    assert "ann has" not in message


def test_more_exemplars_than_there_are(friends):
    make_token(friends / "carol", 30)
    message = message_of(friends, exemplars=12, held_out=3)
    assert "needs 12 training and 3 held-out images, 15 in all:\n  ann has 10 images\n  bob has 10 images\n" in message
    assert "carol" not in message
    assert "Ask for fewer" in message


@pytest.mark.parametrize(
    ("option", "value"), [("exemplars", 0), ("held_out", 0), ("size", 7), ("size", 513), ("seed", -1), ("size", "32")]
)
def test_options_that_are_no_possible_number(friends, option, value):
    assert message_of(friends, **{option: value}).startswith(f"{option}={value!r}: it must be a whole number from")


def test_images_beside_the_sub_folders_are_warned_of(friends):
    save(friends / "group photo.jpg")
    with pytest.warns(UserWarning, match=r"1 image\(s\) lie in .*such as group photo.jpg. They are left out"):
        folder(friends)


def test_fewer_than_500_exemplars_are_warned_of(friends):
    with pytest.warns(UserWarning, match="'friends' is not dense: a token has only 8 training exemplars"):
        folder(friends)


def test_reading_changes_nothing_and_warns_of_nothing_else(friends):
    before = {path: path.stat().st_mtime_ns for path in friends.rglob("*")}
    limit = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", ".*not dense")
        folder(friends)
    assert {path: path.stat().st_mtime_ns for path in friends.rglob("*")} == before
    assert Image.MAX_IMAGE_PIXELS == limit


@pytest.mark.parametrize(
    ("name", "shown"),
    [("ann\x1b[31m", r"ann\x1b[31m"), ("a\nb", r"a\nb"), (os.fsdecode(b"\xffx"), r"\xffx"), ("می‌رود", "می‌رود")],
)
def test_no_name_steers_a_terminal(tmp_path, name, shown):
    for token in (name, "other"):
        make_token(tmp_path / token, 40)
    assert shown in folder(tmp_path, size=16).token_names
