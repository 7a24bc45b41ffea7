from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.data.sampling import IdentitySampler


def people_of(dataset: Dataset, rows: list[int]) -> list[int]:
    return [dataset.samples[row].person_id for row in rows]


def test_a_batch_is_people_x_groups_x_modalities(tiny: Any) -> None:
    dataset = tiny.dataset(people=6, groups=3)
    rows = IdentitySampler(dataset, people=4, groups=2, seed=0).rows(0)
    assert len(set(rows)) == len(rows) == 4 * 2 * 4
    assert sorted(Counter(people_of(dataset, rows)).values()) == [8] * 4
    groups = Counter(dataset.samples[row].source_id for row in rows)
    assert sorted(groups.values()) == [4] * 8
    for group in groups:
        kinds = {dataset.samples[row].modality for row in rows if dataset.samples[row].source_id == group}
        assert kinds == set(Modality)


def test_of_many_captions_some_are_drawn_anew_each_time() -> None:
    """Two people with a photograph and five captions each; the third has one caption only."""
    kinds = [(person, place) for person, told in ((0, 5), (1, 5), (2, 1)) for place in range(told + 1)]
    samples = tuple(
        Sample(
            Modality.TEXT if place else Modality.RGB,
            person_id=person,
            path=None if place else Path(f"{person}.jpg"),
            caption=f"caption {place}" if place else None,
            source_id=f"photo {person}",
            item_id=f"{person} {place}",
        )
        for person, place in kinds
    )
    dataset = Dataset("captions", "", samples, ("a", "b", "c"))
    sampler = IdentitySampler(dataset, people=3, groups=1, seed=0, items=2)
    drawn = [sampler.rows(number) for number in range(40)]
    for rows in drawn:
        counts = Counter((samples[row].person_id, samples[row].modality) for row in rows)
        assert [counts[person, Modality.RGB] for person in range(3)] == [1, 1, 1]
        assert [counts[person, Modality.TEXT] for person in range(3)] == [2, 2, 1]
        assert len(set(rows)) == len(rows)
    assert {row for rows in drawn for row in rows} == set(range(len(samples)))
    assert sampler.rows(7) == drawn[7]
    everything = IdentitySampler(dataset, people=3, groups=1, seed=0)
    assert sorted(everything.rows(0)) == list(range(len(samples)))


def test_every_person_comes_once_an_epoch_in_another_order_each_time(tiny: Any) -> None:
    dataset = tiny.dataset(people=6)
    sampler = IdentitySampler(dataset, people=2, groups=1, seed=0)
    assert sampler.batches_per_epoch == 3
    orders = []
    for epoch in range(3):
        batches = [people_of(dataset, sampler.rows(3 * epoch + place)) for place in range(3)]
        met = [person for batch in batches for person in dict.fromkeys(batch)]
        assert sorted(met) == list(range(6))
        orders.append(tuple(met))
    assert len(set(orders)) == 3


def test_people_who_do_not_fill_a_batch_have_their_turn_in_other_epochs(tiny: Any) -> None:
    dataset = tiny.dataset(people=5)
    sampler = IdentitySampler(dataset, people=2, groups=1, seed=0)
    met: set[int] = set()
    for epoch in range(20):
        batches = [set(people_of(dataset, sampler.rows(2 * epoch + place))) for place in range(2)]
        assert not batches[0] & batches[1]
        met |= batches[0] | batches[1]
    assert met == set(range(5))


def test_a_batch_is_a_pure_function_of_its_number(tiny: Any) -> None:
    dataset = tiny.dataset(people=6, groups=3)
    forwards = [IdentitySampler(dataset, people=2, groups=2, seed=3).rows(n) for n in range(8)]
    sampler = IdentitySampler(dataset, people=2, groups=2, seed=3)
    assert [sampler.rows(n) for n in reversed(range(8))] == forwards[::-1]
    assert [IdentitySampler(dataset, people=2, groups=2, seed=4).rows(n) for n in range(8)] != forwards


def test_a_person_with_few_groups_gives_them_repeatedly(tiny: Any) -> None:
    dataset = tiny.dataset(people=3, groups=1)
    rows = IdentitySampler(dataset, people=3, groups=2, seed=0).rows(0)
    assert sorted(Counter(rows).values()) == [2] * 12


def test_the_unknown_and_the_ungrouped_are_never_drawn() -> None:
    samples = [Sample(Modality.TEXT, person_id=i % 2, caption=f"w{i}", source_id=f"g{i}") for i in range(4)]
    samples += [
        Sample(Modality.TEXT, caption="unknown", source_id="g9"),
        Sample(Modality.TEXT, person_id=0, caption="x"),
    ]
    sampler = IdentitySampler(Dataset("d", "", tuple(samples), ("a", "b")), people=2, groups=2, seed=0)
    for number in range(10):
        assert set(sampler.rows(number)) == {0, 1, 2, 3}


def test_too_few_people_are_an_error_that_says_what_to_do(tiny: Any) -> None:
    with pytest.raises(DataError, match=r"3 people .* at least 4.*lower batch\.people"):
        IdentitySampler(tiny.dataset(people=3), people=4, groups=1, seed=0)
