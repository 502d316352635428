# %% [markdown]
# # 4. Category structure
#
# **Question.** Where in the network do the exemplars of a token come together, and when?
#
# Lesson 3 looked at answers only. Now we look inside. What an exemplar evokes in a layer is a
# row of numbers, one a unit: a point in a space with as many axes as units. Exemplars of one token
# that lie close, and far from the others, make a **category**. We follow five tokens through
# all layers, from the input side to the answer, and through all snapshots.
#
# *Time: about 40 minutes, of which the computer needs less than one. Needs: a run of lesson 2.*
#
#     python lessons/04_category_structure.py             the run that `dense-keras train` records
#     python lessons/04_category_structure.py runs/mine   any other recorded run
#
# **Predict first**, before you start it. The layers are, from the input side: conv1_1, conv1_2,
# conv2_1, ... conv4_2, global_pool, dense, logits.

# %%
guess_layer = "conv2_1"  # first layer in which, at the end, half of what varies is the token
guess_read = 0.20  # how often the token can be read from conv1_1 of the untrained network
guess_nearest = ("Ada", "Dov")  # two tokens that are nearest to one another at the end, in the layer dense

# %%
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import rankdata

from dense_keras.course import recorded_run
from dense_keras.face_views import readable_factors
from dense_keras.figures.curves import curves_over_steps
from dense_keras.figures.dendrograms import dendrogram_film
from dense_keras.figures.film_strips import matrix_film
from dense_keras.figures.heat_maps import heat_map, heat_map_over_steps
from dense_keras.figures.palette import GRAY, LIGHT, part_colours, token_colours
from dense_keras.figures.trajectories import trajectories
from dense_keras.measures import categories, dimension, linear_probes, neural_collapse, similarity

# A notebook has neither a command line of its own nor a file that the figures could lie beside.
arguments, here = (sys.argv[1:], Path(__file__).parent) if "__file__" in globals() else ([], Path())
figures = here / "figures"
figures.mkdir(exist_ok=True)
plt.rcParams.update(LIGHT)
generator = np.random.default_rng(0)

run = recorded_run(*arguments)
probe, steps, names, layers = run.probes["held_out"], np.array(run.steps), run.token_names, run.layers
tokens, colours = probe.tokens, token_colours(len(names))
accuracy = run.history["held_out_accuracy"]
reached = [np.argmax(accuracy >= share * accuracy.max()) for share in (0.4, 0.6, 0.8, 0.95)]
shown = np.unique([0, *reached, len(steps) - 1])
print("Snapshots that are shown:", *(f"step {steps[row]} (accuracy {accuracy[row]:.2f})" for row in shown))

# %% [markdown]
# ## How much of what varies is the token?
#
# Exemplars differ in a layer because they are of different tokens, and because faces turn, light
# changes and so on. The **scatter share** is the part of all squared distances that lies *between*
# the tokens: 0 if the tokens' means are the same, 1 if all exemplars of a token are one point.
# The **CKA with the tokens** asks something else: are exemplars alike in this layer exactly
# if they are of one token, and are all tokens equally unlike?

# %%
scatter, alignment = np.zeros((2, len(steps), len(layers)))
indicators = similarity.token_indicators(tokens)
for row, step in enumerate(run.steps):
    for column, layer in enumerate(layers):
        activations = run.activations(layer, step)
        scatter[row, column] = categories.scatter_share(activations, tokens)
        alignment[row, column] = similarity.cka_debiased(activations, indicators)

figure, (above, below) = plt.subplots(2, 1, figsize=(6, 6.2))
heat_map_over_steps(scatter, steps, layers, above, unit="scatter share", limits=(0, 1))
heat_map_over_steps(alignment.clip(0), steps, layers, below, unit="CKA with the tokens", limits=(0, 1))
figure.savefig(figures / "04_structure.png")

