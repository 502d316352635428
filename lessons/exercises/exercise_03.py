"""Exercises of lesson 3. Fill in the functions, then ask

    dense-keras check 03

which says at once what is right, and where to look where it is not.
"""

import numpy as np


def ceiling(codes: np.ndarray, known: list[int]) -> float:
    """The best accuracy (0..1) of one who knows some parts only.

    codes: (tokens, parts) integers, the one code of each token; all tokens are met equally often.
    known: the columns of the parts that are known; there may be none.

    Tokens that look alike in the known parts cannot be told apart: of such a group one can be named rightly.
    """
    raise NotImplementedError


def block_index(counts: np.ndarray, blocks: np.ndarray) -> float:
    """The share of mistakes (0..1) that stay inside the token's block; float("nan") if there is no mistake.

    counts: (tokens, tokens) integers, how often each token (rows) was called each token (columns).
    blocks: (tokens,) integers, the block of each token.
    """
    raise NotImplementedError


def free_readout(variants: np.ndarray, known: int, asked: int) -> float:
    """The highest part read-out (0..1) of part `asked` for one who knows part `known` and nothing else.

    variants: (tokens, parts) integers, the variant that each token wears; all tokens are met equally often.
    known, asked: columns of it.

    They see the variant of `known`, and have to answer all tokens that wear it by one and the same name. An
    answer is right about `asked` if the token that was called wears the same variant of `asked`.
    """
    raise NotImplementedError
