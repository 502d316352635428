"""Faces drawn from codes and views, with a mask of each part.

The face is a ball with features on it: yaw and pitch move and narrow the features,
roll, scale and shift move everything. Positions on the face are in image units (see
``canvas``) from the middle of the head, before the view is applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from dense_keras.canvas import NOBODY, Canvas, Frame, Shape, box, cloud, oval, per_exemplar, softened, whole_picture
from dense_keras.codes import ABSENT, NUM_TOKENS, part_names
from dense_keras.face_views import between, grain, scene_numbers
from dense_keras.token_set import TokenSetError

SMALLEST = 28
"""Fewest pixels a side at which the parts can be told apart."""

Looks = Mapping[str, Mapping[str, np.ndarray]]
"""part -> measurement -> (variants,) float. Lengths in image units, angles in degrees."""

_PIXELS_AT_ONCE = 2**17

_BALL = 0.72
_SKIN = np.array([[1.0, 0.87, 0.76], [0.97, 0.78, 0.63], [0.87, 0.64, 0.48], [0.72, 0.50, 0.37]])
_HAIR = np.array([[0.17, 0.12, 0.14], [0.31, 0.19, 0.14], [0.45, 0.23, 0.15], [0.36, 0.17, 0.27], [0.14, 0.26, 0.34]])
_CLOTHES = np.array([[0.86, 0.44, 0.36], [0.93, 0.72, 0.38], [0.45, 0.66, 0.55], [0.36, 0.52, 0.70], [0.62, 0.47, 0.66]])
_BACKGROUND = np.array([[0.98, 0.90, 0.78], [0.95, 0.80, 0.76], [0.80, 0.86, 0.90], [0.80, 0.90, 0.82], [0.90, 0.84, 0.93]])
_CLUTTER = np.array([[0.95, 0.72, 0.55], [0.93, 0.60, 0.58], [0.62, 0.76, 0.84], [0.66, 0.82, 0.70], [0.78, 0.70, 0.86]])
_EYE_WHITE, _PUPIL = np.array([0.99, 0.98, 0.96]), np.array([0.13, 0.10, 0.14])
_MOUTH, _TEETH, _BAND = np.array([0.55, 0.13, 0.17]), np.array([0.99, 0.97, 0.93]), np.array([1.0, 0.83, 0.25])

_TWO_VARIANTS = {
    "hair": {"width": (0.68, 0.74), "height": (0.56, 0.60), "curl": (0.0, 0.12), "length": (0.86, 0.0), "fringe": (-0.36, -0.46), "arch": (0.0, 0.3)},
    "eyes": {"width": (0.12, 0.19), "height": (0.145, 0.085), "slant": (0.0, 20.0), "pupil": (0.085, 0.085)},
    "nose": {"width": (0.2, 0.085), "height": (0.10, 0.235), "taper": (0.0, -0.3)},
    "mouth": {"width": (0.30, 0.145), "height": (0.085, 0.17), "bend": (2.2, 0.0)},
    "head": {"width": (0.57,), "height": (0.68,), "jaw": (0.16,)},
    "accessory": {"thickness": (0.0, 0.075)},
}


def face_looks(kind: str, seed: int = 0) -> Looks:
    """What the variants of each part look like, the parts in the order of the code's columns.

    Additive and conjunctive faces have two variants a part, the same for every seed;
    natural faces have five, whose measurements the seed decides.
    """
    if kind == "natural":
        return natural_looks(seed)
    return {
        part: {name: np.array(values) for name, values in _TWO_VARIANTS[part].items()} for part in part_names(kind)
    }


_NATURAL_RANGES = {
    "hair": {"width": (0.64, 0.78), "height": (0.52, 0.64), "curl": (0.0, 0.14), "length": (0.0, 0.9), "fringe": (-0.5, -0.34), "arch": (-0.2, 0.5), "tint": (0.0, 1.0)},
    "eyes": {"width": (0.11, 0.18), "height": (0.08, 0.145), "slant": (-16.0, 20.0), "pupil": (0.07, 0.095)},
    "nose": {"width": (0.08, 0.2), "height": (0.09, 0.22), "taper": (-0.35, 0.2)},
    "mouth": {"width": (0.14, 0.32), "height": (0.07, 0.15), "bend": (-0.6, 2.2)},
    "head": {"width": (0.50, 0.62), "height": (0.63, 0.72), "jaw": (0.0, 0.3)},
}


def natural_looks(seed: int) -> Looks:
    """Five variants of every part: each measurement takes five well separated values, dealt out at random."""
    generator = np.random.default_rng([seed, 3])
    looks = {}
    for part, ranges in _NATURAL_RANGES.items():
        levels = generator.random((len(ranges), NUM_TOKENS)).argsort(axis=1, kind="stable")
        places = (levels + 0.3 + 0.4 * generator.random(levels.shape)) / NUM_TOKENS
        looks[part] = {
            name: lowest + (highest - lowest) * place
            for (name, (lowest, highest)), place in zip(ranges.items(), places, strict=True)
        }
    return looks


def draw_faces(
    codes: np.ndarray, views: Mapping[str, np.ndarray], looks: Looks, size: int = 32, colour: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Images and part masks of faces.

    codes: (exemplars, parts) integers, columns in the order of ``looks``; -1 leaves the
    part out, and what lies below it is seen (a head cannot be left out: a plain one is drawn).
    views: factor -> (exemplars,) float, as ``face_views.draw_views`` gives them.
    size: pixels a side, at least 28. colour: three channels, or one of luma.
    Returns images (exemplars, size, size, channels) uint8 and masks
    (exemplars, size, size, parts) bool, the pixels where each part is seen.
    """
    codes = np.asarray(codes)
    if size < SMALLEST:
        raise TokenSetError(
            f"Size {size} is too small: below {SMALLEST} pixels a side the parts of a face cannot be told apart. "
            f"Choose {SMALLEST} or more, such as 32."
        )
    if codes.ndim != 2 or codes.shape[1] != len(looks):
        raise TokenSetError(
            f"Codes came with shape {codes.shape}. They must be (exemplars, {len(looks)}): "
            f"one column for each of {', '.join(looks)}."
        )
    images = np.empty((len(codes), size, size, 3 if colour else 1), np.uint8)
    masks = np.empty((len(codes), size, size, len(looks)), bool)
    step = max(1, _PIXELS_AT_ONCE // size**2)
    for start in range(0, len(codes), step):
        few = slice(start, start + step)
        canvas = _draw(codes[few], {name: values[few] for name, values in views.items()}, looks, size)
        images[few], masks[few] = canvas.images(colour), canvas.masks(len(looks))
    return images, masks


class _Part(NamedTuple):
    """One part of each face of a batch: its number as an owner, who has it, and its measurements."""

    number: int
    present: np.ndarray  # (exemplars, 1, 1) float32, 0 or 1
    measured: Mapping[str, np.ndarray]  # measurement -> (exemplars,)

    def shown(self, shape: Shape) -> Shape:
        """The shape, left out where the part is absent."""
        return shape._replace(coverage=shape.coverage * self.present)


class _Face(NamedTuple):
    """What the drawing of every part needs to know."""

    canvas: Canvas
    views: Mapping[str, np.ndarray]
    frame: Frame
    skin: np.ndarray  # (exemplars, 3)
    parts: Mapping[str, _Part]

    def on_ball(self, right, down, half_width, half_height, angle=0.0, depth=0.0) -> Frame:
        """The frame of a feature on the head, moved and narrowed by yaw and pitch."""
        yaw, pitch = np.radians(self.views["yaw"]), np.radians(self.views["pitch"])
        front = np.sqrt(_BALL**2 - right**2 - down**2) + depth
        turned_right, turned_front = right * np.cos(yaw) + front * np.sin(yaw), front * np.cos(yaw) - right * np.sin(yaw)
        turned_down = down * np.cos(pitch) + turned_front * np.sin(pitch)
        narrowed = turned_front / front
        return self.frame.place(turned_right, turned_down, half_width * narrowed, half_height * np.cos(pitch), angle)


def _draw(codes: np.ndarray, views: Mapping[str, np.ndarray], looks: Looks, size: int) -> Canvas:
    canvas = Canvas(len(codes), size)
    parts = _parts(codes, looks)
    picture = whole_picture(len(codes))
    head = picture.place(
        2 * views["shift_x"], 0.06 + 2 * views["shift_y"], views["scale"], views["scale"], np.radians(views["roll"])
    )
    face = _Face(canvas, views, head, between(_SKIN, views["skin_tint"]), parts)
    _draw_background(face, picture)
    hair = _draw_hair_behind(face)
    _draw_head(face)
    _draw_eyes(face)
    _draw_mouth(face)
    _draw_nose(face)
    _draw_hair_in_front(face, hair)
    _draw_accessory(face)
    _light(face, picture)
    return canvas


def _parts(codes: np.ndarray, looks: Looks) -> dict[str, _Part]:
    parts = {}
    for number, (part, measurements) in enumerate(looks.items()):
        variants = codes[:, number]
        num_variants = len(next(iter(measurements.values())))
        if variants.min(initial=0) < ABSENT or variants.max(initial=0) >= num_variants:
            raise TokenSetError(
                f"The codes of {part} run from {variants.min()} to {variants.max()}. "
                f"Its variants are 0 to {num_variants - 1}, and -1 leaves it out."
            )
        present = per_exemplar(variants != ABSENT).astype(np.float32)
        worn = np.maximum(variants, 0)
        parts[part] = _Part(number, present, {name: values[worn] for name, values in measurements.items()})
    if "head" not in parts:
        plain = {name: np.full(len(codes), values[0]) for name, values in _TWO_VARIANTS["head"].items()}
        parts["head"] = _Part(NOBODY, np.ones((len(codes), 1, 1), np.float32), plain)
    return parts


def _draw_background(face: _Face, picture: Frame) -> None:
    canvas, size = face.canvas, face.canvas.size
    numbers = iter(scene_numbers(face.views["scene"], 64).T)
    wall = picture.window(size)
    first, second = between(_BACKGROUND, next(numbers)), between(_BACKGROUND, next(numbers))
    turn = 2 * np.pi * next(numbers)
    across, _ = picture.place(0, 0, 1.5, 1.5, turn).coordinates(wall, size)
    canvas.planes += per_exemplar_colour(first)
    canvas.glaze(Shape(wall, across * np.float32(0.5) + np.float32(0.5), across, across), second)
    for index in range(5):
        width, height = 0.12 + 0.3 * next(numbers), 0.12 + 0.3 * next(numbers)
        frame = picture.place(2 * next(numbers) - 1, 2 * next(numbers) - 1, width, height, np.pi * next(numbers))
        shape = oval(frame, size) if index % 2 else box(frame, size, corner=0.08)
        canvas.glaze(shape, between(_CLUTTER, next(numbers)) * (0.75 + 0.4 * next(numbers))[:, np.newaxis])


def per_exemplar_colour(colour: np.ndarray) -> np.ndarray:
    """(exemplars, 3) as (3, exemplars, 1, 1) float32, to go with the planes of a canvas."""
    return np.moveaxis(colour, 1, 0)[:, :, np.newaxis, np.newaxis].astype(np.float32)


def _hair_colour(face: _Face) -> np.ndarray:
    hair = face.parts.get("hair")
    return between(_HAIR, hair.measured.get("tint", face.views["hair_tint"]))


def _draw_hair_behind(face: _Face) -> Shape:
    """Paints the crown and the long sides; returns the crown."""
    canvas, size, hair = face.canvas, face.canvas.size, face.parts["hair"]
    length = hair.measured["length"]
    colour = _hair_colour(face)
    shoulders = oval(face.frame.place(0, 1.32, 0.85, 0.5), size)
    canvas.paint(shoulders, between(_CLOTHES, face.views["clothes_tint"]))
    width = hair.measured["width"]
    crown = hair.shown(cloud(face.frame.place(0, -0.24, width, hair.measured["height"]), size, hair.measured["curl"]))
    reach = np.maximum(length + 0.24, 0.1) / 2
    sides = hair.shown(box(face.frame.place(0, -0.24 + reach, width, reach), size, corner=0.12))
    sides = sides._replace(coverage=sides.coverage * per_exemplar(length > 0).astype(np.float32))
    for shape in (sides, crown):
        canvas.paint(shape, colour * 0.9, hair.number)
    return crown


def _draw_head(face: _Face) -> None:
    canvas, size, head = face.canvas, face.canvas.size, face.parts["head"]
    shade = face.skin * (0.82, 0.74, 0.70)
    width, height = head.measured["width"], head.measured["height"]
    canvas.paint(box(face.frame.place(0, 0.75, 0.2, 0.3), size, corner=0.1), shade)
    for side in (-1, 1):
        canvas.paint(oval(face.frame.place(side * width, 0.03, 0.10, 0.14), size), face.skin * 0.93, head.number)
    skull = oval(face.frame.place(0, 0, width, height), size, taper=head.measured["jaw"])
    canvas.paint(skull, face.skin, head.number)
    ball = skull.p * skull.p + skull.q * skull.q
    canvas.glaze(skull._replace(coverage=skull.coverage * np.clip(ball * np.float32(0.35) - np.float32(0.1), 0, 1)), shade)
    for side in (-1, 1):
        blush = oval(face.on_ball(side * 0.34, 0.2, 0.17, 0.13), size)
        fading = np.clip(1 - blush.p * blush.p - blush.q * blush.q, 0, 1)
        canvas.glaze(blush._replace(coverage=fading * np.float32(0.45)), face.skin * (1.0, 0.72, 0.70))


def _draw_eyes(face: _Face) -> None:
    canvas, size, eyes = face.canvas, face.canvas.size, face.parts["eyes"]
    lively = face.views["expression"]
    slant = np.radians(eyes.measured["slant"])
    for side in (-1, 1):
        height = eyes.measured["height"] * (1 + 0.08 * lively)
        frame = face.on_ball(side * 0.25, -0.09, eyes.measured["width"], height, -side * slant)
        white = eyes.shown(oval(frame, size))
        canvas.paint(white, _EYE_WHITE, eyes.number)
        pupil = oval(face.on_ball(side * 0.245, -0.085, eyes.measured["pupil"], eyes.measured["pupil"]), size)
        canvas.paint(_inside(pupil, white), _PUPIL, eyes.number)
        spark = oval(face.on_ball(side * 0.245 + 0.03, -0.115, 0.03, 0.03), size)
        canvas.glaze(_inside(spark, white), _EYE_WHITE)
        brow = oval(face.on_ball(side * 0.25, -0.30 - 0.025 * lively, 0.13, 0.03, side * (0.12 + 0.1 * lively)), size, bend=-1.0)
        canvas.paint(brow, _hair_colour(face) * 0.9)


def _inside(shape: Shape, outer: Shape) -> Shape:
    """The shape where ``outer`` covers too, in the outer one's window."""
    rows = slice(max(shape.window.rows.start, outer.window.rows.start), min(shape.window.rows.stop, outer.window.rows.stop))
    columns = slice(
        max(shape.window.columns.start, outer.window.columns.start),
        min(shape.window.columns.stop, outer.window.columns.stop),
    )
    cut = [
        field[:, slice(rows.start - own.rows.start, rows.stop - own.rows.start), slice(columns.start - own.columns.start, columns.stop - own.columns.start)]
        for field, own in ((shape.coverage, shape.window), (outer.coverage, outer.window), (shape.p, shape.window), (shape.q, shape.window))
    ]
    return Shape(type(shape.window)(rows, columns), np.minimum(cut[0], cut[1]), cut[2], cut[3])


def _draw_mouth(face: _Face) -> None:
    canvas, size, mouth = face.canvas, face.canvas.size, face.parts["mouth"]
    lively = face.views["expression"]
    frame = face.on_ball(0, 0.41, mouth.measured["width"], mouth.measured["height"] * (1 + 0.12 * lively))
    lips = mouth.shown(oval(frame, size, bend=mouth.measured["bend"] * (1 + 0.15 * lively)))
    canvas.paint(lips, _MOUTH, mouth.number)
    teeth = np.clip((np.float32(-0.25) - lips.q) * 4, 0, 1)
    canvas.glaze(lips._replace(coverage=lips.coverage * teeth), _TEETH)


def _draw_nose(face: _Face) -> None:
    canvas, size, nose = face.canvas, face.canvas.size, face.parts["nose"]
    frame = face.on_ball(0, 0.12, nose.measured["width"], nose.measured["height"], depth=0.08)
    shape = nose.shown(oval(frame, size, taper=nose.measured["taper"]))
    canvas.paint(shape, face.skin * (0.80, 0.58, 0.54), nose.number)
    shine = np.clip(np.float32(0.6) - (shape.p + np.float32(0.25)) ** 2 * 3 - (shape.q + np.float32(0.2)) ** 2 * 3, 0, 1)
    canvas.glaze(shape._replace(coverage=shape.coverage * shine), face.skin)


def _draw_hair_in_front(face: _Face, crown: Shape) -> None:
    canvas, size, hair = face.canvas, face.canvas.size, face.parts["hair"]
    right, down = face.on_ball(0, -0.3, 1, 1).coordinates(crown.window, size)
    line = per_exemplar(hair.measured["fringe"] + 0.3).astype(np.float32)
    arch = per_exemplar(hair.measured["arch"]).astype(np.float32)
    fringe = softened(down - line - arch * right * right, size)
    front = crown._replace(coverage=np.minimum(crown.coverage, fringe))
    colour = _hair_colour(face)
    canvas.paint(front, colour, hair.number)
    gloss = np.clip(1 - np.abs(crown.q + np.float32(0.55) - np.float32(0.3) * crown.p * crown.p) * 6, 0, 1)
    canvas.glaze(crown._replace(coverage=front.coverage * gloss * np.float32(0.35)), colour * 0.5 + 0.5)


def _draw_accessory(face: _Face) -> None:
    accessory = face.parts.get("accessory")
    if accessory is None:
        return
    canvas, size = face.canvas, face.canvas.size
    thickness = accessory.measured["thickness"]
    worn = accessory._replace(present=accessory.present * per_exemplar(thickness > 0))
    frame = face.frame.place(0, -0.47, 0.68, np.maximum(thickness, 0.01))
    canvas.paint(worn.shown(box(frame, size, corner=0.05, bend=-1.2)), _BAND, accessory.number)


def _light(face: _Face, picture: Frame) -> None:
    canvas, views = face.canvas, face.views
    towards = np.radians(views["light_angle"])
    across, _ = picture.place(0, 0, 1, 1, towards).coordinates(picture.window(canvas.size), canvas.size)
    strength = per_exemplar(views["light_strength"]).astype(np.float32)
    brightness = per_exemplar(views["brightness"]).astype(np.float32)
    canvas.lighten((1 + strength * across) * brightness)
    canvas.planes += grain(views["scene"], canvas.size) * per_exemplar(views["noise"]).astype(np.float32)
