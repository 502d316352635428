"""What measures refuse: arrays that do not fit, and values of which a number would mean nothing."""

import numpy as np
import pytest

from dense_keras.measures import categories, conjunctions, coupling, coupling_graph, detectors, linear_probes

ACTIVATIONS = np.random.default_rng(0).uniform(size=(8, 3))
TOKENS = np.arange(8) % 2

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
