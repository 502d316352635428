"""The learner's own images: a folder with one sub-folder a token.

    friends/
      ann/   0001.jpg  0002.png  holiday/0003.jpg
      bob/   ...

Images may have any size and mode and lie in folders inside a token's folder. Each is
turned upright (EXIF), laid on white where it is transparent, resized so that its shorter
side fits, and cropped at its centre. Hidden files and files that are no images
(``Thumbs.db``, ``notes.txt``) are left out.

There are no parts: codes and masks are None.
"""

from __future__ import annotations

import os
import unicodedata
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from dense_keras.token_set import Exemplars, TokenSet, TokenSetError, as_images

MOST_PIXELS = 64_000_000
"""Images with more pixels than this are refused before they are decoded."""

MOST_HELD_OUT = 100
MOST_LISTED = 20
NOT_PHOTOGRAPHS = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}
"""Formats that need another program or are no images; EPS would be executed."""

OTHER_PHOTOGRAPHS = set(".arw .avif .cr2 .cr3 .dng .eps .heic .heif .hif .jxl .nef .orf .raf .rw2 .svg .webp".split())
NOT_TOKENS = {"__MACOSX", "@eaDir"}
PARTS_OF_A_SPLIT = {"train", "training", "val", "valid", "validation", "test", "testing", "held_out"}
LAYOUT = "Needed is one sub-folder a token, such as friends/ann/0001.jpg and friends/bob/0001.jpg, given as friends."

Troubles = dict[Path, str]
"""Path of a file that cannot be used -> why, as the end of a sentence."""


def folder(
    path: str | Path,
    exemplars: int | None = None,
    held_out: int | None = None,
    size: int = 32,
    colour: bool = True,
    seed: int = 0,
) -> TokenSet:
    """A token set from a folder of images with one sub-folder a token.

    path: the folder; a sub-folder's name is its token's name.
    exemplars: training exemplars a token; None takes all that are not held out, so
    tokens may differ in their number.
    held_out: held-out exemplars a token; None takes a fifth, 100 at most, and no more than
    ``exemplars`` leaves over.
    size: height and width of the images in pixels, 8 to 512; smaller images are enlarged.
    colour: three channels, or one (luma).
    seed: chooses the exemplars by their file names. With the same seed fewer exemplars are
    a subset of more, and so are held-out exemplars.

    Raises TokenSetError, naming all files concerned, for a wrong layout, for tokens with too
    few images, and for images that are broken, empty, unreadable, larger than 64 million
    pixels, or links that leave the folder. Images that are not chosen are opened only once
    a file is in trouble, to name all that are.
    """
    for name, value, least, most in (
        ("exemplars", exemplars, 1, 2**31),
        ("held_out", held_out, 1, 2**31),
        ("size", size, 8, 512),
        ("seed", seed, 0, 2**63),
    ):
        if value is not None and (not isinstance(value, (int, np.integer)) or not least <= value <= most):
            raise TokenSetError(f"{name}={value!r}: it must be a whole number from {least} to {most}.")
    root = _check_root(path)
    troubles: Troubles = {}
    tokens = _find_tokens(root, troubles)
    if not troubles:
        _check_layout(tokens, root)
    images = {token: find_images(token, root, troubles) for token in tokens}
    _note_shared_files(images, root, troubles)
    chosen = [] if troubles else _choose(images, exemplars, held_out, seed)
    parts = [_read_exemplars(files, size, colour, troubles) for files in zip(*chosen, strict=True)]
    if troubles:
        opened = {path for pair in chosen for paths in pair for path in paths}
        _raise_troubles(troubles, [path for paths in images.values() for path in paths if path not in opened], root)
    return TokenSet(
        name=printable(root.name) or "folder",
        token_names=[printable(token.name) for token in tokens],
        train=parts[0],
        held_out=parts[1],
        credit=f"Images of the folder {printable(root.name)}.",
    )


