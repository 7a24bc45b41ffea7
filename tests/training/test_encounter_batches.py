import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from crossreid.core.modality import Modality
from crossreid.data.preprocessing import Preprocessing
from crossreid.synthesis.pedestrians.attributes import attribute_labels, attribute_sizes, choices
from crossreid.synthesis.pedestrians.world import World
from crossreid.training import encounter_batches, picture_store
from crossreid.training.encounter_batches import EncounterBatches
from crossreid.training.picture_store import WITNESSES, PictureStore, open_picture_store

SIZE = Preprocessing(28, 14)
PEOPLE, ENCOUNTERS = 7, 2


def opened(folder: Path, *, people: int = PEOPLE) -> PictureStore:
    return open_picture_store(
        folder, World(3), SIZE, people=people, encounters=ENCOUNTERS, workers=1, quiet=True
    )


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> PictureStore:
    return opened(tmp_path_factory.mktemp("pictures"))


def batches(store: PictureStore, *, people: int = 3, talked: int = 2) -> EncounterBatches:
    return EncounterBatches(store, SIZE, people=people, talked=talked, steps=5, seed=1)


def test_the_store_holds_what_the_world_draws(drawn: PictureStore) -> None:
    world = World(3)
    assert drawn.pixels.shape == (PEOPLE, ENCOUNTERS, 3, 28, 14, 3)
    for person, encounter in ((0, 0), (6, 1)):
        group = world.group("pretrain", person, encounter)
        kinds = (group.rgb(), group.infrared(), group.sketch())
        np.testing.assert_array_equal(
            drawn.pixels[person, encounter], np.stack([SIZE.resize(kind) for kind in kinds])
        )
        assert tuple(drawn.attributes[person]) == attribute_labels(group.person)
        assert len(set(drawn.captions[person][encounter])) == WITNESSES


def test_a_filled_store_is_not_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = opened(tmp_path, people=2)
    monkeypatch.setattr(picture_store, "_draw_all", lambda *_, **__: pytest.fail("drawn again"))
    second = opened(tmp_path, people=2)
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert first.captions == second.captions


def test_a_half_filled_or_other_store_is_drawn_anew(tmp_path: Path) -> None:
    whole = opened(tmp_path, people=2)
    pixels, captions = np.array(whole.pixels), whole.captions
    (tmp_path / "people.json").unlink()  # written last
    np.lib.format.open_memmap(tmp_path / "pictures.npy", mode="r+")[:] = 0
    again = opened(tmp_path, people=2)
    np.testing.assert_array_equal(again.pixels, pixels)
    assert again.captions == captions
    assert len(opened(tmp_path, people=3).pixels) == 3
    assert json.loads((tmp_path / "people.json").read_text())["drawn"]["people"] == 3


def test_a_larger_store_serves_its_first_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    larger = opened(tmp_path, people=3)
    monkeypatch.setattr(picture_store, "_draw_all", lambda *_, **__: pytest.fail("drawn again"))
    smaller = opened(tmp_path, people=2)
    np.testing.assert_array_equal(smaller.pixels, larger.pixels[:2])
    assert smaller.captions == larger.captions[:2]
    np.testing.assert_array_equal(smaller.attributes, larger.attributes[:2])


def test_labels_name_the_values_of_attributes() -> None:
    person = World(0).person("pretrain", 5)
    labels, sizes = attribute_labels(person), attribute_sizes()
    assert choices("upper_colour")[labels[13]] == person.upper_colour
    assert len(labels) == len(sizes)
    assert all(0 <= label < size for label, size in zip(labels, sizes, strict=True))


def test_a_batch_is_a_pure_function_of_its_step(drawn: PictureStore) -> None:
    first, second, other = batches(drawn)[1], batches(drawn)[1], batches(drawn)[2]
    assert torch.equal(first.pixel_values, second.pixel_values)
    assert (first.captions, first.answers, first.shown) == (second.captions, second.answers, second.shown)
    assert not torch.equal(first.pixel_values, other.pixel_values)


def test_an_epoch_shows_nobody_twice(drawn: PictureStore) -> None:
    epoch = [tuple(row) for step in range(2) for row in batches(drawn)[step].attributes.tolist()]
    assert len(set(epoch)) == 6


def test_rows_are_of_the_people_named(drawn: PictureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encounter_batches, "_AUGMENTATION", lambda image, _: image)
    batch = batches(drawn, people=4)[0]
    people = [drawn.attributes.tolist().index(row) for row in batch.attributes.tolist()]
    assert batch.modalities == (Modality.RGB,) * 4 + (Modality.IR,) * 4 + (Modality.SKETCH,) * 4
    met = set()
    for row, values in enumerate(batch.pixel_values.numpy()):
        kind, person = divmod(row, 4)
        candidates = SIZE.normalise(list(drawn.pixels[people[person], :, kind]))
        met.add((person, int(np.abs(candidates - values).max(axis=(1, 2, 3)).argmin())))
        assert np.abs(candidates - values).max(axis=(1, 2, 3)).min() == 0
    assert len(met) > 4  # somebody is seen in two encounters
    for person, caption in zip(people, batch.captions, strict=True):
        assert caption in [words for met in drawn.captions[person] for words in met]
    assert len(batch.answers) == len(batch.shown) == 2
    for person, answer in zip(people, batch.answers, strict=False):
        assert answer in [words for met in drawn.captions[person] for words in met]


def test_more_people_than_drawn_are_refused(drawn: Any) -> None:
    with pytest.raises(ValueError, match="a batch of 8 people out of 7"):
        batches(drawn, people=8)
