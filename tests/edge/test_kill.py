import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from crossreid.edge.spool import Spool

STREET = Path(__file__).with_name("street.py")


def contents(receiver: Any) -> list[tuple[Any, ...]]:
    """What the cloud knows, without the name of the spool."""
    return sorted(
        (
            track.key.partition("-")[2],
            track.start,
            track.end,
            track.frames,
            track.crops,
            track.quality,
            track.box,
            *track.vector.tolist(),
        )
        for track in receiver.stored.values()
    )


def test_a_device_that_is_killed_all_the_time_tells_the_cloud_the_same_story(
    receiver: Any, serve: Any, street: Any, tmp_path: Path
) -> None:
    undisturbed = type(receiver)()
    with serve(undisturbed) as url:
        street.follow(tmp_path / "calm", url)
    receiver.behave = lambda number, keys: {0: "cut", 1: 503}.get(number % 5, 200)
    with serve(receiver) as url:
        done = subprocess.run(
            [sys.executable, STREET, tmp_path / "killed", url, "0"],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["finished"] == 1
    assert outcome["killed"] >= 20
    assert len(contents(undisturbed)) == 5
    assert contents(receiver) == contents(undisturbed)
    calm, killed = Spool(tmp_path / "calm").counts(), Spool(tmp_path / "killed").counts()
    assert (killed.finished, killed.short, killed.sent, killed.waiting) == (calm.finished, 1, calm.sent, 0)


def test_tracks_hold_what_was_seen(receiver: Any, cloud: str, street: Any, tmp_path: Path) -> None:
    street.follow(tmp_path, cloud)
    tracks = {track.key.partition("-")[2]: track for track in receiver.stored.values()}
    # Person 1 was there for 20 frames, 2 for 52 and 4 for 25; the second frame begins a track, after 25 it is sent and
    # goes on. 3 was too small.
    assert {key: track.frames for key, track in tracks.items()} == {
        "1-0": 19,
        "2-0": 25,
        "2-1": 25,
        "2-2": 1,
        "4-0": 24,
    }
    first = tracks["1-0"]
    assert (first.start, first.camera, str(first.modality)) == (
        street.NOON + timedelta(seconds=0.1),
        "cam7",
        "rgb",
    )
    assert (first.end - first.start).total_seconds() == 1.8
    assert 1 < first.crops <= 4
    assert first.picture == b""
    assert first.box[2:] == (20.0, 48.0)
    red, green = np.zeros((4, 4, 4)), np.zeros((4, 4, 4))
    red[3, 0, 0] = green[0, 2, 0] = 1  # a histogram of four levels a channel
    assert float(first.vector @ red.ravel()) > 0.9
    assert float(tracks["2-1"].vector @ green.ravel()) > 0.9
