"""Things on their way into the gallery, however they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from crossreid.core.embeddings import Embeddings
from crossreid.core.sample import Sample
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.postgres.state import lock_gallery
from crossreid.gallery.records import Enrolment
from crossreid.server.access import Caller
from crossreid.server.crops import sealed_crops
from crossreid.server.embeddings import bare
from crossreid.server.refusals import RefusalError
from crossreid.server.service import Service, as_stored


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """Something to be enrolled: what is known of it, its decoded picture or its vector, and its file."""

    item: GalleryItem
    image: np.ndarray | None = None
    vector: np.ndarray | None = None
    crop: bytes = b""


def vectors_of(
    service: Service, arrivals: Sequence[Arrival], *, fingerprint: str, rotation: str, deadline: float
) -> Embeddings:
    """One unit row an arrival: its own vector, else that of its picture.

    Raises:
        RefusalError: foreign_fingerprint, where vectors and pictures together are not of one encoder; disk_full.
    """
    service.check_room()
    pictures = [n for n, arrival in enumerate(arrivals) if arrival.vector is None]
    own = [n for n, arrival in enumerate(arrivals) if arrival.vector is not None]
    parts: list[Embeddings] = []
    if pictures:
        samples = [
            Sample(arrivals[n].item.modality, image=arrivals[n].image, item_id=arrivals[n].item.key)
            for n in pictures
        ]
        parts.append(service.embed(samples, deadline=deadline))
    if own:
        stacked = np.stack([vector for n in own if (vector := arrivals[n].vector) is not None])
        parts.append(bare(stacked, [arrivals[n].item.modality for n in own], fingerprint, rotation))
    if len(parts) == 2 and parts[0].fingerprint != fingerprint:
        raise RefusalError(
            "foreign_fingerprint",
            f"vectors of {fingerprint!r} beside pictures",
            expected=f"vectors of {parts[0].fingerprint!r}",
            remedy="enrol them apart",
        )
    joined = Embeddings.concatenate(parts)
    order = np.argsort(np.array(pictures + own, np.int64))
    return joined.select(order).unit()


def store(
    service: Service,
    connection: Connection,
    tenant: str,
    arrivals: Sequence[Arrival],
    embeddings: Embeddings,
) -> Enrolment:
    """Enrol within a transaction; pictures are sealed, and dropped where there is no key."""
    space = service.space(connection, tenant)
    if space is not None:  # whose coordinates must not change before the vectors are there
        lock_gallery(connection, space.gallery_id, alone=False)
        space = service.space(connection, tenant)
    embeddings = as_stored(embeddings, space, whole_space=service.settings.whole_space)
    hidden = service.hide(connection, tenant, embeddings, space)
    crops = sealed_crops(service.seal(tenant), {a.item.key: a.crop for a in arrivals if a.crop})
    done = (
        service.gallery(tenant)
        .within(connection)
        .enrol([arrival.item for arrival in arrivals], hidden, crops=crops, source=service.source)
    )
    service.metrics.enrolled.inc(len(done.accepted))
    service.forget_size(tenant)
    return done


def note(service: Service, connection: Connection, caller: Caller, action: str, done: Enrolment) -> None:
    """Write what was enrolled into the audit log, unless nothing was."""
    if done.accepted:
        content: dict[str, Any] = {
            "items": list(done.accepted),
            "known": len(done.known),
            "key": caller.key_id,
        }
        service.log(connection, caller.tenant, caller.name, action, gallery="default", content=content)
