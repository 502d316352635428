# %% [markdown]
# # 1. The dense sample
#
# **Question.** What does a network have to see through to tell five individuals apart, and
# how many pictures are many?
#
# The course follows one small network that comes to know **five tokens**: five unique
# individuals. Of each it is shown at least 500 **exemplars**, that is, images. So few tokens
# with so many exemplars make a *dense sample*. In this lesson nothing is trained. We look at
# what the network will be shown, and find out what can be known without a network.
#
# *Time: about 20 minutes, of which the computer needs less than one. Needs: nothing.*
#
#     python lessons/01_the_dense_sample.py                      five generated faces
#     python lessons/01_the_dense_sample.py faces conjunctive    the same parts, another code
#     python lessons/01_the_dense_sample.py fashion              photographs; or a folder of your own

# %%
import sys
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from dense_keras import tokens as token_sets
from dense_keras.codes import accuracy_ceiling
from dense_keras.figures.bars import bars
from dense_keras.figures.contact_sheet import contact_sheet, describe
from dense_keras.figures.curves import curves_over_counts
from dense_keras.figures.image_rows import image_rows
from dense_keras.figures.palette import LIGHT, token_colours
from dense_keras.measures import density

# A notebook has neither a command line of its own nor a file that the figures could lie beside.
arguments, here = (sys.argv[1:], Path(__file__).parent) if "__file__" in globals() else ([], Path())
source, code = [*arguments, *["faces", None][len(arguments) :]]
code = code or token_sets.defaults(source).get("code")  # None where there are no codes
token_set = token_sets.load(source, code=code)
train, held_out = token_set.train, token_set.held_out

figures = here / "figures"
figures.mkdir(exist_ok=True)
plt.rcParams.update(LIGHT)
colours = token_colours(token_set.num_tokens)
print(describe(token_set))

# %% [markdown]
# ## Look first
#
# Each row of `figures/01_tokens.png` is one token. **Before you read on**, cover the names
# and try to sort a few exemplars by token. What did you go by?

# %%
contact_sheet(token_set, exemplars=8).save(figures / "01_tokens.png")

# %% [markdown]
# What we see: two exemplars of one token can differ more than two of different tokens. The
# default faces turn, tilt and shift; their light, their skin, the colour of their hair, their
# mood and the scene behind them change; and none of that says who it is. What does say so are
# the **parts**: hair, eyes, nose and mouth. The list of the variants that a token wears is
# its **code**. Here is one exemplar of each token, whole and part by part.

# %%
if train.masks is None:
    print("Nobody knows the parts of these tokens, so there is nothing to take apart.")
else:
    first = np.array([np.flatnonzero(train.tokens == token)[0] for token in range(token_set.num_tokens)])
    whole, masks = train.images[first], train.masks[first]
    pale = 232  # a gray that no part has
    alone = [np.where(masks[..., [part]], whole, np.uint8(pale)) for part in range(len(token_set.part_names))]
    ax = image_rows(
        np.stack([whole, *alone], axis=1),
        [f"{name}  {train.codes[row]}" for name, row in zip(token_set.token_names, first)],
        ["exemplar", *token_set.part_names],
        row_colours=colours,
    )
    ax.figure.savefig(figures / "01_parts.png")

# %% [markdown]
# The numbers beside a name are the exemplar's code, a number a part. With the default
# *additive* code read it column by column: each variant of each part is worn by several
# tokens. No part belongs to one token alone. Hair is large, nose is small; remember that
# when you see in which order the network learns them.
#
# ## How dense is dense?
#
# Perhaps no learning is needed. With enough exemplars there might always be one that looks
# almost like the picture in question, and its name would be the answer: the *nearest
# neighbour*. We measure how near it is, as the root mean squared difference of the pixels in
# gray levels (0: the same picture; 255: black against white), and how often it is of the
# right token. Neighbours are sought among the training exemplars, and asked are the held-out
# ones, which no network sees in training.
#
# **Predict first.** Write your guesses here, before you run the next cell.

# %%
guess_accuracy = 0.90  # share of held-out exemplars named rightly by their nearest neighbour, with all exemplars
guess_shrinkage = 0.50  # the distance to the nearest of the own token, all exemplars against one: this times as far

