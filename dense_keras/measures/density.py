"""How dense a token set is, and what its parts tell: what can be known before any training.

The distance of two images is the root of the mean squared difference of their pixels,
in gray levels: 0 for equal images, 255 for black and white. Neighbours of the images
asked about are sought among *reference* images, usually the training exemplars. The
array with a value for each image comes first, its mean after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

CHUNK = 500
"""Reference images that are held as floats at a time."""


def pixel_distances(images: np.ndarray, reference_images: np.ndarray) -> np.ndarray:
    """Distance of every image to every reference image, in gray levels: (images, references) float32, 0..255.

    images, reference_images: (images, height, width, channels) uint8.
    Besides the result, memory is needed for the images as floats and for 500 reference images.
    Raises ValueError for images of different sizes, and for images that are not uint8.
    """
    if images.shape[1:] != reference_images.shape[1:]:
        raise ValueError(
            f"Images are {images.shape[1:]}, reference images {reference_images.shape[1:]}: they must have one size."
        )
    if images.dtype != np.uint8 or reference_images.dtype != np.uint8:
        raise ValueError(f"Images came as {images.dtype} and {reference_images.dtype}; both must be uint8 in 0..255.")
    pixels = images[0].size if len(images) else 1
    # Sums of whole numbers below 2 ** 53 are exact as float64, so equal images have distance 0.
    asked = images.reshape(len(images), pixels).astype(np.float64)
    distances = np.empty((len(images), len(reference_images)), np.float32)
    for start in range(0, len(reference_images), CHUNK):
        chunk = reference_images[start : start + CHUNK].reshape(-1, pixels).astype(np.float64)
        squares = (asked**2).sum(axis=1)[:, np.newaxis] + (chunk**2).sum(axis=1) - 2 * asked @ chunk.T
        distances[:, start : start + CHUNK] = np.sqrt(squares / pixels)
    return distances


def exemplar_numbers(tokens: np.ndarray) -> np.ndarray:
    """Each exemplar's number among those of its token, from 0 in the order given: (exemplars,) integers.

    ``exemplar_numbers(tokens) < 50`` chooses the first 50 exemplars of each token.
    tokens: (exemplars,) integers.
    """
    tokens = np.asarray(tokens)
    numbers = np.empty(len(tokens), np.int64)
    for token in np.unique(tokens):
        numbers[tokens == token] = np.arange(np.count_nonzero(tokens == token))
    return numbers


def nearest_neighbour_distances(
    distances: np.ndarray, tokens: np.ndarray, reference_tokens: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Distance to the nearest reference of the image's own token, and of any other: two (images,), 0 or more.

    distances: (images, references), of ``pixel_distances`` or any other.
    tokens: (images,), reference_tokens: (references,) integers.
    Raises ValueError for a token that has no reference, and if there is no reference of another token.
    """
    same = np.asarray(tokens)[:, np.newaxis] == np.asarray(reference_tokens)
    for found, which in ((same.any(axis=1), "their own"), (~same.all(axis=1), "any other")):
        if not found.all():
            missing = sorted(set(np.asarray(tokens)[~found].tolist()))
            raise ValueError(f"Images of token(s) {missing} have no reference image of {which} token.")
    own = np.where(same, distances, np.inf).min(axis=1)
    other = np.where(same, np.inf, distances).min(axis=1)
    return own, other


def nearest_neighbour_distances_by_count(
    distances: np.ndarray, tokens: np.ndarray, reference_tokens: np.ndarray, counts: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """``nearest_neighbour_distances`` as the exemplars of each token grow in number: two (counts, images), 0 or more.

    counts: references of each token, the first ones in the order given; a token that has
    fewer gives all it has. For the other arguments and errors see there.
    Raises ValueError for a count below 1, and as there.
    """
    if min(counts) < 1:
        raise ValueError(f"Counts came as {list(counts)}; each must be 1 or more.")
    numbers = exemplar_numbers(reference_tokens)
    by_count = [
        nearest_neighbour_distances(distances[:, numbers < count], tokens, reference_tokens[numbers < count])
        for count in counts
    ]
    return np.array([own for own, _ in by_count]), np.array([other for _, other in by_count])


def nearest_neighbour_hits(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """1 where the nearest neighbour is of the image's own token, 0 where of another, .5 for a tie: (..., images).

    own, other: (..., images), from ``nearest_neighbour_distances``.
    """
    return np.where(own == other, 0.5, own < other)


def nearest_neighbour_accuracy(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Share of images, 0..1, whose nearest neighbour is of their own token: (counts,) for (counts, images).

    Arguments as for ``nearest_neighbour_hits``.
    Source: T. Cover and P. Hart, "Nearest neighbor pattern classification", 1967.
    """
    return nearest_neighbour_hits(own, other).mean(axis=-1)


def tokens_by_counting(codes: np.ndarray, tokens: np.ndarray, asked_codes: np.ndarray) -> np.ndarray:
    """The token that was most frequent among exemplars with the same code: (asked,) integers.

    It is the best guess of one who sees only the columns that are given, and has counted
    them on the exemplars; how often it is right approaches ``codes.accuracy_ceiling`` as
    exemplars become many. Ties go to the lower token; a code that did not occur gets the
    token that is most frequent of all.
    codes: (exemplars, parts), tokens: (exemplars,), asked_codes: (asked, parts) integers;
    no parts at all is possible.
    Raises ValueError if there are no exemplars, or if the parts differ in number.
    """
    if not len(tokens) or codes.shape[1:] != asked_codes.shape[1:]:
        raise ValueError(
            f"Codes of shape {codes.shape} were counted, codes of shape {asked_codes.shape} asked: "
            "it takes one exemplar or more, and as many parts here as there."
        )
    counts: dict[tuple[int, ...], Counter[int]] = {}
    for code, token in zip(codes.tolist(), np.asarray(tokens).tolist(), strict=True):
        counts.setdefault(tuple(code), Counter())[token] += 1
    anything = Counter(np.asarray(tokens).tolist())
    return np.array([_most_frequent(counts.get(tuple(code), anything)) for code in asked_codes.tolist()], np.int64)


def _most_frequent(counts: Counter[int]) -> int:
    return min(counts, key=lambda token: (-counts[token], token))
