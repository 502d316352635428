"""Added or bound: the table of lesson 9, over seeds and backends, with its controls.

Reads recorded runs, of any backend, and computes for each layer which share of all that varies in it,
over the codes and views of the factorial probe, is what single parts do (order 1), what pairs do
beyond their parts (order 2), and what more parts do beyond these (order 3 and more).

    python benchmarks/seeds.py --preset default --seeds 0 1 2 --keep runs/seeds
    python benchmarks/seeds.py --preset conjunctive --seeds 0 1 2 --keep runs/seeds
    python benchmarks/seeds.py --preset shuffled --seeds 0 1 2 --keep runs/seeds
    python benchmarks/seeds.py --preset conjunctive-shuffled --seeds 0 1 2 --keep runs/seeds
    python benchmarks/complex_features.py

    python benchmarks/complex_features.py runs/first runs/second      other runs

Writes ``complex_features.csv``, a row a run, layer and moment, and ``complex_features.md``, means and
ranges over seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from dense_keras.codes import accuracy_ceiling
from dense_keras.markdown import markdown_table
from dense_keras.measures import conjunctions
from dense_keras.report import responses_to_codes
from dense_keras.run import Run
from seeds import Row, write_rows, write_text

PRESETS = ("default", "conjunctive", "shuffled", "conjunctive-shuffled")
MOMENTS = ("untrained", "before", "after")
ORDERS = ("order 1", "order 2", "order 3 and more")
NEAR = 0.05
TOLD = 0.05
"""Share of a layer's variance that parts must explain for a share of theirs to be told."""

HEAD = f"""# Complex features

Made by `python benchmarks/complex_features.py`. Means over seeds, and in brackets the least and the
greatest, unless they are the same.
Runs: {{runs}}.

- *order 1*: share of all that varies in a layer, over the codes and views of the factorial probe, that single parts
  do; *order 2*: that pairs do beyond the sum of their parts; *order 3 and more*: that more parts do beyond these.
  Each is corrected for the noise of views. Of conjunctive faces, only those without accessory are compared.
- *interaction*: the share of orders 2 and more in all orders. Where all of them are less than {TOLD:.0%} of what varies
  in the layer, a share of that would be noise: such seeds do not count. *2 of 5* tells that two
  of five do, a dash that none does.
- *untrained*: step 0. *before* the jump: the last snapshot whose held-out accuracy is not more than {NEAR} above that
  of one who knows the best single part. *after* it: the last snapshot. A run that never jumped has no *before*.
- *shuffled*: the training exemplars' tokens were dealt out at random. Its untrained networks are those of the others.
"""


def moments(run: Run) -> dict[str, int]:
    """Moment -> step of its snapshot: untrained, before the jump unless there was none, after."""
    code, history = run.description["experiment"]["code"], run.history
    one_part = max(accuracy_ceiling(code, [part]) for part in run.part_names)
    steps, not_jumped = history["step"].astype(int), np.flatnonzero(history["held_out_accuracy"] <= one_part + NEAR)
    found = {"untrained": steps[0], "before": steps[not_jumped[-1]], "after": steps[-1]}
    return {name: int(step) for name, step in found.items() if name != "before" or step < steps[-1]}


def network_of(run: Run) -> str:
    """What the table calls networks like this one: the code, and whether the tokens were shuffled."""
    experiment = run.description["experiment"]
    return ("shuffled " if experiment.get("shuffled_tokens") else "") + experiment["code"]


def rows_of(run: Run) -> Iterator[Row]:
    """A row for each layer and moment of a run."""
    for layer in run.layers:
        for moment, step in moments(run).items():
            responses = responses_to_codes(run, layer, step)
            energies = conjunctions.energies_by_order(conjunctions.part_set_energies(responses))
            first, second, *more = conjunctions.layer_shares_of_variance(energies, responses)
            explained = first + second + sum(more)
            yield {
                "network": network_of(run),
                "backend": run.description["backend"],
                "seed": run.description["experiment"]["seed"],
                "layer": layer,
                "moment": moment,
                "step": step,
                **{order: f"{share:.4f}" for order, share in zip(ORDERS, (first, second, sum(more)), strict=True)},
                "interaction": f"{1 - first / explained:.4f}" if explained > TOLD else None,
            }


def mean_and_range(cells: Sequence[object]) -> str:
    """``0.20 (0.10 to 0.30)``, or ``0.20`` if all are equal; ``, 2 of 3`` follows if some cells are empty, a dash if all are."""
    told = [float(cell) for cell in cells if cell is not None]
    if not told:
        return "–"
    mean, least, greatest = (f"{value:.2f}" for value in (np.mean(told), min(told), max(told)))
    range_told = "" if least == greatest else f" ({least} to {greatest})"
    number_told = "" if len(told) == len(cells) else f", {len(told)} of {len(cells)}"
    return mean + range_told + number_told


