"""Runs for the site's atlases are exported when they or the exporter have changed, and laid out whole."""

import gzip
import json
import re
import shutil

import pytest

from dense_keras.atlas.contents import FORMAT
from dense_keras.atlas.export import VIEWER


@pytest.fixture
def command(tool, monkeypatch, tmp_path):
    """The command on two runs that take no time; nothing of it touches docs/."""
    recorder, atlases = tool("record_atlases"), tool("atlases")
    code, recorded, runs = tmp_path / "code", tmp_path / "recorded", tmp_path / "runs"
    for folder in (code, runs / "default", runs / "conjunctive"):
        folder.mkdir(parents=True)
    (code / "export.py").write_text("first")
    for run in runs.iterdir():
        (run / "experiment.json").write_text("{}")
        (run / "history.csv").write_text("step")
    monkeypatch.setattr(recorder, "CODE", code)
    for module in (recorder, atlases):
        monkeypatch.setattr(module, "RECORDED", recorded)
        monkeypatch.setattr(module, "ATLASES", {"kinds": (("default", "torch"), ("conjunctive", "torch"))})

    def export(backend, run, place):
        place.with_name(f"{place.name}.js").write_text(f"atlas.addRun({json.dumps(run.name)});\n")
        for picture in ("thumbnails", "preferred"):
            place.with_name(f"{place.name}_{picture}.jpg").write_text(picture)

    def in_this_process(function, *arguments):
        if function is recorder.recorded_runs:
            return {preset: f"runs/{preset}" for preset in arguments[2]}
        return export(*arguments)

    monkeypatch.setattr(recorder, "in_new_process", in_this_process)

    def run(*options):
        recorder.main(["--runs", str(runs), *options])

    run.folder, run.recorded, run.atlases = tmp_path, recorded, atlases
    return run


def test_only_what_changed_is_exported_again(command, capsys):
    def exported(*options):
        command(*options)
        return re.findall(r"^(\w+) \.\.\.", capsys.readouterr().out, re.MULTILINE)

    both = ["default_torch", "conjunctive_torch"]
    assert exported() == both
    script = command.recorded / "default_torch.js.gz"
    first = script.read_bytes()
    assert gzip.decompress(first) == b'atlas.addRun("default");\n'
    assert exported() == []
    (command.folder / "runs" / "default" / "history.csv").write_text("step,loss")
    assert exported() == both[:1]
    assert script.read_bytes() == first, "the same content is the same file"
    (command.folder / "code" / "export.py").write_text("second")
    assert exported() == both
    assert exported("--anew") == both


def test_an_atlas_is_laid_out_whole(command, tmp_path):
    command()
    command.atlases.write_atlases(tmp_path / "site")
    atlas = tmp_path / "site" / "kinds"
    assert {path.name for path in atlas.iterdir()} == {path.name for path in VIEWER.iterdir()} | {"runs"}
    assert (atlas / "runs" / "runs.js").read_text() == (
        'atlas.load(["runs/default_torch","runs/conjunctive_torch"]);\n'
    )
    assert (atlas / "runs" / "conjunctive_torch.js").read_text() == 'atlas.addRun("conjunctive");\n'
    assert (atlas / "runs" / "conjunctive_torch_preferred.jpg").read_text() == "preferred"
    shutil.rmtree(command.recorded)
    with pytest.raises(
        LookupError, match=r"No atlas was recorded of default_torch. Record it: python tools/record_atl"
    ):
        command.atlases.write_atlases(tmp_path / "site")


def test_what_is_recorded_is_what_the_viewer_reads_and_small(tool):
    atlases = tool("atlases")
    for of_runs in atlases.ATLASES.values():
        for preset, backend in of_runs:
            text = gzip.decompress((atlases.RECORDED / f"{atlases.run_name(preset, backend)}.js.gz").read_bytes())
            run = json.loads(text.removeprefix(b"atlas.addRun(").removesuffix(b");\n"))
            assert run["format"] == FORMAT, "python tools/record_atlases.py"
            assert run["backend"] == backend and run["steps"][0] == 0
    assert sum(path.stat().st_size for path in atlases.RECORDED.iterdir()) < 10e6


def test_pages_name_atlases_that_there_are(tool):
    macros, made = tool("site_macros"), {}

    class Environment:
        macro = staticmethod(lambda function: made.update({function.__name__: function}))

        class page:
            class file:
                src_uri = "lessons/03.md"

    macros.define_env(Environment)
    link = made["atlas_link"]("default", "the atlas", "step=78&layer=dense")
    assert link == '<a href="../atlas/default/index.html#step=78&amp;layer=dense" target="_blank">the atlas</a>'
    frame = made["atlas"]("kinds", "Two runs")
    assert (
        '<iframe class="atlas" src="../atlas/kinds/index.html" title="Two runs" loading="lazy"' in frame
        and "Open it alone" in frame
    )
    with pytest.raises(LookupError, match="No atlas 'mine'. There are: default, kinds."):
        made["atlas_link"]("mine", "it")