# %%
distances = density.pixel_distances(held_out.images, train.images)
fewest = int(np.bincount(train.tokens).min())
counts = sorted({fewest >> halvings for halvings in range(10)} - {0})
own, other = density.nearest_neighbour_distances_by_count(distances, held_out.tokens, train.tokens, counts)
accuracy = density.nearest_neighbour_accuracy(own, other)
shrinkage = own[-1].mean() / own[0].mean()
print(f"Nearest neighbour right: you guessed {guess_accuracy:.2f}, it is {accuracy[-1]:.2f}")
print(f"Distance, {counts[-1]} exemplars against 1: you guessed x {guess_shrinkage:.2f}, it is x {shrinkage:.2f}")

# %%
names = ("own token", "nearest other token")
middle_half = {name: tuple(np.percentile(nearest, [25, 75], axis=1)) for name, nearest in zip(names, (own, other))}
figure, (above, below) = plt.subplots(2, 1, figsize=(6, 6))
curves_over_counts(counts, dict(zip(names, (own.mean(axis=1), other.mean(axis=1)))), above, bands=middle_half,
                   ylabel="distance to nearest (gray levels)")
curves_over_counts(counts, {"nearest neighbour": accuracy}, below, ylabel="held-out accuracy (share)",
                   levels={1 / token_set.num_tokens: "chance", 1.0: "all right"})
below.set_ylim(0, 1.05)
figure.savefig(figures / "01_density.png")

# %% [markdown]
# What we see in `figures/01_density.png` (bands: the middle half of the held-out exemplars).
# The distance falls as exemplars become more, but slowly, and late doublings take off less
# than early ones. On the scale of pixels even a dense sample is thin, because so many things
# vary at once that no view ever comes again. How far would we have to go on?

# %%
if len(counts) > 1:
    doubled = np.log2(counts[-1] / counts[-2])
    last_doubling = (own[-1].mean() / own[-2].mean()) ** (1 / doubled)
    print(f"The last doubling took off {1 - last_doubling:.1%} of the distance to the nearest of the own token.")
    if last_doubling < 1:
        more = np.log(0.5) / np.log(last_doubling)
        print(f"If it went on so, {more:.0f} more doublings would halve it: {counts[-1]} x 2^{more:.0f} exemplars.")
gap = (other[-1] - own[-1]).mean()
direction = "further away" if gap > 0 else "nearer"
print(f"The nearest of another token is on average {abs(gap):.1f} gray levels {direction} than that of the own token.")

# %% [markdown]
# That last number deserves doubt: an exemplar has more pictures of *other* tokens to be near
# to than of its own, simply because there are more other tokens. The nearest of four tokens
# is nearer than the nearest of one even where pixels say nothing at all. Accuracy does not
# suffer from that, if we compare it with chance.
#
# So what is a dense sample dense *for*? Not for looking up pictures. It has to be dense
# enough for what is common to a token's exemplars to outweigh all that changes, in a network
# that may choose what to compare. Later lessons change the number of exemplars, and see when
# a network stops memorising and starts constructing.
#
# ## What the nearest neighbour goes by
#
# Here is a held-out exemplar of each token, and beside it the training exemplars that are
# nearest to it. The colour of a frame is that of the exemplar's token.

# %%
asked = np.array([np.flatnonzero(held_out.tokens == token)[0] for token in range(token_set.num_tokens)])
order = distances[asked].argsort(axis=1)[:, :4]
image_rows(
    np.concatenate([held_out.images[asked][:, np.newaxis], train.images[order]], axis=1),
    token_set.token_names,
    ["held out", "nearest", "2nd", "3rd", "4th"][: 1 + order.shape[1]],
    row_colours=colours,
    frame_colours=[[colours[token], *(colours[near] for near in row)] for token, row in enumerate(train.tokens[order])],
).figure.savefig(figures / "01_neighbours.png")
for name, row in zip(token_set.token_names, train.tokens[order]):
    print(f"{name} is near to", ", ".join(token_set.token_names[near] for near in row))

# %% [markdown]
# What we see: a neighbour has a similar outline, light and background. Whether it also has
# the same eyes is another matter, and where codes are known, it can be counted. By chance,
# two exemplars agree on a part sometimes too; that is the second number.

# %%
if train.codes is None:
    print("Codes are unknown here, so it cannot be counted on which parts neighbours agree.")
else:
    neighbours = train.codes[distances.argmin(axis=1)]
    for part, name in enumerate(token_set.part_names):
        agreement = (neighbours[:, part] == held_out.codes[:, part]).mean()
        by_chance = (train.codes[:, part] == held_out.codes[:, [part]]).mean()
        share = token_set.part_shares[name]
        print(f"{name:10} {share:6.1%} of the pixels   neighbours agree {agreement:.2f}   by chance {by_chance:.2f}")

