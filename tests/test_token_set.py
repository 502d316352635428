"""The token set's own checks, and loading one by name or folder."""

import re
import warnings

import numpy as np
import pytest
from PIL import Image

from dense_keras import tokens
from dense_keras.token_set import Exemplars, TokenSet, TokenSetError, as_images


def make_exemplars(labels, size=8, **known):
    images = np.arange(len(labels), dtype=np.uint8)[:, None, None, None] * np.ones((1, size, size, 1), np.uint8)
    return Exemplars(images, np.asarray(labels, dtype=int), **known)


def make_set(labels=(0, 1), held_out=(0, 1), names=("ann", "bob"), **known):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return TokenSet("friends", names, make_exemplars(labels), make_exemplars(held_out), **known)


def test_take_keeps_everything_of_the_exemplars_taken():
    exemplars = make_exemplars(
        [0, 0, 1],
        codes=np.array([[0, 1], [1, 0], [1, 1]]),
        factors={"yaw": np.array([0.1, 0.2, 0.3])},
        masks=np.arange(3)[:, None, None, None] * np.ones((1, 8, 8, 2)) > 1,
    )
    taken = exemplars.take(np.array([2, 0]))
    assert len(taken) == 2
    assert taken.images[:, 0, 0, 0].tolist() == [2, 0]
    assert taken.tokens.tolist() == [1, 0]
    assert taken.codes.tolist() == [[1, 1], [0, 1]]
    assert taken.factors["yaw"].tolist() == [0.3, 0.1]
    assert taken.masks[:, 0, 0, 0].tolist() == [True, False]


