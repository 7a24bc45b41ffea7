import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from crossreid.core.track import Reply, Track, read_batch, write_reply

Call = Callable[..., Any]


@pytest.fixture
def crops(world: Path, tmp_path: Path) -> Path:
    """Two people, two photographs each."""
    for picture in sorted((world / "test" / "rgb").rglob("*.jpg"))[:4]:
        person = tmp_path / "crops" / picture.stem.split("-")[0]
        person.mkdir(parents=True, exist_ok=True)
        (person / picture.name).write_bytes(picture.read_bytes())
    return tmp_path / "crops"


@pytest.fixture
def cloud() -> Any:
    """An address, and the tracks that arrive there."""
    arrived: list[Track] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            batch = read_batch(self.rfile.read(int(self.headers["Content-Length"])))
            arrived.extend(batch.tracks)
            answer = write_reply(Reply(accepted=tuple(track.key for track in batch.tracks)))
            self.send_response(200 if self.headers["Authorization"] == "Bearer secret" else 401)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", arrived
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.traced
def test_people_are_followed_now_and_sent_later(
    run: Call, edge_pack: Path, crops: Path, cloud: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = tmp_path / "spool"
    result = run("edge", "run", "--pack", edge_pack, "--camera", "cam7", "--spool", spool, "--crops", crops)
    people = len(list(crops.iterdir()))
    assert "Looked at 4 frames" in result.stdout
    assert f"Wrote {spool}: {people} tracks wait" in result.stdout
    assert f"Next: crossreid edge send --spool {spool} --cloud URL" in result.stdout
    url, arrived = cloud
    monkeypatch.setenv("CROSSREID_TOKEN", "secret")
    result = run("edge", "send", "--spool", spool, "--cloud", url)
    assert f"{people} sent in" in result.stdout
    assert "0 tracks wait" in result.stdout
    assert {track.camera for track in arrived} == {"cam7"}
    assert {len(track.vector) for track in arrived} == {32}


@pytest.mark.traced
def test_people_of_a_video_reach_the_cloud_while_metrics_are_served(
    run: Call, edge_pack: Path, walks: Any, cloud: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk, (url, arrived) = walks.Walk(), cloud
    video = walk.write_video(tmp_path / "walk.mp4", code="mp4v")
    boxes = walk.write_boxes(tmp_path / "boxes.txt", people=False)
    monkeypatch.setenv("CROSSREID_TOKEN", "secret")
    where = ("--pack", edge_pack, "--camera", "cam7", "--spool", tmp_path / "spool")
    what = ("--source", video, "--crops", boxes, "--cloud", url, "--start", "2026-03-01T12:00:00")
    result = run("edge", "run", *where, *what, "--metrics", "0", "--night", "11:59-12:01")
    assert "Metrics at http://127.0.0.1:" in result.stdout
    assert "Looked at 24 frames" in result.stdout
    assert "2 tracks, 2 sent in" in result.stdout
    # Confirmed in the third of 24 frames, of which there are 12 a second.
    assert [(track.frames, str(track.start)[:23]) for track in arrived] == [
        (22, "2026-03-01 12:00:00.166")
    ] * 2
    size = sum(len(track.vector) for track in arrived) * 2
    sent = int(result.stdout.partition("2 sent in ")[2].partition(" bytes")[0])
    assert size < sent < 10 * size + 1000
    assert f"({sent / 2:.0f} bytes a person)" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "no source at all"),
        (("--source", "."), "one of the two"),
        (("--crops", "missing"), "sub-folder a track"),
        (("--source", "missing.mp4", "--crops", "boxes.txt"), "no source at missing.mp4"),
        (("--source", ".", "--crops", "missing.txt"), "missing.txt cannot be read as boxes"),
        (("--source", ".", "--detector", "missing.onnx"), "cannot be run as a detector"),
    ],
)
def test_what_cannot_be_followed_is_said(
    run: Call, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    result = run(
        "edge", "run", "--pack", "p", "--camera", "c", "--spool", tmp_path / "spool", *words, status=2
    )
    assert message in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--modality", "ir", "--night", "20:00-06:00"), "one of the two"),
        (("--night", "late"), "19:30-06:30"),
    ],
)
def test_hours_that_make_no_sense_are_refused(
    run: Call, crops: Path, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    where = ("--pack", "p", "--camera", "c", "--spool", tmp_path / "spool", "--crops", crops)
    assert message in run("edge", "run", *where, *words, status=2).stderr


def test_a_cloud_that_is_none_is_refused(run: Call, tmp_path: Path) -> None:
    result = run("edge", "send", "--spool", tmp_path, "--cloud", "ftp://cloud", status=2)
    assert "https" in result.stderr


def test_an_encoder_is_timed(run: Call, edge: Path, tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    few = ("--seconds", 0, "--warm-up", 0)
    result = run("bench", edge, *few, "--batch", 2, "--modality", "text", "--modality", "ir", "--out", out)
    record = json.loads(out.read_text())
    assert [(row["modality"], row["batch"], row["calls"]) for row in record["rows"]] == [
        ("text", 2, 10),
        ("ir", 2, 10),
    ]
    assert all(row["latency_ms"]["p50"] <= row["latency_ms"]["p99"] for row in record["rows"])
    assert record["encoder"]["runtime"] == "torch"
    assert record["hardware"]["cores"] >= 1
    assert record["peak_memory_mib"] > 20
    assert f"Wrote {out}" in result.stdout


def test_the_table_of_the_paper_has_two_sizes_and_two_batches(run: Call, edge: Path, tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    run("bench", edge, "--paper", "--seconds", 0, "--warm-up", 0, "--out", out)
    rows = json.loads(out.read_text())["rows"]
    assert [(row["size"], row["batch"], row["modality"]) for row in rows] == [
        ("392x140", 1, "rgb"),
        ("392x140", 4, "rgb"),
        ("280x140", 1, "rgb"),
        ("280x140", 4, "rgb"),
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--size", "280"), "HEIGHTxWIDTH"),
        (("--paper", "--batch", "2"), "--paper alone"),
        (("--modality", "smell"), "rgb, ir, sketch, text"),
    ],
)
def test_what_cannot_be_timed_is_said(run: Call, edge: Path, words: tuple[str, ...], message: str) -> None:
    assert message in run("bench", edge, "--seconds", 0, *words, status=2).stderr
