"""Lesson 6's exercises: usual mistakes get their hint. That solutions pass is in ``test_checks``."""

import numpy as np
import pytest

from dense_keras.checks import Hint, checks_of

SEEDS = range(5)
CHECKS = checks_of("06")


def relu(values):
    return np.maximum(values, 0)


def same_for_all_units(activations, tokens, generator):
    shuffled = activations.copy()
    for token in range(4):
        rows = np.flatnonzero(tokens == token)
        shuffled[rows] = activations[generator.permutation(rows)]
    return shuffled


def in_place(inputs, kernel, bias, source, unit):
    before = relu(inputs @ kernel[:, unit] + bias[unit])
    kernel[source, unit] = 0
    return before - relu(inputs @ kernel[:, unit] + bias[unit])


def contrast_of(weights):
    """A contrast by weights of exemplars: a function of (own, tokens, token)."""
    return lambda contributions, tokens, token: weights(tokens == token, tokens, token) @ contributions


WRONG = [
    ("shuffled_in_tokens", lambda a, t, g: a, "Nothing was exchanged"),
    ("shuffled_in_tokens", lambda a, t, g: g.permuted(a, axis=0), "from one token to another"),
    ("shuffled_in_tokens", lambda a, t, g: a[g.permutation(len(a))], "from one token to another"),
    ("shuffled_in_tokens", lambda a, t, g: g.permuted(a, axis=1), "other values than before"),
    ("shuffled_in_tokens", lambda a, t, g: a + g.normal(size=a.shape), "other values than before"),
    ("shuffled_in_tokens", same_for_all_units, "draw anew for each unit"),
    ("shuffled_in_tokens", lambda a, t, g: g.permutation(a[:, 0]), "an array of shape (240, 3) is needed"),
    ("shuffled_in_tokens", lambda a, t, g: None, "returned nothing"),
    ("fall_when_cut", lambda x, w, b, i, j: x[:, i] * w[i, j], "That is the contribution"),
    (
        "fall_when_cut",
        lambda x, w, b, i, j: relu(x @ w[:, j] + b[j] - x[:, i] * w[i, j]) - relu(x @ w[:, j] + b[j]),
        "The sign is turned round",
    ),
    (
        "fall_when_cut",
        lambda x, w, b, i, j: np.minimum(relu(x[:, i] * w[i, j]), relu(x @ w[:, j] + b[j])),
        "You left nothing below 0",
    ),
    (
        "fall_when_cut",
        lambda x, w, b, i, j: relu(x @ w[:, j]) - relu(x @ w[:, j] - x[:, i] * w[i, j]),
        "leaves the bias out",
    ),
    (
        "fall_when_cut",
        lambda x, w, b, i, j: relu(x @ w[:, j] + b[j]) - relu(x @ w[:, j] - x[:, i] * w[i, j]),
        "The bias went with the edge",
    ),
    ("fall_when_cut", lambda x, w, b, i, j: relu(x @ w[:, j] + b[j] - x[:, i] * w[i, j]), "what the cut leaves"),
    (
        "fall_when_cut",
        lambda x, w, b, i, j: relu(x @ w[i] + b[i]) - relu(x @ w[i] + b[i] - x[:, j] * w[j, i]),
        "A kernel is (inputs, units)",
    ),
    ("fall_when_cut", lambda x, w, b, i, j: relu(x @ w[:, j] + b[j]), "with all weights, then with the one weight 0"),
    ("fall_when_cut", in_place, "changed the arrays"),
    ("fall_when_cut", lambda x, w, b, i, j: (x[:, i] * w[i, j]).mean(), "an array of shape (50,) is needed"),
    ("contrast", contrast_of(lambda own, t, c: own / own.sum()), "the mean on the token alone"),
    ("contrast", contrast_of(lambda own, t, c: own / own.sum() - 1 / len(own)), "the mean over all exemplars"),
    (
        "contrast",
        contrast_of(lambda own, t, c: own / own.sum() - sum((t == o) / (t == o).sum() for o in range(4) if o != c) / 3),
        "Every *exemplar* of the rest counts the same",
    ),
    ("contrast", contrast_of(lambda own, t, c: ~own / (~own).sum() - own / own.sum()), "The sign is turned round"),
    ("contrast", contrast_of(lambda own, t, c: own * 1.0 - ~own), "You took sums"),
    ("contrast", lambda contributions, tokens, token: np.ones(5), "axis 0 are exemplars"),
    ("contrast", lambda contributions, tokens, token: contributions.mean(axis=1), "an array of shape (5,) is needed"),
]


@pytest.mark.parametrize(("name", "attempt", "said"), WRONG)
@pytest.mark.parametrize("seed", SEEDS)
def test_usual_mistakes_get_the_right_hint(name, attempt, said, seed):
    with pytest.raises(Hint) as hint:
        CHECKS[name](attempt, seed)
    assert said in str(hint.value)
