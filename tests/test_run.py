"""The run folder: whole or absent, damage is named, nothing in it is executed."""

import errno
import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from dense_keras import run as run_module
from dense_keras.run import Run, RunError, write_whole
from dense_keras.token_set import Exemplars

PROBE = Exemplars(np.zeros((3, 4, 4, 1), np.uint8), np.arange(3), np.ones((3, 2), int), {"yaw": np.arange(3.0)})
DESCRIPTION = {
    "experiment": {},
    "origin": None,
    "backend": "torch",
    "steps_per_epoch": 4,
    "layers": ["dense", "logits"],
    "token_names": ["a", "b", "c"],
    "part_names": ["hair", "eyes"],
    "images": "0" * 16,
}


@pytest.fixture
def run(tmp_path):
    """Three snapshots; the activations of step s are all s."""
    made = Run.create(tmp_path / "first", DESCRIPTION, {"held_out": PROBE, "factorial": None})
    for step in (0, 8, 100):
        made.write_snapshot(
            step,
            {
                "weights/dense/kernel": np.full((2, 5), step, np.float32),
                "optimizer/000/iteration": np.array(step),
                "held_out/max/dense": np.full((3, 5), step, np.float32),
                "held_out/max/logits": np.eye(3, dtype=np.float32),
            },
        )
    return made


def test_what_is_written_is_read(run):
    again = Run(run.folder)
    assert again.steps == [0, 8, 100]
    assert again.layers == ["dense", "logits"]
    assert again.activations("dense", 8).tolist() == np.full((3, 5), 8.0).tolist()
    assert list(again.weights(100)) == ["dense/kernel"]
    assert again.optimizer(100)["000/iteration"] == 100
    assert again.logits(0).shape == (3, 3)


def test_probes_come_back_with_all_that_is_known(run):
    probes = Run(run.folder).probes
    assert list(probes) == ["held_out"]
    held_out = probes["held_out"]
    assert held_out.factors["yaw"].tolist() == [0, 1, 2]
    assert held_out.codes.tolist() == PROBE.codes.tolist()
    assert held_out.masks is None


