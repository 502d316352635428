"""What is run, and running it: train, resume, rewind.

An experiment is one frozen description. The same description gives the same token set,
the same initial weights and the same order of exemplars on every backend, because NumPy
draws them all.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from dense_keras import probes
from dense_keras import tokens as token_sets
from dense_keras.backend import backend_version, fast_data_format, keras
from dense_keras.callbacks import (
    ActivationMaps,
    AtSteps,
    ConfusionMatrix,
    Embeddings,
    FilterImages,
    Histograms,
    Progress,
    Scalars,
    Snapshots,
)
from dense_keras.cuts import Cut
from dense_keras.model import RECORDED_LAYERS, WEIGHTED_LAYERS, build_vgg
from dense_keras.optimizer import Adam
from dense_keras.probes import Probe
from dense_keras.run import Run, RunError, disk_full_explained, locked, vanishing_explained
from dense_keras.token_set import Exemplars, TokenSet

PROBE_EXEMPLARS = 100
"""Most held-out exemplars a token in the probe."""

_CONJUNCTIVE = {"code": "conjunctive", "exemplars": 1500, "epochs": 9, "learning_rate": 3e-4}

PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "rich": {"learning_rate": 1e-3, "initial_scales": {"conv1_1": 0.1, "conv1_2": 0.3}},
    "conjunctive": _CONJUNCTIVE,
    "conjunctive-500": _CONJUNCTIVE | {"exemplars": 500, "epochs": 27},
    "shuffled": {"shuffled_tokens": True},
    "conjunctive-shuffled": _CONJUNCTIVE | {"shuffled_tokens": True},
}
"""Settings of ``Experiment`` with a name.

default: one part is known first, the others follow and overlap in time; layers hardly turn (lazy weights).
rich: the first block starts small and learns fast, so its filters turn away from their initial noise.
conjunctive: tokens that are exclusive-ors of parts, with three times as many exemplars.
conjunctive-500: the same for as many steps, with a third of the exemplars: memorised or constructed?
shuffled, conjunctive-shuffled: controls of default and conjunctive, the same but for the training exemplars'
tokens, which are dealt out at random: what forms where there is nothing to come to know?
"""

TOKEN_OPTIONS = ("code", "exemplars", "held_out", "size", "source", "colour", "seed", "without_parts")
"""Settings of ``Experiment`` that its token set is made by."""

CHANGEABLE = ("epochs", "learning_rate", "order_seed", "without_parts")
"""Settings that a run may change when it starts from a snapshot of another."""

EMBEDDED_LAYERS = ("conv2_2", "conv3_2", "conv4_2", "dense", "logits")


MOST = 2**31 - 1
"""Largest seed, and number of anything, that all backends and tables hold."""


@dataclass(frozen=True)
class Experiment:
    """All settings of a run. None means the token set's own default.

    tokens: ``faces``, ``fashion``, or a folder of images with one sub-folder a token.
    code: of the faces: ``additive``, ``conjunctive`` or ``natural``. source: of fashion, see ``tokens.fashion``.
    exemplars, held_out: for training, and never trained on, a token. size: side of the images, in pixels. colour: or gray.
    seed: of the token set and the initial weights. order_seed: of the order in which
    exemplars are shown; None for the same.
    epochs: passes over the training exemplars. batch_size: exemplars a step.
    learning_rate: of Adam. initial_scales: layer -> what its initial kernel is multiplied by.
    shuffled_tokens: the control: the training exemplars exchange their tokens at random, by the seed, the same
    on every backend; held-out and factorial exemplars keep theirs.
    without_parts: names of parts that training faces are drawn without; held-out and factorial exemplars have them.
    Raises ValueError for settings that cannot be run.
    """

    tokens: str = "faces"
    code: str | None = None
    exemplars: int | None = None
    held_out: int | None = None
    size: int | None = None
    source: str | None = None
    colour: bool | None = None
    seed: int = 0
    order_seed: int | None = None
    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 1e-4
    initial_scales: Mapping[str, float] = field(default_factory=dict)
    shuffled_tokens: bool = False
    without_parts: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if not self.tokens:
            raise ValueError("tokens is empty; name a token set or a folder.")
        for name, least in (
            ("epochs", 1),
            ("batch_size", 1),
            ("seed", 0),
            ("order_seed", 0),
            ("exemplars", 1),
            ("held_out", 1),
        ):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name} is {value}; it must be {least} or more.")
            if value is not None and value > MOST:
                raise ValueError(f"{name} is {value}; it must be {MOST:,} or less.")
        if self.without_parts is not None and not isinstance(self.without_parts, str):
            object.__setattr__(self, "without_parts", sorted(self.without_parts) or None)
        if not 0 < self.learning_rate < 1:
            raise ValueError(f"learning_rate is {self.learning_rate}; it must be above 0 and below 1.")
        for layer, scale in self.initial_scales.items():
            if layer not in WEIGHTED_LAYERS or not 0 < scale < np.inf:
                raise ValueError(
                    f"initial_scales holds {layer!r}: {scale}. Layers are {', '.join(WEIGHTED_LAYERS)}; scales are above 0."
                )

    def load_tokens(self) -> TokenSet:
        """The token set that this experiment is about."""
        token_set = token_sets.load(self.tokens, **self._token_options())
        if not self.shuffled_tokens:
            return token_set
        return token_set.with_shuffled_tokens(np.random.default_rng([self.seed, 2]))

    def resolved(self) -> Experiment:
        """The same experiment with the token set's own defaults written out, and its folder in full."""
        tokens = str(Path(self.tokens).expanduser().resolve()) if token_sets.is_folder(self.tokens) else self.tokens
        defaults = token_sets.defaults(self.tokens)
        options = {name: defaults.get(name) for name, value in self._token_options().items() if value is None}
        return replace(self, tokens=tokens, order_seed=self.resolved_order_seed, **options)

    @property
    def resolved_order_seed(self) -> int:
        return self.seed if self.order_seed is None else self.order_seed

    def _token_options(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in TOKEN_OPTIONS}


