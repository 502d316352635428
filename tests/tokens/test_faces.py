"""The token set ``faces``: what its codes promise, its factorial probe, and that it never changes."""

import hashlib

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dense_keras import tokens
from dense_keras.codes import KINDS, tokens_of_codes
from dense_keras.face_views import FACTORS
from dense_keras.token_set import TokenSetError
from dense_keras.tokens.faces import faces

pytestmark = pytest.mark.filterwarnings("ignore:Token set 'faces' is not dense")


@pytest.fixture(scope="module")
def dense():
    """Each kind of code with 500 exemplars a token, drawn once."""
    return {kind: faces(kind) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_five_tokens_in_order_with_everything_known(dense, kind):
    token_set = dense[kind]
    assert token_set.token_names == ("Ada", "Ben", "Cleo", "Dov", "Eva")
    num_parts = len(token_set.part_names)
    for exemplars, count in ((token_set.train, 500), (token_set.held_out, 100)):
        np.testing.assert_array_equal(exemplars.tokens, np.repeat(np.arange(5), count))
        np.testing.assert_array_equal(tokens_of_codes(kind, exemplars.codes), exemplars.tokens)
        assert exemplars.images.shape == (5 * count, 32, 32, 3) and exemplars.images.dtype == np.uint8
        assert exemplars.masks.shape == (5 * count, 32, 32, num_parts) and exemplars.masks.dtype == bool
        assert set(exemplars.factors) == set(FACTORS)
        assert all(values.shape == (5 * count,) for values in exemplars.factors.values())


@pytest.mark.parametrize("kind", KINDS)
def test_part_shares_are_those_of_the_masks_and_large_enough(dense, kind):
    token_set = dense[kind]
    shares = token_set.part_shares
    assert tuple(shares) == token_set.part_names
    for part, name in enumerate(token_set.part_names):
        assert shares[name] == pytest.approx(token_set.train.masks[..., part].sum() / (2500 * 32 * 32))
    assert 0.12 < shares["hair"] < 0.25
    assert min(shares["eyes"], shares["nose"], shares["mouth"]) > 0.015


VIEWS = 8
"""Views of the factorial probe, by default."""


@pytest.mark.parametrize(
    ("kind", "codes", "num_tokens"), [("natural", 32, 2), ("additive", 16, 5), ("conjunctive", 32, 5)]
)
def test_factorial_shows_every_code_in_the_same_views(dense, kind, codes, num_tokens):
    factorial = dense[kind].factorial
    assert len(factorial) == codes * VIEWS
    assert len(set(factorial.tokens.tolist()) - {-1}) == num_tokens
    np.testing.assert_array_equal(factorial.factors["view"], np.tile(np.arange(VIEWS), codes))
    assert len(np.unique(factorial.codes, axis=0)) == codes
    for name, values in factorial.factors.items():
        by_code = values.reshape(codes, VIEWS)
        np.testing.assert_array_equal(by_code, np.broadcast_to(by_code[0], by_code.shape), err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_matched_views_differ_in_the_parts_alone(dense, kind):
    factorial = dense[kind].factorial
    num_codes = len(factorial) // VIEWS
    images = factorial.images.reshape(num_codes, VIEWS, 32, 32, 3)
    some_part = factorial.masks.any(axis=-1).reshape(num_codes, VIEWS, 32, 32).any(axis=0)
    padded = np.pad(some_part, ((0, 0), (1, 1), (1, 1)))
    near = np.any([padded[:, y : y + 32, x : x + 32] for y in range(3) for x in range(3)], axis=0)
    change = np.ptp(images.astype(int), axis=0).max(axis=-1)
    assert 0.2 < (~near).mean()
    assert change[~near].max() < 16 and (change[~near] > 0).mean() < 0.02
    assert change[some_part].mean() > 30


def brightness(images):
    """Mean brightness, and each channel's mean and standard deviation: (exemplars, 7)."""
    return np.column_stack([images.mean(axis=(1, 2, 3)), images.mean(axis=(1, 2)), images.std(axis=(1, 2))])


def background(images):
    """Four corners of 3 x 3 pixels: (exemplars, 108)."""
    ends = (slice(None, 3), slice(-3, None))
    corners = [images[:, rows, columns] for rows in ends for columns in ends]
    return np.concatenate(corners, axis=1).reshape(len(images), -1)


def cross_validated(classifier, features, tokens):
    order = np.random.default_rng(0).permutation(len(tokens))
    return cross_val_score(make_pipeline(StandardScaler(), classifier), features[order], tokens[order], cv=5).mean()


@pytest.mark.parametrize("shortcut", [brightness, background])
@pytest.mark.parametrize(("kind", "num_tokens"), [("additive", 5), ("conjunctive", 4)])
@pytest.mark.parametrize("classifier", [LogisticRegression(max_iter=300), KNeighborsClassifier(25)])
def test_no_shortcut_beats_chance_by_more_than_four_points(dense, kind, num_tokens, shortcut, classifier):
    """Conjunctive: among Ada, Ben, Cleo and Dov; Eva's headband is bright and may show."""
    train = dense[kind].train
    chosen = train.take(np.flatnonzero(train.tokens < num_tokens))
    accuracy = cross_validated(classifier, shortcut(chosen.images / 255), chosen.tokens)
    assert accuracy < 1 / num_tokens + 0.04


@pytest.mark.parametrize("part", range(4))
def test_brightness_does_not_tell_the_variant_of_a_part(dense, part):
    train = dense["conjunctive"].train
    accuracy = cross_validated(LogisticRegression(max_iter=300), brightness(train.images / 255), train.codes[:, part])
    assert accuracy < 0.5 + 0.05


def test_no_factor_tells_the_token(dense):
    for kind in KINDS:
        train = dense[kind].train
        for name, values in train.factors.items():
            tenths = np.digitize(values, np.quantile(values, np.linspace(0.1, 0.9, 9)))
            assert adjusted_mutual_info_score(train.tokens, tenths) < 0.005, (kind, name)


def test_parts_of_conjunctive_exemplars_are_balanced_to_the_last(dense):
    for exemplars in (dense["conjunctive"].train, dense["conjunctive"].held_out):
        for token in range(4):
            np.testing.assert_array_equal(exemplars.codes[exemplars.tokens == token].mean(axis=0), [0.5] * 4 + [0])


def test_faces_are_no_task_for_nearest_pixels(dense):
    def pixels(exemplars):
        return exemplars.images.reshape(len(exemplars), -1) / 255

    nearest = {}
    for kind in KINDS:
        train, held_out = dense[kind].train, dense[kind].held_out
        classifier = KNeighborsClassifier(5).fit(pixels(train), train.tokens)
        nearest[kind] = classifier.score(pixels(held_out), held_out.tokens)
    assert nearest["conjunctive"] < nearest["additive"] < 0.75
    assert nearest["additive"] < nearest["natural"] < 0.97


def equal(first, second):
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.codes, second.codes)
    np.testing.assert_array_equal(first.masks, second.masks)
    for name, values in first.factors.items():
        np.testing.assert_array_equal(values, second.factors[name])


@pytest.mark.parametrize("kind", KINDS)
def test_fewer_exemplars_are_the_first_of_more(dense, kind):
    few, many = faces(kind, exemplars=17, held_out=9), dense[kind]
    for token in range(5):
        equal(
            few.train.take(np.flatnonzero(few.train.tokens == token)),
            many.train.take(np.flatnonzero(many.train.tokens == token)[:17]),
        )
        equal(
            few.held_out.take(np.flatnonzero(few.held_out.tokens == token)),
            many.held_out.take(np.flatnonzero(many.held_out.tokens == token)[:9]),
        )


def test_fewer_views_are_the_first_of_more(dense):
    few, many = faces(exemplars=1, held_out=1, views=3).factorial, dense["additive"].factorial
    equal(few, many.take(np.flatnonzero(many.factors["view"] < 3)))


def test_no_picture_occurs_twice(dense):
    for kind in KINDS:
        token_set = dense[kind]
        pictures = [image.tobytes() for part in (token_set.train, token_set.held_out) for image in part.images]
        assert len(set(pictures)) == len(pictures)
        scenes = [part.factors["scene"] for part in (token_set.train, token_set.held_out, token_set.factorial)]
        assert len(np.intersect1d(scenes[0], scenes[2])) == 0


def test_views_do_not_depend_on_size_colour_or_code():
    first = faces("additive", exemplars=4, held_out=1, views=1)
    for other in (
        faces("additive", exemplars=4, held_out=1, views=1, size=50),
        faces("additive", exemplars=4, held_out=1, views=1, colour=False),
        faces("natural", exemplars=4, held_out=1, views=1),
    ):
        for name, values in first.train.factors.items():
            np.testing.assert_array_equal(values, other.train.factors[name])


def test_the_seed_decides(dense):
    again, other = faces("natural", exemplars=5), faces("natural", exemplars=5, seed=1)
    equal(again.train, dense["natural"].train.take(np.flatnonzero(np.arange(2500) % 500 < 5)))
    assert (again.train.images != other.train.images).mean() > 0.5


@pytest.mark.parametrize("size", [28, 33, 96])
@pytest.mark.parametrize("kind", KINDS)
def test_any_size_gray_or_colour(kind, size):
    settings = {"exemplars": 2, "held_out": 1, "size": size, "views": 1}
    colour, gray = faces(kind, **settings), faces(kind, colour=False, **settings)
    assert colour.image_shape == (size, size, 3) and gray.image_shape == (size, size, 1)
    for title in ("train", "held_out", "factorial"):
        luma = (getattr(colour, title).images.astype(int) @ [299, 587, 114] + 500) // 1000
        np.testing.assert_array_equal(getattr(gray, title).images[..., 0], luma)


PINNED = {
    "natural": "1a31aaa5e25997b2beb6f771678532caac0bf5655269744247a04ab193a66bb7",
    "additive": "5d91d5c35d462f586de32f5cdfccd0a6feb8cefb75c8c1bd3df399b9e640320b",
    "conjunctive": "7b45bbb9aeccd1826961efde98fcdf2e7109115624cb9b3816a094d5e4e3c528",
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_pixels_on_every_machine(kind):
    token_set = faces(kind, exemplars=20, held_out=4, views=2, seed=7)
    digest = hashlib.sha256()
    for exemplars in (token_set.train, token_set.held_out, token_set.factorial):
        digest.update(exemplars.images.tobytes())
        digest.update(np.packbits(exemplars.masks).tobytes())
        digest.update(exemplars.codes.astype("<i8").tobytes())
    assert digest.hexdigest() == PINNED[kind]


def test_loaded_by_name():
    token_set = tokens.load("faces", code="conjunctive", exemplars=2, held_out=1, views=1)
    assert token_set.name == "faces" and token_set.part_names[-1] == "accessory"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"code": "linear"}, "No code 'linear'. There are: natural, additive, conjunctive."),
        ({"size": 27}, "size came as 27. It must be a whole number, 28 or more: below this many pixels"),
        ({"exemplars": 0}, "exemplars came as 0. It must be a whole number, 1 or more: each token needs at least one"),
        ({"held_out": 0}, "held_out came as 0. It must be a whole number, 1 or more: each token needs at least one"),
        ({"seed": -1}, "seed came as -1. It must be a whole number, 0 or more: seeds count from 0"),
        ({"views": 0}, "views came as 0. It must be a whole number, 1 or more: the factorial probe shows"),
        ({"exemplars": 2.5}, "exemplars came as 2.5. It must be a whole number"),
        (
            {"without_parts": ["ears"]},
            r"without_parts came as \['ears'\]. It is a list out of: hair, eyes, nose, mouth",
        ),
        ({"without_parts": "hair"}, "without_parts came as 'hair'. It is a list out of: hair, eyes"),
    ],
)
def test_errors_say_what_to_do(settings, message):
    with pytest.raises(TokenSetError, match=message):
        faces(**settings)


def test_few_exemplars_are_called_not_dense():
    with pytest.warns(UserWarning, match="is not dense: a token has only 3"):
        faces(exemplars=3, held_out=1, views=1)


@pytest.mark.filterwarnings("ignore:.*is not dense")
def test_training_exemplars_can_be_drawn_without_a_part():
    whole, lacking = (faces(exemplars=4, held_out=2, views=1, without_parts=parts) for parts in (None, ["eyes"]))
    assert (lacking.train.codes[:, 1] == -1).all() and not lacking.train.masks[..., 1].any()
    np.testing.assert_array_equal(lacking.train.codes[:, [0, 2, 3]], whole.train.codes[:, [0, 2, 3]])
    np.testing.assert_array_equal(lacking.train.tokens, whole.train.tokens)
    untouched = ~whole.train.masks[..., 1]
    assert (lacking.train.images != whole.train.images)[~untouched].any()
    equal(lacking.held_out, whole.held_out)
    equal(lacking.factorial, whole.factorial)
