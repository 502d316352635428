"""Colours: fixed for each token, and seen on both papers."""

from itertools import combinations

import numpy as np
from matplotlib.colors import to_rgb

from dense_keras.figures.palette import COLOURS, DARK, LIGHT, token_colours

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


def contrast(one, other):
    """WCAG 2 contrast, 1 to 21."""
    low, high = sorted(float(linear(colour) @ (0.2126, 0.7152, 0.0722)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_a_token_keeps_its_colour_whatever_the_number_of_tokens():
    assert token_colours(3) == token_colours(5)[:3] == list(COLOURS[:3])
    assert len(set(token_colours(5))) == 5
    assert token_colours(8)[6:] == token_colours(2)


def test_lines_and_text_are_seen_on_light_and_on_dark_paper():
    for paper in (LIGHT, DARK):
        assert contrast(paper["text.color"], paper["figure.facecolor"]) > 12
        assert min(contrast(colour, paper["axes.facecolor"]) for colour in COLOURS) > 2


def test_colours_differ_for_the_colour_blind_too():
    for view in (np.eye(3), DEUTERANOPIA, PROTANOPIA):
        seen = [np.clip(view @ linear(colour), 0, 1) ** (1 / 2.2) for colour in COLOURS[:5]]
        assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 0.15
