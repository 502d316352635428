# %% [markdown]
# # 10. Density
#
# **Question.** Is what the network knows *memorised* or *constructed*, and does the number of exemplars decide?
#
# A network can name an image because it has seen this very image before. Or it can name an image because it
# found what its token is made of. On the images that it was trained on, both look alike. On **held-out** images
# only construction helps. Lesson 1 asked what a dense sample is dense *for*, since the nearest neighbour gains so
# little from it. Here is an experiment: the same conjunctive tokens, the same network, the same number of
# optimizer **steps**, and one thing changed, the number of exemplars. Who has fewer sees each of them more often.
#
# *Time: about 35 minutes, of which the computer needs less than one. Needs: two runs. If they are not there,
# recording each takes some minutes more than the two to three of the default run. They are the presets
# `conjunctive` and `conjunctive-500`.*
#
#     python lessons/10_density.py                     the runs of the two presets
#     python lessons/10_density.py runs/many runs/few  others, as many as you like
#
# **Predict first**, before you start it. The dense run has 1,500 exemplars of each token, the other one 500.

# %%
guess_many = 0.95  # held-out accuracy at the end, 1,500 a token
guess_few = 0.50  # held-out accuracy at the end, 500 a token
guess_few_training = 0.95  # and on images that it was trained on
guess_neighbour = 0.80  # the nearest neighbour by pixels, with 1,500 a token to look up in

# %%
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from dense_keras.codes import PAIRS, compared_parts, pairs_alike
from dense_keras.course import recorded_run
from dense_keras.experiment import experiment_of, model_at
from dense_keras.figures.curves import curves_over_counts, curves_over_steps
from dense_keras.figures.palette import GRAY, LIGHT, part_colours
from dense_keras.interventions import look
from dense_keras.measures import classification, conjunctions, density
from dense_keras.report import responses_to_codes

# A notebook has neither a command line of its own nor a file that the figures could lie beside.
arguments, here = (sys.argv[1:], Path(__file__).parent) if "__file__" in globals() else ([], Path())
figures = here / "figures"
figures.mkdir(exist_ok=True)
plt.rcParams.update(LIGHT)

presets = ["conjunctive", "conjunctive-500"]
runs = [recorded_run(folder) for folder in arguments] or [recorded_run(preset=preset) for preset in presets]
token_sets = [experiment_of(run).load_tokens() for run in runs]
counts = [int(np.bincount(token_set.train.tokens).min()) for token_set in token_sets]
names = [f"{count:,} a token" + (f", run {number}" if counts.count(count) > 1 else "")
         for number, count in enumerate(counts, start=1)]
chance = 1 / len(runs[0].token_names)
for run, name in zip(runs, names):
    print(f"{run.folder}: {name}, {run.steps[-1]:,} steps in {experiment_of(run).epochs} epochs")
if len({run.steps[-1] for run in runs}) > 1:
    print("Beware: the runs have different numbers of steps. What follows compares more than the density.")

# %% [markdown]
# ## Two curves that part
#
# First the plainest sign of memory: accuracy on what the network was trained on, beside that on what it
# has never seen. The training curve is a mean over the epoch so far, as in lesson 2, so it lags behind a little.

# %%
figure, axes = plt.subplots(len(runs), 1, figsize=(6, 0.4 + 2.9 * len(runs)), squeeze=False)
for run, name, ax in zip(runs, names, axes.flat):
    history = run.history
    curves_over_steps(
        run.steps, {"training": history["accuracy"], "held-out": history["held_out_accuracy"]}, ax,
        colours=[GRAY, plt.rcParams["text.color"]], ylabel=f"{name}:\naccuracy (share)",
        levels={chance: "chance", **({0.4: "accessory", 0.6: "one pair"} if "accessory" in run.part_names else {})},
    )
    ax.set_ylim(0, 1.05)
figure.savefig(figures / "10_curves.png")

# %% [markdown]
# To compare fairly we ask each network about the *same kind* of images: the first exemplars of each token that it was
# trained on. (Generated faces are nested: the first 100 of 1,500 are the first 100 of 500. So both
# networks were trained on these very images, one of them more often.) And we ask at snapshots that the runs share.

# %%
shared = sorted(set.intersection(*(set(run.steps) for run in runs)))
moments = [0, *[step for step in shared if step > 0][-10:]]
seen = [token_set.train.take(np.flatnonzero(density.exemplar_numbers(token_set.train.tokens) < 100))
        for token_set in token_sets]