# %%
half = [layer for layer, share in zip(layers, scatter[-1]) if share > 0.5]
print(f"Half of what varies is the token: you guessed from {guess_layer} on, it is", *(half[:1] or ["no layer"]))
print(f"By chance the scatter share is {categories.chance_scatter_share(len(tokens), len(names)):.3f}")
for row in shown:
    silhouette = categories.silhouette(run.activations("logits", run.steps[row]), tokens)
    print(
        f"logits, step {steps[row]:5}: accuracy {accuracy[row]:.2f}   scatter share {scatter[row, -1]:.2f}   "
        f"CKA with the tokens {alignment[row, -1]:.2f}   silhouette {silhouette:.2f}"
    )

# %% [markdown]
# What we see in `figures/04_structure.png` (the untrained network is the column that stands
# apart): structure grows from the answer's side. The deep layers have it first and most; with the
# default settings the first layers get hardly any. It does not travel up, layer by layer.
#
# Now look at the lines printed last. The scatter share of the logits can be near its top while
# half of the answers are still wrong! How can that be? To know *one* part well is enough to
# separate two groups of tokens widely, and wide distances are what this share counts. The
# **silhouette** compares each exemplar's distance to its own token with that to the *nearest*
# other one, and so it cannot be fooled like that. What does *not* hold: that one number
# tells how much is known. Before you believe a number, ask which mistake would leave it high.
#
# ## What can be read from a layer?
#
# A **linear probe** is a weighted sum of a layer's units that is fitted to tell the tokens: on
# all exemplars but one, and asked about that one, each in turn. (This has nothing to do with the set
# of images that we call the probe.) It can be fitted as well to tell a part, or a **nuisance**:
# the yaw of the head, the light, the tint of the skin, and all that says nothing of the token.
# An untrained network is a random mixture of the pixels, and much can be read from it too. So we
# always **subtract what can be read from the untrained one**: what is left is what training added.

# %%
factors = readable_factors(probe.factors)
targets = linear_probes.factor_values(factors) if factors else None

token_read = np.zeros((len(steps), len(layers)))
parts_read = np.zeros((len(steps), len(layers), len(run.part_names)))
nuisances_read = np.zeros((len(steps), len(layers), len(factors)))
for row, step in enumerate(run.steps):
    for column, layer in enumerate(layers):
        units = linear_probes.decomposed(run.activations(layer, step))
        token_read[row, column] = linear_probes.accuracy(linear_probes.predicted_tokens(units, tokens), tokens)
        if run.part_names:
            read = linear_probes.predicted_parts(units, probe.codes)
            parts_read[row, column] = linear_probes.balanced_accuracy(read, probe.codes)
        if factors:
            read = linear_probes.predicted_values(units, targets)
            nuisances_read[row, column] = linear_probes.r_squared(read, targets)

# %%
gained = {"token (share)": token_read - token_read[0]}
if run.part_names:
    gained["parts (share)"] = (parts_read - parts_read[0]).mean(axis=2)
if factors:
    gained["nuisances (R squared)"] = (nuisances_read - nuisances_read[0]).mean(axis=2)
print("Read from the layers:", ", ".join(gained))
if len(gained) < 3:
    print("What is missing of token, parts and nuisances nobody knows of these tokens; it is left out.")
figure, axes = plt.subplots(len(gained), 1, figsize=(6, 0.4 + 2.7 * len(gained)), squeeze=False)
for ax, (name, values) in zip(axes.flat, gained.items()):
    heat_map_over_steps(values, steps, layers, ax, unit=f"{name},\nless untrained")
figure.savefig(figures / "04_read.png")
if factors:
    ax = heat_map(nuisances_read[-1] - nuisances_read[0], layers, list(factors), unit="R squared, less untrained")
    ax.figure.savefig(figures / "04_nuisances.png")

# %%
units = linear_probes.decomposed(run.activations("conv1_1", 0))
shuffled = linear_probes.shuffled_accuracies(units, tokens, generator, 20)
print(
    f"Token read from conv1_1, untrained: you guessed {guess_read:.2f}, it is {token_read[0, 0]:.2f} "
    f"(tokens dealt out at random: {shuffled.mean():.2f})"
)

