"""What all requests share: the database, the encoder, the keys, and how vectors go in and come out."""

import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection, func, select

from crossreid.core.basis import PrincipalBasis
from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import Encoder
from crossreid.core.sample import Sample
from crossreid.gallery.postgres.state import read_basis
from crossreid.gallery.query import turn
from crossreid.server.batching import Batcher
from crossreid.server.limits import Turnstile
from crossreid.server.metrics import Metrics
from crossreid.server.presence import Presence
from crossreid.server.records import log
from crossreid.server.records.items import Space, find_space
from crossreid.server.records.secrets import find_template, keep_template
from crossreid.server.refusals import RefusalError
from crossreid.server.sealing import MasterKey, Seal
from crossreid.server.settings import Settings
from crossreid.server.templates import SECRET_BYTES, Template, secret_of
from crossreid.server.tokens import TokenReader

if TYPE_CHECKING:
    from crossreid.gallery.postgres.database import Database
    from crossreid.gallery.postgres.home import PostgresGallery

GALLERY = "default"
"""The one gallery of each tenant that the server shows."""

MAIN = "main"
"""The tenant that is there from the start, whose admins make others."""

INDEX_BLOCK = 64
"""Coordinates that the secret rotation leaves among themselves, for the index."""

_SIZE_KEPT_S = 60.0


