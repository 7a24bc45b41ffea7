"""The whole way: a drawn video before a device, whose tracks are found on the real server."""

import base64
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from crossreid.edge.detection import GivenBoxes
from crossreid.edge.device import Device, Settings
from crossreid.edge.frames import Video
from crossreid.edge.sender import Cloud, Sender
from crossreid.edge.spool import Spool

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def png(image: np.ndarray) -> str:
    stream = BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def test_people_of_a_video_are_found_on_the_server_by_their_photos(
    tenant: Any, encoder: Any, asking: Callable[..., dict[str, Any]], walks: Any, tmp_path: Path
) -> None:
    walk, folder = walks.Walk(), tmp_path / "spool"
    source = Video(walk.write_video(tmp_path / "walk.avi"))
    given = GivenBoxes.read(walk.write_boxes(tmp_path / "boxes.txt", people=False))
    camera = tenant.client("device", scopes=("camera:cam7",))
    with closing(Spool(folder)) as spool, Sender(folder, Cloud(tenant.url, token=camera.key)) as sender:
        Device(encoder, given, spool, Settings("cam7")).run(source, "walk", start=NOON)
        sender.drain(60.0)
        counts = spool.counts()
    assert (counts.finished, counts.sent, counts.refused, counts.waiting) == (2, 2, 0, 0)
    photos = [group.rgb(height=walks.TALL, width=walks.WIDE) for group in walk.groups]
    first = []
    for photo in photos:
        evidence = [{"modality": "rgb", "picture": png(photo)}]
        found = tenant.operator.post("/search", asking("red") | {"evidence": evidence})["results"]
        assert {result["item"]["camera"] for result in found} == {"cam7"}
        assert {result["item"]["crop"] for result in found} == {False}  # vectors alone have travelled
        first.append(found[0]["item"]["track"].partition("-")[2])
    assert first == ["1-0", "2-0"]
