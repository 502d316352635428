# %% [markdown]
# # 7. Graphical bootstrapping
#
# **Question.** Who comes first: the detectors of parts, the couplings between units, or the
# units that know a token?
#
# "Graphical bootstrapping" is a term of the paper that this course follows. How it is to be
# *measured* is not settled, and what we do here is **our own reading** of it. We take it as a
# claim about order, in three sentences that can turn out wrong:
#
# 1. first, units of one layer come to read a **part**;
# 2. then **couplings** grow from these units to a unit of the next layer;
# 3. only then does that unit become **selective** for a token, or for a conjunction of parts.
#
# When something begins we call its **onset**: the step from which a curve stays above a level.
#
# *Time: about 40 minutes, of which the computer needs less than one. Needs: a run of lesson 2.*
#
#     python lessons/07_graphical_bootstrapping.py             the run that `dense-keras train` records
#     python lessons/07_graphical_bootstrapping.py runs/mine   any other recorded run
#
# **Predict first**, before you start it. In all three, think of the layers near the output.

# %%
guess_part_first = 0.80  # share of strong couplings whose part was read before the coupling came
guess_coupling_first = 0.80  # share of strong couplings that came before the next unit knew its token
guess_layer = "conv1_1"  # layer that costs most accuracy when it alone is set back to its untrained weights

# %%
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import logit

from dense_keras.course import recorded_run
from dense_keras.experiment import model_at
from dense_keras.figures.bars import bars
from dense_keras.figures.heat_maps import heat_map_over_steps
from dense_keras.figures.palette import LIGHT
from dense_keras.figures.rasters import onset_raster
from dense_keras.interventions import accuracy_after_rewinding
from dense_keras.kernel_inputs import KernelInputs
from dense_keras.measures import bootstrapping, conjunctions, coupling, detectors
from dense_keras.measures.classification import onset_steps
from dense_keras.measures.coupling_graph import kept_at_density
from dense_keras.measures.similarity import cka_debiased
from dense_keras.report import responses_to_codes

# A notebook has neither a command line of its own nor a file that the figures could lie beside.
arguments, here = (sys.argv[1:], Path(__file__).parent) if "__file__" in globals() else ([], Path())
figures = here / "figures"
figures.mkdir(exist_ok=True)
plt.rcParams.update(LIGHT)

run = recorded_run(*arguments)
steps = run.steps
probe, factorial = run.probes["held_out"], run.probes.get("factorial")

# %% [markdown]
# ## Which layer is ready first?
#
# We begin with whole layers. How similar is what a layer evokes at a step to what it evokes at
# the end? CKA says so, from 0 to 1 (lesson 4). A layer is ready when it is above .9.
#
# A trap lies here. A layer that hardly changes at all is similar to its final state *from the
# start*, and so looks ready first. We therefore also ask for the **normalised** similarity: how
# much of its own way, from the untrained network to the end, has a layer gone?

# %%
last = {layer: run.activations(layer, steps[-1]) for layer in run.layers}
similarities = np.ones((len(run.layers), len(steps)))  # to the end; at the end it is 1
for column, step in enumerate(steps[:-1]):
    similarities[:, column] = [cka_debiased(run.activations(layer, step), last[layer]) for layer in run.layers]
normalised = bootstrapping.normalised_similarities(similarities)
ready = bootstrapping.convergence_steps(similarities, steps, level=0.9)
half_way = bootstrapping.convergence_steps(normalised, steps, level=0.5)
for layer, raw_step, own_step, start in zip(run.layers, ready, half_way, similarities[:, 0]):
    print(f"{layer:11} ready at step {raw_step:5g}; half of its own way at step {own_step:5g}; "
          f"untrained {start:.2f} like the end")

# %%
depth = np.arange(len(run.layers))
print(f"Order and depth (1: from the input up, -1: from the output down): "
      f"raw {bootstrapping.rank_correlation(ready, depth):+.2f}, "
      f"normalised {bootstrapping.rank_correlation(half_way, depth):+.2f}")