on_seen = [np.array([look(model_at(run, step), exemplars).logits for step in moments])
           for run, exemplars in zip(runs, seen)]  # each (snapshots, exemplars, tokens)

# %%
at_end = []  # of each run: accuracy on images that were trained on, and held-out accuracy
for run, name, exemplars, logits in zip(runs, names, seen, on_seen):
    training = (logits.argmax(axis=2) == exemplars.tokens).mean(axis=1)
    held_out = [run.history["held_out_accuracy"][run.steps.index(step)] for step in moments]
    print(f"\n{name}:   step   trained on   held out   gap")
    for step, before, new in zip(moments, training, held_out):
        print(f"{step:16,}      {before:6.2f}     {new:6.2f}  {before - new:+.2f}")
    at_end.append((training[-1], held_out[-1]))
print(f"\n{names[0]}, held-out: you guessed {guess_many:.2f}, it is {at_end[0][1]:.2f}")
if len(runs) > 1:
    print(f"{names[1]}, held-out: you guessed {guess_few:.2f}, it is {at_end[1][1]:.2f}")
    print(f"{names[1]}, trained on: you guessed {guess_few_training:.2f}, it is {at_end[1][0]:.2f}")

# %% [markdown]
# What we see in `figures/10_curves.png`: with many exemplars the two curves go together. With fewer, the gray one
# leaves the dark one behind. So the gap is memory. But is the rest of it, what also works on
# held-out images, *less* than in the dense run, or only later? Look at the end, and at how many steps.
#
# What does *not* hold: that a network either memorises or constructs. Held-out accuracy may go on
# rising long after the gap has opened, and there may be a moment when it does both at once. Then we
# should ask *what* is memorised and what is constructed.
#
# ## Pair by pair
#
# The tokens are made of two pairs of parts, and lesson 9 showed how each of them is told from the answers. Now we tell
# them on images that were trained on, and on those that were not.

# %%
pairs = list(PAIRS.values())
hues = part_colours(4)[::2]  # a pair has the colour of its first part
readouts = {}  # number of the run -> (snapshots, pairs) on held-out images, and on those that were trained on
for number, (run, exemplars, logits) in enumerate(zip(runs, seen, on_seen)):
    if experiment_of(run).code != "conjunctive":
        print(f"{run.folder}: tokens that are not made of pairs. Their accuracy pair by pair is left out.")
        continue
    recorded = np.array([run.logits(step) for step in moments])
    readouts[number] = []
    for answers, asked in ((recorded, run.probes["held_out"]), (logits, exemplars)):
        labels = classification.token_variants(pairs_alike(asked.codes, run.part_names), asked.tokens)
        predicted = classification.predicted_tokens(answers)
        readouts[number].append(classification.part_readout(predicted, asked.tokens, labels))

# %%
if readouts:
    figure, axes = plt.subplots(len(readouts), 1, figsize=(6, 0.4 + 3.1 * len(readouts)), squeeze=False)
    for (number, both), ax in zip(readouts.items(), axes.flat):
        curves = {f"{' x '.join(pair)}, {kind}": readout[:, place]
                  for place, pair in enumerate(pairs) for kind, readout in zip(("held out", "trained on"), both)}
        curves_over_steps(moments, curves, ax, levels={0.5: "chance"},
                          colours=np.repeat(hues, 2).tolist(), ylabel=f"{names[number]}:\npair right (share)")
        ax.set_ylim(0, 1.05)
        for place, pair in enumerate(pairs):
            new, old = (readout[-1, place] for readout in both)
            share = f"{(old - new) / (old - 0.5):.2f}" if old > 0.6 else "(too little is known to say)"
            print(f"{names[number]}, {' x '.join(pair)}: trained on {old:.2f}, held out {new:.2f}; "
                  f"of what is above chance, memorised {share}")
    figure.savefig(figures / "10_pairs.png")

# %% [markdown]
# The **memorised share** is the gap, divided by how far the answers on known images are above chance: 0 if all that is
# known holds for new faces too, 1 if nothing does.
#
# What we see in `figures/10_pairs.png` (dashed: images that were trained on): a pair that is bound is
# told equally well on both. A pair that is memorised has a dashed line that rises alone. Compare the
# runs, and compare the two pairs of the run with fewer exemplars: one and the same network can construct the one
# pair, while it learns the other by heart. So memory is not a kind of network. It is what is left
# for it to do, as long as it has not found the construction, and there is still loss to take away.
#
# ## Look inside
#
# If that is right, the factorial probe must see it. A conjunction of parts makes itself felt in faces that nobody has
# seen. What was learned by heart does not. So we measure the **interaction** of each pair as in lesson 9, in
# the layer `dense`: the share of all that varies in it, in faces without the accessory.