def interaction_table(rows: list[Row], backend: str) -> str:
    """Share of interaction in each layer, a column a network and moment, in Markdown."""
    of_backend = [row for row in rows if row["backend"] == backend]
    columns = [
        (name, moment)
        for name, moment in _with_moments(of_backend, "network")
        if not (name.startswith("shuffled") and moment == "untrained")
    ]
    cells = [
        [
            layer,
            *(_told(of_backend, "interaction", layer=layer, network=name, moment=moment) for name, moment in columns),
        ]
        for (layer,) in _different(of_backend, "layer")
    ]
    return markdown_table(["layer", *(f"{name}: {moment}" for name, moment in columns)], cells)


def orders_table(rows: list[Row], network: str) -> str:
    """Share of each order in each layer at each moment of a network, columns for each backend, in Markdown."""
    of_network = [row for row in rows if row["network"] == network]
    columns = [(backend, order) for (backend,) in _different(of_network, "backend") for order in ORDERS]
    cells = [
        [
            layer,
            moment,
            *(_told(of_network, order, layer=layer, moment=moment, backend=name) for name, order in columns),
        ]
        for layer, moment in _with_moments(of_network, "layer")
    ]
    return markdown_table(["layer", "moment", *(f"{backend}: {order}" for backend, order in columns)], cells)


def page_of(rows: list[Row]) -> str:
    """All tables with their explanation, in Markdown."""
    parts = [HEAD.format(runs=_runs_of(rows))]
    for (backend,) in _different(rows, "backend"):
        parts.append(f"## Interaction, {backend}\n\n{interaction_table(rows, backend)}\n")
    for (network,) in _different(rows, "network"):
        parts.append(f"## Orders, {network}\n\n{orders_table(rows, network)}\n")
    return "\n".join(parts)


def finished_runs(folders: Sequence[Path]) -> list[Run]:
    """The runs in some folders, each a run or a folder of runs, none of one network, backend and seed with another.

    Raises SystemExit, saying why, if there is no run, if the parts of one are unknown, if one is unfinished, or
    if two are of one kind.
    """
    paths = [path.parent for folder in folders for path in _described(folder)]
    runs: dict[tuple[str, str, int], Run] = {}
    for run in map(Run, paths):
        experiment = run.description["experiment"]
        if not run.part_names:
            raise SystemExit(f"{run.folder}: nobody knows the parts of these tokens. Leave it out.")
        if not run.history or run.history["epoch"][-1] < experiment["epochs"]:
            raise SystemExit(f"{run.folder} is not finished. Go on with it, or leave it out.")
        key = (network_of(run), run.description["backend"], experiment["seed"])
        if key in runs:
            raise SystemExit(f"{run.folder} and {runs[key].folder} are both {key}. Leave one of them out.")
        runs[key] = run
    if not runs:
        raise SystemExit(
            f"There is no run in {', '.join(map(str, folders))}. Record some: "
            "python benchmarks/seeds.py --preset conjunctive --keep runs/seeds"
        )
    return list(runs.values())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    kept = [Path("runs") / "seeds" / preset for preset in PRESETS]
    parser.add_argument(
        "folders",
        type=Path,
        nargs="*",
        default=kept,
        help="runs, or folders of runs (default: those of seeds.py in runs/seeds)",
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs", help="folder of the table")
    chosen = parser.parse_args(arguments)
    rows = [row for run in finished_runs(chosen.folders) for row in rows_of(run)]
    write_rows(chosen.out / "complex_features.csv", rows)
    write_text(chosen.out / "complex_features.md", page_of(rows))
    for (backend,) in _different(rows, "backend"):
        print(f"{backend}: share of interaction\n\n{interaction_table(rows, backend)}\n")


def _described(folder: Path) -> list[Path]:
    """Descriptions of the run that a folder is, or of the runs in it."""
    own = folder / "experiment.json"
    return [own] if own.exists() else sorted(folder.glob("*/experiment.json"))


def _different(rows: list[Row], *columns: str) -> list[tuple[object, ...]]:
    """What stands in some columns, each once, in the order of the rows."""
    return list(dict.fromkeys(tuple(row[column] for column in columns) for row in rows))


def _runs_of(rows: list[Row]) -> str:
    """Which seeds of which networks the rows are of."""
    seeds: dict[str, list[str]] = {}
    for network, backend, seed in _different(rows, "network", "backend", "seed"):
        seeds.setdefault(f"{network} on {backend}", []).append(str(seed))
    return "; ".join(f"{runs}, seeds {' '.join(told)}" for runs, told in seeds.items())


def _with_moments(rows: list[Row], column: str) -> list[tuple[object, str]]:
    """What stands in a column, with each moment of which there is such a row."""
    present = set(_different(rows, column, "moment"))
    return [(cell, moment) for (cell,) in _different(rows, column) for moment in MOMENTS if (cell, moment) in present]


def _told(rows: list[Row], column: str, **wanted: object) -> str:
    """Mean and range of a column over the rows with such cells."""
    return mean_and_range([row[column] for row in rows if all(row[name] == value for name, value in wanted.items())])


if __name__ == "__main__":
    main()
