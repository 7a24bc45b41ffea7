from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset

PHOTO = Sample(Modality.RGB, 1, path=Path("a.jpg"), source_id="a")
SKETCH = Sample(Modality.SKETCH, 1, path=Path("b.jpg"), source_id="a")
STRANGER = Sample(Modality.RGB, path=Path("c.jpg"))
DATASET = Dataset("mine", "test", (PHOTO, SKETCH, STRANGER), ("ada", "bob"), ("noon", "", "dusk"))


def test_samples_can_be_chosen_by_modality():
    photos = DATASET.of("rgb")
    assert photos.samples == (PHOTO, STRANGER)
    assert photos.times == ("noon", "dusk")
    assert photos.labels == ("ada", "bob")
    assert DATASET.of("sketch", Modality.RGB) == DATASET
    assert len(DATASET.of("ir")) == 0


def test_people_are_those_who_occur():
    assert DATASET.people == (1,)


def test_groups_hold_what_one_photo_was_made_into():
    assert DATASET.groups() == {"a": (PHOTO, SKETCH)}


def test_a_person_without_a_label_is_refused():
    with pytest.raises(DataError, match=r"person_id 1 of a\.jpg; expected -1 to 0"):
        Dataset("mine", "", (PHOTO,), ("ada",))


def test_times_must_be_one_a_sample():
    with pytest.raises(DataError, match="1 times; expected 2"):
        Dataset("mine", "", (PHOTO, SKETCH), ("ada", "bob"), ("noon",))


def test_first_captions_leaves_out_the_later_ones_of_a_group():
    def words(source: str, item: str) -> Sample:
        return Sample(Modality.TEXT, 0, caption="x", source_id=source, item_id=item)

    samples = (words("a", "1"), PHOTO, words("a", "2"), words("b", "3"), words("", "4"), words("", "5"))
    kept = Dataset("mine", "test", samples, ("ada", "bob"), tuple("012345")).first_captions()
    assert [sample.caption and sample.item_id for sample in kept.samples] == ["1", None, "3", "4", "5"]
    assert kept.times == ("0", "1", "3", "4", "5")
    assert kept.first_captions() == kept


def test_of_people_keeps_order_and_labels():
    def words(person: int, item: str) -> Sample:
        return Sample(Modality.TEXT, person, caption="x", item_id=item)

    samples = (words(1, "a"), words(0, "b"), words(2, "c"), words(1, "d"))
    part = Dataset("mine", "", samples, ("ada", "bob", "eve"), tuple("0123")).of_people([1, 2])
    assert [sample.item_id for sample in part.samples] == ["a", "c", "d"]
    assert (part.people, part.labels, part.times) == ((1, 2), ("ada", "bob", "eve"), ("0", "2", "3"))


def test_a_data_set_is_a_sequence_of_samples() -> None:
    assert (DATASET[0], DATASET[-1], DATASET[np.int64(1)]) == (PHOTO, STRANGER, SKETCH)
    assert list(DATASET) == [PHOTO, SKETCH, STRANGER]
    part = DATASET[1:]
    assert (part.samples, part.times, part.labels) == ((SKETCH, STRANGER), ("", "dusk"), ("ada", "bob"))
    with pytest.raises(IndexError):
        DATASET[3]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_data_loader_gives_batches_that_can_be_encoded(workers: int, colours: Any) -> None:
    names = ["red", "green", "blue", "black", "white"]
    samples = [Sample(Modality.TEXT, 0, caption=name) for name in names]
    words = Dataset("words", "", tuple(samples), ("ada",))
    shuffled = torch.Generator().manual_seed(0)
    options: Any = {"shuffle": True, "generator": shuffled, "num_workers": workers, "collate_fn": list}
    loader = DataLoader(cast("Any", words), batch_size=2, **options)
    batches = list(loader)
    assert [len(batch) for batch in batches] == [2, 2, 1]
    seen = [name for batch in batches for name in colours.ColourEncoder().encode(batch).item_ids]
    assert seen != names
    assert sorted(seen) == sorted(names)


def test_a_table_has_a_row_a_sample() -> None:
    pytest.importorskip("pandas")
    caption = Sample(Modality.TEXT, 0, caption="a red coat", camera_id=2, item_id="words")
    whole = Dataset("mine", "test", (PHOTO, caption, STRANGER), ("ada", "bob"), splits=("a", "b", "b"))
    frame = whole.to_pandas()
    assert frame["person"].tolist() == ["bob", "ada", ""]
    assert frame["path"].tolist() == ["a.jpg", "", "c.jpg"]
    assert frame["caption"].tolist() == ["", "a red coat", ""]
    assert frame["camera_id"].tolist() == [-1, 2, -1]
    assert frame["split"].tolist() == ["a", "b", "b"]
    assert "time" not in frame.columns
    assert frame.attrs == {"name": "mine", "split": "test"}


def test_what_is_printed_is_short() -> None:
    assert repr(DATASET) == "Dataset('mine test', 1 person, 2 rgb, 1 sketch)"
    assert repr(Dataset("none", "", (), ())) == "Dataset('none', 0 people, no samples)"


def test_a_notebook_shows_pictures_and_escaped_captions() -> None:
    picture = Sample(Modality.RGB, 0, image=np.zeros((8, 4, 3), np.uint8), camera_id=7, item_id="drawn")
    caption = Sample(Modality.TEXT, caption="<script>alert(1)</script>")
    page = Dataset("mine", "", (picture, caption), ("<b>ada</b>",))._repr_html_()
    assert page.count('<img src="data:image/jpeg;base64,') == 1
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert "<td>&lt;b&gt;ada&lt;/b&gt;</td><td>7</td>" in page
    many = Dataset("mine", "", (picture,) * 20, ("ada",))._repr_html_()
    assert many.count("<img") == 12
    assert "The first 12 are shown." in many
