from dataclasses import dataclass, field, replace

import numpy as np
import pytest

import crossreid
from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError, DataError, FingerprintError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.evaluation import RERANKINGS, evaluate
from crossreid.evaluation.report import Report


@dataclass
class LookUp:
    """An encoder that knows its answers: the rows of some embeddings, by item."""

    known: Embeddings
    modalities: frozenset[Modality] = frozenset(Modality)
    calls: list[int] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        return self.known.fingerprint

    @property
    def dim(self) -> int:
        return self.known.dim

    def encode(self, items, *, modality=None, batch_size=64, progress=False):
        self.calls.append(len(items))
        places = {str(name): place for place, name in enumerate(self.known.item_ids)}
        return self.known.select([places[item.item_id] for item in items])


@pytest.fixture
def dataset(people):
    picture = np.zeros((2, 1, 3), dtype=np.uint8)
    samples = tuple(
        Sample(
            Modality(str(people.modalities[row])),
            person_id=int(people.person_ids[row]),
            caption="words" if people.modalities[row] == "text" else None,
            image=None if people.modalities[row] == "text" else picture,
            source_id=str(people.source_ids[row]),
            item_id=str(people.item_ids[row]),
        )
        for row in range(len(people))
    )
    return Dataset("lines", "test", samples, labels=("a", "b", "c", "d"))


def test_perfect_embeddings_are_perfect(people):
    report = evaluate(people, protocol="all")
    assert [row.task for row in report.rows] == ["S->R", "IR->R", "T->R"]
    for row in report.rows:
        assert (row.r1, row.mean_ap, row.mean_inp) == pytest.approx((100, 100, 100))
        assert (row.queries, row.skipped_queries, row.gallery_size) == (8, 0, 8)
        assert row.protocol == "all"


def test_the_protocol_changes_what_counts(people):
    # Keep group 0 of persons 2 and 3: once the source is gone, their queries have no answer left.
    kept = people.select((people.person_ids < 2) | (people.camera_ids == 0))
    report = evaluate(kept, tasks=["S->R", "T->R"], protocol=["source-excluded", "all"])
    assert [(row.protocol, row.task) for row in report.rows] == [
        ("source-excluded", "S->R"),
        ("source-excluded", "T->R"),
        ("all", "S->R"),
        ("all", "T->R"),
    ]
    assert [row.skipped_queries for row in report.rows] == [2, 0, 0, 0]
    assert [row.queries for row in report.rows] == [4, 6, 6, 6]


def test_source_excluded_takes_the_easy_answer_away(people):
    # Persons 0 and 1 swap their second groups: only the query's own source still points the right way.
    swapped = people.vectors.copy()
    second = people.camera_ids == 1
    swapped[np.ix_(second & (people.person_ids == 0), [0, 1])] = [0, 1]
    swapped[np.ix_(second & (people.person_ids == 1), [0, 1])] = [1, 0]
    misled = replace(people, vectors=swapped)
    assert evaluate(misled, tasks=["S->R"], protocol="all").row("S->R").r1 == 100
    assert evaluate(misled, tasks=["S->R"]).row("S->R").r1 == 50


def test_two_encoders_of_one_space_search_each_other(people, dataset):
    cloud, edge = LookUp(people), LookUp(replace(people, fingerprint="student@space"))
    report = crossreid.evaluate(query=edge, gallery=cloud, dataset=dataset, setting="E2C")
    assert report.fingerprints == ("student@space", "teacher@space")
    assert {row.setting for row in report.rows} == {"E2C"}
    assert (edge.calls, cloud.calls) == ([24], [8])


def test_one_encoder_embeds_everything_once(people, dataset):
    encoder = LookUp(people)
    report, stored = evaluate(encoder, dataset=dataset), evaluate(people)
    assert report == stored
    assert {row.data for row in report.rows} == {"lines (test)"}
    assert {row.data for row in stored.rows} == {""}
    assert Report.from_json(report.to_json()).rows[0].data == "lines (test)"
    assert evaluate(encoder, encoder, dataset, tasks=["S->R"]) == evaluate(people, tasks=["S->R"])
    assert encoder.calls == [32, 16]


def test_an_encoder_searches_stored_embeddings(people, dataset):
    edge = LookUp(replace(people, fingerprint="student@space"))
    report = evaluate(edge, people, dataset, tasks=["IR->R"])
    assert report.row("IR->R").r1 == 100
    assert edge.calls == [8]


def test_queries_against_their_own_modality_do_not_find_themselves(people):
    report = evaluate(people, tasks=["R->R"], protocol="all")
    alone = evaluate(people.select(people.camera_ids == 0), tasks=["R->R"], protocol="all")
    assert (report.row("R->R").queries, alone.row("R->R").queries) == (8, 0)


