from dataclasses import replace

import numpy as np
import pytest

from crossreid.core.errors import ConfigurationError
from crossreid.evaluation.protocols import PROTOCOLS, find_protocol
from crossreid.evaluation.tasks import RetrievalTask


def excluded(protocol, text, embeddings):
    """Which [query, gallery] pairs of one person share a key."""
    task = RetrievalTask.parse(text)
    query, gallery = embeddings.of(task.query), embeddings.of(task.gallery)
    keys = find_protocol(protocol).exclusion(task, query, gallery)
    if keys is None:
        return None
    return {
        (str(query.item_ids[q]), str(gallery.item_ids[g]))
        for q, g in np.argwhere(keys[0][:, None] == keys[1][None, :])
        if query.person_ids[q] == gallery.person_ids[g]
    }


def test_all_removes_nothing(people):
    assert excluded("all", "S->R", people) is None


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("task", ["R->R", "T->T"])
def test_an_item_is_never_in_its_own_gallery(people, protocol, task):
    kind = {"R": "rgb", "T": "text"}[task[0]]
    own = {(f"{person}-{group}-{kind}",) * 2 for person in range(4) for group in range(2)}
    assert excluded(protocol, task, people) == own


def test_the_picture_that_a_query_was_made_from_is_removed(people):
    groups = [f"{person}-{group}" for person in range(4) for group in range(2)]
    assert excluded("source-excluded", "S->R", people) == {(f"{g}-sketch", f"{g}-rgb") for g in groups}
    assert excluded("source-excluded", "IR->S", people) == {(f"{g}-ir", f"{g}-sketch") for g in groups}


def test_captions_are_not_made_from_pixels(people):
    assert excluded("source-excluded", "T->R", people) is None
    assert excluded("source-excluded", "R->T", people) is None


def test_market_removes_the_query_s_camera(people):
    pairs = excluded("market", "IR->R", people)
    assert pairs == {(f"{p}-{c}-ir", f"{p}-{c}-rgb") for p in range(4) for c in range(2)}


@pytest.mark.parametrize(
    ("protocol", "column"), [("source-excluded", "source_ids"), ("market", "camera_ids")]
)
def test_unknown_keys_are_shared_with_nobody(people, protocol, column):
    unknown = np.full(len(people), "" if column == "source_ids" else -1)
    assert excluded(protocol, "S->R", replace(people, **{column: unknown})) == set()


def test_sysu_takes_cameras_two_and_three_for_one_place(people):
    third = replace(people, camera_ids=np.where(people.modalities == "rgb", 2, people.camera_ids + 2))
    # Camera 3 is now that of each second group's infrared image, camera 2 that of the first and of all photographs.
    assert excluded("sysu", "IR->R", third) == {
        (f"{p}-{g}-ir", f"{p}-{other}-rgb") for p in range(4) for g in range(2) for other in range(2)
    }
    protocol = find_protocol("sysu")
    assert (protocol.whoever, protocol.unique_people, protocol.shots, protocol.trials) == (True, True, 1, 10)


def test_llcm_is_market_with_drawn_galleries(people):
    assert excluded("llcm", "IR->R", people) == excluded("market", "IR->R", people)
    protocol = find_protocol("llcm")
    assert (protocol.whoever, protocol.unique_people, protocol.shots, protocol.trials) == (False, True, 1, 10)


@pytest.mark.parametrize("protocol", ["regdb", "orbench"])
def test_regdb_and_orbench_remove_nothing(people, protocol):
    assert excluded(protocol, "IR->R", people) is None


def test_joined_queries_lose_their_source_when_a_picture_is_among_the_pieces(people):
    task = RetrievalTask.parse("T+S->R")
    rule = find_protocol("source-excluded")
    query, gallery = task.queries(people), people.of("rgb")
    keys = rule.exclusion(task, query, gallery)
    assert keys is not None
    assert keys[0].tolist() == keys[1].tolist()


def test_an_unknown_protocol_is_refused_with_the_known_ones():
    with pytest.raises(
        ConfigurationError,
        match=r"'cuhk'; expected one of all, source-excluded, market, sysu, regdb",
    ):
        find_protocol("cuhk")
