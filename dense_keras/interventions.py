"""Interventions: cut something out of a network or out of the images, then look, or train on.

What can be cut: units (their output is 0), edges (a slice of a kernel, ``kernel[:, :, input, unit]``,
is 0), layers (set back to their weights at an earlier step), and parts of the faces (left out
or exchanged, and drawn anew in the same views). A ``Cut`` says which. ``with_cut`` cuts a copy to look
at, ``train_on`` cuts and trains; what is cut stays cut. For very many cuts of units, such as
each single unit of a layer, ``gated_logits`` shares the work.

A cut is only as telling as what it is compared with: the uncut network (``Cut()``), random cuts of
equal number (``random_cut``) and of equal strength (``matched_cut``), and the untrained network
(``model_at(run, 0)``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from dense_keras import probes
from dense_keras.backend import keras
from dense_keras.codes import ABSENT
from dense_keras.experiment import experiment_of, model_at, rewind, train
from dense_keras.face_drawing import draw_faces
from dense_keras.face_looks import face_looks
from dense_keras.gradients import chunks, copy_of
from dense_keras.measures.arguments import NotAvailable, checked_tokens, known
from dense_keras.run import Run
from dense_keras.token_set import Exemplars

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
    Raises ValueError for negative numbers.
    """

    units: Mapping[str, Sequence[int]] = field(default_factory=dict)
    edges: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    layers: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        units = {layer: sorted({int(unit) for unit in numbers}) for layer, numbers in self.units.items()}
        edges = {layer: sorted({(int(i), int(j)) for i, j in pairs}) for layer, pairs in self.edges.items()}
        for name, cut in (("units", units), ("edges", edges)):
            object.__setattr__(self, name, {layer: tuple(cut[layer]) for layer in sorted(cut) if cut[layer]})
            if any(np.min(numbers) < 0 for numbers in getattr(self, name).values()):
                raise ValueError(f"{name} came as {getattr(self, name)}; units count from 0.")
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
            for variable in _layer(model, layer).weights:
                variable.assign(recorded[variable.path])
        self.hold(model)

    def hold(self, model: keras.Model) -> None:
        """Set the weights of units and edges to 0 in place, and keep them there in all further training.

        A unit loses its kernel and its bias. Raises ValueError as ``apply``.
        """
        for layer in {**self.units, **self.edges}:
            kernel, bias = _weights(_layer(model, layer), layer)
            kept = np.ones(kernel.shape, np.float32)
            units = _checked(self.units.get(layer, ()), kernel.shape[-1:], "unit", layer)
            kept[..., units[:, 0]] = 0
            inputs, outputs = _checked(self.edges.get(layer, ()), kernel.shape[-2:], "edge", layer).T
            kept[..., inputs, outputs] = 0
            if len(units):
                _check_silenced(_layer(model, layer), layer)
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
    Raises ValueError where there are not enough others, and for strengths of another shape.
    """
    return _other_cut(model, cut, generator, strengths or {}, NEAREST)


def control_cuts(model: keras.Model, cut: Cut, generator: np.random.Generator) -> dict[str, Cut]:
    """Name -> what a cut is to be compared with: nothing, random cuts of equal number and of equal strength."""
    return {
        "nothing": Cut(),
        "equal number": random_cut(model, cut, generator),
        "equal strength": matched_cut(model, cut, generator),
    }


@dataclass(frozen=True)
class Look:
    """What a network makes of exemplars; with more axes in front, what many networks do.

    logits: (..., exemplars, tokens). tokens: (exemplars,) integers, the true ones.
    Raises ValueError for tokens that do not fit, and for chimeras.
    """

    logits: np.ndarray
    tokens: np.ndarray

    def __post_init__(self) -> None:
        tokens = checked_tokens(self.tokens, np.shape(self.logits)[-2], fewest=1)
        if tokens.max() >= np.shape(self.logits)[-1]:
            raise ValueError(f"Tokens go up to {tokens.max()}, but there are {np.shape(self.logits)[-1]} logits.")
        object.__setattr__(self, "tokens", tokens)

    @property
    def margins(self) -> np.ndarray:
        """(..., exemplars): logit of the true token minus the largest other; above 0 where it is named."""
        true = np.eye(self.logits.shape[-1], dtype=bool)[self.tokens]
        others = np.where(true, -np.inf, self.logits).max(axis=-1)
        return np.where(true, self.logits, 0).sum(axis=-1) - others

    @property
    def correct(self) -> np.ndarray:
        """(..., exemplars) bool: the largest logit is the true token's."""
        return self.logits.argmax(axis=-1) == self.tokens

    @property
    def accuracy(self) -> np.ndarray:
        """(...): share of exemplars, 0..1."""
        return self.correct.mean(axis=-1)

    @property
    def balanced_accuracies(self) -> np.ndarray:
        """(..., tokens): of each token against the rest, mean of the share of its exemplars that are given its
        name and the share of the others that are not; .5 for a network that does not know it, NaN for a token
        that is not there.

        Source: Bau et al. 2020, doi 10.1073/pnas.1907375117, test the effect of cut units so.
        """
        shape = self.logits.shape
        is_token = np.eye(shape[-1])[self.tokens]
        named = np.eye(shape[-1])[self.logits.argmax(axis=-1)]
        with np.errstate(invalid="ignore"):
            recall = (named * is_token).sum(axis=-2) / is_token.sum(axis=0)
            specificity = ((1 - named) * (1 - is_token)).sum(axis=-2) / (1 - is_token).sum(axis=0)
        return (recall + specificity) / 2


