"""Safe decoding of untrusted picture files.

Pictures are recognised by their content, never by their name, and every way in which a file can be wrong
ends in a `DataError` that names it. Plug-ins of Pillow are called directly: its registry would try formats
that nobody asked for, and would announce large pictures by warnings that cannot be caught safely in threads.
"""

import os
import stat
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from crossreid.core.errors import DataError
from crossreid.data.exif import exif_orientation

MAX_PIXELS = 64 * 2**20
"""Pictures of more pixels than this are refused unless the caller allows them."""

MAX_FILE_BYTES = 256 * 2**20
"""Files larger than this are not even read."""

_EXPECTED = "a JPEG, PNG, WebP or BMP picture"


class _Jpeg(JpegImageFile):
    def _read_dpi_from_exif(self) -> None:
        """Leave the resolution alone: a damaged tag in it would warn about an intact picture."""


_FORMATS: dict[str, Callable[[BytesIO], ImageFile.ImageFile]] = {
    "JPEG": _Jpeg, "PNG": PngImageFile, "WebP": WebPImageFile, "BMP": BmpImageFile,
}  # fmt: skip

_OTHER_CONTENT = {
    b"GIF8": "a GIF", b"II*\0": "a TIFF", b"MM\0*": "a TIFF", b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive", b"<!DO": "a web page", b"<htm": "a web page", b"<svg": "an SVG drawing",
    b"<?xm": "an XML file",
}  # fmt: skip

_TRANSPOSED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip


def decode_image(
    source: str | Path | bytes, *, max_pixels: int = MAX_PIXELS, size_hint: tuple[int, int] | None = None
) -> np.ndarray:
    """Decode a JPEG, PNG, WebP or BMP picture.

    EXIF orientation is applied, transparency is laid over white (drawings are often on transparent paper),
    and 16-bit greys are scaled to 8 bits. Of animations the first frame is taken.

    Args:
        source: the file, or its content.
        max_pixels: larger pictures are refused before anything is decoded.
        size_hint: (height, width) that the caller is about to resize to. A larger picture may come back
            shrunk by a whole factor, never below the hint; this is several times faster for JPEG.

    Returns:
        uint8 [height, width, 3], RGB.

    Raises:
        DataError: the file cannot be read, is empty, truncated, too large, or not such a picture. The message
            begins with the path.
    """
    name = "bytes" if isinstance(source, bytes) else os.fspath(source)
    data = source if isinstance(source, bytes) else read_file(source)
    format_name = _recognise(data, name)
    try:
        image = _FORMATS[format_name](BytesIO(data))
    except Exception as error:  # a decoder that is fed arbitrary bytes raises anything
        raise DataError(
            f"{name}: damaged {format_name} header ({_reason(error)})", expected=_EXPECTED
        ) from error
    width, height = image.size
    if width * height > max_pixels:
        raise DataError(
            f"{name}: {width} x {height} pixels",
            expected=f"at most {max_pixels} pixels",
            remedy="shrink the picture",
        )
    try:
        if format_name != "JPEG":  # PNG may carry its EXIF behind the pixels
            image.load()
        orientation = exif_orientation(image.info.get("exif", b""))
        return _to_rgb(image, orientation, size_hint)
    except Exception as error:
        raise DataError(
            f"{name}: truncated or damaged {format_name} data ({_reason(error)})", expected=_EXPECTED
        ) from error


def read_file(path: str | Path) -> bytes:
    """The content of an ordinary file of at most `MAX_FILE_BYTES`.

    Raises:
        DataError: it is missing, forbidden, empty, too large, or a folder, pipe or device.
    """
    name = os.fspath(path)
    try:
        status = Path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            raise DataError(f"{name}: a folder", expected=_EXPECTED)
        if not stat.S_ISREG(status.st_mode):  # a pipe would block for ever
            raise DataError(f"{name}: a pipe, socket or device", expected=_EXPECTED)
        if status.st_size > MAX_FILE_BYTES:
            raise DataError(
                f"{name}: {status.st_size >> 20} MiB", expected=f"at most {MAX_FILE_BYTES >> 20} MiB"
            )
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise DataError(f"{name}: cannot be read ({_reason(error)})", expected=_EXPECTED) from error
    if not data:
        raise DataError(f"{name}: an empty file", expected=_EXPECTED)
    return data


def resize_image(
    image: np.ndarray, height: int, width: int, *, resampling: Literal["bicubic", "lanczos"] = "bicubic"
) -> np.ndarray:
    """Resize by an interpolation whose support grows when shrinking (no aliasing).

    The arithmetic is fixed-point, hence the same on every machine.

    Args:
        image: uint8 [h, w, 3].
        height: of the result, in pixels.
        width: of the result, in pixels.
        resampling: the interpolation.

    Returns:
        uint8 [height, width, 3].

    Raises:
        DataError: the image is of another type or shape, or the size is not positive.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise DataError(f"an image of {image.dtype} {image.shape}", expected="uint8 [height, width, 3], RGB")
    if height < 1 or width < 1:
        raise DataError(f"a target of {height} x {width} pixels", expected="positive height and width")
    if image.shape[:2] == (height, width):
        return image
    return np.array(Image.fromarray(image).resize((width, height), Image.Resampling[resampling.upper()]))


def _recognise(data: bytes, name: str) -> str:
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data.startswith(b"BM"):
        return "BMP"
    if not data:
        raise DataError(f"{name}: no data", expected=_EXPECTED)
    content = (
        "a HEIC or AVIF picture or a video"
        if data[4:8] == b"ftyp"
        else _OTHER_CONTENT.get(data[:4], "no picture")
    )
    raise DataError(f"{name}: the content is {content}", expected=_EXPECTED)


def _to_rgb(image: ImageFile.ImageFile, orientation: int, size_hint: tuple[int, int] | None) -> np.ndarray:
    hint = None
    if size_hint is not None:
        height, width = size_hint
        hint = (height, width) if orientation >= 5 else (width, height)  # width and height as stored
        image.draft(None, hint)
    image.load()
    plain = _flatten(image)
    if hint is not None:
        factor = min(plain.width // hint[0], plain.height // hint[1])
        plain = plain.reduce(factor) if factor > 1 else plain
    if orientation in _TRANSPOSED:
        plain = plain.transpose(_TRANSPOSED[orientation])
    return np.array(plain)


def _flatten(image: Image.Image) -> Image.Image:
    """Any mode as 8-bit RGB."""
    if image.mode.startswith("I"):  # 16-bit grey
        levels = np.asarray(image).astype(np.int64).clip(0, 65535)
        return Image.fromarray(((levels + 128) // 257).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        clear = image.convert("RGBA")
        paper = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(paper, clear).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
