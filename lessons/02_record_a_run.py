# %% [markdown]
# # 2. Record a run
#
# **Question.** When does a network come to know five tokens: evenly, or by leaps?
#
# A **run** is one training, recorded while it goes on: what the network scored, its weights,
# and what a fixed set of held-out images, the **probe**, evoked in each of its layers. The
# states that are kept are called **snapshots**. They lie close together at first, where most
# happens, and one of them is of step 0: the **untrained network**, beside which everything
# that seems learned has to prove itself. All later lessons look at runs and train nothing.
#
# *Time: about 25 minutes. If there is no run yet, the computer needs two to three minutes to record one.*
#
#     python lessons/02_record_a_run.py             the run that `dense-keras train` records
#     python lessons/02_record_a_run.py runs/mine   any other recorded run
#
# **Predict first**, before you start it. The network is to tell five faces apart. It sees
# 500 exemplars of each, 32 at a step.

# %%
guess_untrained = 0.50  # share of held-out exemplars that the untrained network names rightly
guess_step = 1000  # first recorded step at which it names more than 19 of 20 rightly

# %%
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from dense_keras.codes import named_ceilings
from dense_keras.course import recorded_run
from dense_keras.experiment import experiment_of
from dense_keras.figures.curves import curves_over_steps
from dense_keras.figures.matrices import activation_matrix
from dense_keras.figures.palette import GRAY, LIGHT, token_colours
from dense_keras.measures import density

# A notebook has neither a command line of its own nor a file that the figures could lie beside.
arguments, here = (sys.argv[1:], Path(__file__).parent) if "__file__" in globals() else ([], Path())
figures = here / "figures"
figures.mkdir(exist_ok=True)
plt.rcParams.update(LIGHT)

# %% [markdown]
# ## Record
#
# An **experiment** is the whole description of what is run: tokens, seed, epochs, rate. The
# same experiment starts from the same weights and shows the same exemplars in the same order
# on TensorFlow, PyTorch and JAX. If the folder holds a finished run, it is read; if it was
# stopped half way, it goes on where it stood.

# %%
run = recorded_run(*arguments)
experiment = experiment_of(run)
print(experiment)
print(f"{len(run.steps)} snapshots, of steps", *run.steps)

# %% [markdown]
# ## The learning curve
#
# `run.history` has a row for each snapshot. How good were your predictions?

# %%
history = run.history
steps, accuracy = history["step"].astype(int), history["held_out_accuracy"]
known = np.flatnonzero(accuracy > 0.95)
print(f"Untrained: you guessed {guess_untrained:.2f}, it is {accuracy[0]:.2f}")
print(f"First above .95: you guessed step {guess_step}, it was", f"step {steps[known[0]]}" if len(known) else "never")

# %% [markdown]
# Into the picture go the ceilings of lesson 1: what the best possible observer reaches who
# knows only one part, only two, and so on. A value is named by the fewest parts that reach it.

# %%
levels = named_ceilings(experiment.code, len(run.token_names))
if experiment.code is None:
    print("These tokens have no codes, so only chance is drawn, and there are no ceilings to compare with.")
else:
    for ceiling, name in sorted(levels.items()):
        near = steps[np.abs(accuracy - ceiling) < 0.05].tolist()
        print(f"{name:8} {ceiling:.2f}: within .05 at steps", *(near or ["none"]))

# %%
figure, (above, below) = plt.subplots(2, 1, figsize=(6, 6.4))
of_all = {"training (mean over the epoch so far)": history["accuracy"], "held-out": accuracy}
curves_over_steps(steps, of_all, above, levels=levels, ylabel="accuracy (share)",
                  colours=[GRAY, plt.rcParams["text.color"]])
of_tokens = {name: history[f"accuracy/{name}"] for name in run.token_names}
curves_over_steps(steps, of_tokens, below, ylabel="held-out accuracy (share)", colours=token_colours(len(of_tokens)))
for ax in (above, below):
    ax.set_ylim(0, 1.05)
figure.savefig(figures / "02_learning_curve.png")

# %% [markdown]
# What we see in `figures/02_learning_curve.png`:
#
# - The untrained network stands at chance. Look below: it gives nearly all images the same
#   name, so that one token has a high score and the others have none. A high score for *one*
#   token is no knowledge.
# - Held-out accuracy rises by leaps, and not always upwards. Between leaps it can rest, and the
#   dotted lines say what it would rest at if it knew so many parts and nothing else.
# - The curves of single tokens jump about far more than their mean. One reason might be this:
#   who knows one part only cannot tell the tokens apart that share its variant, and bets now on
#   one of them and now on another. Lesson 3 asks whether that is what happens.
#
# What does *not* hold: that a value near a line shows that so many parts are known. Accuracy
# passes through all values on its way up, and a snapshot can catch it anywhere: the list above
# the figure shows how few snapshots there are near a line, and some lines have none. Nor can the
# gray curve be compared with the dark one: it is a mean over the steps of an epoch so far, with
# a network that changed meanwhile, and so it lags behind.
#
# ## What the probe evokes
#
# `run.activations(layer, step)` has a row for each image of the probe and a column for each
# unit. We look at `dense`, the last layer before the decision, untrained and at the end.
# Columns are put in order by the token that evokes most in a unit *at the end*. A fair picture
# needs care here: sorting can make order out of noise. So one half of the probe decides about
# the order, and the other half is drawn.
#
# **Predict first.** In lesson 1 we looked up the nearest neighbour of an image by its pixels.
# What if we look it up by what it evokes in the layer `dense`: the other half's image whose
# activations differ least? How often is it of the right token?

