"""How fast training is beside a loop written by hand in the backend's own words, as a ratio.

Ours is ``model.fit`` of the package's network as ``experiment.train`` calls it, without
callbacks. Native is the same network, loss and Adam in TensorFlow, PyTorch or JAX alone, with
our initial weights copied and the same batches in the same order. Both train for as many
images a turn and take turns in one process. Before that, both are shown to compute the same:
losses of the first six steps, so the loss before and after five updates, agree to 1e-4.

    KERAS_BACKEND=torch python benchmarks/native.py
    KERAS_BACKEND=torch python benchmarks/native.py --profile
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from dense_keras import probes
from dense_keras.backend import keras
from dense_keras.experiment import Experiment, batches, compiled_vgg
from dense_keras.markdown import markdown_table
from dense_keras.model import BLOCK_UNITS
from dense_keras.token_set import Exemplars
from timing import machine, ratio, taking_turns

CHECKED_STEPS, TOLERANCE = 6, 1e-4
LEARNING_RATE = 3e-5
"""A third of the default: at the default, a rounding error that turns a maximum in a pooling over
changes the loss by more than the tolerance within six steps. Speed does not depend on it."""

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
"""Of Keras's Adam."""

CONVOLUTIONS = [f"conv{block}_{position}" for block in range(1, len(BLOCK_UNITS) + 1) for position in (1, 2)]

Weights = Mapping[str, np.ndarray]
Step = Callable[[np.ndarray, np.ndarray], Any]
"""Trains on the images and tokens of a batch; gives its loss, or a promise of it."""


def tensorflow_loops(initial: Weights, learning_rate: float) -> dict[str, Step]:
    """GradientTape in a tf.function, TensorFlow's own Adam kernel; without XLA, and with it."""
    import tensorflow as tf

    def loop(jit_compile: bool) -> Step:
        weights = {path: tf.Variable(values) for path, values in initial.items()}
        means = [tf.Variable(tf.zeros_like(weight)) for weight in weights.values()]
        squares = [tf.Variable(tf.zeros_like(weight)) for weight in weights.values()]
        powers = tf.Variable(BETA_1), tf.Variable(BETA_2)

        def logits(images: tf.Tensor) -> tf.Tensor:
            x = tf.cast(images, tf.float32) * (4 / 255) - 2
            for name in CONVOLUTIONS:
                x = tf.nn.conv2d(x, weights[f"{name}/kernel"], 1, "SAME")
                x = tf.nn.relu(tf.nn.bias_add(x, weights[f"{name}/bias"]))
                if name.endswith("_2"):
                    x = tf.nn.max_pool2d(x, 2, 2, "VALID")
            x = tf.reduce_mean(x, axis=[1, 2])
            x = tf.nn.relu(x @ weights["dense/kernel"] + weights["dense/bias"])
            return x @ weights["logits/kernel"] + weights["logits/bias"]

        @tf.function(jit_compile=jit_compile)
        def train(images: tf.Tensor, tokens: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits(images))
                loss = tf.reduce_mean(losses)
            gradients = tape.gradient(loss, list(weights.values()))
            for weight, mean, square, gradient in zip(weights.values(), means, squares, gradients, strict=True):
                tf.raw_ops.ResourceApplyAdam(
                    var=weight.handle,
                    m=mean.handle,
                    v=square.handle,
                    beta1_power=powers[0],
                    beta2_power=powers[1],
                    lr=learning_rate,
                    beta1=BETA_1,
                    beta2=BETA_2,
                    epsilon=EPSILON,
                    grad=gradient,
                )
            powers[0].assign(powers[0] * BETA_1)
            powers[1].assign(powers[1] * BETA_2)
            return loss

        return train

    return {"tf.function": loop(jit_compile=False), "tf.function, XLA": loop(jit_compile=True)}


