"""What an atlas takes from a run's folder: its whole snapshots, layer by layer over time."""

from __future__ import annotations

import numpy as np

from dense_keras.measures.density import exemplar_numbers
from dense_keras.run import Run, RunError

FEW = 20
"""Exemplars of each token by which couplings are measured."""

FEWEST_READ = 3
"""Exemplars of each token from which something is read."""


class Recorded:
    """A run as arrays over its snapshots; those that are damaged, or hold no activations, are left out.

    steps: of the snapshots that can be read. left_out: of the others.
    probe, factorial: the exemplars; factorial is None where nobody knows the parts.
    few: (exemplars,) bool, some of each token in the probe, by which couplings are measured.
    readable: whether the probe has enough exemplars of each token to fit a read-out and to test it.
    weights: for each snapshot ``LAYER/NAME`` -> array.
    Raises RunError if no snapshot can be read.
    """

    def __init__(self, run: Run) -> None:
        self.run, self.probe, self.factorial = run, run.probes["held_out"], run.probes.get("factorial")
        self.few = exemplar_numbers(self.probe.tokens) < FEW
        self.readable = bool(np.bincount(self.probe.tokens).min() >= FEWEST_READ)
        self.steps, self.left_out, self.weights, self._evoked = [], [], [], []
        for step in run.steps:
            try:
                weights, evoked = run.weights(step), _evoked(run, step)
            except RunError:
                self.left_out.append(step)
            else:
                self.steps.append(step)
                self.weights.append(weights)
                self._evoked.append(evoked)
        if not self.steps:
            raise RunError(
                f"{run.folder} holds no whole snapshot, so there is nothing to show. "
                "Give the command that recorded the run again: it mends what is damaged."
            )

    @property
    def chain(self) -> list[str]:
        """The layers that have a kernel, input side first: each is fed by the one before."""
        return [layer for layer in self.run.layers if f"{layer}/kernel" in self.weights[0]]

    def kernels(self, layer: str) -> np.ndarray:
        """(snapshots, *shape of the kernel) float32."""
        return np.stack([weights[f"{layer}/kernel"] for weights in self.weights])

    def activations(self, layer: str, probe: str = "held_out") -> np.ndarray:
        """(snapshots, exemplars, units) float32, the largest over space."""
        return np.stack([evoked[probe, layer] for evoked in self._evoked])


def _evoked(run: Run, step: int) -> dict[tuple[str, str], np.ndarray]:
    """(probe, layer) -> (exemplars, units)."""
    return {(probe, layer): run.activations(layer, step, probe=probe) for probe in run.probes for layer in run.layers}
