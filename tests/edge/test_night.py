import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from crossreid.core.errors import ConfigurationError
from crossreid.edge.night import Night


@pytest.fixture
def in_delhi(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Five and a half hours east of Greenwich."""
    monkeypatch.setenv("TZ", "IST-5:30")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 1, hour, minute, tzinfo=UTC)


@pytest.mark.usefixtures("in_delhi")
@pytest.mark.parametrize(
    ("moment", "covered"),
    [(at(13, 59), False), (at(14), True), (at(20), True), (at(0, 59), True), (at(1), False), (at(8), False)],
)
def test_a_night_passes_midnight_by_the_devices_clock(moment: datetime, covered: bool) -> None:
    assert Night.parse("19:30-06:30").covers(moment) is covered


@pytest.mark.usefixtures("in_delhi")
def test_a_night_may_lie_within_a_day() -> None:
    night = Night.parse("01:00 - 05:00")
    assert [night.covers(at(hour)) for hour in (19, 20, 0)] == [False, True, False]


@pytest.mark.parametrize("written", ["", "19:30", "19:30-", "25:00-06:00", "06:00-06:00", "19:30Z-06:30Z"])
def test_what_is_no_night_is_refused(written: str) -> None:
    with pytest.raises(ConfigurationError, match="19:30-06:30"):
        Night.parse(written)
