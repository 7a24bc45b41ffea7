from pathlib import Path

import pytest

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
