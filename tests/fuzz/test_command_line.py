"""Any command line is carried out, or explained in words: never a bare traceback, never a file outside."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dense_keras import cli
from trees import names, unchanged_surroundings

COMMANDS = ("train", "rewind", "tokens", "measure", "atlas", "check", "sweep", "show", "doctor")
OPTIONS = (
    "--run --tokens --code --preset --epochs --exemplars --size --source --seed --out --file --seeds --presets "
    "--backends --codes --runs --workers --threads --scheduler --port --host --help --nonsense"
).split()
VALUES = ("0", "-1", "1e3", "nan", "", " ", "28", "99999999999999999999", "faces", "fashion", "natural", "a", "b", "03")
words = st.one_of(st.sampled_from(OPTIONS), st.sampled_from(VALUES), names)


@pytest.fixture
def nothing_is_trained(monkeypatch):
    """Training, drawing of thousands of images and serving stop where they would begin."""

    def begun(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("dense_keras.experiment.train", begun)
    monkeypatch.setattr("dense_keras.tokens.load", begun)
    monkeypatch.setattr("dense_keras.sweep._record", begun)
    monkeypatch.setattr("tensorboard.program.TensorBoard.launch", begun)


@given(st.sampled_from(COMMANDS), st.lists(words, max_size=6))
def test_a_command_line_ends_with_a_status_and_words(nothing_is_trained, capsys, command, arguments):
    here = os.getcwd()
    with unchanged_surroundings() as root:
        (root / "a").mkdir()
        (root / "a" / "events.out.tfevents.0").touch()
        (root / "b").write_text("b")
        os.chdir(root)
        try:
            status = cli.main([command, *arguments])
        except SystemExit as error:
            status = error.code
        finally:
            os.chdir(here)
        said = capsys.readouterr()
        assert status in (0, 1, 2, 130)
        assert status == 0 or said.err.strip() or said.out.strip()
        assert "Traceback" not in said.err
