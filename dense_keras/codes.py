"""Codes: which variant of each part a token wears, and what knowing some parts is worth.

A code is a row of integers, one a part: the number of the part's variant, or -1
(``ABSENT``) where the part is left out. Three kinds of code ask different things of
a network:

* **natural**: each token has its own variant of every part, so any part tells all;
* **additive**: parts are binary and no single part identifies a token, but part
  evidence can be added up;
* **conjunctive**: two pairs of parts are bound by exclusive-or, so a part alone says
  nothing of Ada, Ben, Cleo and Dov (tokens 0 to 3). Token 4 is told by its accessory
  alone: the built-in control.

A code that no token wears makes a chimera. The kinds of code are our own design.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, product

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from dense_keras.token_set import CHIMERA, TokenSetError

NUM_TOKENS = 5

ABSENT = -1
"""In a code: the part is left out."""

_PARTS = {
    "natural": ("hair", "eyes", "nose", "mouth", "head"),
    "additive": ("hair", "eyes", "nose", "mouth"),
    "conjunctive": ("hair", "eyes", "nose", "mouth", "accessory"),
}
_ADDITIVE_TOKENS = ((0, 0, 1, 1), (0, 1, 0, 1), (0, 1, 1, 0), (1, 0, 0, 1), (1, 0, 1, 0))

KINDS = tuple(_PARTS)

PAIRS = {"hair and eyes": ("hair", "eyes"), "nose and mouth": ("nose", "mouth")}
"""The pairs of parts that the conjunctive code binds."""


def part_names(kind: str) -> tuple[str, ...]:
    """Names of the parts of a kind of code, in the order of a code's columns."""
    if kind not in _PARTS:
        raise TokenSetError(f"No code {kind!r}. There are: {', '.join(KINDS)}.")
    return _PARTS[kind]


def compared_parts(kind: str) -> tuple[str, ...]:
    """The parts whose adding or binding is asked about: all, but for the accessory of the conjunctive code.

    It tells token 4 alone, whatever the others are, so its effect would drown theirs: compare the
    codes in which it is absent (variant 0).
    """
    return tuple(name for name in part_names(kind) if name != "accessory")


def factorial_codes(kind: str) -> np.ndarray:
    """Every combination of variants 0 and 1 of all parts: (2 ** parts, parts) integers.

    These are all codes there are, except for the natural kind, whose five variants
    would make thousands: there the parts of tokens 0 and 1 are exchanged.
    """
    return np.array(list(product((0, 1), repeat=len(part_names(kind)))))


def tokens_of_codes(kind: str, codes: np.ndarray) -> np.ndarray:
    """The token that wears each code, or -1 for a chimera.

    codes: (exemplars, parts) integers. Returns (exemplars,) integers. A code with an
    absent part belongs to no token.
    """
    codes = np.asarray(codes)
    if codes.ndim != 2 or codes.shape[1] != len(part_names(kind)):
        raise TokenSetError(
            f"Codes came with shape {codes.shape}. They must be (exemplars, {len(part_names(kind))}): "
            f"one column for each of {', '.join(part_names(kind))}."
        )
    return np.where((codes == ABSENT).any(axis=1), CHIMERA, _TOKENS_OF[kind](codes))


def _natural_tokens(codes: np.ndarray) -> np.ndarray:
    return np.where((codes == codes[:, :1]).all(axis=1), codes[:, 0], CHIMERA)


def _additive_tokens(codes: np.ndarray) -> np.ndarray:
    worn = (codes[:, np.newaxis] == np.array(_ADDITIVE_TOKENS)).all(axis=2)  # (exemplars, tokens)
    return np.where(worn.any(axis=1), worn.argmax(axis=1), CHIMERA)


def _conjunctive_tokens(codes: np.ndarray) -> np.ndarray:
    hair, eyes, nose, mouth, accessory = codes.T
    return np.where(accessory == 1, 4, 2 * (hair ^ eyes) + (nose ^ mouth))


_TOKENS_OF = {"natural": _natural_tokens, "additive": _additive_tokens, "conjunctive": _conjunctive_tokens}


def token_codes(kind: str) -> tuple[np.ndarray, ...]:
    """For each token all codes that it wears, equally often: (codes, parts) integers.

    Natural and additive tokens wear one code; conjunctive tokens 0 to 3 wear four,
    and token 4 wears sixteen.
    """
    num_parts = len(part_names(kind))
    if kind == "natural":
        return tuple(np.full((1, num_parts), token) for token in range(NUM_TOKENS))
    codes = factorial_codes(kind)
    tokens = tokens_of_codes(kind, codes)
    return tuple(codes[tokens == token] for token in range(NUM_TOKENS))