def printable(name: str) -> str:
    """A file name as text that can be written anywhere; bytes that are not UTF-8, and what steers terminals, become ``\\xff``."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    steers = lambda letter: unicodedata.category(letter) == "Cc"
    return "".join(letter.encode("unicode_escape").decode() if steers(letter) else letter for letter in text)


def _check_root(path: str | Path) -> Path:
    root = Path(path).expanduser()
    if not root.is_dir():
        what = "is a file, not a folder: unpack it first" if root.is_file() else "is no folder"
        raise TokenSetError(f"{printable(str(path))} {what}. {LAYOUT}")
    try:
        os.listdir(root)
    except OSError as error:
        raise TokenSetError(f"{printable(str(path))} cannot be listed ({error.strerror}).") from error
    return Path(os.path.realpath(root))


def _find_tokens(root: Path, troubles: Troubles) -> list[Path]:
    """The tokens' folders, sorted by name."""
    tokens = []
    for entry in sorted(root.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith(".") or entry.name in NOT_TOKENS:
            continue
        if not _inside(entry, root):
            troubles[entry] = "is a link that leaves the folder"
        elif os.path.isdir(entry):
            tokens.append(entry)
    return tokens


def _inside(path: Path, root: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(root)


def find_images(token: Path, root: Path, troubles: Troubles) -> list[Path]:
    """Image files in a token's folder and the folders in it, in an order given by the names; each file once.

    root: the folder that links must not leave.
    troubles: gets the files that cannot be used.
    """
    found: dict[str, Path] = {}
    waiting, visited = [token], set()
    while waiting:
        current = waiting.pop()
        if os.path.realpath(current) in visited:
            continue
        visited.add(os.path.realpath(current))
        try:
            entries = sorted(current.iterdir(), key=lambda entry: entry.name)
        except OSError as error:
            troubles[current] = f"cannot be listed ({error.strerror})"
            continue
        for entry in entries:
            if entry.name.startswith(".") or entry.name in NOT_TOKENS:
                continue
            if os.path.isdir(entry) and _inside(entry, root):
                waiting.append(entry)
            elif trouble := _trouble_before_opening(entry, root):
                troubles[entry] = trouble
            elif entry.suffix.lower() in readable_suffixes():
                found.setdefault(os.path.realpath(entry), entry)
    return list(found.values())


def readable_suffixes() -> set[str]:
    """Endings of the files that Pillow reads as images here, in lower case."""
    formats = {*readable_formats(), "MPO"}  # read as a kind of JPEG
    return {suffix for suffix, form in Image.registered_extensions().items() if form in formats}


def readable_formats() -> list[str]:
    """Pillow's names of the formats that are read."""
    Image.init()
    return [form for form in Image.OPEN if form not in NOT_PHOTOGRAPHS]


def _trouble_before_opening(path: Path, root: Path) -> str | None:
    if not _inside(path, root):
        return "is a link that leaves the folder"
    if path.suffix.lower() in OTHER_PHOTOGRAPHS - readable_suffixes():
        return "has a format that Pillow does not read here (save it as JPEG or PNG)"
    if path.suffix.lower() in readable_suffixes() and not os.path.isfile(path):
        return "is a broken link" if path.is_symlink() else "is no file that can be opened"
    return None


def _note_shared_files(images: dict[Path, list[Path]], root: Path, troubles: Troubles) -> None:
    first: dict[str, Path] = {}
    for path in (path for paths in images.values() for path in paths):
        other = first.setdefault(os.path.realpath(path), path)
        if other != path:
            place = printable(other.relative_to(root).as_posix())
            troubles[path] = f"is the same file as {place}: an image can be of one token only"


def _check_layout(tokens: list[Path], root: Path) -> None:
    """Raises TokenSetError if the sub-folders are not two or more tokens; warns of images beside them."""
    place = printable(str(root))
    loose = [entry for entry in root.iterdir() if entry.suffix.lower() in readable_suffixes() and entry.is_file()]
    if not tokens:
        raise TokenSetError(f"{place} has {len(loose)} image(s) and no sub-folders: the tokens are unknown. {LAYOUT}")
    nested = [token for token in tokens if _find_tokens(token, {})]
    if len(tokens) == 1:
        name = printable(tokens[0].name)
        hint = f" Or did you mean {place}/{name}? It has sub-folders." if nested else ""
        raise TokenSetError(f"{place} has one token only, {name}; it takes two or more. {LAYOUT}{hint}")
    if nested == tokens and {token.name.lower() for token in tokens} <= PARTS_OF_A_SPLIT:
        raise TokenSetError(
            f"The sub-folders of {place} are {', '.join(token.name for token in tokens)}: parts of a split, not "
            f"tokens. Give one of them, such as {place}/{tokens[0].name}; held-out exemplars are split off by seed."
        )
    if loose:
        warnings.warn(
            f"{len(loose)} image(s) lie in {place} itself, such as {printable(loose[0].name)}. They are left out: "
            "they are in no token's sub-folder.",
            stacklevel=3,
        )


def _choose(
    images: dict[Path, list[Path]], exemplars: int | None, held_out: int | None, seed: int
) -> list[tuple[list[Path], list[Path]]]:
    """Training and held-out files of each token, drawn by seed and the token's name."""
    _check_counts(images)
    chosen, few = [], []
    for token, paths in images.items():
        count = len(paths)
        spare = count - (exemplars or 1)
        num_held_out = held_out or max(1, min(MOST_HELD_OUT, count // 5, spare))
        num_train = exemplars or count - num_held_out
        if num_train < 1 or num_train + num_held_out > count:
            few.append(f"{printable(token.name)} has {count} images")
        generator = np.random.default_rng([seed, zlib.crc32(os.fsencode(token.name))])
        order = [paths[position] for position in generator.permutation(count)]
        chosen.append((order[::-1][:num_train], order[:num_held_out]))
    if few:
        raise TokenSetError(
            f"Each token needs {exemplars or 1} training and {held_out or 1} held-out images, "
            f"{(exemplars or 1) + (held_out or 1)} in all:{_listed(few)}\n"
            "Ask for fewer (exemplars=, held_out=), or leave both out to take what is there."
        )
    return chosen


def _check_counts(images: dict[Path, list[Path]]) -> None:
    few = [
        f"{printable(token.name)} has {'1 image' if paths else 'no images'}"
        for token, paths in images.items()
        if len(paths) < 2
    ]
    if few:
        raise TokenSetError(
            f"{len(few)} token(s) have too few images:{_listed(few)}\nEach needs two or more: one to learn from and "
            "one held out. Put images in (.jpg, .png and the like), or move the sub-folder away."
        )


def _read_exemplars(files: Sequence[list[Path]], size: int, colour: bool, troubles: Troubles) -> Exemplars:
    """files: one list of paths a token. Images that cannot be read are black and go to troubles."""
    labels = np.repeat(np.arange(len(files)), [len(paths) for paths in files])
    images = np.zeros((len(labels), size, size, 3 if colour else 1), np.uint8)
    for position, path in enumerate(path for paths in files for path in paths):
        try:
            image = read_image(path, size)
        except TokenSetError as error:
            troubles[path] = str(error)
        else:
            images[position] = np.asarray(image if colour else image.convert("L")).reshape(images.shape[1:])
    return Exemplars(images, labels)


def _raise_troubles(troubles: Troubles, unopened: Sequence[Path], root: Path) -> None:
    """Opens the images that were not chosen too, so that one error names every file."""
    for path in unopened:
        try:
            read_image(path, 8)
        except TokenSetError as error:
            troubles.setdefault(path, str(error))
    files = [f"{printable(path.relative_to(root).as_posix())} {troubles[path]}" for path in sorted(troubles)]
    raise TokenSetError(
        f"{len(files)} file(s) in {printable(str(root))} cannot be used:{_listed(files)}\n"
        "Mend them, or move them out of the folder."
    )


def _listed(lines: list[str]) -> str:
    more = [f"and {len(lines) - MOST_LISTED} more"] if len(lines) > MOST_LISTED else []
    return "".join(f"\n  {line}" for line in lines[:MOST_LISTED] + more)


def read_image(path: Path, size: int) -> Image.Image:
    """The first frame of an image file, upright, as an RGB square of size x size pixels.

    Raises TokenSetError with the reason, without the path, if it cannot be read.
    """
    try:
        if path.stat().st_size == 0:
            raise TokenSetError("is empty (0 bytes)")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=readable_formats()) as image:
                return _upright_square(image, size)
    except TokenSetError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TokenSetError(f"has more than {MOST_PIXELS // 10**6} million pixels (save it smaller)") from error
    except UnidentifiedImageError as error:
        raise TokenSetError("is no image that Pillow reads") from error
    except Exception as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise TokenSetError(f"is broken or cannot be opened ({reason})") from error


def _upright_square(image: Image.Image, size: int) -> Image.Image:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise TokenSetError(f"is {width} x {height} pixels, more than {MOST_PIXELS // 10**6} million (save it smaller)")
    image.draft(None, (2 * size, 2 * size))
    ImageOps.exif_transpose(image, in_place=True)
    image = _eight_bits(image)
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    square = image.resize(
        (size, size), Image.Resampling.LANCZOS, (left, top, left + side, top + side), reducing_gap=3.0
    )
    if square.mode == "RGB":
        return square
    white = Image.new("RGBA", square.size, "white")
    white.alpha_composite(square)
    return white.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """The image in mode RGB, or RGBA where it is transparent; 16 bits keep their upper eight."""
    if image.mode == "F":
        return Image.fromarray(as_images(np.asarray(image)[np.newaxis])[0, :, :, 0]).convert("RGB")
    if image.mode.startswith("I"):
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise TokenSetError(f"has values from {values.min()} to {values.max()}; 16 bits hold 0 to 65535")
        return Image.fromarray((values >> 8).astype(np.uint8)).convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")
