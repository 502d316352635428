# %% [markdown]
# # 5. Feature detectors
#
# **Question.** What does a single unit respond to, and how much of that was learned?
#
# A unit that responds to one thing and not to others is called a **detector** of it. Pictures
# of detectors are easy to make and easy to believe. But an untrained network has units too.
# Each of them responds to something, and out of many hundreds one always fits. So in this
# lesson nothing is shown alone: beside every trained unit stands the *same* unit untrained.
#
# *Time: about 45 minutes, of which the computer needs less than one. Needs: a run (lesson 2).*
#
#     python lessons/05_feature_detectors.py                     the run that `dense-keras train` records
#     python lessons/05_feature_detectors.py runs/mine           any other recorded run
#     python lessons/05_feature_detectors.py runs/mine runs/two  and the filters of a second one beside it
#
# (Without a second folder it is the run that `dense-keras train --preset rich` records, if that is there.)
#
# **Predict first.**

# %%
guess_turn = 45  # degrees by which training turns the filters of the first layer: 0 not at all, 90 quite anew
guess_detectors = 0.50  # share of the units of layer `dense` that tell one token from the others in the end
guess_dead = 0.05  # share of the units of layer `dense` that no image excites in the untrained network
guess_part = "eyes"  # the part whose place in the image some unit of the trained network finds best

# %%
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from dense_keras import probes
from dense_keras.course import recorded_run, run_beside
from dense_keras.experiment import model_at
from dense_keras.face_views import readable_factors
from dense_keras.figures.bars import bars
from dense_keras.figures.curves import curves_over_steps, draw_curves
from dense_keras.figures.heat_maps import heat_map_over_steps
from dense_keras.figures.image_rows import image_rows
from dense_keras.figures.palette import GRAY, LIGHT, part_colours, token_colours
from dense_keras.measures import density, detectors, dissection, dynamics, receptive_fields
from dense_keras.preferred_images import preferred_images

# A notebook has neither a command line of its own nor a file that the figures could lie beside.
arguments, here = (sys.argv[1:], Path(__file__).parent) if "__file__" in globals() else ([], Path())
figures = here / "figures"
figures.mkdir(exist_ok=True)
plt.rcParams.update(LIGHT)

run = recorded_run(*arguments[:1])
probe, untrained, trained = run.probes["held_out"], run.steps[0], run.steps[-1]
runs = [each for each in (run, run_beside(run, *arguments[1:], preset="rich")) if each]

# %% [markdown]
# ## The filters of the first layer
#
# The first layer looks at the image itself, so its weights can be drawn as small images of
# 3 x 3 pixels, gray where a weight is 0. Textbooks show such pictures of trained networks, and
# call them detectors of edges and colours. We draw each filter before training, after it, and
# what came in between: the change. To be generous, we take the filters that moved most.

# %%
figure, axes = plt.subplots(len(runs), 1, figsize=(6, 2.1 * len(runs)), squeeze=False)
for ax, each in zip(axes[:, 0], runs):
    start, end = (each.weights(each.steps[place])["conv1_1/kernel"] for place in (0, -1))
    change = end - start  # (3, 3, channels, units), as all kernels
    moved = np.square(change).sum(axis=(0, 1, 2)) / np.square(start).sum(axis=(0, 1, 2))
    most = moved.argsort()[::-1][:12]
    largest, of_change = max(np.abs(start).max(), np.abs(end).max()), np.abs(change).max()
    shares = np.stack([start / largest, end / largest, change / of_change])[..., most]
    tiles = np.rint(127.5 + 127.5 * shares).astype(np.uint8).transpose(0, 4, 1, 2, 3)
    rows = ("untrained", "trained", f"change x {largest / of_change:.1f}")
    image_rows(tiles.repeat(10, axis=2).repeat(10, axis=3), rows, [str(unit) for unit in most], ax)
    ax.set_xlabel(f"unit of conv1_1 in {each.folder.name}")
figure.savefig(figures / "05_filters.png")