def torch_loops(initial: Weights, learning_rate: float) -> dict[str, Step]:
    """An nn.Sequential and torch.optim.Adam: contiguous images, as most write it, and channels last in memory."""
    import torch
    from torch import nn

    def loop(memory_format: torch.memory_format) -> Step:
        layers: list[nn.Module] = []
        for name in CONVOLUTIONS:
            units, inputs = initial[f"{name}/kernel"].shape[3], initial[f"{name}/kernel"].shape[2]
            layers += [nn.Conv2d(inputs, units, 3, padding=1), nn.ReLU()]
            if name.endswith("_2"):
                layers.append(nn.MaxPool2d(2))
        (pooled, dense), (_, num_tokens) = initial["dense/kernel"].shape, initial["logits/kernel"].shape
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        layers += [nn.Linear(pooled, dense), nn.ReLU(), nn.Linear(dense, num_tokens)]
        network = nn.Sequential(*layers)
        weighted = [layer for layer in network if isinstance(layer, (nn.Conv2d, nn.Linear))]
        with torch.no_grad():
            for name, layer in zip([*CONVOLUTIONS, "dense", "logits"], weighted, strict=True):
                kernel = initial[f"{name}/kernel"]
                layer.weight.copy_(torch.tensor(kernel.transpose(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T))
                layer.bias.copy_(torch.tensor(initial[f"{name}/bias"]))
        network.to(memory_format=memory_format)
        optimizer = torch.optim.Adam(network.parameters(), learning_rate, (BETA_1, BETA_2), EPSILON)

        step = 0

        def train(images: np.ndarray, tokens: np.ndarray) -> torch.Tensor:
            nonlocal step
            step += 1  # Keras adds epsilon before it makes up for the zeros at the start, PyTorch after
            optimizer.param_groups[0]["eps"] = EPSILON / (1 - BETA_2**step) ** 0.5
            inputs = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(memory_format=memory_format)
            optimizer.zero_grad()
            outputs = network(inputs.float() * (4 / 255) - 2)
            loss = nn.functional.cross_entropy(outputs, torch.from_numpy(tokens).long())
            loss.backward()
            optimizer.step()
            return loss.detach()

        return train

    return {"contiguous": loop(torch.contiguous_format), "channels last": loop(torch.channels_last)}


def jax_loops(initial: Weights, learning_rate: float) -> dict[str, Step]:
    """One jitted step with Adam written out."""
    import jax
    import jax.numpy as jnp

    def logits(weights: dict[str, jax.Array], images: jax.Array) -> jax.Array:
        x = images.astype(jnp.float32) * (4 / 255) - 2
        for name in CONVOLUTIONS:
            kernel = weights[f"{name}/kernel"]
            x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            x = jax.nn.relu(x + weights[f"{name}/bias"])
            if name.endswith("_2"):
                x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        x = jax.nn.relu(x.mean(axis=(1, 2)) @ weights["dense/kernel"] + weights["dense/bias"])
        return x @ weights["logits/kernel"] + weights["logits/bias"]

    def mean_loss(weights: dict[str, jax.Array], images: jax.Array, tokens: jax.Array) -> jax.Array:
        log_shares = jax.nn.log_softmax(logits(weights, images))
        return -jnp.take_along_axis(log_shares, tokens[:, None], axis=1).mean()

    def updated(state: dict[str, Any], images: jax.Array, tokens: jax.Array) -> tuple[dict[str, Any], jax.Array]:
        loss, gradients = jax.value_and_grad(mean_loss)(state["weights"], images, tokens)
        step = state["step"] + 1
        rate = learning_rate * jnp.sqrt(1 - BETA_2**step) / (1 - BETA_1**step)
        mean = jax.tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, state["mean"], gradients)
        square = jax.tree.map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g * g, state["square"], gradients)
        weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + EPSILON), state["weights"], mean, square)
        return {"weights": weights, "mean": mean, "square": square, "step": step}, loss

    compiled = jax.jit(updated, donate_argnums=0)
    weights = {path: jnp.array(values) for path, values in initial.items()}
    zeros = {moment: jax.tree.map(jnp.zeros_like, weights) for moment in ("mean", "square")}
    state = {"weights": weights, **zeros, "step": jnp.float32(0)}

    def train(images: np.ndarray, tokens: np.ndarray) -> jax.Array:
        nonlocal state
        state, loss = compiled(state, images, tokens)
        return loss

    return {"jit": train}


LOOPS = {"tensorflow": tensorflow_loops, "torch": torch_loops, "jax": jax_loops}