# %%
for column, layer in ((layers.index(layer), layer) for layer in ("conv1_1", "dense")):
    of_parts = zip(run.part_names, *parts_read[[0, -1], column])
    print(
        f"{layer:8} token {token_read[0, column]:.2f} untrained, {token_read[-1, column]:.2f} at the end;",
        *(f"{name} {untrained:.2f}, {trained:.2f};" for name, untrained, trained in of_parts),
    )
by_nuisance = dict(zip(factors, nuisances_read[[0, -1], layers.index("dense")].T))
for name, (untrained, trained) in by_nuisance.items():
    print(f"dense, {name:14} R squared {untrained:5.2f} untrained, {trained:5.2f} at the end")

# %% [markdown]
# What we see in `figures/04_read.png` (red: training added, blue: training took away):
#
# - From the first layer of the *untrained* network the token can be read far above chance. Colours
#   and outlines are already in the pixels; a random filter passes them on. Who shows
#   the last snapshot only may sell this as learned.
# - What training adds grows with depth.
# - We expected nuisances to be thrown away. In the logits they are. In the deep layers before
#   them look twice. On the default run some can be read *better* than from the untrained network
#   (how the head is turned), others less (light; each one is in `figures/04_nuisances.png`): a layer
#   can know who it is *and* how the head is turned. On a run with `--preset rich` or the
#   conjunctive code most of them fade there too.
#
# What does *not* hold: that what can be read is used. The probe is ours, not the network's.
#
# Lesson 3 ended with parts that the answers cannot tell apart. From a layer they can be read
# one by one.

# %%
if run.part_names:
    dense = layers.index("dense")
    curves = {name: parts_read[:, dense, part] for part, name in enumerate(run.part_names)}
    ax = curves_over_steps(steps, curves, untrained=True, ylabel="read from the layer dense\n(balanced share)")
    ax.set_ylim(0.4, 1.02)
    ax.figure.savefig(figures / "04_parts.png")
else:
    print("Nobody knows the parts of these tokens, so it is left out which of them can be read when.")

# %% [markdown]
# What we see in `figures/04_parts.png`: .5 is to know nothing. Parts can be read far better than that
# from the *untrained* network, the default faces' hair best of all. It has the shortest way to go. Is a
# part first because it is large, or because it could be read before? One run cannot tell.
#
# ## How many directions?
#
# Who knows one part, and nothing else, needs one direction: this variant or that. The
# **participation ratio** counts the directions along which activations spread, large ones
# for more. We draw it below the accuracy.

# %%
means = np.stack([categories.token_means(run.activations("dense", step), tokens) for step in run.steps])
spread = {layer: [run.activations(layer, step) for step in run.steps] for layer in ("dense", "logits")}
spread["token means in dense"] = list(means)
directions = {name: np.array(list(map(dimension.participation_ratio, values))) for name, values in spread.items()}
for name, values in directions.items():
    fewest = values.argmin()
    print(
        f"directions, {name:20} untrained {values[0]:.2f}, fewest {values[fewest]:.2f} at step {steps[fewest]} "
        f"(accuracy {accuracy[fewest]:.2f}), at the end {values[-1]:.2f}"
    )

# %%
figure, (above, below) = plt.subplots(2, 1, figsize=(6, 6))
ink = [plt.rcParams["text.color"]]
curves_over_steps(steps, {"held-out": accuracy}, above, ylabel="accuracy (share)", colours=ink)
curves_over_steps(steps, directions, below, untrained=True, ylabel="participation ratio (directions)")
above.set_ylim(0, 1.05)
below.set_ylim(0.9, None)
figure.savefig(figures / "04_directions.png")

