"""Interventions: cut something out of a network or out of the images, then look, or train on.

``look`` tells what a network makes of exemplars, ``train_on`` cuts and trains; what a ``Cut`` says and
what to compare it with is in ``dense_keras.cuts``. Parts of the faces can be left out or exchanged:
they are drawn anew in the same views. For very many cuts of units, such as each single unit
of a layer, ``gated_logits`` shares the work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dense_keras import probes
from dense_keras.backend import keras
from dense_keras.codes import ABSENT
from dense_keras.cuts import Cut
from dense_keras.experiment import experiment_of, model_at, rewind, train
from dense_keras.face_drawing import draw_faces
from dense_keras.face_looks import face_looks
from dense_keras.gradients import chunks, copy_of
from dense_keras.measures.arguments import NotAvailable, checked_tokens, known
from dense_keras.run import Run
from dense_keras.token_set import Exemplars


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
    output, axis = probes.layer_of(copy, layer).output, probes.unit_axes(copy, [layer])[layer]
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
        layer = probes.layer_of(model, name)
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
    changes: of ``epochs``, ``learning_rate``, ``order_seed``, or ``without_parts``: names of parts that the
        faces are drawn without from here on, in training alone.
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


def _parted(model: keras.Model, tensor: Any, layer: str) -> tuple[keras.Model, keras.Model]:
    """The network up to a tensor, and from there on."""
    if any(tensor is output for output in model.outputs):
        return keras.Model(model.inputs[0], tensor), keras.layers.Identity()
    try:
        return keras.Model(model.inputs[0], tensor), keras.Model(tensor, model.outputs[0])
    except ValueError as error:
        raise ValueError(f"The outputs do not hang on {layer} alone: a path leads around it.") from error


def _predicted(model: keras.Model, images: np.ndarray) -> np.ndarray:
    return np.concatenate([model.predict_on_batch(images[chosen]) for chosen in chunks(len(images))])
