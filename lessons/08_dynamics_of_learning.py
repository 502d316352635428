# %% [markdown]
# # 8. The dynamics of learning
#
# **Question.** What moves in a network while it learns, when, and how far does it get from
# where it began?
#
# Until now we looked at what the network *does*. Now we look at what changes it: its weights,
# the gradients that push them, and the shape of the loss around them. A run that hardly moves
# its weights is called **lazy**: it makes do with the features it was born with. A run that
# moves them far is called **rich**: it makes features of its own. Which is ours?
#
# *Time: about 35 minutes, of which the computer needs less than one. Needs: a run of lesson 2.*
#
#     python lessons/08_dynamics_of_learning.py                     the run that `dense-keras train` records
#     python lessons/08_dynamics_of_learning.py runs/mine           any other recorded run
#     python lessons/08_dynamics_of_learning.py runs/mine runs/two  and a second run beside it
#
# (Without a second folder it is the run that `dense-keras train --preset rich` records, if that is there.)
#
# **Predict first**, before you start it.

# %%
guess_change = 0.50  # distance of the final weights of a layer from the initial ones, as a share of their size (mean)
guess_mover = "conv1_1"  # the layer whose weights go furthest, by this share
guess_lazy = 0  # how many layers keep a cosine above .9 with their untrained weights
guess_plane = 0.50  # share of the whole way of all weights that a flat picture, a plane, can show

# %%
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from dense_keras.course import recorded_run, run_beside
from dense_keras.experiment import experiment_of, model_at
from dense_keras.figures.bars import bars
from dense_keras.figures.curves import curves_over_steps
from dense_keras.figures.heat_maps import heat_map_over_steps
from dense_keras.figures.palette import LIGHT
from dense_keras.figures.trajectories import trajectories
from dense_keras.gradients import WeightGradients
from dense_keras.measures import dynamics
from dense_keras.measures.bootstrapping import rank_correlation
from dense_keras.measures.classification import onset_steps
from dense_keras.measures.similarity import cka_debiased

# A notebook has neither a command line of its own nor a file that the figures could lie beside.
arguments, here = (sys.argv[1:], Path(__file__).parent) if "__file__" in globals() else ([], Path())
figures = here / "figures"
figures.mkdir(exist_ok=True)
plt.rcParams.update(LIGHT)

run = recorded_run(*arguments[:1])
experiment, steps = experiment_of(run), run.steps
initial, final = run.weights(steps[0]), run.weights(steps[-1])

# %% [markdown]
# ## How far, and when
#
# The weights of a layer are one long list of numbers. How far is it from the list of step 0? We
# give the distance as a share of the length of the initial list: 0 has not moved, 1 has gone as
# far as it is long. (Biases are left out here: they begin at 0, and would have gone infinitely
# far.)

# %%
changes = [dynamics.relative_changes(run.weights(step), initial) for step in steps]
layers = list(changes[0])
change = np.array([[of_step[layer] for layer in layers] for of_step in changes])  # (snapshots, layers)
half_way = onset_steps(change / change[-1], steps, 0.5)
for layer, furthest, step in zip(layers, change[-1], half_way):
    print(f"{layer:8} has gone {furthest:.3f} of its length, and half of that by step {step:g}")
print(f"Mean change: you guessed {guess_change:.2f}, it is {change[-1].mean():.2f}")
print(f"Goes furthest: you guessed {guess_mover}, it is {layers[change[-1].argmax()]}")
sizes = [final[f"{layer}/kernel"].size for layer in layers]
print(f"Change and number of weights of a layer, by rank: {rank_correlation(change[-1], sizes):+.2f}; "
      f"change and depth: {rank_correlation(change[-1], np.arange(len(layers))):+.2f}")

# %%
figure, axes = plt.subplots(2, 1, figsize=(6, 6.2))
heat_map_over_steps(change, steps, layers, axes[0], unit="change (share of length)")
heat_map_over_steps(change / change[-1], steps, layers, axes[1], unit="share of its final change", limits=(0, 1))
figure.savefig(figures / "08_weight_change.png")