def look(model: keras.Model, exemplars: Exemplars) -> Look:
    """What a model makes of exemplars that have tokens: ``exemplars.images`` to logits."""
    return Look(_predicted(model, exemplars.images), exemplars.tokens)


def gated_logits(model: keras.Model, images: np.ndarray, layer: str, gates: np.ndarray) -> np.ndarray:
    """The model's outputs with the units of a layer multiplied by gates: (cuts, exemplars, outputs) float32.

    ``1 - np.eye(units)`` cuts each unit in turn. What comes before the layer is computed once for
    all cuts, so late layers are fast. The layer may be any, also a pooling.
    gates: (cuts, units): 1 keeps a unit, 0 cuts it.
    Raises ValueError for gates of another shape, for a layer that the model does not have, and for one that
    the outputs do not depend on alone.
    """
    copy = copy_of(model)
    gated_layer = _layer(copy, layer)
    output, axis = gated_layer.output, probes._axis(gated_layer, probes._channels_first(copy))
    gates = np.asarray(gates, np.float32)
    if gates.ndim != 2 or gates.shape[1] != output.shape[axis]:
        raise ValueError(f"Gates came with shape {gates.shape}; for {layer} they are (cuts, {output.shape[axis]}).")
    before, after = _parted(copy, output, layer)
    shape = [1] * len(output.shape)
    shape[axis] = gates.shape[1]
    values, gate = keras.Input(output.shape[1:]), keras.Input(gates.shape[1:])
    gated = keras.Model([values, gate], after(values * keras.layers.Reshape(shape[1:])(gate)))
    reached_by_chunk = [before.predict_on_batch(images[chosen]) for chosen in chunks(len(images))]
    logits = [
        [gated.predict_on_batch([reached, np.repeat(row[np.newaxis], len(reached), axis=0)]) for row in gates]
        for reached in reached_by_chunk
    ]
    return np.concatenate(logits, axis=1)


def logits_after_rewinding(run: Run, steps: Sequence[int], layers: Sequence[str]) -> np.ndarray:
    """Logits of the final network with one layer set back to an earlier step: (layers, snapshots, exemplars, tokens).

    Every layer in turn, every step in turn, for the held-out probe; the other layers stay final.
    What a layer loses by going back it must have learned since.
    Raises RunError for a step that was not recorded, ValueError for a layer without weights.
    Source: Zhang, Bengio & Singer 2022, "Are all layers created equal?", arXiv 1902.01996.
    """
    model, images = model_at(run, run.steps[-1]), run.probes["held_out"].images
    recorded = {step: run.weights(step) for step in steps}
    logits = np.empty((len(layers), len(steps), len(images), len(run.token_names)), np.float32)
    for row, name in enumerate(layers):
        layer = _layer(model, name)
        if not layer.weights:
            raise ValueError(f"{name} has no weights, so there is nothing to set back.")
        before, after = _parted(model, layer.input, name)
        reached = [before.predict_on_batch(images[chosen]) for chosen in chunks(len(images))]
        final = layer.get_weights()
        for column, step in enumerate(steps):
            layer.set_weights([recorded[step][variable.path] for variable in layer.weights])
            logits[row, column] = np.concatenate([after.predict_on_batch(chunk) for chunk in reached])
        layer.set_weights(final)
    return logits


def accuracy_after_rewinding(run: Run, steps: Sequence[int], layers: Sequence[str]) -> np.ndarray:
    """Held-out accuracy of the final network with one layer set back: (layers, snapshots), 0..1.

    For the arguments, errors and source see ``logits_after_rewinding``. At the last step it is the final accuracy.
    """
    return Look(logits_after_rewinding(run, steps, layers), run.probes["held_out"].tokens).accuracy


def train_on(
    run: Run,
    step: int,
    folder: str | Path,
    cut: Cut | None = None,
    *,
    record: bool = True,
    progress: bool = True,
    **changes: Any,
) -> Run:
    """The time machine: go back to a snapshot, cut, and train on into a new run.

    Units and edges stay cut, and the new run's own snapshots, rewindings and resumptions keep to that; its
    description says under ``origin`` what was cut. With nothing cut it repeats the parent bit for
    bit: that is the control. Stopped, the same call goes on.
    folder: of the new run. record, progress: as in ``experiment.train``.
    changes: of ``epochs``, ``learning_rate`` or ``order_seed``.
    Raises RunError as ``rewind``, and ValueError as ``Cut.apply``.
    """
    child = rewind(run, step, folder, cut=cut, **changes)
    return train(experiment_of(child), child.folder, record=record, progress=progress)


