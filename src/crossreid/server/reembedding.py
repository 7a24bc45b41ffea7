"""Another encoder for a tenant's gallery: every kept picture is embedded anew, then searches change over."""

import time

from sqlalchemy import Connection, delete

from crossreid.core.embeddings import Embeddings
from crossreid.core.items import Items, as_samples
from crossreid.core.modality import Modality
from crossreid.core.wording import several
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.postgres import schema
from crossreid.gallery.postgres.state import add_encoder, read_gallery
from crossreid.gallery.records import EncoderRecord
from crossreid.gallery.reembedding import reembed
from crossreid.server.crops import open_crop
from crossreid.server.jobs import Job
from crossreid.server.records.secrets import drop_other_templates
from crossreid.server.refusals import RefusalError
from crossreid.server.service import GALLERY, Service
from crossreid.server.templates import Template, secret_of

_PATIENCE_S = 600.0


def reembed_gallery(job: Job) -> None:
    """Put the server's encoder in the place of the gallery's. Until all is embedded, searches go by the old one.

    What was embedded before the job stopped is kept, and it goes on from there.

    Raises:
        RefusalError: gallery_empty, or conflict where some items have no picture that can be read.
    """
    service, tenant, caller = job.service, job.caller.tenant, job.caller
    with service.transaction(tenant) as connection:
        old, template = _begin(service, connection, tenant)
    gallery = service.gallery(tenant)
    embedded, total = 0, max(1, len(gallery))
    if old:
        report = reembed(
            gallery,
            _Hiding(service, template),
            read=lambda item: _picture(service, tenant, item),
            progress=lambda done: job.report(done / total),
        )
        if not report.finished:
            missing = several(len(report.missing), "item")
            raise RefusalError(
                "conflict",
                f"{missing} without a picture that can be read, such as {report.missing[0]!r}",
                expected="a picture of each",
                remedy="erase them, and start again: what was embedded is kept",
            )
        embedded = report.embedded
    service.forget_size(tenant)
    told = {"items": embedded, "fingerprint": service.encoder.fingerprint}
    with service.transaction(tenant) as connection:
        drop_other_templates(connection, tenant, template.name if template else "")
        job.finish(connection, told)
        content = told | {"from": old, "key": caller.key_id}
        service.log(connection, tenant, caller.name, "encoder", gallery=GALLERY, content=content)


def check_reembedding(service: Service, connection: Connection, tenant: str) -> None:
    """Before a job is begun.

    Raises:
        RefusalError: gallery_empty, or conflict where the gallery has the server's encoder already.
    """
    space = service.space(connection, tenant)
    if space is None:
        raise RefusalError("gallery_empty", "a gallery without items", remedy="enrol somebody first")
    if space.fingerprint == service.encoder.fingerprint:
        raise RefusalError(
            "conflict",
            "a gallery of this encoder already",
            expected="one of another encoder",
            remedy="start a server with the new encoder on the same database, and ask that",
        )


class _Hiding:
    """The server's encoder, whose vectors go under a secret rotation."""

    def __init__(self, service: Service, template: Template | None) -> None:
        self._service, self._template = service, template
        self.fingerprint, self.dim = service.encoder.fingerprint, service.encoder.dim
        self.modalities, self.source = service.encoder.modalities, service.source

    def encode(
        self,
        items: Items,
        *,
        modality: Modality | str | None = None,
        batch_size: int = 64,
        progress: bool = False,
    ) -> Embeddings:
        """See `Encoder.encode`; in the queue behind everybody who waits."""
        samples = as_samples(items, modality=modality)
        found = self._service.embed(samples, deadline=time.monotonic() + _PATIENCE_S)
        return found if self._template is None else self._template.hide(found)


def _begin(service: Service, connection: Connection, tenant: str) -> tuple[str, Template | None]:
    """The old encoder's fingerprint, "" where the new one is in its place already; and the new secret rotation."""
    stored = read_gallery(connection, tenant, GALLERY)
    if stored is None or stored.current is None:
        raise RefusalError("gallery_empty", "a gallery without items", remedy="enrol somebody first")
    encoder, record = service.encoder, EncoderRecord(service.encoder.fingerprint, service.source)
    for known in (stored.current, stored.coming):
        if known is not None and known.fingerprint == record.fingerprint:
            name = secret_of(known.rotation)
            template = service.template(connection, tenant, name) if name else None
            return "" if known is stored.current else stored.current.fingerprint, template
    if stored.coming is not None:
        connection.execute(delete(schema.encoders).where(schema.encoders.c.id == stored.coming.id))
    template = None
    if service.key is not None:
        template = service.new_template(connection, tenant, dim=encoder.dim, basis=None)
    add_encoder(
        connection,
        tenant=tenant,
        gallery=stored.id,
        record=record,
        state="coming",
        rotation=f"{service.rotation}~{template.name}" if template else "",
        dim=encoder.dim if template else 0,
    )
    return stored.current.fingerprint, template


def _picture(service: Service, tenant: str, item: GalleryItem) -> bytes | None:
    try:
        return open_crop(service, tenant, item.key, item.root, service.gallery(tenant).crop(item.key))
    except RefusalError:
        return None
