# %% [markdown]
# # 6. Coupling of detectors
#
# **Question.** Which detector drives which, and how would one know?
#
# Lesson 5 named units by what they respond to. Now we ask how they hang together. It is tempting
# to call two units **coupled** when they always respond together. We first see that this says
# next to nothing. Then we take a number that is exact, draw the graph of couplings as it grows,
# and compare it with two kinds of chance, one easy to beat and one hard. At the end we cut.
#
# *Time: about 45 minutes, of which the computer needs less than one. Needs: a run (lesson 2).*
#
#     python lessons/06_coupling_of_detectors.py             the run that `dense-keras train` records
#     python lessons/06_coupling_of_detectors.py runs/mine   any other recorded run
#
# **Predict first.** Correlate each unit of `conv4_2` with each unit of `dense` over the probe.
# How high is a correlation that one pair of fifty exceeds, whatever its sign?

# %%
guess_trained = 0.50  # in the trained network
guess_untrained = 0.10  # in the untrained one, whose weights are random
guess_without = 0.30  # in the trained one, without what the token and the view explain
guess_assortativity = 0.50  # do the strongest couplings join units of one token? 0 as by chance, 1 always

# %%
import sys
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import spearmanr

from dense_keras import probes
from dense_keras.course import recorded_run
from dense_keras.cuts import Cut, cut_strength, matched_cut, random_cut, with_cut
from dense_keras.experiment import model_at
from dense_keras.face_views import readable_factors
from dense_keras.figures.bars import bars
from dense_keras.figures.curves import curves_over_steps
from dense_keras.figures.layered_graphs import layered_graph, layered_graph_film
from dense_keras.figures.palette import LIGHT, part_colours, token_colours
from dense_keras.interventions import Look, gated_logits
from dense_keras.kernel_inputs import KernelInputs
from dense_keras.measures import coupling, coupling_graph, density, detectors

# A notebook has neither a command line of its own nor a file that the figures could lie beside.
arguments, here = (sys.argv[1:], Path(__file__).parent) if "__file__" in globals() else ([], Path())
figures = here / "figures"
figures.mkdir(exist_ok=True)
plt.rcParams.update(LIGHT)

run = recorded_run(*arguments)
probe, untrained, trained = run.probes["held_out"], run.steps[0], run.steps[-1]
generator = np.random.default_rng(0)

# %% [markdown]
# ## Why correlation misleads
#
# Two units can go together for three reasons: both respond to the same *token*; both follow the
# same accident of the *view*, such as the light; or one *drives* the other. Only the third is a
# link. So we take the other two away.
#
# - **Token out.** Exemplars of one token (and one code, if a token has several) make a *cell*.
#   We correlate how units deviate from their means in the cell: the noise correlation.
# - **Token and view out.** We also take out what the known factors of the view explain, as far
#   as it is linear.
# - **Shuffled in cells.** The other way round: for each unit, exemplars of a cell exchange their
#   values. What each unit does for a token stays as it was, but nothing *can* be linked any more.

# %%
cells = probe.tokens if probe.codes is None else coupling.token_code_cells(probe.tokens, probe.codes)
factors, everyone = readable_factors(probe.factors), np.zeros_like(cells)  # one cell for all: nothing is taken out
if not factors or len(cells) < 3 * (len(factors) + len(np.unique(cells))):
    print("Factors of the view are unknown, or exemplars too few to take them out: that curve is left out.")
    factors = {}
names = ("raw", "raw, shuffled in cells", "token out", "chance", *(["token and view out"] if factors else []))
exceeded = {name: [] for name in names}
for step in run.steps:
    pair = [run.activations(layer, step) for layer in ("conv4_2", "dense")]
    pair = [values[:, ~detectors.dead_units(values)] for values in pair]
    mixed = [coupling_graph.shuffled_within_cells(values, cells, generator) for values in pair]
    taken = [(*pair, everyone), (*mixed, everyone), (*pair, cells), (*mixed, cells), (*pair, cells, factors)]
    for name, given in zip(names, taken):
        exceeded[name].append(np.quantile(np.abs(coupling.noise_correlation(*given)), 0.98))

