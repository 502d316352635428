"""The token set: what a network is shown, and everything that is known about it.

Images are ``uint8`` in 0..255, shaped (exemplars, height, width, channels), with
one channel (gray) or three (colour). Tokens are integers from 0; ``-1`` marks a
chimera, an image whose code belongs to no token (it occurs in factorial probes
only).
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

DENSE = 500
"""Fewest exemplars a token that are called dense (arXiv 2307.10991)."""

CHIMERA = -1


class TokenSetError(ValueError):
    """A token set that cannot be used, with what to do about it."""


@dataclass(frozen=True)
class Exemplars:
    """Images with what is known about each.

    images: (exemplars, height, width, channels) uint8.
    tokens: (exemplars,) integers; -1 marks a chimera.
    codes: (exemplars, parts) integers, the variant of each part, or None where unknown.
    factors: name -> (exemplars,) float, what differs between views (yaw, light, ...).
    masks: (exemplars, height, width, parts) bool, the visible pixels of each part, or None.
    """

    images: np.ndarray
    tokens: np.ndarray
    codes: np.ndarray | None = None
    factors: Mapping[str, np.ndarray] = field(default_factory=dict)
    masks: np.ndarray | None = None

    def __post_init__(self) -> None:
        images, tokens = np.asarray(self.images), np.asarray(self.tokens)
        object.__setattr__(self, "images", images)
        object.__setattr__(self, "tokens", tokens)
        if images.ndim != 4 or images.shape[3] not in (1, 3):
            raise TokenSetError(
                f"Images came with shape {images.shape}. They must be (exemplars, height, width, channels) "
                "with 1 channel (gray) or 3 (colour): for gray images add an axis, images[..., None]."
            )
        if images.dtype != np.uint8:
            raise TokenSetError(
                f"Images came as {images.dtype}. They must be uint8 in 0..255; "
                "dense_keras.token_set.as_images converts floats in [0, 1]."
            )
        if tokens.shape != (len(images),) or not np.issubdtype(tokens.dtype, np.integer):
            raise TokenSetError(
                f"{len(images)} images came with tokens of shape {tokens.shape} and type {tokens.dtype}. "
                "There must be one integer for each image."
            )
        for name, values in (("codes", self.codes), ("masks", self.masks), *self.factors.items()):
            if values is not None and len(values) != len(images):
                raise TokenSetError(
                    f"{len(images)} images came with {len(values)} values of {name}: one each is needed."
                )

    def __len__(self) -> int:
        return len(self.images)

    def take(self, indices: np.ndarray) -> Exemplars:
        """The exemplars at the given positions, in that order."""
        return Exemplars(
            self.images[indices],
            self.tokens[indices],
            None if self.codes is None else self.codes[indices],
            {name: values[indices] for name, values in self.factors.items()},
            None if self.masks is None else self.masks[indices],
        )


@dataclass(frozen=True)
class TokenSet:
    """Training and held-out exemplars of a few tokens.

    name: of the source, such as ``faces``.
    token_names: one a token, in the order of the integers in ``Exemplars.tokens``.
    train, held_out: exemplars that the network learns from, and that it never sees.
    factorial: the factorial probe (every code x the same views), or None where there are no parts.
    part_names: one a column of ``Exemplars.codes``; empty where parts are unknown.
    part_shares: part -> mean share of an image's pixels that show it, in 0..1.
    credit: who made the images and under what licence.

    Raises TokenSetError if there are fewer than two tokens, if labels and names do
    not match, or if a token has no training exemplar; warns if a token has fewer than
    500 training exemplars, because the set is then not dense.
    """

    name: str
    token_names: Sequence[str]
    train: Exemplars
    held_out: Exemplars
    factorial: Exemplars | None = None
    part_names: Sequence[str] = ()
    part_shares: Mapping[str, float] = field(default_factory=dict)
    credit: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.token_names, str) or len(set(self.token_names)) < len(self.token_names):
            raise TokenSetError(f"Token names came as {self.token_names!r}. They must be a list of different names.")
        object.__setattr__(self, "token_names", tuple(self.token_names))
        object.__setattr__(self, "part_names", tuple(self.part_names))
        if self.num_tokens < 2:
            raise TokenSetError(
                f"Token set {self.name!r} has {self.num_tokens} token(s): {list(self.token_names)}. "
                "To tell tokens apart takes at least two."
            )
        for title, exemplars in (("training", self.train), ("held-out", self.held_out)):
            self._check_shapes(title, exemplars)
            unknown = sorted(set(np.unique(exemplars.tokens).tolist()) - set(range(self.num_tokens)))
            if unknown:
                raise TokenSetError(
                    f"The {title} exemplars have labels {unknown}, but there are {self.num_tokens} token names: "
                    f"labels must be 0 to {self.num_tokens - 1}."
                )
            counts = np.bincount(exemplars.tokens.astype(np.int64), minlength=self.num_tokens)
            empty = [name for name, count in zip(self.token_names, counts, strict=True) if count == 0]
            if empty:
                raise TokenSetError(f"No {title} exemplar of {', '.join(empty)}: each token needs some.")
        if self.factorial is not None:
            self._check_shapes("factorial", self.factorial)
        fewest = int(np.bincount(self.train.tokens.astype(np.int64)).min())
        if fewest < DENSE:
            warnings.warn(
                f"Token set {self.name!r} is not dense: a token has only {fewest} training exemplars "
                f"(dense is {DENSE} or more). It runs; expect memorising rather than construction.",
                stacklevel=3,
            )

    @property
    def identity(self) -> dict[str, Any]:
        """What a run notes to be sure that it goes on with the same: the token names, and a digest of all exemplars."""
        digest = hashlib.sha256()
        for exemplars in (self.train, self.held_out):
            digest.update(np.ascontiguousarray(exemplars.images))
            digest.update(exemplars.tokens.astype("<i8"))
        return {"token_names": list(self.token_names), "images": digest.hexdigest()[:16]}

    def _check_shapes(self, title: str, exemplars: Exemplars) -> None:
        if exemplars.images.shape[1:] != self.train.images.shape[1:]:
            raise TokenSetError(
                f"Training images are {self.train.images.shape[1:]}, {title} images {exemplars.images.shape[1:]}: "
                "all images of a token set must have one size."
            )
        for name, values in (("codes", exemplars.codes), ("masks", exemplars.masks)):
            if values is not None and values.shape[-1] != len(self.part_names):
                raise TokenSetError(
                    f"The {title} exemplars' {name} are of {values.shape[-1]} parts, but there are "
                    f"{len(self.part_names)} part names: {list(self.part_names)}."
                )

    def with_shuffled_tokens(self, generator: np.random.Generator) -> TokenSet:
        """The same images, whose training exemplars exchange their tokens at random: a control.

        Each token keeps its number of exemplars; codes, factors and masks stay with their images.
        """
        train = replace(self.train, tokens=generator.permutation(self.train.tokens))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # said of this set already
            return replace(self, train=train)

    @property
    def num_tokens(self) -> int:
        return len(self.token_names)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.train.images.shape[1:]


def as_images(values: np.ndarray) -> np.ndarray:
    """Images as uint8 in 0..255, shaped (exemplars, height, width, channels).

    values: (exemplars, height, width) or (exemplars, height, width, channels), integers
    in 0..255 or floats in [0, 1].
    Raises TokenSetError for NaN, infinities, and values out of range.
    """
    values = np.asarray(values)
    if values.ndim == 3:
        values = values[..., np.newaxis]
    if values.dtype == np.uint8:
        return values
    if np.issubdtype(values.dtype, np.floating):
        finite = np.isfinite(values)
        if not finite.all():
            bad = sorted(set(np.nonzero(~finite)[0].tolist()))
            raise TokenSetError(
                f"NaN or infinite values in {len(bad)} image(s), first at index {bad[0]}: drop or mend them."
            )
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
        if low < 0 or high > 1:
            raise TokenSetError(
                f"Float images came with values from {low:g} to {high:g}. Floats must be in [0, 1]; "
                "for values in 0..255 pass integers: images.astype('uint8')."
            )
        return np.rint(values * 255).astype(np.uint8)
    if not np.issubdtype(values.dtype, np.integer):
        raise TokenSetError(f"Images came as {values.dtype}: pass uint8 in 0..255 or floats in [0, 1].")
    if values.size and (values.min() < 0 or values.max() > 255):
        raise TokenSetError(
            f"Integer images came with values from {values.min()} to {values.max()}; they must be in 0..255."
        )
    return values.astype(np.uint8)