# %%
guess_neighbours_untrained = 0.20  # share of images, with the untrained network
guess_neighbours_trained = 0.90  # and with the trained one

# %%
probe = run.probes["held_out"]
second = density.exemplar_numbers(probe.tokens) % 2 == 1  # every second image of each token
drawn = second if second.any() else ~second  # where there is but one image a token, it serves for both
sorting = ~second
last = run.activations("dense", run.steps[-1])[sorting]
means = np.stack([last[probe.tokens[sorting] == token].mean(axis=0) for token in np.unique(probe.tokens)])
favourite = np.where(means.any(axis=0), means.argmax(axis=0), len(means))  # silent units come last
order = np.lexsort((-means.max(axis=0), favourite))

figure, axes = plt.subplots(2, 1, figsize=(6, 5.6))
for ax, step, title in zip(axes, (run.steps[0], run.steps[-1]), ("untrained", "trained")):
    activations = run.activations("dense", step)[drawn][:, order]
    highest = float(np.percentile(activations, 99.5))
    activation_matrix(activations, probe.tokens[drawn], run.token_names, ax, highest=highest)
    ax.set_title(f"layer dense, step {step:,} ({title})")
figure.savefig(figures / "02_activations.png")

# %%
def neighbours_right(distances):
    """Share of the drawn images whose nearest in the other half is of their token."""
    nearest = density.nearest_neighbour_distances(distances, probe.tokens[drawn], probe.tokens[sorting])
    return density.nearest_neighbour_accuracy(*nearest)


by_pixels = neighbours_right(density.pixel_distances(probe.images[drawn], probe.images[sorting]))
for step, guess in ((run.steps[0], guess_neighbours_untrained), (run.steps[-1], guess_neighbours_trained)):
    activations = run.activations("dense", step)
    distances = np.linalg.norm(activations[drawn][:, np.newaxis] - activations[sorting], axis=2)
    silent = np.count_nonzero(~activations.any(axis=0))
    print(f"Step {step:5}: neighbours in layer dense are right: you guessed {guess:.2f}, "
          f"it is {neighbours_right(distances):.2f}. {silent} of {activations.shape[1]} units answer to no image.")
print(f"By pixels, among the same images: {by_pixels:.2f}. By chance: {1 / len(run.token_names):.2f}.")

# %% [markdown]
# What we see in `figures/02_activations.png`: in the untrained network a unit is on or off for
# everybody, so the picture has vertical stripes, and neighbours are no better than those by
# pixels. In the trained one there are blocks: units that answer to one token, or to
# a few. (Each picture has a scale of its own, since activations grow. The black columns at the
# right are silent units, which answer to none of the images that decide about the order.)
#
# What the blocks do *not* tell is how they came about, and whether a unit stands for a part,
# for several parts, or for the token. That is what the other lessons are for.
#
# ## Look for yourself: TensorBoard
#
# The same run is waiting in TensorBoard. Start it in a terminal of its own with the command
# that the next cell prints, and open the address that it shows.

# %%
print(f"dense-keras show {run.folder}")

# %% [markdown]
# - **Scalars**: `probe_accuracy` and `accuracy/...` are the curves above, to zoom into.
# - **Images**, each with a slider above it: the step.
#   `confusion`: which tokens are taken for which?
#   `filters/...` and `filter_change/...`: the filters as they are, and what training has added.
#   Do they change at all?
#   `activation_maps/...`: where in a face does a unit answer?
# - **Histograms**: weights and activations of each layer. Which layer moves first?
# - **Projector**: below "Data" choose `embeddings/step_...`, then a layer, and set "Color by" to
#   `token`.
#
# In the Projector every point is an image of the probe. Begin with step 0 and `logits`, then go
# on to later steps. If "Spherize data" is ticked, take the tick away: it moves all points to the
# same distance from their middle, and so can hide how far tokens have drawn apart. Colour by a
# part instead of the token: which part is in order first?
#
# ## Exercise
#
# 1. Record a second run that differs in its seed only. Predict which will change: the height
#    of the resting places, or when they are reached? The command is
#    `dense-keras train --seed 1`, then run this lesson with the folder that it names.
# 2. Choose a snapshot on a resting place and see the confusion matrix of that step in
#    TensorBoard. Which tokens are mixed up, and which part do those share? (Their codes are in
#    `figures/01_parts.png`.)
# 3. The numbers printed above depend on the threshold of .05. Change it to .02 and to .10.
#    Which of your conclusions survive?
#
# ## Where this comes from
#
# - S. J. Hanson, V. Yadav and C. Hanson, "Dense Sample Deep Learning", arXiv 2307.10991
#   (2023). Only what its abstract states is used: five unique tokens, at least 500 exemplars
#   of each, a VGG network of 1.24 million weights, following how the classification emerges.
#   The faces, codes and ceilings, what is recorded when, and the figures are our own design.
# - D. Smilkov and others, "Embedding Projector: Interactive Visualization and Interpretation
#   of Embeddings" (2016): the tool behind the Projector tab.
