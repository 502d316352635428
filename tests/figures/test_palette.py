"""Colours: fixed for each token and each part, told apart by all eyes, and seen on both papers."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from dense_keras.figures.palette import COLOURS, DARK, GRAY, LIGHT, PART_COLOURS, mark, part_colours, token_colours

DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
)
PROTANOPIA = np.array(
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
)
"""On linear RGB. Source: Machado, Oliveira and Fernandes 2009, severity 1."""


def linear(colour):
    values = np.array(to_rgb(colour))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(colour, view):
    """CIE L*a*b* of a colour as an eye sees it, white at D65."""
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    xyz = to_xyz @ np.clip(view @ linear(colour), 0, 1) / (0.95047, 1, 1.08883)
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one, other):
    """WCAG 2 contrast, 1 to 21."""
    low, high = sorted(float(linear(colour) @ (0.2126, 0.7152, 0.0722)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_a_token_keeps_its_colour_whatever_the_number_of_tokens():
    assert token_colours(3) == token_colours(5)[:3] == list(COLOURS[:3])
    assert len(set(token_colours(5))) == 5
    assert token_colours(8)[6:] == token_colours(2)


def test_a_part_keeps_its_colour_and_has_corners():
    assert part_colours(2) == list(PART_COLOURS[:2])
    assert part_colours(7)[5:] == part_colours(2)
    assert {mark(colour) for colour in PART_COLOURS} == {"s"}
    assert {mark(colour) for colour in (*COLOURS, GRAY, LIGHT["text.color"])} == {"o"}


def test_lines_and_text_are_seen_on_light_and_on_dark_paper():
    for paper in (LIGHT, DARK):
        assert contrast(paper["text.color"], paper["figure.facecolor"]) > 12
        assert min(contrast(colour, paper["axes.facecolor"]) for colour in (*COLOURS, *PART_COLOURS, GRAY)) > 2


@pytest.mark.parametrize(("view", "apart"), [(np.eye(3), 35), (DEUTERANOPIA, 20), (PROTANOPIA, 20)])
def test_colours_of_parts_differ_from_one_another_and_from_those_of_tokens_for_the_colour_blind_too(view, apart):
    parts, tokens = ([lab(colour, view) for colour in palette] for palette in (PART_COLOURS, COLOURS))
    assert min(np.linalg.norm(one - other) for one, other in combinations(parts, 2)) > apart
    assert min(np.linalg.norm(part - token) for part in parts for token in tokens) > apart
    assert min(np.linalg.norm(one - other) for one, other in combinations(tokens, 2)) > 15


def test_colours_differ_for_the_colour_blind_too():
    for view in (np.eye(3), DEUTERANOPIA, PROTANOPIA):
        seen = [np.clip(view @ linear(colour), 0, 1) ** (1 / 2.2) for colour in COLOURS[:5]]
        assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 0.15
