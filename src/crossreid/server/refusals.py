"""What a client is told when something is refused: a status, a code that stays, and what to do."""

from typing import Any

from crossreid.core.errors import CrossReIDError, FingerprintError

STATUS_OF_CODE: dict[str, int] = {
    "malformed": 400, "bad_base64": 400, "bad_picture": 400, "bad_vector": 400, "vector_not_finite": 400,
    "vector_width": 400, "bad_archive": 400, "unsafe_name": 400, "bad_batch": 400, "bad_value": 400,
    "unauthenticated": 401, "key_expired": 401, "key_revoked": 401, "token_invalid": 401,
    "forbidden": 403, "one_time_key": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "body_too_slow": 408,
    "foreign_fingerprint": 409, "idempotency_in_progress": 409, "gallery_empty": 409, "not_calibrated": 409,
    "conflict": 409,
    "length_required": 411,
    "body_too_large": 413, "picture_too_large": 413, "archive_too_large": 413,
    "unsupported_media_type": 415,
    "purpose_required": 422, "reference_required": 422, "idempotency_key_reused": 422,
    "rate_limited": 429, "queue_full": 429,
    "internal": 500,
    "draining": 503, "overloaded": 503, "gallery_unavailable": 503, "encoder_failed": 503, "disk_full": 503,
    "deadline_exceeded": 504,
}  # fmt: skip
"""Every code there is; documented in docs/server.md."""

_RETRY_AFTER_S = {"rate_limited": 1, "queue_full": 1, "overloaded": 1, "draining": 5, "gallery_unavailable": 5,
                  "encoder_failed": 5, "disk_full": 30}  # fmt: skip


class RefusalError(CrossReIDError):
    """An answer that refuses.

    Args:
        code: one of `STATUS_OF_CODE`.
        found: what was met.
        expected: what should have been there.
        remedy: what to do about it.
        retry_after_s: whole seconds; the code's own when left out.
    """

    def __init__(
        self, code: str, found: str, *, expected: str = "", remedy: str = "", retry_after_s: int | None = None
    ) -> None:
        super().__init__(found, expected=expected, remedy=remedy)
        self.code, self.status = code, STATUS_OF_CODE[code]
        self.retry_after_s = _RETRY_AFTER_S.get(code) if retry_after_s is None else retry_after_s

    def body(self, request_id: str) -> dict[str, Any]:
        """The JSON of the answer."""
        error = {
            "code": self.code,
            "found": _printable(self.found),
            "expected": self.expected,
            "remedy": self.remedy,
        }
        return {"error": error, "request_id": request_id}

    def headers(self) -> dict[str, str]:
        """`Retry-After` where waiting helps, and how to authenticate where that is what lacks."""
        headers = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
        return headers | ({"WWW-Authenticate": "Bearer"} if self.status == 401 else {})


def refusal_of(error: CrossReIDError) -> RefusalError:
    """An error of the layers below, as an answer."""
    from crossreid.gallery.postgres.database import (
        DatabaseBusyError,
        DatabaseFullError,
        DatabaseUnavailableError,
    )
    from crossreid.runtime.remote import ServerUnavailableError

    match error:
        case RefusalError():
            return error
        case DatabaseUnavailableError():
            return RefusalError("gallery_unavailable", "the database is away", remedy="try again in a moment")
        case DatabaseBusyError():
            return RefusalError(
                "overloaded", "a database that has more to do than it can", remedy="try again in a moment"
            )
        case DatabaseFullError():
            return RefusalError(
                "disk_full", "a database without room", remedy="try again when there is some; tell an admin"
            )
        case ServerUnavailableError():
            return RefusalError(
                "encoder_failed", "the encoder's server does not answer", remedy="try again later"
            )
        case FingerprintError():
            code = "foreign_fingerprint"
        case _:
            code = "bad_value"
    return RefusalError(code, error.found, expected=error.expected, remedy=error.remedy)


def _printable(text: str) -> str:
    """Without what would break a log or a terminal; a client may have chosen part of it."""
    return "".join(letter if letter.isprintable() else "�" for letter in text[:500])