print("Raw order and similarity of the untrained layer to the end: "
      f"{bootstrapping.rank_correlation(ready, similarities[:, 0]):+.2f}")

# %%
figure, axes = plt.subplots(2, 1, figsize=(6, 6.4))
for ax, values, unit in zip(axes, (similarities, normalised), ("CKA with the end", "share of its own way")):
    heat_map_over_steps(values.T, steps, run.layers, ax, unit=unit, limits=(0, 1))
figure.savefig(figures / "07_convergence.png")

# %% [markdown]
# What we see in `figures/07_convergence.png`. Above, early layers are bright from the first
# column on, which is the untrained network: a triangle that seems to say "from the input up".
# Below is the same, normalised: does the triangle stay? Read the last two lines that were
# printed. If the raw order goes with depth, but as much *against* the similarity at the start,
# it tells us who moved little, and nothing about who came first.
#
# What does *not* hold: that the normalised order is the true one. It counts in full what little
# a layer moved, with its noise. Neither order can say what a layer is *needed* for.
#
# ## Set one layer back
#
# That can be tested. We take the final network and set **one** layer back to its weights at an
# earlier step; all others stay. What accuracy is left? Nothing is trained for this.

# %%
chosen = [steps[place] for place in np.unique(np.linspace(0, len(steps) - 1, 5).astype(int))]
weighted = [layer for layer in run.layers if f"{layer}/kernel" in run.weights(0)]
accuracies = accuracy_after_rewinding(run, chosen, weighted)
costs = bootstrapping.rewinding_costs(accuracies)
cheap = bootstrapping.rewinding_steps(accuracies, chosen)
for layer, cost, step in zip(weighted, costs[:, 0], cheap):
    print(f"{layer:8} back to untrained costs {cost:+.2f} of accuracy; less than .02 from step {step:g} on")
print(f"Costs most: you guessed {guess_layer}, it is {weighted[costs[:, 0].argmax()]}")
ax = heat_map_over_steps(accuracies.T, chosen, weighted, unit="held-out accuracy (share)",
                         limits=(1 / len(run.token_names), 1), ylabel="the layer that was set back")
ax.set_xlabel("set back to this step; all other layers stay final")
ax.figure.savefig(figures / "07_rewinding.png")

# %% [markdown]
# What we see in `figures/07_rewinding.png`: a column a step, and the last column is the
# untouched network. Are the dark cells where you expected them? A layer that costs nothing
# could have stayed random: what it was born with is good enough. There is a difference to the
# pictures above: this one is *causal*, since we changed something and looked.
#
# What does *not* hold: that the cost is how much a layer learned. Layers learn to fit each
# other. A layer set back may fail only because those behind it expect its later state.
#
# ## Onsets of units
#
# Now single units, of the layers near the output. Does a unit read a part? We ask the
# **factorial probe**, in which all codes are equally frequent. On the held-out faces the
# question could not be answered: there the hair, say, goes with the token, and whatever knows a
# token would seem to read its hair. Is it selective for a token? We ask the held-out probe.
# Both are areas under the ROC curve (lesson 5), .5 is chance, and the level is the same: .75.
# Is it a conjunction? There the level is a share of interaction between parts of .3 (lesson 9,
# which also tells why an accessory is held off).

# %%
layers = ["conv4_1", "conv4_2", "global_pool", "dense", "logits"]
selectivities, preferred, token_onsets = {}, {}, {}
for layer in layers:
    auc = np.stack([detectors.token_auc(run.activations(layer, step), probe.tokens) for step in steps])
    preferred[layer] = detectors.preferred_columns(auc[-1])  # the token that it prefers in the end
    selectivities[layer] = auc[:, np.arange(auc.shape[1]), preferred[layer]]
    token_onsets[layer] = onset_steps(selectivities[layer], steps, bootstrapping.SELECTIVITY_LEVEL)

