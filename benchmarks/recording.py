"""What recording everything adds to the time of a training, as ratios.

Three arms train the package's network on the default faces, from the same weights, with the
same batches, an epoch a turn, in one process:

    bare        ``model.fit`` and nothing else
    validated   with ``validation_data``, the held-out exemplars: what anybody needs to see held-out accuracy
    recorded    everything that ``dense-keras train`` records: snapshots and the TensorBoard view

The default schedule records the untrained network, 9 log-spaced steps and 20 epochs. The
first few epochs hold more of these recordings than the others, so the whole training is
put together: its epochs at the fastest of the epochs without their recordings, its first
recording as it came, which compiles the reading, and its other recordings at their median.

    python benchmarks/recording.py            a few epochs of each arm
    python benchmarks/recording.py --full     all 20 epochs of each arm, nothing put together
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from dense_keras.backend import keras
from dense_keras.callbacks import LOG_SPACED
from dense_keras.experiment import Experiment, batches, begin, compiled_vgg, recorders
from dense_keras.markdown import markdown_table
from timing import machine, ratio, taking_turns


def recordings(epochs: int, steps_per_epoch: int) -> int:
    """How many recordings the default schedule holds."""
    ends = range(0, epochs * steps_per_epoch + 1, steps_per_epoch)
    return len({*ends, *(step for step in LOG_SPACED if step < ends[-1])})


class Arms:
    """The three arms, each with its own network, and the seconds of every recording.

    seconds_of: recorder's name -> seconds of each of its recordings.
    recordings_done: after each epoch of the recorded arm.
    """

    def __init__(self, experiment: Experiment, folder: Path) -> None:
        self.experiment, self.token_set = experiment, experiment.load_tokens()
        exemplars = len(self.token_set.train)
        self.steps_per_epoch = exemplars // min(experiment.batch_size, exemplars)
        callbacks = recorders(begin(experiment, self.token_set, folder))
        self.recordings_done: list[int] = []
        self.seconds_of: dict[str, list[float]] = {}
        for callback in callbacks:
            taken = self.seconds_of[type(callback).__name__] = []
            callback.record = _timed(callback.record, taken)
        held_out = self.token_set.held_out
        self.turns = {
            "bare": self._turn(),
            "validated": self._turn(validation_data=(held_out.images, held_out.tokens)),
            "recorded": self._turn(callbacks=[*callbacks, keras.callbacks.LambdaCallback(on_epoch_end=self._count)]),
        }

    def _turn(self, **options: object) -> Callable[[int], object]:
        """Trains a network of its own for an epoch, given the number of the epoch."""
        model = compiled_vgg(self.experiment, self.token_set)

        def epoch(number: int) -> None:
            model.fit(
                batches(self.token_set.train, self.experiment, number * self.steps_per_epoch),
                steps_per_epoch=self.steps_per_epoch,
                initial_epoch=number,
                epochs=number + 1,
                shuffle=False,
                verbose=0,
                **options,
            )

        return epoch

    def _count(self, *_: object) -> None:
        self.recordings_done.append(len(self.recordings()))

    def recordings(self) -> list[float]:
        """Seconds of each recording, all recorders together."""
        return [sum(parts) for parts in zip(*self.seconds_of.values(), strict=True)]


def _timed(record: Callable, taken: list[float]) -> Callable:
    def timed(*arguments: object) -> None:
        began = time.perf_counter()
        record(*arguments)
        taken.append(time.perf_counter() - began)

    return timed


def put_together(
    epoch_seconds: Sequence[float], recording_seconds: Sequence[float], extra: float, epochs: int, count: int
) -> list[float]:
    """Seconds of a whole training, by each epoch that was timed.

    epoch_seconds, recording_seconds: of each epoch without its recordings, and of one of its recordings.
    extra: what the first recording took longer than others. epochs, count: of epochs and of recordings.
    """
    return [epochs * epoch + count * one + extra for epoch, one in zip(epoch_seconds, recording_seconds, strict=True)]


def whole_trainings(arms: Arms, seconds: dict[str, list[float]], epochs: int, count: int) -> dict[str, list[float]]:
    """Arm -> seconds of a whole training, by each epoch but the first, which compiles.

    seconds: arm -> seconds of its epochs. epochs, count: of epochs and of recordings in the whole.
    """
    spent = arms.recordings()
    of_epochs = [spent[start:end] for start, end in pairwise([0, *arms.recordings_done])]
    recorded = [all_of_it - sum(some) for all_of_it, some in zip(seconds["recorded"], of_epochs, strict=True)]
    later = [statistics.median(some) for some in of_epochs[1:]]
    whole = {name: [epochs * epoch for epoch in of[1:]] for name, of in seconds.items()}
    extra = spent[0] - statistics.median(spent[1:])
    return whole | {"recorded": put_together(recorded[1:], later, extra, epochs, count)}


def parts_of_a_recording(seconds_of: dict[str, list[float]], total: list[float], epoch: float) -> list[list[str]]:
    """A row a recorder: seconds of the first recording, median of the later ones, and that as a share of an epoch."""
    return [
        [name, f"{of[0]:.3f}", f"{statistics.median(of[1:]):.3f}", f"{statistics.median(of[1:]) / epoch:.1%}"]
        for name, of in (*seconds_of.items(), ("all", total))
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--full", action="store_true", help="train all epochs of each arm")
    parser.add_argument("--rounds", type=int, default=7, help="epochs of each arm, 2 or more; the first warms up")
    parser.add_argument("--epochs", type=int, default=Experiment.epochs, help="of the whole training")
    parser.add_argument("--exemplars", type=int, help="a token; the default of the faces")
    parser.add_argument("--held-out", type=int, help="a token; the default of the faces")
    chosen = parser.parse_args(arguments)
    rounds = chosen.epochs if chosen.full else chosen.rounds
    if rounds < 2:
        parser.error("it takes two epochs or more")
    experiment = Experiment(exemplars=chosen.exemplars, held_out=chosen.held_out, epochs=chosen.epochs)
    with tempfile.TemporaryDirectory() as folder:
        arms = Arms(experiment, Path(folder) / "run")
        seconds = taking_turns(arms.turns, rounds)
    count = recordings(chosen.epochs, arms.steps_per_epoch)
    whole = {name: [sum(of)] for name, of in seconds.items()}
    if not chosen.full:
        whole = whole_trainings(arms, seconds, chosen.epochs, count)
    rows = [
        [name, f"{min(of):.1f}", ratio(of, whole["bare"]), ratio(of, whole["validated"])] for name, of in whole.items()
    ]
    epoch = min(seconds["bare"][1:])
    backend = keras.config.backend()
    print(f"{backend}: {chosen.epochs} epochs of {arms.steps_per_epoch} steps, {count} recordings\n")
    print(markdown_table(["training", "seconds", "ratio to bare (pairs)", "ratio to validated (pairs)"], rows) + "\n")
    columns = ["recorder", "first, seconds", "later, seconds", "of a bare epoch"]
    print(markdown_table(columns, parts_of_a_recording(arms.seconds_of, arms.recordings(), epoch)) + "\n")
    print(f"A bare epoch: {epoch:.2f} s. {machine()}")


if __name__ == "__main__":
    main()
