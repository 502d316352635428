"""Faces built from known parts by a known code: the generated default token set.

Five tokens, Ada, Ben, Cleo, Dov and Eva, in one of three kinds of code (see
``dense_keras.codes``). The factorial probe shows every code in the same views. The
pictures, the kinds of code and the names are our own design.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dense_keras.codes import ABSENT, NUM_TOKENS, draw_codes, factorial_codes, part_names, tokens_of_codes
from dense_keras.face_drawing import SMALLEST, draw_faces
from dense_keras.face_looks import Looks, face_looks
from dense_keras.face_views import draw_views, repeated
from dense_keras.token_set import Exemplars, TokenSet, TokenSetError

TOKEN_NAMES = ("Ada", "Ben", "Cleo", "Dov", "Eva")

_TRAIN, _HELD_OUT, _FACTORIAL = 1, 2, 3
_CODES, _VIEWS = 1, 2


def faces(
    code: str = "additive",
    exemplars: int = 500,
    held_out: int = 100,
    size: int = 32,
    colour: bool = True,
    seed: int = 0,
    views: int = 8,
    without_parts: Sequence[str] | None = None,
) -> TokenSet:
    """Five generated faces, with part masks, codes and every factor of each view.

    code: ``natural``, ``additive`` or ``conjunctive``.
    exemplars, held_out: images a token to learn from, and never seen. Ordered by token;
    fewer exemplars are the first ones of more.
    size: pixels a side, at least 28; a size shows the same pictures as another, coarser or finer.
    colour: three channels, or one of luma.
    seed: 0 or above; the same seed gives the same pixels on every machine. It decides the
    views, and for natural faces also what the tokens look like.
    views: of each code in the factorial probe; its factor ``view`` numbers them.
    without_parts: names of parts that the training exemplars are drawn without; what lies below shows.
        Held-out and factorial exemplars have them.
    Raises TokenSetError for values out of these ranges, and for parts that there are not.
    """
    left_out = _columns(code, without_parts or ())
    _check(exemplars=(exemplars, 1), held_out=(held_out, 1), size=(size, SMALLEST), seed=(seed, 0), views=(views, 1))
    looks = face_looks(code, seed)
    train = _exemplars_of_tokens(code, exemplars, (seed, _TRAIN), looks, size, colour)
    if left_out:
        train = _without(train, left_out, looks, size, colour)
    return TokenSet(
        name="faces",
        token_names=TOKEN_NAMES,
        train=train,
        held_out=_exemplars_of_tokens(code, held_out, (seed, _HELD_OUT), looks, size, colour),
        factorial=_factorial(code, views, (seed, _FACTORIAL), looks, size, colour),
        part_names=part_names(code),
        part_shares=dict(zip(part_names(code), train.masks.mean(axis=(0, 1, 2)).tolist(), strict=True)),
        credit="Drawn by dense_keras, MIT licence.",
    )


_REASONS = {
    "exemplars": "each token needs at least one image to learn from",
    "held_out": "each token needs at least one image that is never seen",
    "size": "below this many pixels a side the parts of a face cannot be told apart",
    "seed": "seeds count from 0",
    "views": "the factorial probe shows each code in at least one view",
}


def _check(**settings: tuple[int, int]) -> None:
    for name, (value, lowest) in settings.items():
        if not isinstance(value, (int, np.integer)) or value < lowest:
            raise TokenSetError(
                f"{name} came as {value!r}. It must be a whole number, {lowest} or more: {_REASONS[name]}."
            )


def _columns(code: str, parts: Sequence[str]) -> list[int]:
    names = part_names(code)
    unknown = [part for part in parts if part not in names]
    if unknown or isinstance(parts, str):
        raise TokenSetError(f"without_parts came as {parts!r}. It is a list out of: {', '.join(names)}.")
    return [names.index(part) for part in parts]


def _generator(seed: int, *purpose: int) -> np.random.Generator:
    """A stream of random numbers of its own for each purpose."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=purpose))


def _without(exemplars: Exemplars, parts: list[int], looks: Looks, size: int, colour: bool) -> Exemplars:
    """The same exemplars in the same views, drawn without some parts."""
    codes = exemplars.codes.copy()
    codes[:, parts] = ABSENT
    images, masks = draw_faces(codes, exemplars.factors, looks, size, colour)
    return replace(exemplars, images=images, codes=codes, masks=masks)


def _exemplars_of_tokens(
    kind: str, count: int, stream: tuple[int, int], looks: Looks, size: int, colour: bool
) -> Exemplars:
    tokens = range(NUM_TOKENS)
    codes = [draw_codes(kind, token, count, _generator(*stream, _CODES, token)) for token in tokens]
    views = [draw_views(count, _generator(*stream, _VIEWS, token)) for token in tokens]
    factors = {name: np.concatenate([view[name] for view in views]) for name in views[0]}
    return _exemplars(kind, np.concatenate(codes), factors, looks, size, colour)


def _factorial(kind: str, count: int, stream: tuple[int, int], looks: Looks, size: int, colour: bool) -> Exemplars:
    codes = factorial_codes(kind)
    factors = draw_views(count, _generator(*stream, _VIEWS))
    factors["view"] = np.arange(count, dtype=float)
    return _exemplars(kind, np.repeat(codes, count, axis=0), repeated(factors, len(codes)), looks, size, colour)


def _exemplars(
    kind: str, codes: np.ndarray, factors: dict[str, np.ndarray], looks: Looks, size: int, colour: bool
) -> Exemplars:
    images, masks = draw_faces(codes, factors, looks, size, colour)
    return Exemplars(images, tokens_of_codes(kind, codes), codes, factors, masks)
