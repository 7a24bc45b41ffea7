"""The service over HTTP."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

import crossreid
from crossreid.core.errors import CrossReIDError
from crossreid.server import routes
from crossreid.server.limits import Guard
from crossreid.server.refusals import RefusalError, refusal_of
from crossreid.server.schemas import ErrorAnswer
from crossreid.server.service import Service

WEB = Path(__file__).parent / "web"
_THREADS = 64
_DESCRIPTION = """Find a person by photo, infrared, sketch or words.

Every 4xx and 5xx has the body of `ErrorAnswer`; its `code` stays the same from version to version.
"""
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": words}
    for status, words in {
        400: "Malformed", 401: "Not authenticated", 403: "Not allowed", 404: "Not there", 408: "Too slow",
        409: "Does not fit what is there", 413: "Too large", 415: "Another type", 422: "Incomplete", 429: "Too much",
        503: "Later", 504: "Too late",
    }.items()
}  # fmt: skip
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 415: "unsupported_media_type"}


def create_app(service: Service) -> FastAPI:
    """The application; `app.state.guard` is its outermost layer, to be told when the server goes down."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        yield
        service.close()

    app = FastAPI(
        title="CrossReID",
        version=crossreid.__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses=_REFUSALS,
    )
    app.state.service = service
    for router in routes.ROUTERS:
        app.include_router(router, prefix="/v1")
    app.add_exception_handler(CrossReIDError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_malformed)
    app.add_exception_handler(HTTPException, _refuse_otherwise)
    app.add_exception_handler(IntegrityError, _refuse_twice)
    app.add_exception_handler(Exception, _fail)
    _serve_page(app)
    app.add_middleware(_guarding(app, service))
    return app


def _guarding(app: FastAPI, service: Service) -> Any:
    """A middleware that leaves itself where `crossreid.server.running` finds it."""

    def guard(inner: ASGIApp) -> Guard:
        app.state.guard = Guard(inner, limits=service.settings.limits, metrics=service.metrics)
        return app.state.guard

    return guard


def _answer(request: Request, problem: RefusalError) -> JSONResponse:
    request.app.state.service.metrics.problems.labels(problem.code).inc()
    request_id = getattr(request.state, "request_id", "")
    return JSONResponse(problem.body(request_id), problem.status, headers=problem.headers())


async def _refuse(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CrossReIDError), "registered for no other"
    return _answer(request, refusal_of(error))


async def _refuse_malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError), "registered for no other"
    first = error.errors()[0] if error.errors() else {"loc": (), "msg": "not understood"}
    place: Sequence[object] = first["loc"]
    where = ".".join(str(part) for part in place if part != "body")
    message = str(first["msg"]).removeprefix("Value error, ")
    return _answer(
        request,
        RefusalError("malformed", f"{where or 'the request'}: {message}", expected="see /openapi.json"),
    )


async def _refuse_otherwise(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException), "registered for no other"
    code = _CODES.get(error.status_code, "malformed")
    answer = _answer(request, RefusalError(code, str(error.detail)))
    answer.headers.update(error.headers or {})
    return answer


async def _refuse_twice(request: Request, error: Exception) -> JSONResponse:
    return _answer(
        request,
        RefusalError(
            "conflict", "the record was modified by another request", remedy="reload it and try again"
        ),
    )


async def _fail(request: Request, error: Exception) -> JSONResponse:
    return _answer(
        request,
        RefusalError("internal", "an error of the server", remedy="tell whoever runs it the request_id"),
    )


def _serve_page(app: FastAPI) -> None:
    """The search page, where it is installed."""
    if not (WEB / "index.html").is_file():
        return
    from starlette.responses import FileResponse
    from starlette.staticfiles import StaticFiles

    policy = {
        "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; style-src 'self';"
        " script-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    }

    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(WEB / "index.html", headers=policy)

    app.mount("/web", StaticFiles(directory=WEB), name="web")
