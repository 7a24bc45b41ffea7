from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import Encoder, as_samples
from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample

PICTURE = np.zeros((4, 2, 3), dtype=np.uint8)


def test_paths_and_pictures_are_photographs_unless_told_otherwise():
    samples = as_samples(["a.jpg", Path("b.jpg"), PICTURE, Image.new("RGB", (2, 4))])
    assert {sample.modality for sample in samples} == {Modality.RGB}
    assert [sample.path for sample in samples] == [Path("a.jpg"), Path("b.jpg"), None, None]
    assert as_samples(["a.jpg"], modality="ir")[0].modality is Modality.IR


def test_strings_are_captions_when_the_modality_is_text():
    (sample,) = as_samples(["a red coat"], modality="text")
    assert (sample.modality, sample.caption, sample.path) == (Modality.TEXT, "a red coat", None)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK"])
def test_pictures_of_any_mode_become_rgb(mode):
    (sample,) = as_samples([Image.new("RGB", (2, 4), (200, 30, 10)).convert(mode)], modality="sketch")
    assert sample.image is not None
    assert (sample.image.shape, sample.image.dtype) == ((4, 2, 3), np.uint8)


def test_samples_pass_as_they_are():
    sample = Sample(Modality.SKETCH, image=PICTURE, person_id=3)
    assert as_samples([sample])[0] is sample
    assert as_samples([sample], modality="sketch")[0] is sample


def test_a_sample_of_another_modality_is_refused():
    with pytest.raises(DataError, match=r"a sketch sample among rgb items"):
        as_samples([Sample(Modality.SKETCH, image=PICTURE)], modality="rgb")


@pytest.mark.parametrize("item", ["a red coat", Path("a.jpg")])
def test_a_single_item_is_refused(item):
    with pytest.raises(DataError, match=r"wrap it in a list"):
        as_samples(item)


@pytest.mark.parametrize("item", [Path("a.jpg"), PICTURE])
def test_a_picture_is_no_caption(item):
    with pytest.raises(DataError, match=r"as text; expected a caption"):
        as_samples([item], modality="text")


@pytest.mark.usefixtures("shapes_unchecked")
def test_an_item_of_another_type_is_refused():
    with pytest.raises(DataError, match=r"an item of type int; expected a Sample, path, picture or caption"):
        as_samples([3])  # type: ignore[list-item]


def test_an_unknown_modality_is_refused():
    with pytest.raises(ValueError, match="thermal"):
        as_samples(["a.jpg"], modality="thermal")


def test_whoever_has_the_members_is_an_encoder():
    class Constant:
        fingerprint, dim, modalities = "constant", 1, frozenset(Modality)

        def encode(self, items, *, modality=None, batch_size=64, progress=False) -> Embeddings: ...

    assert isinstance(Constant(), Encoder)
    assert not isinstance(object(), Encoder)
