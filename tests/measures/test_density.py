"""Density: known distances, invariances, and what counting codes can reach."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from dense_keras.codes import KINDS, accuracy_ceiling, draw_codes, part_names, token_codes
from dense_keras.measures import density


def generator():
    return np.random.default_rng(0)


def images(count, size=6, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, channels), dtype=np.uint8)


def test_distances_are_those_of_the_definition_whatever_the_chunks(monkeypatch):
    asked, reference = images(5), images(7, seed=1)
    expected = np.sqrt(((asked[:, None].astype(float) - reference[None].astype(float)) ** 2).mean(axis=(2, 3, 4)))
    for chunk in (1, 3, 500):
        monkeypatch.setattr(density, "CHUNK", chunk)
        np.testing.assert_allclose(density.pixel_distances(asked, reference), expected, rtol=1e-6)


def test_equal_images_are_at_0_and_black_and_white_at_255():
    some = images(20, size=32)
    np.testing.assert_array_equal(density.pixel_distances(some, some).diagonal(), 0)
    black, white = np.zeros((1, 8, 8, 1), np.uint8), np.full((1, 8, 8, 1), 255, np.uint8)
    assert density.pixel_distances(black, white) == 255


def test_distances_are_symmetric_and_obey_the_triangle_inequality():
    distances = density.pixel_distances(images(12), images(12))
    np.testing.assert_array_equal(distances, distances.T)
    assert (distances[:, None] <= distances[:, :, None] + distances[None] + 1e-4).all()


def test_memory_does_not_grow_with_reference_images_as_floats():
    asked, reference = images(100, size=16), images(6000, size=16, seed=1)
    tracemalloc.start()
    density.pixel_distances(asked, reference)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < reference.size * 8 / 3  # all of them as float64 would take three times as much and more


def test_images_of_two_sizes_or_of_floats_are_refused():
    with pytest.raises(ValueError, match=r"Images are \(6, 6, 3\), reference images \(5, 5, 3\): they must have"):
        density.pixel_distances(images(1), images(1, size=5))
    with pytest.raises(ValueError, match="float64 and uint8; both must be uint8"):
        density.pixel_distances(images(1) / 255, images(1))


def test_exemplars_are_numbered_within_their_token():
    np.testing.assert_array_equal(density.exemplar_numbers([3, 0, 3, 0, 0, 3]), [0, 0, 1, 1, 2, 2])


def test_nearest_own_and_nearest_other_of_a_line_of_points():
    places, tokens = np.array([0.0, 1.0, 10.0, 11.0, 20.0]), np.array([0, 0, 1, 1, 0])
    asked, asked_tokens = np.array([2.0, 9.0, 14.0]), np.array([0, 1, 0])
    distances = np.abs(asked[:, None] - places)
    own, other = density.nearest_neighbour_distances(distances, asked_tokens, tokens)
    np.testing.assert_array_equal(own, [1, 1, 6])
    np.testing.assert_array_equal(other, [8, 8, 3])
    np.testing.assert_array_equal(density.nearest_neighbour_hits(own, other), [1, 1, 0])
    assert density.nearest_neighbour_accuracy(own, other) == pytest.approx(2 / 3)
    of_counts = density.nearest_neighbour_accuracy(np.array([own, 0 * own]), np.array([other, other]))
    np.testing.assert_allclose(of_counts, [2 / 3, 1])


def test_the_order_of_the_references_does_not_matter():
    tokens, reference_tokens = np.arange(20) % 4, np.arange(80) % 4
    distances, order = generator().random((20, 80)), generator().permutation(80)
    straight = density.nearest_neighbour_distances(distances, tokens, reference_tokens)
    shuffled = density.nearest_neighbour_distances(distances[:, order], tokens, reference_tokens[order])
    np.testing.assert_array_equal(straight, shuffled)


def test_references_among_themselves_are_all_right_and_random_ones_at_chance():
    some, tokens = images(200), np.arange(200) % 5
    own, other = density.nearest_neighbour_distances(density.pixel_distances(some, some), tokens, tokens)
    assert density.nearest_neighbour_accuracy(own, other) == 1
    noise = density.pixel_distances(images(1000, seed=1), images(500, seed=2))
    own, other = density.nearest_neighbour_distances(noise, np.arange(1000) % 5, np.arange(500) % 5)
    assert density.nearest_neighbour_accuracy(own, other) == pytest.approx(0.2, abs=0.05)


def test_a_tie_counts_half():
    np.testing.assert_array_equal(density.nearest_neighbour_hits(np.array([2.0, 2.0]), np.array([2.0, 3.0])), [0.5, 1])


def test_more_exemplars_are_never_further_and_the_last_count_is_all():
    tokens, reference_tokens = np.repeat([0, 1], 10), np.repeat([0, 1], [64, 80])
    distances = generator().random((20, 144))
    own, other = density.nearest_neighbour_distances_by_count(distances, tokens, reference_tokens, [1, 4, 16, 80])
    assert own.shape == other.shape == (4, 20)
    assert (np.diff(own, axis=0) <= 0).all() and (np.diff(other, axis=0) <= 0).all()
    everything = density.nearest_neighbour_distances(distances, tokens, reference_tokens)
    np.testing.assert_array_equal((own[-1], other[-1]), everything)
    np.testing.assert_array_equal(own[0], np.repeat(distances[:, [0, 64]], 10, axis=1)[range(20), range(20)])


@pytest.mark.parametrize("dimensions", [1, 2])
def test_on_a_line_halving_takes_twice_the_exemplars_and_on_a_square_four_times(dimensions):
    random = generator()
    asked, reference = random.random((400, dimensions)), random.random((2048, dimensions))
    distances = np.linalg.norm(asked[:, None] - reference, axis=2)
    token = np.zeros(400, int)
    far = np.column_stack([distances, np.full(400, 9.0)])  # one reference of another token
    own, _ = density.nearest_neighbour_distances_by_count(far, token, np.repeat([0, 1], [2048, 1]), [128, 512, 2048])
    slope = np.polyfit(np.log([128, 512, 2048]), np.log(own.mean(axis=1)), 1)[0]
    assert slope == pytest.approx(-1 / dimensions, rel=0.12)


def test_tokens_without_references_and_counts_below_1_are_refused():
    distances = np.ones((2, 3))
    with pytest.raises(ValueError, match=r"token\(s\) \[7\] have no reference image of their own token"):
        density.nearest_neighbour_distances(distances, [0, 7], np.array([0, 0, 1]))
    with pytest.raises(ValueError, match=r"token\(s\) \[0\] have no reference image of any other token"):
        density.nearest_neighbour_distances(distances, [0, 0], np.array([0, 0, 0]))
    with pytest.raises(ValueError, match=r"Counts came as \[0, 2\]; each must be 1 or more"):
        density.nearest_neighbour_distances_by_count(distances, [0, 0], np.array([0, 0, 1]), [0, 2])


@pytest.mark.parametrize("kind", KINDS)
def test_counting_every_code_once_reaches_the_ceiling_exactly(kind):
    repeated = [np.repeat(codes, 16 // len(codes), axis=0) for codes in token_codes(kind)]  # tokens equally frequent
    codes, tokens = np.concatenate(repeated), np.repeat(range(5), 16)
    for part, name in enumerate(part_names(kind)):
        counted = density.tokens_by_counting(codes[:, [part]], tokens, codes[:, [part]])
        assert (counted == tokens).mean() == pytest.approx(accuracy_ceiling(kind, [name]))
    counted = density.tokens_by_counting(codes, tokens, codes)
    assert (counted == tokens).mean() == pytest.approx(accuracy_ceiling(kind, part_names(kind)))
    counted = density.tokens_by_counting(codes[:, :0], tokens, codes[:, :0])
    assert (counted == tokens).mean() == pytest.approx(0.2)


@pytest.mark.parametrize("kind", KINDS)
def test_counting_drawn_codes_comes_near_the_ceiling_on_held_out_ones(kind):
    random, tokens = generator(), np.repeat(range(5), 500)
    train, held_out = (np.concatenate([draw_codes(kind, token, 500, random) for token in range(5)]) for _ in range(2))
    for known in ([0], [1], [0, 1], [2, 3]):
        counted = density.tokens_by_counting(train[:, known], tokens, held_out[:, known])
        ceiling = accuracy_ceiling(kind, [part_names(kind)[part] for part in known])
        assert (counted == tokens).mean() == pytest.approx(ceiling, abs=0.03)


def test_codes_that_never_occurred_get_the_most_frequent_token_and_ties_the_lower_one():
    codes, tokens = np.array([[0], [0], [1], [1], [1]]), np.array([4, 2, 3, 3, 1])
    np.testing.assert_array_equal(density.tokens_by_counting(codes, tokens, np.array([[0], [1], [5]])), [2, 3, 3])


def test_counting_nothing_or_other_parts_is_refused():
    with pytest.raises(ValueError, match=r"shape \(0, 2\) were counted, codes of shape \(1, 2\) asked"):
        density.tokens_by_counting(np.zeros((0, 2), int), np.zeros(0, int), np.zeros((1, 2), int))
    with pytest.raises(ValueError, match=r"shape \(1, 2\) were counted, codes of shape \(1, 1\) asked"):
        density.tokens_by_counting(np.zeros((1, 2), int), np.zeros(1, int), np.zeros((1, 1), int))


def test_measures_need_neither_keras_nor_matplotlib():
    code = (
        "import sys, dense_keras.measures.density; print(sorted({'keras', 'matplotlib', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
