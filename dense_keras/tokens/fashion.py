"""Fashion-MNIST: photographs of five garments that are easily taken for one another.

Five of the ten classes, those that a simple classifier confuses most (measured by
``tools/make_fashion.py``). 500 training and 100 held-out exemplars of each come with
the package; all 6,000 and 1,000 come through Keras or from a folder of IDX files.
The pixels are the original ones: a light garment on black, 28 x 28, gray.

There are no parts: codes and masks are None.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image

from dense_keras.token_set import Exemplars, TokenSet, TokenSetError

CLASSES = {0: "T-shirt", 2: "Pullover", 3: "Dress", 4: "Coat", 6: "Shirt"}
"""Label in Fashion-MNIST -> name of the token, in the order of the tokens."""

SIDE = 28
MOST_IMAGES = 1_000_000
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
CREDIT = (
    "Fashion-MNIST: H. Xiao, K. Rasul, R. Vollgraf, arXiv 1708.07747 (2017). Copyright 2017 Zalando SE, MIT licence."
)

Labelled = tuple[np.ndarray, np.ndarray]
"""(images, 28, 28) uint8 and (images,) labels from 0 to 9."""


def fashion(
    exemplars: int = 500,
    held_out: int = 100,
    size: int = 28,
    colour: bool = False,
    seed: int = 0,
    source: str | Path = "package",
) -> TokenSet:
    """Five garments of Fashion-MNIST.

    exemplars, held_out: of each token, from the training and from the test file.
    size: height and width of the images in pixels, 8 to 512; other than 28 is resized.
    colour: repeat the gray channel three times.
    seed: chooses the exemplars; fewer exemplars are a subset of more with the same seed.
    source: ``"package"`` (500 and 100 a token), ``"keras"`` (6,000 and 1,000, downloaded
    once), or a folder with the four IDX files, gzipped or not (6,000 and 1,000).

    Raises TokenSetError if the source has fewer exemplars than asked for, or cannot be read.
    """
    for name, value, least, most in (
        ("exemplars", exemplars, 1, MOST_IMAGES),
        ("held_out", held_out, 1, MOST_IMAGES),
        ("size", size, 8, 512),
        ("seed", seed, 0, 2**63),
    ):
        if not isinstance(value, (int, np.integer)) or not least <= value <= most:
            raise TokenSetError(f"{name}={value!r}: it must be a whole number from {least} to {most}.")
    train, test = _load(source)
    return TokenSet(
        name="fashion",
        token_names=tuple(CLASSES.values()),
        train=_choose(train, exemplars, size, colour, np.random.SeedSequence([seed, 0])),
        held_out=_choose(test, held_out, size, colour, np.random.SeedSequence([seed, 1])),
        credit=CREDIT,
    )


def _load(source: str | Path) -> tuple[Labelled, Labelled]:
    if source == "package":
        return read_package()
    if source == "keras":
        return read_keras()
    folder = Path(source).expanduser()
    if not folder.is_dir():
        raise TokenSetError(
            f"No Fashion-MNIST at source={str(source)!r}. Possible are 'package' (500 exemplars a token), "
            "'keras' (6,000, downloaded once), or a folder with the four IDX files."
        )
    return read_idx_folder(folder)


def _choose(labelled: Labelled, count: int, size: int, colour: bool, seeds: np.random.SeedSequence) -> Exemplars:
    images, labels = labelled
    chosen = []
    for name, label, child in zip(CLASSES.values(), CLASSES, seeds.spawn(len(CLASSES)), strict=True):
        positions = np.flatnonzero(labels == label)
        if len(positions) < count:
            raise TokenSetError(
                f"{count} exemplars of {name} were asked for, but this source has {len(positions)}. "
                "The package has 500 training and 100 held-out exemplars a token. All 6,000 and 1,000 come with "
                "source='keras' (downloaded once) or source='a folder with the four IDX files of Fashion-MNIST'; "
                "on the command line that is --source."
            )
        chosen.append(np.random.default_rng(child).permutation(positions)[:count])
    images = _resize(images[np.concatenate(chosen)], size)[..., np.newaxis]
    return Exemplars(np.repeat(images, 3, axis=-1) if colour else images, np.repeat(np.arange(len(CLASSES)), count))


def _resize(images: np.ndarray, size: int) -> np.ndarray:
    if size == SIDE:
        return images
    return np.stack([Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR) for image in images])


def read_package() -> tuple[Labelled, Labelled]:
    """Training and test images that come with the package: five classes, 500 and 100 of each."""
    with (
        resources.files("dense_keras.tokens").joinpath("data", "fashion.npz").open("rb") as stream,
        np.load(stream, allow_pickle=False) as arrays,
    ):
        return (
            (arrays["train_images"], arrays["train_labels"]),
            (arrays["test_images"], arrays["test_labels"]),
        )


def read_keras() -> tuple[Labelled, Labelled]:
    """All 60,000 training and 10,000 test images, downloaded by Keras at first use."""
    from dense_keras.backend import keras

    try:
        return keras.datasets.fashion_mnist.load_data()
    except Exception as error:
        raise TokenSetError(
            f"Keras could not load Fashion-MNIST ({error}). It downloads 30 MB at first use: go online, or take "
            "source='package' (500 exemplars a token), or source='a folder with the four IDX files'."
        ) from error


def read_idx_folder(folder: Path) -> tuple[Labelled, Labelled]:
    """All training and test images in a folder with the four IDX files of Fashion-MNIST.

    Raises TokenSetError if files are missing, broken, or do not fit together.
    """
    found = {name: _find_idx(folder, name) for names in FILES.values() for name in names}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise TokenSetError(
            f"No {', '.join(missing)} in {folder}. The four files {', '.join(found)}, each with or without .gz, "
            "come from https://github.com/zalandoresearch/fashion-mnist."
        )
    train, test = (
        _read_labelled(found[images_name], found[labels_name]) for images_name, labels_name in FILES.values()
    )
    return train, test


def _find_idx(folder: Path, name: str) -> Path | None:
    spellings = (name, name.replace("-idx", ".idx"))
    paths = [folder / f"{spelling}{ending}" for spelling in spellings for ending in ("", ".gz")]
    return next((path for path in paths if path.is_file()), None)


def _read_labelled(images_path: Path, labels_path: Path) -> Labelled:
    images, labels = read_idx(images_path, dimensions=3), read_idx(labels_path, dimensions=1)
    if images.shape[1:] != (SIDE, SIDE):
        raise TokenSetError(f"{images_path.name} has images of {images.shape[1:]}; Fashion-MNIST has (28, 28).")
    if len(images) != len(labels):
        raise TokenSetError(
            f"{images_path.name} has {len(images)} images, but {labels_path.name} has {len(labels)} labels: "
            "the two files do not belong together."
        )
    if labels.size and labels.max() > 9:
        raise TokenSetError(f"{labels_path.name} has label {labels.max()}; Fashion-MNIST has labels 0 to 9.")
    return images, labels


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """The unsigned bytes in an IDX file, gzipped or plain.

    dimensions: 3 for images, 1 for labels.
    Raises TokenSetError if the file cannot be read, is of another kind, or has another
    length than it says.
    """
    try:
        with path.open("rb") as stream:
            zipped = stream.read(2) == b"\x1f\x8b"
        with gzip.open(path) if zipped else path.open("rb") as stream:
            magic = stream.read(4)
            if magic != bytes((0, 0, 8, dimensions)):
                raise TokenSetError(
                    f"{path.name} starts with {magic.hex(' ') or 'nothing'}, an IDX file of {dimensions} "
                    f"dimension(s) with 00 00 08 0{dimensions}: it is another kind of file, or broken."
                )
            shape = struct.unpack(f">{dimensions}I", stream.read(4 * dimensions))
            length = int(np.prod(shape, dtype=object))
            if length > MOST_IMAGES * SIDE**2:
                raise TokenSetError(f"{path.name} says that it holds {length:,} bytes: it is broken.")
            content = stream.read(length + 1)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise TokenSetError(f"{path.name} cannot be read ({error}): fetch it again.") from error
    if len(content) != length:
        came = "more" if len(content) > length else f"only {len(content):,}"
        raise TokenSetError(f"{path.name} says that it holds {length:,} bytes, and holds {came}: fetch it again.")
    return np.frombuffer(content, np.uint8).reshape(shape)
