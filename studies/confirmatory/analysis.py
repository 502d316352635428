"""The confirmatory study: recorded runs to numbers, and numbers to verdicts.

    python studies/confirmatory/analysis.py runs/confirmatory

reads the runs of the grid that are finished, and lesson 10's ``density.csv``, computes what
``hypotheses.md`` names, and writes ``results.csv``, a row a number, and ``results.md``, with the
verdicts. Runs whose numbers are in ``results.csv`` are not read again, so a command that was stopped
goes on where it stood; to compute everything anew, delete the file.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np

import quantities
from dense_keras.codes import PAIRS, accuracy_ceiling, compared_parts, named_ceilings
from dense_keras.cuts import Cut, matched_cut
from dense_keras.experiment import model_at
from dense_keras.face_views import readable_factors
from dense_keras.kernel_inputs import KernelInputs
from dense_keras.measures import bootstrapping, classification, coupling, detectors
from dense_keras.report import responses_to_codes
from dense_keras.run import Run, write_whole
from dense_keras.sweep import Cell, cells
from verdicts import HYPOTHESES, NOT_RUN, Hypothesis, all_together

HERE = Path(__file__).parent
DENSITY = HERE.parents[1] / "lessons" / "data" / "density.csv"
SEEDS = (10, 11, 12, 13, 14)
BACKENDS = ("tensorflow", "torch")
CONTROLS = {"default": "shuffled", "conjunctive": "conjunctive-shuffled"}
PRESETS = (*CONTROLS, *CONTROLS.values())

LINKS = {"conv4_2": "conv4_1", "dense": "global_pool"}
"""Layers whose couplings are asked about, and the layer before each."""

GRAPH_LAYERS = ("conv3_2", "conv4_1", "conv4_2", "dense")
GRAPH_SNAPSHOTS = 6
PARENTS = 16
"""Inputs of 256 that are cut from each unit of dense."""

CONTROL_CUTS = 20

Number = tuple[str, str, float]
"""Hypothesis, name, value."""

Row = dict[str, str]


def numbers_of(run: Run) -> Iterator[Number]:
    """All numbers of a run, of the hypotheses that its kind of code can tell about."""
    yield from of_convergence(run)
    yield from of_modularity(run)
    yield from of_interaction(run)
    lags = lags_of_units(run)
    yield from of_edges(lags)
    if run.description["experiment"]["code"] == "additive":
        yield from of_plateaus(run)
        yield from of_acquisition(run)
    else:
        yield from of_conjunctions(lags)
        yield from of_parents(run)


def of_plateaus(run: Run) -> Iterator[Number]:
    """H1 and H2."""
    probe = run.probes["held_out"]
    predicted = _predicted(run, "held_out")
    correct = classification.correctness(predicted, probe.tokens)
    ceilings = [level for level, name in named_ceilings("additive").items() if name != "chance" and level < 1]
    found, levels = quantities.plateaus(correct, run.steps)
    at_a_ceiling = found[quantities.near_any(levels, ceilings)]
    yield "H1", "plateaus at a ceiling", len(at_a_ceiling)
    yield "H1", "all plateaus", len(found)
    index, p_value = float("nan"), 1.0
    if len(at_a_ceiling):
        first, last = at_a_ceiling[0]
        partitions = quantities.blocks_of_all_parts(probe.codes, probe.tokens)
        during = predicted[first : last + 1]
        index, p_value = quantities.block_evidence(during, probe.tokens, partitions, _generator(run))
    yield "H2", "block index", index
    yield "H2", "p", p_value


def of_acquisition(run: Run) -> Iterator[Number]:
    """H3."""
    probe, factorial = run.probes["held_out"], run.probes["factorial"]
    variants = classification.token_variants(probe.codes, probe.tokens)
    readout = quantities.decision_readout(_predicted(run, "factorial"), factorial.codes, variants)
    onsets = classification.onset_steps(readout, run.steps, quantities.READ)
    visibility = quantities.part_visibility(factorial.images, factorial.codes, factorial.factors["view"])
    yield "H3", "tau", quantities.order_agreement(onsets, visibility)
    yield "H3", "parts acquired", np.isfinite(onsets).sum()
    for part, onset, change in zip(run.part_names, onsets, visibility, strict=True):
        yield "H3", f"{part}, onset", onset
        yield "H3", f"{part}, visibility", change


def of_convergence(run: Run) -> Iterator[Number]:
    """H6."""
    similarities = np.array(
        [quantities.similarities_to_the_end(_activations(run, layer, run.steps)) for layer in run.layers]
    )
    raw, normalised = quantities.convergence_orders(similarities, run.steps)
    yield "H6", "raw order and similarity at first", raw
    yield "H6", "normalised order and depth", normalised


def of_modularity(run: Run) -> Iterator[Number]:
    """H7."""
    probe, generator = run.probes["held_out"], _generator(run)
    cells = coupling.token_code_cells(probe.tokens, probe.codes)
    factors = readable_factors(probe.factors)
    places = np.unique(np.linspace(0, len(run.steps) - 1, GRAPH_SNAPSHOTS).round().astype(int))
    found = []
    for place in places:
        activations = [run.activations(layer, run.steps[place]) for layer in GRAPH_LAYERS]
        found.append(quantities.token_modularity(activations, probe.tokens, cells, factors, generator))
    excess, scores = np.array(found).T
    yield "H7", "z at the end", scores[-1]
    yield "H7", "z at first", scores[0]
    yield "H7", "slope", bootstrapping.rank_correlation(excess, places.astype(float))
    yield "H7", "excess, less that of step 0", excess[-1] - excess[0]


def of_interaction(run: Run) -> Iterator[Number]:
    """H8."""
    code, accuracy = run.description["experiment"]["code"], run.history["held_out_accuracy"]
    one_part = max(accuracy_ceiling(code, [part]) for part in run.part_names)
    before = np.flatnonzero(accuracy <= one_part + quantities.NEAR)[-1]
    steps = run.history["step"].astype(int)
    of_dense = lambda step: quantities.interaction(responses_to_codes(run, "dense", step))
    yield "H8", "interaction at the end", of_dense(steps[-1])[0]
    yield "H8", "interaction before", of_dense(steps[before])[1]
    yield "H8", "interaction untrained", of_dense(steps[0])[1]
    yield "H8", "step before", steps[before]


def lags_of_units(run: Run) -> dict[str, np.ndarray]:
    """What H4 and H5 count: steps from edge to selectivity and their controls, and from parts to conjunction."""
    probe, steps, generator = run.probes["held_out"], run.steps, _generator(run)
    onsets = {
        layer: quantities.unit_onsets(
            np.array([responses_to_codes(run, layer, step) for step in steps]),
            _activations(run, layer, steps),
            probe.tokens,
            steps,
        )
        for layer in {*LINKS, *LINKS.values()}
    }
    strengths = contributions_over_time(run, {layer: onsets[layer]["preferred"] for layer in LINKS})
    lags: dict[str, list[np.ndarray]] = {"edges": [], "matched": [], "exchanged": [], "units": [], "left out": []}
    for layer, before in LINKS.items():
        parts, of_layer = onsets[before]["part"], onsets[layer]
        found = quantities.edges_before_selectivity(strengths[layer], parts, of_layer["token"], steps, generator)
        parents = quantities.strongest(strengths[layer][-1])
        found |= quantities.conjunctions_after_parts(parents, parts, of_layer["conjunction"])
        for name, values in found.items():
            lags[name].append(values)
    return {name: np.concatenate(values) for name, values in lags.items()}


def contributions_over_time(run: Run, preferred: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Layer -> contrast contributions to its units' tokens at each snapshot: (snapshots, inputs, units)."""
    probe, some = run.probes["held_out"], slice(None, None, 2)
    membership = detectors.token_membership(probe.tokens)[some]
    model = model_at(run, run.steps[0])
    reader = KernelInputs(model, list(preferred))
    found: dict[str, list[np.ndarray]] = {layer: [] for layer in preferred}
    for step in run.steps:
        weights = run.weights(step)
        model.set_weights(list(weights.values()))
        for layer, given in reader.of(probe.images[some]).items():
            kernel = weights[f"{layer}/kernel"]
            found[layer].append(coupling.contrast_contributions(given, kernel, membership, preferred[layer]))
    return {layer: np.array(values) for layer, values in found.items()}


