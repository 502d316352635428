"""Memorised or constructed: what a training comes to with more and more exemplars, at equal steps.

Trains the preset ``conjunctive`` once for every density, seed and backend, each in a process of
its own, without recording, and asks the network at the end:

    exemplars            of each token to learn from; fewer are the first ones of more
    steps                optimizer updates, as many for each density
    held_out_accuracy    on the same held-out exemplars for each density
    pair_hair_eyes, pair_nose_mouth   share of held-out exemplars for which the named token has the
                         right "alike" or "not alike" of the pair; chance is .5
    interaction_hair_eyes, interaction_nose_mouth   share of the pair's interaction in the energy of all
                         that parts do to the logits, on the factorial probe; mere sums over parts have none
    training_accuracy    on the exemplars that were learned from

    python benchmarks/density.py --seeds 0 1 2 --backends tensorflow torch

Writes ``density.csv`` after every run, which lesson 10 draws. Rows that are there are not trained
again, so a command that was killed goes on where it stood; to train everything anew, delete the
file. A batch holds 32 exemplars, or all where there are fewer.
"""

from __future__ import annotations

import argparse
import csv
import io
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from dense_keras.codes import PAIRS, pairs_alike
from dense_keras.measures import classification
from dense_keras.run import write_whole
from dense_keras.token_set import Exemplars
from run_tables import interactions_of_pairs
from seeds import Row, read_rows
from timing import machine

DENSITIES = (5, 20, 100, 250, 500, 1000, 2000)
STEPS = 2106
"""Those of the preset: 9 epochs of 1,500 exemplars a token."""

KEY = ("exemplars", "seed", "backend", "steps")


def pair_accuracies(
    predicted: np.ndarray, tokens: np.ndarray, codes: np.ndarray, part_names: Sequence[str]
) -> dict[str, float]:
    """Column of the table -> share of exemplars whose pair is told rightly, of the tokens that have one.

    predicted, tokens: (exemplars,) integers; codes: (exemplars, parts), of conjunctive faces.
    """
    labels = classification.token_variants(pairs_alike(codes, part_names), tokens)
    told = classification.part_readout(predicted[np.newaxis], tokens, labels)
    return of_pairs("pair", told[0])


def of_pairs(kind: str, shares: np.ndarray) -> dict[str, float]:
    """Column of the table -> share. shares: (pairs,)."""
    return {f"{kind}_{pair.replace(' and ', '_')}": share for pair, share in zip(PAIRS, shares.tolist(), strict=True)}


def trained_row(backend: str, exemplars: int, seed: int, steps: int, held_out: int) -> Row:
    """Train in this process, which must be a new one, and give the row of the table."""
    os.environ["KERAS_BACKEND"] = backend
    import warnings

    from dense_keras.experiment import PRESETS, Experiment, batches, compiled_vgg
    from dense_keras.interventions import look
    from dense_keras.report import compared_responses

    settings = PRESETS["conjunctive"] | {"exemplars": exemplars, "held_out": held_out, "seed": seed}
    experiment = Experiment(**settings)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is not dense.*")
        token_set = experiment.load_tokens()
    model = compiled_vgg(experiment, token_set)
    model.fit(batches(token_set.train, experiment), steps_per_epoch=steps, epochs=1, shuffle=False, verbose=0)
    asked: Exemplars = token_set.held_out
    seen = look(model, asked)
    pairs = pair_accuracies(seen.logits.argmax(axis=1), asked.tokens, asked.codes, token_set.part_names)
    factorial = token_set.factorial
    responses = compared_responses(look(model, factorial).logits, factorial, token_set.part_names, experiment.code)
    interactions = of_pairs("interaction", interactions_of_pairs(responses))
    trained = {"training_accuracy": look(model, token_set.train).accuracy}
    shares = {"held_out_accuracy": seen.accuracy, **pairs, **interactions, **trained}
    key = {"exemplars": exemplars, "seed": seed, "backend": backend, "steps": steps}
    return key | {name: f"{share:.4f}" for name, share in shares.items()}


def write_rows(path: Path, rows: list[Row]) -> None:
    """Write the table, whole or not at all, in the order of backends, seeds and densities."""
    ordered = sorted(rows, key=lambda row: (row["backend"], int(row["seed"]), int(row["steps"]), int(row["exemplars"])))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(ordered)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(text.getvalue().encode()))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--densities", type=int, nargs="+", default=list(DENSITIES), help="exemplars a token")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--backends", nargs="+", default=["tensorflow"])
    parser.add_argument("--steps", type=int, default=STEPS, help="optimizer updates of each run")
    parser.add_argument("--held-out", type=int, default=100, help="a token")
    lessons = Path(__file__).parents[1] / "lessons"
    parser.add_argument("--out", type=Path, default=lessons / "data" / "density.csv", help="file of the table")
    chosen = parser.parse_args(arguments)
    rows = read_rows(chosen.out)
    done = {tuple(str(row[name]) for name in KEY) for row in rows}
    for backend in chosen.backends:
        for seed in chosen.seeds:
            for exemplars in chosen.densities:
                if (str(exemplars), str(seed), backend, str(chosen.steps)) in done:
                    continue
                print(f"{exemplars} a token, seed {seed}, {backend} ...", flush=True)
                with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
                    asked = (backend, exemplars, seed, chosen.steps, chosen.held_out)
                    rows.append(process.submit(trained_row, *asked).result())
                write_rows(chosen.out, rows)
    print(f"{len(rows)} runs in {chosen.out}. {machine()}")


if __name__ == "__main__":
    main()
