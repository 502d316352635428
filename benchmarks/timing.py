"""One thing timed against another in one process.

Seconds depend on the machine and on what else it does; ratios of arms that take turns
depend on it far less. Schedulers at times put both threads of a training on one core, which
doubles an epoch; the fastest turn is the one that was disturbed least, as ``timeit`` says. So
every figure is a ratio of the fastest turns, with the smallest and the largest ratio of two
turns that stood side by side.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np


def taking_turns(
    arms: Mapping[str, Callable[[int], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Arm -> seconds of each of its turns; a round gives every arm one turn, in order.

    arms: name -> what is timed, called with the number of the round. clock: ``time.process_time`` for seconds of the
    processor, all threads together: on a busy machine, turns of less than a second are made of waiting.
    """
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for number in range(rounds):
        for name, arm in arms.items():
            began = clock()
            arm(number)
            seconds[name].append(clock() - began)
    return seconds


def ratio(above: Sequence[float], below: Sequence[float]) -> str:
    """Ratio of the least values, and the least and greatest ratio of a pair: ``0.97 (0.95 to 1.01)``.

    above, below: one value a round each.
    """
    pairs = [first / second for first, second in zip(above, below, strict=True)]
    return f"{min(above) / min(below):.3f} ({min(pairs):.3f} to {max(pairs):.3f})"


def machine(with_load: bool = True) -> str:
    """Machine, its load, and versions, in one line; Keras and its backend where they are loaded."""
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    modules = [np]
    if "keras" in sys.modules:
        keras = sys.modules["keras"]
        modules += [keras, sys.modules[keras.config.backend()]]
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors{f', {load}' if with_load else ''}"
    versions = [f"Python {platform.python_version()}", *(f"{each.__name__} {each.__version__}" for each in modules)]
    return ", ".join([system, *versions])