# %% [markdown]
# Parts and conjunctions are asked of the factorial probe, unit by unit in the same way.

# %%
part_onsets, conjunction_onsets = {}, {}
wears = None if factorial is None else detectors.part_membership(factorial.codes)[0]
for layer in layers if factorial else []:
    evoked = [run.activations(layer, step, probe="factorial") for step in steps]
    auc = np.stack([detectors.detection_auc(activations, wears) for activations in evoked])
    best = auc[:, np.arange(auc.shape[1]), detectors.preferred_columns(auc[-1])]
    part_onsets[layer] = onset_steps(best, steps, bootstrapping.SELECTIVITY_LEVEL)
    responses = [responses_to_codes(run, layer, step) for step in steps]
    interaction = [conjunctions.interaction_shares(conjunctions.part_set_energies(each)) for each in responses]
    explained = np.array([conjunctions.explained_shares(each) for each in responses])
    curves = np.where(explained >= 0.1, interaction, np.nan)  # where parts explain next to nothing, it is luck
    conjunction_onsets[layer] = onset_steps(curves, steps, bootstrapping.CONJUNCTION_LEVEL)
if factorial is None:
    print("Nobody knows the parts of these tokens: onsets of parts and conjunctions are left out.")

# %% [markdown]
# ## Onsets of couplings
#
# A coupling leads from a unit to a unit of the next layer. How strong is it? We ask twice,
# because the answer to "who comes first" will depend on it:
#
# - its **contribution**: how much more it adds to the next unit on the token that this unit
#   prefers than on the others (lesson 6). This is what the next unit really gets;
# - its **weight**: the size of its weights times how active the unit before it is.
#
# Its onset is when it is stronger, and stays so, than 99 of 100 couplings of the untrained
# network. For a convolution, what its kernel sees must be computed from activation maps.

# %%
links = {"conv4_2": "conv4_1", "dense": "global_pool", "logits": "dense"}  # a layer and the one before it
some = slice(None, None, 2)  # every second exemplar of the probe will do
membership = detectors.token_membership(probe.tokens)[some]
contribution, weight = {layer: [] for layer in links}, {layer: [] for layer in links}
model = model_at(run, 0)
reader = KernelInputs(model, list(links))
for step in steps:
    weights = run.weights(step)
    model.set_weights(list(weights.values()))
    kernels, best = [weights[f"{layer}/kernel"] for layer in links], [preferred[layer] for layer in links]
    contrasts = coupling.chain_contrasts(reader.of(probe.images[some]).values(), kernels, membership, best)
    for layer, contrast, kernel in zip(links, contrasts, kernels):
        contribution[layer].append(contrast)
        weight[layer].append(coupling.weight_strength(kernel, run.activations(links[layer], step)[some]))

# %%
strengths = {"contribution": contribution, "weight": weight}
coupling_onsets, strongest = {}, {}
for kind, layer in ((kind, layer) for kind in strengths for layer in links):
    strength = np.stack(strengths[kind][layer])  # (snapshots, units before, units)
    coupling_onsets[kind, layer] = bootstrapping.edge_onset_steps(strength, steps, null_strengths=strength[0])
    strongest[kind, layer] = np.argwhere(kept_at_density([strength[-1]])[0])  # the strongest 2 in 100 at the end
    came = np.isfinite(coupling_onsets[kind, layer])
    print(f"{kind:12} {links[layer]:11} to {layer:8}: {came.mean():4.0%} of the couplings have an onset, "
          f"{came[tuple(strongest[kind, layer].T)].mean():4.0%} of the strongest")

# %%
into = {}  # onset of the coupling that in the end contributes most to each unit
for layer in links:
    most = np.abs(contribution[layer][-1]).argmax(axis=0)
    into[layer] = coupling_onsets["contribution", layer][most, np.arange(len(most))]