# %% [markdown]
# How far did the filters turn? All filters of a layer together are one long arrow. Its angle
# with where it pointed before training says how much is new: 0 degrees nothing, 90 degrees all.

# %%
for each in runs:
    rotations = dynamics.layer_rotations(each.weights(each.steps[-1]), each.weights(each.steps[0]))
    turns = {layer: np.degrees(np.arccos(1 - rotation)) for layer, rotation in rotations.items()}
    print(each.folder.name, "turned by degrees:", ", ".join(f"{layer} {turn:.0f}" for layer, turn in turns.items()))
    if each is run:
        print(f"First layer: you guessed {guess_turn} degrees, it is {turns['conv1_1']:.1f}")

# %% [markdown]
# What we see in `figures/05_filters.png`: with the default settings the filters after training
# *are* the filters before training. What looks like a detector of a colour or an edge is a
# throw of dice. The change has to be magnified to be seen at all; its row says how much. Such
# training is called **lazy**: random filters are good enough, and later layers learn to use
# what these happen to offer. The preset `rich` begins with small weights in its first layers
# and takes larger steps. If you have recorded it, look at its rows: there filters do change.
#
# What does *not* follow: that nothing was learned. Many layers that turn a little each can
# together change all that the last of them is given. So let us ask for responses, not weights.
#
# ## How well does a unit detect?
#
# Take an exemplar of Ada and one of somebody else. How often does a unit respond more to Ada?
# That probability is called **AUC**, the area under the ROC curve: .5 is chance, 1 a perfect
# detector, and the scale of the unit plays no role. A unit is named by the token for which its
# AUC is highest. We call it a detector if that exceeds .9.

# %%
layers = [layer for layer in run.layers if layer != "logits"]  # a logit is a token's own unit by its place
token_auc = {
    layer: [detectors.token_auc(run.activations(layer, step), probe.tokens) for step in run.steps] for layer in layers
}
found = {"tokens": [[detectors.detector_share(auc) for auc in token_auc[layer]] for layer in layers]}
if run.part_names:
    variants = detectors.part_membership(probe.codes)[1]  # (columns, 2): of which part, which variant
    part_auc = {
        layer: [detectors.part_auc(run.activations(layer, step), probe.codes)[0] for step in run.steps]
        for layer in layers
    }
    found["variants of parts"] = [[detectors.detector_share(auc) for auc in part_auc[layer]] for layer in layers]

# %%
in_dense = found["tokens"][layers.index("dense")]
shuffled = detectors.token_auc(run.activations("dense", trained), np.random.default_rng(0).permutation(probe.tokens))
print(f"Detectors of tokens in dense: you guessed {guess_detectors:.2f}, it is {in_dense[-1]:.2f}")
print(f"Untrained it is {in_dense[0]:.2f}, and with shuffled tokens {detectors.detector_share(shuffled):.2f}.")
for place, step, network in ((0, untrained, "untrained"), (-1, trained, "trained")):
    alive = ~detectors.dead_units(run.activations("dense", step))
    auc = np.column_stack([aucs["dense"][place] for aucs in (token_auc, *([part_auc] if run.part_names else []))])
    print(f"dense, {network:9}: {1 - alive.mean():.2f} of the units are silent for every exemplar; "
          f"of the others {detectors.detector_share(auc[alive]):.2f} detect {' or '.join(found)}")
figure, axes = plt.subplots(len(found), 1, figsize=(6, 2.9 * len(found)), squeeze=False)
most = max(0.01, *np.ravel(list(found.values())))
for ax, (what, shares) in zip(axes[:, 0], found.items()):
    heat_map_over_steps(np.transpose(shares), run.steps, layers, ax, unit="share of units", limits=(0, most))
    ax.set_title(f"units that detect {what} (AUC above .9)")
figure.savefig(figures / "05_selectivity.png")

