"""Real faults of a real server: what was acknowledged is there, once, and the audit log says so."""

import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from crossreid.runtime.remote import TOKEN

GOOD = {"200", "201"}


@pytest.fixture(scope="module")
def reliability(program: Callable[[str], Any]) -> Any:
    return program("benchmarks/reliability.py")


@pytest.fixture
def suffer(reliability: Any, everyone: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Put a server through a fault. Its encoder is another server: no model is loaded."""
    monkeypatch.setenv(TOKEN, everyone.device.key)
    haste = reliability.Pace(before_s=0.2, fault_s=1.5, after_s=0.3)

    def go(name: str, **pace: Any) -> dict[str, Any]:
        told = reliability.FAULTS[name](everyone.url, replace(haste, **pace))
        assert told["sound"], told
        assert told["without_retry_after"] == 0
        return told

    return go


def answers(told: dict[str, Any]) -> set[str]:
    return {said for phase in ("during", "after") for kind in told[phase].values() for said in kind}


def test_a_database_that_was_killed_is_started_again(suffer: Any) -> None:
    told = suffer("database killed")
    assert answers(told) <= GOOD | {"503 gallery_unavailable", "503 overloaded"}
    assert "503 gallery_unavailable" in answers(told)


def test_two_servers_share_a_database(suffer: Any) -> None:
    told = suffer("two servers")
    assert told["same_items"] == {"items": 60, "enrolled": 60, "known": 60}
    assert answers(told) == GOOD | {"no answer"}


def test_requests_are_refused_while_all_connections_are_in_use(suffer: Any) -> None:
    told = suffer("pool exhausted", fault_s=7.0)
    assert "503 overloaded" in answers(told)
    assert answers(told) <= GOOD | {"503 overloaded"}
    assert told["longest_wait_s"] < 25


@pytest.mark.slow
def test_a_server_that_was_killed_has_all_that_it_acknowledged(suffer: Any) -> None:
    assert answers(suffer("server killed")) <= GOOD | {"no answer"}


@pytest.mark.slow
def test_a_database_by_address_may_go_and_come_back(suffer: Any) -> None:
    told = suffer("database away")
    assert answers(told) <= GOOD | {"503 gallery_unavailable", "503 overloaded"}


@pytest.mark.slow
def test_an_encoder_may_go_and_come_back(suffer: Any) -> None:
    told = suffer("encoder away", fault_s=8.0)
    assert answers(told) <= GOOD | {"503 encoder_failed"}
    assert "503 encoder_failed" in answers(told)


def can_mount() -> bool:
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
        if mounted.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return mounted.returncode == 0


@pytest.mark.slow
def test_nothing_is_enrolled_on_a_disk_that_is_nearly_full_and_searches_go_on(suffer: Any) -> None:
    if not can_mount():
        pytest.skip("nothing can be mounted here")
    told = suffer("disk nearly full")
    assert set(told["during"]["search"]) == {"200"}
    assert "503 disk_full" in told["during"]["enrolment"]
    assert answers(told) == GOOD | {"503 disk_full"}


@pytest.mark.slow
def test_a_full_disk_loses_nothing(suffer: Any) -> None:
    if not can_mount():
        pytest.skip("nothing can be mounted here")
    told = suffer("disk full", fault_s=8.0)
    assert answers(told) <= GOOD | {"503 disk_full", "503 gallery_unavailable", "503 overloaded"}
    assert answers(told) > GOOD


@pytest.mark.slow
def test_nothing_expires_because_the_clock_jumped(suffer: Any, reliability: Any) -> None:
    try:
        told = suffer("clock jumps", fault_s=3.0)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    assert answers(told) | answers(told["behind"]) == GOOD


@pytest.mark.slow
def test_memory_is_watched_for_long(reliability: Any, everyone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, everyone.device.key)
    told = reliability.soak(everyone.url, minutes=0.5, per_second=8.0, every_s=1.0, folder_items=50)
    assert all(said.endswith(("200", "201")) for said in told["statuses"])
    assert len(told["memory"]["server_mib"]) > 20
    assert max(told["memory"]["server_mib"]) < 1.3 * told["memory"]["server_mib"][8]
