"""A new secret rotation for all stored vectors of a tenant, while searches go on."""

from typing import Any

import numpy as np

from crossreid.analysis.gallery_width import principal_rotation
from crossreid.core.embeddings import Embeddings
from crossreid.server.access import Caller
from crossreid.server.jobs import Progress
from crossreid.server.records.items import Space
from crossreid.server.records.secrets import drop_template
from crossreid.server.refusals import RefusalError
from crossreid.server.service import Service
from crossreid.server.templates import secret_of

_STEP, _SAMPLE = 1024, 20_000


def renew_template(service: Service, caller: Caller, progress: Progress) -> dict[str, Any]:
    """Turn every vector back, and by the new rotation; then searches change over at once, and the old one is dropped.

    The first time the principal directions of the stored vectors are learnt and put before the secret rotation, so that
    its first block holds the most energy.
    """
    tenant = caller.tenant
    gallery = service.gallery(tenant)
    with service.transaction(tenant) as connection:
        space = service.space(connection, tenant)
        if space is None:
            raise RefusalError("gallery_empty", "a gallery without items", remedy="enrol somebody first")
        old = secret_of(space.rotation)
        plain = space.rotation.removesuffix(f"~{old}") if old else space.rotation
        basis = None if plain else _basis(service, tenant, space)
        template = service.new_template(connection, tenant, dim=space.dim, basis=basis)
    record = space.encoder.record
    replacement = gallery.replacement(record, rotation=f"{plain}~{template.name}", dim=space.dim)
    total, done = max(1, len(gallery)), 0
    try:
        while items := replacement.pending(_STEP):
            progress.report(done / total)
            with service.transaction(tenant) as connection:
                was = gallery.within(connection).vectors([item.key for item in items])
                revealed = service.template(connection, tenant, old).reveal(was) if old else was
            replacement.put(items, template.hide(revealed))
            done += len(items)
        replacement.finish()
    except BaseException:
        replacement.abandon()
        with service.transaction(tenant) as connection:
            drop_template(connection, tenant, template.name)
        raise
    with service.transaction(tenant) as connection:
        if old:
            drop_template(connection, tenant, old)
        content = {"from": old, "to": template.name, "items": done, "key": caller.key_id}
        service.log(connection, tenant, caller.name, "template", gallery="default", content=content)
    return {"items": done, "rotation": template.name}


def _basis(service: Service, tenant: str, space: Space) -> np.ndarray:
    """Principal directions of up to some ten thousand stored vectors, as they were before any secret rotation."""
    parts: list[Embeddings] = []
    for batch in service.gallery(tenant).batches(_STEP):
        parts.append(batch.embeddings)
        if sum(map(len, parts)) >= _SAMPLE:
            break
    joined = Embeddings.concatenate(parts)
    name = secret_of(space.rotation)
    if name:
        with service.transaction(tenant) as connection:
            joined = service.template(connection, tenant, name).reveal(joined)
    return principal_rotation(joined.vectors).astype(np.float32)