# %% [markdown]
# What we see in `figures/05_selectivity.png`: detectors of tokens come late in training and late
# in the network. Lower layers have few or none, in the end as in the beginning. With the default
# faces, the last layers detect variants of *parts* before they detect tokens. Is a share of a
# half little? The printed lines tell: most units of `dense` that detect nothing are silent for
# every exemplar (dead; we come to them). Of the living most detect a token or a variant, by our
# line, and few did untrained.
#
# ## A detector before any learning
#
# Which unit of the whole network is best at a part? The untrained network may answer too.

# %%
if not run.part_names:
    print("Nobody knows the parts of these tokens, so no unit can be compared with them. This section is left out.")
else:
    for part in np.unique(variants[:, 0]):
        for place, network in ((0, "untrained"), (-1, "trained")):
            best = {layer: part_auc[layer][place][:, variants[:, 0] == part].max() for layer in layers}
            where = max(best, key=best.get)
            name, highest = run.part_names[part], best[where]
            print(f"{name:8} {network:9} best AUC {highest:.2f} in {where}, {best['dense']:.2f} in dense")

# %% [markdown]
# What we see: a *random* unit can pass for a part detector. With the default faces, a few
# filters of the untrained first layer tell who has which eyes, because they happen to respond
# to what one of the variants shows more of. Nobody taught them. "This network has an eye
# detector" is no finding before the untrained network has been asked.
#
# A high AUC has a second weakness. In the held-out probe parts come as tokens wear them, so who
# detects a token detects its parts a little. Lesson 9 tells the two apart.
#
# ## What excites a unit: exemplars
#
# We take the last layer whose units see at most half of the image's side. For each part (for
# each token, where parts are unknown) we choose the unit that detects it best in the end, and
# cut out what it saw where it responded most. A frame has the colour of the exemplar's token.

# %%
fields, side = receptive_fields.receptive_fields(), probe.images.shape[1]
local = [layer for layer in layers if layer in fields and fields[layer].size <= side / 2][-1]
if run.part_names:
    columns = {run.part_names[part]: variants[:, 0] == part for part in np.unique(variants[:, 0])}
    best = {name: part_auc[local][-1][:, own].max(axis=1).argmax() for name, own in columns.items()}
else:
    best = {name: token_auc[local][-1][:, token].argmax() for token, name in enumerate(run.token_names)}
units = list(best.values())
print(f"A unit of {local} sees {fields[local].size} x {fields[local].size} pixels of {side} x {side}.")

# %%
crops, frames, colours = [], [], np.array(token_colours(len(run.token_names)))
for step in (untrained, trained):
    maps = probes.activation_maps(model_at(run, step), probe.images, [local])[local][..., units]
    activations, rows, columns = receptive_fields.peaks(maps)
    top = receptive_fields.top_exemplars(activations, count=4).T
    crops.append([
        receptive_fields.receptive_field_crops(probe.images[few], rows[few, i], columns[few, i], fields[local])
        for i, few in enumerate(top)
    ])
    frames.append(colours[probe.tokens[top]])

# %%
heads = [head for network in ("untrained", "trained") for head in (f"{network}\n1st", "\n2nd", "\n3rd", "\n4th")]
image_rows(
    np.concatenate(crops, axis=1),
    [f"{name}\nunit {unit}" for name, unit in best.items()],
    heads,
    frame_colours=np.concatenate(frames, axis=1).tolist(),
).figure.savefig(figures / "05_top_exemplars.png")

# %% [markdown]
# What we see in `figures/05_top_exemplars.png`: left and right are the same units. With the default
# settings their weights hardly turned, and yet they respond to other places. Untrained units like
# borders between dark and light: hair, the outline, the edge of the image (what lies beyond it
# is gray). Look what the right half of a row has in common, and whether it is the part that the
# row is named after. One unit may be best for two parts, because the part that tells variants
# apart need not be the part that it looks at. And remember that four exemplars are the far end
# of what a unit does; the other hundreds are not shown.
#
# ## What would excite it most: preferred images
#
# Instead of looking for an exemplar we can make an image: begin with gray, and change pixels so
# that the unit responds more and more. We do it for the units above, and for the units of
# `dense` that detect the tokens best.

