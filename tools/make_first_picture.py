"""The README's picture: exemplars of each token, and the learning curve of a recorded run.

python tools/make_first_picture.py RUN
"""

import io
import sys
import warnings
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from dense_keras import tokens as token_sets
from dense_keras.codes import accuracy_ceiling
from dense_keras.figures.curves import curves_over_steps
from dense_keras.figures.image_rows import image_rows
from dense_keras.figures.palette import LIGHT, token_colours
from dense_keras.run import Run

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "first_run.png"


def exemplars_of_each_token(run: Run, columns: int = 5) -> plt.Figure:
    """Exemplars of the run's tokens at 96 pixels, which a person can look at."""
    settings = run.description["experiment"]
    with warnings.catch_warnings(action="ignore"):
        token_set = token_sets.load("faces", code=settings["code"], exemplars=columns, size=96, seed=settings["seed"])
    large = token_set.train
    rows = np.stack([large.images[large.tokens == token] for token in range(len(run.token_names))])
    return image_rows(rows, run.token_names, [""] * columns, row_colours=token_colours(len(run.token_names))).figure


def learning_curve(run: Run) -> plt.Figure:
    """Held-out accuracy between the ceilings of one part, of two, and of all."""
    code, history = run.description["experiment"]["code"], run.history
    levels = {1 / len(run.token_names): "chance"}
    for number in range(1, len(run.part_names) + 1):
        for parts in combinations(run.part_names, number):
            levels.setdefault(accuracy_ceiling(code, parts), f"{number} part{'s' if number > 1 else ''}")
    curve = {"held-out accuracy": history["held_out_accuracy"]}
    return curves_over_steps(history["step"], curve, ylabel="accuracy (share)", levels=levels).figure


def as_picture(figure: plt.Figure, height: int) -> Image.Image:
    file = io.BytesIO()
    figure.savefig(file, dpi=200)
    picture = Image.open(file).convert("RGB")
    return picture.resize((round(picture.width * height / picture.height), height), Image.Resampling.LANCZOS)


def main() -> None:
    plt.rcParams.update(LIGHT)
    run = Run(sys.argv[1])
    pictures = [as_picture(figure, 420) for figure in (exemplars_of_each_token(run), learning_curve(run))]
    both = Image.new("RGB", (sum(picture.width for picture in pictures), 420), "white")
    left = 0
    for picture in pictures:
        both.paste(picture, (left, 0))
        left += picture.width
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    both.save(PICTURE, optimize=True)
    print(f"Saved {PICTURE}, {both.width} x {both.height} pixels.")


if __name__ == "__main__":
    main()
