"""Any folder of images is read or explained, and left as it was."""

import warnings

from hypothesis import given
from hypothesis import strategies as st

from dense_keras.token_set import TokenSetError
from dense_keras.tokens.folder import folder
from trees import FORMATS, damaged, images, listing, names, unchanged_surroundings

SUFFIXES = (*FORMATS.values(), ".JPG", ".jpeg", ".txt", ".zip", ".npy", ".pkl", ".eps", ".svg", "")
contents = st.one_of(images(), images(), damaged(images()), st.binary(max_size=64), st.just(b""))
files = st.dictionaries(st.tuples(names, st.sampled_from(SUFFIXES)), contents, max_size=5)
trees = st.dictionaries(names, files, min_size=0, max_size=4)


@given(trees, st.sampled_from([None, 1, 2]), st.sampled_from([8, 31]), st.booleans())
def test_a_folder_is_a_token_set_or_explained(tree, exemplars, size, colour):
    with unchanged_surroundings() as root:
        for token, of_token in tree.items():
            place = root / token
            place.mkdir(exist_ok=True)
            for (name, suffix), content in of_token.items():
                if len(f"{name}{suffix}".encode()) < 255 and not (place / f"{name}{suffix}").exists():
                    (place / f"{name}{suffix}").write_bytes(content)
        before = listing(root)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                token_set = folder(root, exemplars, size=size, colour=colour)
        except TokenSetError as error:
            assert len(str(error)) > 20
            str(error).encode()
        else:
            assert token_set.num_tokens >= 2
            assert token_set.train.images.shape[1:] == (size, size, 3 if colour else 1)
            assert set(token_set.train.tokens) == set(token_set.held_out.tokens) == set(range(token_set.num_tokens))
        assert listing(root) == before


@given(st.lists(st.tuples(names, st.sampled_from(["..", "../..", ".", "../witness.txt", "nowhere", "/"])), max_size=4))
def test_links_never_lead_out(links):
    with unchanged_surroundings() as root:
        for token in ("ann", "bob"):
            (root / token).mkdir()
            for number in range(3):
                (root / token / f"{number}.ppm").write_bytes(b"P6 2 2 255 " + bytes([number] * 12))
        for name, target in links:
            if not (root / "ann" / name).is_symlink() and not (root / "ann" / name).exists():
                (root / "ann" / name).symlink_to(target)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                token_set = folder(root)
        except TokenSetError as error:
            assert "ann" in str(error) or "same file" in str(error)
        else:
            assert len(token_set.train) + len(token_set.held_out) == 6
