"""A server that goes down lets go of every connection."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest


def connected(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def hold_up(server: Any, seconds: float) -> None:
    """Its loop: what comes meanwhile is accepted in the same turn in which it sees that it has to end."""
    server.servers[0].get_loop().call_soon_threadsafe(time.sleep, seconds)
    time.sleep(seconds / 2)


@pytest.mark.parametrize("sent", [b"", b"GET /v1/health HTTP/1.1\r\nHost: here\r\n\r\n"])
def test_a_connection_that_comes_at_the_last_moment_does_not_keep_the_server(
    make_service: Callable[..., Any], serve: Any, sent: bytes
) -> None:
    with serve(make_service()) as url:
        hold_up(url.server, 1.0)
        late = connected(url)
        late.sendall(sent)
        url.server.should_exit = True
        began = time.monotonic()
    assert time.monotonic() - began < 4, "the time for the end is five seconds"
    with late, suppress(ConnectionResetError):
        while late.recv(4096):
            pass


def test_what_outlasts_the_time_for_the_end_is_cut(make_service: Callable[..., Any], serve: Any) -> None:
    with serve(make_service()) as url:
        slow = connected(url)
        slow.sendall(b"POST /v1/search HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n{")
        time.sleep(0.5)
        (connection,) = url.server.server_state.connections
    assert connection.transport.is_closing()
    assert url.server.server_state.connections == set()
    slow.close()
