# %% [markdown]
# # 11. Two backends
#
# **Question.** The same experiment on TensorFlow and on PyTorch: is it the same run? If not, is it the same *result*?
#
# A backend multiplies and adds. The numbers that go in are the same, and so are the rules of arithmetic. But
# computers round: the sum of many numbers depends, in its last digit, on the order in which they are added, and every
# backend has an order of its own. This lesson separates three things that are easily mixed up: what is
# **identical** to the last bit, what **agrees** up to rounding, and what merely leads to the same **conclusion**.
#
# *Time: about 30 minutes, of which the computer needs less than one. Needs: a run of lesson 2, and if you can have
# it, the same run on another backend. All that needs only one runs with one.*
#
#     python lessons/11_two_backends.py                     this backend's run, and another's if it is in runs/
#     python lessons/11_two_backends.py runs/mine           any other recorded run, alone
#     python lessons/11_two_backends.py runs/mine runs/two  and a second one of the same experiment, on another backend
#     python lessons/11_two_backends.py runs/mine runs/two runs/seed1   and one of another seed
#
# **Predict first**, before you start it. Two runs of the same experiment on two backends:

# %%
guess_weights = "identical"  # the untrained networks: identical, alike, or different
guess_step = 1000  # first step at which the losses differ by more than a hundredth
guess_final = 0.05  # difference of the held-out accuracies at the end
guess_ceilings = 500  # most steps by which one is later than the other to pass .5, .8, or .95

# %%
import csv
import hashlib
import json
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np

from dense_keras.backend import BACKENDS, installed_backends, keras
from dense_keras.codes import named_ceilings
from dense_keras.course import RUNS, default_folder, recorded_run
from dense_keras.experiment import Experiment, experiment_of, model_at
from dense_keras.figures.bars import bars
from dense_keras.figures.curves import curves_over_steps, draw_curves
from dense_keras.figures.heat_maps import heat_map_over_steps
from dense_keras.figures.palette import LIGHT, part_colours
from dense_keras.measures.similarity import cka_debiased
from dense_keras.probes import pooled_activations
from dense_keras.run import Run

# A notebook has neither a command line of its own nor a file that the figures could lie beside.
arguments, here = (sys.argv[1:], Path(__file__).parent) if "__file__" in globals() else ([], Path())
figures = here / "figures"
figures.mkdir(exist_ok=True)
plt.rcParams.update(LIGHT)
here_backend, installed = keras.config.backend(), installed_backends()

# %% [markdown]
# ## Why a computer rounds differently
#
# The same thousand numbers, added from the first to the last and from the last to the first.

# %%
numbers = np.random.default_rng(0).normal(size=1000)
for precision in (np.float32, np.float64):
    forth, back = (np.add.accumulate(order.astype(precision))[-1] for order in (numbers, numbers[::-1]))
    print(f"{precision.__name__}: {forth:.17g} forth, {back:.17g} back, difference {abs(forth - back):.0e}")

# %% [markdown]
# What we see: in float32, in which networks are trained, some six digits can be relied upon, in float64 about
# fifteen. That would be harmless, if errors stayed as small as they are. Do they?
#
# ## Forty steps, side by side
#
# Keras chooses its backend when it is imported, so each backend needs a process of its own. Here is the program that
# all of them run: draw a small token set, build the network, train forty steps. We start it once for each of two
# backends, and a third time, for this backend *against itself*, with one weight of 1.24 million changed
# **in its last bit**.

# %%
number_of_steps = 40
PROGRAM = """
import hashlib, json, sys
import numpy as np
from dense_keras.experiment import Experiment, batches, compiled_vgg

experiment = Experiment(exemplars=64, held_out=4)
token_set = experiment.load_tokens()
stream = batches(token_set.train, experiment)
shown = [next(stream) for _ in range(int(sys.argv[1]))]
model = compiled_vgg(experiment, token_set)
weights = model.get_weights()
"""

# %% [markdown]
# So far the program has drawn everything. Now it notes what it drew, trains, and tells us what it found.

