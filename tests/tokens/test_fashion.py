"""Fashion-MNIST from the package, from Keras, and from a folder of IDX files."""

import gzip
import struct
import sys
import types
import warnings
from importlib import resources

import numpy as np
import pytest

from dense_keras.token_set import TokenSetError
from dense_keras.tokens.fashion import CLASSES, fashion, read_idx, read_package

pytestmark = pytest.mark.filterwarnings("ignore:.*not dense")

DATA = resources.files("dense_keras.tokens").joinpath("data")
NAMES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def make_labelled(count, first_value=0):
    """``count`` images of each class; all pixels of an image are its label, or its number in the first row."""
    labels = np.tile(np.arange(10, dtype=np.uint8), count)
    images = np.broadcast_to(labels[:, None, None], (len(labels), 28, 28)).copy()
    images[:, 0] = (first_value + np.arange(len(labels)))[:, None] % 256
    return images, labels


def idx_bytes(array):
    return bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_idx_folder(folder, zipped=True, spelling="-idx"):
    for name, count in (("train", 12), ("test", 6)):
        for file_name, array in zip(NAMES[name], make_labelled(count), strict=True):
            path = folder / (file_name.replace("-idx", spelling) + (".gz" if zipped else ""))
            path.write_bytes(gzip.compress(idx_bytes(array)) if zipped else idx_bytes(array))
    return folder


def as_set(images):
    return {image.tobytes() for image in images}


def test_default_is_five_dense_tokens():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        token_set = fashion()
    assert token_set.token_names == ("T-shirt", "Pullover", "Dress", "Coat", "Shirt")
    assert token_set.train.images.shape == (2500, 28, 28, 1)
    assert token_set.held_out.images.shape == (500, 28, 28, 1)
    assert token_set.train.tokens.tolist() == np.repeat(np.arange(5), 500).tolist()
    assert token_set.held_out.tokens.tolist() == np.repeat(np.arange(5), 100).tolist()
    assert token_set.train.codes is None and token_set.train.masks is None and token_set.part_names == ()
    assert "Zalando" in token_set.credit and "MIT" in token_set.credit


def test_package_holds_3000_different_images_below_the_size_limit_with_their_licence():
    (train, train_labels), (test, test_labels) = read_package()
    assert len(as_set(train) | as_set(test)) >= 2990
    assert np.unique(train_labels).tolist() == np.unique(test_labels).tolist() == list(CLASSES)
    assert len(DATA.joinpath("fashion.npz").read_bytes()) < 2_500_000
    notice = DATA.joinpath("LICENSE.fashion-mnist").read_text()
    assert "Copyright (c) 2017 Zalando SE" in notice and "Permission is hereby granted" in notice


def test_package_holds_no_pickle():
    with DATA.joinpath("fashion.npz").open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        assert {arrays[name].dtype.kind for name in arrays.files} == {"u"}


def test_pictures_fit_their_names():
    """A dress is narrower than a pullover, and a T-shirt has no sleeves beside its lower half."""
    token_set = fashion()
    mean = {
        name: token_set.train.images[token_set.train.tokens == token].mean(axis=(0, 3))
        for token, name in enumerate(token_set.token_names)
    }
    width = {name: (image[18:24] > 64).sum(axis=1).mean() for name, image in mean.items()}
    assert width["Dress"] < width["T-shirt"] < min(width["Pullover"], width["Coat"])


def test_tokens_are_the_labels_of_the_source(tmp_path):
    token_set = fashion(exemplars=12, held_out=6, source=write_idx_folder(tmp_path))
    for exemplars in (token_set.train, token_set.held_out):
        assert exemplars.images[:, 27, 27, 0].tolist() == [list(CLASSES)[token] for token in exemplars.tokens]


def test_fewer_exemplars_are_a_subset_of_more_and_held_out_stay():
    few, many = fashion(exemplars=100), fashion(exemplars=400)
    for token in range(5):
        small, large = (as_set(each.train.images[each.train.tokens == token]) for each in (few, many))
        assert len(small) >= 99
        assert small < large
    np.testing.assert_array_equal(few.held_out.images, many.held_out.images)
    assert as_set(fashion(held_out=10).held_out.images) < as_set(few.held_out.images)