def accuracy_by_adding(kind: str) -> float:
    """The best accuracy without any conjunction: of a network whose logits are sums over the parts, 0..1.

    Each token's logit is a constant plus a weight for each variant of each part, and the largest logit
    names the token; all exemplars are seen perfectly. The maximum over all weights is found exactly, by
    integer programming. For the conjunctive code it is .70: .625 of tokens 0 to 3, and all of token 4.
    """
    codes_of = token_codes(kind)
    tokens = np.repeat(np.arange(len(codes_of)), [len(codes) for codes in codes_of])
    share = np.repeat([1 / len(codes) / len(codes_of) for codes in codes_of], [len(codes) for codes in codes_of])
    seen = _indicators(np.concatenate(codes_of))
    (exemplars, columns), num_tokens = seen.shape, len(codes_of)
    most = 2 * _LARGEST_WEIGHT * columns + 1
    rows = []
    for number, (values, token) in enumerate(zip(seen, tokens, strict=True)):
        for other in set(range(num_tokens)) - {token}:
            row = np.zeros((num_tokens, columns))
            row[token], row[other] = values, -values
            named = np.zeros(exemplars)
            named[number] = -most
            rows.append(np.concatenate([row.ravel(), named]))
    weights = num_tokens * columns
    found = milp(
        np.concatenate([np.zeros(weights), -share]),
        integrality=np.concatenate([np.zeros(weights), np.ones(exemplars)]),
        bounds=Bounds(
            np.concatenate([np.full(weights, -_LARGEST_WEIGHT), np.zeros(exemplars)]),
            np.concatenate([np.full(weights, _LARGEST_WEIGHT), np.ones(exemplars)]),
        ),
        constraints=LinearConstraint(np.array(rows), 1 - most, np.inf),
    )
    return round(-found.fun, 6)


_LARGEST_WEIGHT = 50.0
"""Of a logit that is a sum; a token is named if its logit is larger by 1 or more."""


def _indicators(codes: np.ndarray) -> np.ndarray:
    """(exemplars, columns) 0 or 1: a one, and each variant of each part but the first."""
    variants = [part[:, np.newaxis] == np.unique(part)[1:] for part in codes.T]
    return np.hstack([np.ones((len(codes), 1)), *variants])


def draw_codes(kind: str, token: int, count: int, generator: np.random.Generator) -> np.ndarray:
    """Codes for ``count`` exemplars of a token: (count, parts) integers.

    The token's codes come in rounds, each code once a round in random order, so all
    are equally frequent and the first exemplars do not depend on ``count``.
    """
    codes = token_codes(kind)[token]
    rounds = -(-count // len(codes))
    order = generator.random((rounds, len(codes))).argsort(axis=1, kind="stable")
    return codes[order.ravel()[:count]]


def pairs_alike(codes: np.ndarray, part_names: Sequence[str]) -> np.ndarray:
    """Whether the two parts of each of ``PAIRS`` have variants of one number: (exemplars, 2) bool.

    It is what the conjunctive code tells tokens 0 to 3 by, and what a single part says nothing of.
    codes: (exemplars, parts) integers; part_names: of their columns.
    Raises TokenSetError if a part of the pairs is not among them.
    """
    missing = sorted({part for pair in PAIRS.values() for part in pair} - set(part_names))
    if missing:
        raise TokenSetError(
            f"Pairs are of {' and of '.join(PAIRS)}. {', '.join(missing)} is not among the parts that came: "
            f"{', '.join(part_names) or 'none'}."
        )
    column = list(part_names).index
    return np.stack([codes[:, column(first)] == codes[:, column(second)] for first, second in PAIRS.values()], axis=1)


def accuracy_ceiling(kind: str, known_parts: Sequence[str]) -> float:
    """Best possible accuracy (0..1) for one who sees only some of the parts.

    known_parts: names out of ``part_names(kind)``; none gives chance, .2.
    Tokens are equally frequent, and so are the codes of a token. Computed by
    enumeration: for each appearance of the known parts, the likeliest token.
    Raises TokenSetError for a part that this kind of code does not have.
    """
    unknown = sorted(set(known_parts) - set(part_names(kind)))
    if unknown:
        raise TokenSetError(f"The {kind} code has no part {', '.join(unknown)}. It has: {', '.join(part_names(kind))}.")
    columns = [part_names(kind).index(part) for part in known_parts]
    likeliest: dict[tuple[int, ...], Fraction] = {}
    for codes in token_codes(kind):
        seen = Counter(tuple(code[columns].tolist()) for code in codes)
        for appearance, count in seen.items():
            likelihood = Fraction(count, NUM_TOKENS * len(codes))
            likeliest[appearance] = max(likeliest.get(appearance, Fraction(0)), likelihood)
    return float(sum(likeliest.values()))


def named_ceilings(kind: str | None, num_tokens: int = NUM_TOKENS) -> dict[float, str]:
    """Accuracy -> name of what reaches it: ``chance``, ``1 part``, ``2 parts`` and so on, to draw as levels.

    Each ceiling is named by the fewest parts that reach it; ascending in parts, not in accuracy.
    kind: of code; None where nobody knows the parts, which leaves chance alone.
    num_tokens: among which chance chooses, where there is no code.
    """
    if kind is None:
        return {1 / num_tokens: "chance"}
    names = part_names(kind)
    levels: dict[float, str] = {}
    for number in range(len(names) + 1):
        name = "chance" if number == 0 else f"{number} part{'s' if number > 1 else ''}"
        for known_parts in combinations(names, number):
            levels.setdefault(accuracy_ceiling(kind, known_parts), name)
    return levels
