"""Cuts: what is taken out of a network, and what to compare that with.

What can be cut: units (their output is 0), edges (a slice of a kernel, ``kernel[:, :, input, unit]``,
is 0), and layers (set back to their weights at an earlier step). A ``Cut`` says which. Units and
edges stay cut in all further training.

A cut is only as telling as what it is compared with: the uncut network (``Cut()``), random cuts of
equal number (``random_cut``) and of nearly equal strength (``matched_cut``), and the untrained network.
Where what is cut is the strongest of all, no others are as strong: ``cut_strength`` tells by how much they fall short.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dense_keras.backend import keras
from dense_keras.gradients import copy_of
from dense_keras.probes import layer_of
from dense_keras.run import Run

NEAREST = 5
"""Units or edges nearest in strength among which a matched cut draws."""

CUTTABLE = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D, keras.layers.Dense)
"""Layers whose kernels end in (inputs, units)."""


@dataclass(frozen=True)
class Cut:
    """What is cut; nothing by default.

    units: layer -> numbers of the units whose output is 0.
    edges: layer -> (input, unit) pairs: the unit no longer sees that unit of the layer before.
    layers: layer -> step: the layer is set back to its weights at that step of the run. It learns
        on from there, unlike units and edges, which stay cut.
    Cuts are equal if they cut the same, and add up with ``+``. ``str`` puts one in words.
    Raises ValueError for what is no whole number from 0 on, and for edges that are no pairs.
    """

    units: Mapping[str, Sequence[int]] = field(default_factory=dict)
    edges: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    layers: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, cut in (("units", self.units), ("edges", self.edges)):
            listed = {layer: _numbers(cut[layer], name == "edges", f"{name} of {layer}") for layer in sorted(cut)}
            object.__setattr__(self, name, {layer: items for layer, items in listed.items() if items})
        object.__setattr__(self, "layers", {layer: int(self.layers[layer]) for layer in sorted(self.layers)})

    def __bool__(self) -> bool:
        return bool(self.units or self.edges or self.layers)

    def __add__(self, other: Cut) -> Cut:
        """Both cuts; where both set a layer back, the step of the second."""
        return Cut(
            {
                layer: (*self.units.get(layer, ()), *other.units.get(layer, ()))
                for layer in {**self.units, **other.units}
            },
            {
                layer: (*self.edges.get(layer, ()), *other.edges.get(layer, ()))
                for layer in {**self.edges, **other.edges}
            },
            {**self.layers, **other.layers},
        )

    def __str__(self) -> str:
        words = [_counted("unit", numbers, f" of {layer}") for layer, numbers in self.units.items()]
        for layer, pairs in self.edges.items():
            words.append(_counted("edge", [f"{i} to {j}" for i, j in pairs], f" of {layer}"))
        words += [f"{layer} set back to step {step}" for layer, step in self.layers.items()]
        return "; ".join(words) or "nothing"

    def as_json(self) -> dict[str, dict[str, Any]]:
        """For ``experiment.json``; ``Cut(**described)`` is the same cut again."""
        edges = {layer: [list(pair) for pair in pairs] for layer, pairs in self.edges.items()}
        units = {layer: list(numbers) for layer, numbers in self.units.items()}
        cut = {"units": units, "edges": edges, "layers": dict(self.layers)}
        return {name: content for name, content in cut.items() if content}

    def apply(self, model: keras.Model, run: Run | None = None) -> None:
        """Cut a model in place: set layers back, then ``hold`` units and edges.

        run: that recorded the layers which are set back; None where there are none.
        Raises ValueError for a layer, unit or edge that the model does not have, for a unit whose
        output cannot be made 0 by its weights, and for layers to set back without a run; RunError
        for a step that was not recorded.
        """
        for layer, step in self.layers.items():
            if run is None:
                raise ValueError(f"{layer} is to be set back to step {step}, but no run came that recorded it.")
            recorded = run.weights(step)
            for variable in layer_of(model, layer).weights:
                variable.assign(recorded[variable.path])
        self.hold(model)

    def hold(self, model: keras.Model) -> None:
        """Set the weights of units and edges to 0 in place, and keep them there in all further training.

        A unit loses its kernel and its bias. Raises ValueError as ``apply``.
        """
        for layer in {**self.units, **self.edges}:
            kernel, bias = _weights(layer_of(model, layer), layer)
            kept = np.ones(kernel.shape, np.float32)
            units = _checked(self.units.get(layer, ()), kernel.shape[-1:], "unit", layer)
            kept[..., units[:, 0]] = 0
            inputs, outputs = _checked(self.edges.get(layer, ()), kernel.shape[-2:], "edge", layer).T
            kept[..., inputs, outputs] = 0
            if len(units):
                _check_silenced(layer_of(model, layer), layer)
            _hold(kernel, kept)
            if bias is not None:
                kept = np.ones(bias.shape, np.float32)
                kept[units[:, 0]] = 0
                _hold(bias, kept)
        model.train_function = None  # one that was made before does not know of the constraints


def with_cut(model: keras.Model, cut: Cut, run: Run | None = None) -> keras.Model:
    """A cut copy of a model, not compiled; for the arguments and errors see ``Cut.apply``."""
    copy = copy_of(model)
    cut.apply(copy, run)
    return copy


def random_cut(model: keras.Model, cut: Cut, generator: np.random.Generator) -> Cut:
    """As many other units of the same layers, and as many other edges into the same units, drawn evenly.

    Nothing that is cut is drawn. Layers that are set back have no random counterpart and are left out.
    Raises ValueError where there are not enough others.
    """
    return _other_cut(model, cut, generator, None, None)


def matched_cut(
    model: keras.Model,
    cut: Cut,
    generator: np.random.Generator,
    strengths: Mapping[str, np.ndarray] | None = None,
) -> Cut:
    """As ``random_cut``, but each is drawn from those that are nearest in strength to the one that it stands for.

    strengths: layer -> (units,) where units are cut, (inputs, units) where edges are; None for
    the sum of the absolute weights of a unit's kernel, or of the edge's slice of it.
    What it reached is the ``cut_strength`` of the cut that is returned, beside that of ``cut``.
    Raises ValueError where there are not enough others, and for strengths of another shape.
    """
    return _other_cut(model, cut, generator, strengths or {}, NEAREST)


def cut_strength(model: keras.Model, cut: Cut, strengths: Mapping[str, np.ndarray] | None = None) -> float:
    """Strengths of all units and edges that are cut, added up; layers that are set back have none.

    strengths: as for ``matched_cut``. Raises ValueError for strengths of another shape, and as ``Cut.apply``.
    """
    total = 0.0
    for layer in {**cut.units, **cut.edges}:
        units, edges, weights = _cut_in(model, cut, layer)
        if len(units):
            total += _strength(strengths, layer, weights.sum(axis=0))[units].sum()
        if len(edges):
            total += _strength(strengths, layer, weights)[tuple(edges.T)].sum()
    return float(total)


def control_cuts(
    model: keras.Model, cut: Cut, generator: np.random.Generator, run: Run | None = None
) -> dict[str, Cut]:
    """Name -> what a cut is to be compared with: nothing, and random cuts of equal number and of equal strength.

    With the run that recorded the model, the untrained network too, whole and with the same cut: all its layers are
    set back to the first snapshot.
    """
    controls = {
        "nothing": Cut(),
        "equal number": random_cut(model, cut, generator),
        "equal strength": matched_cut(model, cut, generator),
    }
    if run is None:
        return controls
    untrained = Cut(layers={layer.name: run.steps[0] for layer in model.layers if layer.weights})
    return controls | {"untrained": untrained, "untrained, cut": cut + untrained}


def _numbers(items: Sequence, pairs: bool, what: str) -> tuple:
    """Numbers of units, or pairs of them, ascending and each once. Raises ValueError for anything else."""
    try:
        values = np.array(list(items))
        shape = (len(values), 2) if pairs else (len(values),)
        fits = not values.size or (values.shape == shape and values.dtype.kind in "iu" and values.min() >= 0)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        needed = "pairs of an input's and a unit's number" if pairs else "numbers of units"
        raise ValueError(f"{what} came as {items!r}. They are a list of {needed}, which count from 0.")
    rows = np.unique(values, axis=0).tolist() if values.size else []
    return tuple(map(tuple, rows)) if pairs else tuple(rows)


class _Kept(keras.constraints.Constraint):
    """Keeps some weights at 0, whatever else holds."""

    def __init__(self, kept: np.ndarray, before: Callable | None) -> None:
        self.kept, self.before = kept, before

    def __call__(self, weights):
        weights = self.before(weights) if self.before else weights
        return weights * keras.ops.convert_to_tensor(self.kept, weights.dtype)


def _hold(variable: keras.Variable, kept: np.ndarray) -> None:
    """Set a variable to 0 where ``kept`` is 0, now and after each update."""
    if kept.all():
        return
    variable.assign(keras.ops.convert_to_numpy(variable) * kept)
    variable.constraint = _Kept(kept, variable.constraint)


def _weights(layer: keras.Layer, name: str) -> tuple[keras.Variable, keras.Variable | None]:
    if not isinstance(layer, CUTTABLE):
        raise ValueError(
            f"{name} is a {type(layer).__name__}. Units and edges are cut in layers with a kernel of their own "
            "(convolutions and dense layers); gated_logits cuts units of any layer."
        )
    return layer.kernel, layer.bias


def _check_silenced(layer: keras.Layer, name: str) -> None:
    silent = keras.ops.convert_to_numpy(layer.activation(keras.ops.zeros((1, layer.kernel.shape[-1]))))
    if silent.any():
        raise ValueError(
            f"Units of {name} cannot be cut by their weights: its activation makes {silent.max():g} of 0. "
            "gated_logits cuts units of any layer."
        )


def _checked(items: Sequence, shape: Sequence[int], kind: str, layer: str) -> np.ndarray:
    """(cut, axes) integers; a unit has one axis, an edge two."""
    values = np.array(items, int).reshape(-1, len(shape))
    wrong = (values >= shape).any(axis=1)
    if wrong.any():
        possible = f"units 0 to {shape[-1] - 1}"
        if kind == "edge":
            possible = f"inputs 0 to {shape[0] - 1} and {possible}"
        raise ValueError(f"{layer} has no {kind} {tuple(values[wrong][0].tolist())}. It has {possible}.")
    return values


def _other_cut(
    model: keras.Model,
    cut: Cut,
    generator: np.random.Generator,
    strengths: Mapping[str, np.ndarray] | None,
    nearest: int | None,
) -> Cut:
    """Units and edges that stand for those of a cut; equally strong ones if ``nearest`` says among how many to draw."""
    units, edges = {}, {}
    for layer in {**cut.units, **cut.edges}:
        of_units, pairs, weights = _cut_in(model, cut, layer)
        if len(of_units):
            strength = _strength(strengths, layer, weights.sum(axis=0))
            units[layer] = _stand_ins(of_units, strength, generator, nearest, f"units of {layer}")
        strength = _strength(strengths, layer, weights) if len(pairs) else weights
        edges[layer] = [
            (stand_in, unit)
            for unit in np.unique(pairs[:, 1])
            for stand_in in _stand_ins(
                pairs[pairs[:, 1] == unit, 0],
                strength[:, unit],
                generator,
                nearest,
                f"edges into unit {unit} of {layer}",
            )
        ]
    return Cut(units, edges)


def _cut_in(model: keras.Model, cut: Cut, layer: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is cut in a layer: units (cut,), edges (cut, 2), and the absolute weights, (inputs, units), of all edges."""
    kernel, _ = _weights(layer_of(model, layer), layer)
    weights = np.abs(keras.ops.convert_to_numpy(kernel)).reshape(-1, *kernel.shape[-2:]).sum(axis=0)
    units = _checked(cut.units.get(layer, ()), weights.shape[1:], "unit", layer)
    return units[:, 0], _checked(cut.edges.get(layer, ()), weights.shape, "edge", layer), weights