def test_seed_decides_which_exemplars():
    first, again, other = (fashion(exemplars=100, seed=seed).train.images for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert as_set(first) != as_set(other)


def test_colour_repeats_the_gray_channel():
    gray, colour = (fashion(exemplars=5, colour=colour).train.images for colour in (False, True))
    assert colour.shape == (25, 28, 28, 3)
    np.testing.assert_array_equal(colour, np.repeat(gray, 3, axis=-1))


@pytest.mark.parametrize("size", [16, 32, 64])
def test_size_resizes_and_keeps_the_mean_brightness(size):
    original, resized = (fashion(exemplars=5, size=each).train.images for each in (28, size))
    assert resized.shape == (25, size, size, 1) and resized.dtype == np.uint8
    np.testing.assert_allclose(resized.mean(axis=(1, 2, 3)), original.mean(axis=(1, 2, 3)), atol=3)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("spelling", ["-idx", ".idx"])
def test_idx_folder(tmp_path, zipped, spelling):
    token_set = fashion(exemplars=12, held_out=6, source=str(write_idx_folder(tmp_path, zipped, spelling)))
    train, labels = make_labelled(12)
    assert as_set(token_set.train.images[..., 0]) == as_set(train[np.isin(labels, list(CLASSES))])


def test_keras_source(monkeypatch):
    datasets = types.SimpleNamespace(
        fashion_mnist=types.SimpleNamespace(load_data=lambda: (make_labelled(12), make_labelled(6)))
    )
    backend = types.ModuleType("dense_keras.backend")
    backend.keras = types.SimpleNamespace(datasets=datasets)
    monkeypatch.setitem(sys.modules, "dense_keras.backend", backend)
    token_set = fashion(exemplars=12, held_out=6, source="keras")
    assert token_set.train.images[:, 27, 27, 0].tolist() == np.repeat(list(CLASSES), 12).tolist()


def test_keras_source_offline(monkeypatch):
    def load_data():
        raise Exception("URL fetch failure on https://...")

    backend = types.ModuleType("dense_keras.backend")
    backend.keras = types.SimpleNamespace(
        datasets=types.SimpleNamespace(fashion_mnist=types.SimpleNamespace(load_data=load_data))
    )
    monkeypatch.setitem(sys.modules, "dense_keras.backend", backend)
    with pytest.raises(TokenSetError, match=r"could not load Fashion-MNIST \(URL fetch failure.*source='package'"):
        fashion(source="keras")


@pytest.mark.parametrize(("option", "count"), [("exemplars", 501), ("held_out", 101)])
def test_more_exemplars_than_the_package_has(option, count):
    with pytest.raises(
        TokenSetError, match=rf"{count} exemplars of T-shirt .* has {count - 1}\. .*source='keras' .*IDX files"
    ):
        fashion(**{option: count})


@pytest.mark.parametrize("option", ["exemplars", "held_out", "size", "seed"])
@pytest.mark.parametrize("value", [-1, 1.5, "5"])
def test_options_that_are_no_possible_number(option, value):
    with pytest.raises(TokenSetError, match=rf"^{option}={value!r}: it must be a whole number from"):
        fashion(**{option: value})


def test_unknown_source():
    with pytest.raises(TokenSetError, match="No Fashion-MNIST at source='packge'. Possible are 'package'"):
        fashion(source="packge")


def test_all_missing_idx_files_are_named(tmp_path):
    write_idx_folder(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    (tmp_path / "t10k-images-idx3-ubyte.gz").unlink()
    with pytest.raises(TokenSetError, match="No train-labels-idx1-ubyte, t10k-images-idx3-ubyte in "):
        fashion(source=tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "starts with nothing"),
        (b"PK\x03\x04 a zip file", "starts with 50 4b 03 04"),
        (idx_bytes(np.zeros(60, np.uint8)), "starts with 00 00 08 01, an IDX file of 3"),
        (idx_bytes(make_labelled(2)[0])[:9], "cannot be read"),
        (idx_bytes(make_labelled(2)[0])[:-1], "says that it holds 15,680 bytes, and holds only 15,679"),
        (idx_bytes(make_labelled(2)[0]) + b"!", "says that it holds 15,680 bytes, and holds more"),
        (gzip.compress(idx_bytes(make_labelled(2)[0]))[:-20], "cannot be read"),
        (b"\x1f\x8b" + b"\xff" * 40, "cannot be read"),
        (bytes((0, 0, 8, 3)) + struct.pack(">3I", 2**32 - 1, 28, 28), "bytes: it is broken"),
    ],
)
def test_broken_idx_files(tmp_path, content, message):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(TokenSetError, match=f"^{path.name} .*{message}"):
        read_idx(path, dimensions=3)


def test_labels_that_do_not_match_the_images(tmp_path):
    write_idx_folder(tmp_path, zipped=False)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(7, np.uint8)))
    with pytest.raises(TokenSetError, match="has 120 images, but train-labels-idx1-ubyte has 7 labels"):
        fashion(source=tmp_path)


def test_labels_out_of_range(tmp_path):
    write_idx_folder(tmp_path, zipped=False)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.full(120, 10, np.uint8)))
    with pytest.raises(TokenSetError, match="has label 10; Fashion-MNIST has labels 0 to 9"):
        fashion(source=tmp_path)


def test_images_of_another_size(tmp_path):
    write_idx_folder(tmp_path, zipped=False)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros((120, 8, 8), np.uint8)))
    with pytest.raises(TokenSetError, match=r"has images of \(8, 8\); Fashion-MNIST has \(28, 28\)"):
        fashion(source=tmp_path)