# %%
PROGRAM += """
digest = lambda arrays: hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()[:12]
found = {"images": digest([token_set.train.images]), "batches": digest([images for images, _ in shown])}
found |= {"weights": digest(weights), "logits": model.predict_on_batch(token_set.held_out.images).tolist()}
if "nudged" in sys.argv:
    weights[0][0, 0, 0, 0] = np.nextafter(weights[0][0, 0, 0, 0], np.float32(1))
    model.set_weights(weights)
found["losses"] = [float(model.train_on_batch(*batch, return_dict=True)["loss"]) for batch in shown]
print("FOUND" + json.dumps(found))
"""

# %%
backends = [here_backend, *(name for name in installed if name != here_backend)][:2]  # two tell all there is to tell
started = {}
for name, backend, *words in [*((name, name) for name in backends), ("nudged", here_backend, "nudged")]:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(number_of_steps), *words]
    environment = os.environ | {"KERAS_BACKEND": backend}
    started[name] = subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True)  # all at once

# %%
found = {}
for name, process in started.items():
    printed, errors = process.communicate()
    if process.returncode:
        sys.exit(f"The steps on {name} failed:\n{errors[-2000:]}")
    found[name] = json.loads(printed.split("FOUND")[1])
for thing in ("images", "batches", "weights"):
    print(f"{thing:8}", *(f"{name} {found[name][thing]}   " for name in backends))
if len(backends) == 1:
    print(f"Only {here_backend} is installed. With a second backend, another column would stand beside this one.")

# %% [markdown]
# The numbers above are **hashes**: twelve characters that depend on every bit. If they are alike, so are all pixels,
# all batches, and all 1.24 million weights. That is no luck. NumPy draws all of them, and no backend
# is asked. From here on a backend computes, and "identical" ends.

# %%
first, *second = (found[name] for name in backends)
for other in second:
    same = first["weights"] == other["weights"]
    print(f"Untrained networks: you guessed {guess_weights}, they are {'identical' if same else 'different'}")
    print(f"Their logits differ by {np.abs(np.subtract(first['logits'], other['logits'])).max():.0e} at most")
pairs = {" and ".join(backends): other for other in second} | {f"{here_backend}, one bit changed": found["nudged"]}
apart = {name: np.abs(np.subtract(first["losses"], other["losses"])) for name, other in pairs.items()}
ax = draw_curves(range(1, number_of_steps + 1), {name: np.maximum(values, 1e-8) for name, values in apart.items()},
                 levels={1e-8: "none"}, ylabel="difference of the losses")
ax.set_yscale("log")
ax.set_xlabel("step (the loss is that before its update)")
ax.figure.savefig(figures / "11_side_by_side.png")
for name, values in apart.items():
    print(f"{name}: the losses differ by {values[0]:.0e} at first, by {values[:10].max():.0e} at most in ten steps, "
          f"by {values.max():.0e} in {number_of_steps}")

# %% [markdown]
# What we see in `figures/11_side_by_side.png`: for some steps the difference stays where rounding puts it, in the
# last digit or two. So both backends compute the same thing. (It took care to get so far. For Keras's own Adam
# it was a thousand times as much from the first update on; `dense_keras/optimizer.py` tells why.) Then it
# grows, by powers of ten. And so it does on *one* backend, after the change of a single bit. So it is
# not the backends that are at odds. Training itself *amplifies* whatever difference there is. Why?
# Look for a place where a tiny difference decides something.
#
# ## Where a rounding error decides
#
# A max-pooling passes on the largest of four numbers. In the backward pass the whole gradient goes to the place where
# it was, and nothing to the others. If two of the four are nearly equal, a last digit decides which place
# that is. We count such near-ties in what the untrained network makes of its first 32 images.

# %%
if arguments:
    given = [recorded_run(folder) for folder in arguments]
else:
    mine, defaults = recorded_run(), default_folder(Experiment()).name
    folders = [RUNS / defaults.replace(here_backend, name) for name in BACKENDS if name != here_backend]
    given = [mine, *(Run(folder) for folder in folders if (folder / "experiment.json").exists())]
run, images = given[0], given[0].probes["held_out"].images

