"""Lesson 9's exercises: usual mistakes get their hint. That solutions pass is in ``test_checks``."""

import numpy as np
import pytest

from dense_keras.checks import Hint, checks_of

SEEDS = range(5)
CHECKS = checks_of("09")


def effects(means):
    centred = means - means.mean(axis=(0, 1))
    first, second = centred.mean(axis=1, keepdims=True), centred.mean(axis=0, keepdims=True)
    return [first, second, centred - first - second]


def energies(means):
    return [(effect**2).mean(axis=(0, 1)) for effect in effects(means)]


def uncentred_share(means):
    both = energies(means)[2]
    return both / (means**2).mean(axis=(0, 1))


def only_first_taken_away(means):
    first, second, both = energies(means)
    return (both + second) / (first + second + both)


def sizes(means):
    roots = np.sqrt(energies(means))
    return roots[2] / roots.sum(axis=0)


def relu(values):
    return np.maximum(values, 0)


def others(inputs, cut):
    return np.setdiff1d(np.arange(inputs.shape[1]), np.array(cut, int))


def in_place(inputs, kernel, bias, unit, cut):
    kernel[cut, unit] = 0
    return relu(inputs @ kernel[:, unit] + bias[unit])


WRONG = [
    ("conjunction_index", lambda m: m[1, 1] - m[0, 0], "compared 11 with 00 only"),
    ("conjunction_index", lambda m: m[1, 1] - m[1, 0] - m[0, 1], "put one 00 back"),
    ("conjunction_index", lambda m: m[1, 1] - m[1, 0] - m[0, 1] - m[0, 0], "sign of 00 is wrong"),
    ("conjunction_index", lambda m: m[1, 0] + m[0, 1] - m[1, 1] - m[0, 0], "sign is turned"),
    ("conjunction_index", lambda m: (m[1, 1] - m[1, 0] - m[0, 1] + m[0, 0]) / 4, "not the mean"),
    ("conjunction_index", lambda m: m[:, 1].sum(axis=0) - m[:, 0].sum(axis=0), "effect of the second part"),
    ("conjunction_index", lambda m: m[1].sum(axis=0) - m[0].sum(axis=0), "effect of the first part"),
    ("conjunction_index", lambda m: m[1, 1] - m[1, 0] * m[0, 1], "what each part alone adds"),
    ("interaction_share", lambda m: m[1, 1] / m.sum(axis=(0, 1)), "what is left is the interaction"),
    ("after_cut", lambda x, k, b, u, cut: x[:, u], "Leave the inputs of `cut` out"),
    ("conjunction_index", lambda m: m[..., 0], "shape .2, 2."),
    ("conjunction_index", lambda m: None, "returned nothing"),
    ("interaction_share", uncentred_share, "mean over the four faces away"),
    ("interaction_share", lambda m: energies(m)[2] / sum(energies(m)[:2]), "Divide by all three"),
    ("interaction_share", lambda m: sum(energies(m)[:2]) / sum(energies(m)), "share of the single parts"),
    ("interaction_share", sizes, "energies are squared"),
    (
        "interaction_share",
        lambda m: energies(m)[2] / (energies(m)[0] + energies(m)[2]),
        "left one of the two parts out",
    ),
    ("interaction_share", only_first_taken_away, "only one part's effect away"),
    ("after_cut", lambda x, k, b, u, cut: relu(x @ k[:, u] + b[u]), "without any cut"),
    ("after_cut", lambda x, k, b, u, cut: x[:, others(x, cut)] @ k[others(x, cut), u] + b[u], "ReLU is missing"),
    ("after_cut", lambda x, k, b, u, cut: relu(x @ k[:, u] + b[u]) - x[:, cut] @ k[cut, u], "after the ReLU"),
    ("after_cut", lambda x, k, b, u, cut: relu(x[:, others(x, cut)] @ k[others(x, cut), u]), "bias is missing"),
    ("after_cut", lambda x, k, b, u, cut: relu(x[:, cut] @ k[cut, u] + b[u]), "cut the others"),
    ("after_cut", lambda x, k, b, u, cut: relu(x[:, len(cut) :] @ k[len(cut) :, u] + b[u]), "cut the first inputs"),
    ("after_cut", in_place, "changed the arrays"),
    ("after_cut", lambda x, k, b, u, cut: relu(x @ k + b), r"shape \(40,\) is needed"),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "wrong", "hint"), WRONG, ids=[f"{name}-{hint}" for name, _, hint in WRONG])
def test_usual_mistakes_get_their_hint(name, wrong, hint, seed):
    with pytest.raises(Hint, match=hint):
        CHECKS[name](wrong, seed)


def test_right_numbers_may_come_as_a_list():
    def after_cut(inputs, kernel, bias, unit, cut):
        rest = others(inputs, cut)
        return relu(inputs[:, rest] @ kernel[rest, unit] + bias[unit]).tolist()

    assert "the mean response goes from" in CHECKS["after_cut"](after_cut, 0)
