import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.errors import DataError
from crossreid.server.chain import GENESIS, Entry, chained, plain, read_export, verify


def values(number: int, **changes: Any) -> dict[str, Any]:
    given = {
        "sequence": number, "tenant": "main", "at": f"2026-03-01T12:00:0{number}.000000+00:00", "actor": "ann",
        "action": "search", "gallery": "default", "purpose": "missing", "reference": "7",
        "content": {"results": [{"item": "a", "score": 0.5}]},
    }  # fmt: skip
    return given | changes


def log(count: int = 5) -> list[dict[str, Any]]:
    entries: list[Entry] = []
    for number in range(1, count + 1):
        entries.append(chained(entries[-1].hash if entries else GENESIS, values(number)))
    return [entry.to_dict() for entry in entries]


def test_the_hash_is_of_the_sorted_json_without_spaces() -> None:
    entry = chained(GENESIS, values(1))
    written = json.dumps(values(1) | {"previous": "0" * 64}, sort_keys=True, separators=(",", ":"))
    assert entry.hash == hashlib.sha256(written.encode()).hexdigest()


def test_an_untouched_log_is_intact() -> None:
    entries = log()
    found = verify(entries)
    assert (found.intact, found.entries, found.head) == (True, 5, entries[-1]["hash"])
    assert verify(entries, head=entries[2]["hash"]).intact
    assert verify([]).head == GENESIS


@pytest.mark.parametrize(
    ("name", "value"),
    [("actor", "bob"), ("at", "2026-03-02"), ("purpose", ""), ("content", {}), ("hash", "0" * 64),
     ("previous", "1" * 64), ("sequence", 9), ("tenant", "other")],
)  # fmt: skip
def test_no_field_can_be_changed(name: str, value: Any) -> None:
    entries = log()
    entries[2][name] = value
    found = verify(entries)
    assert not found.intact
    assert found.entries == 3


@pytest.mark.parametrize("place", [0, 2])
def test_no_entry_can_be_taken_out(place: int) -> None:
    entries = log()
    del entries[place]
    assert not verify(entries).intact


def test_entries_cannot_change_places_nor_come_from_elsewhere() -> None:
    entries = log()
    entries[1], entries[2] = entries[2], entries[1]
    assert not verify(entries).intact
    foreign = chained(log()[0]["hash"], values(2, tenant="other")).to_dict()
    assert "belongs to" in verify([log()[0], foreign]).problem
    assert not verify([log()[0] | {"extra": 1}]).intact


def test_a_missing_end_is_noticed_by_a_head_that_was_noted_and_only_by_that() -> None:
    entries = log()
    assert verify(entries[:3]).intact
    assert "its end is missing" in verify(entries[:3], head=entries[-1]["hash"]).problem


def test_a_rewritten_log_does_not_contain_the_head_that_was_noted() -> None:
    noted = log()[-1]["hash"]
    forged = chained(GENESIS, values(1, actor="nobody")).to_dict()
    assert verify([forged]).intact
    assert not verify([forged], head=noted).intact


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(-1e6, 1e6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(_json)
def test_plain_content_survives_a_database(content: Any) -> None:
    once = plain({"content": content})
    assert plain(json.loads(json.dumps(once))) == once
    assert "-0.0" not in json.dumps(once).replace('"-0.0', "")


def test_an_export_is_read_line_by_line() -> None:
    lines = [json.dumps(entry) for entry in log()]
    assert verify(read_export(lines)).intact
    for broken in ("[1]", "{", "[" * 100_000):
        with pytest.raises(DataError, match="line 1 is no entry"):
            list(read_export([broken]))
