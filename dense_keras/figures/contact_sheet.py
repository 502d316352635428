"""A contact sheet: what a network is shown, one row a token."""

from __future__ import annotations

import textwrap
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dense_keras.token_set import Exemplars, TokenSet

CELL = 96
MOST_ROWS = 40
GAP, MARGIN = 8, 28
PAPER, INK, PALE, EDGE = "#fafaf8", "#222222", "#6b6b6b", "#d8d8d4"


def contact_sheet(token_set: TokenSet, exemplars: int = 12, seed: int = 0, magnify: int | None = None) -> Image.Image:
    """A wall of training exemplars, one row a token with its name at the left.

    exemplars: images a token, drawn by ``seed``; a token that has fewer leaves its row short.
    magnify: pixels a pixel of the image (nearest neighbour, so that the network's own
    pixels are seen); None makes cells of about 96 pixels, and reduces images larger than that.

    Above the wall stand the set's name and counts, below it the share of the pixels that show
    each part, where known, and the credit. Of more than 40 tokens the first 40 are drawn.
    Raises ValueError for exemplars or magnify below 1.
    """
    if exemplars < 1 or (magnify is not None and magnify < 1):
        raise ValueError(f"exemplars={exemplars}, magnify={magnify}: both must be 1 or more.")
    names = [printable(name) for name in token_set.token_names[:MOST_ROWS]]
    rows = [_row(token_set.train, token, exemplars, seed, magnify) for token in range(len(names))]
    height, width = rows[0][0].shape[:2]
    left = MARGIN + _name_width(names) + 2 * GAP
    title, counts = printable(token_set.name), describe(token_set)
    sheet_width = max(left + exemplars * (width + GAP) - GAP, MARGIN + int(_font(15).getlength(counts))) + MARGIN
    captions = _captions(token_set, sheet_width - 2 * MARGIN)
    top = MARGIN + 66
    bottom = top + len(rows) * (height + GAP)
    sheet = Image.new("RGB", (sheet_width, bottom + 20 * len(captions) + MARGIN), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN - 6), _shorten(title, sheet_width - 2 * MARGIN, 24), INK, _font(24))
    draw.text((MARGIN, MARGIN + 28), counts, PALE, _font(15))
    for index, (name, images) in enumerate(zip(names, rows, strict=True)):
        y = top + index * (height + GAP)
        draw.text((MARGIN, y + height // 2), _shorten(name, left - MARGIN - GAP, 16), INK, _font(16), anchor="lm")
        for column, image in enumerate(images):
            x = left + column * (width + GAP)
            draw.rectangle((x - 1, y - 1, x + width, y + height), outline=EDGE)
            sheet.paste(Image.fromarray(image), (x, y))
    for index, line in enumerate(captions):
        draw.text((MARGIN, bottom + GAP + 20 * index), line, PALE, _font(13))
    return sheet


def describe(token_set: TokenSet) -> str:
    """How many tokens and exemplars of what size a token set has, as one line."""
    height, width, channels = token_set.image_shape
    counts = []
    for exemplars in (token_set.train, token_set.held_out):
        present = np.bincount(exemplars.tokens, minlength=token_set.num_tokens)
        low, high = int(present.min()), int(present.max())
        counts.append(f"{low:,}" if low == high else f"{low:,} to {high:,}")
    return (
        f"{token_set.num_tokens} tokens \N{MIDDLE DOT} {counts[0]} training and {counts[1]} held-out exemplars of each "
        f"\N{MIDDLE DOT} {width} \N{MULTIPLICATION SIGN} {height} pixels, {'gray' if channels == 1 else 'colour'}"
    )


def printable(text: str) -> str:
    """Text on one line, with the replacement character for what cannot be drawn."""
    line = " ".join(text.split())
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)


def _row(exemplars: Exemplars, token: int, count: int, seed: int, magnify: int | None) -> list[np.ndarray]:
    """Images of one token, each (height, width, 3), as large as they are drawn."""
    present = np.flatnonzero(exemplars.tokens == token)
    chosen = np.random.default_rng([seed, token]).permutation(present)[:count]
    return [_cell(exemplars.images[position], magnify) for position in chosen]


def _cell(image: np.ndarray, magnify: int | None) -> np.ndarray:
    height, width = image.shape[:2]
    image = np.broadcast_to(image, (height, width, 3))
    if magnify is None and max(height, width) > CELL:
        scale = CELL / max(height, width)
        smaller = (max(1, round(width * scale)), max(1, round(height * scale)))
        return np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize(smaller, Image.Resampling.LANCZOS))
    magnify = magnify or max(1, round(CELL / max(height, width)))
    return image.repeat(magnify, axis=0).repeat(magnify, axis=1)


def _captions(token_set: TokenSet, width: int) -> list[str]:
    parts = " \N{MIDDLE DOT} ".join(f"{name} {share:.1%}" for name, share in token_set.part_shares.items())
    texts = [f"Share of the pixels that show each part: {parts}"] if parts else []
    more = token_set.num_tokens - MOST_ROWS
    texts += [f"Not shown: {more} more tokens."] if more > 0 else []
    texts += [token_set.credit] if token_set.credit else []
    letters = max(20, int(width / _font(13).getlength("n")))
    return [line for text in texts for line in textwrap.wrap(printable(text), letters)]


def _name_width(names: list[str]) -> int:
    return min(200, max(int(_font(16).getlength(name)) + 1 for name in names))


def _shorten(text: str, width: float, font_size: int) -> str:
    """The text, ended by an ellipsis where it is wider than ``width`` pixels."""
    font = _font(font_size)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "\N{HORIZONTAL ELLIPSIS}") > width:
        text = text[:-1]
    return text + "\N{HORIZONTAL ELLIPSIS}"


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)
