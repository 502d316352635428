"""Looks: what each variant of each part looks like, in numbers.

Lengths are in image units (the picture is 2 wide) on a face of scale 1, and halves:
``half_width`` .2 draws a shape .4 wide. Positions are from the middle of the head,
down and right. The two variants of a part cover about the same area, in the same
colours, so that brightness does not tell them apart.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dense_keras.codes import NUM_TOKENS, part_names

Looks = Mapping[str, Mapping[str, np.ndarray]]
"""part -> measurement -> (variants,) float."""

TWO_VARIANTS: Looks = {
    "hair": {  # long with a straight fringe, or curly and high
        "half_width": np.array([0.64, 0.74]),
        "half_height": np.array([0.56, 0.54]),
        "middle": np.array([-0.26, -0.34]),
        "curl": np.array([0.0, 0.13]),
        "length": np.array([0.62, 0.0]),
        "fringe": np.array([-0.40, -0.44]),
        "arch": np.array([0.0, 0.3]),
    },
    "eyes": {  # tall and round, or closed in a smile
        "half_width": np.array([0.114, 0.195]),
        "half_height": np.array([0.146, 0.076]),
        "slant": np.array([0.0, 0.0]),
        "bend": np.array([0.0, -2.0]),
        "spark": np.array([1.0, 0.0]),
    },
    "nose": {  # wide or long
        "half_width": np.array([0.22, 0.10]),
        "half_height": np.array([0.112, 0.24]),
        "middle": np.array([0.13, 0.05]),
        "taper": np.array([-0.3, -0.3]),
    },
    "mouth": {  # a smile or an oh
        "half_width": np.array([0.28, 0.175]),
        "half_height": np.array([0.10, 0.160]),
        "bend": np.array([1.7, 0.0]),
    },
    "accessory": {  # none or a headband
        "half_height": np.array([0.0, 0.075]),
    },
}
"""The looks of additive and conjunctive faces.

hair: crown (half_width, half_height, its middle, curl: depth of its curls as a share), sides that
hang down to ``length`` (0: none), a fringe whose edge lies at ``fringe`` in the middle
and ``arch`` times the squared distance lower beside it.
eyes: slant in degrees, up at the outer corners; bend below 0 arches them; spark 0..1.
nose: taper below 0 makes it narrower at the top. mouth: bend above 0 lifts its corners.
"""

WORDS = {
    "hair": ("long", "curly"),
    "eyes": ("open", "closed"),
    "nose": ("wide", "long"),
    "mouth": ("smile", "oh"),
    "accessory": ("none", "headband"),
}
"""Part -> its variants 0 and 1 in one word each, as ``TWO_VARIANTS`` draws them."""

PLAIN_HEAD = {"half_width": 0.58, "half_height": 0.67, "jaw": 0.10}
"""The head of all faces whose code says nothing of heads; jaw above 0 narrows the chin."""

NATURAL_RANGES = {
    "hair": {
        "half_width": (0.63, 0.76),
        "half_height": (0.52, 0.62),
        "middle": (-0.36, -0.28),
        "curl": (0.0, 0.14),
        "length": (0.0, 0.75),
        "fringe": (-0.48, -0.36),
        "arch": (-0.2, 0.5),
        "tint": (0.0, 1.0),
    },
    "eyes": {
        "half_width": (0.095, 0.155),
        "half_height": (0.09, 0.15),
        "slant": (-10.0, 12.0),
        "bend": (-0.7, 0.1),
        "spark": (0.6, 1.0),
    },
    "nose": {
        "half_width": (0.085, 0.17),
        "half_height": (0.10, 0.21),
        "middle": (0.06, 0.13),
        "taper": (-0.35, 0.2),
    },
    "mouth": {"half_width": (0.15, 0.30), "half_height": (0.08, 0.15), "bend": (-0.5, 1.8)},
    "head": {"half_width": (0.51, 0.62), "half_height": (0.62, 0.71), "jaw": (-0.05, 0.25)},
}
"""Lowest and highest measurements of natural faces; ``tint`` is a place on the palette of hair colours."""


def face_looks(kind: str, seed: int = 0) -> Looks:
    """The looks of a kind of code, its parts in the order of the code's columns.

    Additive and conjunctive faces have two variants a part, the same for every seed;
    natural faces have five, and the seed decides them.
    """
    if kind == "natural":
        return _natural_looks(seed)
    return {part: TWO_VARIANTS[part] for part in part_names(kind)}


def variant_name(kind: str | None, part: str, variant: int) -> str:
    """Such as ``0 (long)``, or ``variant 3`` where nobody knows what it looks like.

    kind: of code; None for token sets without one. Natural faces differ from seed to seed.
    """
    return f"{variant} ({WORDS[part][variant]})" if kind in ("additive", "conjunctive") else f"variant {variant}"


def _natural_looks(seed: int) -> Looks:
    """Each measurement takes five well separated values, dealt out to the tokens at random."""
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    looks = {}
    for part, ranges in NATURAL_RANGES.items():
        ranks = generator.random((len(ranges), NUM_TOKENS)).argsort(axis=1, kind="stable")
        places = (ranks + 0.3 + 0.4 * generator.random(ranks.shape)) / NUM_TOKENS
        looks[part] = {
            name: lowest + (highest - lowest) * place
            for (name, (lowest, highest)), place in zip(ranges.items(), places, strict=True)
        }
    return looks