# %% [markdown]
# What we see in `figures/04_directions.png`: if a part comes alone, the logits shrink to a line
# meanwhile (a ratio near 1), and open again as the next parts come. In this sense
# the ratio counts acquired directions.
#
# What does *not* hold: that the ratio is the number of things known. Five tokens need up to four
# directions, and the ratio stays below, since it weighs directions by their size, and
# the first part's is the largest. In `dense` it may *rise* before it falls: there the nuisances
# have directions too. And the untrained network has a low ratio without knowing anything.
#
# ## The way of the tokens
#
# Where does the mean of each token go? We show the plane that holds most of the means'
# variance at each snapshot, turned so that it fits the snapshot before.

# %%
places, plane_shares = categories.aligned_trajectories(means)
ax = trajectories(places, steps, names, colours=colours,
                  xlabel="first axis (activation)", ylabel="second axis (activation)")
ax.figure.savefig(figures / "04_ways.png")
print(
    f"The plane holds {plane_shares[0]:.2f} of the means' variance untrained, {plane_shares[-1]:.2f} at the end; "
    f"{len(names)} means have {len(names) - 1} directions, so any good plane holds {2 / (len(names) - 1):.2f} or more."
)

# %% [markdown]
# What we see in `figures/04_ways.png`: hollow is the untrained network, all tokens in one place. They
# leave in groups, which then divide, like a fan. What does *not* hold: that two tokens that meet in
# this plane are the same to the network. There are more directions than two.
#
# ## Who is near whom?
#
# A tree joins the two nearest tokens, then the next nearest, and so on.

# %%
distances = [categories.cosine_distances(means[row]) for row in shown]
trees = [categories.tree(pairs) for pairs in distances]
panels = dendrogram_film(trees, steps[shown], names, colours=colours, distance="cosine distance of the tokens' means")
panels[0].figure.savefig(figures / "04_trees.png")
first, second = (index[distances[-1].argmin()] for index in np.triu_indices(len(names), 1))
print(f"Nearest at the end: you guessed {' and '.join(guess_nearest)}, it is {names[first]} and {names[second]}")
for row, joined, pairs in zip(shown, trees, distances):
    kept = categories.cophenetic_correlation(joined, pairs)
    print(f"step {steps[row]:5}: farthest join {joined[-1, 2]:.4f}; the tree keeps the distances to {kept:.2f}")

# %%
if run.part_names:
    pixels = np.array([run.description["part_shares"][name] for name in run.part_names])
    for meant, weights in (("every part the same", None), ("each part its pixels", pixels)):
        of_codes = categories.tree(categories.token_code_distances(probe.codes, tokens, weights))
        for row, joined in zip(shown, trees):
            gamma = categories.bakers_gamma(joined, of_codes)
            by_luck = categories.bakers_gamma_null(joined, of_codes, generator)
            print(
                f"step {steps[row]:5}, tree of the codes, {meant}: Baker's gamma {gamma:.2f}, "
                f"as high by luck: {(by_luck > gamma - 1e-9).mean():.2f}"
            )
else:
    print("These tokens have no codes: there is no tree of the codes to compare with.")

# %% [markdown]
# What we see in `figures/04_trees.png`: all panels have one axis, and on it the untrained tree is
# hardly there. But it *is* a tree, and **Baker's gamma** (1: the same pairs join first) tells whether
# its shape is that of the codes. Compare the first line with the others: on the default faces the
# *untrained* tree has nearly that shape already, perhaps because large parts make exemplars alike
# before any learning. If so, the shape is not learned. Its size is.
#
# What does *not* hold: that such a tree proves much. Five tokens have few trees, so luck
# reaches high values often; that is the number at the end of the lines. And by the end the tree may
# have *left* the shape of the codes: where all tokens are known, all may be about equally far.
#
# ## What are exemplars alike in?
#
# Now without means: how unlike are every two exemplars in the layer `dense`? (1 less the
# correlation of what they evoke.) We draw ranks, from the most alike pairs to the most
# unlike, since only the order is compared. Below are **models**: what the matrix would be if one
# thing alone mattered.

# %%
order = np.lexsort([*(probe.codes.T[::-1] if run.part_names else ()), tokens])  # by token, then by code
models = {"token": similarity.token_dissimilarities(tokens), "pixels": similarity.pixel_dissimilarities(probe.images)}
if run.part_names:
    models |= dict(zip(run.part_names, similarity.part_dissimilarities(probe.codes)))
