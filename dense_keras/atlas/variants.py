"""How variants of parts are called: by their number, and by their look where all faces of a code share it."""

from __future__ import annotations

LOOKS = {
    "hair": ("long", "curly"),
    "eyes": ("open", "closed"),
    "nose": ("wide", "long"),
    "mouth": ("smile", "oh"),
    "accessory": ("none", "headband"),
}
"""Part -> its variants 0 and 1 in one word each, as ``face_looks.TWO_VARIANTS`` draws them."""

CODES = ("additive", "conjunctive")
"""Kinds of code whose faces look so; natural ones differ from seed to seed."""


def variant_name(code: str | None, part: str, variant: int) -> str:
    """Such as ``0 (long)``, or ``variant 3`` where nobody knows what it looks like."""
    if code not in CODES:
        return f"variant {variant}"
    return f"{variant} ({LOOKS[part][variant]})"