class Service:
    """One server, without HTTP.

    Args:
        database: migrated.
        encoder: of queries and of pictures to be enrolled.
        settings: see there.
        key: seals crops and secret rotations; without one neither is kept.
        tokens: reader of OpenID tokens, where a provider is trusted.
        input_size: height and width that the encoder resizes to; files are decoded near it, as it does itself.
        disk: a folder on the disk of the database, where that is known.
    """

    def __init__(
        self,
        database: "Database",
        encoder: Encoder,
        *,
        settings: Settings,
        key: MasterKey | None = None,
        tokens: TokenReader | None = None,
        input_size: tuple[int, int] | None = None,
        disk: Path | None = None,
    ) -> None:
        self.database, self.encoder, self.settings, self.key, self.tokens = (
            database, encoder, settings, key, tokens,
        )  # fmt: skip
        self.input_size, self.disk = input_size, disk
        self.metrics = Metrics()
        self.turnstile = Turnstile(settings.limits.per_second, settings.limits.burst)
        self.batcher = Batcher(
            encoder,
            batch_size=settings.batch_size,
            wait_ms=settings.batch_wait_ms,
            limit=settings.limits.waiting,
            metrics=self.metrics,
        )
        self.workers = ThreadPoolExecutor(2, thread_name_prefix="job")
        self.closing = threading.Event()
        self.presence = Presence(database)
        self.jobs: set[str] = set()
        self._templates: dict[tuple[str, str], Template] = {}
        self._sizes: dict[str, tuple[float, int]] = {}
        self.rotation = getattr(getattr(encoder, "pack", None), "rotation", "")

    @property
    def source(self) -> str:
        """Where the encoder was loaded from."""
        return str(getattr(self.encoder, "source", ""))

    def close(self) -> None:
        """Finish what was begun."""
        self.closing.set()
        self.workers.shutdown(wait=True, cancel_futures=True)
        self.batcher.close()
        self.presence.close()

    def gallery(self, tenant: str) -> "PostgresGallery":
        """That of a tenant."""
        return self.database.gallery(tenant, GALLERY)

    @contextmanager
    def transaction(self, tenant: str) -> Iterator[Connection]:
        """All within it is done, and seen by others, at once or not at all."""
        with self.database.transaction(tenant) as connection:
            yield connection

    def size(self, tenant: str) -> int:
        """How many items a tenant has enrolled; what other servers enrol is counted within a minute."""
        now = time.monotonic()
        known = self._sizes.get(tenant)
        if known is None or now - known[0] > _SIZE_KEPT_S:
            known = now, len(self.gallery(tenant))
            self._sizes[tenant] = known
        return known[1]

    def forget_size(self, tenant: str) -> None:
        """After it has changed."""
        self._sizes.pop(tenant, None)

    def check_room(self) -> None:
        """Before anything is enrolled.

        Raises:
            RefusalError: disk_full.
        """
        if self.disk is not None and shutil.disk_usage(self.disk).free < self.settings.spare_bytes:
            raise RefusalError(
                "disk_full",
                "a disk that is nearly full; searches and erasures go on",
                expected=f"{self.settings.spare_bytes} bytes free",
                remedy="try again when there is room; tell an admin",
            )

    def embed(self, samples: Sequence[Sample], *, deadline: float, hurried: bool = False) -> Embeddings:
        """See `Batcher.encode`."""
        return self.batcher.encode(samples, deadline=deadline, hurried=hurried)

    def space(self, connection: Connection, tenant: str) -> Space | None:
        """In which coordinates the tenant's vectors are; None before anything was enrolled."""
        return find_space(connection, tenant, GALLERY)

    def hide(
        self, connection: Connection, tenant: str, embeddings: Embeddings, space: Space | None
    ) -> Embeddings:
        """Vectors as the store has them; for the first ones of a tenant a secret rotation is drawn."""
        if space is None:
            return self._first(connection, tenant, embeddings)
        mark = secret_of(space.rotation)
        if mark:
            return self.template(connection, tenant, mark).hide(embeddings)
        return turn(embeddings, self._basis(connection, space) if space.encoder.turned else None)

    def _basis(self, connection: Connection, space: Space) -> PrincipalBasis:
        """The rotation by which the gallery itself turns vectors; it never changes, so it is read once."""
        known = self.database.bases
        if space.encoder.id not in known:
            known[space.encoder.id] = read_basis(connection, space.encoder)
        return known[space.encoder.id]

    def template(self, connection: Connection, tenant: str, name: str) -> Template:
        """The secret rotation of that name."""
        known = self._templates.get((tenant, name))
        if known is None:
            known = self._templates[tenant, name] = find_template(connection, tenant, name, self.key)
        return known

    def new_template(
        self, connection: Connection, tenant: str, *, dim: int, basis: np.ndarray | None
    ) -> Template:
        """Draw another secret rotation and keep it."""
        assert self.key is not None, "the caller looks whether there is a key"
        template = Template(os.urandom(SECRET_BYTES), dim, min(INDEX_BLOCK, dim), basis)
        keep_template(connection, tenant, template, self.key)
        return template

    def seal(self, tenant: str) -> Seal | None:
        """For crops; None without a key."""
        return None if self.key is None else self.key.seal("crop", tenant)

    def log(self, connection: Connection, tenant: str, actor: str, action: str, **about: Any) -> log.Entry:
        """Append to the tenant's audit log; the last thing in a transaction."""
        return log.write(connection, tenant, actor=actor, action=action, **about)

    def _first(self, connection: Connection, tenant: str, embeddings: Embeddings) -> Embeddings:
        lock = func.hashtextextended(f"crossreid first {tenant}", 0)
        connection.execute(select(func.pg_advisory_xact_lock(lock)))
        space = self.space(connection, tenant)
        if space is not None:  # somebody was faster
            return self.hide(connection, tenant, embeddings, space)
        if self.key is None:
            return embeddings
        template = self.new_template(connection, tenant, dim=embeddings.dim, basis=None)
        return template.hide(embeddings)


def as_stored(embeddings: Embeddings, space: Space | None, *, whole_space: bool) -> Embeddings:
    """Vectors of another encoder of the gallery's space, under the gallery's name, where that is allowed."""
    if space is None or not whole_space or embeddings.fingerprint == space.fingerprint:
        return embeddings
    stored = replace(embeddings.select(slice(0, 0)), fingerprint=space.fingerprint)
    stored.check_comparable(embeddings)
    return replace(embeddings, fingerprint=space.fingerprint)
