"""Draws the numbers of the confirmatory study: a dot a seed, those of the control below it, and the threshold.

    python tools/draw_study.py                 from studies/confirmatory/results.csv
    python tools/draw_study.py --results FILE --out FOLDER

Writes a picture a hypothesis, on light and on dark paper, into docs/outputs/confirmatory.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "studies" / "confirmatory"))

from analysis import CONTROLS, HERE, Row, gathered
from dense_keras.figures.palette import DARK, GRAY, LIGHT, part_colours
from recorded import BACKENDS, OUTPUTS
from run_lesson import as_webp
from verdicts import HYPOTHESES

MARKS = ("o", "s", "D")
"""Of the number that is decided about, and of those that are held against it in the same run."""

Group = tuple[str, str, str, Mapping[str, np.ndarray]]
"""Preset that decides, preset that is shown, backend, and the numbers of its seeds."""


@dataclass(frozen=True)
class Strip:
    """What is drawn of a hypothesis.

    label: of the axis. numbers: name in the results -> name in the legend; the first is the one that is decided about.
    thresholds: preset -> word and value. centre: of the seeds, where the verdict is about it, with seeds without a number
    taken as the verdict takes them.
    log: whether the axis is logarithmic; what is infinite stands at its end, under the word ``endless``.
    """

    label: str
    numbers: Mapping[str, str]
    thresholds: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    centre: Callable[[np.ndarray], float] | None = None
    log: bool = False
    endless: str = "∞"


STRIPS = {
    "H1": Strip("plateaus at a ceiling", {"plateaus at a ceiling": ""}, {"default": ("at least", 1)}),
    "H2": Strip("share of mistakes inside blocks", {"block index": ""}, {"default": ("at least", 0.9)}),
    "H3": Strip("Kendall's tau of earliness and visibility", {"tau": ""}, {"default": ("mean above", 0.6)}, np.mean),
    "H4": Strip(
        "share of conjunctions that come after the parts",
        {"share after": ""},
        {"conjunctive": ("mean above", 0.8)},
        np.nanmean,
    ),
    "H5": Strip(
        "share that comes before selectivity",
        {"share before": "strongest couplings", "matched": "other pairs", "exchanged": "onsets exchanged"},
        {"default": ("mean above", 0.7), "conjunctive": ("mean above", 0.7)},
        np.nanmean,
    ),
    "H6": Strip(
        "Spearman's correlation over layers",
        {
            "raw order and similarity at first": "raw order, untrained similarity",
            "normalised order and depth": "normalised order, depth",
        },
        {"default": ("mean below", -0.8)},
        np.mean,
    ),
    "H7": Strip(
        "z of the modularity by token",
        {"z at the end": "at the end", "z at first": "untrained"},
        {"default": ("above", 3)},
    ),
    "H8": Strip(
        "share of interaction",
        {"interaction at the end": ""},
        {"default": ("at most", 0.25), "conjunctive": ("at least", 0.5)},
    ),
    "H9": Strip(
        "exemplars a token from which on a pair is bound",
        {"critical, hair and eyes": "hair and eyes", "critical, nose and mouth": "nose and mouth"},
        log=True,
        endless="never",
    ),
    "H10": Strip(
        "energy that goes without the parents / without other inputs",
        {"ratio": ""},
        {"conjunctive": ("median above", 2)},
        lambda ratios: np.median(np.nan_to_num(ratios, nan=0, posinf=np.inf)),
        log=True,
    ),
}


_TEXT = {"xycoords": ("axes fraction", "data"), "fontsize": 7.5}


def groups_of(name: str, rows: Sequence[Row]) -> Iterator[Group]:
    """Runs that test a hypothesis, and those of their control, a group a preset and backend."""
    for preset in HYPOTHESES[name].numbers:
        for shown, backend in product([preset, CONTROLS.get(preset)], BACKENDS):
            if shown:
                seeds, numbers = gathered(rows, name, shown, backend)
                if seeds:
                    yield preset, shown, backend, numbers


def drawn(name: str, rows: Sequence[Row]) -> plt.Figure | None:
    """The picture of a hypothesis; None if none of its runs is among the rows."""
    strip, groups, ink = STRIPS[name], list(groups_of(name, rows)), matplotlib.rcParams["text.color"]
    if not groups:
        return None
    presets = [preset for preset, *_ in groups]
    places = [place + 0.6 * len({*presets[: place + 1]}) for place in range(len(groups))]
    figure, ax = plt.subplots(figsize=(6.6, 0.8 + 0.3 * (places[-1] + 1)))
    all_values = np.concatenate([numbers[each] for *_, numbers in groups for each in strip.numbers])
    finite = all_values[np.isfinite(all_values)]
    end = 2 * finite.max(initial=1)
    for place, (preset, shown, _, numbers) in zip(places, groups):
        decides = shown == preset
        for number, mark, colour in zip(strip.numbers, MARKS, part_colours(len(MARKS))):
            values = np.nan_to_num(numbers[number], nan=np.nan, posinf=end)
            look = {"facecolors": colour if decides else "none", "edgecolors": colour if decides else GRAY}
            ax.scatter(values, place + np.linspace(-0.22, 0.22, len(values)), 22, marker=mark, zorder=3, **look)
        first = numbers[next(iter(strip.numbers))]
        if unknown := np.isnan(first).sum():
            ax.annotate(
                f"none in {unknown} of {len(first)}", (1.01, place), **_TEXT, ha="left", va="center", color=GRAY
            )
        if strip.centre and decides and unknown < len(first) and not np.isnan(middle := strip.centre(first)):
            middle = min(middle, end)
            ax.plot([middle] * 2, [place - 0.42, place + 0.42], color=ink, linewidth=1.6)
    for preset, (word, value) in strip.thresholds.items():
        own = [place for place, group in zip(places, groups) if group[0] == preset]
        if own:
            ax.plot([value] * 2, [own[0] - 0.5, own[-1] + 0.5], color=ink, linewidth=0.9, linestyle=":")
            ax.annotate(f"{word} {value:g}", (value, own[0] - 0.55), fontsize=7.5, ha="center", va="bottom")
    ax.set_yticks(places, [f"{shown}, {BACKENDS[backend]}" for _, shown, backend, _ in groups])
    ax.set_ylim(places[-1] + 0.6, -0.4)
    ax.set_xlabel(strip.label)
    if strip.log:
        _logarithmic(ax, finite, {end: strip.endless} if np.isinf(all_values).any() else {})
    if len(strip.numbers) > 1:
        handles = [
            ax.scatter([], [], 22, marker=mark, color=colour, label=said)
            for said, mark, colour in zip(strip.numbers.values(), MARKS, part_colours(len(MARKS)))
        ]
        figure.legend(handles=handles, loc="outside upper right", ncols=len(handles), frameon=False, fontsize=8)
    return figure


def _logarithmic(ax: plt.Axes, finite: np.ndarray, ends: Mapping[float, str]) -> None:
    """A logarithmic axis. ends: where what is infinite is drawn, and how it is called; empty if nothing is."""
    ax.set_xscale("log")
    high = finite.max(initial=1)
    low = finite.min(initial=high)
    ticks = [
        tick for tick in (0.5, 1, 2, 3, 5, 10, 20, 50, 100, 250, 500, 1000, 2000) if low / 1.5 <= tick <= high * 1.2
    ]
    ax.set_xticks([*ticks, *ends], [*(f"{tick:,g}" for tick in ticks), *ends.values()])
    ax.minorticks_off()
    ax.set_xlim(low / 1.6, max([high * 1.3, *(end * 1.3 for end in ends)]))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--results", type=Path, default=HERE / "results.csv", help="table of the analysis")
    parser.add_argument("--out", type=Path, default=OUTPUTS / "confirmatory", help="folder of the pictures")
    options = parser.parse_args(arguments)
    with options.results.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    options.out.mkdir(parents=True, exist_ok=True)
    for paper, look in (("light", LIGHT), ("dark", DARK)):
        with plt.rc_context(look):
            for name in STRIPS:
                figure = drawn(name, rows)
                if figure is None:
                    continue
                content = io.BytesIO()
                figure.savefig(content)
                plt.close(figure)
                (options.out / f"{name}.{paper}.webp").write_bytes(as_webp(Image.open(content).convert("RGB")))


if __name__ == "__main__":
    main()
