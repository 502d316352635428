"""Checks of lesson 3's exercises: what mistakes tell about the parts that are known."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from dense_keras.checks import Hint
from dense_keras.checks.answers import number
from dense_keras.measures import classification

NEAR = 0.005
"""How far an answer may be from the right one."""

CASES = 3
"""Of counts so small a wrong rule can be right by luck: it is asked as often."""

Case = tuple[tuple[Any, ...], float, dict[float, str]]
"""What a function is asked, the right answer, and usual wrong answers with their hints."""


def check_ceiling(attempt: Callable[..., Any], seed: int) -> str:
    """The best accuracy of one who knows some parts of the tokens' codes."""
    for case in range(CASES):
        (codes, known), right, mistakes = _telling(_case_of_ceiling, [seed, case], mistakes=5)
        groups = round(right * len(codes))
        about = f"{len(codes)} tokens look different in {groups} ways to one who knows the columns {known}"
        otherwise = "A token's look is its row of codes[:, known]. Count the different rows, and divide by the tokens."
        _compare(number(attempt(codes.copy(), list(known))), right, mistakes, about, otherwise)
    none = {1.0: "You seem to take all parts where none is given."}
    _compare(
        number(attempt(codes.copy(), [])), 1 / len(codes), none, "no part at all was known, so all tokens look alike"
    )
    return f"{len(codes)} tokens, of which {groups} groups can be told apart: {right:.2f} at best."


def check_block_index(attempt: Callable[..., Any], seed: int) -> str:
    """The share of mistakes that stay inside the blocks."""
    (counts, blocks), right, mistakes = _telling(_case_of_block_index, [seed], mistakes=5)
    about = f"the blocks were {blocks.tolist()}, and {counts.sum() - np.trace(counts)} answers were mistakes"
    otherwise = (
        "Mistakes are the counts off the diagonal. Divide those whose row and column are of one block by all of them."
    )
    _compare(number(attempt(counts.copy(), blocks.copy())), right, mistakes, about, otherwise)
    try:
        with np.errstate(invalid="ignore"):
            without = number(attempt(np.diag([7, 8, 9, 7, 8]), blocks.copy()))
    except ZeroDivisionError:
        raise Hint("Without a mistake you divide by 0. There is nothing to count then: return float('nan').") from None
    if not np.isnan(without):
        raise Hint(f"Without a mistake there is nothing to count: return float('nan'). It was {without:.2f}.")
    at_random = classification.expected_block_index(counts, blocks)
    return f"{right:.2f} of the mistakes stay inside; random ones would to {at_random:.2f}."


def check_free_readout(attempt: Callable[..., Any], seed: int) -> str:
    """How well a part can be read from the answers of one who knows another part only."""
    for case in range(CASES):
        (variants, known, asked), right, mistakes = _telling(_case_of_free_readout, [seed, case], mistakes=6)
        about = (
            f"`known` was column {known}, {variants[:, known].tolist()}, `asked` was column {asked}, "
            f"{variants[:, asked].tolist()}"
        )
        otherwise = (
            "For each variant of `known`: among the tokens that wear it, how many wear the most frequent variant of "
            "`asked`? Add these up, and divide by the tokens."
        )
        _compare(number(attempt(variants.copy(), known, asked)), right, mistakes, about, otherwise)
    majority = _majority(variants[:, asked])
    return f"{right:.2f} come for nothing to one who knows the other part; one name for all gives {majority:.2f}."


def _case_of_ceiling(generator: np.random.Generator) -> Case:
    codes = np.unique(generator.integers(0, 3, (9, 4)), axis=0)
    known = np.sort(generator.permutation(4)[:2]).tolist()
    sizes = np.unique(codes[:, known], axis=0, return_counts=True)[1]
    mistakes = {
        1 / len(codes): "That is chance, for one who knows nothing. Which tokens can still be told apart?",
        1.0: "That is for one who knows all parts. Take the columns in `known` only.",
        sizes.max() / len(codes): "That is the share of tokens in the largest group. Of each group that looks alike, "
        "one token can be named rightly: how many groups are there?",
        (1 / sizes).mean(): "You gave each group the same weight. A large group is met more often: take the mean over "
        "tokens, not over groups.",
        1 / len(sizes): "That is 1 by the number of groups. It is the other way round: more groups, more is known.",
    }
    return (codes, known), len(sizes) / len(codes), mistakes