def _strength(strengths: Mapping[str, np.ndarray] | None, layer: str, default: np.ndarray) -> np.ndarray:
    strength = np.asarray((strengths or {}).get(layer, default), float)
    if strength.shape != default.shape:
        raise ValueError(f"Strengths of {layer} came with shape {strength.shape}; here they are {default.shape}.")
    return strength


def _stand_ins(
    cut: np.ndarray, strengths: np.ndarray, generator: np.random.Generator, nearest: int | None, what: str
) -> list[int]:
    """Others than those that are cut, one for each, none twice."""
    left = np.setdiff1d(np.arange(len(strengths)), cut)
    if len(left) < len(cut):
        raise ValueError(f"{len(cut)} of {len(strengths)} {what} are cut: there are not as many others to draw.")
    drawn = []
    for number in cut[np.argsort(-strengths[cut], kind="stable")]:
        order = np.argsort(np.abs(strengths[left] - strengths[number]), kind="stable")[:nearest]
        position = generator.choice(order)
        drawn.append(int(left[position]))
        left = np.delete(left, position)
    return drawn


def _counted(kind: str, items: Sequence, where: str) -> str:
    named = ", ".join(map(str, items[:8])) + (", ..." if len(items) > 8 else "")
    if len(items) == 1:
        return f"{kind} {named}{where}"
    return f"{len(items)} {kind}s{where} ({named})"
