import base64
import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crossreid.server.evidence import decode_picture, read_base64, read_picture, read_vector
from crossreid.server.refusals import RefusalError
from crossreid.server.settings import Limits

LIMITS = Limits(picture_bytes=50_000, pixels=10_000)


def encoded(kind: str = "PNG", size: tuple[int, int] = (20, 40)) -> bytes:
    stream = BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(stream, kind)
    return stream.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(width: int, height: int) -> bytes:
    """A few hundred bytes that say they are that large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def code(data: bytes) -> str:
    with pytest.raises(RefusalError) as caught:
        decode_picture(data, "here", LIMITS)
    assert "here" in caught.value.found
    return caught.value.code


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
def test_pictures_are_decoded(kind: str) -> None:
    image, data = read_picture(base64.b64encode(encoded(kind)).decode(), "here", LIMITS)
    assert image.shape == (40, 20, 3)
    assert data == encoded(kind)


@pytest.mark.parametrize(("width", "height"), [(101, 100), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_pixels_are_counted_before_anything_is_unpacked(width: int, height: int) -> None:
    assert code(png_bomb(width, height)) == "picture_too_large"


def test_bytes_are_counted_first() -> None:
    assert code(bytes(50_001)) == "picture_too_large"
    with pytest.raises(RefusalError) as caught:
        read_picture("A" * 1_000_000, "here", LIMITS)
    assert caught.value.code == "picture_too_large"


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a" + bytes(50), b"%PDF-1.7", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"PK\x03\x04" + bytes(30),
     b"\x89PNG\r\n\x1a\n", png_bomb(0, 0), encoded("JPEG")[:200], encoded("PNG")[:60]],
)  # fmt: skip
def test_what_is_no_whole_picture_is_refused(data: bytes) -> None:
    assert code(data) == "bad_picture"


def test_of_a_polyglot_only_the_picture_is_seen() -> None:
    both = encoded("JPEG") + b"PK\x03\x04<script>alert(1)</script>"
    np.testing.assert_array_equal(
        decode_picture(both, "here", LIMITS), decode_picture(encoded("JPEG"), "here", LIMITS)
    )
    assert code(b"<html>" + encoded("JPEG")) == "bad_picture"


@given(st.sampled_from(["PNG", "JPEG", "WEBP", "BMP"]), st.integers(0, 500), st.binary(max_size=20))
def test_damage_is_refused_or_harmless(kind: str, place: int, damage: bytes) -> None:
    data = bytearray(encoded(kind))
    place %= len(data)
    data[place : place + len(damage)] = damage
    try:
        image = decode_picture(bytes(data), "here", LIMITS)
    except RefusalError as refused:
        code = refused.code
    else:
        code = "bad_picture"
        assert image.dtype == np.uint8
        assert image.shape[0] * image.shape[1] <= LIMITS.pixels
    assert code in ("bad_picture", "picture_too_large")


@given(st.binary(max_size=200))
def test_base64_is_read_strictly(data: bytes) -> None:
    assert read_base64(base64.b64encode(data).decode(), "here") == data


@pytest.mark.parametrize("written", ["a", "a b=", "ab==\n", "ä===", "====", "-_-_"])
def test_other_writings_are_refused(written: str) -> None:
    with pytest.raises(RefusalError) as caught:
        read_base64(written, "here")
    assert caught.value.code == "bad_base64"


def vector(numbers: list[float]) -> str:
    return base64.b64encode(np.array(numbers, "<f4").tobytes()).decode()


def test_a_vector_is_little_endian() -> None:
    np.testing.assert_array_equal(read_vector("AACAPwAAAMA=", "here", 2), [1.0, -2.0])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (vector([1, 2, 3]), "vector_width"), (vector([1, float("nan")]), "vector_not_finite"),
        (vector([1, float("inf")]), "vector_not_finite"), (vector([0, 0]), "bad_vector"),
        (vector([1e-30, 0]), "bad_vector"), ("", "bad_vector"), ("AAA=", "bad_vector"), ("%", "bad_base64"),
    ],
)  # fmt: skip
def test_what_is_no_direction_is_refused(written: str, expected: str) -> None:
    with pytest.raises(RefusalError) as caught:
        read_vector(written, "here", 2)
    assert caught.value.code == expected