none = {layer: np.full(len(token_onsets[layer]), np.nan) for layer in layers}
kinds = {"reads a part": part_onsets, "its strongest coupling": into, "knows a token": token_onsets,
         "conjunction": conjunction_onsets}
kinds = {kind: onsets for kind, onsets in kinds.items() if onsets}
rows = {kind: np.concatenate([onsets.get(layer, none[layer]) for layer in layers]) for kind, onsets in kinds.items()}
for kind, onsets in rows.items():
    late = onsets[np.isfinite(onsets) & (onsets > 0)]
    middle = f"half of them by step {np.median(late):.0f}" if len(late) else "none later"
    print(f"{kind:22}: {np.sum(onsets == 0):3} units from the start, {len(late):3} later, {middle}; "
          f"{np.isinf(onsets).sum()} never")

# %%
figure, ax = plt.subplots(figsize=(6, 6.8))
item_layers = np.repeat(np.arange(len(layers)), [len(token_onsets[layer]) for layer in layers])
onset_raster(rows, item_layers, layers, steps[-1], ax)
figure.savefig(figures / "07_onsets.png")

# %% [markdown]
# What we see in `figures/07_onsets.png`: a row a unit, in each layer the earliest on top; the
# left edge is the **untrained** network, the right edge is "never". (The coupling is the one
# that in the end contributes most to the unit.) Does one colour stand to the left of another in
# *each* layer? And do the layers follow each other, or do all begin at about the same time?
#
# What does *not* hold: that a mark further left came first. The kinds have levels of their own,
# and nothing says that an AUC of .75 is as much as 99 of 100 untrained couplings. With other
# levels the colours can change places. What levels cannot do is choose *partners*: if
# bootstrapping is right, a coupling has to wait for the part of **its own** unit.
#
# ## Lead and lag
#
# So for each of the strongest couplings of which all three onsets are known we ask: did its
# part come before it? Did it come before the selectivity of the unit that it leads to? A share
# of .5 is a coin. Two comparisons tell what the share is worth:
#
# - **other** couplings of the same two layers, drawn at random, as many (nan: there are none);
# - **shuffled** onsets: the strong couplings exchange their onsets among themselves. When
#   parts, couplings and selectivities come stays as it is; only who belongs to whom is lost.

# %%
generator = np.random.default_rng(0)
asked = {key: (coupling_onsets[key], part_onsets[links[key[1]]], token_onsets[key[1]])
         for key in strongest if part_onsets}
shares, by_chance = {}, {}

# %%
for (kind, layer), onsets in asked.items():
    pairs, possible = strongest[kind, layer], bootstrapping.pairs_with_onsets(*onsets)
    known = possible[tuple(pairs.T)].sum()
    print(f"By {kind}, {links[layer]} to {layer}: {known} of {len(pairs)} strong couplings have all three onsets")
    if not known:
        continue
    others = pairs[:0] if known == possible.sum() else bootstrapping.matched_pairs(pairs, possible, generator)
    shuffled = bootstrapping.shuffled_shares(pairs, *onsets, generator, draws=300)
    for place, order in enumerate(("part, then coupling", "coupling, then token")):
        of_pairs, of_others = (bootstrapping.lead_and_lag(which, *onsets)[place] for which in (pairs, others))
        low, high = np.quantile(shuffled[:, place], [0.025, 0.975])
        share = shares[kind, layer, order] = float(bootstrapping.positive_share(of_pairs))
        by_chance[kind, layer, order] = float(shuffled[:, place].mean())
        print(f"    {order:21}: {share:.2f}; others {bootstrapping.positive_share(of_others):.2f}; "
              f"shuffled {low:.2f} to {high:.2f}; p {bootstrapping.sign_test(of_pairs).p_value:.0e}")

