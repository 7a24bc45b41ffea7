from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.augmentation import Augmentation
from crossreid.data.dataset import Dataset
from crossreid.training.batches import Batch
from crossreid.training.group_batches import GroupBatches

AS_THEY_ARE = Augmentation(flip=0.0, padding=0, erase=0.0)


def group_batches(
    dataset: Dataset, tiny: Any, *, augmentation: Augmentation = AS_THEY_ARE, seed: int = 0
) -> GroupBatches:
    return GroupBatches(dataset, tiny.SIZE, people=3, groups=2, augmentation=augmentation, seed=seed, steps=9)


def assert_same(first: Any, second: Any) -> None:
    for name in type(first).__dataclass_fields__:
        one, other = getattr(first, name), getattr(second, name)
        assert torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other, name


def test_a_group_batch_is_pictures_then_captions_of_the_rows_it_names(tiny: Any) -> None:
    dataset = tiny.dataset()
    batches = group_batches(dataset, tiny)
    assert len(batches) == 9
    batch: Batch = batches[4]
    samples = [dataset.samples[row] for row in batch.rows.tolist()]
    assert batch.modalities == tuple(sample.modality for sample in samples)
    assert batch.person_ids.tolist() == [sample.person_id for sample in samples]
    assert [m == Modality.TEXT for m in batch.modalities] == [False] * 18 + [True] * 6
    assert batch.captions == tuple(sample.caption for sample in samples[18:])
    expected = tiny.SIZE.normalise([sample.image for sample in samples[:18]])
    assert torch.equal(batch.pixel_values, torch.from_numpy(expected))
    assert len(set(batch.person_ids.tolist())) == 3


def test_labels_number_the_people_that_there_are(tiny: Any) -> None:
    full = tiny.dataset(people=6)
    odd = Dataset(
        "odd", "", tuple(s for s in full.samples if s.person_id % 2), labels=full.labels
    )  # people 1, 3 and 5
    batch = group_batches(odd, tiny)[0]
    for row, label in zip(batch.rows.tolist(), batch.person_ids.tolist(), strict=True):
        assert label == {1: 0, 3: 1, 5: 2}[odd.samples[row].person_id]


def test_a_group_batch_is_a_pure_function_of_its_step(tiny: Any) -> None:
    dataset = tiny.dataset()
    batches = group_batches(dataset, tiny, augmentation=Augmentation())
    later = batches[7]
    batches[2]
    np.random.default_rng().random()
    assert_same(batches[7], later)
    assert_same(group_batches(dataset, tiny, augmentation=Augmentation())[7], later)
    other = group_batches(dataset, tiny, augmentation=Augmentation(), seed=1)[7]
    assert not torch.equal(other.pixel_values, later.pixel_values)


def test_pictures_are_changed_anew_each_time_and_captions_never(tiny: Any) -> None:
    dataset = tiny.dataset(people=3, groups=2)  # every batch holds everything
    plain, changed = (
        group_batches(dataset, tiny, augmentation=how) for how in (AS_THEY_ARE, Augmentation(erase=1.0))
    )
    assert torch.equal(plain[0].rows, changed[0].rows)
    assert plain[0].captions == changed[0].captions
    different = (plain[0].pixel_values != changed[0].pixel_values).flatten(1).any(dim=1)
    assert different.all()
    picture = dataset.samples[0].image
    same = [replace(s, image=picture) if s.image is not None else s for s in dataset.samples]
    alike = group_batches(replace(dataset, samples=tuple(same)), tiny, augmentation=Augmentation())
    assert not torch.equal(alike[0].pixel_values, alike[1].pixel_values)