# %%
print(f"Trained, raw: you guessed {guess_trained:.2f}, it is {exceeded['raw'][-1]:.2f}")
print(f"Trained, raw, but shuffled in cells, so that nothing is linked: {exceeded['raw, shuffled in cells'][-1]:.2f}")
print(f"Untrained, raw: you guessed {guess_untrained:.2f}, it is {exceeded['raw'][0]:.2f}")
if factors:
    without = exceeded["token and view out"]
    print(f"Trained, token and view out: you guessed {guess_without:.2f}, it is {without[-1]:.2f}")
    print(f"Untrained, token and view out: {without[0]:.2f}, and by chance {exceeded['chance'][0]:.2f}")
curves = {name: np.array(values) for name, values in exceeded.items()}
ax = curves_over_steps(np.array(run.steps), curves, ylabel="|correlation| that 1 pair of 50 exceeds")
ax.set_ylim(0, 1)
ax.figure.savefig(figures / "06_correlation.png")

# %% [markdown]
# What we see in `figures/06_correlation.png` with the default faces:
#
# - The *untrained* network has the highest raw correlations of all. Its units know no token.
#   They follow the light together, and the light moves all of them.
# - In the trained network raw correlations are high again, but for another reason. Shuffled in
#   cells they are nearly as high, though nothing is linked there. It is shared *tuning*.
# - With token and view out less is left. It still is above chance, but the untrained network
#   has about as much of it. Some of it may be links, some is what we know no factor for.
#
# In other runs (try the preset `rich`) what is left can be far above the untrained network's. Even
# then it need not be links: units that weigh the same evidence share how *much* an exemplar shows
# of it, and that differs within a token, too.
#
# So: a raw correlation is no evidence of coupling, and a cleaned one is weak evidence. What
# correlates cannot tell who drives whom. Weights can.
#
# ## A number that is exact
#
# Before its ReLU, a unit's response is a sum: its bias, and each input times a weight. One such
# term is the **contribution** of an input. It is not estimated; it is what the network adds up.
# We take the unit of `dense` that detects a token best, and check the sum with what was recorded.

# %%
auc = detectors.token_auc(run.activations("dense", trained), probe.tokens)
unit, token = (int(number) for number in np.unravel_index(auc.argmax(), auc.shape))
name, own, weights = run.token_names[token], probe.tokens == token, run.weights(trained)
added = coupling.contributions(run.activations("global_pool", trained), weights["dense/kernel"][:, [unit]])[:, :, 0]
response, recorded = added.sum(axis=1) + weights["dense/bias"][unit], run.activations("dense", trained)[:, unit]
print(f"Unit {unit} of dense detects {name} with AUC {auc.max():.2f}.")
difference = np.abs(np.maximum(response, 0) - recorded).max() / recorded.max()
print(f"Sum and record differ by at most {difference:.0e} of the largest activation.")

# %% [markdown]
# Now we cut an edge: the weight is set to 0. **Predict first**: does the unit fall by the
# contribution, by less, because other inputs take over, or by more, because of the ReLU?

# %%
guess_fall = 0.80  # fall of the unit on its token, as a share of the contribution of the edge that is cut

# %%
largest, model = np.argsort(-added[own].mean(axis=0))[:6], model_at(run, trained)
falls, differences = {}, []
for edge in largest:
    cut = with_cut(model, Cut(edges={"dense": [(edge, unit)]}))
    left = probes.pooled_activations(cut, probe.images, ["dense"])["dense"]["max"][:, unit]
    falls[f"input {edge}"] = (recorded - left)[own].mean()
    differences.append(np.abs(np.maximum(response - added[:, edge], 0) - left).max() / recorded.max())
share = sum(falls.values()) / added[own][:, largest].mean(axis=0).sum()
print(f"Fall over contribution: you guessed {guess_fall:.2f}, it is {share:.2f}")
print(f"With the ReLU in mind, cut and computed differ by at most {max(differences):.0e} of the largest activation.")

# %%
of_own = {f"input {edge}": added[own, edge].mean() for edge in largest}
of_rest = {f"input {edge}": added[~own, edge].mean() for edge in largest}
figure, (above, below) = plt.subplots(2, 1, figsize=(6, 4.8))
bars(of_own, above, marks=falls, marks_name="fall of the unit when the edge is cut",
     xlabel=f"contribution to unit {unit} of dense, mean over exemplars of {name}")
bars(of_own, below, marks=of_rest, marks_name="mean over the other tokens",
     xlabel="the same contributions; from bar to mark: the contrast")
figure.savefig(figures / "06_contributions.png")

