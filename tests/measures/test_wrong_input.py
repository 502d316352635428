"""What measures refuse: arrays that do not fit, and values of which a number would mean nothing."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from dense_keras import measures
from dense_keras.measures import (
    arguments,
    bootstrapping,
    categories,
    classification,
    conjunctions,
    coupling,
    coupling_graph,
    density,
    detectors,
    dimension,
    dissection,
    dynamics,
    linear_probes,
    neural_collapse,
    receptive_fields,
    similarity,
)

GENERATOR = np.random.default_rng(0)
ACTIVATIONS = GENERATOR.uniform(size=(8, 3))
TOKENS = np.arange(8) % 2
FEW = TOKENS[:5]
ROW = np.ones(8)
STEPS = np.arange(8)
MAPS = np.ones((8, 4, 4, 3))
MASKS = MAPS > 0
IMAGES = MAPS.astype(np.uint8)
DECISIONS = np.stack([TOKENS, TOKENS])
CORRECT = DECISIONS > 0
LOGITS = np.ones((2, 8, 2))
RESPONSES = np.ones((4, 2, 3))
PAIRS = np.array([[0, 0]])
EDGES = np.ones((2, 3))
READ = linear_probes.decomposed(ACTIVATIONS)
ONE_WAY = sparse.csr_array(np.triu(np.ones((3, 3))))
WEIGHTS = {"dense/kernel": np.ones((2, 2))}
LOST = {"dense/kernel": np.full((2, 2), np.nan)}

WRONG = [
    (arguments.checked_activations, MAPS),
    (arguments.checked_tokens, FEW, 8),
    (arguments.checked_steps, STEPS, 5),
    (arguments.known, None, "codes"),
    (bootstrapping.normalised_similarities, ROW),
    (bootstrapping.convergence_steps, ROW, STEPS, 0.5),
    (bootstrapping.ranks, ACTIVATIONS),
    (bootstrapping.rank_correlation, ROW, FEW),
    (bootstrapping.rewinding_costs, ROW),
    (bootstrapping.rewinding_steps, ACTIVATIONS, STEPS[:3]),
    (bootstrapping.edge_onset_steps, ROW, STEPS, ROW),
    (bootstrapping.sign_test, ACTIVATIONS),
    (bootstrapping.pairs_with_onsets, EDGES, ROW[:3], ROW[:2]),
    (bootstrapping.lead_and_lag, PAIRS, EDGES, ROW[:3], ROW[:2]),
    (bootstrapping.matched_pairs, PAIRS + 9, EDGES > 0, GENERATOR),
    (bootstrapping.shuffled_shares, PAIRS + 9, EDGES, ROW[:2], ROW[:3], GENERATOR),
    (bootstrapping.conjunction_lags, PAIRS + 9, ROW, ROW),
    (bootstrapping.over_seeds, ROW, ROW[:5]),
    (bootstrapping.growth_rows, ACTIVATIONS, MAPS, ROW, STEPS),
    (bootstrapping.growth_regression, [ACTIVATIONS], []),
    (bootstrapping.clustered_regression, ROW, ACTIVATIONS, FEW),
    (categories.token_means, ACTIVATIONS, FEW),
    (categories.unit_scatter, ACTIVATIONS, FEW),
    (categories.unit_scatter_shares, ACTIVATIONS, FEW),
    (categories.scatter_share, ACTIVATIONS, FEW),
    (categories.chance_scatter_share, 5, 8),
    (categories.exemplar_silhouettes, ACTIVATIONS, np.arange(8)),
    (categories.silhouette, ACTIVATIONS, np.arange(8)),
    (categories.cosine_distances, MAPS),
    (categories.token_code_distances, CORRECT.T, FEW),
    (categories.tree, ROW),
    (categories.cophenetic_correlation, categories.tree(ROW[:3]), ROW),
    (categories.bakers_gamma, categories.tree(ROW[:3]), categories.tree(ROW[:6])),
    (categories.bakers_gamma_null, categories.tree(ROW[:3]), categories.tree(ROW[:6]), GENERATOR),
    (categories.aligned_trajectories, ACTIVATIONS),
    (categories.joint_trajectories, ACTIVATIONS),
    (classification.predicted_tokens, ACTIVATIONS),
    (classification.correctness, DECISIONS, FEW),
    (classification.token_accuracies, DECISIONS, FEW),
    (classification.token_accuracy_bands, DECISIONS, FEW),
    (classification.accuracy, DECISIONS, FEW),
    (classification.wilson_band, 5, 4),
    (classification.confusions, DECISIONS, FEW),
    (classification.decision_entropies, ACTIVATIONS),
    (classification.blocks_of_known_parts, DECISIONS.T, TOKENS, [2]),
    (classification.block_index, np.eye(2), FEW),
    (classification.expected_block_index, np.eye(2), FEW),
    (classification.token_variants, DECISIONS.T, FEW),
    (classification.part_agreement, DECISIONS, TOKENS, ROW),
    (classification.part_readout, DECISIONS, TOKENS, ROW),
    (classification.part_readout_baseline, TOKENS, ROW),
    (classification.forgetting_events, DECISIONS),
    (classification.never_learned, DECISIONS),
    (classification.unforgettable, DECISIONS),
    (classification.first_learned_steps, CORRECT, STEPS),
    (classification.learned_steps, CORRECT, STEPS),
    (classification.learning_order_agreement, ROW),
    (classification.confidences, LOGITS, TOKENS + 1),
    (classification.cumulative_confidences, ROW),
    (classification.onset_steps, ACTIVATIONS, STEPS[:5], 0.5),
    (classification.change_points, ROW, 0),
    (classification.plateaus, ROW, 1, STEPS[:5]),
    (classification.neighbour_tokens, ACTIVATIONS, ACTIVATIONS, TOKENS, 9),
    (classification.neighbour_tokens_left_out, ACTIVATIONS, TOKENS, 8),
    (classification.prediction_depths, DECISIONS, FEW),
    (conjunctions.factorial_responses, ACTIVATIONS, CORRECT.T, TOKENS),
    (conjunctions.set_row, [0, 0], 2),
    (conjunctions.walsh_coefficients, ACTIVATIONS[:3]),
    (conjunctions.part_set_energies, ACTIVATIONS),
    (conjunctions.energies_by_order, ACTIVATIONS[:3]),
    (conjunctions.explained_shares, ACTIVATIONS),
    (conjunctions.interaction_shares, ACTIVATIONS[:3]),
    (conjunctions.layer_shares_by_order, ACTIVATIONS[:3]),
    (conjunctions.conjunction_indices, RESPONSES, [0, 2]),
    (conjunctions.oriented_conjunction_indices, RESPONSES, [0, 0]),
    (conjunctions.mutual_informations, ACTIVATIONS, FEW),
    (conjunctions.synergies, ACTIVATIONS, DECISIONS.T, [0, 2]),
    (coupling.residual_activations, ACTIVATIONS, np.arange(8)),
    (coupling.noise_correlation, ACTIVATIONS, ACTIVATIONS, FEW),
    (coupling.signal_correlation, ACTIVATIONS, ACTIVATIONS, FEW),
    (coupling.partial_correlation, ACTIVATIONS, FEW),
    (coupling.shifted_means, ACTIVATIONS),
    (coupling.patches_at, MAPS, STEPS, STEPS),
    (coupling.contributions, ACTIVATIONS, EDGES),
    (coupling.contrast_contributions, ACTIVATIONS, EDGES, CORRECT.T, FEW),
    (coupling.chain_contrasts, [ACTIVATIONS], [EDGES.T], CORRECT.T, [FEW]),
    (coupling.weight_strength, EDGES, ACTIVATIONS),
    (coupling_graph.kept_at_density, [EDGES], 0),
    (coupling_graph.layer_numbers, [EDGES, EDGES]),
    (coupling_graph.layered_adjacency, [EDGES, EDGES]),
    (coupling_graph.correlation_adjacency, EDGES),
    (coupling_graph.louvain_communities, ONE_WAY),
    (coupling_graph.modularity, ONE_WAY, TOKENS[:3]),
    (coupling_graph.assortativity, ONE_WAY + ONE_WAY.T, FEW),
    (coupling_graph.node_strengths, ONE_WAY),
    (coupling_graph.participation, ONE_WAY + ONE_WAY.T, FEW),
    (coupling_graph.giant_component_shares, ONE_WAY, [0]),
    (coupling_graph.path_masses, [EDGES, EDGES]),
    (coupling_graph.strongest_paths, [EDGES], 3),
    (coupling_graph.shuffled_within_cells, ACTIVATIONS, FEW, GENERATOR),
    (coupling_graph.against_chance, 1, [1]),
    (density.pixel_distances, IMAGES, IMAGES[:, :3]),
    (density.nearest_neighbour_distances, ACTIVATIONS, TOKENS, FEW[:1]),
    (density.nearest_neighbour_distances_by_count, ACTIVATIONS, TOKENS, TOKENS[:3], [0]),
    (density.tokens_by_counting, DECISIONS.T, TOKENS, ACTIVATIONS),
    (detectors.token_membership, TOKENS * 2),
    (detectors.part_membership, TOKENS),
    (detectors.detection_auc, ACTIVATIONS, TOKENS),
    (detectors.token_auc, ACTIVATIONS, FEW),
    (detectors.part_auc, ACTIVATIONS, TOKENS),
    (detectors.detector_share, np.array([[np.nan]])),
    (detectors.class_selectivity, ACTIVATIONS, FEW),
    (detectors.lifetime_sparseness, MAPS),
    (detectors.population_sparseness, -ACTIVATIONS),
    (detectors.hoyer_sparseness, MAPS),
    (detectors.dead_units, MAPS),
    (detectors.factor_bins, ACTIVATIONS),
    (detectors.tuning_curves, ACTIVATIONS, ROW[:5]),
    (detectors.explained_share, ACTIVATIONS, FEW),
    (detectors.tuning_strength, ACTIVATIONS, ROW[:5]),
    (dimension.axis_variances, MAPS),
    (dimension.participation_ratio, MAPS),
    (dimension.neighbour_ratios, ACTIVATIONS[:2]),
    (dimension.intrinsic_dimension, ACTIVATIONS, 1),
    (dissection.part_shares, MAPS),
    (dissection.part_iou, MAPS, MASKS[:5]),
    (dissection.part_iou_at_share, MAPS, MASKS[:5]),
    (dynamics.layer_norms, LOST),
    (dynamics.kernel_norms, {}),
    (dynamics.relative_changes, WEIGHTS, {}),
    (dynamics.layer_rotations, WEIGHTS, LOST),
    (dynamics.lazy_or_rich, WEIGHTS, WEIGHTS, {}),
    (dynamics.gradient_signal_and_noise, ROW, 32),
    (dynamics.gradient_noise_scale, ACTIVATIONS, 0),
    (dynamics.sharpness_by_iteration, np.negative, 0 * ROW),
    (dynamics.sharpness, np.negative, 3, GENERATOR, 0),
    (dynamics.weights_of_vector, ROW, WEIGHTS),
    (dynamics.trajectory_plane, ACTIVATIONS[:2]),
    (dynamics.random_walk_shares, ROW, 5, GENERATOR),
    (linear_probes.decomposed, ACTIVATIONS[:2]),
    (linear_probes.predicted_tokens, READ, FEW),
    (linear_probes.predicted_parts, READ, TOKENS),
    (linear_probes.predicted_values, READ, ROW),
    (linear_probes.factor_values, {}),
    (linear_probes.logistic_predictions, ACTIVATIONS, TOKENS),
    (linear_probes.accuracy, TOKENS, FEW),
    (linear_probes.label_accuracies, TOKENS, FEW),
    (linear_probes.balanced_accuracy, TOKENS, FEW),
    (linear_probes.r_squared, ACTIVATIONS, EDGES),
    (linear_probes.shuffled_accuracies, READ, FEW, GENERATOR),
    (linear_probes.shuffled_r_squared, READ, ROW[:5], GENERATOR),
    (neural_collapse.centred_means, ACTIVATIONS, FEW),
    (neural_collapse.token_variabilities, ACTIVATIONS, FEW),
    (neural_collapse.variability, ACTIVATIONS, FEW),
    (neural_collapse.norm_variation, ROW),
    (neural_collapse.pair_angle_deviations, ROW),
    (neural_collapse.angle_deviation, ROW),
    (neural_collapse.duality_distance, EDGES, EDGES),
    (neural_collapse.nearest_mean_disagreements, ACTIVATIONS, TOKENS, ACTIVATIONS),
    (neural_collapse.nearest_mean_disagreement, ACTIVATIONS, TOKENS, ACTIVATIONS),
    (receptive_fields.receptive_fields, {"conv": (0, 1, 1)}),
    (receptive_fields.peaks, ACTIVATIONS),
    (receptive_fields.top_exemplars, ACTIVATIONS, 9),
    (receptive_fields.receptive_field_crops, IMAGES, TOKENS, FEW, receptive_fields.ReceptiveField(3, 1, -1)),
    (similarity.correlation_dissimilarities, MAPS),
    (similarity.euclidean_dissimilarities, MAPS),
    (similarity.cell_means, ACTIVATIONS, FEW),
    (similarity.token_dissimilarities, TOKENS - 1),
    (similarity.part_dissimilarities, None),
    (similarity.factor_dissimilarities, None),
    (similarity.pixel_dissimilarities, IMAGES[:1]),
    (similarity.centred_ranks, EDGES),
    (similarity.rank_correlations, np.eye(3), np.ones((1, 6))),
    (similarity.rank_correlation_ceiling, EDGES),
    (similarity.permuted_rank_correlations, np.eye(3), np.ones((1, 6)), GENERATOR),
    (similarity.token_indicators, TOKENS - 1),
    (similarity.cka, ACTIVATIONS, ACTIVATIONS[:5]),
    (similarity.cka_debiased, ACTIVATIONS[:3], ACTIVATIONS[:3]),
    (similarity.canonical_correlations, ACTIVATIONS, ACTIVATIONS, 0),
    (similarity.svcca, ACTIVATIONS, ACTIVATIONS[:5]),
]

REFUSED = {
    "no layers": (lambda: coupling_graph.layered_adjacency([]), "No matrix came: one is needed for each two"),
    "no paths": (lambda: coupling_graph.path_masses([]), "No matrix came"),
    "a token that there is not": (
        lambda: coupling_graph.strongest_paths([np.eye(3)], 9),
        "The token came as 9; the last layer has units 0 to 2",
    ),
    "sets of no parts": (lambda: conjunctions.energies_by_order(np.ones((3, 2))), "3 sets came; all sets of some"),
    "one view": (lambda: conjunctions.part_set_energies(np.ones((4, 1, 2))), r"shape \(4, 1, 2\).* two views or more"),
    "no bins": (lambda: conjunctions.mutual_informations(ACTIVATIONS, TOKENS, bins=0), r"0 bin\(s\) came"),
    "accuracy of others": (lambda: linear_probes.accuracy(TOKENS, TOKENS[:5]), r"shape \(8,\).* with shape \(5,\)"),
    "balanced": (lambda: linear_probes.balanced_accuracy(TOKENS, TOKENS[:5]), "They must be of the same exemplars"),
    "R squared": (lambda: linear_probes.r_squared(ACTIVATIONS, ACTIVATIONS[:5]), "They must be of the same exemplars"),
    "chance of one": (lambda: categories.chance_scatter_share(1, 1), r"1 exemplar\(s\) of 1 token\(s\) came"),
    "two distances": (lambda: categories.tree([0.1, 0.2]), r"shape \(2,\). All pairs of 2, 3, 4"),
    "other exemplars": (
        lambda: coupling.noise_correlation(ACTIVATIONS, ACTIVATIONS[:5], TOKENS),
        "Activations of 8 exemplars came with others of 5",
    ),
    "unknown AUC": (lambda: detectors.detector_share(np.array([[0.9, np.nan]])), "Some AUCs are NaN"),
    "negative": (lambda: detectors.lifetime_sparseness(ACTIVATIONS - 0.5), "negative, where sparseness has no meaning"),
    "one token": (lambda: detectors.class_selectivity(ACTIVATIONS, np.zeros(8, int)), "needs 2 or more"),
}


@pytest.mark.parametrize(("measure", "message"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused_in_words(measure, message):
    with pytest.raises(ValueError, match=message):
        measure()


@pytest.mark.parametrize("call", WRONG, ids=[measure.__name__ for measure, *_ in WRONG])
def test_every_measure_refuses_what_does_not_fit_in_words_of_its_own(call):
    measure, *given = call
    with pytest.raises(ValueError) as refused:
        measure(*given)
    assert Path(refused.traceback[-1].path).parent == Path(measures.__file__).parent, "NumPy's words, not ours"


def test_whatever_names_an_error_is_seen_to_raise_it():
    modules = [
        importlib.import_module(f"{measures.__name__}.{found.name}")
        for found in pkgutil.iter_modules(measures.__path__)
    ]
    naming = {
        value
        for module in modules
        for name, value in inspect.getmembers(module, inspect.isfunction)
        if value.__module__ == module.__name__ and name[0] != "_" and re.search("[Rr]aises|[Ee]rrors", value.__doc__)
    }
    assert {measure for measure, *_ in WRONG} == naming