def train(experiment: Experiment, folder: str | Path, *, record: bool = True, progress: bool = True) -> Run:
    """Train and record; go on where a killed run of the same settings stood.

    folder: of the run; made if missing. A run with other settings there is refused; more
    epochs than before is no other setting, but more of the same.
    record: write the TensorBoard view too. progress: show a progress bar.
    Returns the run. Raises RunError if the folder cannot be used, TokenSetError for tokens.
    """
    token_set = experiment.load_tokens()
    model = compiled_vgg(experiment, token_set)
    with locked(Path(folder)):
        if (Path(folder) / "experiment.json").exists():
            run = _reopen(Run(folder), experiment, token_set)
        else:
            run = begin(experiment, token_set, folder)
        with disk_full_explained(run.folder), vanishing_explained(run.folder):
            _train(run, experiment, token_set, model, record, progress)
    return run


def rewind(parent: Run, step: int, folder: str | Path, *, cut: Cut | None = None, **changes: Any) -> Run:
    """Make a new run that starts from a snapshot of another; ``train`` then goes on from there.

    cut: what to cut besides what the parent has cut, or None; ``interventions.train_on`` cuts and trains.
    changes: of ``epochs``, ``learning_rate``, ``order_seed`` or ``without_parts``. With none, the new run
    repeats the parent from that step, bit for bit. What the network is tested on stays.
    A run of the same origin and settings in the folder is left as it is, to go on with.
    Raises RunError for a step that was not recorded or is the end, for a folder that holds
    another run, and for settings that cannot change.
    """
    fixed = sorted(set(changes) - set(CHANGEABLE))
    if fixed:
        raise RunError(f"{', '.join(fixed)} cannot change when rewinding; {', '.join(CHANGEABLE)} can.")
    experiment = replace(experiment_of(parent), **changes)
    parent.weights(step)
    if step >= experiment.epochs * parent.description["steps_per_epoch"]:
        raise RunError(f"Step {step} is the end of {experiment.epochs} epochs: give more --epochs, or an earlier step.")
    cut = _held(parent) + cut if cut else _held(parent)
    origin = {"run": str(parent.folder.resolve()), "step": step} | ({"cut": cut.as_json()} if cut else {})
    changed = _cut_snapshot(parent, step, cut) if cut else {}
    token_set = experiment.load_tokens()
    with locked(Path(folder)):
        if (Path(folder) / "experiment.json").exists():
            run = _reopen(Run(folder), experiment, token_set)
            if run.description["origin"] != origin:
                raise RunError(
                    f"{folder} holds another run, of origin {run.description['origin']}. Choose another folder."
                )
        else:
            run = begin(experiment, token_set, folder, origin)
        if not run.is_whole(step) and cut:
            run.write_snapshot(step, changed)
        elif not run.is_whole(step):
            run.copy_snapshot(parent, step)
    return run