# %% [markdown]
# With the default faces the nearest neighbour nearly always has the same hair, which covers
# by far the most pixels. On the smaller parts they agree hardly more often than by chance.
#
# ## What no single part can tell
#
# **Predict first.** Suppose that someone sees *one part only*, the one that tells most, but
# sees it perfectly. How often can they name the token? And with the best *two* parts?

# %%
guess_one_part = 0.50
guess_two_parts = 0.70

# %%
measured, ceilings = {}, {}
if train.codes is None:
    print("Without codes nobody can say. The network will have to find parts of its own; so this section is left out.")
else:
    for known in (parts for number in (1, 2) for parts in combinations(token_set.part_names, number)):
        columns = [token_set.part_names.index(part) for part in known]
        counted = density.tokens_by_counting(train.codes[:, columns], train.tokens, held_out.codes[:, columns])
        measured[" + ".join(known)] = (counted == held_out.tokens).mean()
        ceilings[" + ".join(known)] = accuracy_ceiling(code, known)
    one, two = (max(value for name, value in ceilings.items() if (" + " in name) == pair) for pair in (False, True))
    print(f"One part: you guessed {guess_one_part:.2f}, at best it is {one:.2f}")
    print(f"Two parts: you guessed {guess_two_parts:.2f}, at best it is {two:.2f}")
    print(f"The nearest neighbour, which compares all pixels of all parts: {accuracy[-1]:.2f}")

# %%
if measured:
    ax = bars(
        measured,
        marks=ceilings,
        marks_name="ceiling, from the code",
        levels={1 / token_set.num_tokens: "chance"},
        xlabel="held-out accuracy (share) of one who sees these parts only",
    )
    ax.set_xlim(0, 1.12)
    ax.figure.savefig(figures / "01_what_parts_tell.png")

# %% [markdown]
# What we see: for each set of parts there is a **ceiling** that no network and no person can
# pass who knows these parts only, however many exemplars they have studied. The bar is
# measured: it counts on the training exemplars which token most often wears what is seen, and
# is asked about the held-out ones. The mark is computed from the code. They agree, up to luck.
#
# A ceiling gives us a way to look into a network from outside: if its accuracy rests at a
# ceiling for a while, perhaps it knows just these parts by then. *Perhaps*: one can also get
# there by knowing several parts a little. Lesson 2 records a run and puts the ceilings into
# the picture.
#
# What does *not* hold: that whoever sees more, knows more. The nearest neighbour compares all
# pixels of all parts, and the default faces' best two parts, if known for certain, are worth more.
#
# ## Exercise
#
# 1. The nearest neighbour looks at the background too. Take it away: change the function
#    below so that every pixel that shows no part is 0 (`exemplars.masks` tells which those
#    are). Predict how much accuracy that gains, then run the cell.
# 2. Run the lesson with `faces conjunctive`. Which single parts tell anything at all? Why
#    does looking up neighbours fail there, although the parts look just the same?


# %%
def without_background(exemplars):
    """Images that are 0 wherever no part is seen: (exemplars, height, width, channels) uint8."""
    return exemplars.images  # your change goes here


if train.masks is None:
    print("There are no masks here. Try the exercise with the faces.")
elif without_background(train)[~train.masks.any(axis=-1)].any():
    print("Not yet: some pixels that show no part are not 0.")
else:
    cleaned = density.pixel_distances(without_background(held_out), without_background(train))
    nearest = density.nearest_neighbour_distances(cleaned, held_out.tokens, train.tokens)
    now = density.nearest_neighbour_accuracy(*nearest)
    print(f"Exercise: the nearest neighbour was right for {accuracy[-1]:.2f} of the exemplars, now for {now:.2f}.")

# %% [markdown]
# ## Where this comes from
#
# - S. J. Hanson, V. Yadav and C. Hanson, "Dense Sample Deep Learning", arXiv 2307.10991
#   (2023). Only what its abstract states is used in this course: five unique tokens, at least
#   500 exemplars of each, a VGG network of 1.24 million weights, and the aim of following how
#   category structure emerges and features are constructed. The faces, their parts and codes,
#   the ceilings and every measure and figure here are our own design, not the paper's.
# - T. Cover and P. Hart, "Nearest neighbor pattern classification", IEEE Transactions on
#   Information Theory 13 (1967): with unlimited exemplars the nearest neighbour errs at most
#   twice as often as the best possible rule. This lesson is about how far from unlimited 500 is.