# %%
drawn = {kind: [key for key in shares if key[0] == kind and np.isfinite(shares[key])] for kind in strengths}
for guess, order in ((guess_part_first, "part, then coupling"), (guess_coupling_first, "coupling, then token")):
    for kind in strengths:
        if np.isfinite(share := shares.get((kind, "dense", order), np.nan)):
            print(f"Into dense, by {kind}, {order}: you guessed {guess:.2f}, it is {share:.2f}")
if not any(drawn.values()):
    print("Lead and lag of parts, couplings and tokens are left out: no couplings of which all three are known.")

# %%
if any(drawn.values()):
    figure, axes = plt.subplots(2, 1, figsize=(6, 5.6))
    for ax, kind in zip(axes, strengths):
        names = {key: f"into {key[1]}: {key[2]}" for key in drawn[kind]}
        bars({names[key]: shares[key] for key in names}, ax, levels={0.5: "coin"},
             marks={names[key]: by_chance[key] for key in names}, marks_name="shuffled onsets",
             xlabel="share of the strong couplings in this order")
        ax.set_title(f"strength by {kind}\n")
        ax.set_xlim(0, 1.12)
    figure.savefig(figures / "07_lead_and_lag.png")

# %% [markdown]
# What we see in `figures/07_lead_and_lag.png`: a bar, with its number, is what was found; the
# mark across it is what remains if partners are lost. Bootstrapping in our reading asks for two things: bars
# beyond .5, *and* well beyond their marks. Look at both pictures before you conclude.
#
# What does *not* hold, and each of these is a trap:
#
# - The p printed is absurdly small, and wrong. Couplings share their units, so there are far
#   fewer independent facts than couplings. Never test over couplings of one run.
# - Strong couplings differ from the others. But one that ends strong passes a fixed level
#   *early*, for this reason alone. The comparison with others of any strength is not fair, and
#   the one with shuffled onsets, all of strong ones, is fairer.
# - Where both pictures disagree about who comes first, the order is one of our levels and of our
#   kind of strength, not one of the network.
# - Some order is built in. A contribution contains what the unit that it comes from tells about
#   the token. If parts tell something (additive tokens), it has to grow as soon as the unit
#   tells anything, long before its AUC is .75, and the part looks late. If a part alone tells
#   nothing (conjunctive tokens), a unit that reads a part contributes nothing, and the coupling
#   looks late. Neither is a discovery.
#
# ## Does coupling come before growth?
#
# A test without onsets of couplings. At each snapshot, take for each unit how strongly it is
# coupled to units whose part *has come*. Does it gain more selectivity until the next snapshot
# than other units do? We hold fixed how selective it is and how strongly it is coupled in all,
# and compare units **within** a snapshot: over time everything grows together, and would be
# correlated for no reason. Bootstrapping predicts a number above 0: the gain in AUC for one
# standard deviation more of coupling to such units.
#
# An obvious artefact: an AUC has a ceiling at 1. Who is coupled to units that came early may be
# nearly there, and cannot gain. So we ask again in **log odds**, log(AUC / (1 - AUC)), which go on
# where the AUC saturates (it is clipped at .999).

# %%
def gain(selectivity, strength, onsets):
    """Growth for one standard deviation more of coupling to units whose part has come, in words."""
    rows = bootstrapping.growth_rows(selectivity, strength, onsets, steps)
    growth, predictors = map(bootstrapping.within_snapshots, rows)
    units = np.tile(np.arange(growth.shape[1]), len(growth))
    fitted = bootstrapping.clustered_regression(growth.ravel(), predictors.reshape(-1, 3), units)
    found, error = np.array([fitted.coefficients[1], fitted.standard_errors[1]]) * predictors[..., 0].std()
    return f"{found:+.4f} with a standard error of {error:.4f}"


# %%
for kind, layer in asked:
    auc, given = selectivities[layer], (strengths[kind][layer], part_onsets[links[layer]])
    try:
        print(f"By {kind:12}, into {layer:8}: {gain(auc, *given)} in AUC, "
              f"{gain(logit(auc.clip(0.001, 0.999)), *given)} in log odds ({auc.shape[1]} units)")
    except ValueError as why:
        print(f"By {kind:12}, into {layer:8}: cannot be fitted. {str(why).partition(':')[0]}.")