def of_conjunctions(lags: dict[str, np.ndarray]) -> Iterator[Number]:
    """H4."""
    yield "H4", "share after", quantities.share_after(lags["units"])
    yield "H4", "units", len(lags["units"])
    yield "H4", "ties", (lags["units"] == 0).sum()
    yield "H4", "left out", len(lags["left out"])


def of_edges(lags: dict[str, np.ndarray]) -> Iterator[Number]:
    """H5."""
    yield "H5", "share before", quantities.share_after(lags["edges"])
    yield "H5", "matched", quantities.share_after(lags["matched"])
    yield "H5", "exchanged", quantities.share_after(lags["exchanged"])
    yield "H5", "edges", len(lags["edges"])


def of_parents(run: Run) -> Iterator[Number]:
    """H10."""
    last = run.steps[-1]
    parts = compared_parts(run.description["experiment"]["code"])
    pairs = [[parts.index(part) for part in pair] for pair in PAIRS.values()]
    responses, inputs = (responses_to_codes(run, layer, last) for layer in ("dense", "global_pool"))
    weights = run.weights(last)
    kernel, bias = weights["dense/kernel"], weights["dense/bias"]
    units = quantities.conjunctive_units(responses)
    yield "H10", "units", units.sum()
    if not units.any():
        yield from (("H10", name, float("nan")) for name in ("ratio", "removed with parents", "removed with others"))
        return
    seen = inputs.reshape(-1, inputs.shape[-1])
    kinds, favourite = quantities.favourite_kinds(responses, pairs)
    parents = np.argsort(-coupling.contrast_contributions(seen, kernel, kinds, favourite), axis=0)[:PARENTS]
    cut = Cut(edges={"dense": [(parent, unit) for unit in np.flatnonzero(units) for parent in parents[:, unit]]})
    strength, model, generator = kernel * seen.mean(axis=0)[:, np.newaxis], model_at(run, last), _generator(run)
    others = [matched_cut(model, cut, generator, {"dense": strength}) for _ in range(CONTROL_CUTS)]
    whole, *left = (_energy_after(made, inputs, kernel, bias, units) for made in (Cut(), cut, *others))
    yield "H10", "ratio", quantities.removal_ratio(whole, left[0], left[1:])
    yield "H10", "removed with parents", 1 - left[0] / whole
    yield "H10", "removed with others", 1 - np.mean(left[1:]) / whole


