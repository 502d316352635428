"""Checks of lesson 4's exercises: scatter, fair comparison with the untrained network, and directions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from dense_keras.checks import Hint
from dense_keras.checks.answers import number
from dense_keras.measures import categories, dimension, linear_probes

NEAR = 0.01
"""How far an answer may be from the right one, in shares of it."""

Case = tuple[tuple[np.ndarray, ...], float, dict[float, str]]
"""What a function is asked, the right answer, and usual wrong answers with their hints."""


def check_scatter_share(attempt: Callable[..., Any], seed: int) -> str:
    """The share of what varies that lies between the tokens."""
    arrays, right, mistakes = _telling(_case_of_scatter, seed)
    about = "activations were (80 exemplars, 12 units) of 4 tokens, some with more exemplars than others"
    otherwise = (
        "Replace each exemplar by the mean of its token, unit by unit. Then divide: squared distances of these from "
        "the mean of all, by those of the exemplars from the mean of all."
    )
    _compare(_asked(attempt, arrays), right, mistakes, about, otherwise)
    return f"{right:.2f} of what varies is the token."


def check_gained(attempt: Callable[..., Any], seed: int) -> str:
    """What training added to what can be read of a part, compared fairly."""
    arrays, right, mistakes = _telling(_case_of_gained, seed)
    trained, untrained = (float(linear_probes.balanced_accuracy(read, arrays[2])) for read in arrays[:2])
    about = f"balanced, {trained:.2f} is read from the trained network and {untrained:.2f} from the untrained one"
    otherwise = (
        "For each label, among the exemplars of which it is true: the share that is read rightly. Take the mean of the "
        "shares, for each network, and subtract the untrained one's."
    )
    _compare(_asked(attempt, arrays), right, mistakes, about, otherwise)
    return f"Training added {right:.2f}, though {trained:.2f} can be read at the end."


def check_participation_ratio(attempt: Callable[..., Any], seed: int) -> str:
    """The number of directions along which activations spread."""
    generator = np.random.default_rng(seed)
    directions = int(generator.integers(3, 6))
    turned = np.linalg.qr(generator.normal(size=(20, 20)))[0]
    cloud = np.linalg.qr(_centred(generator.normal(size=(60, directions))))[0]  # the same spread along each direction
    even = 10 * cloud @ turned[:directions] + generator.normal(2, 1, 20)
    uneven = even + 2.4 * generator.normal(size=(60, 1)) @ turned[:1]
    ratio = dimension.participation_ratio(uneven)
    for activations, right, about in (
        (even, directions, f"they spread alike along {directions} directions that lie askew to the units"),
        (uneven, ratio, f"they spread along {directions} directions, along one of them far more than along the others"),
    ):
        otherwise = (
            "Take the eigenvalues of the units' covariance matrix: their sum squared, by the sum of their squares."
        )
        _compare(_asked(attempt, (activations,)), right, _wrong_ratios(activations), about, otherwise)
    return f"{directions} directions count {directions:.2f} if they are even, and {ratio:.2f} if one is far larger."


def _case_of_scatter(generator: np.random.Generator) -> Case:
    tokens = generator.permutation(np.repeat(np.arange(4), (40, 24, 10, 6)))
    places = generator.normal(5, 1, (4, 12)) * np.linspace(0.2, 3, 12)
    activations = places[tokens] + generator.normal(0, 1.5, (80, 12))
    right = categories.scatter_share(activations, tokens)
    means, middle = categories.token_means(activations, tokens), activations.mean(axis=0)
    total, once = ((activations - middle) ** 2).sum(), "A token counts as often as it has exemplars."
    mistakes = {
        1 - right: "That is the share *within* the tokens. Take the part that lies between them.",
        right / (1 - right): "That is between by within. Divide by all that varies, so that it is 1 at most.",
        ((means - means.mean(axis=0)) ** 2).sum() / total: f"You counted each token's mean once. {once}",
        ((means - middle) ** 2).sum() / total: f"You counted each token's mean once. {once}",
        means.var(axis=0).sum() / activations.var(axis=0).sum(): f"You gave each token the same weight. {once}",
        categories.unit_scatter_shares(activations, tokens).mean(): "That is the mean of the units' shares. Add up "
        "the squares of all units first, and divide once: a unit that varies more counts more.",
        (means[tokens] ** 2).sum() / (activations**2).sum(): "You measured from 0. Measure from the mean of all "
        "exemplars, in each unit.",
        np.sqrt(right): "That is the root of it. Take squared distances.",
    }
    return (activations, tokens), right, mistakes


def _case_of_gained(generator: np.random.Generator) -> Case:
    labels = generator.permutation(np.repeat([0, 1], (150, 50)))
    untrained, trained = (_read(generator, labels, *shares) for shares in ((0.9, 0.35), (0.97, 0.75)))
    fair = [float(linear_probes.balanced_accuracy(read, labels)) for read in (untrained, trained)]
    plain = [float(linear_probes.accuracy(read, labels)) for read in (untrained, trained)]
    mistakes = {
        fair[1]: "You did not subtract what can be read from the untrained network.",
        plain[1]: "You did not subtract the untrained network, and did not balance the labels.",
        plain[1] - plain[0]: "You counted all exemplars together. One label is three times as frequent: take the "
        "share that is right of each label, and then their mean.",
        fair[1] - 0.5: "You subtracted chance. The untrained network reads more than chance: subtract that.",
        plain[1] - 0.75: "You subtracted the most frequent label. The untrained network has to be subtracted.",
        fair[0] - fair[1]: "You subtracted the trained network from the untrained one: it is the other way round.",
    }
    return (trained, untrained, labels), fair[1] - fair[0], mistakes


def _wrong_ratios(activations: np.ndarray) -> dict[float, str]:
    variances, of_units = dimension.axis_variances(activations), activations.var(axis=0)
    raw = np.linalg.svd(activations, compute_uv=False) ** 2
    turned = np.linalg.svd(_centred(activations.T), compute_uv=False) ** 2
    variances = variances[variances > 1e-9 * variances[0]]
    return {
        _ratio(np.linalg.eigvalsh(np.corrcoef(activations.T))): "You took correlations. They make all units vary "
        "alike: take covariances.",
        _ratio(of_units): "You took the variances of the units. Directions lie askew to the units: take the "
        "eigenvalues of the covariance matrix, or the squared singular values.",
        _ratio(raw): "You did not subtract each unit's mean: from 0 all exemplars lie in one direction.",
        _ratio(turned): "You subtracted each exemplar's mean, or took the wrong axis. Rows are exemplars.",
        1 / _ratio(variances): "It is upside down: the squared sum comes above the line.",
        _ratio(np.sqrt(variances)): "You took standard deviations (singular values). Square them: variances.",
        float(len(variances)): "You counted the directions. Large ones have to count for more.",
        float(activations.shape[1]): "That is the number of units.",
        variances.sum() / np.square(variances).sum(): "The sum above the line has to be squared.",
    }


def _ratio(variances: np.ndarray) -> float:
    return float(variances.sum() ** 2 / (variances**2).sum())


def _centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean(axis=0)


def _read(generator: np.random.Generator, labels: np.ndarray, *shares: float) -> np.ndarray:
    """What is read of labels 0 and 1, of each the given share rightly."""
    right = generator.random(len(labels)) < np.array(shares)[labels]
    return np.where(right, labels, 1 - labels)


def _telling(draw: Callable[[np.random.Generator], Case], seed: int) -> Case:
    """A case in which the right answer and mistakes of different hints can be told apart."""
    generator = np.random.default_rng(seed)
    while True:
        case = draw(generator)
        answers = [(case[1], ""), *case[2].items()]
        pairs = [pair for pair in combinations(answers, 2) if pair[0][1] != pair[1][1]]
        if all(abs(one - other) > 3 * NEAR * max(abs(one), abs(other)) for (one, _), (other, _) in pairs):
            return case


def _asked(attempt: Callable[..., Any], arrays: tuple[np.ndarray, ...]) -> float:
    """The learner's answer about copies of the arrays, one number."""
    try:
        return number(attempt(*(array.copy() for array in arrays)))
    except (IndexError, ValueError) as error:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise Hint(f"It stopped: {error}. What came was of shape {shapes}: are rows and columns exchanged?") from None


def _compare(answer: float, right: float, mistakes: dict[float, str], about: str, otherwise: str) -> None:
    if abs(answer - right) <= NEAR * abs(right):
        return
    hint = next((hint for value, hint in mistakes.items() if abs(answer - value) <= NEAR * abs(value)), otherwise)
    raise Hint(f"{answer:.3f} came, {right:.3f} was expected: {about}. {hint}".rstrip())