# %%
inside = {}  # number of the run -> (snapshots, pairs)
for number in readouts:
    parts = compared_parts(experiment_of(runs[number]).code)
    rows = [conjunctions.set_row([parts.index(part) for part in pair], len(parts)) for pair in pairs]
    inside[number] = []
    for step in shared:
        responses = responses_to_codes(runs[number], "dense", step)
        energies = conjunctions.part_set_energies(responses)[rows]
        inside[number].append(conjunctions.layer_shares_of_variance(energies, responses))

# %%
if inside:
    curves = {f"{' x '.join(pair)}, {names[number]}": np.array(shares)[:, place]
              for place, pair in enumerate(pairs) for number, shares in inside.items()}
    ax = curves_over_steps(shared, curves, untrained=True, colours=np.repeat(hues, len(inside)).tolist(),
                           ylabel="energy of the pair in dense\n(share of the variance)")
    ax.figure.savefig(figures / "10_interaction.png")
    for name, shares in curves.items():
        print(f"{name}: energy in dense, untrained {shares[0]:.2f}, at the end {shares[-1]:.2f}")

# %% [markdown]
# What we see in `figures/10_interaction.png`, beside the untrained network: what each pair has of its own in `dense`.
# Compare the pair that is memorised in part with the same pair of the denser run. If nothing at all were
# constructed, its line would stay on the ground. It need not: a conjunction can be there, and be good
# for most faces, while single images are still learned by heart on top of it.
#
# ## And the nearest neighbour?
#
# In lesson 1 we looked up the nearest image. That is memory and nothing else. Does *it* gain from more exemplars?

# %%
densest = token_sets[int(np.argmax(counts))]
asked = sorted({min(count, max(counts)) for count in (5, 20, 100, 250)} | set(counts))
distances = density.pixel_distances(densest.held_out.images, densest.train.images)
nearest = density.nearest_neighbour_distances_by_count(distances, densest.held_out.tokens, densest.train.tokens, asked)
looked_up = density.nearest_neighbour_accuracy(*nearest)
network = {count: run.history["held_out_accuracy"][-1] for count, run in zip(counts, runs)}
ax = curves_over_counts(
    asked, {"nearest neighbour": looked_up, "network": [network.get(count, np.nan) for count in asked]},
    levels={chance: "chance"}, ylabel="held-out accuracy (share)", colours=[GRAY, plt.rcParams["text.color"]],
)
ax.set_ylim(0, 1.05)
ax.figure.savefig(figures / "10_neighbours.png")
print(f"Nearest neighbour, {asked[-1]:,} a token: you guessed {guess_neighbour:.2f}, it is {looked_up[-1]:.2f}")
for count, own in zip(asked, nearest[0]):
    print(f"{count:6,} a token: nearest of the own token {own.mean():.1f} gray levels away")

# %% [markdown]
# What we see in `figures/10_neighbours.png`: looking up gains little from three times as many images, and the
# nearest of the own token is hardly nearer. So the network does not profit from having *seen something similar*.
# With more exemplars, the accidents of single images are outnumbered by what their token has in common. To know
# 7,500 images by heart takes more than to find two rules; for 25 images it is the other way round. Somewhere
# between them lies a turn.
#
# ## The whole curve
#
# To find the turn takes many runs. They are computed once, by
#
#     python benchmarks/density.py
#
# which trains the same network for equally many steps on 5 to 2,000 exemplars a token, and writes a table.
#
# When is a pair constructed? We ask as in lesson 9. It is **told rightly** for the share of held-out exemplars for
# which the named token has the right "alike" or "not alike". That is not enough: sums of parts can tell a pair, too.
# What sums never have is **interaction**: the pair's share in the energy of all that parts do to the logits. A pair is
# **bound** in a run if it is told rightly in .9 or more *and* its interaction is .05 or more.

# %%
places = [folder / "data" / "density.csv" for folder in (here, here / "lessons")]  # a notebook runs in the top folder
table = next((place for place in places if place.exists()), places[0])
by_density = {}  # number of exemplars -> the runs that had so many
if not table.exists():
    print(f"{table} is not there: the whole curve has not been computed. It takes some minutes for each of its points.")
