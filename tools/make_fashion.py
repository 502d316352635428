"""Makes ``dense_keras/tokens/data/fashion.npz`` from the four IDX files of Fashion-MNIST.

    python tools/make_fashion.py FOLDER_WITH_THE_IDX_FILES

The five classes are those with the highest *mutual confusion*: the mean, over the ten
pairs among them, of the share of one class's test images that a classifier takes for the
other. Classifier: a random forest of 100 trees, 1,000 training images a class; it is right
in 84.6% of the 10,000 test images. Mutual confusion in percent, and in brackets that of a
logistic regression and of 5 nearest neighbours, which agree on the five:

    5.8 (6.4, 6.6)  T-shirt/top, Pullover, Dress, Coat, Shirt
    5.0 (5.5, 5.8)  T-shirt/top, Pullover, Coat, Shirt, Bag
    4.7 (5.1, 5.5)  T-shirt/top, Trouser, Pullover, Coat, Shirt

The images are those of the files, bit for bit; which ones is drawn with seed 0. Running
this again gives the same bytes (with the same NumPy and zlib). Needs scikit-learn.
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import confusion_matrix

from dense_keras.tokens.fashion import CLASSES, Labelled, read_idx_folder

TARGET = Path(__file__).parents[1] / "dense_keras" / "tokens" / "data" / "fashion.npz"
MOST_BYTES = 2_500_000


def draw(labels: np.ndarray, classes: tuple[int, ...], count: int) -> np.ndarray:
    """Positions of ``count`` images of each class, by class, in the order of the file."""
    generator = np.random.default_rng(0)
    return np.concatenate(
        [np.sort(generator.choice(np.flatnonzero(labels == label), count, replace=False)) for label in classes]
    )


def confusion(train: Labelled, test: Labelled) -> np.ndarray:
    """(10, 10) shares: row = class of a test image, column = what a random forest takes it for."""
    images, labels = (array[draw(train[1], tuple(range(10)), 1000)] for array in train)
    forest = RandomForestClassifier(n_estimators=100, random_state=0)
    forest.fit(images.reshape(len(images), -1), labels)
    guesses = forest.predict(test[0].reshape(len(test[0]), -1))
    return confusion_matrix(test[1], guesses, normalize="true")


def mutual_confusion(shares: np.ndarray, classes: tuple[int, ...]) -> float:
    """Mean share of confusions over the pairs of the given classes, both ways; 0..1."""
    return float(np.mean([(shares[a, b] + shares[b, a]) / 2 for a, b in combinations(classes, 2)]))


def main(folder: Path) -> None:
    train, test = read_idx_folder(folder)
    shares = confusion(train, test)
    print(f"Right: {np.mean(np.diag(shares)):.1%}")
    ranked = sorted(combinations(range(10), 5), key=lambda classes: -mutual_confusion(shares, classes))
    for classes in ranked[:3]:
        print(f"{mutual_confusion(shares, classes):.2%}  {classes}")
    if ranked[0] != tuple(CLASSES):
        raise SystemExit(f"The five most confused classes are {ranked[0]}, the package has {tuple(CLASSES)}.")
    arrays = {}
    for name, (images, labels), count in (("train", train, 500), ("test", test, 100)):
        positions = draw(labels, tuple(CLASSES), count)
        arrays[f"{name}_images"] = images[positions]
        arrays[f"{name}_labels"] = labels[positions]
        arrays[f"{name}_positions"] = positions.astype(np.uint16)
    unfinished = TARGET.with_suffix(".unfinished.npz")
    np.savez_compressed(unfinished, **arrays)
    unfinished.replace(TARGET)
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")
    if TARGET.stat().st_size > MOST_BYTES:
        raise SystemExit(f"More than {MOST_BYTES:,} bytes.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
