import torch
from hypothesis import given
from hypothesis import strategies as st

from crossreid.training.tasks.feature_queue import FeatureQueue


def queue(size: int = 5) -> FeatureQueue:
    return FeatureQueue(size, 3, generator=torch.Generator().manual_seed(0))


def rows(*values: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Features [v, v, v] of person v."""
    people = torch.tensor(values)
    return people[:, None].expand(-1, 3).float(), people


def test_it_starts_with_unit_vectors_of_nobody() -> None:
    first = queue()
    torch.testing.assert_close(first.features.norm(dim=1), torch.ones(5))
    assert first.people.tolist() == [-1] * 5
    assert torch.equal(first.features, queue().features)


def test_the_oldest_entries_give_way() -> None:
    ring = queue()
    ring.push(*rows(1, 2))
    ring.push(*rows(3, 4))
    assert ring.people.tolist() == [1, 2, 3, 4, -1]
    ring.push(*rows(5, 6))
    assert ring.people.tolist() == [6, 2, 3, 4, 5]
    assert torch.equal(ring.features[:, 0], torch.tensor([6.0, 2, 3, 4, 5]))


def test_of_more_rows_than_places_the_last_stay() -> None:
    ring = queue(3)
    ring.push(*rows(1))
    ring.push(*rows(2, 3, 4, 5, 6, 7))
    assert sorted(ring.people.tolist()) == [5, 6, 7]
    ring.push(*rows(8))
    assert sorted(ring.people.tolist()) == [6, 7, 8]


@given(st.lists(st.integers(1, 7), min_size=1, max_size=6))
def test_it_holds_the_last_entries_however_they_came(sizes: list[int]) -> None:
    ring, count = queue(4), 0
    for size in sizes:
        ring.push(*rows(*range(count, count + size)))
        count += size
    expected = set(range(max(0, count - 4), count))
    assert set(ring.people.tolist()) - {-1} == expected
    assert all(
        feature[0] == person
        for feature, person in zip(ring.features, ring.people, strict=True)
        if person >= 0
    )


def test_all_of_it_is_state() -> None:
    ring, other = queue(), FeatureQueue(5, 3, generator=torch.Generator().manual_seed(9))
    ring.push(*rows(1, 2, 3))
    other.load_state_dict(ring.state_dict())
    for each in (ring, other):
        each.push(*rows(4, 5, 6))
    assert torch.equal(ring.features, other.features)
    assert torch.equal(ring.people, other.people)
