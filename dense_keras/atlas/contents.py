"""All that the page is told of one run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from dense_keras.atlas.arrays import Packed, integers, numbers, shares
from dense_keras.atlas.couplings import contrasts, partners
from dense_keras.atlas.decisions import decisions
from dense_keras.atlas.effects import effects
from dense_keras.atlas.filters import filters
from dense_keras.atlas.graph import LAYERS, Graph, strongest_graph
from dense_keras.atlas.kinds import kinds_of
from dense_keras.atlas.layers import MAPS_NOTE, category_map, read_out
from dense_keras.atlas.network import Network
from dense_keras.atlas.pictures import write_pictures
from dense_keras.atlas.recorded import Recorded
from dense_keras.atlas.units import Tuning, top_exemplars, tuning, tuning_of_logits
from dense_keras.cuts import Cut
from dense_keras.face_looks import variant_name
from dense_keras.face_views import readable_factors
from dense_keras.measures import detectors
from dense_keras.measures.receptive_fields import receptive_fields
from dense_keras.run import Run

FORMAT = 3
"""Of the data; the viewer reads this one alone."""

PREFERRED = LAYERS
"""Layers of whose units in the graph preferred images are made."""


def contents(run: Run, place: Path) -> dict[str, Any]:
    """The object that describes a run to the page; PLACE_thumbnails.jpg and PLACE_preferred.jpg are written.

    Raises RunError for a run without a whole snapshot.
    """
    recorded = Recorded(run)
    kinds, network, probe = kinds_of(recorded), Network(recorded), recorded.probe
    maps, read, tunings, evoked = {}, {}, {}, {}
    for layer in run.layers:
        activations = recorded.activations(layer)
        factorial = None if recorded.factorial is None else recorded.activations(layer, "factorial")
        maps[layer] = category_map(activations)
        if recorded.readable:
            read[layer] = read_out(activations, probe.tokens, probe.codes)
        tunings[layer] = (tuning_of_logits if layer == "logits" else tuning)(kinds, activations, factorial)
        evoked[layer] = activations[[0, -1]]

    best = {layer: tunings[layer].best for layer in run.layers}
    exemplars = probe.take(recorded.few)
    strengths = contrasts(recorded, network, exemplars.images, kinds.members[recorded.few], best)
    graph = strongest_graph(strengths)
    effect = {"step": recorded.steps[-1], **effects(recorded, network, graph, strengths, best, exemplars)}
    answers = decisions(recorded)
    return {
        **_description(recorded),
        "kinds": kinds.described(),
        "detectorAuc": detectors.DETECTOR_AUC,
        "missing": _missing(recorded),
        "layers": _layers(recorded, tunings),
        "exemplars": _exemplars(recorded, Path(f"{place}_thumbnails.jpg")) | answers.pop("answers"),
        "maps": maps,
        "mapsNote": MAPS_NOTE,
        **answers,
        "decodability": _decodability(recorded, read) if recorded.readable else None,
        "filters": filters(recorded),
        "graph": graph.described(strengths, tunings) | {"effect": effect},
        "units": _units(recorded, network, tunings, evoked, partners(recorded.chain, strengths)),
        "preferred": _preferred(graph, network, Path(f"{place}_preferred.jpg")),
    }


def _description(recorded: Recorded) -> dict[str, Any]:
    run, description = recorded.run, recorded.run.description
    experiment, codes = description["experiment"], recorded.probe.codes
    variants = [] if codes is None else codes.max(axis=0) + 1
    return {
        "format": FORMAT,
        "name": Path(os.path.abspath(run.folder)).name,  # of a link its own
        "backend": description["backend"],
        "seed": experiment["seed"],
        "tokenSet": Path(experiment["tokens"]).name,
        "code": experiment["code"],
        "origin": _origin(description["origin"]),
        "credit": description.get("credit", ""),
        "steps": recorded.steps,
        "stepsPerEpoch": description["steps_per_epoch"],
        "tokens": run.token_names,
        "parts": run.part_names,
        "variants": [
            [variant_name(experiment["code"], part, variant) for variant in range(count)]
            for part, count in zip(run.part_names, variants, strict=True)
        ],
    }


def _origin(origin: dict[str, Any] | None) -> dict[str, Any] | None:
    if not origin:
        return None
    return {"parent": Path(origin["run"]).name, "step": origin["step"], "cut": str(Cut(**origin.get("cut", {})))}


def _missing(recorded: Recorded) -> dict[str, str]:
    """Topic -> sentence: what is not there, and why."""
    missing = {
        "preferred": "Preferred images are made for the units of the coupling graph alone.",
        "partners": "Couplings are measured between layers with weights: this one has none.",
    }
    if recorded.left_out:
        missing["snapshots"] = (
            f"Left out, because their snapshots are damaged: step {', '.join(map(str, recorded.left_out))}. "
            "The command that recorded the run mends them."
        )
    if recorded.probe.codes is None:
        missing["parts"] = (
            "Nobody knows the parts of these tokens. So there are no ceilings, no colours by part, no read-out of "
            "parts, and no detectors of parts."
        )
    if not recorded.readable:
        missing["decodability"] = "There are too few held-out exemplars: a read-out needs three of each token."
    return missing


def _layers(recorded: Recorded, tunings: dict[str, Tuning]) -> list[dict[str, Any]]:
    fields, side = receptive_fields(), recorded.probe.images.shape[1]
    return [
        {
            "name": layer,
            "units": tunings[layer].best.shape[1],
            "side": side // fields[layer].stride if layer in fields else 0,
        }
        for layer in recorded.run.layers
    ]


def _exemplars(recorded: Recorded, thumbnails: Path) -> dict[str, Any]:
    probe = recorded.probe
    return {
        "count": len(probe),
        "side": probe.images.shape[1],
        "tokens": integers(probe.tokens),
        "codes": None if probe.codes is None else integers(probe.codes),
        "factors": {name: numbers(values) for name, values in readable_factors(probe.factors).items()},
        "thumbnail": write_pictures(thumbnails, probe.images),
    }


def _decodability(recorded: Recorded, read: dict[str, np.ndarray]) -> dict[str, Any]:
    """read: layer -> (snapshots, parts and at last the token)."""
    probe = recorded.probe
    labels = [*([] if probe.codes is None else probe.codes.T), probe.tokens]
    return {
        "layers": list(read),
        "parts": [*recorded.run.part_names, "token"],
        "balanced": shares(np.stack(list(read.values()))),
        "chance": [1 / len(np.unique(label)) for label in labels],
    }


def _units(
    recorded: Recorded,
    network: Network,
    tunings: dict[str, Tuning],
    evoked: dict[str, np.ndarray],
    partners_of: dict[str, dict[str, Any]],
) -> dict[str, dict[str, Any]]:
    """evoked: layer -> (2, exemplars, units), of the first and the last snapshot."""
    fields = receptive_fields()
    first, last = network.peaks(0), network.peaks(-1)
    return {
        layer: {
            **tunings[layer].described(),
            **top_exemplars(evoked[layer][1], last.get(layer), fields.get(layer)),
            "untrained": top_exemplars(evoked[layer][0], first.get(layer), fields.get(layer)),
            "dead": _dead(layer, evoked[layer]),
            "partners": partners_of.get(layer),
        }
        for layer in recorded.run.layers
    }


def _dead(layer: str, evoked: np.ndarray) -> Packed:
    """Whether no exemplar excites a unit: (snapshots, units); logits are never silent, since they have no ReLU."""
    return integers([detectors.dead_units(values) & (layer != "logits") for values in evoked])


def _preferred(graph: Graph, network: Network, path: Path) -> dict[str, Any]:
    units = dict(zip(graph.layers, graph.units, strict=True))
    found = {layer: network.preferred(layer, units[layer]) for layer in PREFERRED}
    return {
        **write_pictures(path, np.concatenate([each.images for each in found.values()])),
        "units": [[layer, int(unit)] for layer in found for unit in units[layer]],
        "dead": np.concatenate([each.dead for each in found.values()]).astype(int).tolist(),
    }
