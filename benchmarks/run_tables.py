"""What the tables of ``seeds.py`` tell of a run, a table a preset, and what is claimed of the runs of a preset."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from dense_keras.codes import PAIRS, accuracy_ceiling, compared_parts, pairs_alike, part_names
from dense_keras.measures import classification, conjunctions, dynamics
from dense_keras.report import responses_to_codes
from dense_keras.run import Run

THRESHOLDS = (0.5, 0.8, 0.95)
CEILINGS = sorted(
    {accuracy_ceiling("additive", known) for count in (1, 2) for known in combinations(part_names("additive"), count)}
)
NEAR = 0.05
BOUND, BOUND_INTERACTION = 0.9, 0.05
"""From which share of exemplars on that are told rightly, and from which share of its interaction in what parts do
to the logits, a pair of parts is called bound. Sums over parts can tell one pair rightly, without any interaction."""

FIRST_BLOCK = ("conv1_1", "conv1_2")

CLAIMED_SHARE, CLAIMED_ACCURACY = 4 / 5, 0.95
CLAIMED_ROTATION, CLAIMED_SECONDS_OF_RICH = 1 - dynamics.LAZY, 360
CLAIMED_SECONDS_TO_A_PAIR = 240

Row = dict[str, object]


@dataclass(frozen=True)
class Table:
    """The table of a preset.

    about: the meaning of its own columns, in Markdown.
    columns: a run and the seconds of its training -> name of a column -> what stands there.
    claim: what a run is claimed to do, with names of columns in braces; empty where nothing is claimed.
    holds: whether the run of a row, whose cells may be texts, does so.
    """

    about: str
    columns: Callable[[Run, float], Row]
    claim: str = ""
    holds: Callable[[Row], bool] = lambda row: False

    def verdict(self, rows: list[Row]) -> str:
        """Whether the claim holds for enough seeds, in one line; ``rows`` are of one backend, one a seed."""
        doing = sum(self.holds(row) for row in rows)
        needed = math.ceil(CLAIMED_SHARE * len(rows))
        return (
            f"{rows[0]['backend']}: {doing} of {len(rows)} seeds {self.claim.format_map(rows[0])} "
            f"({needed} are needed): {'holds' if doing >= needed else 'does not hold'}"
        )


def first_passing(steps: np.ndarray, shares: np.ndarray, threshold: float) -> int | None:
    """Step of the first snapshot whose share is at or above a threshold; None if there is none.

    steps, shares: (snapshots,), ascending in step.
    """
    passing = np.flatnonzero(np.asarray(shares) >= threshold)
    return int(steps[passing[0]]) if len(passing) else None


def steps_near(steps: np.ndarray, accuracies: np.ndarray, level: float, within: float = NEAR) -> int:
    """Steps between neighbouring snapshots that are both within a distance of a level, summed.

    steps, accuracies: (snapshots,), ascending in step.
    """
    near = np.abs(np.asarray(accuracies) - level) <= within
    return int(np.diff(steps)[near[:-1] & near[1:]].sum())


def plateaus_near(run: Run) -> dict[float, int]:
    """Ceiling -> steps that accuracy stands still near it: on plateaus (lesson 3) whose mean is within ``NEAR``."""
    tokens, steps = run.probes["held_out"].tokens, np.array(run.steps)
    logits = np.stack([run.activations("logits", step) for step in run.steps])
    correct = classification.correctness(classification.predicted_tokens(logits), tokens)
    accuracy, (low, high) = correct.mean(axis=1), classification.wilson_band(correct.sum(axis=1), len(tokens))
    lengths = dict.fromkeys(CEILINGS, 0)
    for first, last in classification.plateaus(accuracy, (high - low) / 4, steps):
        for ceiling in CEILINGS:
            if abs(accuracy[first : last + 1].mean() - ceiling) <= NEAR:
                lengths[ceiling] += int(steps[last] - steps[first])
    return lengths


def default_columns(run: Run, seconds: float) -> Row:
    """When held-out accuracy passed some levels, where it ended, and how long it dwelt at ceilings."""
    steps, accuracies = run.history["step"], run.history["held_out_accuracy"]
    return {
        **{f"steps to {threshold}": first_passing(steps, accuracies, threshold) for threshold in THRESHOLDS},
        **_final(run),
        **{f"steps near {ceiling}": steps_near(steps, accuracies, ceiling) for ceiling in CEILINGS},
        **{f"plateau near {ceiling}": length for ceiling, length in plateaus_near(run).items()},
    }


def rich_columns(run: Run, seconds: float) -> Row:
    """How far the first block and the other layers turned, and how far the first layer went."""
    last, initial = run.weights(run.steps[-1]), run.weights(run.steps[0])
    rotations = dynamics.layer_rotations(last, initial)
    others = [rotation for layer, rotation in rotations.items() if layer not in FIRST_BLOCK]
    return {
        "rotation of block 1": f"{np.mean([rotations[layer] for layer in FIRST_BLOCK]):.4f}",
        "rotation of the others": f"{np.mean(others):.4f}",
        "change of conv1_1": f"{dynamics.relative_changes(last, initial)['conv1_1']:.3f}",
        **_final(run),
    }


def conjunctive_columns(run: Run, seconds: float) -> Row:
    """When each pair of parts was bound, in steps and seconds, and how well it is told at the end."""
    steps, shares, interactions = run.history["step"], pair_shares(run), pair_interactions(run)
    row: Row = {}
    for number, pair in enumerate(PAIRS):
        step = first_passing(steps, np.where(interactions[:, number] >= BOUND_INTERACTION, shares[:, number], 0), BOUND)
        row[_bound_step(pair)] = step
        row[_bound_seconds(pair)] = None if step is None else f"{step / steps[-1] * seconds:.0f}"
    row |= {f"{pair}, final": f"{share:.3f}" for pair, share in zip(PAIRS, shares[-1], strict=True)}
    row |= {f"{pair}, interaction": f"{share:.3f}" for pair, share in zip(PAIRS, interactions[-1], strict=True)}
    return row | _final(run)


def control_columns(run: Run, seconds: float) -> Row:
    """What was learned of the training exemplars, and of held-out ones."""
    return {"final training": f"{run.history['accuracy'][-1]:.3f}", **_final(run)}


def pair_shares(run: Run) -> np.ndarray:
    """Share of held-out exemplars whose predicted token is rightly alike or not in each pair: (snapshots, pairs).

    Of the tokens that have an "alike" of their own, tokens 0 to 3; chance is .5.
    """
    probe = run.probes["held_out"]
    labels = classification.token_variants(pairs_alike(probe.codes, run.part_names), probe.tokens)
    predicted = classification.predicted_tokens(np.array([run.logits(step) for step in run.steps]))
    return classification.part_readout(predicted, probe.tokens, labels)


def pair_interactions(run: Run) -> np.ndarray:
    """Share of each pair's interaction in the energy of all that parts do to the logits: (snapshots, pairs), 0..1."""
    return np.array([interactions_of_pairs(responses_to_codes(run, "logits", step)) for step in run.steps])