def test_parts_for_several_processes_make_up_the_batch_of_one(tiny: Any) -> None:
    dataset = tiny.dataset()
    batches = GroupBatches(
        dataset, tiny.SIZE, people=3, groups=2, augmentation=Augmentation(), seed=3, steps=9, joint=0.5
    )
    for step in range(4):
        whole, parts = batches[step], [batches.part(step, number=number, of=2) for number in range(2)]
        assert [len(set(part.person_ids.tolist())) for part in parts] == [2, 1]
        pictures = {
            row: pixels
            for part in parts
            for row, pixels in zip(part.rows.tolist(), part.pixel_values, strict=False)
        }
        assert sorted(row for part in parts for row in part.rows.tolist()) == sorted(whole.rows.tolist())
        for row, pixels in zip(whole.rows.tolist(), whole.pixel_values, strict=False):
            assert torch.equal(pictures[row], pixels)

        def queries(batch: Batch) -> set[tuple[int, ...]]:
            return {tuple(batch.rows[list(pieces)].tolist()) for pieces in batch.together}

        assert queries(parts[0]) | queries(parts[1]) == queries(whole)
        assert sum(len(part.captions) for part in parts) == len(whole.captions)
    with pytest.raises(ConfigurationError, match="batches of 3 people for 4 processes"):
        batches.part(0, number=0, of=4)


def test_joint_queries_are_any_two_or_more_pieces_of_a_group(tiny: Any) -> None:
    dataset = tiny.dataset(people=3, groups=3)
    batches = GroupBatches(
        dataset, tiny.SIZE, people=3, groups=2, augmentation=AS_THEY_ARE, seed=0, steps=99, joint=0.5
    )
    subsets: Counter[frozenset[str]] = Counter()
    for step in range(99):
        rows = batches.sampler.rows(step)
        for pieces in batches._joint_queries(rows, step):
            samples = [dataset.samples[rows[place]] for place in pieces]
            assert len({(sample.person_id, sample.source_id) for sample in samples}) == 1
            subsets[frozenset(sample.modality for sample in samples)] += 1
    drawn = sum(subsets.values())
    assert drawn == pytest.approx(99 * 6 / 2, rel=0.15)
    # Six pairs, four triples and one of all.
    assert len(subsets) == 11
    assert all(count == pytest.approx(drawn / 11, rel=0.6) for count in subsets.values())
    batch = batches[0]
    for pieces in batch.together:
        assert sorted(pieces) == list(pieces)
        assert len({batch.person_ids[place].item() for place in pieces}) == 1


def test_pieces_are_shown_by_kind_however_the_data_set_lists_them(tiny: Any) -> None:
    listed = tiny.dataset(people=3, groups=2)
    turned = replace(listed, samples=listed.samples[::-1])
    batch = GroupBatches(
        turned, tiny.SIZE, people=3, groups=2, augmentation=AS_THEY_ARE, seed=0, steps=1, joint=1.0
    )[0]
    assert len(batch.together) == 6
    for pieces in batch.together:
        kinds = [list(Modality).index(batch.modalities[place]) for place in pieces]
        assert kinds == sorted(kinds)


def test_a_group_that_is_given_twice_is_two_groups(tiny: Any) -> None:
    dataset = tiny.dataset(people=3, groups=1)
    batches = group_batches(dataset, tiny)
    assert [len(group) for group in batches._groups(batches.sampler.rows(0))] == [4] * 6


def test_files_are_read_and_resized(tiny: Any, tmp_path: Path) -> None:
    samples = []
    for person in range(3):
        path = tmp_path / f"{person}.png"
        Image.new("RGB", (60, 100), (person * 100, 0, 0)).save(path)
        samples.append(Sample(Modality.RGB, person_id=person, path=path, source_id=f"g{person}"))
    batch = group_batches(Dataset("files", "", tuple(samples), ("a", "b", "c")), tiny)[0]
    assert batch.pixel_values.shape == (6, 3, 84, 56)
    for pixels, label in zip(batch.pixel_values, batch.person_ids.tolist(), strict=True):
        red = tiny.SIZE.normalise([np.full((84, 56, 3), label * 100, dtype=np.uint8)])[0, 0]
        np.testing.assert_allclose(pixels[0].numpy(), red, atol=0.02)


def test_captions_alone_are_a_batch(tiny: Any) -> None:
    words = tiny.dataset(people=3).of("text")
    batch = group_batches(words, tiny)[0]
    assert batch.pixel_values.shape == (0, 3, 84, 56)
    assert len(batch.captions) == 6


def test_moving_a_batch_moves_all_of_its_tensors(tiny: Any) -> None:
    batch = tiny.batch().to(torch.device("meta"))
    assert {batch.pixel_values.device.type, batch.person_ids.device.type, batch.rows.device.type} == {"meta"}
    assert batch.captions == tiny.batch().captions
