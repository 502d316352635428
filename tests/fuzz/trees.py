"""Folders of files that hypothesis draws, written into a place of their own with a witness beside it."""

import io
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from PIL import Image

FORMATS = {"PNG": ".png", "JPEG": ".jpg", "GIF": ".gif", "BMP": ".bmp", "TIFF": ".tif", "WEBP": ".webp", "PPM": ".ppm"}
MODES = ("RGB", "RGBA", "L", "LA", "P", "1", "I;16", "CMYK", "F")


@st.composite
def images(draw):
    """The content of an image file of any size, mode and format that Pillow writes."""
    size = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    mode, form = draw(st.sampled_from(MODES)), draw(st.sampled_from(sorted(FORMATS)))
    seed = draw(st.integers(0, 9))
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    content = io.BytesIO()
    try:
        Image.fromarray(pixels).convert(mode).save(content, form)
    except (OSError, ValueError, KeyError):
        Image.fromarray(pixels).save(content, form)
    return content.getvalue()


@st.composite
def damaged(draw, contents):
    """The same with some bytes changed, cut off, or put behind."""
    content = bytearray(draw(contents))
    for _ in range(draw(st.integers(0, 3))):
        if content:
            content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(0, len(content)))]) + draw(st.binary(max_size=8))


names = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="/\0"), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..") and len(name.encode()) < 200
)
"""Of files and folders, as they may stand on a disk: any letters, points, quotes, line breaks."""


@contextmanager
def unchanged_surroundings():
    """A place with an empty folder in it, which is given; whatever else there is must be the same afterwards."""
    with tempfile.TemporaryDirectory() as place:
        inside, witness = Path(place) / "inside", Path(place) / "witness.txt"
        inside.mkdir()
        witness.write_text("unchanged")
        yield inside
        assert sorted(path.name for path in Path(place).iterdir()) == ["inside", "witness.txt"]
        assert witness.read_text() == "unchanged"


def listing(folder):
    """Each file's place, length and time of change."""
    return {path.relative_to(folder): (path.lstat().st_size, path.lstat().st_mtime_ns) for path in folder.rglob("*")}
