from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError
from crossreid.core.items import Items, as_queries
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.evaluation.comparison import compare_reports
from crossreid.evaluation.evaluate import evaluate
from crossreid.evaluation.report import Report
from crossreid.evaluation.tasks import RetrievalTask
from crossreid.evaluation.together import ask_together

PEOPLE, GROUPS = 3, 2
KINDS = tuple(Modality)


def dataset() -> Dataset:
    blank, samples = np.zeros((4, 4, 3), np.uint8), []
    for person in range(PEOPLE):
        for group in range(GROUPS):
            key = f"{person}-{group}"
            for kind in KINDS:
                what: dict[str, Any] = {"caption": "x"} if kind == Modality.TEXT else {"image": blank}
                samples.append(Sample(kind, person_id=person, source_id=key, item_id=f"{key}-{kind}", **what))
            samples.append(
                Sample(Modality.TEXT, person_id=person, caption="y", source_id=key, item_id=f"{key}-more")
            )
    return Dataset("people", "test", tuple(samples), ("a", "b", "c"))


class Reader:
    """Photographs are told apart; a piece alone says nothing, and two or more together say everything."""

    fingerprint, dim, modalities, reads_together = "reader", PEOPLE + 1, frozenset(Modality), True

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def encode(
        self,
        items: Items,
        *,
        modality: Modality | str | None = None,
        batch_size: int = 64,
        progress: bool = False,
    ) -> Embeddings:
        queries = as_queries(items, modality=modality)
        vectors = np.zeros((len(queries), self.dim), np.float32)
        for row, query in enumerate(queries):
            self.asked.append(tuple(piece.item_id for piece in query))
            first, *others = query
            clear = others or first.modality == Modality.RGB
            vectors[row, first.person_id if clear else PEOPLE] = 1
        first = [query[0] for query in queries]
        return Embeddings(
            vectors=vectors,
            modalities=np.array([piece.modality.value for piece in first]),
            person_ids=np.array([piece.person_id for piece in first]),
            camera_ids=np.full(len(first), -1),
            source_ids=np.array([piece.source_id for piece in first]),
            item_ids=np.array([piece.item_id for piece in first]),
            fingerprint=self.fingerprint,
        )


def test_rows_of_conversations_stand_beside_those_of_sums() -> None:
    report = evaluate(
        Reader(),
        dataset=dataset(),
        tasks=("S->R", "IR+S->R"),
        protocol=("all", "source-excluded"),
        together=True,
    )
    assert [(row.task, row.rule) for row in report.rows] == [
        ("S->R", "all"),
        ("IR+S->R", "all"),
        ("IR+S->R", "all + read together"),
        ("S->R", "source-excluded"),
        ("IR+S->R", "source-excluded"),
        ("IR+S->R", "source-excluded + read together"),
    ]
    summed = report.row("IR+S->R", protocol="all")
    read = report.row("IR+S->R", protocol="all", joining="read together")
    assert read.mean_ap == 100
    assert summed.mean_ap < 90
    assert summed.queries == read.queries == PEOPLE * GROUPS
    assert Report.from_json(report.to_json()).rows == report.rows
    assert "read together" in report.to_markdown()
    assert [comparison.first for comparison in compare_reports(report, report, metrics=("mean_ap",))] == [
        row.mean_ap for row in report.rows
    ]


@pytest.mark.parametrize("task", ["IR+S->R", "S+T->R", "R+T->R", "S+IR+T->T"])
def test_the_same_pieces_are_asked_with_as_are_summed(task: str) -> None:
    reader, people, parsed = Reader(), dataset(), RetrievalTask.parse(task)
    pieces = people.of(*sorted(set(parsed.evidence) | {parsed.gallery}))
    alone = reader.encode(pieces.samples)
    reader.asked.clear()
    read, summed = ask_together(parsed, reader, pieces, alone), parsed.queries(alone)
    for column in ("item_ids", "person_ids", "source_ids", "modalities"):
        assert getattr(read, column).tolist() == getattr(summed, column).tolist()
    keys = {sample.item_id: (sample.source_id, sample.modality) for sample in people.samples}
    for query in reader.asked:
        assert len({keys[item][0] for item in query}) == 1
        assert [keys[item][1] for item in query] == list(parsed.joined_order)


def test_it_takes_an_encoder_that_can(people: Embeddings) -> None:
    with pytest.raises(ConfigurationError, match="several pieces of evidence jointly"):
        evaluate(people, tasks=("IR+S->R",), together=True)


def test_people_without_one_of_the_pieces_are_not_asked_about() -> None:
    whole = dataset()
    kept = tuple(s for s in whole.samples if not (s.person_id == 1 and s.modality == Modality.IR))
    report = evaluate(
        Reader(), dataset=replace(whole, samples=kept), tasks=("IR+S->R",), protocol="all", together=True
    )
    assert [row.queries for row in report.rows] == [4, 4]
