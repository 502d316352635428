"""The command runs what has changed, and nothing else."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dense_keras.backend import keras

ROOT = Path(__file__).parents[2]

LESSON = '# %% [markdown]\n# # A lesson\n\n# %%\nimport pathlib\nnumber = len(list(pathlib.Path("runs").iterdir()))\n'


@pytest.fixture
def command(tool, monkeypatch, tmp_path):
    """The command on a lesson of its own, with one run that is there; nothing of it touches docs/."""
    recorder, script, recorded = (tool(name) for name in ("record_lessons", "lesson_script", "recorded"))
    lessons, docs = tmp_path / "lessons", tmp_path / "docs"
    for folder in (lessons, docs / "outputs", tmp_path / "runs" / "one"):
        folder.mkdir(parents=True)
    for name in ("experiment.json", "history.csv"):
        (tmp_path / "runs" / "one" / name).write_text("first")
    (lessons / "01_a_lesson.py").write_text(LESSON)
    monkeypatch.setattr(script, "LESSONS", lessons)
    for module in (recorder, recorded):
        for name, value in (("LESSONS", lessons), ("DOCS", docs), ("OUTPUTS", docs / "outputs")):
            monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(recorder.mover, "write", lambda run, out: (out / "mover.js").write_text(str(run.name)))
    in_new_process = recorder.in_new_process

    def without_recording(function, *arguments):
        if function is recorder.recorded_runs:
            return {preset: "runs/one" for preset in arguments[2]}
        return in_new_process(function, *arguments)

    monkeypatch.setattr(recorder, "in_new_process", without_recording)

    def run():
        recorder.main(["--backends", keras.config.backend(), "--runs", str(tmp_path / "runs")])

    run.folder = tmp_path
    return run


@pytest.mark.skipif(keras.config.backend() == "jax", reason="the site shows TensorFlow and PyTorch")
def test_only_what_changed_is_run_again(command, capsys):
    def told():
        command()
        return capsys.readouterr().out

    (command.folder / "docs" / "outputs" / "atlas").mkdir()
    (command.folder / "docs" / "outputs" / "atlas" / "run.js.gz").write_bytes(b"." * 300_000)
    script, run = command.folder / "lessons" / "01_a_lesson.py", command.folder / "runs" / "one"
    target = command.folder / "docs" / "outputs" / keras.config.backend() / "01"
    assert "nothing has changed" not in told()
    assert json.loads((target / "numbers.json").read_text())["values"] == {"number": 1}
    assert "nothing has changed" in told()
    script.write_text(LESSON.replace("# # A lesson", "# # The same lesson"))
    assert "nothing has changed" in told()
    (run / "history.csv").write_text("second")
    assert "nothing has changed" not in told()
    script.write_text(LESSON.replace("number", "others"))
    assert "nothing has changed" not in told()
    assert json.loads((target / "numbers.json").read_text())["values"] == {"others": 1}
    with (command.folder / "docs" / "lesson_times.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["lesson"] == "01_a_lesson" and float(row["seconds"]) > 0 and int(row["cores"]) >= 1
    page = (command.folder / "docs" / "lesson_times.md").read_text()
    assert "| 01_a_lesson |" in page and "take 0.0 MB, the atlases 0.3 MB." in page

    script.write_text(LESSON + "number.nothing\n")
    with pytest.raises(SystemExit, match="AttributeError: 'int' object has no attribute 'nothing'"):
        command()
    assert json.loads((target / "numbers.json").read_text())["values"] == {"others": 1}, "what was there stays"


def test_a_hash_is_of_lesson_source_runs_tables_and_backend(tool, tmp_path):
    recorder = tool("record_lessons")
    for name in ("experiment.json", "history.csv"):
        (tmp_path / name).write_text("first")
    text = (ROOT / "lessons" / "11_two_backends.py").read_text(encoding="utf-8")
    first = recorder.fingerprint(text, "torch", [tmp_path])
    assert first == recorder.fingerprint(text, "torch", [tmp_path])
    others = [recorder.fingerprint(text, "tensorflow", [tmp_path]), recorder.fingerprint(text, "torch", [])]
    others.append(recorder.fingerprint(text.replace("default_runs.csv", "no_runs.csv"), "torch", [tmp_path]))
    (tmp_path / "history.csv").write_text("second")
    assert len({first, *others, recorder.fingerprint(text, "torch", [tmp_path])}) == 5


def test_which_runs_a_lesson_reads(tool):
    recorder, lesson_script = tool("record_lessons"), tool("lesson_script")
    texts = {path.name[:2]: path.read_text(encoding="utf-8") for path in lesson_script.lesson_scripts()}
    assert recorder.presets_read(texts["03"]) == ["default"]
    assert recorder.presets_read(texts["05"]) == ["default", "rich"]
    assert recorder.presets_read(texts["09"]) == ["default", "conjunctive"]
    assert recorder.presets_read(texts["10"]) == ["default", "conjunctive", "conjunctive-500"]
    assert recorder.backends_read(texts["03"], "torch", ["tensorflow", "torch"]) == ["torch"]
    assert recorder.backends_read(texts["11"], "torch", ["tensorflow", "torch"]) == ["tensorflow", "torch"]


def test_the_command_explains_itself():
    command = [sys.executable, str(ROOT / "tools" / "record_lessons.py"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0 and "--lessons" in done.stdout