# %%
model, pooled = model_at(run, 0), 0
for block in (1, 2, 3, 4):
    layer = model.get_layer(f"conv{block}_2")
    maps = keras.Model(model.inputs[0], layer.output).predict_on_batch(images[:32])
    if layer.data_format == "channels_first":
        maps = maps.transpose(0, 2, 3, 1)
    height, width = (side // 2 * 2 for side in maps.shape[1:3])
    corners = np.stack([maps[:, row:height:2, column:width:2] for row in (0, 1) for column in (0, 1)])
    second, first = np.sort(corners.reshape(4, -1), axis=0)[-2:]
    near = (first > 0) & (first - second < 1e-5 * first)
    print(f"pool{block}: {len(first):7,} windows, {np.count_nonzero(near):4} with two that agree to five digits")

# %% [markdown]
# What we see: very few of very many. But a single one that tips over sends a gradient elsewhere. The
# weights then differ by far more than by rounding, and so does everything after them. A ReLU at 0 is such a place too.
# Each step has a million chances, and it takes only one. When it comes is another step on another processor.
# That is why the tests of this package compare ten steps in float64, where two numbers must agree in so many more
# digits before rounding decides, and in float32 no more than the first update (`tests/test_parity.py`).
#
# What does *not* hold: that PyTorch or TensorFlow is *wrong* here, or that one is more precise. Each is a fair
# rounding of the same mathematics. (The same backend with other threads, or on another processor, may do
# just the same to you.) Nor is float64 a cure: differences start smaller, and are amplified like others.
#
# ## Two recorded runs
#
# Now the whole training. A run whose images and settings are those of the first, and whose backend is another,
# is its **twin**. Anything else that you gave serves as a yardstick: another seed.

# %%
settings = [{**each.description["experiment"], "images": each.description["images"]} for each in given]
backend_of = [each.description["backend"] for each in given]
twins = [each for each, own, name in zip(given[1:], settings[1:], backend_of[1:])
         if own == settings[0] and name != backend_of[0]]
others = [each for each in given[1:] if each not in twins]
twin = twins[0] if twins else None

# %%
for each in twins:
    print(f"{each.folder} is a twin of {run.folder}, on {each.description['backend']}.")
for each in others:
    differing = [name for name, value in settings[given.index(each)].items() if value != settings[0].get(name)]
    print(f"{each.folder} is no twin: it has another", ", ".join(differing) or "history, on the same backend")
if twin is None:
    other = next(name for name in ("torch", "tensorflow") if name != backend_of[0])
    print("There is no twin, so what follows is left out where it needs one. Record one with another backend:")
    print(f"    KERAS_BACKEND={other} dense-keras train")
    print("and give both folders to this lesson. (Settings that you gave the first run must be given again.)")

# %% [markdown]
# First, is the beginning identical in the recorded runs too? And how do the weights part? We compare the distance
# between the twins with the distance that one of them has gone from the untrained network: at 1 they are as far
# from each other as from where they began.

# %%
digest = lambda arrays: hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:12]
flat = lambda weights: np.concatenate([values.ravel() for values in weights.values()]).astype(np.float64)
print("Untrained weights:", *(f"{each.description['backend']} {digest(each.weights(0).values())}   " for each in given))
if twin:
    steps = sorted(set(run.steps) & set(twin.steps))
    beginning, parted = flat(run.weights(0)), [np.nan]
    for step in steps[1:]:
        weights = flat(run.weights(step))
        parted.append(np.linalg.norm(weights - flat(twin.weights(step))) / np.linalg.norm(weights - beginning))
    ax = curves_over_steps(steps, {"distance between the twins": np.where(np.array(parted) > 0, parted, np.nan)},
                           levels={1.0: "as far"}, ylabel="distance of the weights\n(share of the way gone)")
    ax.set_yscale("log")
    ax.figure.savefig(figures / "11_weights.png")
    print("Parted after step", *(f"{step}: {share:.0e}  " for step, share in zip(steps[1:6], parted[1:6])))

# %%
if twin:
    apart = np.array([abs(np.subtract(*(each.history["held_out_loss"][each.steps.index(step)] for each in (run, twin))))
                      for step in steps])
    noticed = np.flatnonzero(apart > 0.01)
    print(f"Held-out losses differ by a hundredth: you guessed step {guess_step}, it is",
          f"step {steps[noticed[0]]}" if len(noticed) else "never")

