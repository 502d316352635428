"""Checks of lesson 8: rotation of a layer, noise of gradients, and a walk that learns nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dense_keras.checks import Hint
from dense_keras.checks.answers import finite_number
from dense_keras.measures import dynamics


def check_layer_rotation(attempt: Callable[..., Any], seed: int) -> str:
    """To grow is not to turn: rotation compares directions and forgets lengths."""
    generator = np.random.default_rng([seed, 80])
    initial = generator.uniform(-1, 1, (3, 3, 4, 6)) * np.linspace(0.2, 2, 6)
    moved = 1.5 * initial + generator.normal(size=initial.shape) * np.linspace(2, 0.2, 6)
    for kernel, what in ((moved, "A kernel that grew and turned"), (3 * initial, "A kernel three times as large")):
        expected = dynamics.layer_rotations({"layer/kernel": kernel}, {"layer/kernel": initial})["layer"]
        answer = finite_number(attempt(kernel.copy(), initial.copy()))
        if abs(answer - expected) < 1e-6:
            continue
        said = f"{what} gave {answer:.3f}; expected was {expected:.3f}."
        filters, initial_filters = kernel.reshape(-1, 6), initial.reshape(-1, 6)
        of_filters = (filters * initial_filters).sum(axis=0)
        of_filters /= np.linalg.norm(filters, axis=0) * np.linalg.norm(initial_filters, axis=0)
        product, angle = (kernel * initial).sum(), np.arccos(min(1.0, 1 - expected))
        for wrong, hint in (
            (1 - expected, "That is the cosine. The rotation is 1 minus it, 0 for what has not turned."),
            (angle, "That is the angle. Leave the arc cosine out: 1 minus the cosine."),
            (np.degrees(angle), "That is the angle in degrees. Leave it at 1 minus the cosine."),
            (1 - np.corrcoef(kernel.ravel(), initial.ravel())[0, 1],
             "That is 1 - the correlation: the means were subtracted. A direction is measured from 0."),
            (np.linalg.norm(kernel - initial) / np.linalg.norm(initial),
             "That is the relative change, which counts growing as well. Compare directions: divide by both lengths."),
            (1 - product / np.linalg.norm(initial) ** 2,
             "Divide by both lengths, of the kernel and of the initial one, not twice by the same."),
            (1 - product, "The product is not divided by the lengths of the two."),
            (1 - of_filters.mean(),
             "That is the mean over filters. The layer is one vector: flatten the whole kernel first."),
        ):  # fmt: skip
            if abs(answer - wrong) < 1e-6:
                raise Hint(f"{said} {hint}")
        raise Hint(f"{said} Flatten both, and take 1 - a @ b / (length of a times length of b).")
    return "Right. A layer three times as large has not turned at all."


def check_noise_scale(attempt: Callable[..., Any], seed: int) -> str:
    """A short mean gradient is mostly noise: who takes its length for signal finds too little noise."""
    generator = np.random.default_rng([seed, 81])
    batches, batch_size, weights = 12, int(generator.integers(3, 9)), 400
    true = generator.normal(size=weights) * 0.1
    exemplars = true + generator.normal(size=(batches, batch_size, weights))
    gradients = exemplars.mean(axis=1)
    expected = dynamics.gradient_noise_scale(gradients, batch_size)
    answer = finite_number(attempt(gradients.copy(), batch_size))
    if abs(answer / expected - 1) < 0.02:
        at = weights / (true @ true)
        return f"Right: {answer:.0f}. The gradients were made with {at:.0f}; {batches} batches do not tell it better."
    variance, of_mean = gradients.var(axis=0, ddof=1).sum(), (gradients.mean(axis=0) ** 2).sum()
    said = f"{answer:.3g} came; expected was {expected:.3g}."
    signal, few = of_mean - variance / batches, gradients.var(axis=0).sum()
    for wrong, hint in (
        (variance / signal,
         f"That is the noise of a batch of {batch_size}. One exemplar is noisier: multiply its variance by batch_size."),
        (variance / batch_size / signal, "A batch is less noisy than one exemplar: multiply by batch_size, do not divide."),
        (batch_size * variance / of_mean,
         "The squared length of the mean gradient holds noise as well: take off the variance of that mean, which is "
         "the variance of a batch divided by the number of batches."),
        (variance / of_mean,
         "Two things: one exemplar is noisier than a batch, and the squared length of the mean holds noise."),
        (signal / (batch_size * variance), "That is signal over noise: turn it round."),
        (batch_size * variance / (of_mean - variance),
         "You took the variance of a batch off the signal; that of the mean of all batches is smaller."),
        (batch_size * gradients.var(axis=1, ddof=1).sum() / (of_mean - gradients.var(axis=1, ddof=1).sum() / batches),
         "The variance must be over batches, axis 0, for each weight; not over weights."),
        (batch_size * variance / weights / signal, "Sum the variances of the weights; you took their mean."),
        (batch_size * few / (of_mean - few / batches),
         "The variance came out too small: of few batches, divide by one less than there are, var(..., ddof=1)."),
    ):  # fmt: skip
        if wrong and abs(answer / wrong - 1) < 0.02:
            raise Hint(f"{said} {hint}")
    raise Hint(
        f"{said} Noise: batch_size times the variance over batches, summed over weights. Signal: the squared length "
        "of the mean gradient, less that variance of a batch divided by the number of batches."
    )


def check_random_walk(attempt: Callable[..., Any], seed: int) -> str:
    """A plane shows most of a way that leads nowhere: so it cannot show that learning is simple."""
    generator = np.random.default_rng([seed, 82])
    strides, weights = generator.uniform(0.5, 2, 24), 3000
    answer = attempt(strides.copy(), weights, np.random.default_rng([seed, 83]))
    walk = _walk(answer, (len(strides) + 1, weights))
    steps = np.diff(walk, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    if np.abs(walk[0]).max() > 1e-9:
        raise Hint(f"The first row is {np.linalg.norm(walk[0]):.2f} away from 0. The walk begins at 0: one row more.")
    if not np.allclose(lengths, strides, rtol=1e-6):
        raise Hint(_of_lengths(walk, lengths, strides, weights))
    cosines = (steps @ steps.T / np.outer(lengths, lengths))[np.triu_indices(len(steps), 1)]
    if np.abs(cosines).mean() > 0.95:
        raise Hint("All strides go along the same line. Draw a direction of its own for each of them.")
    if abs(cosines.mean()) > 0.05:
        raise Hint(
            f"Strides go the same way: the mean cosine of two of them is {cosines.mean():+.2f}, expected is about 0. "
            "Draw from a distribution around 0, such as standard_normal; numbers from 0 to 1 all point into one corner."
        )
    if (np.abs(steps).max(axis=1) > 0.5 * lengths).all():
        raise Hint("Each stride goes along a single weight. A random direction is a little of all: standard_normal.")
    again = _walk(attempt(strides.copy(), weights, np.random.default_rng([seed, 84])), walk.shape)
    if np.allclose(walk, again):
        raise Hint("Another generator gave the same walk. Draw from the generator that your function is given.")
    share = dynamics.trajectory_plane(walk).shares[:2].sum()
    return f"Right. It has learned nothing, and a plane shows {share:.0%} of its way through {weights:,} dimensions."


def _of_lengths(walk: np.ndarray, lengths: np.ndarray, strides: np.ndarray, weights: int) -> str:
    said = f"The first strides are {np.round(lengths[:3], 2).tolist()} long; expected was {np.round(strides[:3], 2).tolist()}."
    if np.allclose(np.linalg.norm(walk[1:], axis=1), strides, rtol=1e-6):
        return f"{said} Each row is a stride by itself. A walk adds them up: np.cumsum along axis 0."
    if np.allclose(lengths, lengths[0], rtol=1e-6):
        return f"{said} They are all of one length: multiply each direction by its stride."
    ratios = lengths / strides
    if np.abs(ratios / np.sqrt(weights) - 1).max() < 0.2 or np.abs(ratios / np.sqrt(weights / 3) - 1).max() < 0.2:
        return f"{said} A drawn direction is longer than 1: divide it by its own length before you multiply."
    return f"{said} A stride is a direction of length 1, times how far the network went."


def _walk(answer: Any, shape: tuple[int, int]) -> np.ndarray:
    if answer is None or np.shape(answer) != shape:
        came = "nothing" if answer is None else f"an array of shape {np.shape(answer)}"
        hint = " One row is missing: the first, all 0." if np.shape(answer) == (shape[0] - 1, shape[1]) else ""
        raise Hint(f"random_walk returned {came}; expected is {shape}, (snapshots, num_weights).{hint}")
    return np.asarray(answer, np.float64)
