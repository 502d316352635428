"""Each quantity of the confirmatory study on made-up arrays of which the answer is known."""

import numpy as np
import pytest

import quantities
from dense_keras.codes import factorial_codes, token_codes
from dense_keras.measures.classification import token_variants

VIEWS = 8


def shown(accuracies, exemplars=200):
    """(snapshots, exemplars) bool with these shares of right answers."""
    return np.arange(exemplars) < np.round(np.array(accuracies) * exemplars)[:, np.newaxis]


def additive_exemplars(each=40):
    tokens = np.repeat(np.arange(5), each)
    return np.array([token_codes("additive")[token][0] for token in tokens]), tokens


def every_code():
    """Codes and views of a factorial probe, (codes x views, parts) and (codes x views,)."""
    codes = factorial_codes("additive")
    return np.repeat(codes, VIEWS, axis=0), np.tile(np.arange(VIEWS, dtype=float), len(codes))


def signs(part):
    """-1 and 1 for the variants of a part, in the order of codes, (codes, 1, 1)."""
    return (2 * factorial_codes("additive")[:, part] - 1)[:, np.newaxis, np.newaxis].astype(float)


def views_noise(units, scale, seed=0):
    return scale * np.random.default_rng(seed).normal(size=(16, VIEWS, units))


def test_plateaus_and_their_levels():
    steps = np.array([0, 1, 2, 4, 8, 16, 32, 64, 128, 256])
    found, levels = quantities.plateaus(shown([0.2] * 3 + [0.42] * 4 + [1.0] * 3), steps)
    assert found.tolist() == [[0, 2], [3, 6], [7, 9]]
    np.testing.assert_allclose(levels, [0.2, 0.42, 1.0])
    assert quantities.near_any(levels, [0.4, 0.6, 0.8]).tolist() == [False, True, False]
    assert quantities.near_any(np.array([]), [0.4]).shape == (0,)


def test_blocks_of_all_parts_are_real_partitions_each_once():
    blocks = [each.tolist() for each in quantities.blocks_of_all_parts(*additive_exemplars())]
    assert [0, 0, 0, 1, 1] in blocks  # by hair
    assert all(1 < len(set(each)) < 5 for each in blocks)
    assert len({tuple(each) for each in blocks}) == len(blocks)


def test_mistakes_inside_blocks_are_told_from_mistakes_of_one_who_prefers_a_name():
    codes, tokens = additive_exemplars()
    partitions = quantities.blocks_of_all_parts(codes, tokens)
    generator = np.random.default_rng(0)
    by_hair = np.where(
        codes[:, 0] == 0, generator.choice([0, 1, 2], len(tokens)), generator.choice([3, 4], len(tokens))
    )
    index, p_value = quantities.block_evidence(np.stack([by_hair] * 3), tokens, partitions, generator, draws=199)
    assert index == 1 and p_value == 1 / 200
    anything = generator.choice(5, (3, len(tokens)), p=[0.6, 0.1, 0.1, 0.1, 0.1])
    index, p_value = quantities.block_evidence(anything, tokens, partitions, generator, draws=199)
    assert index < 0.9 and p_value > 0.02
    index, p_value = quantities.block_evidence(np.stack([tokens]), tokens, partitions, generator, draws=9)
    assert np.isnan(index) and p_value == 1


def test_the_readout_of_a_part_that_is_ignored_is_exactly_half():
    codes, _ = every_code()
    variants = token_variants(*additive_exemplars())
    only_hair = np.where(codes[:, 0] == 1, 3, 1)
    np.testing.assert_array_equal(
        quantities.decision_readout(only_hair[np.newaxis], codes, variants), [[1, 0.5, 0.5, 0.5]]
    )


def test_visibility_is_pixel_share_times_contrast():
    codes, views = every_code()
    images = np.full((len(codes), 4, 4, 1), 50, np.uint8)
    images[:, 0, :, 0] += (40 * codes[:, 0:1]).astype(np.uint8)  # 4 of 16 pixels by 40
    images[:, 1, 0, 0] += (80 * codes[:, 1]).astype(np.uint8)  # 1 of 16 pixels by 80
    np.testing.assert_allclose(quantities.part_visibility(images, codes, views), [10, 5, 0, 0])


@pytest.mark.parametrize(
    ("onsets", "tau"),
    [([10, 20, 30, np.inf], 1), ([40, 30, 20, 10], -1), ([10, 10, 10, 10], 0), ([np.inf] * 4, 0)],
)
def test_order_of_parts(onsets, tau):
    assert quantities.order_agreement(np.array(onsets), np.array([9.0, 5, 4, 1])) == pytest.approx(tau)