# %% [markdown]
# What we see in `figures/11_weights.png`: from nothing to a large share of the whole way within a few steps, and
# then they stay as far apart as they are. Rounding is *amplified*, until the training itself sets a limit.
#
# ## The same result?
#
# Into one picture: both learning curves. And then the question that matters: when does each
# pass a line? The lines are the ceilings of lesson 1 where there are parts, and .5, .8 and .95 for all tokens.

# %%
levels = named_ceilings(experiment_of(run).code, len(run.token_names))
figure, ax = plt.subplots(figsize=(6, 3.8))
for number, (each, hue) in enumerate(zip(given, part_colours(len(given)))):
    name = f"{each.description['backend']}, seed {experiment_of(each).seed}" + (" (other)" if each in others else "")
    curves_over_steps(
        each.steps, {name: each.history["held_out_accuracy"]}, ax, colours=[hue],
        levels=None if number else levels, ylabel="held-out accuracy (share)",
    )
ax.set_ylim(0, 1.05)
figure.savefig(figures / "11_curves.png")

# %%
lines = (0.5, 0.8, 0.95)
passed = []
for each in given:
    accuracy = each.history["held_out_accuracy"]
    above = [np.flatnonzero(accuracy >= line) for line in lines]
    passed.append([each.steps[where[0]] if len(where) else np.inf for where in above])
    when = [f"step {step}" if np.isfinite(step) else "never" for step in passed[-1]]
    print(f"{each.folder.name}: at the end {accuracy[-1]:.3f};", ", ".join(map("{} at {}".format, lines, when)))
if twin:
    final = abs(run.history["held_out_accuracy"][-1] - twin.history["held_out_accuracy"][-1])
    print(f"At the end: you guessed a difference of {guess_final:.3f}, it is {final:.3f}")
    both = [times for times in zip(passed[0], passed[given.index(twin)]) if np.isfinite(times).all()]
    later = max((abs(first - second) for first, second in both), default=np.nan)
    print(f"Later by: you guessed {guess_ceilings} steps at most, it is {later:.0f} ({len(both)} lines passed by both)")

# %% [markdown]
# What we see in `figures/11_curves.png`: the curves are no copies. But they climb the same stairs, in the same
# order, at about the same steps. Is "about" good enough? That needs a yardstick: how much does it matter if we
# change something that we *know* to be a matter of chance, the seed? If the table of default runs is at hand,
# which was made with five seeds on two backends, we can compare.

# %%
table = here.parent / "docs" / "default_runs.csv"
rows = list(csv.DictReader(table.open(encoding="utf-8"))) if table.exists() else []
by_run = {(row["backend"], row["seed"]): row for row in rows}
for line in lines if rows else ():
    reached = {key: float(row[f"steps to {line}"]) for key, row in by_run.items() if row[f"steps to {line}"]}
    between = {"backends": [], "seeds": []}
    for first, second in combinations(reached, 2):
        if (first[0] == second[0]) != (first[1] == second[1]):  # one of the two differs, not both
            between["seeds" if first[0] == second[0] else "backends"].append(abs(reached[first] - reached[second]))
    print(f"Steps to {line}: they differ by", ", ".join(f"{np.mean(steps):.0f} between {name}" for name, steps
                                                       in between.items() if steps), "on average")
if not rows:
    print(f"{table} is not there; it is made by benchmarks/seeds.py.")

# %% [markdown]
# ## The same layers?
#
# Curves could agree although the networks inside have nothing in common. **CKA** compares what two layers make of the
# same images: 1 if the one can be turned into the other by a rotation, about 0 if they have nothing to do
# with each other. Two warnings. Use the *debiased* kind: the plain one is high for anything that has more units than
# images. And the twins *began* with identical weights, so some of their likeness is left over from birth. That is
# why the likeness of each layer to its own *untrained* self belongs beside it.
#
# **Predict first.** The layer `dense` of the twins at the end: how alike?

# %%
guess_cka = 0.50

# %%
last, at_end = run.steps[-1], {layer: run.activations(layer, run.steps[-1]) for layer in run.layers}
alike = {"untrained": [cka_debiased(at_end[layer], run.activations(layer, 0)) for layer in run.layers]}
if twin:
    over_time = np.array([[cka_debiased(run.activations(layer, step), twin.activations(layer, step))
                           for layer in run.layers] for step in steps])
    since = np.array([[cka_debiased(run.activations(layer, step), run.activations(layer, 0))
                       for layer in run.layers] for step in steps])
    alike = {"the twin": over_time[-1].tolist()} | alike
    print(f"dense: you guessed {guess_cka:.2f}, it is {over_time[-1][run.layers.index('dense')]:.2f}")