def of_density(rows: Sequence[Row]) -> Iterator[Number]:
    """H9, of the trainings of one seed on one backend at all densities; ``rows`` are of ``density.csv``."""
    ordered = sorted(rows, key=lambda row: int(row["exemplars"]))
    densities = np.array([int(row["exemplars"]) for row in ordered])
    for pair in PAIRS:
        columns = (f"{kind}_{pair.replace(' and ', '_')}" for kind in ("pair", "interaction"))
        told, interactions = (np.array([float(row[column]) for row in ordered]) for column in columns)
        yield "H9", f"critical, {pair}", quantities.critical_density(densities, told, interactions)
    larger = np.array([float(row["pair_hair_eyes"]) for row in ordered])
    yield "H9", "largest rise", quantities.largest_rise(larger)
    yield "H9", "least share", larger[0]
    yield "H9", "densities", len(densities)


def rows_of(preset: str, backend: str, seed: int, numbers: Iterator[Number]) -> list[Row]:
    return [
        {
            "hypothesis": hypothesis,
            "preset": preset,
            "backend": backend,
            "seed": str(seed),
            "number": name,
            "value": repr(round(float(value), 6)),
        }
        for hypothesis, name, value in numbers
    ]


def gathered(
    rows: Sequence[Row], hypothesis: str, preset: str, backend: str
) -> tuple[list[str], dict[str, np.ndarray]]:
    """The seeds of a group, ascending, and its numbers: name -> (seeds,) float."""
    own = [row for row in rows if (row["hypothesis"], row["preset"], row["backend"]) == (hypothesis, preset, backend)]
    seeds = sorted({row["seed"] for row in own}, key=int)
    values = {(row["number"], row["seed"]): float(row["value"]) for row in own}
    names = dict.fromkeys(row["number"] for row in own)
    return seeds, {name: np.array([values[name, seed] for seed in seeds]) for name in names}


def verdicts_of(rows: Sequence[Row], name: str, backends: Sequence[str]) -> dict[tuple[str, str], str]:
    """Preset and backend -> verdict of a hypothesis."""
    hypothesis, found = HYPOTHESES[name], {}
    for preset, backend in product(hypothesis.numbers, backends):
        seeds, numbers = gathered(rows, name, preset, backend)
        found[preset, backend] = hypothesis.verdict(preset, numbers) if seeds else NOT_RUN
    return found