# %% [markdown]
# What we see in `figures/06_contributions.png`, above: where the unit stays active it falls by
# the contribution, no more and no less. (Where the ReLU silences it, it falls by all that it
# had. The second printed number takes that into account.) No other input takes over, for the
# inputs of a unit are added. If one trains on after a cut, others may take over: lesson 9.
#
# Below: a large contribution need not be telling. The same inputs contribute on the other tokens,
# too. What makes the unit prefer its token is the difference: the mean contribution on what it
# prefers minus that on the rest, the **contrast**. A constant input has none, however strong its
# weight. Contrasts will be our edges.
#
# In a convolution the same holds for the mean response over space. It is a sum over inputs and
# over the nine taps of the kernel; `coupling.shifted_means` tells what each tap sees.
#
# ## The growing graph
#
# Units are dots, in columns by layer, and have the colour of the token that they prefer. Edges
# are contrasts. We follow the chain from `conv3_1` to the logits, at six snapshots.

# %%
chain = ["conv3_1", "conv3_2", "conv4_1", "conv4_2", "dense", "logits"]
chosen = [run.steps[place] for place in np.unique(np.linspace(0, len(run.steps) - 1, 6).round().astype(int))]
membership, inputs, kernels, preferred = detectors.token_membership(probe.tokens), {}, {}, {}
network = model_at(run, untrained)
reader = KernelInputs(network, chain[1:])
for step in chosen:
    of_step = run.weights(step)
    network.set_weights(list(of_step.values()))
    inputs[step] = reader.of(probe.images).values()
    kernels[step] = [of_step[f"{layer}/kernel"] for layer in chain[1:]]
    aucs = [detectors.token_auc(run.activations(layer, step), probe.tokens) for layer in chain[:-1]]
    preferred[step] = [*map(detectors.preferred_columns, aucs), np.arange(len(run.token_names))]

# %%
def contrasts(step, kernels, preferred):
    """Contrast edges between each two layers of the chain: a list of (inputs, units)."""
    return coupling.chain_contrasts(inputs[step], kernels, membership, preferred[1:])


edges = {step: contrasts(step, kernels[step], preferred[step]) for step in chosen}
panels = layered_graph_film(list(edges.values()), list(preferred.values()), chosen, chain, run.token_names)
panels[0].figure.savefig(figures / "06_graph.png")

# %%
thresholds = [np.quantile(np.abs(matrix), 0.98) for matrix in edges[trained]]
print("Couplings above what only 2 % exceed in the end:")
for step in chosen:
    counts = [np.count_nonzero(np.abs(matrix) > least) for matrix, least in zip(edges[step], thresholds)]
    print(f"step {step:5}:", ", ".join(f"{count} into {layer}" for count, layer in zip(counts, chain[1:])))

# %% [markdown]
# What we see in `figures/06_graph.png`: of each layer the 16 units with the strongest couplings,
# and between two layers the 16 strongest couplings. Blue lines are negative: this input speaks
# against what the unit prefers. The first picture is the untrained network, and it is as full as
# the last. That is no wonder, for something always is strongest. What grows is told by the
# counts: they ask how many couplings exceed the same threshold at each snapshot. (They grow with
# activations and weights, too. Size alone is not order.)
#
# ## Against chance
#
# Do strong couplings join units of one token? We keep the strongest 2 % between each two layers.
# Their **assortativity** is 0 if joined units prefer the same token as often as by chance, and 1
# if they always do. Their **modularity** asks for communities: groups with many edges inside,
# whatever the units prefer. But what is chance? We take two kinds.
#
# - **Rewired**: each unit keeps its number of edges, but they lead elsewhere.
# - **Weights shuffled**: in each layer the weights exchange their places, and contrasts are
#   computed anew. All units keep what they prefer and how much they vary. What is lost is only
#   who listens to whom. This chance is hard to beat.

# %%
graphs = {}  # step, and what it is compared with -> the strongest edges of each draw
for step in chosen:
    kept, draws = coupling_graph.kept_at_density(edges[step]), range(5)
    elsewhere = [coupling_graph.shuffled_within_layers(kernels[step], generator) for _ in draws]
    graphs[step, "as trained"] = [kept]
    graphs[step, "rewired"] = [coupling_graph.rewired(kept, generator) for _ in draws]
    graphs[step, "weights shuffled"] = [
        coupling_graph.kept_at_density(contrasts(step, others, preferred[step])) for others in elsewhere
    ]

