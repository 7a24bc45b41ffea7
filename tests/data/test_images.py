import contextlib
import os
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crossreid.core.errors import DataError
from crossreid.data.images import MAX_FILE_BYTES, decode_image, read_file, resize_image

RED = (200, 30, 40)


def picture(height: int = 40, width: int = 24) -> np.ndarray:
    """Left half red, right half blue, a white bar on top: every flip and turn shows."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2] = RED
    image[:, width // 2 :] = (20, 40, 190)
    image[: height // 5] = 255
    return image


def encoded(image: Image.Image | np.ndarray, kind: str, **options) -> bytes:
    buffer = BytesIO()
    picture = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises a huge picture in a few hundred bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 9999))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("BMP", {}), ("WEBP", {"lossless": True})])
def test_lossless_formats_come_back_exactly(tmp_path, kind, options):
    path = tmp_path / "ünïcode name [1].weird"
    path.write_bytes(encoded(picture(), kind, **options))
    decoded = decode_image(path)
    assert decoded.dtype == np.uint8
    assert decoded.flags.writeable
    np.testing.assert_array_equal(decoded, picture())
    np.testing.assert_array_equal(decode_image(str(path)), decode_image(path.read_bytes()))


def test_jpeg_comes_back_nearly():
    decoded = decode_image(encoded(picture(), "JPEG", quality=95, subsampling=0))
    assert decoded.shape == (40, 24, 3)
    assert np.abs(decoded.astype(int) - picture()).mean() < 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, lambda stored: stored),
        (2, lambda stored: stored[:, ::-1]),
        (3, lambda stored: stored[::-1, ::-1]),
        (4, lambda stored: stored[::-1]),
        (5, lambda stored: stored.transpose(1, 0, 2)),
        (6, lambda stored: np.rot90(stored, -1)),
        (7, lambda stored: stored.transpose(1, 0, 2)[::-1, ::-1]),
        (8, lambda stored: np.rot90(stored, 1)),
    ],
)
def test_exif_orientation_is_applied(kind, orientation, upright):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "PNG": {}, "WEBP": {"lossless": True}}[kind]
    decoded = decode_image(encoded(picture(), kind, exif=exif, **options))
    expected = upright(picture())
    assert decoded.shape == expected.shape
    assert np.abs(decoded.astype(int) - expected).mean() < 3


def test_damaged_metadata_does_not_spoil_an_intact_picture():
    exif = Image.Exif()
    exif[0x0112], exif[0x011A] = 6, 72.0
    block = exif.tobytes()[:-9] + b"\xff" * 9
    decoded = decode_image(encoded(picture(), "JPEG", exif=block))
    assert set(decoded.shape[:2]) == {40, 24}


def test_grey_palette_bilevel_and_cmyk_become_rgb():
    grey = Image.fromarray(picture()).convert("L")
    decoded = decode_image(encoded(grey, "PNG"))
    np.testing.assert_array_equal(decoded, np.repeat(np.asarray(grey)[..., None], 3, axis=2))
    palette = decode_image(encoded(Image.fromarray(picture()).quantize(8), "PNG"))
    assert np.abs(palette.astype(int) - picture()).max() < 6
    assert decode_image(encoded(grey.convert("1"), "PNG")).shape == (40, 24, 3)
    cmyk = decode_image(
        encoded(Image.fromarray(picture()).convert("CMYK"), "JPEG", quality=95, subsampling=0)
    )
    assert np.abs(cmyk.astype(int) - picture()).mean() < 4


def test_16_bit_greys_are_scaled_not_cut():
    levels = np.array([[0, 128, 257 * 7, 32896, 65535]], np.uint16)
    decoded = decode_image(encoded(Image.fromarray(levels), "PNG"))
    np.testing.assert_array_equal(decoded[0, :, 0], [0, 0, 7, 128, 255])


def test_transparency_shows_white_paper():
    drawing = np.zeros((4, 4, 4), np.uint8)
    drawing[1, 1] = (10, 20, 30, 255)
    drawing[2, 2] = (0, 0, 0, 128)
    decoded = decode_image(encoded(drawing, "PNG"))
    assert tuple(decoded[0, 0]) == (255, 255, 255)
    assert tuple(decoded[1, 1]) == (10, 20, 30)
    assert tuple(decoded[2, 2]) == (127, 127, 127)
    colour_key = encoded(Image.fromarray(picture()), "PNG", transparency=RED)
    assert tuple(decode_image(colour_key)[20, 2]) == (255, 255, 255)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"hello, I am a text", "the content is no picture"),
        (encoded(picture(), "GIF"), "the content is a GIF"),
        (encoded(picture(), "TIFF"), "the content is a TIFF"),
        (b"\0\0\0\x1cftypheic" + bytes(64), "HEIC"),
        (b"\xff\xd8\xff", "header"),
        (b"\x89PNG\r\n\x1a\n", "header"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "header"),
        (b"BM" + bytes(8), "header"),
        (encoded(picture(), "JPEG")[:-80], "truncated"),
        (encoded(picture(), "PNG")[:-40], "truncated"),
        (encoded(picture(), "BMP")[:-40], "truncated"),
        (png_header(60_000, 60_000), "60000 x 60000 pixels"),
        (png_header(9_000, 9_000), "9000 x 9000 pixels"),
        (png_header(500, 500), "truncated"),
    ],
)
def test_bad_content_is_a_data_error_with_path_and_reason(tmp_path, content, reason):
    path = tmp_path / "picture.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=reason) as caught:
        decode_image(path)
    assert str(caught.value).startswith(str(path))


def test_bad_files_are_data_errors(tmp_path):
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    with (tmp_path / "sparse.jpg").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    for name, reason in {
        "folder.jpg": "a folder",
        "loop.jpg": "cannot be read",
        "pipe.jpg": "pipe",
        "sparse.jpg": "MiB",
        "absent.jpg": "No such file",
        "nul\0.jpg": "null",
        "x" * 300: "too long",
    }.items():
        with pytest.raises(DataError, match=reason):
            decode_image(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_forbidden_files_are_data_errors(tmp_path):
    path = tmp_path / "secret.png"
    path.write_bytes(encoded(picture(), "PNG"))
    path.chmod(0)
    with pytest.raises(DataError, match="Permission denied"):
        decode_image(path)


def test_permission_errors_are_data_errors(tmp_path, monkeypatch):
    path = tmp_path / "secret.png"
    path.write_bytes(encoded(picture(), "PNG"))

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DataError, match="Permission denied"):
        read_file(path)


def test_max_pixels_is_inclusive():
    data = encoded(picture(40, 24), "PNG")
    assert decode_image(data, max_pixels=960).shape == (40, 24, 3)
    with pytest.raises(DataError, match="24 x 40 pixels"):
        decode_image(data, max_pixels=959)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_size_hint_shrinks_but_never_below_the_hint(kind, orientation):
    large = np.kron(picture(), np.ones((25, 25, 1), np.uint8))  # 1000 x 600
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(large, kind, exif=exif)
    full = decode_image(data)
    hint = (280, 140) if orientation == 1 else (140, 280)
    small = decode_image(data, size_hint=hint)
    assert hint[0] <= small.shape[0] <= 2 * hint[0] + 60
    assert small.shape[0] / small.shape[1] == pytest.approx(full.shape[0] / full.shape[1], rel=0.01)
    wanted = resize_image(full, *hint).astype(int)
    assert np.abs(resize_image(small, *hint) - wanted).mean() < 3
    assert decode_image(data, size_hint=(2000, 2000)).shape == full.shape


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"BM"]),
)
def test_arbitrary_bytes_never_raise_anything_else(tail, magic):
    with pytest.raises(DataError):
        decode_image(magic + tail)


@given(st.integers(0, 700), st.integers(0, 255), st.sampled_from(["JPEG", "PNG", "WEBP", "BMP"]))
def test_flipped_bytes_give_a_picture_or_a_data_error(position, value, kind):
    data = bytearray(encoded(picture(), kind))
    data[position % len(data)] = value
    with contextlib.suppress(DataError):
        assert decode_image(bytes(data), max_pixels=10**6).ndim == 3


def test_resize_keeps_constants_and_orientation():
    flat = np.full((50, 30, 3), 77, np.uint8)
    np.testing.assert_array_equal(resize_image(flat, 280, 140), np.full((280, 140, 3), 77, np.uint8))
    small = resize_image(picture(400, 240), 40, 24)
    assert np.abs(small.astype(int) - picture()).mean() < 3
    assert resize_image(flat, 50, 30) is flat


def test_resize_does_not_alias():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    small = resize_image(stripes, 16, 16)
    assert small[4:-4, 4:-4].std() < 8  # picking every fourth column would be all black


@pytest.mark.parametrize(
    ("image", "size"),
    [
        (np.zeros((4, 4), np.uint8), (2, 2)),
        (np.zeros((4, 4, 3), np.float32), (2, 2)),
        (np.zeros((0, 4, 3), np.uint8), (2, 2)),
        (np.zeros((4, 4, 3), np.uint8), (0, 2)),
    ],
)
def test_resize_refuses_nonsense(image, size):
    with pytest.raises(DataError):
        resize_image(image, *size)