if not asked:
    print("Growth and conjunctions are left out, because they need parts.")

# %% [markdown]
# And conjunctions: did they come after the parts of the units that they are coupled to?

# %%
for kind, layer in asked:
    onsets = part_onsets[links[layer]], conjunction_onsets[layer]
    lags = bootstrapping.conjunction_lags(strongest[kind, layer], *onsets)
    signs = bootstrapping.sign_test(lags)
    print(f"By {kind:12}, into {layer:8}: {signs.positive} conjunctions came after all parts of their strong inputs, "
          f"{signs.negative} before, {signs.ties} with the last of them")

# %% [markdown]
# What to look for: is the sign the same for both kinds of strength, in all layers and on both
# scales? Of a number that turns its sign with the definition nothing should be concluded. With the
# default faces the number into `dense` is *below* 0, by both kinds of strength and also in log
# odds, so the ceiling alone does not explain it. This speaks against the prediction: units that
# are coupled more to units whose part has come gain *less* than others. The standard error
# takes the units of one run for independent, which they are not, so it is too small; and into
# `logits` there are only as many units as tokens. The last lines are about conjunctions: with
# additive tokens there are few or none, because none are needed (lesson 9). With conjunctive
# ones ask again: after their parts or before, and is it so for both kinds of strength?
#
# ## What would be evidence?
#
# Nothing in this lesson is, be it for or against: it is *one run*. Here is what it would take.
#
# 1. Write down levels, layers and kind of strength **before** looking, and let them be.
# 2. Record five seeds, none of which you have used to choose: `dense-keras train --seed 1`, ...
# 3. From each take *one* number and its control, say the share in the order "coupling, then
#    token" and the middle of its shuffled ones. `bootstrapping.over_seeds(found, control)`
#    gives the mean of the differences and its standard error over seeds. Even if all five
#    agree, p is .0625.
# 4. Do the same on networks in which nothing is constructed: shuffled tokens, or layers that
#    stay random below a trained read-out. What is found there as well is no bootstrapping. (But
#    ask first whether they learned anything. With shuffled *conjunctive* tokens the training
#    accuracy stays at .22, where chance is .20: that control is nearly an untrained network.)
# 5. Better than watching is acting: cut the couplings, train on, and see whether the
#    selectivity is late. `interventions.train_on` does that from any snapshot.
#
# ## Exercise
#
# Fill in the three functions of `lessons/exercises/exercise_07.py`, and check them with
#
#     dense-keras check 07
#
# 1. `onset`: from which step does a curve *stay* above a level?
# 2. `share_of_its_way`: the normalised similarity.
# 3. `share_by_chance`: how often would one kind come before another if nobody had a partner?
#    This is the mark in the figure, without any shuffling.
#
# To think about: in this lesson one level decided about parts and about tokens. Suppose
# somebody shows you that parts come before tokens, with levels of .6 and .9. What would you ask
# for?
#
# ## Where this comes from
#
# - S. J. Hanson, V. Yadav and C. Hanson, "Dense Sample Deep Learning", arXiv 2307.10991 (2023).
#   From it are the term and the experiment: five unique tokens, at least 500 exemplars of each,
#   a VGG network of 1.24 million weights, following how category structure emerges and features
#   are constructed. The reading of the term as an order of onsets, the levels, the couplings
#   and all tests here are our own, and so is what they find.
# - Zhang, Bengio & Singer 2022, "Are all layers created equal?", arXiv 1902.01996:
#   one layer is set back, the others stay.
# - M. Raghu, J. Gilmer, J. Yosinski and J. Sohl-Dickstein, "SVCCA", arXiv 1706.05806 (2017):
#   similarity to the final state, and layers that converge from the input up. Compare with our
#   normalised picture.