def test_shuffled_tokens_are_exchanged_among_training_exemplars_alone():
    codes = np.arange(20)[:, np.newaxis]
    labels = [0] * 10 + [1] * 10
    held_out = make_exemplars(labels, codes=codes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        true = TokenSet("friends", ("ann", "bob"), make_exemplars(labels, codes=codes), held_out, held_out, ["hair"])
    with warnings.catch_warnings(record=True) as said_again:
        warnings.simplefilter("always")
        shuffled = true.with_shuffled_tokens(np.random.default_rng(3))
    assert not said_again
    assert shuffled.train.tokens.tolist() == np.random.default_rng(3).permutation(labels).tolist() != labels
    assert shuffled.train.images is true.train.images and shuffled.train.codes is codes
    assert shuffled.held_out is shuffled.factorial is held_out and shuffled.part_names == ("hair",)
    assert true.train.tokens.tolist() == labels


def test_take_where_nothing_is_known():
    taken = make_exemplars([0, 1]).take(np.array([1]))
    assert taken.codes is None and taken.masks is None and not taken.factors


@pytest.mark.parametrize("shape", [(4, 8, 8), (4, 8, 8, 2), (8, 8)])
def test_images_of_a_wrong_shape(shape):
    with pytest.raises(TokenSetError, match=rf"shape {re.escape(str(shape))}.*images\[\.\.\., None\]"):
        Exemplars(np.zeros(shape, np.uint8), np.zeros(shape[0], int))


def test_images_of_a_wrong_type():
    with pytest.raises(TokenSetError, match=r"came as float32.*as_images converts"):
        Exemplars(np.zeros((2, 8, 8, 1), np.float32), np.zeros(2, int))


@pytest.mark.parametrize("labels", [np.zeros(3, int), np.zeros(2), np.zeros((2, 1), int), np.array(["a", "b"])])
def test_labels_that_do_not_match_the_images(labels):
    with pytest.raises(TokenSetError, match=r"2 images came with tokens of shape .* one integer for each image"):
        Exemplars(np.zeros((2, 8, 8, 1), np.uint8), labels)


@pytest.mark.parametrize("known", ["codes", "masks"])
def test_codes_and_masks_must_be_one_an_image(known):
    with pytest.raises(TokenSetError, match=f"2 images came with 3 values of {known}"):
        make_exemplars([0, 1], **{known: np.zeros((3, 2), int)})


def test_factors_must_be_one_an_image():
    with pytest.raises(TokenSetError, match="2 images came with 1 values of yaw"):
        make_exemplars([0, 1], factors={"yaw": np.zeros(1)})


def test_shape_and_number_of_tokens():
    token_set = make_set()
    assert token_set.num_tokens == 2
    assert token_set.image_shape == (8, 8, 1)
    assert token_set.token_names == ("ann", "bob")


@pytest.mark.parametrize("names", [(), ("ann",)])
def test_fewer_than_two_tokens(names):
    with pytest.raises(TokenSetError, match=rf"'friends' has {len(names)} token\(s\).*takes at least two"):
        make_set((0,) * 2, (0,), names)


@pytest.mark.parametrize("labels", [(0, 1, 2), (0, 1, -1)])
def test_labels_without_a_name(labels):
    with pytest.raises(TokenSetError, match=rf"held-out exemplars have labels \[{labels[2]}\].* 0 to 1"):
        make_set(held_out=labels)


@pytest.mark.parametrize(("train", "held_out", "title"), [((0, 0), (0, 1), "training"), ((0, 1), (0,), "held-out")])
def test_a_token_without_exemplars(train, held_out, title):
    with pytest.raises(TokenSetError, match=f"No {title} exemplar of bob"):
        make_set(train, held_out)


def test_training_and_held_out_images_of_two_sizes():
    with pytest.raises(TokenSetError, match=r"Training images are \(8, 8, 1\), held-out images \(9, 9, 1\)"):
        TokenSet("friends", ("ann", "bob"), make_exemplars([0, 1]), make_exemplars([0, 1], size=9))


def test_fewer_than_500_exemplars_are_warned_of_and_run():
    labels = [0] * 500 + [1] * 499
    with pytest.warns(UserWarning, match="'friends' is not dense: a token has only 499 training exemplars"):
        assert TokenSet("friends", ("ann", "bob"), make_exemplars(labels), make_exemplars([0, 1])).num_tokens == 2


def test_500_exemplars_are_dense():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TokenSet("friends", ("ann", "bob"), make_exemplars([0] * 500 + [1] * 500), make_exemplars([0, 1]))


def test_as_images_of_floats_integers_and_bytes_agree():
    levels = np.arange(256).reshape(1, 16, 16)
    expected = levels.astype(np.uint8)[..., None]
    for values in (levels, levels / 255, (levels / 255).astype(np.float32), expected, levels.astype(np.uint16)):
        images = as_images(values)
        assert images.dtype == np.uint8
        np.testing.assert_array_equal(images, expected)


def test_as_images_rounds_to_the_nearest_level():
    levels = as_images(np.array([[[0.0, 0.9999, 1.0, 100.4 / 255, 100.6 / 255]]]))
    assert levels.ravel().tolist() == [0, 255, 255, 100, 101]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_as_images_refuses_values_that_are_not_finite(value):
    values = np.zeros((5, 4, 4))
    values[[2, 4], 1, 1] = value
    with pytest.raises(TokenSetError, match=r"NaN or infinite values in 2 image\(s\), first at index 2"):
        as_images(values)


@pytest.mark.parametrize(("value", "message"), [(1.5, "0 to 1.5"), (-0.5, "-0.5 to 0"), (255.0, "0 to 255")])
def test_as_images_refuses_floats_out_of_range(value, message):
    values = np.zeros((1, 4, 4))
    values[0, 0, 0] = value
    with pytest.raises(TokenSetError, match=rf"values from {message}\. Floats must be in \[0, 1\]"):
        as_images(values)


@pytest.mark.parametrize("value", [256, -1])
def test_as_images_refuses_integers_out_of_range(value):
    values = np.zeros((1, 4, 4), int)
    values[0, 0, 0] = value
    with pytest.raises(TokenSetError, match=rf"Integer images came with values from .*{value}.* 0\.\.255"):
        as_images(values)


def test_as_images_refuses_other_types():
    with pytest.raises(TokenSetError, match="came as object"):
        as_images(np.zeros((1, 4, 4), object))


def test_names_are_those_that_need_no_folder():
    names = tokens.names()
    assert "fashion" in names and "folder" not in names and "data" not in names
    assert names == sorted(names)


def test_load_by_name_with_options_and_defaults():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        token_set = tokens.load("fashion", exemplars=3, held_out=2, size=None)
    assert token_set.name == "fashion"
    assert token_set.train.images.shape == (15, 28, 28, 1)


@pytest.mark.parametrize("as_path", [str, lambda path: path])
def test_load_a_folder(tmp_path, as_path):
    for name in ("ann", "bob"):
        (tmp_path / "friends" / name).mkdir(parents=True)
        for number in range(3):
            Image.new("RGB", (20, 30), (number, 0, 0)).save(tmp_path / "friends" / name / f"{number}.png")
    with pytest.warns(UserWarning, match="not dense"):
        token_set = tokens.load(as_path(tmp_path / "friends"), size=16)
    assert token_set.token_names == ("ann", "bob")
    assert token_set.image_shape == (16, 16, 3)


def test_load_an_unknown_name():
    with pytest.raises(TokenSetError, match=r"No token set .*'fashoin'\. .*fashion.*one sub-folder .*a token"):
        tokens.load("fashoin")


def test_load_with_an_unknown_option():
    with pytest.raises(TokenSetError, match=r"'fashion' has no option exemplar\. It has: exemplars, held_out, size"):
        tokens.load("fashion", exemplar=3)


def test_a_token_set_is_added_by_adding_a_file(tmp_path, monkeypatch):
    (tmp_path / "blanks.py").write_text(
        "import numpy as np\n"
        "from dense_keras.token_set import Exemplars, TokenSet\n"
        "def blanks(exemplars=500):\n"
        "    labels = np.repeat([0, 1], exemplars)\n"
        "    images = Exemplars(np.zeros((len(labels), 8, 8, 1), np.uint8), labels)\n"
        "    return TokenSet('blanks', ('one', 'two'), images, images)\n"
    )
    monkeypatch.setattr(tokens, "__path__", [*tokens.__path__, str(tmp_path)])
    assert "blanks" in tokens.names()
    assert tokens.load("blanks", exemplars=600).train.images.shape == (1200, 8, 8, 1)


def test_defaults_are_those_of_the_set_s_own_function(tmp_path):
    assert tokens.defaults("fashion")["size"] == 28
    defaults = tokens.defaults(str(tmp_path))
    assert defaults["size"] == 32 and defaults["exemplars"] is None and "path" not in defaults


def test_what_is_no_name_means_a_folder():
    assert not tokens.is_folder("fashion")
    assert tokens.is_folder("folder") and tokens.is_folder("./fashion")