# %%
of_tokens = {name: token_auc["dense"][-1][:, token].argmax() for token, name in enumerate(run.token_names)}
figure, axes = plt.subplots(2, 1, figsize=(6, 6))
for ax, layer, named in zip(axes, (local, "dense"), (best, of_tokens)):
    units, images = list(named.values()), []
    for step in (untrained, trained):
        preferred = preferred_images(model_at(run, step), layer, units, np.random.default_rng(0), steps=48)
        images.append(preferred.images)
        exemplars = run.activations(layer, step, "mean")[:, units].max(axis=0)
        beaten = np.count_nonzero(preferred.activations > exemplars)
        print(f"{layer:8} step {step:5}: {beaten} of {len(units)} preferred images excite their unit more than any "
              f"exemplar does; {np.count_nonzero(preferred.dead)} units could not be excited.")
    image_rows(np.stack(images), ["untrained", "trained"], [f"{name}\nunit {unit}" for name, unit in named.items()], ax)
    ax.set_title(f"preferred images of {layer}", pad=28)
figure.savefig(figures / "05_preferred_images.png")

# %% [markdown]
# What we see in `figures/05_preferred_images.png`: textures in the lower layer; in `dense`
# something coarser, with a place in the image. An even gray stands for a unit that the search
# could not excite. Training changes the pictures. But it does not turn them into eyes and
# mouths: without its title, hardly any of them would be taken for a part or a person. And the
# printed lines say that many of these pictures excite a unit more than any exemplar does. A
# preferred image shows what *could* excite a unit, and not what the unit is used for.
#
# ## Silent units
#
# After its ReLU a unit may be silent for all images of the probe: it is **dead**. Of the others
# we ask how few exemplars excite them. Their **lifetime sparseness** is 0 if all exemplars
# evoke the same, and 1 if a single one evokes anything.

# %%
shown = ["conv1_1", "conv2_2", "conv3_2", "conv4_2", "dense"]
evoked = {layer: [run.activations(layer, step) for step in run.steps] for layer in shown}
dead = {layer: np.array([detectors.dead_units(each).mean() for each in evoked[layer]]) for layer in shown}
sparse = {
    layer: np.array([np.nanmean(detectors.lifetime_sparseness(each)) for each in evoked[layer]]) for layer in shown
}
print(f"Dead units of dense, untrained: you guessed {guess_dead:.2f}, it is {dead['dense'][0]:.2f}")
print(f"After training it is {dead['dense'][-1]:.2f}.")
figure, (above, below) = plt.subplots(2, 1, figsize=(6, 6))
curves_over_steps(np.array(run.steps), dead, above, ylabel="dead units (share of the layer)")
curves_over_steps(np.array(run.steps), sparse, below, ylabel="lifetime sparseness (0 to 1)", untrained=True)
figure.savefig(figures / "05_sparseness.png")

# %% [markdown]
# What we see in `figures/05_sparseness.png`: in `dense` many units are dead from the start. All
# images give it nearly the same input, and a unit for which that adds up to less than 0 is
# silent for every one. With the default faces training hardly revives them, and does well
# without. Among the living, units of the middle layers come to respond to *more* exemplars,
# those of `dense` to fewer: they become choosy. "Dead" holds for this probe; another image might
# excite the unit.
#
# ## Tuning: what a response depends on
#
# How the views of a generated face were made is known: how far the head is turned, how bright
# the image is, where the light comes from. How much of a unit's variance does each of these
# **factors** explain, and how much the token? (A factor is cut into eight bins. The direction of
# the light is circular, so it comes as its strength along x and along y.)

# %%
factors = readable_factors(probe.factors)
groups = {"token": probe.tokens} | {name: detectors.factor_bins(values) for name, values in factors.items()}
explained = {
    what: np.array([np.nanmean(detectors.explained_share(each, group)) for each in evoked["dense"]])
    for what, group in groups.items()
}
print("Explained of the mean unit of dense that is not dead:")
for what, shares in sorted(explained.items(), key=lambda item: -item[1][0]):
    chance = detectors.chance_explained_share(groups[what])
    print(f"{what:12} untrained {shares[0]:.2f}, trained {shares[-1]:.2f}, by chance {chance:.2f}")