def test_history_comes_back_by_column_even_with_hostile_names(run):
    rows = [{"step": step, 'accuracy/<script>"a,b"\n': step / 10, "loss": float("nan")} for step in (0, 8)]
    run.write_history(rows)
    history = Run(run.folder).history
    assert history['accuracy/<script>"a,b"\n'].tolist() == [0.0, 0.8]
    assert np.isnan(history["loss"]).all()


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
def test_a_damaged_snapshot_is_named_and_the_others_still_load(run, damage):
    path = run.snapshot_path(8)
    data = bytearray(path.read_bytes())
    if damage == "flipped":
        data[data.index(np.full(5, 8, np.float32).tobytes())] ^= 1
    path.write_bytes({"truncated": data[: len(data) // 2], "flipped": data, "empty": b""}[damage])
    assert run.damaged() == [8]
    with pytest.raises(RunError, match=r"step_00000008.npz is damaged .*Other files are not affected"):
        for layer in run.layers:
            run.activations(layer, 8)
            run.weights(8)
    assert run.activations("dense", 100).max() == 100


def test_every_turned_bit_around_the_arrays_of_a_snapshot_is_found(run):
    large = np.arange(3 * 1024, dtype=np.float32).reshape(3, 1024)  # more than a reader takes at once
    arrays = {"weights/dense/kernel": large, "optimizer/rate": np.array(1.0), "held_out/max/dense": large + 1}
    run.write_snapshot(8, arrays)
    path, content = run.snapshot_path(8), run.snapshot_path(8).read_bytes()
    around = bytearray(b"x" * len(content))
    for array in (large, large + 1):
        start = content.index(array.tobytes())
        around[start : start + array.nbytes] = b" " * array.nbytes
    expected = everything_of_a_snapshot(run)
    positions = [position for position, mark in enumerate(around) if mark == ord("x")]
    assert 500 < len(positions) < 2000
    for position in positions:
        for bit in range(8):
            path.write_bytes(content[:position] + bytes([content[position] ^ 1 << bit]) + content[position + 1 :])
            try:
                assert everything_of_a_snapshot(run) == expected  # dates, and what the system says of files
            except RunError as error:
                assert path.name in str(error)


def everything_of_a_snapshot(run):
    found = run.weights(8) | run.optimizer(8) | {"evoked": run.activations("dense", 8)}
    return {name: (values.shape, str(values.dtype), values.tobytes()) for name, values in found.items()}


def test_an_array_that_claims_more_than_the_file_holds(run):
    header = {"descr": "<f4", "fortran_order": False, "shape": (2**45,)}
    npy = io.BytesIO()
    np.lib.format.write_array_header_1_0(npy, header)
    with zipfile.ZipFile(run.snapshot_path(8), "w") as archive:
        archive.writestr("weights/dense/kernel.npy", npy.getvalue())
    with pytest.raises(RunError, match="step_00000008.npz is damaged"):
        run.weights(8)


def test_snapshots_whose_description_is_gone_are_of_no_new_run(run):
    (run.folder / "experiment.json").unlink()
    again = Run.create(run.folder, DESCRIPTION, {"held_out": PROBE, "factorial": None})
    assert again.steps == []


@pytest.mark.parametrize("foreign", ["snapshots/notes.npz", ".notes.part", "snapshots/.notes.part", "history.csv"])
def test_a_folder_with_foreign_files_is_no_begun_run(tmp_path, foreign):
    (tmp_path / "run" / "snapshots").mkdir(parents=True)
    (tmp_path / "run" / foreign).write_text("mine")
    with pytest.raises(RunError, match="holds other things and no run"):
        Run.create(tmp_path / "run", DESCRIPTION, {"held_out": PROBE, "factorial": None})
    assert (tmp_path / "run" / foreign).read_text() == "mine"


def test_nothing_is_written_or_deleted_behind_a_link(run, tmp_path):
    run.snapshot_path(8).parent.rename(tmp_path / "outside")
    (run.folder / "snapshots").symlink_to(tmp_path / "outside")
    (tmp_path / "outside" / ".notes.part").write_text("mine")
    with pytest.raises(RunError, match="snapshots is a link"), run_module.locked(run.folder):
        Run(run.folder).mend({"held_out": PROBE, "factorial": None})
    assert (tmp_path / "outside" / ".notes.part").exists()
    assert run.activations("dense", 8).shape == (3, 5)  # it can be read


@pytest.mark.parametrize("name", ["tensorboard", "tensorboard/embeddings", "tensorboard/embeddings/step_000008"])
def test_no_folder_of_the_view_is_a_link(run, tmp_path, name):
    (tmp_path / "outside").mkdir()
    link = run.folder / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(tmp_path / "outside")
    with pytest.raises(RunError, match=f"{name} is a link. Link the whole run folder instead"):
        Run(run.folder).mend({"held_out": PROBE, "factorial": None})
    (run.folder / "experiment.json").unlink()
    with pytest.raises(RunError, match=f"{name} is a link"):
        Run.create(run.folder, DESCRIPTION, {"held_out": PROBE, "factorial": None})


def test_an_array_that_swells_is_refused_before_it_is_read(run, monkeypatch):
    images = np.zeros((300, 1000, 1000, 1), np.uint8)
    with (run.folder / "probe.npz").open("wb") as file:
        np.savez_compressed(file, **{"held_out/images": images, "held_out/tokens": np.zeros(300, int)})
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("it was read"))
    with pytest.raises(RunError, match=r"probe.npz is damaged \(held_out/images.npy would take 0.3 GB, of 0.3 MB\)"):
        Run(run.folder).probes  # noqa: B018


def test_memory_that_runs_out_while_a_file_is_read_is_told(run, monkeypatch):
    def out_of_memory(*_):
        raise MemoryError

    monkeypatch.setattr(zipfile.ZipFile, "read", out_of_memory)
    with pytest.raises(RunError, match=r"is damaged \(MemoryError\)"):
        run.activations("dense", 8)


def test_what_cannot_be_written_is_named_and_not_the_file_beside_it(tmp_path):
    (tmp_path / "table.csv").mkdir()
    with pytest.raises(OSError) as refused:
        write_whole(tmp_path / "table.csv", lambda file: file.write(b"1"))
    assert refused.value.filename == str(tmp_path / "table.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


@pytest.mark.parametrize("name", ["experiment.json", "history.csv"])
def test_every_turned_bit_beside_the_snapshots_is_found(run, name):
    run.write_history([{"step": step, "accuracy/Ada": step / 10} for step in (0, 8)])
    path, whole = run.folder / name, everything_beside_the_snapshots(run.folder)
    content = path.read_bytes()
    for position in range(len(content)):
        for bit in (0, 2, 5):
            path.write_bytes(content[:position] + bytes([content[position] ^ 1 << bit]) + content[position + 1 :])
            try:
                assert everything_beside_the_snapshots(run.folder) == whole  # white space that means nothing
            except RunError as error:
                assert name in str(error)
    for length in range(len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(RunError, match=name):
            everything_beside_the_snapshots(run.folder)


def everything_beside_the_snapshots(folder):
    run = Run(folder)
    return run.description, {name: values.tolist() for name, values in run.history.items()}


def test_reading_never_executes_what_is_in_a_run(run, tmp_path):
    class Payload:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "executed"),))

    with run.snapshot_path(8).open("wb") as file:
        np.savez(file, **{"held_out/max/dense": np.array([Payload()], dtype=object)})
    with pytest.raises(RunError, match="damaged"):
        run.activations("dense", 8)
    run.snapshot_path(8).write_bytes(pickle.dumps(Payload()))
    with pytest.raises(RunError, match="damaged"):
        run.activations("dense", 8)
    assert not (tmp_path / "executed").exists()


def test_wrong_names_list_what_was_recorded(run):
    with pytest.raises(RunError, match="No layer 'conv9' in .*Recorded: dense, logits"):
        run.activations("conv9", 0)
    with pytest.raises(RunError, match="No snapshot of step 7 in .*There are: 0, 8, 100"):
        run.weights(7)
    with pytest.raises(RunError, match="No probe 'factorial'"):
        run.activations("dense", 0, probe="factorial")
    with pytest.raises(RunError, match="No pooling 'sum'.*Recorded: max, mean"):
        run.activations("dense", 0, pooling="sum")


def test_a_folder_that_is_no_run_is_explained(tmp_path):
    with pytest.raises(RunError, match="it has no experiment.json. Record one with: dense-keras train --run"):
        Run(tmp_path)
    (tmp_path / "experiment.json").write_text("{half")
    with pytest.raises(RunError, match="cannot be read"):
        Run(tmp_path)
    (tmp_path / "experiment.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(RunError, match="has format 99; this version of dense_keras reads 2"):
        Run(tmp_path)


@pytest.mark.parametrize("finished_files", [0, 1])
def test_a_run_that_died_while_it_was_being_made_is_made_again(tmp_path, monkeypatch, finished_files):
    left = iter(range(finished_files))

    def dies(path, write):
        if next(left, None) is None:
            raise KeyboardInterrupt
        write_whole(path, write)

    monkeypatch.setattr(run_module, "write_whole", dies)
    with pytest.raises(KeyboardInterrupt):
        Run.create(tmp_path, DESCRIPTION, {"held_out": PROBE})
    monkeypatch.undo()
    (tmp_path / ".probe.npz.77.part").touch()
    assert Run.create(tmp_path, DESCRIPTION, {"held_out": PROBE}).steps == []


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RunError, match="holds other things and no run"):
        Run.create(tmp_path, DESCRIPTION, {"held_out": PROBE})
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_full_disk_leaves_what_was_there(run, monkeypatch):
    def full(file, **arrays):
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(run_module.np, "savez", full)
    with pytest.raises(RunError, match="The disk is full: .*step_00000200.npz could not be written. .*is intact"):
        run.write_snapshot(200, {})
    assert run.steps == [0, 8, 100]
    assert not list(run.folder.rglob("*.part"))


def test_a_file_is_whole_or_absent(tmp_path):
    def fail(file):
        file.write(b"half")
        raise KeyboardInterrupt

    path = tmp_path / "kept"
    path.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, fail)
    assert path.read_bytes() == b"before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept"]


