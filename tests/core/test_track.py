import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.track import (
    MOST_TRACKS,
    Reply,
    Track,
    read_batch,
    read_reply,
    write_batch,
    write_reply,
    write_track,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRACK = Track(
    key="spool-1-0",
    camera="cam7",
    modality=Modality.IR,
    start=NOON,
    end=NOON + timedelta(seconds=2.5),
    frames=60,
    crops=4,
    quality=0.75,
    box=(10.0, 20.0, 30.5, 60.0),
    vector=np.array([0.6, -0.8], np.float32),
    picture=b"\xff\xd8",
)


def test_a_batch_is_read_as_it_was_written() -> None:
    other = replace(TRACK, key="spool-2-0", picture=b"")
    body = write_batch([write_track(TRACK), write_track(other)], fingerprint="e@space", rotation="r")
    batch = read_batch(body)
    assert (batch.fingerprint, batch.rotation) == ("e@space", "r")
    for read, written in zip(batch.tracks, (TRACK, other), strict=True):
        for name in (
            "key",
            "camera",
            "modality",
            "start",
            "end",
            "frames",
            "crops",
            "quality",
            "box",
            "picture",
        ):
            assert getattr(read, name) == getattr(written, name)
        np.testing.assert_allclose(read.vector, written.vector, atol=1e-3)


def test_a_vector_travels_in_two_bytes_a_number() -> None:
    values = json.loads(write_track(replace(TRACK, vector=np.zeros(320, np.float32), picture=b"")))
    assert len(base64.b64decode(values["vector"])) == 640
    assert "picture" not in values


def spoilt(spoil: Callable[[dict[str, Any]], object]) -> bytes:
    content = json.loads(write_batch([write_track(TRACK)], fingerprint="e"))
    spoil(content)
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        spoilt(lambda body: body.update(version=2)),
        spoilt(lambda body: body.update(fingerprint="")),
        spoilt(lambda body: body.update(rotation=3)),
        spoilt(lambda body: body.pop("tracks")),
        spoilt(lambda body: body.update(tracks=[3])),
        spoilt(lambda body: body.update(tracks=body["tracks"] * (MOST_TRACKS + 1))),
        spoilt(lambda body: body["tracks"][0].update(key="")),
        spoilt(lambda body: body["tracks"][0].update(key="a\nb")),
        spoilt(lambda body: body["tracks"][0].update(key=["a"])),
        spoilt(lambda body: body["tracks"][0].update(camera=7)),
        spoilt(lambda body: body["tracks"][0].update(modality="text")),
        spoilt(lambda body: body["tracks"][0].update(start="2026-03-01T12:00:00")),
        spoilt(lambda body: body["tracks"][0].update(end="2020-03-01T12:00:00+00:00")),
        spoilt(lambda body: body["tracks"][0].update(frames=0)),
        spoilt(lambda body: body["tracks"][0].update(crops=61)),
        spoilt(lambda body: body["tracks"][0].update(quality="NaN")),
        spoilt(lambda body: body["tracks"][0].update(box=[1, 2, 3])),
        spoilt(lambda body: body["tracks"][0].update(vector="?")),
        spoilt(lambda body: body["tracks"][0].update(vector="AHw=")),  # infinity
        spoilt(lambda body: body["tracks"].append(body["tracks"][0] | {"vector": "AAA="})),
    ],
)
def test_what_is_no_batch_is_refused(body: bytes) -> None:
    with pytest.raises(DataError):
        read_batch(body)


@given(st.binary(max_size=60))
def test_nothing_else_happens_to_bytes_from_outside(body: bytes) -> None:
    for read in (read_batch, read_reply):
        with pytest.raises(DataError):
            read(body)


def test_a_reply_is_read_as_it_was_written() -> None:
    reply = Reply(("a",), ("b", "c"), {"d": "of another world"})
    assert read_reply(write_reply(reply)) == reply
