"""Activations as a picture: the values in their order, tokens named beside their rows."""

import numpy as np
import pytest

from dense_keras.figures.axes import readable
from dense_keras.figures.matrices import activation_matrix
from dense_keras.figures.palette import token_colours


def test_values_are_drawn_in_order_and_tokens_named_in_the_middle_of_their_rows(cut_off):
    activations = np.arange(12.0).reshape(6, 2)
    ax = activation_matrix(activations, [0, 0, 0, 2, 2, 1], ["Ada", "Ben", "Cleo"], highest=10.0)
    np.testing.assert_array_equal(ax.get_images()[0].get_array(), activations)
    assert ax.get_images()[0].get_clim() == (0, 10)
    assert list(ax.get_yticks()) == [1, 3.5, 5]
    labels = ax.get_yticklabels()
    assert [label.get_text() for label in labels] == ["Ada", "Cleo", "Ben"]
    assert [label.get_color() for label in labels] == [readable(token_colours(3)[token]) for token in (0, 2, 1)]
    assert cut_off(ax.figure) == []
    ax = activation_matrix(activations, [0, 0, 0, 2, 2, 1], ["first", "second", "third"], colours=["k", "r", "g"])
    assert [label.get_color() for label in ax.get_yticklabels()] == [readable(colour) for colour in "kgr"]


def test_tokens_that_lie_apart_are_refused_with_the_remedy():
    with pytest.raises(ValueError, match="lie apart: sort them first"):
        activation_matrix(np.zeros((3, 2)), [0, 1, 0], ["Ada", "Ben"])