def test_two_processes_cannot_write_one_run(run):
    program = (
        f"from pathlib import Path; from dense_keras.run import locked\nwith locked(Path({str(run.folder)!r})): pass"
    )
    with run_module.locked(run.folder):
        other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "Another process is recording into" in other.stderr
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_folder_that_cannot_be_written_is_explained(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(run_module.np, "savez_compressed", refuse)
    with pytest.raises(RunError, match=r"cannot be written \(Permission denied\). Choose another folder"):
        Run.create(tmp_path / "first", DESCRIPTION, {"held_out": PROBE})
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"), run_module.locked(tmp_path / "file"):
        pass


def test_a_description_that_lacks_something_is_named(run):
    run.description = {"format": 2, "layers": []}
    run.describe()
    with pytest.raises(RunError, match="experiment.json is damaged: it lacks backend, experiment, images, origin"):
        Run(run.folder)


def test_snapshots_that_are_gone_are_not_there(run):
    shutil.rmtree(run.folder / "snapshots")
    assert Run(run.folder).steps == []
    with pytest.raises(RunError, match="No snapshot of step 8"):
        run.weights(8)


def test_files_with_another_content_are_damaged(run):
    with run.snapshot_path(8).open("wb") as file:
        np.save(file, np.zeros(3))
    with run.snapshot_path(100).open("wb") as file:
        np.savez(file, something=np.zeros(3))
    assert run.damaged() == [8, 100]
    with pytest.raises(RunError, match="step_00000008.npz is damaged"):
        run.weights(8)
    np.savez(run.folder / "probe.npz", **{"held_out/images": PROBE.images})
    with pytest.raises(RunError, match="probe.npz is damaged .*tokens"):
        Run(run.folder).probes  # noqa: B018


def test_what_a_killed_process_left_half_written_is_removed(run):
    left = [run.folder / ".history.csv.999.part", run.folder / "snapshots" / ".step_00000010.npz.999.part"]
    kept = run.folder / ".measures.csv.999.part"  # of a command that does not hold the run
    for path in (*left, kept):
        path.write_text("half")
    with run_module.locked(run.folder):
        assert [path.exists() for path in (*left, kept)] == [False, False, True]
