"""A gallery in PostgreSQL."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import numpy as np
import sqlalchemy as sa

from crossreid.core.basis import PrincipalBasis
from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.evaluation.calibration import Calibration
from crossreid.gallery.decision import calibration_for, check_calibration
from crossreid.gallery.gallery import Progress, Replacement, unheard
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.postgres import schema
from crossreid.gallery.postgres.alone import one_at_a_time
from crossreid.gallery.postgres.calibrations import read_calibrations, store_calibration
from crossreid.gallery.postgres.claiming import claim
from crossreid.gallery.postgres.crops import insert_crops, read_crop
from crossreid.gallery.postgres.database import Database
from crossreid.gallery.postgres.erasure import erase_rows, read_proofs
from crossreid.gallery.postgres.indexing import build_index, drop_index, read_index
from crossreid.gallery.postgres.items import (
    conditions,
    erased_of,
    ids_of,
    insert_items,
)
from crossreid.gallery.postgres.nearest import nearest
from crossreid.gallery.postgres.reading import (
    count_items,
    count_kinds,
    read_batch,
    read_items,
    read_rows,
)
from crossreid.gallery.postgres.replacement import PostgresReplacement
from crossreid.gallery.postgres.retention import kept_long_enough, read_retentions, set_retention
from crossreid.gallery.postgres.rows import among, insert_vectors
from crossreid.gallery.postgres.state import (
    StoredEncoder,
    StoredGallery,
    lock_gallery,
    make_gallery,
    read_basis,
    read_gallery,
    settle_space,
)
from crossreid.gallery.postgres.statistics import read_statistics
from crossreid.gallery.postgres.watching import change_watchlist, read_watchlists, remove_watchlist
from crossreid.gallery.postgres.writer import PostgresWriter
from crossreid.gallery.query import query_vector, turn
from crossreid.gallery.records import (
    Batch,
    EncoderRecord,
    Enrolment,
    ErasureProof,
    IndexRecord,
    Statistics,
    Watchlist,
)
from crossreid.gallery.refusals import nothing_enrolled
from crossreid.gallery.searching import Answers, Asked, Searching, judge
from crossreid.gallery.selection import (
    Selection,
    check_for_erasure,
    check_keep,
    check_labels,
)
from crossreid.gallery.writer import check_items


class PostgresGallery(Searching):
    """See `crossreid.gallery.gallery.Gallery`; made by `Database.gallery`. Threads may share it.

    Args:
        database: that holds it.
        tenant: whose it is.
        name: of the gallery.
        connection: in whose transaction all calls are to work; each has its own when left out.
    """

    def __init__(
        self, database: Database, tenant: str, name: str, connection: sa.Connection | None = None
    ) -> None:
        self.database, self.tenant, self.name = database, tenant, name
        self._connection = connection

    def within(self, connection: sa.Connection) -> "PostgresGallery":
        """The same gallery in a transaction of `Database.transaction`, which commits or forgets all calls together."""
        return PostgresGallery(self.database, self.tenant, self.name, connection)

    @property
    def uri(self) -> str:
        """Where it is kept, without the password."""
        url = sa.make_url(self.database.address)
        return url.update_query_dict({"tenant": self.tenant, "gallery": self.name}).render_as_string()

    @property
    def encoder(self) -> EncoderRecord | None:
        """See `Gallery.encoder`."""
        with self.opened() as (_, stored):
            return stored.current.record if stored and stored.current else None

    def __len__(self) -> int:
        with self.opened() as (connection, stored):
            return count_items(connection, stored.id) if stored else 0

    def items(self) -> tuple[GalleryItem, ...]:
        """See `Gallery.items`."""
        with self.opened() as (connection, stored):
            return read_items(connection, stored.id) if stored else ()

    def embeddings(self) -> Embeddings:
        """See `Gallery.embeddings`."""
        with self.opened() as (connection, stored):
            gallery, encoder = self._filled(connection, stored)
            return read_rows(connection, gallery.id, encoder)[1]

    def vectors(self, keys: Sequence[str]) -> Embeddings:
        """Those of some items, in the order of their keys.

        Raises:
            DataError: one is not there.
        """
        with self.opened() as (connection, stored):
            gallery, encoder = self._filled(connection, stored)
            ids = ids_of(connection, keys, gallery=gallery.id)
            missing = [key for key in keys if key not in ids]
            if missing:
                raise DataError(f"no item {missing[0]!r} in {self.uri}", expected="keys of enrolled items")
            items, embeddings = read_rows(
                connection, gallery.id, encoder, schema.items.c.id.in_(ids.values()), among(ids.values())
            )
            place = {item.key: row for row, item in enumerate(items)}
            return embeddings.select(np.array([place[key] for key in keys], np.int64))

    def _answers(self, query: np.ndarray | Embeddings, asked: Asked) -> Answers:
        with self.opened() as (connection, stored):
            gallery, encoder = self._filled(connection, stored)
            wanted = isinstance(query, Embeddings) and (asked.fpir is not None or len(query) > 1)
            calibration = calibration_for(
                read_calibrations(connection, gallery.id) if wanted else (),
                query,
                gallery=encoder.fingerprint,
                where=self.uri,
                needed=asked.fpir is not None,
            )
            where = conditions(asked.selection, gallery=gallery.id)
            found = nearest(
                connection,
                query_vector(query, encoder.empty(), calibration, self.basis(connection, encoder)),
                encoder=encoder.id,
                conditions=where,
                filtered=not asked.selection.everything,
                top=asked.top,
                group=asked.group,
                index=None if asked.exact else read_index(connection, encoder.id),
            )
            count, probabilities = judge(
                calibration,
                query,
                fpir=asked.fpir,
                candidates=lambda: count_kinds(connection, where),
                scores=np.array([one.score for one in found]),
            )
        best = found[:count]
        return zip((one.item for one in best), (one.score for one in best), probabilities, strict=True)

    def calibrations(self) -> tuple[Calibration, ...]:
        """See `Gallery.calibrations`."""
        with self.opened() as (connection, stored):
            return read_calibrations(connection, stored.id) if stored else ()

    def calibrate(self, calibration: Calibration) -> None:
        """See `Gallery.calibrate`."""
        with self.opened() as (connection, stored):
            gallery, encoder = self._filled(connection, stored)
            check_calibration(calibration, encoder.record, where=self.uri)
            store_calibration(connection, calibration, tenant=self.tenant, gallery=gallery.id)

    @contextmanager
    def writing(self, encoder: EncoderRecord, *, rebuild: bool = False) -> Iterator[PostgresWriter]:
        """See `Gallery.writing`."""
        with self._alone("written"):
            writer = PostgresWriter(self, encoder, rebuild=rebuild)
            writer.check()
            yield writer

    def enrol(
        self,
        items: Sequence[GalleryItem],
        embeddings: Embeddings,
        *,
        crops: Mapping[str, bytes] | None = None,
        source: str = "",
    ) -> Enrolment:
        """See `Gallery.enrol`."""
        check_items(items, embeddings, crops)
        with self.opened() as (connection, _):
            gallery, encoder = self.claim(connection, EncoderRecord(embeddings.fingerprint, source))
            turned = turn(embeddings, self.basis(connection, encoder)).unit()
            encoder = settle_space(connection, encoder, turned)
            known = ids_of(connection, [item.key for item in items], gallery=gallery.id)
            left = [item.key for item in items if item.key not in known]
            erased = erased_of(connection, left, gallery=gallery.id)
            new = [item for item in items if item.key not in known and item.key not in erased]
            ids = insert_items(connection, new, tenant=self.tenant, gallery=gallery.id, replace=False)
            rows = [row for row, item in enumerate(items) if item.key in ids]
            self.add_vectors(connection, encoder, [ids[items[row].key] for row in rows], turned.vectors[rows])
            kept = {ids[key]: crop for key, crop in (crops or {}).items() if key in ids}
            insert_crops(connection, kept, tenant=self.tenant)
            keys = [item.key for item in items]
            return Enrolment(
                accepted=tuple(key for key in keys if key in ids),
                known=tuple(key for key in keys if key not in ids and key not in erased),
                erased=tuple(key for key in keys if key in erased),
            )

    def item(self, key: str) -> GalleryItem | None:
        """See `Gallery.item`."""
        with self.opened() as (connection, stored):
            found = read_items(connection, stored.id, schema.items.c.key == key) if stored else ()
            return found[0] if found else None

    def crop(self, key: str) -> bytes | None:
        """See `Gallery.crop`."""
        with self.opened() as (connection, stored):
            return read_crop(connection, stored.id, key) if stored else None

    def batches(self, rows: int = 4096) -> Iterator[Batch]:
        """See `Gallery.batches`; each batch is as the gallery is when it is read."""
        last = 0
        while True:
            with self.opened() as (connection, stored):
                if stored is None or stored.current is None:
                    return
                batch, last = read_batch(connection, stored.id, stored.current, last, rows)
            if not batch.items:
                return
            yield batch

    def erase(self, *selections: Selection, reference: str = "") -> ErasureProof:
        """See `Gallery.erase`."""
        check_for_erasure(selections)
        with self.opened() as (connection, stored):
            gallery = stored or make_gallery(connection, self.tenant, self.name)
            lock_gallery(connection, gallery.id, alone=True)
            chosen = [sa.and_(*conditions(one, gallery=gallery.id)) for one in selections]
            return erase_rows(
                connection,
                sa.or_(*chosen),
                selections,
                tenant=self.tenant,
                gallery=gallery.id,
                reference=reference,
            )

    def erasures(self) -> tuple[ErasureProof, ...]:
        """See `Gallery.erasures`."""
        with self.opened() as (connection, stored):
            return read_proofs(connection, stored.id) if stored else ()

    def retain(self, collection: str, keep: timedelta | None) -> None:
        """See `Gallery.retain`."""
        check_keep(keep)
        with self.opened() as (connection, _):
            gallery = make_gallery(connection, self.tenant, self.name)
            set_retention(connection, collection, keep, tenant=self.tenant, gallery=gallery.id)

    def retentions(self) -> Mapping[str, timedelta]:
        """See `Gallery.retentions`."""
        with self.opened() as (connection, stored):
            return read_retentions(connection, stored.id) if stored else {}

    def expire(self, now: datetime | None = None) -> ErasureProof | None:
        """See `Gallery.expire`."""
        with self.opened() as (connection, stored):
            if stored is None:
                return None
            lock_gallery(connection, stored.id, alone=True)
            where = kept_long_enough(stored.id, datetime.now(UTC) if now is None else now)
            if not connection.scalar(sa.select(sa.exists().where(where))):
                return None
            return erase_rows(
                connection, where, (), tenant=self.tenant, gallery=stored.id, reference="retention"
            )

    def watch(self, name: str, *, people: Collection[str] = (), tracks: Collection[str] = ()) -> None:
        """See `Gallery.watch`."""
        check_labels(name, people, tracks)
        with self.opened() as (connection, _):
            gallery = make_gallery(connection, self.tenant, self.name)
            labels = {"person": people, "track": tracks}
            change_watchlist(connection, name, labels, tenant=self.tenant, gallery=gallery.id, add=True)

    def unwatch(self, name: str, *, people: Collection[str] = (), tracks: Collection[str] = ()) -> None:
        """See `Gallery.unwatch`."""
        with self.opened() as (connection, stored):
            if stored:
                labels = {"person": people, "track": tracks}
                change_watchlist(connection, name, labels, tenant=self.tenant, gallery=stored.id, add=False)

    def remove_watchlist(self, name: str) -> None:
        """See `Gallery.remove_watchlist`."""
        with self.opened() as (connection, stored):
            if stored:
                remove_watchlist(connection, name, gallery=stored.id)

    def watchlists(self) -> tuple[Watchlist, ...]:
        """See `Gallery.watchlists`."""
        with self.opened() as (connection, stored):
            return read_watchlists(connection, stored.id) if stored else ()

    def statistics(self) -> Statistics:
        """See `Gallery.statistics`."""
        with self.opened() as (connection, stored):
            return read_statistics(connection, stored)

    @property
    def index(self) -> IndexRecord | None:
        """See `Gallery.index`."""
        with self.opened() as (connection, stored):
            return read_index(connection, stored.current.id) if stored and stored.current else None

    def build_index(
        self, target_recall: float = 0.99, *, seed: int = 0, progress: Progress = unheard
    ) -> IndexRecord:
        """See `Gallery.build_index`. Searches and enrolments go on meanwhile."""
        with self.opened() as (connection, stored):
            self._filled(connection, stored)
        with self._alone("indexed"):
            return build_index(self, target=target_recall, seed=seed, progress=progress)

    def replacement(self, encoder: EncoderRecord) -> Replacement:
        """See `Gallery.replacement`."""
        replacement = PostgresReplacement(self, encoder)
        replacement.begin()
        return replacement

    @contextmanager
    def opened(self) -> Iterator[tuple[sa.Connection, StoredGallery | None]]:
        """The transaction of a call, and what the gallery holds in it."""
        if self._connection is not None:
            yield self._connection, read_gallery(self._connection, self.tenant, self.name)
            return
        with self.database.transaction(self.tenant) as connection:
            yield connection, read_gallery(connection, self.tenant, self.name)

    def claim(self, connection: sa.Connection, record: EncoderRecord) -> tuple[StoredGallery, StoredEncoder]:
        """See `crossreid.gallery.postgres.claiming.claim`."""
        return claim(connection, record, tenant=self.tenant, name=self.name, uri=self.uri)

    def add_vectors(
        self, connection: sa.Connection, encoder: StoredEncoder, item_ids: Sequence[int], vectors: np.ndarray
    ) -> None:
        """Store vectors float32 [n, dim] of items."""
        insert_vectors(connection, encoder=encoder.id, tenant=self.tenant, item_ids=item_ids, vectors=vectors)

    def drop_index(self, encoder: StoredEncoder | None) -> None:
        """Remove what an encoder that has gone leaves of its index."""
        if encoder is not None and self._connection is None:
            drop_index(self.database, encoder.id)

    def _filled(
        self, connection: sa.Connection, stored: StoredGallery | None
    ) -> tuple[StoredGallery, StoredEncoder]:
        if stored is not None and stored.current is not None:
            query = sa.select(sa.exists().where(schema.items.c.gallery_id == stored.id))
            if connection.scalar(query):
                return stored, stored.current
        raise nothing_enrolled(self.uri)

    def basis(self, connection: sa.Connection, encoder: StoredEncoder) -> PrincipalBasis | None:
        """The rotation by which this gallery turns vectors; it never changes, so it is read once."""
        if not encoder.turned:
            return None
        known = self.database.bases
        if encoder.id not in known:
            known[encoder.id] = read_basis(connection, encoder)
        return known[encoder.id]

    @contextmanager
    def _alone(self, act: str) -> Iterator[None]:
        """Be the only one who does something to the gallery; others do not wait, but are told."""
        if self._connection is not None:
            raise DataError(
                f"{self.uri} to be {act} within a transaction", expected="a gallery of `Database.gallery`"
            )
        with one_at_a_time(self.database, f"{act} {self.tenant}/{self.name}", f"{self.uri} is being {act}"):
            yield
