import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import HTTPError

import pytest

from crossreid.core.errors import ConfigurationError
from crossreid.edge.meters import Meters
from crossreid.edge.metrics import hottest, parse_address, serving_metrics, write_page
from crossreid.edge.spool import FILE, Counts, Spool

Put = Callable[..., int]

COUNTS = Counts(
    finished=9, short=1, sent=5, refused=1, dropped=2, sent_bytes=700, waiting=1, waiting_bytes=80
)


def numbers(page: str) -> dict[str, float]:
    """Name -> value, of a page whose every number has been announced by its kind."""
    kinds = {line.split()[2] for line in page.splitlines() if line.startswith("# TYPE ")}
    rows = [line for line in page.splitlines() if not line.startswith("#")]
    found = {row.partition("{")[0]: float(row.rpartition(" ")[2]) for row in rows}
    assert set(found) == kinds
    assert len(rows) == len(kinds)
    return found


def test_the_page_says_what_was_counted() -> None:
    meters = Meters(
        frames=7, passed_over=3, embedded=4, detecting_s=1.5, last_frame=datetime.fromtimestamp(99, UTC)
    )
    page = write_page(meters, COUNTS, camera="cam7", celsius=61.5)
    found = numbers(page)
    assert found["crossreid_frames_total"] == 7
    assert found["crossreid_frames_passed_over_total"] == 3
    assert found["crossreid_crops_embedded_total"] == 4
    assert found["crossreid_detecting_seconds_total"] == 1.5
    assert found["crossreid_last_frame_timestamp_seconds"] == 99
    assert found["crossreid_temperature_celsius"] == 61.5
    tracks = {name: found[f"crossreid_tracks_{name}_total"] for name in ("finished", "short", "dropped")}
    assert tracks == {"finished": 9, "short": 1, "dropped": 2}
    assert (found["crossreid_tracks_waiting"], found["crossreid_waiting_bytes"]) == (1, 80)
    assert 'crossreid_frames_total{camera="cam7"} 7\n' in page


def test_what_is_not_known_is_left_out_and_labels_are_escaped() -> None:
    page = write_page(Meters(), COUNTS, camera='c"a\\m\n7', celsius=None)
    assert "temperature" not in page
    assert "last_frame" not in page
    assert r'{camera="c\"a\\m\n7"} 0' in page


def test_a_page_is_served_while_the_spool_fills(tmp_path: Path, put: Put) -> None:
    spool, meters = Spool(tmp_path), Meters(frames=3)
    with serving_metrics(("127.0.0.1", 0), tmp_path, meters, camera="cam7") as url:
        for waiting in range(2):
            with urllib.request.urlopen(url, timeout=20) as answer:
                assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
                found = numbers(answer.read().decode())
            assert (found["crossreid_tracks_waiting"], found["crossreid_frames_total"]) == (waiting, 3)
            put(spool, waiting)
        with pytest.raises(HTTPError, match="404"):
            urllib.request.urlopen(url.replace("metrics", "etc"), timeout=20)
        spool.close()
        (tmp_path / FILE).write_bytes(b"x" * 5000)
        with pytest.raises(HTTPError, match="503"):
            urllib.request.urlopen(url, timeout=20)


def test_a_taken_address_is_said(tmp_path: Path) -> None:
    with serving_metrics(("127.0.0.1", 0), tmp_path, Meters(), camera="c") as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        with (
            pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}"),
            serving_metrics(("127.0.0.1", port), tmp_path, Meters(), camera="c"),
        ):
            pass


def test_addresses() -> None:
    assert parse_address("9464") == ("127.0.0.1", 9464)
    assert parse_address("0.0.0.0:9464") == ("0.0.0.0", 9464)
    for wrong in ("", "metrics", "host:", "70000"):
        with pytest.raises(ConfigurationError, match="PORT"):
            parse_address(wrong)


def test_the_hottest_sensor_counts(tmp_path: Path) -> None:
    assert hottest(tmp_path) is None
    for zone, written in enumerate(("41000", "63500", "broken")):
        (tmp_path / f"thermal_zone{zone}").mkdir()
        (tmp_path / f"thermal_zone{zone}" / "temp").write_text(written)
    assert hottest(tmp_path) == 63.5
