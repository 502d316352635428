"""The command line: helpful errors, no bare traceback, nothing half-written."""

import os
import re
import socket
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from dense_keras import cli
from dense_keras.doctor import Finding, examine
from dense_keras.run import Run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder in which the commands run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def photographs(folder, tokens=("ada", "ben"), count=6):
    for number, token in enumerate(tokens):
        (folder / token).mkdir(parents=True)
        for index in range(count):
            pixels = np.random.default_rng([number, index]).integers(0, 256, (20, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / token / f"{index}.png")
    return folder


@pytest.mark.parametrize("command", [["sweep", "--runs", "a" * 300], ["tokens", "--tokens", "a" * 300]])
def test_a_path_that_the_system_refuses_is_told(capsys, command):
    assert cli.main(command) == 2
    told = capsys.readouterr().err
    assert told.startswith("dense-keras: ") and told.strip().endswith("cannot be used. Choose another place.")
    assert command[-1] in told


def test_training_on_ones_own_images_then_going_on(folder, capsys):
    photographs(folder / "my photos")
    settings = ["train", "--tokens", "my photos", "--run", "runs/mine", "--size", "16"]
    assert cli.main([*settings, "--epochs", "1"]) == 0
    assert "Look at it with: dense-keras show runs/mine" in capsys.readouterr().out
    assert cli.main([*settings, "--epochs", "2"]) == 0
    run = Run("runs/mine")
    assert run.token_names == ["ada", "ben"]
    assert run.history["epoch"].tolist() == [0, 1, 2]
    assert len(list(run.tensorboard.glob("embeddings/step_*"))) == 3

    assert cli.main(["atlas", "runs/mine", "--out", "page"]) == 0
    assert f"Open in a browser: {(folder / 'page' / 'index.html').as_uri()}" in capsys.readouterr().out
    assert (folder / "page" / "runs" / "1.js").exists()

    assert cli.main(["rewind", "runs/mine", "1", "--run", "runs/again", "--epochs", "3"]) == 0
    assert Run("runs/again").steps == [1, 2, 3]

    assert cli.main([*settings, "--seed", "4"]) == 2
    assert "seed: 0 there, 4 now" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["train", "--epochs", "0"], "epochs is 0; it must be 1 or more"),
        (["train", "--epochs", "-2"], "epochs is -2"),
        (["train", "--tokens", "nowhere"], "No token set and no folder 'nowhere'. Token sets: faces, fashion"),
        (["train", "--tokens", "fashion", "--code", "natural"], "'fashion' has no option code"),
        (["train", "--size", "5"], "size"),
        (["train", "--seed", "-1"], "seed is -1"),
        (["show", "nowhere", "--port", "99999"], "No run in nowhere"),
        (["tokens", "--tokens", "fashion", "--out", "."], "Name another file with --out"),
        (
            ["tokens", "--tokens", "fashion", "--out", "a.jpg"],
            "PNG picture. Name another file with --out, one that ends",
        ),
        (["train", "--tokens", "fashion", "--source", "nowhere"], "No Fashion-MNIST at source='nowhere'"),
        (["train", "--tokens", "fashion", "--exemplars", "6000"], "on the command line that is --source"),
        (["train", "--source", "keras"], "has no option source"),
        (["check", "99"], "has no exercises. There are: 03, 04"),
        (["measure", "nowhere"], "No run in nowhere"),
        (["atlas", "nowhere"], "No run in nowhere"),
        (["show"], "There is no run in runs/ yet. Record one with: dense-keras train"),
        (["show", "nowhere"], "No run in nowhere"),
        (["rewind", "nowhere", "3", "--run", "new"], "No run in nowhere"),
        (["tokens", "--tokens", "nowhere"], "No token set and no folder 'nowhere'"),
    ],
)
def test_wrong_input_is_explained_and_leaves_nothing(folder, capsys, arguments, text):
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("dense-keras: ")
    assert text in error
    assert "Traceback" not in error
    assert list(folder.iterdir()) == []


def test_broken_images_are_all_named_and_no_run_is_begun(folder, capsys):
    photographs(folder / "photos")
    (folder / "photos/ada/empty.jpg").touch()
    (folder / "photos/ben/text.png").write_text("not an image")
    assert cli.main(["train", "--tokens", "photos", "--run", "run"]) == 2
    error = capsys.readouterr().err
    assert "empty.jpg" in error
    assert "text.png" in error
    assert not (folder / "run" / "experiment.json").exists()


def test_a_taken_port_is_explained(small_run, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert cli.main(["show", str(small_run.folder), "--port", str(port)]) == 2
    error = capsys.readouterr().err
    assert f"Port {port} is taken" in error
    assert f"--port {port + 1}" in error


def test_a_sheet_of_tokens_is_saved(folder):
    assert cli.main(["tokens", "--tokens", "fashion", "--out", "sheets/fashion.png"]) == 0
    assert Image.open("sheets/fashion.png").width > 300


def test_every_preset_can_be_asked_for(capsys):
    from dense_keras.experiment import PRESETS

    with pytest.raises(SystemExit):
        cli.main(["train", "--preset", "fast"])
    possible = capsys.readouterr().err.split("choose from")[1]
    assert set(re.findall(r"[\w-]+", possible)) == set(PRESETS)


def test_doctor_finds_what_is_wrong(folder, capsys, monkeypatch):
    assert {finding.subject for finding in examine()} >= {
        "backend",
        "versions",
        "TensorBoard",
        "processors",
        "free disk",
    }
    assert [finding.subject for finding in examine() if finding.subject == "backend" and finding.good] == ["backend"]

    import dense_keras.doctor as doctor

    monkeypatch.setattr(doctor, "NEEDED_BYTES", 10**18)
    assert cli.main(["doctor"]) == 1
    assert "NO  free disk" in capsys.readouterr().out


def test_doctor_explains_a_missing_backend():
    done = subprocess.run(
        [sys.executable, "-m", "dense_keras", "doctor"],
        env=os.environ | {"KERAS_BACKEND": "pytorch"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "NO  backend: KERAS_BACKEND is 'pytorch'. It can be tensorflow, torch, jax." in done.stdout


def test_a_finding_that_is_bad_says_what_to_do():
    assert all(finding.good or finding.remedy for finding in examine())
    assert Finding("x", True, "y").remedy == ""


def test_the_package_loads_without_a_backend():
    program = (
        "import sys, dense_keras.cli, dense_keras.run, dense_keras.tensorboard, dense_keras.tokens, dense_keras.figures;"
        "import dense_keras.tokens.faces, dense_keras.tokens.folder;"
        "import pkgutil, importlib, dense_keras.measures, dense_keras.figures as figures;"
        "[importlib.import_module(f'{package.__name__}.{module.name}') for package in (dense_keras.measures, figures)"
        " for module in pkgutil.iter_modules(package.__path__)];"
        "print([name for name in ('keras', 'tensorflow', 'torch', 'jax') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