# %%
found = {name: [] for name in ("as trained", "rewired", "weights shuffled")}  # then a row a snapshot, a column a draw
for name in found:
    for step in chosen:
        labels = np.concatenate(preferred[step])
        adjacencies = [coupling_graph.layered_adjacency(of_draw) for of_draw in graphs[step, name]]
        communities = [coupling_graph.louvain_communities(adjacency) for adjacency in adjacencies]
        assorted = [coupling_graph.assortativity(adjacency, labels) for adjacency in adjacencies]
        modular = [coupling_graph.modularity(*both) for both in zip(adjacencies, communities)]
        found[name].append([assorted, modular])

# %%
found = {name: np.array(values) for name, values in found.items()}  # (snapshots, two numbers, draws)
by_weights = found["weights shuffled"][-1, 0]
print(f"Assortativity, trained: you guessed {guess_assortativity:.2f}, it is {found['as trained'][-1, 0, 0]:.2f}")
print(f"Rewired it is {found['rewired'][-1, 0].mean():.2f}, with shuffled weights {by_weights.min():.2f} "
      f"to {by_weights.max():.2f}, and untrained {found['as trained'][0, 0, 0]:.2f}.")
figure, axes = plt.subplots(2, 1, figsize=(6, 6))
for number, (ax, name) in enumerate(zip(axes, ("assortativity by token", "modularity"))):
    means = {graph: values[:, number].mean(axis=1) for graph, values in found.items()}
    bands = {graph: (values[:, number].min(axis=1), values[:, number].max(axis=1)) for graph, values in found.items()}
    curves_over_steps(np.array(chosen), means, ax, ylabel=f"{name}\nof the strongest 2 %", bands=bands)
figure.savefig(figures / "06_chance.png")

# %% [markdown]
# What we see in `figures/06_chance.png` with the default faces (bands: all draws): assortativity
# is far above that of rewired graphs. Had we stopped there, we would have told that couplings
# come to join units of one token. But with *shuffled weights* it is nearly the same, and the
# untrained network has as much. The reason: an input that varies with a token has large
# contrasts for it, wherever its weights lead. The strongest edges show *where tuned units are*,
# and hardly how they are wired. Nor does the graph become more modular; it becomes less so.
#
# What, then, did learning do to the wiring? A clue is the sign, which both numbers leave out.

# %%
for step, network in ((untrained, "untrained"), (trained, "trained")):
    mixed = coupling_graph.shuffled_within_layers(kernels[step], generator)
    elsewhere = contrasts(step, mixed, preferred[step])
    for what, matrices in (("weights as they are", edges[step]), ("weights shuffled", elsewhere)):
        layers = zip(coupling_graph.kept_at_density(matrices), pairwise(preferred[step]))
        alike = [kept[(before[:, np.newaxis] == after) & (kept != 0)] for kept, (before, after) in layers]
        share = np.mean(np.concatenate(alike) > 0)
        print(f"{network:9} {what:19}: {share:.2f} of the strong couplings of units of one token are positive")

# %% [markdown]
# As the weights are, more than half of the strong couplings between units of one token are
# positive; with shuffled weights fewer, about half or less. Part of that holds in any network,
# also in an untrained one, because a unit prefers what its inputs add up to. What was learned is
# at most what exceeds the untrained number, and in some runs nothing does.
#
# ## Hubs
#
# Some inputs matter to many units. How much of all that reaches the next layer comes through
# the strongest 5 % of the inputs? And which are they?

# %%
for step, network in ((untrained, "untrained"), (trained, "trained")):
    mixed = coupling_graph.shuffled_within_layers(edges[step], generator)
    reaches, by_chance = (coupling_graph.input_shares(matrices) for matrices in (edges[step], mixed))
    for layer, reach, chance in zip(chain, reaches, by_chance):
        held = [coupling_graph.top_share(shares.sum(axis=1)) for shares in (reach, chance)]
        ranks = spearmanr(reach.sum(axis=1), run.activations(layer, step, "mean").std(axis=0)).statistic
        print(f"{network:9} {layer:8} 5 % hold {held[0]:.2f}, with couplings shuffled {held[1]:.2f}; "
              f"rank correlation with how much units vary: {ranks:.2f}")

# %% [markdown]
# What we see: a few inputs hold more than if couplings were dealt out at random. But they did so
# before learning, and the inputs that reach most are, nearly, those that *vary* most. A hub is
# loud. Whether it is important is another question.
#
# ## From a part to a token
#
# Of what reaches a unit, each input holds a share. A path is as strong as the product of the
# shares along it. Now all contrasts are those of one token, the one from above. For each of its
# parts (for the token itself, where parts are unknown) we take the unit of `conv3_1` that
# detects it best, and look for its strongest path to the token.