# %% [markdown]
# What we see in `figures/08_weight_change.png`: above how far, below *when*, each layer by its
# own final change. The column at the left is the untrained network, 0 by definition. Do layers
# start one after the other, or all together? Compare with the learning curve of lesson 2: does
# movement end when accuracy is at its top?
#
# What does *not* hold: that "half way" says something was half learned. If each step went in a
# random direction, the distance would grow as the root of the steps, and half of it would be
# gone after a quarter of them. And what a weight moves is not what it matters: lesson 7 sets
# layers back and looks.
#
# ## Lazy or rich?
#
# Longer is not different: a layer of which all weights double computes the same picture, twice
# as strong. So we ask for the **rotation**, 1 - cosine of the weights with the initial ones: 0
# is the same direction, 1 is a right angle. We ask the same of what the layer *evokes*: how
# similar (CKA) is it to what the untrained network evoked? We draw our line at .9 for both, to
# have words. The numbers count, not the words.
#
# One run says little without another to compare with. Beside it comes a run of the preset
# `rich`, in which the first block starts small and all learn faster. If you named a second run,
# it is that one.

# %%
beside = run_beside(run, *arguments[1:], preset="rich")
runs = {"this run": run} | ({"beside it": beside} if beside else {})

# %%
regimes = {}
for name, each in runs.items():
    first, last = each.steps[0], each.steps[-1]
    evoked = {layer: (each.activations(layer, first), each.activations(layer, last)) for layer in layers}
    similarities = {layer: cka_debiased(*both) for layer, both in evoked.items()}
    regimes[name] = dynamics.lazy_or_rich(each.weights(last), each.weights(first), similarities)
    print(f"{name} ({each.folder.name}): held-out accuracy {each.history['held_out_accuracy'][-1]:.2f} at step {last}")
    for layer, regime in regimes[name].items():
        print(f"    {layer:8} rotation {regime.rotation:.4f}: weights {regime.weights}; "
              f"similarity {regime.similarity:.2f}: activations {regime.activations}")
lazy = sum(regime.weights == "lazy" for regime in regimes["this run"].values())
print(f"Layers with lazy weights: you guessed {guess_lazy}, it is {lazy} of {len(layers)}")

# %%
quantities = {"rotation": (1 - dynamics.LAZY, "rotation of the weights"),
              "similarity": (dynamics.LAZY, "similarity of the activations")}
furthest = max(regime.rotation for each in regimes.values() for regime in each.values())
figure, axes = plt.subplots(2, len(regimes), figsize=(6, 6.4), squeeze=False)
for row, (quantity, (line, xlabel)) in enumerate(quantities.items()):
    for column, (name, each) in enumerate(regimes.items()):
        ax = axes[row, column]
        values = {layer: getattr(regime, quantity) for layer, regime in each.items()}
        bars(values, ax, levels={line: "our line"}, xlabel=xlabel)
        ax.set_title(f"{name}\n" if row == 0 else "")
        ax.set_xlim(right=1.25 if quantity == "similarity" else max(0.2, 1.3 * furthest))
        ax.tick_params(labelleft=column == 0)
figure.savefig(figures / "08_lazy_or_rich.png")

# %% [markdown]
# What we see in `figures/08_lazy_or_rich.png`. The untrained network would have 0 everywhere
# above and 1 everywhere below. Above: bars that end before the line are layers that have hardly
# turned. Below: bars that end before the line are layers that evoke something new. Now look
# for layers that are lazy above and rich below: are there any? It is no contradiction. A layer
# is given what those before it send; many small turns add up, and a small turn in the right
# direction, of many units at once, can be enough to make the token easy to read.
#
# What does *not* hold: that a rich run is a better one (compare the accuracies), that filters
# of a lazy layer are "learned detectors" (their pictures show what they were born with: lesson
# 5 puts the untrained ones beside), and that lazy means useless: random features are good
# features for much.
#
# ## What pushes: gradients
#
# The **gradient** says for each weight how the loss would change. Its length, layer by layer,
# is how hard the exemplars pull. But exemplars disagree: each batch of them has a gradient of
# its own. The **noise scale** is the number of exemplars in a batch at which noise and signal
# are equal. Below it a batch mostly says what is special to it; far above it a larger batch
# says nothing new.
#
# Batches must be mixed. The exemplars are stored token by token, and a batch of one token would
# pull towards this token: that would not be noise of the exemplars but of our order.