def interactions_of_pairs(responses: np.ndarray) -> np.ndarray:
    """The same of the logits' responses to the codes without accessory, (codes, views, tokens): (pairs,)."""
    parts = compared_parts("conjunctive")
    energies = conjunctions.part_set_energies(responses).sum(axis=1).clip(0)
    rows = [conjunctions.set_row([parts.index(part) for part in pair], len(parts)) for pair in PAIRS.values()]
    return energies[rows] / max(energies.sum(), 1e-30)


def _final(run: Run) -> Row:
    return {"final": f"{run.history['held_out_accuracy'][-1]:.3f}"}


def _bound_step(pair: str) -> str:
    return f"{pair}, step"


def _bound_seconds(pair: str) -> str:
    return f"{pair}, seconds"


def _number(cell: object) -> float:
    """What stands in a cell; infinite where a level was never reached."""
    return math.inf if cell in (None, "") else float(cell)


def _is_accurate(row: Row) -> bool:
    return math.isfinite(_number(row[f"steps to {CLAIMED_ACCURACY}"]))


def _is_rich(row: Row) -> bool:
    turned = _number(row["rotation of block 1"]) >= CLAIMED_ROTATION
    return turned and _number(row["seconds"]) <= CLAIMED_SECONDS_OF_RICH


def _binds_in_time(row: Row) -> bool:
    return min(_number(row[_bound_seconds(pair)]) for pair in PAIRS) <= CLAIMED_SECONDS_TO_A_PAIR


_CONJUNCTIVE = Table(
    f"""*hair and eyes, step*: the first snapshot at which the pair is bound: for {BOUND:.0%} or more of the held-out
exemplars of the four tokens without accessory, the predicted token has the right "alike" or "not alike" of the pair,
and the interaction of the pair has {BOUND_INTERACTION:.0%} or more of the energy of all that parts do to the logits.
*hair and eyes, seconds*: the share of all steps done by then, times the seconds of the training. *hair and eyes,
final*: that share of exemplars after the last epoch; chance is .5. *hair and eyes, interaction*: that share of energy
then. Logits that are mere sums over parts can tell one pair rightly in all exemplars, but have no interaction.""",
    conjunctive_columns,
    f"bind a pair within {CLAIMED_SECONDS_TO_A_PAIR} seconds on {{processors}} processor core(s)",
    _binds_in_time,
)
_CONTROL = Table(
    """The training exemplars' tokens are dealt out at random. *final training*: share of them that were called by the
token dealt out, mean over the batches of the last epoch. Chance is .2.""",
    control_columns,
)

TABLES = {
    "default": Table(
        f"""*steps to 0.5*: the first snapshot at which held-out accuracy is .5 or more. *steps near 0.4*: steps between
neighbouring snapshots that lie within {NEAR} of the ceiling of accuracy for one who knows some of the parts, so the
[dwell time](glossary.md#dwell-time), whether accuracy is flat there or not. *plateau near 0.4*: steps of
[plateaus](glossary.md#plateau) whose mean is as near.""",
        default_columns,
        f"reach {CLAIMED_ACCURACY} within {{epochs}} epochs",
        _is_accurate,
    ),
    "rich": Table(
        """*rotation of block 1*: 1 - cosine of the final kernels with the initial ones, mean over conv1_1 and conv1_2.
*rotation of the others*: mean over all other layers. *change of conv1_1*: length of the kernels' change as a share of
their initial length.""",
        rich_columns,
        f"turn block 1 by {CLAIMED_ROTATION:.1f} or more within {CLAIMED_SECONDS_OF_RICH} seconds on {{processors}} "
        "processor core(s)",
        _is_rich,
    ),
    "conjunctive": _CONJUNCTIVE,
    "conjunctive-500": _CONJUNCTIVE,
    "shuffled": _CONTROL,
    "conjunctive-shuffled": _CONTROL,
}
"""Preset -> its table."""
