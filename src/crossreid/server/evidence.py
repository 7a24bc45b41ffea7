"""What clients send, decoded with suspicion: nothing is believed, everything is bounded before it is done."""

import base64
import binascii
import hashlib
import math

import numpy as np

from crossreid.core.errors import DataError
from crossreid.data.images import decode_image
from crossreid.server.refusals import RefusalError
from crossreid.server.settings import Limits

_EXPECTED_PICTURE = "a JPEG, PNG, WebP or BMP picture in base64"


def read_base64(written: str, where: str) -> bytes:
    """Bytes.

    Raises:
        RefusalError: bad_base64.
    """
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusalError(
            "bad_base64", f"{where} ({error})", expected="standard base64 without line breaks"
        ) from error


def read_picture(
    written: str, where: str, limits: Limits, *, size_hint: tuple[int, int] | None = None
) -> tuple[np.ndarray, bytes]:
    """A decoded picture, uint8 [height, width, 3], and its file; `size_hint` as in `decode_image`.

    Raises:
        RefusalError: bad_base64, bad_picture or picture_too_large.
    """
    if len(written) > limits.picture_bytes * 4 // 3 + 4:
        raise _too_large(where, f"more than {limits.picture_bytes} bytes", limits)
    data = read_base64(written, where)
    return decode_picture(data, where, limits, size_hint=size_hint), data


def decode_picture(
    data: bytes, where: str, limits: Limits, *, size_hint: tuple[int, int] | None = None
) -> np.ndarray:
    """A picture file as uint8 [height, width, 3]. Bytes and pixels are counted before anything is unpacked.

    Raises:
        RefusalError: bad_picture or picture_too_large.
    """
    if len(data) > limits.picture_bytes:
        raise _too_large(where, f"{len(data)} bytes", limits)
    try:
        return decode_image(data, max_pixels=limits.pixels, size_hint=size_hint)
    except DataError as error:
        found = error.found.removeprefix("bytes: ")
        if error.expected.startswith("at most"):
            raise _too_large(where, found, limits) from error
        raise RefusalError("bad_picture", f"{where}: {found}", expected=_EXPECTED_PICTURE) from error


def read_vector(written: str, where: str, dim: int) -> np.ndarray:
    """A vector float32 [dim] of any length but zero, from little-endian float32 in base64.

    Raises:
        RefusalError: bad_base64, bad_vector, vector_width or vector_not_finite.
    """
    data = read_base64(written, where)
    if len(data) % 4 or not data:
        raise RefusalError("bad_vector", f"{where}: {len(data)} bytes", expected="float32, little-endian")
    vector = np.frombuffer(data, "<f4").astype(np.float32)
    return check_vector(vector, where, dim)


def check_vector(vector: np.ndarray, where: str, dim: int) -> np.ndarray:
    """The same, if it is a direction of that width.

    Raises:
        RefusalError: bad_vector, vector_width or vector_not_finite.
    """
    if len(vector) != dim:
        raise RefusalError("vector_width", f"{where}: {len(vector)} numbers", expected=f"{dim}")
    if not np.isfinite(vector).all():
        raise RefusalError("vector_not_finite", f"{where}: NaN or infinity", expected="finite numbers")
    norm = float(np.linalg.norm(vector.astype(np.float64)))
    if not 1e-6 < norm < math.inf:
        raise RefusalError("bad_vector", f"{where}: no direction", expected="a vector that is not zero")
    return vector


def digest(data: bytes) -> str:
    """By which a log names a picture without keeping it."""
    return hashlib.sha256(data).hexdigest()


def _too_large(where: str, found: str, limits: Limits) -> RefusalError:
    return RefusalError(
        "picture_too_large",
        f"{where}: {found}",
        expected=f"at most {limits.picture_bytes} bytes and {limits.pixels} pixels",
        remedy="shrink the picture",
    )
