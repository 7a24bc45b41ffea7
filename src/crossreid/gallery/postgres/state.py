"""A gallery's encoders, as the database knows them."""

from dataclasses import dataclass, replace

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from crossreid.core.basis import PrincipalBasis
from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import FingerprintError
from crossreid.gallery.postgres import schema
from crossreid.gallery.records import EncoderRecord


@dataclass(frozen=True, slots=True)
class StoredEncoder:
    """A row of `encoders`; `dim` is 0 before there are vectors, `turned` tells that the gallery rotates them itself."""

    id: int
    fingerprint: str
    source: str
    rotation: str
    dim: int
    turned: bool

    @property
    def record(self) -> EncoderRecord:
        """What a gallery says of it."""
        return EncoderRecord(self.fingerprint, self.source)

    def empty(self) -> Embeddings:
        """No vectors, of its kind."""
        none = np.empty(0)
        return Embeddings(
            vectors=np.empty((0, self.dim), np.float32),
            modalities=none.astype(np.str_),
            person_ids=none,
            camera_ids=none,
            source_ids=none.astype(np.str_),
            item_ids=none.astype(np.str_),
            fingerprint=self.fingerprint,
            rotation=self.rotation,
        )


@dataclass(frozen=True, slots=True)
class StoredGallery:
    """A row of `galleries` with its encoders."""

    id: int
    current: StoredEncoder | None = None
    coming: StoredEncoder | None = None


def read_gallery(connection: sa.Connection, tenant: str, name: str) -> StoredGallery | None:
    """None where nothing was ever written."""
    encoders, galleries = schema.encoders.c, schema.galleries.c
    query = (
        sa.select(
            galleries.id.label("gallery"),
            *(encoders[name] for name in ("state", "id", "fingerprint", "source", "rotation", "dim")),
            encoders.basis.is_not(None).label("turned"),
        )
        .select_from(schema.galleries.outerjoin(schema.encoders, encoders.gallery_id == galleries.id))
        .where(galleries.tenant == tenant, galleries.name == name)
    )
    gallery = None
    for row in connection.execute(query).mappings():
        gallery = gallery or StoredGallery(row["gallery"])
        if row["state"] is not None:
            fields = {name: row[name] for name in StoredEncoder.__slots__}
            gallery = replace(gallery, **{row["state"]: StoredEncoder(**fields)})
    return gallery


def make_gallery(connection: sa.Connection, tenant: str, name: str) -> StoredGallery:
    """That of the name, made where there is none."""
    values = {"tenant": tenant, "name": name}
    connection.execute(insert(schema.galleries).values(values).on_conflict_do_nothing())
    gallery = read_gallery(connection, tenant, name)
    assert gallery is not None
    return gallery


def lock_gallery(connection: sa.Connection, gallery: int, *, alone: bool) -> None:
    """Keep others from changing its encoders, or, alone, from enrolling too, until the transaction ends."""
    query = sa.select(schema.galleries.c.id).where(schema.galleries.c.id == gallery)
    connection.execute(query.with_for_update(key_share=True) if alone else query.with_for_update(read=True))


def add_encoder(
    connection: sa.Connection,
    *,
    tenant: str,
    gallery: int,
    record: EncoderRecord,
    state: str,
    rotation: str = "",
    dim: int = 0,
    basis: PrincipalBasis | None = None,
) -> StoredEncoder:
    """Note an encoder of a gallery."""
    values = {
        "tenant": tenant,
        "gallery_id": gallery,
        "fingerprint": record.fingerprint,
        "source": record.source,
        "rotation": rotation,
        "dim": dim,
        "state": state,
        "basis": None if basis is None else basis.directions.astype("<f4").tobytes(),
    }
    identity = connection.scalar(sa.insert(schema.encoders).values(values).returning(schema.encoders.c.id))
    assert identity is not None
    return StoredEncoder(identity, record.fingerprint, record.source, rotation, dim, turned=basis is not None)


def settle_space(connection: sa.Connection, encoder: StoredEncoder, embeddings: Embeddings) -> StoredEncoder:
    """Note width and rotation of the first vectors of an encoder, or refuse others.

    Raises:
        FingerprintError: they are of another encoder, width or rotation.
    """
    given = embeddings.fingerprint, embeddings.dim, embeddings.rotation
    stored = encoder.fingerprint, encoder.dim, encoder.rotation
    if encoder.dim == 0 and given[0] == stored[0]:
        settled = replace(encoder, dim=embeddings.dim, rotation=embeddings.rotation)
        changed = sa.update(schema.encoders).where(schema.encoders.c.id == encoder.id)
        connection.execute(changed.values(dim=settled.dim, rotation=settled.rotation))
        return settled
    if given != stored:
        raise FingerprintError(
            f"vectors of encoder {given[0]!r}, width {given[1]}, rotation {given[2]!r}",
            expected=f"encoder {stored[0]!r}, width {stored[1]}, rotation {stored[2]!r}",
            remedy="replace the encoder, or use another gallery",
        )
    return encoder


def read_basis(connection: sa.Connection, encoder: StoredEncoder) -> PrincipalBasis:
    """The rotation onto the stored vectors."""
    query = sa.select(schema.encoders.c.basis).where(schema.encoders.c.id == encoder.id)
    flat = np.frombuffer(connection.scalar(query) or b"", "<f4")
    return PrincipalBasis(flat.reshape(encoder.dim, encoder.dim))
