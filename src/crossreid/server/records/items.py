"""What the tables know of enrolled items."""

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, exists, func, select

from crossreid.gallery.postgres.schema import crops, items
from crossreid.gallery.postgres.state import StoredEncoder, read_gallery
from crossreid.server.records import StoredRow
from crossreid.server.refusals import RefusalError


@dataclass(frozen=True, slots=True)
class Space:
    """In which coordinates a gallery's vectors are.

    Args:
        gallery_id: of the gallery.
        encoder: that is searched.
    """

    gallery_id: int
    encoder: StoredEncoder

    @property
    def fingerprint(self) -> str:
        """Of that encoder."""
        return self.encoder.fingerprint

    @property
    def rotation(self) -> str:
        """Of the stored vectors."""
        return self.encoder.rotation

    @property
    def dim(self) -> int:
        """Width of them."""
        return self.encoder.dim


def find_space(connection: Connection, tenant: str, gallery: str) -> Space | None:
    """That of a gallery; None before anything was enrolled."""
    stored = read_gallery(connection, tenant, gallery)
    if stored is None or stored.current is None or not stored.current.dim:
        return None
    return Space(stored.id, stored.current)


def write_id(key: str) -> str:
    """An item's key as it stands in addresses."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def read_id(written: str) -> str:
    """The key that `write_id` wrote.

    Raises:
        RefusalError: not_found.
    """
    try:
        key = base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise RefusalError("not_found", "no such item") from error
    if not key or "\0" in key or write_id(key) != written:
        raise RefusalError("not_found", "no such item")
    return key


_HAS_CROP = exists(select(crops.c.item_id).where(crops.c.item_id == items.c.id)).label("has_crop")


def find_items(connection: Connection, space: Space, keys: Sequence[str]) -> dict[str, StoredRow]:
    """Rows of `items` with `has_crop`, by key."""
    found = connection.execute(
        select(items, _HAS_CROP).where(items.c.gallery_id == space.gallery_id, items.c.key.in_(list(keys)))
    )
    return {row.key: row for row in found}


def page_of_items(
    connection: Connection,
    space: Space,
    *,
    below: int | None,
    limit: int,
    person: str = "",
    track: str = "",
    camera: str = "",
    modality: str = "",
    after: datetime | None = None,
    before: datetime | None = None,
) -> Sequence[StoredRow]:
    """Rows of `items` with `has_crop`, the last enrolled first; those of a number below `below`."""
    wanted = (
        select(items, _HAS_CROP)
        .where(items.c.gallery_id == space.gallery_id)
        .order_by(items.c.id.desc())
        .limit(limit)
    )
    if below is not None:
        wanted = wanted.where(items.c.id < below)
    equal = {"person": person, "track": track, "camera": camera, "modality": modality}
    for name, value in equal.items():
        if value:
            wanted = wanted.where(items.c[name] == value)
    if after is not None:
        wanted = wanted.where(items.c.time >= after)
    if before is not None:
        wanted = wanted.where(items.c.time <= before)
    return connection.execute(wanted).all()


def count_by_label(
    connection: Connection, space: Space, kind: Literal["person", "track"], labels: Collection[str]
) -> dict[str, int]:
    """How many items each of some people or tracks has."""
    column = items.c[kind]
    query = select(column, func.count()).where(items.c.gallery_id == space.gallery_id, column.in_(labels))
    return dict(connection.execute(query.group_by(column)).all()) if labels else {}


def count_by_camera(connection: Connection, space: Space, *, most: int = 200) -> list[tuple[str, int]]:
    """The cameras with the most items."""
    number = func.count().label("number")
    found = connection.execute(
        select(items.c.camera, number)
        .where(items.c.gallery_id == space.gallery_id)
        .group_by(items.c.camera)
        .order_by(number.desc(), items.c.camera)
        .limit(most)
    )
    return [(camera, count) for camera, count in found]
