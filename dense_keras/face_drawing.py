"""Faces drawn from codes and views, with a mask of each part.

The face is a ball with features on it: yaw and pitch move and narrow the features;
roll, scale and shift move everything. What lies behind is painted first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dense_keras.canvas import Canvas, Frame, Shape, box, cloud, oval, per_exemplar, softened, whole_picture
from dense_keras.codes import ABSENT
from dense_keras.face_looks import PLAIN_HEAD, Looks
from dense_keras.face_views import FACTORS, between, grain, scene_numbers
from dense_keras.token_set import TokenSetError

SMALLEST = 28
"""Fewest pixels a side at which the parts can be told apart."""

_PIXELS_AT_ONCE = 2**17
_BALL = 0.72  # radius of the ball that yaw and pitch turn, in image units

_SKINS = np.array([[1.0, 0.86, 0.74], [0.97, 0.77, 0.61], [0.88, 0.65, 0.49], [0.76, 0.54, 0.41]])
_HAIRS = np.array([[0.19, 0.14, 0.16], [0.33, 0.20, 0.15], [0.47, 0.24, 0.15], [0.40, 0.18, 0.29], [0.16, 0.28, 0.37]])
_CLOTHES = np.array(
    [[0.87, 0.45, 0.37], [0.94, 0.74, 0.40], [0.46, 0.68, 0.57], [0.37, 0.54, 0.73], [0.64, 0.49, 0.69]]
)
_WALLS = np.array([[0.98, 0.89, 0.75], [0.96, 0.79, 0.74], [0.85, 0.80, 0.90], [0.75, 0.86, 0.92], [0.77, 0.89, 0.79]])
_THINGS = np.array([[0.97, 0.75, 0.52], [0.94, 0.62, 0.58], [0.76, 0.66, 0.85], [0.56, 0.75, 0.86], [0.60, 0.80, 0.66]])
_EYE, _SPARK, _BROW = np.array([0.16, 0.11, 0.14]), np.array([1.0, 1.0, 1.0]), np.array([0.30, 0.20, 0.18])
_MOUTH, _TONGUE = np.array([0.52, 0.11, 0.17]), np.array([0.82, 0.32, 0.34])
_BAND, _STRIPE = np.array([1.0, 0.80, 0.22]), np.array([1.0, 0.97, 0.88])


def draw_faces(
    codes: np.ndarray, views: Mapping[str, np.ndarray], looks: Looks, size: int = 32, colour: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Images and part masks of faces.

    codes: (exemplars, parts) integers, columns in the order of ``looks``. -1 leaves the part
    out and shows what lies below it; in place of a head it gives the plain one.
    views: factor -> (exemplars,) float, as ``face_views.draw_views`` makes them.
    looks: from ``face_looks.face_looks``.
    size: pixels a side, at least 28. colour: three channels, or one of luma.
    Returns images (exemplars, size, size, channels) uint8 and masks
    (exemplars, size, size, parts) bool, the pixels where each part is seen.
    Raises TokenSetError for a smaller size, and for codes or views that do not fit.
    """
    codes = np.asarray(codes)
    _check(codes, views, looks, size)
    images = np.empty((len(codes), size, size, 3 if colour else 1), np.uint8)
    masks = np.empty((len(codes), size, size, len(looks)), bool)
    step = max(1, _PIXELS_AT_ONCE // size**2)
    for start in range(0, len(codes), step):
        batch = slice(start, start + step)
        face = _Face(codes[batch], {name: values[batch] for name, values in views.items()}, looks, size)
        canvas = _drawn(face)
        images[batch], masks[batch] = canvas.images(colour), canvas.masks()
    return images, masks


def _check(codes: np.ndarray, views: Mapping[str, np.ndarray], looks: Looks, size: int) -> None:
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
    for (part, measurements), variants in zip(looks.items(), codes.T, strict=True):
        num_variants = len(next(iter(measurements.values())))
        if variants.min(initial=0) < ABSENT or variants.max(initial=0) >= num_variants:
            raise TokenSetError(
                f"The codes of {part} run from {variants.min()} to {variants.max()}. "
                f"Its variants are 0 to {num_variants - 1}, and -1 leaves it out."
            )
    for factor in FACTORS:
        if factor not in views or len(views[factor]) != len(codes):
            raise TokenSetError(
                f"Each of the {len(codes)} faces needs a value of {factor}, but the views have "
                f"{len(views[factor]) if factor in views else 'none'}. face_views.draw_views draws all factors."
            )


@dataclass(frozen=True)
class _Part:
    """One part in a batch of faces: its number, who has it, and its measurements."""

    number: int | None
    present: np.ndarray  # (exemplars,) bool
    measured: Mapping[str, np.ndarray]  # measurement -> (exemplars,)

    def __getitem__(self, measurement: str) -> np.ndarray:
        return self.measured[measurement]

    def seen(self, shape: Shape) -> Shape:
        """The shape, left out where the part is absent."""
        return shape.times(per_exemplar(self.present))


class _Face:
    """A batch of faces in the making: the canvas and what every part needs to know."""

    def __init__(self, codes: np.ndarray, views: Mapping[str, np.ndarray], looks: Looks, size: int) -> None:
        self.size = size
        self.canvas = Canvas(len(codes), size, len(looks))
        self.views = views
        self.picture = whole_picture(len(codes))
        self.frame = self.picture.place(
            2 * views["shift_x"],
            2 * views["shift_y"] + 0.10,
            half_width=views["scale"],
            half_height=views["scale"],
            angle=np.radians(views["roll"]),
        )
        self.skin = between(_SKINS, views["skin_tint"])
        self.parts = {
            part: _Part(
                number,
                codes[:, number] != ABSENT,
                {name: values[np.maximum(codes[:, number], 0)] for name, values in measurements.items()},
            )
            for number, (part, measurements) in enumerate(looks.items())
        }

    def on_ball(self, right, down, half_width, half_height, angle=0.0, depth=0.0) -> Frame:
        """The frame of a feature on the head, moved and narrowed by yaw and pitch.

        depth: how far it stands out from the ball, in image units.
        """
        yaw, pitch = np.radians(self.views["yaw"]), np.radians(self.views["pitch"])
        front = np.sqrt(_BALL**2 - right**2 - down**2) + depth
        turned_right = right * np.cos(yaw) + front * np.sin(yaw)
        turned_front = front * np.cos(yaw) - right * np.sin(yaw)
        turned_down = down * np.cos(pitch) + turned_front * np.sin(pitch)
        return self.frame.place(
            turned_right, turned_down, half_width * turned_front / front, half_height * np.cos(pitch), angle
        )


def _drawn(face: _Face) -> Canvas:
    _draw_background(face)
    _draw_shoulders(face)
    crown = _draw_hair_behind(face)
    _draw_head(face)
    _draw_brows(face)
    _draw_eyes(face)
    _draw_mouth(face)
    _draw_nose(face)
    _draw_hair_in_front(face, crown)
    if "accessory" in face.parts:
        _draw_accessory(face)
    _light(face)
    return face.canvas


def _draw_background(face: _Face) -> None:
    """A wall of two colours that run into each other, and six things before it."""
    numbers = iter(scene_numbers(face.views["scene"], 64).T)
    colour = between(_WALLS, next(numbers))
    everywhere = face.picture.window(face.size)
    across, _ = face.picture.place(0, 0, 1.4, 1.4, 2 * np.pi * next(numbers)).coordinates(everywhere, face.size)
    face.canvas.fill(colour)
    fading = np.clip(across * np.float32(0.5) + np.float32(0.5), 0, 1)
    face.canvas.glaze(Shape(everywhere, fading, across, across), between(_WALLS, next(numbers)))
    for thing in range(6):
        frame = face.picture.place(
            2.2 * next(numbers) - 1.1,
            2.2 * next(numbers) - 1.1,
            half_width=0.1 + 0.25 * next(numbers),
            half_height=0.1 + 0.25 * next(numbers),
            angle=np.pi * next(numbers),
        )
        shape = oval(frame, face.size) if thing % 2 else box(frame, face.size, corner=0.08)
        face.canvas.glaze(shape, between(_THINGS, next(numbers)) * (0.8 + 0.3 * next(numbers))[:, np.newaxis])


def _draw_shoulders(face: _Face) -> None:
    shoulders = oval(face.frame.place(0, 1.28, 0.85, 0.5), face.size)
    face.canvas.paint(shoulders, between(_CLOTHES, face.views["clothes_tint"]))


def _hair_colour(face: _Face) -> np.ndarray:
    return between(_HAIRS, face.parts["hair"].measured.get("tint", face.views["hair_tint"]))


def _draw_hair_behind(face: _Face) -> Shape:
    """Paints the crown and the sides that hang down; returns the crown."""
    hair = face.parts["hair"]
    middle, half_width = hair["middle"], hair["half_width"]
    crown = cloud(face.frame.place(0, middle, half_width, hair["half_height"]), face.size, hair["curl"])
    half_length = (hair["length"] - middle) / 2
    sides = box(face.frame.place(0, middle + half_length, half_width, half_length), face.size, corner=0.14)
    crown, sides = hair.seen(crown), hair.seen(sides.times(per_exemplar(hair["length"] > 0)))
    face.canvas.paint(sides, _hair_colour(face) * 0.88, hair.number)
    face.canvas.paint(crown, _hair_colour(face), hair.number)
    return crown


def _draw_head(face: _Face) -> None:
    number, measured = _head(face)
    shade = face.skin * (0.84, 0.76, 0.72)
    face.canvas.paint(box(face.frame.place(0, 0.72, 0.19, 0.26), face.size, corner=0.1), shade)
    for side in (-1, 1):
        ear = oval(face.frame.place(side * measured["half_width"], 0.03, 0.10, 0.14), face.size)
        face.canvas.paint(ear, face.skin * 0.93, number)
    skull = oval(face.frame.place(0, 0, measured["half_width"], measured["half_height"]), face.size, measured["jaw"])
    face.canvas.paint(skull, face.skin, number)
    rounding = np.clip(skull.p * skull.p + skull.q * skull.q - np.float32(0.35), 0, 1)
    face.canvas.glaze(skull.times(rounding * np.float32(0.5)), shade)
    for side in (-1, 1):
        p, q = face.on_ball(side * 0.36, 0.19, 0.18, 0.14).coordinates(skull.window, face.size)
        blush = np.clip(1 - p * p - q * q, 0, 1)
        face.canvas.glaze(skull.times(blush * np.float32(0.5)), face.skin * (1.0, 0.70, 0.68))


def _head(face: _Face) -> tuple[int | None, dict[str, np.ndarray]]:
    """The number and the measurements of the head: the plain one where the code gives none."""
    head = face.parts.get("head", _Part(None, np.zeros(len(face.skin), bool), PLAIN_HEAD))
    return head.number, {name: np.where(head.present, head[name], plain) for name, plain in PLAIN_HEAD.items()}


def _draw_brows(face: _Face) -> None:
    lively = face.views["expression"]
    for side in (-1, 1):
        frame = face.on_ball(side * 0.265, -0.31 - 0.02 * lively, 0.12, 0.028, side * (0.1 + 0.1 * lively))
        face.canvas.paint(oval(frame, face.size, bend=-1.2), _BROW)


def _draw_eyes(face: _Face) -> None:
    eyes, lively = face.parts["eyes"], face.views["expression"]
    for side in (-1, 1):
        frame = face.on_ball(
            side * 0.265,
            -0.08,
            eyes["half_width"],
            eyes["half_height"] * (1 + 0.08 * lively),
            angle=-side * np.radians(eyes["slant"]),
        )
        eye = eyes.seen(oval(frame, face.size, bend=eyes["bend"]))
        face.canvas.paint(eye, _EYE, eyes.number)
        spark = _spot(eye, 0.3, -0.4, sharpness=9.0)
        face.canvas.glaze(eye.times(spark * per_exemplar(eyes["spark"])), _SPARK)


def _spot(shape: Shape, p: float, q: float, sharpness: float) -> np.ndarray:
    """A soft round spot at (p, q) of the shape's own coordinates, 1 in its middle and 0 far away."""
    from_middle = np.square(shape.p - np.float32(p)) + np.square(shape.q - np.float32(q))
    return np.clip(np.float32(1.5) - np.float32(sharpness) * from_middle, 0, 1)


def _draw_mouth(face: _Face) -> None:
    mouth, lively = face.parts["mouth"], face.views["expression"]
    frame = face.on_ball(0, 0.43, mouth["half_width"], mouth["half_height"] * (1 + 0.1 * lively))
    lips = mouth.seen(oval(frame, face.size, bend=mouth["bend"] * (1 + 0.15 * lively)))
    face.canvas.paint(lips, _MOUTH, mouth.number)
    face.canvas.glaze(lips.times(_spot(lips, 0, 0.8, sharpness=3.0)), _TONGUE)


def _draw_nose(face: _Face) -> None:
    nose = face.parts["nose"]
    frame = face.on_ball(0, nose["middle"], nose["half_width"], nose["half_height"], depth=0.08)
    shape = nose.seen(oval(frame, face.size, taper=nose["taper"]))
    face.canvas.paint(shape, face.skin * (0.76, 0.52, 0.45), nose.number)
    face.canvas.glaze(shape.times(_spot(shape, -0.25, -0.35, sharpness=7.0) * np.float32(0.5)), face.skin)


def _draw_hair_in_front(face: _Face, crown: Shape) -> None:
    hair, colour = face.parts["hair"], _hair_colour(face)
    right, down = face.on_ball(0, -0.3, 1, 1).coordinates(crown.window, face.size)
    edge = per_exemplar(hair["fringe"] + 0.3)
    arch = per_exemplar(hair["arch"])
    fringe = crown.times(softened(down - edge - arch * right * right, face.size))
    face.canvas.paint(fringe, colour, hair.number)
    face.canvas.glaze(fringe.times(_spot(crown, -0.35, -0.6, sharpness=5.0) * np.float32(0.25)), colour * 0.5 + 0.45)


def _draw_accessory(face: _Face) -> None:
    accessory = face.parts["accessory"]
    worn = per_exemplar(accessory.present & (accessory["half_height"] > 0))
    frame = face.frame.place(0, -0.50, 0.61, np.maximum(accessory["half_height"], 0.01))
    band = box(frame, face.size, corner=0.05, bend=-1.6).times(worn)
    face.canvas.paint(band, _BAND, accessory.number)
    stripe = np.clip(2 - 8 * np.abs(band.q), 0, 1)
    face.canvas.glaze(band.times(stripe * np.float32(0.8)), _STRIPE)


def _light(face: _Face) -> None:
    views, everywhere = face.views, face.picture.window(face.size)
    towards_light = face.picture.place(0, 0, angle=np.radians(views["light_angle"]))
    across, _ = towards_light.coordinates(everywhere, face.size)
    strength, brightness, noise = (per_exemplar(views[name]) for name in ("light_strength", "brightness", "noise"))
    face.canvas.planes *= (1 + strength * across) * brightness
    face.canvas.planes += noise * grain(views["scene"], face.size)
