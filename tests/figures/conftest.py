"""Figures are drawn without a screen, on light paper, and closed after each test."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from dense_keras.figures.palette import LIGHT


@pytest.fixture(autouse=True)
def light_paper():
    with matplotlib.rc_context(LIGHT):
        yield
    plt.close("all")


@pytest.fixture
def cut_off():
    """Function: the edges of a figure over which something reaches, by more than a hundredth of an inch."""

    def find(figure):
        figure.canvas.draw()
        box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        beyond = {"left": -box.x0, "bottom": -box.y0, "right": box.x1 - width, "top": box.y1 - height}
        return [edge for edge, inches in beyond.items() if inches > 0.01]

    return find


@pytest.fixture
def pixels():
    """Function: a figure as (height, width, 3) uint8."""

    def draw(figure):
        figure.canvas.draw()
        return np.asarray(figure.canvas.buffer_rgba())[..., :3]

    return draw
