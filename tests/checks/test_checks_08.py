"""The exercises of lesson 8: usual mistakes get their hint. That solutions pass is in ``test_checks``."""

import numpy as np
import pytest

from dense_keras.checks import Hint, checks_of


def cosine(a, b):
    return (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())


def mean_over_filters(a, b):
    return 1 - np.mean([cosine(a[..., unit], b[..., unit]) for unit in range(a.shape[-1])])


WRONG_ROTATIONS = {
    "cosine": (cosine, "That is the cosine"),
    "change": (lambda a, b: np.linalg.norm(a - b) / np.linalg.norm(b), "the relative change"),
    "one length": (lambda a, b: 1 - (a * b).sum() / (b**2).sum(), "Divide by both lengths"),
    "no length": (lambda a, b: 1 - (a * b).sum(), "not divided by the lengths"),
    "filters": (mean_over_filters, "the mean over filters"),
    "nothing": (lambda a, b: None, "one number"),
    "array": (lambda a, b: a, "one number"),
    "infinite": (lambda a, b: np.inf, "finite"),
    "angle": (lambda a, b: np.arccos(cosine(a, b)), "That is the angle"),
    "degrees": (lambda a, b: np.degrees(np.arccos(cosine(a, b))), "angle in degrees"),
    "correlation": (lambda a, b: 1 - np.corrcoef(a.ravel(), b.ravel())[0, 1], "the means were subtracted"),
    "distance": (lambda a, b: np.linalg.norm(a - b), "Flatten both"),
}


def variance(g, axis=0, ddof=1):
    return g.var(axis=axis, ddof=ddof).sum()


def of_mean(g):
    return (g.mean(axis=0) ** 2).sum()


def signal(g):
    return of_mean(g) - variance(g) / len(g)


WRONG_SCALES = {
    "of a batch": (lambda g, size: variance(g) / signal(g), "One exemplar is noisier"),
    "divided": (lambda g, size: variance(g) / size / signal(g), "do not divide"),
    "noise as signal": (lambda g, size: size * variance(g) / of_mean(g), "holds noise as well"),
    "both": (lambda g, size: variance(g) / of_mean(g), "Two things"),
    "turned": (lambda g, size: signal(g) / (size * variance(g)), "turn it round"),
    "too much off": (lambda g, size: size * variance(g) / (of_mean(g) - variance(g)), "smaller"),
    "mean": (lambda g, size: size * g.var(axis=0, ddof=1).mean() / signal(g), "you took their mean"),
    "ddof": (
        lambda g, size: size * variance(g, ddof=0) / (of_mean(g) - variance(g, ddof=0) / len(g)),
        "one less than there are",
    ),
    "axis": (
        lambda g, size: size * variance(g, axis=1) / (of_mean(g) - variance(g, axis=1) / len(g)),
        "over batches, axis 0",
    ),
    "nothing": (lambda g, size: None, "one number"),
    "nonsense": (lambda g, size: 1.0, "Noise: batch_size times"),
}


def directions(strides, weights, generator):
    drawn = generator.standard_normal((len(strides), weights))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def walked(steps):
    return np.concatenate([np.zeros((1, steps.shape[1])), np.cumsum(steps, axis=0)])


def one_direction(s, n, g):
    return walked(s[:, None] * directions(s[:1], n, g))


def corner(s, n, g):
    drawn = g.random((len(s), n))
    return walked(s[:, None] * drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


def one_weight(s, n, g):
    return walked(s[:, None] * np.eye(n)[g.permutation(n)[: len(s)]])


WRONG_WALKS = {
    "no start": (lambda s, n, g: walked(s[:, None] * directions(s, n, g))[1:], "One row is missing"),
    "not at 0": (lambda s, n, g: 1 + walked(s[:, None] * directions(s, n, g)), "begins at 0"),
    "no sum": (lambda s, n, g: np.vstack([np.zeros(n), s[:, None] * directions(s, n, g)]), "np.cumsum"),
    "no strides": (lambda s, n, g: walked(directions(s, n, g)), "all of one length"),
    "long": (lambda s, n, g: walked(s[:, None] * g.standard_normal((len(s), n))), "by its own length"),
    "long, even": (lambda s, n, g: walked(s[:, None] * g.uniform(-1, 1, (len(s), n))), "by its own length"),
    "squared": (lambda s, n, g: walked(s[:, None] ** 2 * directions(s, n, g)), "A stride is a direction of length 1"),
    "straight": (one_direction, "along the same line"),
    "corner": (corner, "into one corner"),
    "one weight": (one_weight, "along a single weight"),
    "own generator": (
        lambda s, n, g: walked(s[:, None] * directions(s, n, np.random.default_rng(0))),
        "Draw from the generator",
    ),
    "turned": (lambda s, n, g: walked(s[:, None] * directions(s, n, g)).T, "(snapshots, num_weights)"),
    "nothing": (lambda s, n, g: None, "returned nothing"),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("name", "attempt", "hint"),
    [
        pytest.param(exercise, attempt, hint, id=f"{exercise}-{mistake}")
        for exercise, mistakes in (
            ("layer_rotation", WRONG_ROTATIONS),
            ("noise_scale", WRONG_SCALES),
            ("random_walk", WRONG_WALKS),
        )
        for mistake, (attempt, hint) in mistakes.items()
    ],
)
def test_mistakes_get_their_hint(name, attempt, hint, seed):
    with pytest.raises(Hint) as raised:
        checks_of("08")[name](attempt, seed)
    assert hint in str(raised.value), str(raised.value)


def test_any_random_direction_is_allowed():
    def signs(strides, weights, generator):
        return walked(strides[:, None] * generator.choice([-1, 1], (len(strides), weights)) / np.sqrt(weights))

    assert "Right" in checks_of("08")["random_walk"](signs, 0)
