"""Any damage to a run folder is explained or changes nothing, and nothing in it is executed."""

import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dense_keras.run import POOLINGS, Run, RunError
from trees import damaged, listing, unchanged_surroundings


def everything(folder):
    """All that a run tells, as lists."""
    run = Run(folder)
    probes = {name: (exemplars.images.tolist(), exemplars.tokens.tolist()) for name, exemplars in run.probes.items()}
    arrays = {}
    for step in run.steps:
        arrays |= {(step, name): values.tolist() for name, values in (run.weights(step) | run.optimizer(step)).items()}
        for layer in run.layers:
            for pooling in POOLINGS:
                arrays[step, layer, pooling] = run.activations(layer, step, pooling).tolist()
    history = {name: np.nan_to_num(values, nan=-1).tolist() for name, values in run.history.items()}
    return run.description, probes, history, arrays


@pytest.fixture(scope="module")
def tiny_run(shared_folder):
    """A run folder with one snapshot of a few numbers."""
    from dense_keras.token_set import Exemplars

    probe = Exemplars(np.zeros((2, 8, 8, 1), np.uint8), np.array([0, 1]))
    described = {name: "" for name in ("experiment", "origin", "backend", "images")}
    described |= {"steps_per_epoch": 4, "layers": ["dense"], "token_names": ["a", "b"], "part_names": []}
    run = Run.create(shared_folder / "run", described, {"held_out": probe, "factorial": None})
    evoked = {f"held_out/{pooling}/dense": np.arange(6, dtype=np.float32).reshape(2, 3) for pooling in POOLINGS}
    run.write_snapshot(4, {"weights/dense/kernel": np.ones((3, 3)), "optimizer/rate": np.array(0.1)} | evoked)
    run.write_history([{"step": 4, "loss": float("nan"), "accuracy/a": 0.5}])
    return run.folder, everything(run.folder)


FILES = ("experiment.json", "probe.npz", "history.csv", "snapshots/step_00000004.npz")


@given(st.data())
def test_a_damaged_run_is_explained_or_tells_the_same(tiny_run, data):
    original, expected = tiny_run
    with unchanged_surroundings() as root:
        copy = root / "run"
        shutil.copytree(original, copy)
        for name in data.draw(st.lists(st.sampled_from(FILES), min_size=1, max_size=2, unique=True)):
            other = st.sampled_from([(original / other).read_bytes() for other in FILES if other != name])
            whole = st.just((original / name).read_bytes())
            (copy / name).write_bytes(data.draw(st.one_of(damaged(whole), st.binary(max_size=40), other)))
        before = listing(copy)
        try:
            assert everything(copy) == expected
        except RunError as error:
            assert str(copy) in str(error)
        assert listing(copy) == before
