"""A training killed at ten random moments, resumed each time, ends where the uninterrupted one ends."""

import multiprocessing
import random
import time

import numpy as np

from dense_keras.run import Run
from small import SMALL

SETTINGS = SMALL | {"epochs": 10}
KILLS = 10


def record(folder):
    """What the killed process does."""
    import warnings

    from dense_keras.experiment import Experiment, train

    warnings.simplefilter("ignore")
    train(Experiment(**SETTINGS), folder, progress=False)


def test_ten_kills_change_nothing(tmp_path):
    # A server that has imported everything forks each process, so that kills fall into the work.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["dense_keras.experiment", "dense_keras.tokens.faces"])

    def start(folder):
        process = context.Process(target=record, args=(folder,))
        process.start()
        return process

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    process = start(whole)
    process.join()
    assert process.exitcode == 0

    moments, reached = random.Random(1), []
    for _ in range(KILLS):
        process = start(killed)
        recorded, more = len(snapshots(killed)), moments.choice((0, 1, 1, 2))
        while process.is_alive() and len(snapshots(killed)) < recorded + more:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.4))
        process.kill()
        process.join()
        reached.append(len(snapshots(killed)))
    process = start(killed)
    process.join()
    assert process.exitcode == 0

    assert len(set(reached)) > 3, f"the kills fell only after {reached} snapshots"
    same_bits(Run(killed), Run(whole))


def snapshots(folder):
    return list((folder / "snapshots").glob("step_*"))


def same_bits(run, other):
    assert run.steps == other.steps
    for name, values in other.history.items():
        np.testing.assert_array_equal(run.history[name], values, err_msg=name)
    for step in other.steps:
        with np.load(run.snapshot_path(step)) as ours, np.load(other.snapshot_path(step)) as theirs:
            assert ours.files == theirs.files
            for name in theirs.files:
                np.testing.assert_array_equal(ours[name], theirs[name], err_msg=f"step {step}: {name}")