else:
    rows = np.atleast_1d(np.genfromtxt(table, delimiter=",", names=True, dtype=None, encoding="utf-8"))
    rows = rows[rows["steps"] == rows["steps"].max()]
    by_density = {int(count): rows[rows["exemplars"] == count] for count in np.unique(rows["exemplars"])}
    print(f"The whole curve: {len(rows)} runs, seeds", *np.unique(rows["seed"]), "on", *np.unique(rows["backend"]))

# %%
# Name of a curve -> column of the table.
told = {"training": "training_accuracy", "held-out": "held_out_accuracy"}
told |= {f"{' x '.join(pair)} told rightly": f"pair_{'_'.join(pair)}" for pair in pairs}
interactions = {" x ".join(pair): f"interaction_{'_'.join(pair)}" for pair in pairs}

# %%
if by_density:
    figure, axes = plt.subplots(2, 1, figsize=(6, 6.8), height_ratios=[1.3, 1])
    for ax, columns, colours, levels, ylabel in (
        (axes[0], told, [GRAY, plt.rcParams["text.color"], *hues],
         {chance: "chance", 0.5: "chance, pair", 0.9: "bound: .9"}, f"after {rows['steps'].max():,} steps (share)"),
        (axes[1], interactions, hues, {0.05: "and .05"}, "interaction of the pair\n(share of the logits' energy)"),
    ):
        values = {name: [own[column] for own in by_density.values()] for name, column in columns.items()}
        means = {name: [each.mean() for each in of] for name, of in values.items()}
        bands = {name: ([each.min() for each in of], [each.max() for each in of]) for name, of in values.items()}
        curves_over_counts(list(by_density), means, ax, bands=bands, colours=colours, levels=levels, ylabel=ylabel)
    axes[0].set_ylim(0, 1.05)
    axes[1].set_ylim(0, None)
    figure.savefig(figures / "10_whole_curve.png")

# %%
for count, own in by_density.items():
    training, held_out = own["training_accuracy"].mean(), own["held_out_accuracy"].mean()
    print(f"{count:6,} a token: training {training:.2f}, held-out {held_out:.2f}")
    for pair in pairs:
        rightly, interaction = (own[f"{what}_{'_'.join(pair)}"] for what in ("pair", "interaction"))
        bound = np.count_nonzero((rightly >= 0.9) & (interaction >= 0.05))
        print(f"        {' x '.join(pair):12} told rightly {rightly.mean():.2f}, interaction {interaction.mean():.2f}; "
              f"bound in {bound} of {len(own)} runs")

# %% [markdown]
# If it has been computed, see `figures/10_whole_curve.png` (lines: mean over runs, bands: lowest to highest).
# Above: where the gray line is at the top and the dark one at .40, that of the accessory, all else is memory. Where
# the two meet, nothing is. Below: does the interaction rise where the pair comes to be told rightly? If it did not,
# the network would have found sums that tell the pair.
# Does the turn come at the same density for both pairs? Should it?
#
# What does *not* hold: that 500 is a threshold. The number says nothing by itself. It goes with how much views
# differ, how large the parts are, how many steps there are, and which rule is to be found. With more steps, fewer
# exemplars may do, and an additive code needs far fewer than a conjunctive one.
#
# ## Exercise
#
# Fill in the functions in `lessons/exercises/exercise_10.py`, then ask
#
#     dense-keras check 10
#
# 1. `equal_epochs`: for how many epochs must the run with fewer exemplars be trained to have as many steps?
# 2. `pair_accuracy`: how often an answer is right about a pair, leaving out those whom it does not concern.
# 3. `memorised_share`: which share of what a network knows is memory.
#
# To think about: we held the number of *steps* equal, so who had fewer exemplars saw each one more often. One could
# instead hold the number of times equal that each exemplar is seen. What would differ then besides the
# density? Is there a comparison in which nothing else differs?
#
# ## Where this comes from
#
# - S. J. Hanson, V. Yadav and C. Hanson, "Dense Sample Deep Learning", arXiv 2307.10991
#   (2023). Only what its abstract states is used: five unique tokens, *at least 500 exemplars of each*, a VGG
#   network of 1.24 million weights. The conjunctive tokens, the comparison of densities at equal steps, and
#   whatever we conclude from it are our own.
# - C. Zhang, S. Bengio, M. Hardt, B. Recht and O. Vinyals, "Understanding deep learning requires rethinking
#   generalization" (2017): networks can learn any labels by heart.
# - D. Arpit and others, "A closer look at memorization in deep networks" (2017): patterns are
#   learned before single examples, where there are patterns that are easy enough.
# - T. Cover and P. Hart, "Nearest neighbor pattern classification" (1967).