at_shown = [similarity.correlation_dissimilarities(run.activations("dense", run.steps[row])) for row in shown]

# %%
figure = plt.figure(figsize=(6, 5.8))
upper, lower = figure.subfigures(2, 1, height_ratios=[3, 1])
blocks = dict(zip(names, np.bincount(tokens).tolist()))
ranks = np.array([rankdata(matrix).reshape(matrix.shape) / matrix.size for matrix in at_shown])
film = ranks[:, order][:, :, order]
matrix_film(film, steps[shown], upper, blocks=blocks, block_colours=colours, unit="rank (share)", limits=(0, 1))
for ax, (name, model) in zip(lower.subplots(1, len(models)), models.items()):
    ax.imshow(model[np.ix_(order, order)], vmin=0, vmax=1, interpolation_stage="data")
    ax.set_title(name, fontsize=9)
    ax.axis("off")
lower.suptitle("models", fontsize=9)
figure.savefig(figures / "04_dissimilarities.png")

# %%
ranked = np.array([similarity.centred_ranks(model) for model in models.values()])
found = {}  # layer -> (snapshots, models)
for layer in ("conv3_2", "dense"):
    matrices = (similarity.correlation_dissimilarities(run.activations(layer, step)) for step in run.steps)
    found[layer] = np.array([similarity.rank_correlations(matrix, ranked) for matrix in matrices])
ceiling = similarity.rank_correlation_ceiling(models["token"])

# %%
figure, axes = plt.subplots(2, 1, figsize=(6, 6.2))
for ax, (layer, correlations) in zip(axes, found.items()):
    curves_over_steps(
        steps,
        dict(zip(models, correlations.T)),
        ax,
        levels={ceiling: "most for\nthe token"},
        colours=[*ink, GRAY, *part_colours(len(run.part_names))],
        ylabel=f"{layer}: rank correlation",
    )
figure.savefig(figures / "04_models.png")

# %% [markdown]
# Is it more than luck, and what would a layer have that knows the token alone?

# %%
token_only = ceiling * similarity.rank_correlations(models["token"], ranked)
luck = similarity.permuted_rank_correlations(at_shown[-1], ranked, generator, 100)
chances = similarity.permutation_p_values(found["dense"][-1], luck)
for name, values, only, chance in zip(models, found["dense"].T, token_only, chances):
    print(
        f"dense, {name:9} untrained {values[0]:5.2f}, at the end {values[-1]:5.2f} (p {chance:.2f}); "
        f"a layer that knows the token and nothing else would have {only:.2f}"
    )

# %% [markdown]
# What we see in `figures/04_dissimilarities.png` and `figures/04_models.png`: at first exemplars are
# alike that have similar pixels. Then come the parts, the largest first, and it gives way as the
# next ones come. At the end the token itself is near the highest value it can have.
#
# What does *not* hold: that a part is in the layer because its curve is above 0. Exemplars of one
# token share all its parts, so a layer that knows the token and nothing else has positive values for
# the parts too: the last numbers printed. Only what differs from those is news. If a part is
# *above*, tokens that share it are alike; if *below*, the layer cares less about it.
#
# ## Does it collapse?
#
# In networks that are trained for long after the last mistake, four things were found to happen
# together, called **neural collapse**: exemplars of a token fall into one point (1), the means go
# as far from one another as they can (2), the classifier's weights become the means (3), and
# the answer is the nearest mean (4). Each measure is 0 if it is complete.
# Ours is a short training, and we look at held-out exemplars. **Which do you expect?**

# %%
collapse = np.zeros((5, len(steps)))
for row, step in enumerate(run.steps):
    activations, kernel = run.activations("dense", step), run.weights(step)["logits/kernel"]
    centred = neural_collapse.centred_means(activations, tokens)
    collapse[:, row] = (
        neural_collapse.variability(activations, tokens),
        neural_collapse.norm_variation(centred),
        neural_collapse.angle_deviation(centred),
        neural_collapse.duality_distance(centred, kernel),
        neural_collapse.nearest_mean_disagreement(activations, tokens, run.logits(step)),
    )