def test_ties_count_against_and_what_is_unknown_does_not_count():
    assert quantities.share_after(np.array([1.0, 0, -np.inf, np.nan, 3])) == 0.5
    assert np.isnan(quantities.share_after(np.array([np.nan])))


def test_onsets_of_a_part_reader_a_conjunction_and_a_token_detector():
    steps = np.array([0, 10, 100])
    tokens = np.repeat(np.arange(5), 20)
    responses, activations = np.zeros((3, 16, VIEWS, 3)), np.zeros((3, 100, 3))
    responses += np.stack([views_noise(3, 0.1, seed) for seed in range(3)])
    activations += 0.1 * np.random.default_rng(1).normal(size=activations.shape)
    responses[1:, :, :, 0] += signs(0)[..., 0]
    responses[2, :, :, 1] += (signs(0) * signs(1))[..., 0]
    activations[2, tokens == 3, 2] += 1
    found = quantities.unit_onsets(responses, activations, tokens, steps)
    assert found["part"].tolist() == [10, np.inf, np.inf]
    assert found["conjunction"].tolist() == [np.inf, 100, np.inf]
    assert found["token"].tolist() == [np.inf, np.inf, 100]
    assert found["preferred"][2] == 3


def test_edges_that_come_before_their_unit_and_others_that_come_after():
    steps = np.array([0, 10, 100, 1000])
    generator = np.random.default_rng(0)
    strengths = np.tile(generator.uniform(0.1, 0.2, (10, 10)), (4, 1, 1))
    late = generator.random((10, 10)) < 0.5
    strengths[3, late] = 0.5  # half of all come at the end
    strengths[1:, 0, :2] = 9.0  # the strongest 2 of 100 come early
    part_onsets, token_onsets = np.zeros(10), np.full(10, 100.0)
    found = quantities.edges_before_selectivity(strengths, part_onsets, token_onsets, steps, generator, draws=5)
    assert found["edges"].tolist() == [90, 90]
    assert len(found["matched"]) == 10 and (found["matched"] == -900).all()
    assert found["exchanged"].tolist() == [90] * 10
    only = np.where(np.arange(10) < 2, 100.0, np.inf)
    alone = quantities.edges_before_selectivity(
        strengths, np.where(np.arange(10) < 1, 0, np.inf), only, steps, generator, 5
    )
    assert alone["edges"].tolist() == [90, 90] and not len(alone["matched"])
    nothing = quantities.edges_before_selectivity(strengths, np.full(10, np.inf), token_onsets, steps, generator, 5)
    assert [len(values) for values in nothing.values()] == [0, 0, 0]


def test_a_conjunction_after_the_last_part_that_its_parents_read():
    parents = np.array([[0, 0], [1, 0], [2, 0], [1, 1], [2, 2], [0, 3]])
    part_onsets, conjunction_onsets = np.array([10.0, 50, np.inf]), np.array([100, 20, 70, np.inf, 5])
    found = quantities.conjunctions_after_parts(parents, part_onsets, conjunction_onsets)
    assert found["units"].tolist() == [50, -30]
    assert len(found["left out"]) == 1  # unit 2; unit 3 never became one, and unit 4 has no parents


def test_a_layer_is_like_its_end_at_the_end():
    generator = np.random.default_rng(0)
    last = generator.normal(size=(60, 5))
    found = quantities.similarities_to_the_end([generator.normal(size=(60, 5)), 3 * last, last])
    assert abs(found[0]) < 0.2
    np.testing.assert_allclose(found[1:], 1)


def test_layers_that_hardly_move_look_early_but_are_late():
    steps = np.array([0, 10, 20, 30, 40])
    way = np.array([[0, 0.1, 0.2, 0.9, 1], [0, 0.1, 0.7, 0.9, 1], [0, 0.6, 0.95, 1, 1]])  # deep layers first
    start = np.array([0.97, 0.8, 0.1])[:, np.newaxis]
    _, normalised = quantities.convergence_orders(start + (1 - start) * way, steps)
    assert normalised == -1
    start, way = (
        np.array([[0.5], [0.4], [0.3]]),
        np.array([[0, 0.1, 0.2, 0.9, 1], [0, 0.5, 0.9, 1, 1], [0, 0.95, 1, 1, 1]]),
    )
    assert quantities.convergence_orders(start + (1 - start) * way, steps)[0] == pytest.approx(1)  # not that at step 10
    start = np.array([0.97, 0.8, 0.1])[:, np.newaxis]
    assert quantities.convergence_orders(start + (1 - start) * np.linspace(0, 1, 5), steps)[0] == pytest.approx(-1)


