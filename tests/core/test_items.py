from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crossreid.core.errors import DataError
from crossreid.core.items import as_queries, as_samples
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample

PICTURE = np.zeros((4, 2, 3), dtype=np.uint8)
SKETCH = Sample(Modality.SKETCH, image=PICTURE, person_id=3)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with a picture, a file that is none by its name, and a folder."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (2, 4)).save("anna.JPG", "JPEG")
    Path("coat").write_text("a list of coats")
    Path("photos").mkdir()
    return tmp_path


def test_paths_and_pictures_are_photographs_unless_told_otherwise():
    items = [Path("gone.jpg"), PICTURE, Image.new("RGB", (2, 4))]
    assert [sample.modality for sample in as_samples(items)] == [Modality.RGB] * 3
    assert [sample.modality for sample in as_samples(items, modality="ir")] == [Modality.IR] * 3


@pytest.mark.parametrize("name", ["anna.JPG", "./anna.JPG"])
def test_a_string_that_names_a_picture_is_that_picture(name):
    (sample,) = as_samples([name])
    assert (sample.modality, sample.path, sample.caption) == (Modality.RGB, Path(name), None)


@pytest.mark.parametrize(
    "words", ["a red coat", "anna", "wears a T-shirt/jacket", "24/7 guard", "coat.", "a coat " * 200, "a\0b"]
)
def test_any_other_string_is_a_caption(words):
    (sample,) = as_samples([words])
    assert (sample.modality, sample.caption, sample.path) == (Modality.TEXT, words, None)


@pytest.mark.parametrize(
    "name",
    ["gone.jpg", "GONE.PNG", "my photos/anna 1.webp", "anna.gif", "photos/anna", "/photos of anna", "~/anna"],
)
def test_a_string_that_looks_like_a_missing_picture_is_refused(name):
    with pytest.raises(
        DataError, match=r'where there is no file; .*; check the path, or pass modality="text"'
    ):
        as_samples([name])
    assert as_samples([name], modality="text")[0].caption == name


@pytest.mark.parametrize(("name", "kind"), [("coat", "file"), ("photos", "folder")])
def test_a_string_that_names_something_else_is_refused(name, kind):
    with pytest.raises(DataError, match=rf'a caption or the {kind} .*modality="text" .* Path\(\.\.\.\)'):
        as_samples([name])
    assert as_samples([name], modality="text")[0].caption == name
    assert as_samples([Path(name)])[0].path == Path(name)


def test_strings_are_paths_when_the_modality_is_visual():
    (sample,) = as_samples(["a sketch of anna"], modality="sketch")
    assert (sample.modality, sample.path) == (Modality.SKETCH, Path("a sketch of anna"))


def test_an_empty_caption_is_refused():
    with pytest.raises(DataError, match="an empty caption"):
        as_samples("")


@pytest.mark.parametrize(
    "item", ["a red coat", Path("a.jpg"), PICTURE, Image.new("RGB", (2, 4)), SKETCH], ids=type
)
def test_one_item_needs_no_list(item):
    (alone,), (listed,) = as_samples(item), as_samples([item])
    assert (alone.modality, alone.path, alone.caption) == (listed.modality, listed.path, listed.caption)


def test_several_items_are_any_iterable_of_any_kinds():
    mixed = as_samples(iter(["a red coat", Path("a.jpg"), SKETCH]))
    assert [sample.modality for sample in mixed] == [Modality.TEXT, Modality.RGB, Modality.SKETCH]
    assert as_samples([]) == []
    assert as_samples((SKETCH, SKETCH)) == [SKETCH, SKETCH]


def test_an_array_of_four_dimensions_is_several_pictures():
    pictures = np.arange(3 * 4 * 2 * 3, dtype=np.uint8).reshape(3, 4, 2, 3)
    found = [sample.image for sample in as_samples(pictures)]
    np.testing.assert_array_equal(found, pictures)


@pytest.mark.parametrize("array", [PICTURE.astype(np.float32), PICTURE[:, :, 0], PICTURE.transpose(2, 0, 1)])
def test_an_array_that_is_no_picture_is_refused(array):
    with pytest.raises(DataError, match=r"expected uint8 \[height, width, 3\], RGB"):
        as_samples([array])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK"])
def test_pictures_of_any_mode_become_rgb(mode):
    picture = Image.new("RGB", (2, 4), (255, 51, 0)).convert(mode)
    (sample,) = as_samples([picture], modality="sketch")
    np.testing.assert_array_equal(sample.image, np.full((4, 2, 3), (255, 51, 0), np.uint8))


def test_what_is_transparent_is_white():
    drawing = Image.new("RGBA", (3, 1))  # black, and transparent
    drawing.putpixel((1, 0), (0, 0, 0, 255))
    drawing.putpixel((2, 0), (100, 0, 0, 51))  # a fifth of it: 0.2 * 100 + 0.8 * 255 = 224, 0.8 * 255 = 204
    (sample,) = as_samples(drawing)
    np.testing.assert_array_equal(sample.image, [[[255] * 3, [0] * 3, [224, 204, 204]]])


def test_samples_pass_as_they_are():
    assert as_samples([SKETCH])[0] is SKETCH
    assert as_samples([SKETCH], modality="sketch")[0] is SKETCH


def test_a_sample_of_another_modality_is_refused():
    with pytest.raises(DataError, match=r"a sketch sample among rgb items"):
        as_samples([SKETCH], modality="rgb")


@pytest.mark.parametrize("item", [Path("a.jpg"), PICTURE])
def test_a_picture_is_no_caption(item):
    with pytest.raises(DataError, match=r"as text; expected a caption"):
        as_samples([item], modality="text")


@pytest.mark.usefixtures("shapes_unchecked")
@pytest.mark.parametrize("items", [3, [3], [None], b"jpeg"])
def test_an_item_of_another_type_is_refused(items):
    with pytest.raises(DataError, match=r"an item of type \w+; expected a Sample, path, picture or caption"):
        as_samples(items)


def test_an_unknown_modality_is_refused():
    with pytest.raises(DataError, match="modality 'thermal'; expected one of rgb, ir, sketch, text"):
        as_samples(["a red coat"], modality="thermal")


def test_a_tuple_in_a_list_is_one_query():
    caption = Sample(Modality.TEXT, caption="a red coat")
    assert as_queries([(SKETCH, caption), SKETCH]) == [(SKETCH, caption), (SKETCH,)]
    with pytest.raises(DataError, match="an item of type tuple"):
        as_samples([(SKETCH, caption)])