class Contest:
    """Our network and the native ones, from the same weights, at the same step of the same batches."""

    def __init__(self, exemplars: Exemplars, experiment: Experiment, model: keras.Model) -> None:
        self.exemplars, self.experiment, self.model = exemplars, experiment, model
        self.steps = LOOPS[keras.config.backend()](probes.weights(model), experiment.learning_rate)

    def batches(self, start: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return batches(self.exemplars, self.experiment, start)

    def check(self) -> None:
        """Take the first steps. Raises AssertionError where native losses differ from ours."""
        ours = self.model.fit(
            self.batches(0), steps_per_epoch=1, epochs=CHECKED_STEPS, shuffle=False, verbose=0
        ).history["loss"]
        for name, step in self.steps.items():
            native = [float(step(*batch)) for batch in islice(self.batches(0), CHECKED_STEPS)]
            np.testing.assert_allclose(native, ours, rtol=0, atol=TOLERANCE, err_msg=f"losses of {name} and ours")

    def turns(self, num_steps: int) -> dict[str, Callable[[int], object]]:
        """Arm -> one turn of ``num_steps`` steps, given the number of the round."""

        def ours(number: int) -> None:
            start = self.batches(CHECKED_STEPS + number * num_steps)
            self.model.fit(start, steps_per_epoch=num_steps, shuffle=False, verbose=0)

        def native(step: Step) -> Callable[[int], float]:
            def turn(number: int) -> float:
                for batch in islice(self.batches(CHECKED_STEPS + number * num_steps), num_steps):
                    loss = step(*batch)
                return float(loss)

            return turn

        return {"ours": ours} | {name: native(step) for name, step in self.steps.items()}


def speed_rows(contest: Contest, rounds: int, num_steps: int) -> list[list[str]]:
    """A row an arm: batch, arm, images a second, our speed as a share of it."""
    turns = contest.turns(num_steps)
    taking_turns(turns, 1)  # compiles what compiles
    seconds = taking_turns(turns, rounds)
    images = num_steps * contest.experiment.batch_size
    return [
        [
            str(contest.experiment.batch_size),
            name,
            f"{images / min(taken):.0f}",
            "" if name == "ours" else ratio(taken, seconds["ours"]),
        ]
        for name, taken in seconds.items()
    ]


def operation_rows(contest: Contest, num_steps: int, most: int = 16) -> list[list[str]]:
    """A row an operation of PyTorch: microseconds of its own an image in each arm, the longest first."""
    from torch.profiler import ProfilerActivity, profile

    images = num_steps * contest.experiment.batch_size
    spent: dict[str, dict[str, float]] = {}
    for name, turn in contest.turns(num_steps).items():
        with profile(activities=[ProfilerActivity.CPU]) as recording:
            turn(0)
        spent[name] = {event.key: event.self_cpu_time_total / images for event in recording.key_averages()}
    operations = {key for of in spent.values() for key in of}
    of_operation = {key: [of.get(key, 0) for of in spent.values()] for key in operations}
    longest = sorted(of_operation, key=lambda key: max(of_operation[key]), reverse=True)[:most]
    rows = [[key, *(f"{taken:.1f}" for taken in of_operation[key])] for key in longest]
    return [*rows, ["all", *(f"{sum(of.values()):.1f}" for of in spent.values())]]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[32, 128])
    parser.add_argument("--rounds", type=int, default=7, help="turns of each arm")
    parser.add_argument("--images", type=int, default=2496, help="images that each arm trains on in a turn")
    parser.add_argument("--exemplars", type=int, help="a token, to draw the batches from; the default of the faces")
    parser.add_argument("--profile", action="store_true", help="show where the time goes instead (PyTorch only)")
    chosen = parser.parse_args(arguments)
    if chosen.profile and keras.config.backend() != "torch":
        parser.error("--profile needs KERAS_BACKEND=torch")
    token_set = Experiment(exemplars=chosen.exemplars).load_tokens()
    if max(chosen.batch_sizes) > len(token_set.train):
        parser.error(f"there are {len(token_set.train)} exemplars, fewer than a batch of {max(chosen.batch_sizes)}")
    rows = []
    for batch_size in chosen.batch_sizes:
        experiment = Experiment(exemplars=chosen.exemplars, batch_size=batch_size, learning_rate=LEARNING_RATE)
        contest = Contest(token_set.train, experiment, compiled_vgg(experiment, token_set))
        contest.check()
        num_steps = max(1, chosen.images // batch_size)
        if chosen.profile:
            print(f"Microseconds an image, batches of {batch_size}\n")
            print(markdown_table(["operation", "ours", *contest.steps], operation_rows(contest, num_steps)) + "\n")
        else:
            rows += speed_rows(contest, chosen.rounds, num_steps)
    if rows:
        print(markdown_table(["batch", "training", "images a second", "ours / native (pairs)"], rows) + "\n")
    print(machine())


if __name__ == "__main__":
    main()
