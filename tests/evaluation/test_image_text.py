"""Retrieval between photographs and their captions: R@k both ways, rSum, five folds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.data import load_dataset
from crossreid.evaluation.evaluate import BOTH_WAYS, evaluate
from crossreid.evaluation.folds import cut_into_folds
from crossreid.evaluation.report import Report


def embeddings(rows: list[tuple[str, int, float]]) -> Embeddings:
    """(modality, picture, angle in degrees) -> unit vectors of the plane; a picture is a person and a source."""
    angles = np.radians([angle for _, _, angle in rows])
    return Embeddings(
        vectors=np.stack([np.cos(angles), np.sin(angles)], axis=1),
        modalities=np.array([modality for modality, _, _ in rows]),
        person_ids=np.array([picture for _, picture, _ in rows]),
        camera_ids=np.full(len(rows), -1),
        source_ids=np.array([f"photo {picture}" for _, picture, _ in rows]),
        item_ids=np.array([f"item {row}" for row in range(len(rows))]),
        fingerprint="plane",
    )


def numbers(report: Report) -> dict[str, tuple[float, float, float]]:
    return {row.task: (row.r1, row.r5, row.r10) for row in report.rows}


def test_both_ways_by_hand() -> None:
    """Two photographs at 0 and 90 degrees; the second one's captions are near the first, but for one."""
    rows = [("rgb", 0, 0.0), ("rgb", 1, 90.0)]
    rows += [("text", 0, angle) for angle in (10.0, 11.0, 12.0, 13.0, 80.0)]
    rows += [("text", 1, angle) for angle in (1.0, 2.0, 3.0, 70.0, 4.0)]
    report = evaluate(embeddings(rows), tasks=BOTH_WAYS, protocol="image-text")
    # Photo 0 meets 1, 2, 3, 4 (of photo 1), then 10, its own: position 5. Photo 1 meets 80 (of photo 0), then 70:
    # position 2. Four of the captions of photo 0 and one of photo 1 are nearer to their own; of two photos both are
    # among the first five.
    assert numbers(report) == {"R->T": (0.0, 100.0, 100.0), "T->R": (50.0, 100.0, 100.0)}
    assert report.recall_sums() == {("", "image-text"): 450.0}
    assert "rSum by image-text: 450.00." in report.to_markdown()


def test_a_sixth_caption_does_not_count() -> None:
    rows = [("rgb", 0, 0.0), ("rgb", 1, 90.0)]
    rows += [("text", 1, 50.0)] * 5 + [("text", 0, 60.0)] * 5
    sixth = [("text", 0, 0.0)]
    for extra in ([], sixth):
        report = evaluate(embeddings(rows + extra), tasks=BOTH_WAYS, protocol="image-text")
        assert [row.queries for row in report.rows] == [2, 10]
        assert report.row("R->T").r1 == 0.0
    everything = evaluate(embeddings(rows + sixth), tasks=BOTH_WAYS, protocol="all")
    assert [row.queries for row in everything.rows] == [2, 11]
    assert everything.row("R->T").r1 == 50.0
    # The first five of a picture stay, wherever the others stand between them.
    first = evaluate(embeddings(rows[:2] + sixth + rows[2:]), tasks=BOTH_WAYS, protocol="image-text")
    assert first.row("R->T").r1 == 50.0


def test_five_folds_are_searched_one_by_one() -> None:
    """Ten photographs in five pairs, 3 degrees between the two, 18 from pair to pair."""
    rows = [("rgb", picture, 18.0 * (picture // 2) + 3.0 * (picture % 2)) for picture in range(10)]
    pointed = {0: 0.0, 1: 3.0, 2: 21.0, 3: 18.0, 4: 36.0, 5: 39.0, 6: 54.0, 7: 57.0, 8: 0.0, 9: 3.0}
    rows += [("text", picture, angle) for picture, angle in pointed.items() for _ in range(5)]
    whole, folds = (
        evaluate(embeddings(rows), tasks=("T->R",), protocol=name).rows[0]
        for name in ("image-text", "image-text-five-fold")
    )
    # Among all: captions of pairs 0, 2 and 3 point at their own photograph, those of pair 1 at the other one of the
    # pair, those of pair 4 at the first pair: 6 of 10.
    assert whole.r1 == pytest.approx(60.0)
    # In folds: pair 4 has no first pair beside it, and of its two photographs number 8 is the nearer one: 7 of 10.
    assert folds.r1 == pytest.approx(70.0)
    assert (whole.gallery_size, folds.gallery_size) == (10, 2)
    assert (folds.queries, folds.skipped_queries, folds.trials) == (50, 0, 1)


def test_the_mean_over_folds_of_a_drawn_set(program: Any, tmp_path: Path, colours: Any) -> None:
    """Against each fold on its own, on readers and a drawn data set of 10 pictures."""
    drawn = program("tests/caption_set.py")
    root = drawn.write_caption_set(tmp_path, pictures={"train": 2, "test": 10}, style="mscoco")
    test = load_dataset("mscoco", root, "test")
    rng = np.random.default_rng(0)
    vectors = (
        rng.normal(size=(len(test), 4)) + 1.2 * np.eye(10, 4)[[sample.person_id for sample in test.samples]]
    )
    seen = Embeddings(
        vectors=vectors,
        modalities=np.array([sample.modality.value for sample in test.samples]),
        person_ids=np.array([sample.person_id for sample in test.samples]),
        camera_ids=np.full(len(test), -1),
        source_ids=np.array([sample.source_id for sample in test.samples]),
        item_ids=np.array([sample.item_id for sample in test.samples]),
        fingerprint="random",
    )
    report = evaluate(seen, tasks=BOTH_WAYS, protocol="image-text-five-fold")
    order = list(dict.fromkeys(sample.person_id for sample in test.samples))
    assert order == sorted(order, reverse=True)
    parts = [
        numbers(
            evaluate(
                seen.select(np.isin(seen.person_ids, order[2 * fold : 2 * fold + 2])),
                tasks=BOTH_WAYS,
                protocol="image-text",
            )
        )
        for fold in range(5)
    ]
    for task in BOTH_WAYS:
        np.testing.assert_allclose(
            numbers(report)[task], np.array([part[task] for part in parts]).mean(axis=0)
        )
    # Four of the twelve pictures have a sixth caption, three of them in this split.
    assert [row.queries for row in report.rows] == [10, 50]
    assert len(test) == 10 + 53
    assert len(load_dataset("mscoco", root, "train")) == 2 + 11


def test_people_are_cut_in_their_order() -> None:
    people = np.array([7, 7, -1, 3, 9, 3, 1, 8])
    folds = cut_into_folds(people, 2)
    # In order: 7, 3, 9 | 1, 8. The unknown one is in both.
    assert [fold.tolist() for fold in folds] == [[0, 1, 2, 3, 4, 5], [2, 6, 7]]
    with pytest.raises(DataError, match="5 people in 6 folds"):
        cut_into_folds(people, 6)


def test_rsum_needs_both_ways() -> None:
    rows = [("rgb", 0, 0.0), ("text", 0, 0.0)]
    assert evaluate(embeddings(rows), tasks=("R->T",), protocol="image-text").recall_sums() == {}
