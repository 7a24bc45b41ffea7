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
