"""A process that serves: sockets, TLS, slow heads, and an orderly end."""

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from crossreid.core.errors import ConfigurationError

_BACKLOG = 512
_ASK_AGAIN_S = 0.1


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and how the server is reached.

    Args:
        host: address to listen at.
        port: of it; 0 takes a free one.
        certificate: PEM, for TLS; None where a proxy does that.
        private_key: PEM.
        proxies: addresses whose `X-Forwarded-*` are believed.
        drain_s: how long requests in progress may take when the server goes down.

    Raises:
        ConfigurationError: one half of a certificate is missing, or a file is.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    certificate: Path | None = None
    private_key: Path | None = None
    proxies: tuple[str, ...] = ()
    drain_s: int = 30

    def __post_init__(self) -> None:
        files = (self.certificate, self.private_key)
        if (files[0] is None) != (files[1] is None):
            raise ConfigurationError("half of a certificate", expected="--certificate and --private-key")
        for file in files:
            if file is not None and not file.is_file():
                raise ConfigurationError(f"no file {file}", expected="a PEM file")

    @property
    def url(self) -> str:
        """For people."""
        return f"{'https' if self.certificate else 'http'}://{self.host}:{self.port}"


def listen(where: Listening) -> tuple[socket.socket, Listening]:
    """Take the address before anything else is begun. Returns the socket and where it is.

    Raises:
        ConfigurationError: somebody else has it.
    """
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((where.host, where.port))
    except (OSError, OverflowError) as error:
        taken.close()
        raise ConfigurationError(
            f"the address {where.host}:{where.port} cannot be taken ({error})", remedy="choose another --port"
        ) from error
    port = taken.getsockname()[1]
    return taken, Listening(
        where.host, port, where.certificate, where.private_key, where.proxies, where.drain_s
    )


def server_of(app: FastAPI, where: Listening, *, header_s: float) -> uvicorn.Server:
    """What serves an application; `header_s` as in `Limits`."""
    config = uvicorn.Config(
        app,
        http=_protocol(header_s),
        ws="none",
        loop="asyncio",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=bool(where.proxies),
        forwarded_allow_ips=list(where.proxies),
        ssl_certfile=where.certificate,
        ssl_keyfile=where.private_key,
        backlog=_BACKLOG,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=where.drain_s,
        h11_max_incomplete_event_size=64 * 1024,
    )
    return _Server(config, app)


class _Server(uvicorn.Server):
    """Says to the application that it goes down, so that new requests on old connections are sent elsewhere.

    uvicorn asks the connections that it knows to end, once. Those that were just being accepted go on: idle, they would
    keep the server for the whole time that it may take, and be left open at the end of it.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal to end."""
        self._app.state.guard.draining = True
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ask every connection to end, late ones too, and cut those that outlast the time for it."""
        ending = asyncio.create_task(super().shutdown(sockets))
        while not ending.done():
            await asyncio.wait([ending], timeout=_ASK_AGAIN_S)
            for connection in list(self.server_state.connections):
                if ending.done():
                    connection.transport.abort()
                elif not connection.transport.is_closing():
                    connection.shutdown()
        await ending


def _protocol(header_s: float) -> type[H11Protocol]:
    """HTTP whose heads have to be there in time: a client that sends a letter a minute holds no connection."""

    class Impatient(H11Protocol):
        _clock: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._await_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_clock()
            super().connection_lost(exc)

        def handle_events(self) -> None:
            before = self.cycle
            super().handle_events()
            if self.cycle is not before:
                self._stop_clock()

        def data_received(self, data: bytes) -> None:
            if self._clock is None and (self.cycle is None or self.cycle.response_complete):
                self._await_head()
            super().data_received(data)

        def _await_head(self) -> None:
            self._clock = self.loop.call_later(header_s, self._give_up)

        def _stop_clock(self) -> None:
            if self._clock is not None:
                self._clock.cancel()
                self._clock = None

        def _give_up(self) -> None:
            self._clock = None
            if not self.transport.is_closing():
                self.transport.close()

    return Impatient
