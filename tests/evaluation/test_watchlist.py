import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.evaluation import Report, evaluate
from crossreid.evaluation.trials import draw_people


def test_people_are_drawn_whole() -> None:
    people = np.array([5, 5, 7, -1, 9, 9, 9, 11])
    rows = draw_people(people, share=0.5, random=np.random.default_rng(0))
    assert 3 in rows  # of nobody known
    drawn = set(people[rows].tolist()) - {-1}
    assert len(drawn) == 2
    assert sorted(rows) == [row for row, person in enumerate(people) if person in drawn | {-1}]


@pytest.mark.parametrize(("share", "count"), [(0.01, 1), (0.99, 3)])
def test_somebody_is_drawn_and_somebody_is_not(share: float, count: int) -> None:
    rows = draw_people(np.arange(4), share=share, random=np.random.default_rng(0))
    assert len(rows) == count


def test_one_person_makes_no_watchlist() -> None:
    with pytest.raises(DataError, match="1 known people"):
        draw_people(np.zeros(3, dtype=int), share=0.5, random=np.random.default_rng(0))


def test_half_of_the_people_are_searched_for_in_vain(people: Embeddings) -> None:
    report = evaluate(people, tasks=["T->R"], protocol="watchlist")
    row = report.row("T->R")
    # Ten draws of two of four people, with two captions each.
    assert row.non_mated_searches == 10 * 4
    assert (row.queries, row.gallery_size, row.r1, row.trials) == (8, 4, 100, 10)
    assert row.fnir == {}  # forty searches cannot show one in a hundred
    assert "FNIR@1%" in report.to_markdown().splitlines()[0]
    assert report.to_markdown().splitlines()[2].endswith("| - | - |")
    assert Report.from_json(report.to_json()) == report


def test_the_missed_ones_are_counted_at_the_threshold() -> None:
    """Each of 30 people has an axis of their own, but person 0's caption points away from their photo."""
    vectors = np.concatenate([np.eye(31)[:30], np.eye(31)[:30]])
    vectors[30] = np.eye(31)[30]
    kinds = np.repeat(["rgb", "text"], 30)
    ids = np.tile(np.arange(30), 2)
    items = Embeddings(
        vectors=vectors,
        modalities=kinds,
        person_ids=ids,
        camera_ids=np.full(60, -1),
        source_ids=np.array([str(person) for person in ids]),
        item_ids=np.arange(60).astype(np.str_),
        fingerprint="model",
    )
    row = evaluate(items, tasks=["T->R"], protocol="watchlist").row("T->R")
    enrolled = sum(
        0 in draw_people(np.arange(30), share=0.5, random=np.random.default_rng(trial)) for trial in range(10)
    )
    # All 150 searches for absent people score 0, and so does person 0; the others score 1.
    assert row.non_mated_searches == 150
    assert row.fnir == pytest.approx({"1%": 100 * enrolled / 150})
    assert enrolled > 0
