"""The atlases that the site embeds, laid out anew from what was recorded of each run and the package's own viewer."""

from __future__ import annotations

import gzip
import shutil
import sys
from pathlib import Path

from lesson_script import ROOT
from recorded import OUTPUTS

sys.path.insert(0, str(ROOT))  # this copy of the package, also where none is installed

from dense_keras.atlas import lay_out  # which loads no backend

RECORDED = OUTPUTS / "atlas"
"""Of each run RUN.js.gz, RUN_thumbnails.jpg, RUN_preferred.jpg, and RUN_stamp.txt: what it was made of."""

ATLASES = {
    "default": (("default", "tensorflow"), ("default", "torch")),
    "kinds": (("default", "tensorflow"), ("conjunctive", "tensorflow")),
}
"""Atlas -> preset and backend of its runs, side by side."""

PICTURES = ("thumbnails", "preferred")


def run_name(preset: str, backend: str) -> str:
    """How the files of a run are called."""
    return f"{preset}_{backend}"


def write_atlases(folder: Path) -> None:
    """Write all atlases, a folder each. Raises LookupError for a run that was not recorded."""
    for atlas, of_runs in ATLASES.items():
        names = [run_name(*each) for each in of_runs]
        runs = lay_out(folder / atlas, names)
        for name in names:
            _unpack(name, runs)


def _unpack(name: str, folder: Path) -> None:
    script = RECORDED / f"{name}.js.gz"
    if not script.exists():
        raise LookupError(f"No atlas was recorded of {name}. Record it: python tools/record_atlases.py")
    (folder / f"{name}.js").write_bytes(gzip.decompress(script.read_bytes()))
    for picture in PICTURES:
        shutil.copy(RECORDED / f"{name}_{picture}.jpg", folder)