# %%
train = experiment.load_tokens().train
mixed = np.random.default_rng(0).permutation(len(train))[:320]
images, tokens = train.images[mixed], train.tokens[mixed]
batch_size = min(16, len(images) // 4)
chosen = [steps[place] for place in np.unique(np.linspace(0, len(steps) - 1, 6).astype(int))]
model = model_at(run, steps[0])
gradients = WeightGradients(model)

# %%
norms, noise_scales, of_halves = [], [], []
for step in chosen:
    model.set_weights(list(run.weights(step).values()))
    of_batches = gradients.of_batches(images, tokens, batch_size)
    mean = dynamics.layer_norms({path: values.mean(axis=0) for path, values in of_batches.items()})
    norms.append([mean[layer] for layer in layers])
    rows = np.concatenate([values.reshape(len(values), -1) for values in of_batches.values()], axis=1)
    noise_scales.append(dynamics.gradient_noise_scale(rows, batch_size))
    of_halves.append([dynamics.gradient_noise_scale(half, batch_size) for half in (rows[::2], rows[1::2])])
norms, noise_scales, of_halves = np.array(norms), np.array(noise_scales), np.array(of_halves)

# %%
for step, of_layers, scale, halves in zip(chosen, norms, noise_scales, of_halves):
    print(f"step {step:5}: gradient {np.linalg.norm(of_layers):7.4f}, most in {layers[of_layers.argmax()]:8}; "
          f"noise scale {scale:.3g} exemplars ({halves[0]:.3g} and {halves[1]:.3g} by half of the batches each)")
pulled = norms.mean(axis=0)
print(f"Pulled hardest: {layers[pulled.argmax()]}; went furthest: {layers[change[-1].argmax()]}. "
      f"Pull and change of the layers, by rank: {rank_correlation(pulled, change[-1]):+.2f}")

# %%
figure, axes = plt.subplots(2, 1, figsize=(6, 6.2))
logarithms = np.log10(norms, out=np.full(norms.shape, np.nan), where=norms > 0)
heat_map_over_steps(logarithms - np.nanmin(logarithms), chosen, layers, axes[0], unit="gradient (powers of 10)")
finite, low, high = (
    np.where(np.isfinite(values), values, np.nan)
    for values in (noise_scales, of_halves.min(axis=1), of_halves.max(axis=1))
)
curves_over_steps(chosen, {"noise scale": finite}, axes[1], ylabel="exemplars in a batch",
                  bands={"noise scale": (low, high)}, levels={experiment.batch_size: "training"},
                  colours=[plt.rcParams["text.color"]])
axes[1].set_yscale("log")
figure.savefig(figures / "08_gradients.png")

# %% [markdown]
# What we see in `figures/08_gradients.png`: above, each unit of the scale is ten times more
# pull, counted from the weakest cell. Below is the noise scale; the pale band reaches from what
# one half of the batches says to what the other says, and the dotted line is the size of the
# batches of the training. (What came out infinite is left out: there the gradient could not be
# told from 0.) When is the pull strongest, and when do exemplars agree most?
#
# What does *not* hold: that layers go as far as they are pulled. One layer may lead both lists,
# and still the orders of all layers agree little; see the rank correlation above. Our
# optimizer, Adam, divides each weight's gradient by its own recent size. So all weights take
# steps of about the same length, large pull or small, and go far if they are pulled
# *steadily*. And trust no single value of the noise scale: where the two halves differ
# several times over, so would another draw of exemplars. Its order of magnitude is what you may
# keep, no more.
#
# ## The shape of the loss
#
# How strongly is the loss curved around the weights? The **sharpness** is its curvature in the
# direction where it is curved most. With plain gradient descent a rate above 2 / sharpness
# would jump out of the valley. It is found by iteration: push the weights a little, see how the
# gradient changes, and push again in that direction. A few rounds give a rough value, and
# *unfinished* says how rough, 0 to 1. Above a half, do not read the value at all.

# %%
generator = np.random.default_rng(0)
few = slice(0, 64)
for step in (steps[0], steps[-1]):
    weights = run.weights(step)
    model.set_weights(list(weights.values()))

    def hessian_times(vector, like=weights):
        push = dynamics.weights_of_vector(vector, like)
        return dynamics.weight_vector(gradients.hessian_vector_product(images[few], tokens[few], push))

    count = sum(map(np.size, weights.values()))
    curvature, unfinished = dynamics.sharpness(hessian_times, count, generator, iterations=5)
    limit = f"2 / sharpness = {2 / curvature:.2g}" if curvature > 0 else "the loss bends down more than up"
    print(f"step {step:5}: sharpness {curvature:.3g} (unfinished {unfinished:.2f}); {limit}")
print(f"The learning rate was {experiment.learning_rate:g}.")

# %% [markdown]
# What does *not* hold: that 2 / sharpness is a limit for our rate. It is one for plain gradient
# descent; Adam measures with its own, changing scale in each weight. And when the loss is
# nearly 0 it is nearly flat as well, whatever the valley looks like: compare sharpness only
# where losses are alike. And it is that of 64 exemplars; others bend the loss otherwise.
#
# ## The way in one picture
#
# All weights of a snapshot are one point in a space of more than a million dimensions. Popular
# pictures show the way through it on the plane that shows most of it. What share of it can a
# plane show, of so many dimensions? And is that much? To know, we let chance go: a **random
# walk** with strides as long as the network's, each in a direction of its own.

# %%
vectors = np.array([dynamics.weight_vector(run.weights(step)) for step in steps])
plane = dynamics.trajectory_plane(vectors)
shown = plane.shares[:2].sum()
walks = dynamics.random_walk_shares(plane.strides, vectors.shape[1], generator)[:, :2].sum(axis=1)
even = np.sqrt(np.diff(steps))  # as long as random steps would make them
even_walks = dynamics.random_walk_shares(even, vectors.shape[1], generator)[:, :2].sum(axis=1)
print(f"Share in a plane: you guessed {guess_plane:.2f}, it is {shown:.3f}")
print(f"Random walks with the same strides: {walks.mean():.3f}; of even steps: {even_walks.mean():.3f}; random within "
      f"{np.ptp(walks):.3f} and {np.ptp(even_walks):.3f}")
straight = np.linalg.norm(vectors[-1] - vectors[0]) / plane.strides.sum()
by_chance = np.sqrt((plane.strides**2).sum()) / plane.strides.sum()
print(f"The first and the last snapshot are {straight:.2f} of the length of the way apart; "
      f"by chance {by_chance:.2f}; on a straight way 1")

# %%
strides = generator.standard_normal((len(plane.strides), 10_000))
strides *= (plane.strides / np.linalg.norm(strides, axis=1))[:, np.newaxis]
walk = dynamics.trajectory_plane(np.cumsum([np.zeros(10_000), *strides], axis=0))
figure, axes = plt.subplots(2, 1, figsize=(6, 7))
for ax, name, places in zip(axes, ("the network's weights", "a random walk"), (plane.places, walk.places)):
    trajectories(places[:, np.newaxis], steps, [name], ax, colours=[plt.rcParams["text.color"]],
                 xlabel="first principal axis (units of weight)", ylabel="second principal axis\n(units of weight)")
figure.savefig(figures / "08_trajectory.png")

# %% [markdown]
# What we see in `figures/08_trajectory.png`: two smooth curves with a bend. Cover the names:
# would you know which of them has learned something? The bend of the walk means nothing. Random
# walks in many dimensions *always* look so; their first principal axes are half a wave and a
# whole wave of time.
#
# What does *not* hold: that "a plane shows nearly all of it" tells how simple learning is.
# Compare the share with those of the walks: most of it is what any walk would give. A walk's
# share hardly varies, so the difference may be beyond doubt, and yet be small. The last number
# above says more: how much straighter than chance did it go?
#
# ## Exercise
#
# Fill in the three functions of `lessons/exercises/exercise_08.py`, and check them with
#
#     dense-keras check 08
#
# 1. `layer_rotation`: 1 - cosine of the weights with the initial ones.
# 2. `noise_scale`: from gradients of batches, without taking their noise for signal.
# 3. `random_walk`: the null of every picture of a trajectory.
#
# To think about: if a layer can be set back to its untrained weights at no cost (lesson 7) and
# is lazy as well, has it no part in what the network knows?
#
# ## Where this comes from
#
# - S. J. Hanson, V. Yadav and C. Hanson, "Dense Sample Deep Learning", arXiv 2307.10991 (2023).
#   Only what its abstract states is used: five unique tokens, at least 500 exemplars of each, a
#   VGG network of 1.24 million weights, following its learning. All measures of this lesson
#   come from elsewhere, and applying them here is our own, as is the line at .9.
# - S. Carbonnelle and C. De Vleeschouwer, "Layer rotation" (2019).
# - L. Chizat, E. Oyallon and F. Bach, "On lazy training in differentiable programming" (2019);
#   B. Woodworth and others, "Kernel and rich regimes in overparametrized models" (2020).
# - S. McCandlish and others, "An empirical model of large-batch training" (2018): noise scale.
# - J. Cohen and others, "Gradient descent on neural networks typically occurs at the edge of
#   stability" (2021): sharpness under full-batch gradient descent.
# - H. Li and others, "Visualizing the loss landscape of neural nets", arXiv 1712.09913 (2018):
#   the plane; J. Antognini and J. Sohl-Dickstein, "PCA of high dimensional random walks with
#   comparison to neural network training", arXiv 1806.08805 (2018): its null.