# %%
name = run.token_names[token]
if run.part_names:
    of_layers = [detectors.part_auc(run.activations(layer, trained), probe.codes) for layer in chain[:-1]]
    auc, variants = of_layers[0]  # (units, columns), and part and variant of each column
    worn = (probe.codes[own][0][variants[:, 0]] == variants[:, 1]).nonzero()[0]
    starts = {run.part_names[variants[column, 0]]: auc[:, column].argmax() for column in worn}
    kinds = [*(detectors.preferred_parts(*both)[:, 0] for both in of_layers), np.arange(len(run.token_names))]
    kinds[-1] = np.where(kinds[-1] == token, len(run.part_names), -1)
else:
    starts = {name: detectors.token_auc(run.activations("conv3_1", trained), probe.tokens)[:, token].argmax()}
    kinds = [np.where(best == token, 0, -1) for best in preferred[trained]]

# %%
everywhere = [np.full_like(best, token) for best in preferred[trained]]
to_token = {step: contrasts(step, kernels[step], everywhere) for step in (untrained, trained)}
found = {step: coupling_graph.strongest_paths(coupling_graph.input_shares(to_token[step]), token) for step in to_token}
for part, start in starts.items():
    before, after = (1 + np.count_nonzero(products > products[start]) for _, products in found.values())
    print(f"{part:6} unit {start} of conv3_1: its path to {name} is number {after} of {len(kinds[0])} by strength, "
          f"untrained number {before}")
    way = zip(chain[:-1], found[trained][0][start])
    print("      ", *(f"{layer} {unit} >" for layer, unit in way), name)

# %%
paths, drawn = found[trained][0], [np.zeros_like(matrix) for matrix in to_token[trained]]
for start in starts.values():
    for layer, edge in enumerate(pairwise(paths[start])):
        drawn[layer][edge] = to_token[trained][layer][edge]
units = [np.unique(paths[list(starts.values()), layer]) for layer in range(len(chain))]
drawn = [matrix[np.ix_(*ends)] for matrix, ends in zip(drawn, pairwise(units))]
shown = [kind[few] for kind, few in zip(kinds, units)]
hues = [*part_colours(len(run.part_names)), token_colours(len(run.token_names))[token]]
ax = layered_graph(drawn, shown, chain, [*run.part_names, name], colours=hues)
ax.figure.savefig(figures / "06_paths.png")

# %% [markdown]
# What we see in `figures/06_paths.png` with the default faces (squares have the colour of the part
# that a unit detects best; which units they are is printed, path by path): paths soon merge, and
# lead through units that are named after other parts. There is no private line from "eyes" to a
# token. Nor should a single path be trusted. It is one of very many, it counts couplings against
# the token (blue) like those for it, and the ReLUs on its way make a product of shares an
# approximation.
#
# ## Cut, and see
#
# Are paths worth anything, then? For each token we cut the 12 units of `conv3_1` through which
# most of all paths lead to it (the path mass). We compare with cutting 12 others at random, and,
# harder, 12 others that are nearest to them in how much they *differ* between the token and the
# rest, whatever their paths. Nearest need not be near: what if the 12 are those that differ most of
# all? So we print what part of their difference the others reach together. The balanced accuracy
# of a token is .5 if it is not known.

# %%
cuts, first, means = [Cut()], chain[0], run.activations(chain[0], trained, "mean")
reached, most_different = [], []  # by the 12 nearest; how many of the 12 cut are among the 12 that differ most
for number in range(len(run.token_names)):
    aims = [np.full_like(best, number) for best in preferred[trained]]
    shares = coupling_graph.input_shares(contrasts(trained, kernels[trained], aims))
    most = coupling_graph.path_masses(shares)[0][:, number].argsort()[::-1][:12]
    cut, own = Cut(units={first: most}), probe.tokens == number
    differ = np.abs(means[own].mean(axis=0) - means[~own].mean(axis=0))
    cuts += [cut, *(random_cut(model, cut, generator) for _ in range(3))]
    cuts += [matched_cut(model, cut, generator, {first: differ}) for _ in range(3)]
    differences = [cut_strength(model, each, {first: differ}) for each in (cut, *cuts[-3:])]
    reached.append(np.mean(differences[1:]) / differences[0])
    most_different.append(np.isin(most, differ.argsort()[-12:]).sum())