def experiment_of(run: Run) -> Experiment:
    """The experiment that a run records. Raises RunError for settings that this version does not know."""
    try:
        return Experiment(**run.description["experiment"])
    except (TypeError, ValueError, AttributeError) as error:
        raise RunError(
            f"{run.folder} records an experiment that this version of dense_keras cannot make ({error}). "
            "Read it with the version that recorded it."
        ) from None


def exemplar_order(seed: int, epoch: int, exemplars: int) -> np.ndarray:
    """(exemplars,) positions in the order in which an epoch shows them; epochs count from 0."""
    return np.random.default_rng([seed, 1, epoch]).permutation(exemplars)


def batches(exemplars: Exemplars, experiment: Experiment, step: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Endless (images, tokens) batches from a step on, the same on every backend.

    Each epoch is a new order; exemplars that do not fill a batch are left out of it.
    """
    size = min(experiment.batch_size, len(exemplars))
    steps_per_epoch = len(exemplars) // size
    while True:
        epoch, position = divmod(step, steps_per_epoch)
        order = exemplar_order(experiment.resolved_order_seed, epoch, len(exemplars))
        for start in range(position * size, steps_per_epoch * size, size):
            chosen = order[start : start + size]
            yield exemplars.images[chosen], exemplars.tokens[chosen]
            step += 1


def compiled_vgg(experiment: Experiment, token_set: TokenSet) -> keras.Model:
    """The VGG up to its logits, ready to train."""
    return _compiled_vgg(experiment, token_set.image_shape, token_set.num_tokens)


def model_at(run: Run, step: int) -> keras.Model:
    """The network of a run as it was at a snapshot, ready to look at or to train on; no token set is drawn.

    ``model_at(run, 0)`` is the untrained network. What the run had cut is cut here too.
    Raises RunError for a step that was not recorded.
    """
    recorded = run.probes["held_out"].images
    model = _compiled_vgg(experiment_of(run), recorded.shape[1:], len(run.token_names))
    _restore(model, run, step)
    return model


def _compiled_vgg(experiment: Experiment, image_shape: tuple[int, int, int], num_tokens: int) -> keras.Model:
    vgg = build_vgg(image_shape, num_tokens, experiment.seed, fast_data_format(), experiment.initial_scales)
    model = keras.Model(vgg.input, vgg.get_layer("logits").output, name=vgg.name)
    model.compile(
        Adam(experiment.learning_rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.optimizer.build(model.trainable_variables)
    return model


def _train(
    run: Run, experiment: Experiment, token_set: TokenSet, model: keras.Model, record: bool, progress: bool
) -> None:
    steps_per_epoch = run.description["steps_per_epoch"]
    total = experiment.epochs * steps_per_epoch
    step, known = _start(run, steps_per_epoch)
    if step >= total and known:
        return
    if known:
        _restore(model, run, step)
    callbacks = recorders(run, step, tensorboard=record)
    bar = Progress(total, steps_per_epoch, callbacks[-1].latest_accuracy) if progress else None
    try:
        _fit(model, experiment, token_set, [*callbacks, *([bar] if bar else [])], step, steps_per_epoch)
    finally:
        if bar:
            bar.on_train_end()


def _fit(
    model: keras.Model,
    experiment: Experiment,
    token_set: TokenSet,
    callbacks: list[keras.callbacks.Callback],
    step: int,
    steps_per_epoch: int,
) -> None:
    """Train from a step to the end; an epoch that is begun in the middle is ended first."""
    while step < experiment.epochs * steps_per_epoch:
        epoch, position = divmod(step, steps_per_epoch)
        whole = position == 0
        last_epoch = experiment.epochs if whole else epoch + 1
        model.fit(
            batches(token_set.train, experiment, step),
            steps_per_epoch=steps_per_epoch - position,
            initial_epoch=epoch,
            epochs=last_epoch,
            callbacks=callbacks,
            shuffle=False,
            verbose=0,
        )
        step = last_epoch * steps_per_epoch


def begin(experiment: Experiment, token_set: TokenSet, folder: str | Path, origin: dict[str, Any] | None = None) -> Run:
    """A new run folder for an experiment, with no snapshot yet. origin: what it is rewound to, or None.

    Raises RunError if the folder holds something, or cannot be written.
    """
    return Run.create(folder, _describe(experiment, token_set, origin), _probes(token_set))


def recorders(run: Run, step: int = 0, tensorboard: bool = True) -> list[AtSteps]:
    """The callbacks that record a run from a step on: those of the TensorBoard view, then ``Snapshots``.

    A step has a snapshot only after all else was written of it, so a run may go on from any.
    """
    probe_of = {name: _probe(run, name) for name in run.probes}
    rows = _rows_until(run, step)
    view = _tensorboard_view(run, probe_of["held_out"]) if tensorboard else []
    callbacks = [*view, Snapshots(run, probe_of, run.description["steps_per_epoch"], rows)]
    if rows and rows[-1]["step"] == step:
        for callback in callbacks:
            callback.go_on_from(step)
    return callbacks


def _tensorboard_view(run: Run, probe: Probe) -> list[AtSteps]:
    folder = run.tensorboard
    _, first_of_each = np.unique(probe.tokens, return_index=True)
    return [
        Scalars(folder, probe),
        FilterImages(folder, _initial_kernels(run)),
        ActivationMaps(folder, probe.images[np.sort(first_of_each)]),
        Histograms(folder, probe),
        ConfusionMatrix(folder, probe),
        Embeddings(folder, probe, EMBEDDED_LAYERS),
    ]


def _initial_kernels(run: Run) -> dict[str, np.ndarray] | None:
    """Kernels of the first snapshot, by which filter images are scaled; None before there is one."""
    if not run.steps or not run.is_whole(run.steps[0]):
        return None
    initial = run.weights(run.steps[0]).items()
    return {path.removesuffix("/kernel"): values for path, values in initial if values.ndim == 4}


def _start(run: Run, steps_per_epoch: int) -> tuple[int, bool]:
    """The step to go on from, and whether there is a snapshot of it.

    It is the last snapshot at the end of an epoch before which none is lost, because the
    history's means over an epoch start there, or else the snapshot that the run was rewound to.
    """
    origin = run.description["origin"]
    if origin is not None and not run.is_whole(origin["step"]):
        raise RunError(
            f"{run.folder} was rewound to step {origin['step']} of {origin['run']}, and that snapshot is missing or "
            "damaged. Delete the folder and rewind again."
        )
    rows = [int(step) for step in run.history.get("step", ())]
    lost = [step for step in rows if not run.is_whole(step)]
    possible = [step for step in rows if step % steps_per_epoch == 0 and step < min(lost, default=np.inf)]
    if origin is not None:
        possible = [origin["step"], *(step for step in possible if step > origin["step"])]
    return (possible[-1], True) if possible else (0, False)


def _rows_until(run: Run, step: int) -> list[dict[str, float]]:
    """Rows of the history up to a step, without that of a first snapshot that is lost: it is recorded anew."""
    history = run.history
    rows = [dict(zip(history, values, strict=True)) for values in zip(*history.values(), strict=True)]
    rows = [row | {"step": int(row["step"])} for row in rows if row["step"] <= step]
    return rows if rows and run.is_whole(rows[-1]["step"]) else rows[:-1]


def _restore(model: keras.Model, run: Run, step: int) -> None:
    """Set the model's weights and its optimizer to those of a snapshot, and hold what the run has cut."""
    recorded = run.weights(step)
    for variable in model.weights:
        variable.assign(recorded[variable.path])
    for variable, values in zip(model.optimizer.variables, run.optimizer(step).values(), strict=True):
        if variable is not model.optimizer.learning_rate:
            variable.assign(values)
    _held(run).hold(model)


def _origin(run: Run) -> dict[str, Any]:
    """Where a run was rewound to, and what was cut then; empty for a run from the start."""
    return run.description["origin"] or {}


def _held(run: Run) -> Cut:
    """What a run has cut and keeps cut: units and edges."""
    described = _origin(run).get("cut", {})
    return Cut(described.get("units", {}), described.get("edges", {}))


def _cut_snapshot(parent: Run, step: int, cut: Cut) -> dict[str, np.ndarray]:
    """A snapshot with what is cut cut, and without what its probes evoke: training records that first."""
    model = model_at(parent, step)
    cut.apply(model, parent)
    arrays = {f"weights/{path}": values for path, values in probes.weights(model).items()}
    return arrays | {f"optimizer/{name}": values for name, values in parent.optimizer(step).items()}


def _reopen(run: Run, experiment: Experiment, token_set: TokenSet) -> Run:
    """The run, if it records this experiment; more epochs than before are noted in it."""
    before = asdict(experiment_of(run)) | {name: run.description[name] for name in ("backend", "token_names", "images")}
    now = asdict(experiment.resolved()) | {"backend": keras.config.backend()}
    now |= token_set.identity
    differing = [name for name in now if now[name] != before.get(name)]
    if differing != ["images"]:  # other settings make other images
        differing = [name for name in differing if name != "images"]
    if differing == ["epochs"] and now["epochs"] > before["epochs"]:
        run.describe(experiment=asdict(experiment.resolved()))
    elif differing:
        lines = "".join(f"\n  {name}: {before.get(name)!r} there, {now[name]!r} now" for name in differing)
        raise RunError(
            f"{run.folder} holds a run with other settings:{lines}\n"
            "Give the same settings to go on with it, or choose another folder with --run."
        )
    run.mend(_probes(token_set))
    return run


def _describe(experiment: Experiment, token_set: TokenSet, origin: dict[str, Any] | None = None) -> dict[str, Any]:
    exemplars = len(token_set.train)
    return {
        "experiment": asdict(experiment.resolved()),
        "origin": origin,
        "backend": keras.config.backend(),
        "versions": {name: metadata.version(name) for name in ("dense-keras", "keras", "numpy", "tensorboard")}
        | {"python": platform.python_version(), keras.config.backend(): backend_version()},
        "machine": {"system": platform.platform(), "processors": os.cpu_count()},
        "steps_per_epoch": exemplars // min(experiment.batch_size, exemplars),
        "layers": list(RECORDED_LAYERS),
        **token_set.identity,
        "part_names": list(token_set.part_names),
        "part_shares": dict(token_set.part_shares),
        "credit": token_set.credit,
    }


def _probes(token_set: TokenSet) -> dict[str, Exemplars | None]:
    held_out = token_set.held_out
    chosen = [np.flatnonzero(held_out.tokens == token)[:PROBE_EXEMPLARS] for token in range(token_set.num_tokens)]
    return {"held_out": held_out.take(np.concatenate(chosen)), "factorial": token_set.factorial}


def _probe(run: Run, name: str) -> Probe:
    exemplars = run.probes[name]
    columns: dict[str, Sequence[Any]] = {}
    if exemplars.codes is not None:
        columns |= {part: exemplars.codes[:, index] for index, part in enumerate(run.part_names)}
    columns |= {factor: np.round(values, 3) for factor, values in exemplars.factors.items()}
    return Probe(
        exemplars.images,
        exemplars.tokens if name == "held_out" else None,
        token_names=run.token_names,
        metadata=columns,
        layers=run.layers,
    )
