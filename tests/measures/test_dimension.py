"""Dimension: clouds whose dimension is known, and the definitions written out."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import ortho_group
from sklearn.decomposition import PCA

from dense_keras.measures import dimension


def generator():
    return np.random.default_rng(0)


def turned(values, units=50):
    """The same points in more units, turned at random."""
    padded = np.pad(values, ((0, 0), (0, units - values.shape[1])))
    return padded @ ortho_group.rvs(units, random_state=generator())


@pytest.mark.parametrize("shape", [(40, 9), (9, 40)])
def test_variances_agree_with_scikit_learn(shape):
    activations = generator().normal(size=shape) * np.linspace(1, 5, shape[1]) + 30
    variances = dimension.axis_variances(activations)
    np.testing.assert_allclose(variances, PCA().fit(activations).explained_variance_, rtol=1e-9, atol=1e-12)
    assert variances.sum() == pytest.approx(activations.var(axis=0, ddof=1).sum())


def test_participation_counts_the_directions_of_equal_spread():
    corners = np.array([[float(bit) for bit in f"{number:06b}"] for number in range(64)])  # equal spread, exactly
    assert dimension.participation_ratio(turned(corners)) == pytest.approx(6)
    assert dimension.participation_ratio(np.outer(np.arange(9.0), [1, 2, 3])) == pytest.approx(1)
    assert dimension.participation_ratio(corners * [2, 1, 0, 0, 0, 0]) == pytest.approx((4 + 1) ** 2 / (4**2 + 1))


def test_of_two_tokens_one_direction_and_of_a_simplex_one_less_than_tokens():
    for tokens in (2, 5):
        assert dimension.participation_ratio(np.repeat(np.eye(tokens), 10, axis=0)) == pytest.approx(tokens - 1)


def test_nothing_that_varies_is_no_direction():
    assert dimension.participation_ratio(np.full((7, 3), 0.1)) == 0


def test_neighbour_ratios_are_those_of_the_definition_in_the_order_of_exemplars():
    activations = generator().normal(size=(50, 8)) + 1000
    distances = np.sort(cdist(activations, activations), axis=1)
    np.testing.assert_allclose(dimension.neighbour_ratios(activations), distances[:, 2] / distances[:, 1], rtol=1e-9)


def test_equal_exemplars_count_once():
    activations = generator().normal(size=(50, 8))
    repeated = np.concatenate([activations, activations[::-1], activations[:7]])
    np.testing.assert_array_equal(dimension.neighbour_ratios(repeated), dimension.neighbour_ratios(activations))
    zeros = np.array([[0.0, 1], [-0.0, 1], [2, 2], [5, 0]])
    assert len(dimension.neighbour_ratios(zeros)) == 3


def test_almost_equal_exemplars_have_finite_ratios():
    activations = generator().normal(size=(50, 8))
    assert np.isfinite(dimension.neighbour_ratios(np.concatenate([activations, activations + 1e-13]) + 100)).all()


@pytest.mark.parametrize(("dimensions", "exemplars"), [(1, 1000), (2, 1000), (4, 2500)])
def test_cubes_have_the_dimension_that_they_have(dimensions, exemplars):
    cube = generator().random((exemplars, dimensions))
    assert dimension.intrinsic_dimension(turned(cube)) == pytest.approx(dimensions, rel=0.1)


def test_a_curved_line_is_one_dimensional_where_participation_says_more():
    angle = generator().random(1000) * 2 * np.pi
    circle = turned(np.column_stack([np.cos(angle), np.sin(angle)]))
    assert dimension.intrinsic_dimension(circle) == pytest.approx(1, rel=0.1)
    assert dimension.participation_ratio(circle) == pytest.approx(2, rel=0.01)


def test_shifting_scaling_and_turning_change_neither():
    activations = generator().normal(size=(300, 10)) * np.linspace(1, 3, 10)
    moved = 5 * turned(activations, 10) + 20
    for measure in (dimension.participation_ratio, dimension.intrinsic_dimension):
        assert measure(moved) == pytest.approx(measure(activations), rel=1e-9)


def test_the_slope_is_that_of_a_regression_through_0():
    activations = generator().normal(size=(100, 5))
    ratios = np.sort(dimension.neighbour_ratios(activations))
    for discarded, kept in ((0.1, 90), (0.5, 50)):
        share_above = 1 - np.arange(1, kept + 1) / 100
        slope = np.linalg.lstsq(np.log(ratios[:kept, np.newaxis]), -np.log(share_above), rcond=None)[0][0]
        assert dimension.intrinsic_dimension(activations, discarded) == pytest.approx(slope, rel=1e-9)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(ValueError, match=r"2 different exemplar\(s\) came; two neighbours take 3 or more"):
        dimension.intrinsic_dimension(np.repeat(np.eye(2), 5, axis=0))
    with pytest.raises(ValueError, match="share to discard came as 1; it must lie between 0 and 1"):
        dimension.intrinsic_dimension(np.eye(5), 1)
    with pytest.raises(ValueError, match="Both neighbours of every exemplar are equally far"):
        dimension.intrinsic_dimension(np.eye(5) * 3)
    with pytest.raises(ValueError, match="They must be \\(exemplars, units\\)"):
        dimension.participation_ratio(np.zeros((4, 2, 2, 3)))