if not factors:
    print("How these images were made is unknown, so there are no factors to compare the token with.")

# %% [markdown]
# The **factorial probe** asks more sharply. It shows every code in the same views, so what is due
# to the code (who) and to the view (how seen) cannot be taken for each other. The **invariance
# index** is code / (code + view): at 0 a unit follows the view alone, at 1 the code alone.

# %%
invariance = {}
if "factorial" not in run.probes:
    print("There is no factorial probe of these tokens, so code and view cannot be told apart. This is left out.")
else:
    factorial = run.probes["factorial"]
    code_numbers = np.unique(factorial.codes, axis=0, return_inverse=True)[1].reshape(-1)
    for step, network in ((untrained, "untrained"), (trained, "trained")):
        responses = [run.activations(layer, step, probe="factorial") for layer in layers]
        by_code, by_view = (
            [detectors.explained_share(each, group) for each in responses]
            for group in (code_numbers, factorial.factors["view"])
        )
        indices = [detectors.invariance_index(*both) for both in zip(by_code, by_view)]
        invariance[network] = np.array([np.nanmedian(index) for index in indices])

# %%
panels = 1 + bool(invariance)
figure, axes = plt.subplots(panels, 1, figsize=(6, 3.3 * panels), squeeze=False)
strongest = sorted(factors, key=lambda name: -explained[name][0])[:4]
curves = {name: explained[name] for name in ("token", *strongest)}
hues = [plt.rcParams["text.color"], *part_colours(len(strongest))]
curves_over_steps(np.array(run.steps), curves, axes[0, 0], ylabel="explained of a unit of dense (share)", colours=hues)
if invariance:
    draw_curves(range(len(layers)), invariance, axes[1, 0], ylabel="invariance index (median unit)",
                colours=[GRAY, plt.rcParams["text.color"]])
    axes[1, 0].set_xticks(range(len(layers)), layers, rotation=40, ha="right")
    axes[1, 0].set_ylim(0, 1)
figure.savefig(figures / "05_tuning.png")

# %% [markdown]
# What we see in `figures/05_tuning.png` with the default faces: an untrained unit of `dense` is
# above all a light meter. Brightness explains far more of it than who is shown. Training turns
# that around. Below, depth makes the difference: in the first layers the median unit goes by the
# view after training as before, and invariance grows from layer to layer. In the untrained
# network it does not; depth alone makes nothing invariant.
#
# ## Dissection: does it respond *where* the part is?
#
# The masks tell which pixels show a part. Call a unit active at its strongest 1 % of all places,
# and compare these with the part's: intersection over union, **IoU**. From .04 on, Bau and others
# speak of a detector. But a part's size decides what is possible. If a part covers 16 % of all
# pixels and a unit may be active at 1 %, then even its perfect detector reaches 1 / 16 only.
# This **ceiling** is min(p, q) / max(p, q), for a part's share p and an active share q.

# %%
if probe.masks is None:
    print("There are no part masks of these tokens, so nothing can be dissected. This section is left out.")
