# %% [markdown]
# # 3. The emergence of classification
#
# **Question.** What does the network come to know first, and can its answers alone tell us?
#
# In lesson 1 we computed **ceilings**: what the best observer reaches who knows some parts
# only. In lesson 2 we recorded a run, and the accuracy rose by leaps. Does it rest at the
# ceilings because the network knows just those parts? Here we do not look into the network.
# We ask a teacher's question: which *mistakes* does it make? Someone who knows one part
# only must confuse those tokens that share its variant, and never those that do not.
#
# *Time: about 30 minutes, of which the computer needs some seconds. Needs: a run of lesson 2.*
#
#     python lessons/03_emergence_of_classification.py             the run that `dense-keras train` records
#     python lessons/03_emergence_of_classification.py runs/mine   any other recorded run
#
# **Predict first**, before you start it. The codes of the tokens are in `figures/01_parts.png`.

# %%
guess_first_part = "nose"  # the part that the network knows before all others
guess_confused = ("Ada", "Dov")  # two tokens that it takes for one another while it knows that part only

# %%
import sys
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from dense_keras.codes import named_ceilings
from dense_keras.course import recorded_run
from dense_keras.experiment import experiment_of
from dense_keras.figures.bars import bars
from dense_keras.figures.curves import curves_over_steps
from dense_keras.figures.film_strips import confusion_film
from dense_keras.figures.image_rows import image_rows
from dense_keras.figures.palette import GRAY, LIGHT, part_colours, token_colours
from dense_keras.measures import classification

# A notebook has neither a command line of its own nor a file that the figures could lie beside.
arguments, here = (sys.argv[1:], Path(__file__).parent) if "__file__" in globals() else ([], Path())
figures = here / "figures"
figures.mkdir(exist_ok=True)
plt.rcParams.update(LIGHT)

run = recorded_run(*arguments)
probe, steps, names = run.probes["held_out"], np.array(run.steps), run.token_names
tokens, colours = probe.tokens, token_colours(len(names))
predicted = classification.predicted_tokens(np.array([run.logits(step) for step in run.steps]))
correct = classification.correctness(predicted, tokens)
print(f"{len(steps)} snapshots, {len(tokens)} held-out exemplars of {', '.join(names)}")

# %% [markdown]
# `predicted` has a row for each snapshot and a column for each exemplar of the probe: the
# token that the network called it. All of this lesson is made of it.
#
# ## Does the accuracy rest, and where?
#
# A rest can be in the eye of the beholder. So we let a rule decide: a **plateau** is a stretch
# of three snapshots or more, between two jumps, on which the accuracy neither rises nor falls
# by more than luck. Luck is the luck of the exemplars: how far the share would move with
# others. The **Wilson band** says so; it holds the true share in 95 cases of 100.

# %%
accuracy = classification.accuracy(predicted, tokens)
band = classification.wilson_band(correct.sum(axis=1), len(tokens))
plateaus = classification.plateaus(accuracy, (band[1] - band[0]) / 4, steps)

code = experiment_of(run).code
levels = named_ceilings(code, len(names))
if code is None:
    print("These tokens have no codes: there are no ceilings, and only chance is drawn.")

# %%
ax = curves_over_steps(
    steps,
    {"held-out": accuracy},
    bands={"held-out": band},
    levels=levels,
    ylabel="accuracy (share)",
    colours=[plt.rcParams["text.color"]],
)
ax.set_ylim(0, 1.05)
for first, last in plateaus:
    ax.axvspan(steps[first], steps[last], color=GRAY, alpha=0.2, linewidth=0)
ax.figure.savefig(figures / "03_plateaus.png")

# %% [markdown]
# How near does each of them come to a line, and how near would a rest be at just any height?

# %%
print(f"{len(plateaus)} plateau(s)" if len(plateaus) else "No plateau: snapshots lie too far apart, or it never rests")
for first, last in plateaus:
    rest = accuracy[first : last + 1].mean()
    near = min(levels, key=lambda level: abs(level - rest))
    print(f"steps {steps[first]:5} to {steps[last]:5}: it rests at {rest:.2f}; nearest is {levels[near]}, {near:.2f}")