def test_different_spaces_are_refused_unless_vouched_for(people):
    stranger = replace(people, fingerprint="stranger@elsewhere")
    with pytest.raises(FingerprintError, match=r"stranger@elsewhere"):
        evaluate(people, stranger)
    assert evaluate(people, stranger, compatible=True).row("S->R").r1 == 100


def test_an_encoder_needs_a_data_set(people):
    with pytest.raises(ConfigurationError, match=r"expected dataset="):
        evaluate(LookUp(people))


def test_an_encoder_needs_the_modalities_of_the_tasks(people, dataset):
    encoder = LookUp(people, modalities=frozenset({Modality.RGB, Modality.IR}))
    with pytest.raises(ConfigurationError, match=r"tasks with sketch, text; expected ir, rgb"):
        evaluate(encoder, dataset=dataset)


def test_a_modality_without_items_is_refused(people):
    with pytest.raises(DataError, match=r"no sketch queries for task S->R"):
        evaluate(people.of("rgb", "ir"), people)
    with pytest.raises(DataError, match=r"no rgb gallery items"):
        evaluate(people, people.of("ir"))


def test_a_data_set_without_the_modalities_is_refused(people, dataset):
    with pytest.raises(DataError, match=r"no sketch samples in 'lines'"):
        evaluate(LookUp(people), people, dataset.of("rgb"), tasks=["S->R"])
    some = LookUp(people)
    with pytest.raises(DataError, match=r"no ir, sketch samples .*; expected tasks of rgb, text; name them"):
        evaluate(some, dataset=dataset.of("rgb", "text"))


@pytest.mark.parametrize("change", [{"tasks": []}, {"protocol": []}, {"protocol": ""}])
def test_nothing_to_do_is_refused(people, change):
    with pytest.raises(ConfigurationError, match=r"at least one of each"):
        evaluate(people, **change)


def test_people_who_are_all_found_leave_no_doubt(people):
    row = evaluate(people, tasks=["S->R"]).row("S->R")
    assert row.intervals["r1"] == (100, 100)
    assert row.outcomes is not None
    assert row.outcomes.person_ids == (0, 0, 1, 1, 2, 2, 3, 3)
    assert row.outcomes.r1 == (100,) * 8


def test_a_second_look_stands_beside_the_plain_one(people):
    report = evaluate(people, tasks=["S->R"], rerank=RERANKINGS)
    assert [row.reranking for row in report.rows] == ["", *RERANKINGS]
    assert report.rows[0] == evaluate(people, tasks=["S->R"]).rows[0]
    assert report.row("S->R", reranking="alpha-expansion").r1 == 100
    with pytest.raises(ConfigurationError, match=r"'magic'; expected one of k-reciprocal, average-expansion"):
        evaluate(people, rerank=["magic"])


def test_sysu_counts_people_and_drops_the_place_of_the_query(people):
    # All photographs by camera 4; all queries of person 0 point at person 1, of whom there are two photographs.
    vectors = people.vectors.copy()
    misled = (people.person_ids == 0) & (people.modalities == "ir")
    vectors[misled] = [0.6, 0.8, 0, 0, 0]
    cameras = np.where(people.modalities == "rgb", 4, 6)
    moved = replace(people, vectors=vectors, camera_ids=cameras)
    row = evaluate(moved, tasks=["IR->R"], protocol="sysu").row("IR->R")
    assert (row.trials, row.gallery_size, row.queries) == (10, 4, 8)
    assert row.r1 == pytest.approx(100 * 6 / 8)
    assert row.mean_ap == pytest.approx(100 * (6 + 2 * 1 / 2) / 8)
    # Seen from camera 3, photographs of camera 2 are gone, whoever is on them: nothing is left.
    same_place = replace(moved, camera_ids=np.where(people.modalities == "rgb", 2, 3))
    assert evaluate(same_place, tasks=["IR->R"], protocol="sysu").row("IR->R").skipped_queries == 8


def test_evidence_of_one_encounter_is_joined(people):
    report = evaluate(people, tasks=["IR+S+T->R"], protocol="orbench")
    row = report.row("IR+S+T->R")
    assert (row.queries, row.r1, row.mean_ap) == (8, 100, pytest.approx(100))


def test_a_photograph_with_words_does_not_find_itself(people):
    alone = people.select(people.camera_ids == 0)
    assert evaluate(alone, tasks=["T+R->R"], protocol="orbench").row("T+R->R").skipped_queries == 4