else:
    few = density.exemplar_numbers(probe.tokens) < 20
    masks, dissected = probe.masks[few], ["conv1_2", "conv2_2", "conv3_2", "conv4_2"]
    raw, own = {}, {}  # step -> (units of all these layers, parts)
    for step in (untrained, run.steps[len(run.steps) // 2], trained):
        maps = probes.activation_maps(model_at(run, step), probe.images[few], dissected)
        raw[step] = np.concatenate([dissection.part_iou(maps[layer], masks) for layer in dissected])
        own[step] = np.concatenate([dissection.part_iou_at_share(maps[layer], masks) for layer in dissected])
        counts = dissection.detectors_of_parts(raw[step])
        print(f"Step {step:5}, units above .04, by their best part:",
              ", ".join(f"{name} {count}" for name, count in zip(run.part_names, counts)))

# %% [markdown]
# To judge all parts alike, let a unit be active at as many places as the part has pixels. Every
# ceiling is then 1, and who guesses blindly gets p / (2 - p).

# %%
if probe.masks is not None:
    area = dissection.part_shares(masks)
    found_by = (raw[trained], own[trained], own[untrained])
    best_raw, best_own, best_untrained = (np.nan_to_num(iou).max(axis=0) for iou in found_by)
    by_raw, by_own = (run.part_names[int(best.argmax())] for best in (best_raw, best_own))
    print(f"Best found: you guessed {guess_part}; active at 1 % it is {by_raw}, at the part's own share {by_own}")
    names = [f"{name} (blindly {share / (2 - share):.2f})" for name, share in zip(run.part_names, area)]
    figure, (above, below) = plt.subplots(2, 1, figsize=(6, 4.8))
    bars(dict(zip(run.part_names, best_raw)), above, marks=dict(zip(run.part_names, dissection.iou_ceiling(area))),
         marks_name="ceiling", levels={0.04: "detector"}, xlabel="IoU of the best trained unit, active at 1 %")
    bars(dict(zip(names, best_own)), below, marks=dict(zip(names, best_untrained)),
         marks_name="best untrained unit", xlabel="IoU of the best trained unit, active at the part's own share")
    figure.savefig(figures / "05_dissection.png")

# %% [markdown]
# What we see in `figures/05_dissection.png` with the default faces (the number after a line is the
# mark's): above, by the usual number, hair looks like the part that is
# found worst, although its best unit is close to its ceiling. Below, judged alike, hair is
# found best, and an *untrained* unit comes near to that. Hair is large and lies at the top, so
# much that is no hair detector covers it. For the small parts training adds something, and the
# best unit is still far from 1.
#
# What does *not* hold: that this network is made of units of which each stands for a part and
# lights up where it is. A few come near. Most units carry a bit of several parts, and of the
# view as well. And whether a unit that looks like a detector is *used* is a question that no
# picture answers. Lesson 6 asks who drives whom; lesson 9 cuts.
#
# ## Exercise
#
# Fill in the functions of `lessons/exercises/exercise_05.py`, and check them with
# `dense-keras check 05`:
#
# 1. `auc`: how well a unit detects something, from the definition by pairs.
# 2. `best_iou`: the largest IoU that is possible for a part, from its masks.
# 3. `share_gained`: how many units detect something *because of training*.
#
# To think about: a unit that responds to one exemplar of Ada, and to nothing else, is perfectly
# *selective*, for no other token excites it. What is its AUC for Ada? Which of the two would you
# report, and would you answer the same if you wanted to know what happens when the unit is cut?
#
# ## Where this comes from
#
# - S. J. Hanson, V. Yadav and C. Hanson, "Dense Sample Deep Learning", arXiv 2307.10991 (2023).
#   Only what its abstract states is used: five unique tokens, at least 500 exemplars of each, a
#   VGG network of 1.24 million weights, and the aim of following how features are constructed.
#   What is measured and drawn here is our choice, not the paper's.
# - D. Bau and others, "Network Dissection", arXiv 1704.05796 (2017), and "Understanding the role
#   of individual units in a deep neural network", PNAS (2020): IoU, the 1 %, the .04. The ceiling
#   and a part's own share are our own.
# - C. Olah, A. Mordvintsev and L. Schubert, "Feature Visualization", Distill (2017): preferred images.
# - J. Hanley and B. McNeil, "The meaning and use of the area under a receiver operating
#   characteristic (ROC) curve", Radiology 143 (1982).
# - M. Leavitt and A. Morcos, "Selectivity considered harmful" (2020): the selectivity of single
#   units is "neither sufficient nor strictly necessary" for a network to do well.
# - L. Chizat, E. Oyallon and F. Bach, "On lazy training in differentiable programming" (2019):
#   the word "lazy".
