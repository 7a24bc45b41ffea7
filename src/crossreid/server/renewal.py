"""A new secret rotation for all stored vectors of a tenant, while searches go on; and the index over them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete

from crossreid.core.basis import principal_rotation
from crossreid.core.embeddings import Embeddings
from crossreid.gallery.postgres import schema
from crossreid.gallery.postgres.replacement import PostgresReplacement
from crossreid.gallery.postgres.state import add_encoder, read_basis
from crossreid.server.jobs import Job
from crossreid.server.records.items import Space
from crossreid.server.records.secrets import drop_other_templates, drop_template
from crossreid.server.refusals import RefusalError
from crossreid.server.service import GALLERY, Service
from crossreid.server.templates import Template, secret_of

_STEP, _SAMPLE = 1024, 20_000


def renew_template(job: Job) -> None:
    """Turn every vector back, and by the new rotation; then searches change over at once, and the old one is dropped.

    The principal directions of the stored vectors are learnt and put before the secret rotation, so that its first
    block holds the most energy; unless the encoder has principal coordinates itself.
    """
    _renew(job, job.finish)


def index_gallery(job: Job) -> None:
    """Build the index over principal coordinates; a secret rotation that has none before it is renewed first."""
    service, tenant = job.service, job.caller.tenant
    with service.transaction(tenant) as connection:
        space = _filled(service, connection, tenant)
        name = secret_of(space.rotation)
        renew = bool(name) and not space.rotation.removesuffix(f"~{name}")
        renew = renew and service.template(connection, tenant, name).basis is None
    if renew:
        _renew(job, lambda connection, _: job.note(connection, progress=1.0), step="renewing the rotation")
    index = service.gallery(tenant).build_index(progress=lambda step, share: job.report(share, step))
    told = {"width": index.width, "candidates": index.candidates, "recall": index.recall, "used": index.used}
    with service.transaction(tenant) as connection:  # on record also where the job was cancelled just now
        content = told | {"key": job.caller.key_id}
        service.log(connection, tenant, job.caller.name, "index", gallery=GALLERY, content=content)
    with service.transaction(tenant) as connection:
        job.finish(connection, told)


def _renew(job: Job, last: Callable[[Connection, dict[str, Any]], None], step: str = "") -> None:
    """`last` is done together with the change to the new rotation."""
    service, caller, tenant = job.service, job.caller, job.caller.tenant
    with service.transaction(tenant) as connection:
        space, template = _begin(service, connection, tenant)
    old, done = secret_of(space.rotation), 0
    gallery, record = service.gallery(tenant), space.encoder.record
    replacement, total = PostgresReplacement(gallery, record), max(1, len(gallery))
    try:
        while items := replacement.pending(_STEP):
            job.report(done / total, step)
            with service.transaction(tenant) as connection:
                stored = gallery.within(connection).vectors([item.key for item in items])
                clear = _clear(service, connection, tenant, space, stored)
            replacement.put(items, template.hide(clear))
            done += len(items)
        with service.transaction(tenant) as connection:
            within = gallery.within(connection)
            calibrations = within.calibrations()  # cosines stay, and so does what they mean
            PostgresReplacement(within, record).finish()
            for calibration in calibrations:
                within.calibrate(calibration)
            drop_template(connection, tenant, old)
            last(connection, {"items": done, "rotation": template.name})
            content = {"from": old, "to": template.name, "items": done, "key": caller.key_id}
            service.log(connection, tenant, caller.name, "template", gallery=GALLERY, content=content)
    except BaseException:
        with service.transaction(tenant) as connection:
            _forget_coming(connection, tenant, space, template)
            drop_template(connection, tenant, template.name)
        raise
    gallery.drop_index(space.encoder)


def _begin(service: Service, connection: Connection, tenant: str) -> tuple[Space, Template]:
    space = _filled(service, connection, tenant)
    _forget_coming(connection, tenant, space)
    drop_other_templates(connection, tenant, secret_of(space.rotation))
    plain = "" if space.encoder.turned else space.rotation.partition("~")[0]
    basis = None if plain else _basis(service, connection, tenant, space)
    template = service.new_template(connection, tenant, dim=space.dim, basis=basis)
    add_encoder(
        connection,
        tenant=tenant,
        gallery=space.gallery_id,
        record=space.encoder.record,
        state="coming",
        rotation=f"{plain}~{template.name}",
        dim=space.dim,
    )
    return space, template


def _filled(service: Service, connection: Connection, tenant: str) -> Space:
    space = service.space(connection, tenant)
    if space is None:
        raise RefusalError("gallery_empty", "a gallery without items", remedy="enrol somebody first")
    return space


def _clear(
    service: Service, connection: Connection, tenant: str, space: Space, stored: Embeddings
) -> Embeddings:
    """Stored vectors as the encoder gave them."""
    name = secret_of(space.rotation)
    if name:
        return service.template(connection, tenant, name).reveal(stored)
    if space.encoder.turned:
        directions = read_basis(connection, space.encoder).directions
        return replace(stored, vectors=stored.vectors @ directions.T, rotation="")
    return stored


def _basis(service: Service, connection: Connection, tenant: str, space: Space) -> np.ndarray:
    """Principal directions of up to some ten thousand vectors, as the encoder gave them."""
    parts: list[np.ndarray] = []
    for batch in service.gallery(tenant).batches(_STEP):
        parts.append(_clear(service, connection, tenant, space, batch.embeddings).vectors)
        if sum(map(len, parts)) >= _SAMPLE:
            break
    return principal_rotation(np.concatenate(parts)).astype(np.float32)


def _forget_coming(
    connection: Connection, tenant: str, space: Space, template: Template | None = None
) -> None:
    """Drop what an earlier attempt left behind, or one's own."""
    encoders = schema.encoders.c
    own = (encoders.tenant == tenant) & (encoders.gallery_id == space.gallery_id)
    if template is not None:
        own &= encoders.rotation.endswith(f"~{template.name}")
    connection.execute(delete(schema.encoders).where(own, encoders.state == "coming"))