# %% [markdown]
# All cuts are looked at together: what `conv3_1` evokes goes through one **gate** a cut, which is 0 for the units that
# are cut.

# %%
gates = np.ones((len(cuts), means.shape[1]))
for gate, cut in zip(gates, cuts):
    gate[list(cut.units.get(first, ()))] = 0
few = density.exemplar_numbers(probe.tokens) < 40
known = Look(gated_logits(model, probe.images[few], first, gates), probe.tokens[few]).balanced_accuracies

# %%
of_tokens = known[1:].reshape(len(run.token_names), 7, -1)  # token that is aimed at, its seven cuts, token asked
hit = np.stack([of_cuts[:, number] for number, of_cuts in enumerate(of_tokens)])
for token_name, uncut, of_cuts, share, both in zip(run.token_names, known[0], hit, reached, most_different):
    print(f"{token_name:8} uncut {uncut:.2f}, cut {of_cuts[0]:.2f}, 12 at random {of_cuts[1:4].mean():.2f}, "
          f"12 nearest in difference {of_cuts[4:].mean():.2f} (together {share:.0%} as different; "
          f"{both} of the 12 cut are among the 12 that differ most)")
ax = bars(dict(zip(run.token_names, hit[:, 0])), marks=dict(zip(run.token_names, hit[:, 4:].mean(axis=1))),
          marks_name=f"12 others, together {np.mean(reached):.0%} as different", levels={0.5: "not known"},
          xlabel="balanced accuracy without the 12 units of most paths")
ax.set_xlim(0, 1.12)
ax.figure.savefig(figures / "06_cuts.png")

# %% [markdown]
# What we see in `figures/06_cuts.png` with the default faces (after a line: the mark's number): for some
# tokens, cutting the units of most paths does far more harm than the same number at random, and
# more than the harder control. For others it does none, and in other runs it may do none at all.
# And the harder control is not hard enough: most of the 12 that are cut are those that differ most,
# so the others differ less, together about two thirds as much. Part of the harm may be no more
# than that. This control cannot tell paths from difference where both choose the same units.
# A token can be lost in two ways, too: it is no longer named, or its name is given to everybody.
# So path mass may tell *something* about who is needed, and no more than that. Three draws of each
# control are few; take more before you believe a difference.
#
# What does *not* hold: that the graph of couplings explains the network. Correlations are mostly
# shared tuning, strong edges are mostly tuned inputs, and hubs are loud. What stands is small
# and exact: contributions add up, and cuts do what they say. Lesson 7 asks what comes first,
# couplings or detectors.
#
# ## Exercise
#
# Fill in the functions of `lessons/exercises/exercise_06.py`, and check them with
# `dense-keras check 06`:
#
# 1. `shuffled_in_tokens`: the null that keeps tuning and destroys links.
# 2. `fall_when_cut`: by how much a unit falls when an edge is cut, ReLU and all.
# 3. `contrast`: which contributions make a unit prefer a token.
#
# To think about: two units of one layer have no edge between them, and yet a noise correlation of .9
# with token and view out. Name two causes. Which cut would tell them apart?
#
# ## Where this comes from
#
# - S. J. Hanson, V. Yadav and C. Hanson, "Dense Sample Deep Learning", arXiv 2307.10991 (2023).
#   Only what its abstract states is used: five unique tokens, at least 500 exemplars of each, a
#   VGG network of 1.24 million weights, and the aim of following how features are constructed.
#   How coupling is defined, measured, tested and drawn here is our choice, not the paper's.
# - M. Cohen and A. Kohn in Nature Neuroscience 14 (2011), pages 811 to 819: signal and noise
#   correlation, how they are measured, and what they can mean.
# - M. Newman, "Mixing patterns in networks", Physical Review E 67 (2003): assortativity; M. Newman
#   and M. Girvan, "Finding and evaluating community structure in networks" (2004): modularity;
#   V. Blondel and others, "Fast unfolding of communities in large networks" (2008): how it is sought.
# - S. Maslov and K. Sneppen, "Specificity and stability in topology of protein networks", Science
#   296 (2002): rewiring. D. Filan and others, "Clusterability in neural networks" (2021): networks
#   compared with shuffled weights.
# - Contributions are the linearity of a layer, and no invention. To take their contrasts for
#   edges, and products of shares for paths, is our own.
