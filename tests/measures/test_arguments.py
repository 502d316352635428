import numpy as np
import pytest

from dense_keras.measures.arguments import NotAvailable, checked_activations, checked_steps, checked_tokens, known


@pytest.mark.parametrize(
    ("activations", "message"),
    [
        (np.zeros((3, 4, 4, 2)), r"shape \(3, 4, 4, 2\). They must be \(exemplars, units\): pool"),
        (np.zeros((3, 0)), r"shape \(3, 0\)"),
        (np.zeros((1, 2)), "1 exemplar.* needs 2 or more"),
        (np.full((3, 2), np.nan), "NaN or infinite.*diverged"),
    ],
)
def test_activations_that_cannot_be_measured(activations, message):
    with pytest.raises(ValueError, match=message):
        checked_activations(activations)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([0, 1], r"shape \(2,\) and type int64 for 3 exemplars"),
        ([0.0, 1.0, 2.0], "type float64"),
        ([0, 1, -1], "chimeras"),
        ([1, 1, 1], "of 1 token.* needs 2 or more"),
    ],
)
def test_tokens_that_cannot_be_measured(tokens, message):
    with pytest.raises(ValueError, match=message):
        checked_tokens(np.array(tokens), 3)


def test_what_nobody_knows_is_said_and_not_replaced():
    with pytest.raises(NotAvailable, match="Not available for this token set: nobody knows its masks"):
        known(None, "masks")
    np.testing.assert_array_equal(known([[0, 1]], "codes"), [[0, 1]])


@pytest.mark.parametrize(
    ("steps", "message"),
    [([0, 1, 4], r"shape \(3,\) for 2 snapshot"), ([4, 4], "must ascend from 0"), ([-1, 4], "must ascend from 0")],
)
def test_steps_that_do_not_ascend_or_fit(steps, message):
    np.testing.assert_array_equal(checked_steps([0, 4], 2), [0, 4])
    with pytest.raises(ValueError, match=message):
        checked_steps(steps, 2)