def page(rows: Sequence[Row], seeds: Sequence[int], backends: Sequence[str], missing: Sequence[str]) -> str:
    """The results in Markdown: all verdicts, then the numbers of each hypothesis with those of its control."""
    frozen = "; ".join(f"`{name}` {_digest(HERE / name)}" for name in ("hypotheses.md", *_CODE))
    lines = [
        "# Results of the confirmatory study\n",
        "Made by `python studies/confirmatory/analysis.py`. What each number is, and what would refute a hypothesis, "
        "stands in `hypotheses.md`, which was written before any of these runs was made.\n",
        f"Seeds {', '.join(map(str, seeds))}; backends {', '.join(backends)}. "
        f"Of the files the first digits of SHA-256: {frozen}.\n",
    ]
    if missing:
        lines.append(f"**Not there when this was written:** {', '.join(missing)}.\n")
    found = {name: verdicts_of(rows, name, backends) for name in HYPOTHESES}
    lines.append("| | claim | verdict | by preset and backend |\n| --- | --- | --- | --- |")
    for name, hypothesis in HYPOTHESES.items():
        each = "; ".join(f"{preset}, {backend}: {verdict}" for (preset, backend), verdict in found[name].items())
        lines.append(f"| {name} | {hypothesis.claim} | **{all_together(list(found[name].values()))}** | {each} |")
    for name, hypothesis in HYPOTHESES.items():
        lines.append(f"\n## {name}: {hypothesis.claim}\n")
        lines.append(_table(rows, name, hypothesis, backends))
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("runs", type=Path, help="folder of the run folders")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="others to try the analysis only")
    parser.add_argument("--backends", nargs="+", default=list(BACKENDS))
    parser.add_argument("--out", type=Path, default=HERE, help="folder of the results")
    parser.add_argument("--density", type=Path, default=DENSITY, help="table of the trainings at all densities")
    chosen = parser.parse_args(arguments)
    grid = cells(chosen.runs, chosen.backends, PRESETS, seed=chosen.seeds)
    missing = [cell for cell in grid if not cell.is_finished]
    rows = _read(chosen.out / "results.csv")
    for cell in grid:
        if cell in missing or _is_there(rows, cell):
            continue
        print(f"{cell.folder.name} ...", flush=True)
        rows += rows_of(cell.preset, cell.backend, cell.experiment.seed, numbers_of(Run(cell.folder)))
        _write(chosen.out / "results.csv", rows)
    rows = [row for row in rows if row["preset"] != "density"]
    trained = _read(chosen.density)
    for backend, seed in product(chosen.backends, chosen.seeds):
        own = [row for row in trained if (row["backend"], row["seed"]) == (backend, str(seed))]
        rows += rows_of("density", backend, seed, of_density(own)) if own else []
    _write(chosen.out / "results.csv", rows)
    text = page(rows, chosen.seeds, chosen.backends, [cell.folder.name for cell in missing])
    write_whole(chosen.out / "results.md", lambda file: file.write(text.encode()))
    print(text.partition("\n## ")[0])


_CODE = ("analysis.py", "quantities.py", "verdicts.py")


def _predicted(run: Run, probe: str) -> np.ndarray:
    return classification.predicted_tokens(np.array([run.logits(step, probe) for step in run.steps]))


def _activations(run: Run, layer: str, steps: Sequence[int]) -> np.ndarray:
    return np.array([run.activations(layer, step) for step in steps])


def _generator(run: Run) -> np.random.Generator:
    return np.random.default_rng(run.description["experiment"]["seed"])


def _energy_after(cut: Cut, inputs: np.ndarray, kernel: np.ndarray, bias: np.ndarray, units: np.ndarray) -> float:
    left = kernel.copy()
    for edge in cut.edges.get("dense", ()):
        left[edge] = 0
    return quantities.pair_energy(inputs, left, bias, units)


def _table(rows: Sequence[Row], name: str, hypothesis: Hypothesis, backends: Sequence[str]) -> str:
    """A row a seed, of the presets that decide and of their controls."""
    parts = []
    for preset, numbers in hypothesis.numbers.items():
        lines = [
            f"| preset | backend | seed | {' | '.join(numbers)} |",
            "| --- | --- | ---: |" + " ---: |" * len(numbers),
        ]
        for shown, backend in product([preset, CONTROLS.get(preset)], backends):
            seeds, values = gathered(rows, name, shown, backend) if shown else ([], {})
            for place, seed in enumerate(seeds):
                cells = " | ".join(f"{values[number][place]:.3g}" for number in numbers)
                lines.append(f"| {shown} | {backend} | {seed} | {cells} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _is_there(rows: Sequence[Row], cell: Cell) -> bool:
    wanted = (cell.preset, cell.backend, str(cell.experiment.seed))
    return any((row["preset"], row["backend"], row["seed"]) == wanted for row in rows)


def _read(path: Path) -> list[Row]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: Sequence[Row]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, ("hypothesis", "preset", "backend", "seed", "number", "value"), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, lambda file: file.write(text.getvalue().encode()))


if __name__ == "__main__":
    main()
