"""Pictures of enrolled items: sealed in the store, small on the way out."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np

from crossreid.core.errors import DataError
from crossreid.data.images import decode_image, resize_image
from crossreid.server.refusals import RefusalError
from crossreid.server.sealing import Seal
from crossreid.server.service import Service

MOST_HEIGHT = 1024


def sealed_crops(seal: Seal | None, pictures: Mapping[str, bytes]) -> dict[str, bytes] | None:
    """Picture files as they are stored, by item key; None without a seal: they are then not kept at all."""
    if seal is None:
        return None
    return {key: seal.close(data, key) for key, data in pictures.items()}


def show(picture: bytes, height: int) -> bytes:
    """A JPEG of that height or less. It is drawn anew: nothing but pixels comes out, whatever the file held.

    Raises:
        DataError: the picture cannot be decoded.
    """
    from PIL import Image

    image = decode_image(picture, size_hint=(height, 1))
    if image.shape[0] > height:
        width = max(1, round(image.shape[1] * height / image.shape[0]))
        image = resize_image(image, height, width)
    stream = BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(stream, "JPEG", quality=85)
    return stream.getvalue()


def open_crop(service: Service, tenant: str, key: str, root: str, sealed: bytes | None) -> bytes:
    """The picture file of an item, from the store or from the folder that was indexed.

    Raises:
        RefusalError: not_found.
    """
    try:
        if sealed is not None:
            seal = service.seal(tenant)
            if seal is None:
                raise RefusalError("not_found", "a sealed picture", remedy="start the server with its key")
            return seal.open(sealed, key)
        if root:
            return read_indexed(key, root)
    except DataError as error:
        raise RefusalError("not_found", "no picture of this item that can be read") from error
    raise RefusalError("not_found", "no picture of this item is kept")


def read_indexed(path: str, root: str) -> bytes:
    """The file of an item that was indexed from a folder; only what lies in that folder, and is no link out of it.

    Raises:
        DataError: it is gone, or lies elsewhere.
    """
    from crossreid.data.images import read_file

    try:
        real, base = Path(path).resolve(strict=True), Path(root).resolve(strict=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(f"{path} is gone", expected="the file that was indexed") from error
    base = base if base.is_dir() else base.parent
    if base not in real.parents:
        raise DataError(f"{path} lies outside of {root}", expected="a file that was indexed there")
    return read_file(real)
