"""What every request passes before anything looks at it: how many, how large, how slow, and for how long."""

import asyncio
import contextlib
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from crossreid.core.errors import CrossReIDError
from crossreid.core.wording import several
from crossreid.server.metrics import Metrics
from crossreid.server.refusals import RefusalError, refusal_of
from crossreid.server.settings import Limits

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ALWAYS_ANSWERED = ("/v1/health", "/v1/ready", "/v1/metrics")
_PREFIX = "/v1"
_UPLOADS = ("/v1/imports",)
_LINGER_S = 0.25
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Guard:
    """The outermost layer.

    Args:
        app: everything else.
        limits: see there.
        metrics: told of each answer.
    """

    def __init__(self, app: App, *, limits: Limits, metrics: Metrics) -> None:
        self._app, self._limits, self._metrics = app, limits, metrics
        self.draining = False
        self._busy = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        state = scope.setdefault("state", {})
        state["request_id"] = _request_id(headers)
        state["deadline"] = time.monotonic() + self._patience(headers)
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name.lower() for name, _ in message.get("headers", ())}
                extra = [pair for pair in _HEADERS if pair[0] not in given]
                extra.append((b"x-request-id", state["request_id"].encode()))
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        self._busy += 1
        self._metrics.busy.set(self._busy)
        try:
            await self._serve(scope, headers, receive, noted)
        except CrossReIDError as error:
            problem = refusal_of(error)
            if problem.code == "body_too_large":
                await _read_on(receive)
            await answer_refusal(problem, state["request_id"], noted, self._metrics)
        finally:
            self._busy -= 1
            self._metrics.busy.set(self._busy)
            route = _route(scope)
            self._metrics.requests.labels(scope["method"], route, str(status)).inc()
            self._metrics.seconds.labels(scope["method"], route).observe(time.perf_counter() - began)

    async def _serve(self, scope: Scope, headers: dict[str, str], receive: Receive, send: Send) -> None:
        if scope["path"] not in _ALWAYS_ANSWERED:
            if self.draining:
                raise RefusalError(
                    "draining", "the server is going down", remedy="try again, elsewhere or later"
                )
            if self._busy > self._limits.requests:
                raise RefusalError(
                    "overloaded", f"{several(self._busy, 'request')} at once", remedy="try again in a moment"
                )
        body = scope["state"]["body"] = await self._body(scope["path"], headers, receive)
        delivered = False

        async def replay() -> Message:
            nonlocal delivered
            if not delivered:
                delivered = True
                return {"type": "http.request", "body": body, "more_body": False}
            return await receive()

        await self._app(scope, replay, send)

    async def _body(self, path: str, headers: dict[str, str], receive: Receive) -> bytes:
        """All of it, before anything is done: what is too large or too slow has then changed nothing."""
        most = self._limits.archive_bytes if path in _UPLOADS else self._limits.body_bytes
        written = headers.get("content-length", "")
        if written and (not written.isdecimal() or int(written) > most):
            raise _too_large(written, most)
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise RefusalError(
                            "body_too_slow", "a connection that was closed before the end of the body"
                        )
                    body += message.get("body", b"")
                    if len(body) > most:
                        raise _too_large(str(len(body)), most)
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError as error:
            raise RefusalError(
                "body_too_slow",
                f"{len(body)} bytes in {self._limits.body_s:g} s",
                expected="the whole body in that time",
                remedy="send less at once",
            ) from error

    def _patience(self, headers: dict[str, str]) -> float:
        written = headers.get("x-deadline-ms", "")
        if written.isascii() and written.isdecimal() and len(written) < 9:
            return min(int(written) / 1000, self._limits.deadline_s)
        return self._limits.deadline_s


class Turnstile:
    """So many requests a second for each caller, with some at once. Source: the token bucket.

    Args:
        per_second: on average.
        burst: at once.
    """

    _MOST_CALLERS = 100_000

    def __init__(self, per_second: float, burst: int) -> None:
        self._rate, self._burst = per_second, float(burst)
        self._left: dict[str, tuple[float, float]] = {}

    def enter(self, caller: str) -> None:
        """Count one request.

        Raises:
            RefusalError: rate_limited.
        """
        now = time.monotonic()
        left, then = self._left.get(caller, (self._burst, now))
        left = min(self._burst, left + (now - then) * self._rate)
        if left < 1:
            wait_s = max(1, round((1 - left) / self._rate + 0.5))
            raise RefusalError(
                "rate_limited",
                "too many requests with this key",
                expected=f"{self._rate:g} a second",
                remedy="slow down",
                retry_after_s=wait_s,
            )
        if len(self._left) >= self._MOST_CALLERS:
            self._left.clear()
        self._left[caller] = left - 1, now


async def answer_refusal(problem: RefusalError, request_id: str, send: Send, metrics: Metrics) -> None:
    """Send a refusal, unless an answer has begun."""
    metrics.problems.labels(problem.code).inc()
    body = json.dumps(problem.body(request_id)).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **problem.headers()}
    if problem.code in ("body_too_slow", "body_too_large"):
        headers["Connection"] = "close"  # what is left of the body is not read
    written = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    with contextlib.suppress(RuntimeError):
        await send({"type": "http.response.start", "status": problem.status, "headers": written})
        await send({"type": "http.response.body", "body": body})


def _route(scope: Scope) -> str:
    """The path of the endpoint, with its parameters by name: what addresses people try is not counted one by one."""
    path = str(getattr(scope.get("route"), "path", ""))
    return path if path.startswith(_PREFIX) else f"{_PREFIX}{path}" if path else "other"


def _request_id(headers: dict[str, str]) -> str:
    given = headers.get("x-request-id", "")
    return given if _NAME.fullmatch(given) else secrets.token_hex(8)


async def _read_on(receive: Receive) -> None:
    """Drop what is on its way: a connection closed over unread bytes is reset, and the caller loses the answer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_S):
            while (await receive()).get("more_body", False):
                pass


def _too_large(found: str, most: int) -> RefusalError:
    return RefusalError(
        "body_too_large",
        f"a body of {found[:20]} bytes",
        expected=f"at most {most}",
        remedy="send less at once",
    )