# %%
parts_of_it = ("1 variability", "2 lengths", "2 angles", "3 weights from means", "4 not the nearest mean")
figure, (above, below) = plt.subplots(2, 1, figsize=(6, 6), height_ratios=[1, 1.3])
curves_over_steps(steps, {parts_of_it[0]: collapse[0]}, above, untrained=True, ylabel="1: variability (0: complete)",
                  colours=ink)
above.set_yscale("log")
curves_over_steps(steps, dict(zip(parts_of_it[1:], collapse[1:])), below, untrained=True, ylabel="2 to 4 (0: complete)")
below.set_ylim(0, None)
figure.savefig(figures / "04_collapse.png")
for name, values in zip(parts_of_it, collapse):
    print(f"{name:22} untrained {values[0]:7.2f}, at the end {values[-1]:5.2f}")

# %% [markdown]
# What we see in `figures/04_collapse.png`: what falls far is the variability, by powers of ten, and
# the share that is not called by the nearest mean. The lengths and angles of the means
# and the weights do not go to 0, and may even rise first. That part of collapse takes a training far
# beyond the last mistake, and weight decay, and this run has neither.
#
# ## See it in the Embedding Projector
#
# The same points can be turned round and looked at from all sides. The next cell prints the
# command; open the address that it shows, and the tab **Projector**.

# %%
print(f"dense-keras show {run.folder}")

# %% [markdown]
# - Below "Data" choose `embeddings/step_...` and a layer (`-2 dense`, `-1 logits`; layers are counted
#   from the output). Begin with step 0, then take the steps that this lesson printed at its
#   beginning.
# - Untick "Spherize data", and stay with PCA: then distances can be compared. "Color by" token,
#   then by a part. On a snapshot where one part is known you should see two clouds: which
#   colouring fits them?
# - t-SNE and UMAP show islands where there are some, and sometimes where there are none, and
#   the distances between islands mean little. Try t-SNE on step 0 before you believe it on the last.
# - Go to the last step, colour by a nuisance if it is offered, and find it *inside* a cloud.
#
# ## Exercise
#
# Fill in the functions in `lessons/exercises/exercise_04.py`, then ask
#
#     dense-keras check 04
#
# 1. `scatter_share`: how much of what varies lies between the tokens.
# 2. `gained`: what training added to what can be read, compared fairly.
# 3. `participation_ratio`: how many directions.
#
# To think about: in the default run the deep layers know the yaw of the head better than they did
# untrained, though nobody asked for it. Could it help to tell who it is? How would you test that?
#
# ## Where this comes from
#
# - S. J. Hanson, V. Yadav and C. Hanson, "Dense Sample Deep Learning", arXiv 2307.10991
#   (2023). Only what its abstract states is used: five unique tokens, at least 500 exemplars
#   of each, a VGG network of 1.24 million weights, following how category structure emerges by
#   several visualizations. Which ones are drawn here, and all measures, are our own choice.
# - N. Kriegeskorte, M. Mur and P. Bandettini, "Representational similarity analysis" (2008).
# - S. Kornblith and others, "Similarity of neural network representations revisited" (2019): CKA.
# - G. Alain and Y. Bengio, "Understanding intermediate layers using linear classifier probes" (2017).
# - P. Gao and others, bioRxiv (2017): the participation ratio; its title is in `dense_keras/measures/dimension.py`.
# - P. Rousseeuw, "Silhouettes" (1987). F. Baker, "Stability of two hierarchical grouping
#   techniques" (1974). P. Schönemann, "A generalized solution of the orthogonal Procrustes
#   problem" (1966): how one plane is turned onto the next.
# - V. Papyan, X. Han and D. Donoho, "Prevalence of neural collapse during the terminal phase of
#   deep learning training", arXiv 2008.08186 (2020).
