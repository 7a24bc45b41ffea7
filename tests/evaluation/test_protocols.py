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


def test_an_unknown_protocol_is_refused_with_the_known_ones():
    with pytest.raises(ConfigurationError, match=r"'cuhk'; expected one of all, source-excluded, market"):
        find_protocol("cuhk")