somewhere = np.linspace(1 / len(names), 1, 1001)[:, np.newaxis]
by_luck = np.abs(somewhere - list(levels)).min(axis=1).mean()
print(f"A rest at just any height would be {by_luck:.2f} from the nearest line on average.")

# %% [markdown]
# What we see in `figures/03_plateaus.png`: gray stretches are plateaus, pale is the band. Two
# of them are easy to name, the first and the last: it knows nothing, it knows all. What
# deserves our interest is those between. Compare how near they are to a line with the last
# number printed: the lines stand close together, so a rest is always *near* one.
#
# What does *not* hold: that a plateau at a ceiling proves which parts are known. Three
# snapshots are few, the rule needs snapshots that lie close, and another seed may show
# none. And while the mean rests, do its tokens rest too?

# %%
shares = classification.token_accuracies(predicted, tokens)
lowest, highest = classification.token_accuracy_bands(predicted, tokens)
for token, name in enumerate(names):
    fallen = (highest[1:, token] < lowest[:-1, token]).sum()
    print(f"{name:10} falls out of its band {fallen} times, at most by {max(0, -np.diff(shares[:, token]).min()):.2f}")

# %%
rows = -(-len(names) // 2)
figure, axes = plt.subplots(rows, 2, figsize=(6, 0.4 + 1.6 * rows), sharey=True, squeeze=False)
for token, (ax, name) in enumerate(zip(axes.flat, names)):
    own = {name: (lowest[:, token], highest[:, token])}
    curves_over_steps(steps, {name: shares[:, token]}, ax, bands=own, colours=[colours[token]])
    ax.set_xticks([tick for tick in ax.get_xticks() if tick != 1 or steps[-1] < 10])  # the panels are narrow
    ax.set_xlabel("step" if token >= len(names) - 2 else "")
for empty in axes.flat[len(names) :]:
    empty.remove()
axes[0, 0].set_ylim(0, 1.05)
figure.supylabel("share named rightly", size=9)
figure.savefig(figures / "03_tokens.png")

# %% [markdown]
# What we see in `figures/03_tokens.png`: no. Single tokens leap up and down, far out of their
# bands. So this is not the luck of the exemplars. A token is known, then forgotten, then known
# again? Or has the network known the same thing all the while, and *bets* now on one of
# the tokens that it cannot tell apart and now on another? Mistakes will tell.
#
# ## Which part can be read from its answers?
#
# Say the network calls an exemplar of Ada "Cleo". The name is wrong. But Cleo wears Ada's
# hair, so about hair the answer is right. The **part read-out** of an answer is the share of
# exemplars for which the token that was called wears the exemplar's variant of a part.
#
# Beware of two traps. One who calls *everybody* by the same name reads a part rightly
# for all who happen to wear the same: the **majority baseline**. And the parts of five tokens
# are not independent: one who knows hair only, and bets cleverly, gets other parts for nothing.
# Where parts say nothing alone (the conjunctive code) we ask of two whether they are *alike*.

# %%
if probe.codes is None:
    print("Nobody knows the parts of these tokens: what is read from the answers is left out, and so are the blocks.")
    told = []
else:
    things, seen, hues = list(run.part_names), probe.codes, part_colours(len(run.part_names))
    silent = np.isnan(classification.token_variants(seen, tokens)).any(axis=0)
    for first, second in combinations(np.flatnonzero(silent), 2):
        things.append(f"{things[first]} = {things[second]}")
        hues.append(hues[first])  # a pair has the colour of its first part
        seen = np.column_stack([seen, seen[:, first] == seen[:, second]])
    variants = classification.token_variants(seen, tokens)
    told = np.flatnonzero(~np.isnan(variants).all(axis=0))  # what at least some tokens are told by
    print("Some tokens are told by", ", ".join(things[thing] for thing in told))

# %%
if len(told):
    readout = classification.part_readout(predicted, tokens, variants)
    baseline = classification.part_readout_baseline(tokens, variants)
    onsets = classification.onset_steps(readout[:, told], steps, 0.9)
    one_part = min(int(np.searchsorted(steps, min(onsets))), len(steps) - 1)  # the snapshot at which the first is known
    order = told[np.lexsort((-readout[:, told].mean(axis=0), onsets))]
    print(f"First: you guessed {guess_first_part}, it is {things[order[0]]}")

# %%
if len(told):
    ax = curves_over_steps(
        steps,
        {things[thing]: readout[:, thing] for thing in told},
        untrained=True,
        levels={float(level): "one name for all" for level in np.unique(baseline[told].round(3))},
        ylabel="read rightly from the answer (share)",
        colours=[hues[thing] for thing in told],
    )
    ax.set_ylim(0, 1.05)
    ax.figure.savefig(figures / "03_parts.png")

# %%
# What comes for nothing with the first part: the most frequent variant in each of its blocks.
if len(told):
    blocks = classification.blocks_of_known_parts(seen, tokens, [order[0]])
    inside = [blocks[tokens] == block for block in np.unique(blocks)]
    by_block = np.array([classification.part_readout_baseline(tokens[own], variants) for own in inside])
    weights = np.array([own.mean() for own in inside])[:, np.newaxis] * ~np.isnan(by_block)
    free = np.nansum(by_block * weights, axis=0)[told] / weights.sum(axis=0)[told]

# %%
for thing in order if len(told) else ():
    place = list(told).index(thing)
    since = f"from step {onsets[place]:.0f} on" if np.isfinite(onsets[place]) else "not by the end"
    pixels = run.description["part_shares"].get(things[thing])
    print(
        f"{things[thing]:12} above .9 {since:18} one name for all {baseline[thing]:.2f}   "
        f"who knows {things[order[0]]} only: up to {free[place]:.2f}   "
        + (f"{pixels:6.1%} of the pixels" if pixels else "")
    )

# %% [markdown]
# What we see in `figures/03_parts.png`. Dashed is the untrained network: it calls nearly all by
# one name, so its values are about those of "one name for all" and of its opposite. On the
# default faces one part leaves the others behind early. Read the table with care:
#
# - A part counts only from what one could have *without* it. What lies between "one name
#   for all" and "who knows the first part only" may be clever betting.
# - As soon as the parts known so far leave pairs of tokens that differ in the two
#   other parts at once, those two parts can only come together: from the answers nobody
#   can say which of them the network uses. Lesson 4 looks inside and separates them.
# - On the default run the order is about that of the pixels. But four parts can be put into 24
#   orders, so even a perfect agreement has a chance of 1 in 24 in a single run, and size is not
#   all: contrast, and where a part lies, differ too. Do not write down "the largest part comes
#   first" as a law before you have done the last exercise.
#
# ## Who is taken for whom?
#
# If the first part is all that is known, tokens fall into **blocks**: those with the same
# variant. Mistakes must stay inside a block. Frames mark the cells inside the blocks.

# %%
known = np.flatnonzero(accuracy > 0.95)
last = known[0] if len(known) else len(steps) - 1
shown = np.unique([*np.linspace(0, last, 8).round().astype(int), *([one_part] if len(told) else [])])
confusions = classification.confusions(predicted, tokens)
has_blocks = len(told) > 0 and 1 < len(np.unique(blocks)) < len(names)
panels = confusion_film(confusions[shown], steps[shown], names, blocks=blocks if has_blocks else None)
panels[0].figure.savefig(figures / "03_confusions.png")

# %%
if not has_blocks:
    print("There are no blocks to compare with: no part is known, or the first one tells all or nothing.")
else:
    counts = confusions[one_part] * ~np.eye(len(names), dtype=bool)
    pair = np.unravel_index((counts + counts.T).argmax(), counts.shape)
    members = {"+".join(np.array(names)[blocks == block]): blocks == block for block in np.unique(blocks)}
    print("Blocks of", things[order[0]] + ":", *members)
    print(
        f"At step {steps[one_part]}: you guessed {' and '.join(guess_confused)}, "
        f"most often confused are {' and '.join(names[token] for token in pair)}"
    )

# %% [markdown]
# Now count. The **block index** is the share of mistakes that stay inside the blocks. We
# need two things beside it: what it would be if every mistake went to any other token alike
# ("random errors"), and the untrained network.

# %%
if has_blocks:
    index = classification.block_index(confusions, blocks)
    expected = classification.expected_block_index(confusions, blocks)
    print(
        f"Mistakes inside the blocks: untrained {index[0]:.2f}, at step {steps[one_part]} {index[one_part]:.2f}, "
        f"random errors {expected[one_part]:.2f}"
    )

# %% [markdown]
# One more test, sharper than the first. Who knows only the first part gives all tokens
# of a block the same answers, however they bet. If they say "Ben" to 9 of 10, they say so to Ben
# and to Cleo. So the shares of a block's tokens **add up to 1 at most**: what one token wins,
# another one loses. A sum above 1 speaks for more being known than this part. But luck moves a
# sum, too: we ask that it exceeds 1 by more than 1.64 standard errors, as luck alone lets it do
# at one snapshot of 20.

# %%
if has_blocks:
    members = {name: own for name, own in members.items() if own.sum() > 1}
    sums = {name: shares[:, own].sum(axis=1) for name, own in members.items()}
    errors = (highest - lowest) / 4  # about a standard error
    luck = {name: 1.64 * np.sqrt((errors[:, own] ** 2).sum(axis=1)) for name, own in members.items()}
    for name, total in sums.items():
        beyond = classification.onset_steps(total - luck[name], steps, 1)
        print(
            f"{name}: their shares add up to {total[one_part]:.2f} +- {luck[name][one_part]:.2f} at step "
            f"{steps[one_part]}, and to more than 1 beyond luck "
            + (f"from step {beyond:.0f} on" if np.isfinite(beyond) else "never for good")
        )

# %% [markdown]
# A block is neither a token nor a part, so it has the colour of neither.

# %%
if has_blocks:
    figure, (above, below) = plt.subplots(2, 1, figsize=(6, 6.2))
    neutral = [plt.rcParams["text.color"], GRAY]
    curves_over_steps(steps, {"network": index, "random errors": expected}, above, untrained=True, colours=neutral,
                      ylabel="mistakes inside the block (share)")
    above.set_ylim(0, 1.05)
    bands = {name: (total - luck[name], total + luck[name]) for name, total in sums.items()}
    curves_over_steps(steps, sums, below, bands=bands, levels={1: "at most"}, colours=neutral * len(sums),
                      ylabel="sum of the tokens' shares")
    figure.savefig(figures / "03_blocks.png")

# %% [markdown]
# What we see in `figures/03_confusions.png` and `figures/03_blocks.png`:
#
# - The untrained network calls nearly everybody by one name: one dark column. Its block index is
#   a matter of which name that is, and may well lie below "random errors".
# - Then columns become pieces of columns that end where a block ends. Within a block the
#   network still calls all by one name, and the name changes from snapshot to snapshot. That
#   is what made the curves of single tokens leap.
# - Later the blocks themselves break up. When few mistakes are left the index means little: at
#   the end it hangs on a handful of exemplars, and has a gap where there is none.
#
# What does *not* hold: that parts come strictly one after another. Look whether a sum passes
# 1 with its band before mistakes have all moved into the blocks: the network then learns a second part
# while the first one is not yet certain. A network in training is not an observer who knows
# some parts perfectly and others not at all. The ceilings are those of such an observer.
#
# ## Known, forgotten, known again
#
# A **forgetting event**: an exemplar is right at one snapshot and wrong at the next. Are some
# exemplars forgotten again and again, or does it happen to anyone? To see that, we deal the
# answers out anew among the exemplars of a token, at each snapshot: the curves above stay as
# they are, but nobody is hard or easy any more.
#
# **Predict first.** How many in a hundred exemplars are *never* forgotten once they are right?

# %%
guess_unforgettable = 50  # in a hundred

# %%
generator = np.random.default_rng(0)
dealt = correct.copy()
for token in range(len(names)):
    dealt[:, tokens == token] = generator.permuted(correct[:, tokens == token], axis=1)
events, by_luck = classification.forgetting_events(correct), classification.forgetting_events(dealt)
fixed, fixed_by_luck = (100 * classification.unforgettable(answers).mean() for answers in (correct, dealt))
print(
    f"Never forgotten: you guessed {guess_unforgettable} in a hundred, it is {fixed:.0f}, by luck {fixed_by_luck:.0f}"
)
print("Events an exemplar:", *(f"{name} {events[tokens == token].mean():.1f}" for token, name in enumerate(names)))

# %%
counted = range(max(events.max(), by_luck.max()) + 1)
ax = bars(
    {f"{number} times": (events == number).mean() for number in counted},
    marks={f"{number} times": (by_luck == number).mean() for number in counted},
    ax=plt.subplots(figsize=(6, 2.2 + 0.2 * len(counted)))[1],
    marks_name="answers dealt out anew within each token",
    xlabel=f"share of the exemplars forgotten so often, between {len(steps)} snapshots",
)
ax.figure.savefig(figures / "03_forgetting.png")

# %%
ranked = [
    own[np.argsort(-events[own], kind="stable")]
    for own in (np.flatnonzero(tokens == token) for token in range(len(names)))
]
few = min(3, min(map(len, ranked)))
hardest = np.array([[*own[:few], *own[-few:]] for own in ranked])
ax = image_rows(probe.images[hardest], names, ["most"] * few + ["least"] * few, row_colours=colours)
ax.set_xlabel("exemplars forgotten most and least often, of each token")
ax.figure.savefig(figures / "03_forgotten.png")

# %% [markdown]
# What we see in `figures/03_forgetting.png`: bars are the network, lines what luck would give.
# Most forgetting is no property of an exemplar: it happens to whole tokens at once, when
# the network bets on another name. What is left is the difference between bars and lines: if
# more exemplars are never forgotten than luck allows, and more are forgotten very often, some
# *are* hard. Look at them in `figures/03_forgotten.png`: can you see why? Often nothing meets
# the eye. (In a very small probe the same exemplar may stand on both sides.)
#
# What does *not* hold: that the numbers say anything by themselves. Twice as many snapshots see
# more events. Compare only runs whose snapshots lie at the same steps.
#
# ## Exercise
#
# Fill in the functions in `lessons/exercises/exercise_03.py`, then ask
#
#     dense-keras check 03
#
# which says at once whether they are right, and if not, where to look.
#
# 1. `ceiling`: the best accuracy of one who knows some parts only, from the codes of the tokens.
# 2. `block_index`: the share of mistakes that stay inside the blocks.
# 3. `free_readout`: how well one part can be read from the answers of someone who knows another
#    part only. It is the second trap above.
#
# Then record a second run, `dense-keras train --preset rich --run runs/rich`, predict which part
# comes first there, and run this lesson with `runs/rich`. Same tokens, same pixels: same order?
#
# To think about: we called a part "known" when it could be read from the answers. Could a
# network know a part, and its answers not show it? How would you find out?
#
# ## Where this comes from
#
# - S. J. Hanson, V. Yadav and C. Hanson, "Dense Sample Deep Learning", arXiv 2307.10991
#   (2023). Only what its abstract states is used: five unique tokens, at least 500 exemplars
#   of each, a VGG network of 1.24 million weights, following how the classification emerges.
#   The parts, ceilings, blocks, the part read-out and the rule for plateaus are our own.
# - E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927):
#   the bands.
# - A. Saxe, J. McClelland and S. Ganguli, "A mathematical theory of semantic development in deep
#   neural networks" (2019): why coarse distinctions can come before fine ones.
# - M. Toneva and others, "An empirical study of example forgetting during deep neural network
#   learning" (2019): forgetting events. Dealing the answers out anew is our own.