def test_units_of_one_token_that_go_together_beyond_it():
    generator = np.random.default_rng(0)
    tokens = np.repeat(np.arange(5), 40)
    own = np.tile(np.arange(5), 20)
    tuned = [1.0 * (tokens[:, np.newaxis] == own) for _ in range(2)]
    alone = [each + generator.normal(size=each.shape) for each in tuned]
    shared = generator.normal(size=(200, 5))[:, own]
    together = [each + shared for each in alone]
    for activations, coupled in ((together, True), (alone, False)):
        excess, z = quantities.token_modularity(activations, tokens, tokens, {}, generator, draws=20)
        assert (z > 10 and excess > 0.3) if coupled else abs(z) < 3, (coupled, z)
    explained = {"shared": shared[:, :5]}
    excess, z = quantities.token_modularity(together, tokens, tokens, explained, generator, draws=20)
    assert abs(z) < 3


def test_interaction_of_sums_products_and_noise():
    added = signs(0) + signs(1) + views_noise(6, 0.01)
    bound = signs(0) * signs(1) + views_noise(6, 0.01)
    assert quantities.interaction(added)[0] == pytest.approx(0, abs=0.01)
    assert quantities.interaction(bound) == pytest.approx((1, 1), abs=0.01)
    share, of_variance = quantities.interaction(views_noise(6, 1.0) + 9)
    assert np.isnan(share) and of_variance < 0.05


def test_critical_density_and_the_largest_rise():
    densities = np.array([5, 100, 500, 2000])
    told, bound = np.array([0.5, 0.5, 0.95, 0.99]), np.array([0.0, 0.0, 0.2, 0.4])
    assert quantities.critical_density(densities, told, bound) == 500
    assert quantities.critical_density(densities, np.array([0.5, 0.95, 0.8, 0.99]), np.full(4, 0.2)) == 2000
    assert quantities.critical_density(densities, np.array([0.5, 0.5, 0.5, 0.6]), bound) == np.inf
    assert quantities.critical_density(densities, told, np.array([0.0, 0.0, 0.04, 0.05])) == 2000
    assert quantities.critical_density(densities, np.ones(4), np.zeros(4)) == np.inf  # told by sums alone
    assert quantities.largest_rise(np.array([0.5, 0.5, 0.9, 1.0])) == pytest.approx(0.8)
    assert np.isnan(quantities.largest_rise(np.array([0.5, 0.6, 0.6, 0.6])))


def test_favourite_kinds_of_an_and_and_an_or_like_unit():
    first, second = [0, 1], [2, 3]
    codes = factorial_codes("additive")
    is_kind = (codes[:, 2] == 1) & (codes[:, 3] == 0)
    responses = np.stack([(codes[:, :2] == 1).all(axis=1), is_kind], axis=1)[:, np.newaxis] + np.zeros((16, VIEWS, 2))
    kinds, favourite = quantities.favourite_kinds(responses, [first, second])
    assert favourite.tolist() == [3, 4 + 2]
    np.testing.assert_array_equal(kinds[:, favourite[1]], np.repeat(is_kind, VIEWS))


def test_conjunctive_units_are_those_that_bind_and_that_parts_matter_to():
    responses = np.concatenate(
        [signs(0) * signs(1) + views_noise(1, 0.1), signs(0) + views_noise(1, 0.1), views_noise(1, 1.0)], axis=2
    )
    assert quantities.conjunctive_units(responses).tolist() == [True, False, False]


def test_energy_of_pairs_after_the_relu():
    inputs = np.concatenate([signs(0) + views_noise(1, 0.0), signs(1) + views_noise(1, 0.0)], axis=2)
    kernel = np.array([[1.0, 1.0, 5.0], [1.0, 0.0, 5.0]])
    units = np.array([True, True, False])
    # relu(a + b - 1) is 1 for one of four faces: all energies are 1 / 16. relu(a + 9) is a sum.
    assert quantities.pair_energy(inputs, kernel, np.array([-1.0, 9.0, 0.0]), units) == pytest.approx(1 / 16)


@pytest.mark.parametrize(
    ("without_parents", "without_others", "ratio"),
    [(4.0, [8.0, 9.0], 4.0), (10.0, [8.0], 0.0), (4.0, [10.0, 12.0], np.inf)],
)
def test_removal_ratio(without_parents, without_others, ratio):
    assert quantities.removal_ratio(10.0, without_parents, without_others) == ratio