def _case_of_block_index(generator: np.random.Generator) -> Case:
    blocks = generator.permutation([0, 0, 0, 1, 1])
    counts = generator.integers(1, 30, (5, 5)) + np.diag(generator.integers(60, 90, 5))
    errors, inside = counts * ~np.eye(5, dtype=bool), blocks[:, np.newaxis] == blocks
    right = float(classification.block_index(counts, blocks))
    mistakes = {
        (counts * inside).sum() / counts.sum(): "You counted right answers too. The diagonal holds no mistakes: "
        "leave it out, above and below the line.",
        (counts * inside).sum() / errors.sum(): "You left the diagonal out below the line, but not above it.",
        (errors * inside).sum() / counts.sum(): "You divided by all exemplars. Divide by the number of mistakes.",
        1 - right: "That is the share of mistakes that leave the block.",
        ((errors * inside).sum(axis=1) / errors.sum(axis=1)).mean(): "That is the mean over tokens. Count all "
        "mistakes together: a token with more of them counts more.",
    }
    return (counts, blocks), right, mistakes


def _case_of_free_readout(generator: np.random.Generator) -> Case:
    variants = generator.integers(0, 3, (12, 4))
    known, asked = generator.permutation(4)[:2].tolist()
    groups = [variants[variants[:, known] == worn, asked] for worn in np.unique(variants[:, known])]
    shares = [_majority(own) for own in groups]
    mistakes = {
        _majority(variants[:, asked]): "That is one name for all. Who knows a part can choose another name for each "
        "of its variants.",
        float(np.mean(shares)): "You gave each variant of the known part the same weight. Count tokens: a variant "
        "that more tokens wear is met more often.",
        _free(variants, asked, known): "You exchanged the two parts: `known` is seen, `asked` is read.",
        max(shares): "You took the best group. Add up the tokens that are right in all groups, and divide by all.",
        1.0: "Nobody knows the part `asked` here. It comes for nothing, and only as often as luck has it.",
        len(groups) / 12: "That is the share of tokens named rightly (the ceiling). A wrong name can wear the right "
        "variant.",
    }
    return (variants, known, asked), _free(variants, known, asked), mistakes


def _majority(worn: np.ndarray) -> float:
    return float(np.unique(worn, return_counts=True)[1].max() / len(worn))


def _free(variants: np.ndarray, known: int, asked: int) -> float:
    """The share that is right if each variant of the known part is answered by the best variant of the asked one."""
    groups = (variants[variants[:, known] == worn, asked] for worn in np.unique(variants[:, known]))
    return float(sum(_majority(own) * len(own) for own in groups) / len(variants))


def _telling(draw: Callable[[np.random.Generator], Case], seed: list[int], mistakes: int) -> Case:
    """A case in which the right answer and so many usual mistakes are all different."""
    generator = np.random.default_rng(seed)
    while True:
        case = draw(generator)
        answers = [case[1], *case[2]]
        if len(case[2]) == mistakes and all(abs(one - other) > 3 * NEAR for one, other in combinations(answers, 2)):
            return case


def _compare(answer: float, right: float, mistakes: dict[float, str], about: str, otherwise: str = "") -> None:
    if abs(answer - right) <= NEAR:
        return
    hint = next((hint for value, hint in mistakes.items() if abs(answer - value) <= NEAR), otherwise)
    raise Hint(f"{answer:.3f} came, {right:.3f} was expected: {about}. {hint}".rstrip())