# %%
if twin:
    figure, axes = plt.subplots(2, 1, figsize=(6, 6.2))
    for ax, values, title in zip(axes, (over_time, since), ("the twins", "one of them with its untrained self")):
        heat_map_over_steps(values.clip(0, 1), steps, run.layers, ax, unit="CKA (debiased)", limits=(0, 1))
        ax.set_title(title)
    figure.savefig(figures / "11_layers.png")

# %% [markdown]
# Runs that are no twins are shown the same images.

# %%
for each in others:
    if each.probes["held_out"].images.shape[1:] != images.shape[1:]:
        print(f"{each.folder} takes other images: its layers cannot be compared.")
        continue
    of_other = pooled_activations(model_at(each, each.steps[-1]), images, run.layers)
    alike[f"{each.folder.name}"] = [cka_debiased(at_end[layer], of_other[layer]["max"]) for layer in run.layers]

# %%
figure, axes = plt.subplots(1, len(alike), figsize=(6, 3.4), sharey=True, squeeze=False)
for ax, (name, values) in zip(axes.flat, alike.items()):
    bars(dict(zip(run.layers, values)), ax, xlabel=f"CKA with\n{fill(name, 18)}")
    ax.set_xlim(right=1.4)
    ax.set_xticks([0, 0.5, 1])
figure.savefig(figures / "11_alike.png")
for layer, *values in zip(run.layers, *alike.values()):
    print(f"{layer:12}", ", ".join(f"{name} {value:.2f}" for name, value in zip(alike, values)))

# %% [markdown]
# What we see in `figures/11_layers.png` and `figures/11_alike.png`:
#
# - The twins' layers are alike from the first to the last, all the time, although their weights have parted.
# - Early layers are like their untrained selves too. So *their* likeness proves nothing: they have
#   hardly moved. Late layers are unlike their untrained selves. There, what is alike was learned, twice.
# - Another seed began with other weights. Where it has come to the same late layers all the same, the
#   tokens have decided about them, and neither rounding nor birth.
#
# What does *not* hold: that the units are the same. CKA does not look at single units. A picture of *unit 17* is
# a picture of one run. Nor does it hold that everything agrees: the name that a network bets on while it is
# ignorant, the step of a jump, which of two pairs is bound first may differ. What differs between backends as it does
# between seeds is a matter of chance, and no lesson of this course may rest on it.
#
# ## Conclusion
#
# Identical: all that NumPy draws. In agreement: all that follows in few operations, to as many digits as the precision
# has. The same conclusion: all that is left, if it is a conclusion. So when you report a result, say how
# many seeds it holds for, and run one of them on another backend. A claim that needs the third digit of
# one run is a claim about that run.
#
# ## Exercise
#
# Fill in the functions in `lessons/exercises/exercise_11.py`, then ask
#
#     dense-keras check 11
#
# 1. `same_bits`: are two lists of arrays identical to the last bit? (No tolerance, and no accident either.)
# 2. `parting_step`: from which step on do two curves differ by more than a tolerance?
# 3. `yardstick`: how large is the difference between backends, in units of that between seeds?
#
# To think about: somebody reruns your experiment and gets other digits. What would you ask for, to find out if it is
# rounding, another seed, or a mistake?
#
# ## Where this comes from
#
# - S. J. Hanson, V. Yadav and C. Hanson, "Dense Sample Deep Learning", arXiv 2307.10991
#   (2023). Only what its abstract states is used: five unique tokens, at least 500 exemplars
#   of each, a VGG network of 1.24 million weights. It does not compare backends; all of this lesson is our own.
# - D. Goldberg, "What every computer scientist should know about floating-point arithmetic" (1991).
# - D. Kingma and J. Ba, "Adam: a method for stochastic optimization", arXiv 1412.6980 (2015): the optimizer.
# - S. Kornblith, M. Norouzi, H. Lee and G. Hinton, "Similarity of neural network representations
#   revisited" (2019): CKA. L. Song and others, "Feature selection via dependence maximization" (2012): its
#   unbiased estimate.