def redrawn(run: Run, codes: np.ndarray, probe: str = "held_out") -> Exemplars:
    """The probe's exemplars in the same views with other codes; tokens stay those that they were of.

    codes: (exemplars, parts) integers, -1 leaves a part out.
    Raises NotAvailable for token sets without parts, TokenSetError for codes that cannot be drawn.
    """
    exemplars, experiment = _with_parts(run, probe), run.description["experiment"]
    looks = face_looks(experiment["code"], experiment["seed"])
    _, size, _, channels = exemplars.images.shape
    images, masks = draw_faces(codes, exemplars.factors, looks, size, channels == 3)
    return replace(exemplars, images=images, codes=codes, masks=masks)


def without_parts(run: Run, parts: Sequence[str], probe: str = "held_out") -> Exemplars:
    """The probe's exemplars drawn anew without some parts; what lies below shows. Raises as ``redrawn``."""
    return _recoded(run, parts, probe, lambda variants: np.full_like(variants, ABSENT))


def with_parts_of(run: Run, parts: Sequence[str], token: int, probe: str = "held_out") -> Exemplars:
    """The probe's exemplars drawn anew with some parts of a token: of its exemplars in the probe, in turn.

    Where the token always wears the same variants, everyone gets those. Raises as ``redrawn``, and ValueError
    for a token that the probe does not have.
    """
    exemplars = _with_parts(run, probe)
    donors = np.flatnonzero(exemplars.tokens == token)
    if not len(donors):
        raise ValueError(f"The {probe} probe has no exemplar of token {token}.")
    in_turn = np.resize(donors, len(exemplars))
    return _recoded(run, parts, probe, lambda variants: variants[in_turn])


def with_other_variants(run: Run, parts: Sequence[str], probe: str = "held_out") -> Exemplars:
    """The probe's exemplars drawn anew with the next variant of some parts: of two variants, the other one.

    Raises as ``redrawn``.
    """
    experiment = run.description["experiment"]
    _with_parts(run, probe)
    looks = face_looks(experiment["code"], experiment["seed"])
    counts = np.array([len(next(iter(looks[part].values()))) for part in run.part_names])
    columns = _columns(run, parts)
    return _recoded(run, parts, probe, lambda variants: (variants + 1) % counts[columns])


def _recoded(run: Run, parts: Sequence[str], probe: str, change: Callable[[np.ndarray], np.ndarray]) -> Exemplars:
    codes, columns = _with_parts(run, probe).codes.copy(), _columns(run, parts)
    codes[:, columns] = change(codes[:, columns])
    return redrawn(run, codes, probe)


def _with_parts(run: Run, probe: str) -> Exemplars:
    if run.description["experiment"]["tokens"] != "faces":
        raise NotAvailable("Not available for this token set: only generated faces can be drawn anew.")
    exemplars = run.probes[probe]
    known(exemplars.codes, "parts")
    return exemplars


def _columns(run: Run, parts: Sequence[str]) -> list[int]:
    unknown = sorted(set(parts) - set(run.part_names))
    if unknown or isinstance(parts, str):
        raise ValueError(f"Parts came as {parts!r}. They are a list out of: {', '.join(run.part_names)}.")
    return [run.part_names.index(part) for part in parts]


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


def _layer(model: keras.Model, name: str) -> keras.Layer:
    known_layers = {layer.name: layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)}
    if name not in known_layers:
        raise ValueError(f"The model has no layer {name!r}. It has: {', '.join(known_layers)}.")
    return known_layers[name]


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


def _parted(model: keras.Model, tensor: Any, layer: str) -> tuple[keras.Model, keras.Model]:
    """The network up to a tensor, and from there on."""
    if any(tensor is output for output in model.outputs):
        return keras.Model(model.inputs[0], tensor), keras.layers.Identity()
    try:
        return keras.Model(model.inputs[0], tensor), keras.Model(tensor, model.outputs[0])
    except ValueError as error:
        raise ValueError(f"The outputs do not hang on {layer} alone: a path leads around it.") from error


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
        kernel, _ = _weights(_layer(model, layer), layer)
        weights = np.abs(keras.ops.convert_to_numpy(kernel)).reshape(-1, *kernel.shape[-2:]).sum(axis=0)
        of_units, of_edges = (
            _checked(cut.units.get(layer, ()), weights.shape[1:], "unit", layer),
            cut.edges.get(layer, ()),
        )
        if len(of_units):
            strength = _strength(strengths, layer, weights.sum(axis=0))
            units[layer] = _stand_ins(of_units[:, 0], strength, generator, nearest, f"units of {layer}")
        pairs = _checked(of_edges, weights.shape, "edge", layer)
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


def _predicted(model: keras.Model, images: np.ndarray) -> np.ndarray:
    return np.concatenate([model.predict_on_batch(images[chosen]) for chosen in chunks(len(images))])
