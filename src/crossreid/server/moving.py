"""A tenant's gallery as one Parquet file, out and in: see `crossreid.gallery.transfer` for the format."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.core.wording import several
from crossreid.gallery.postgres.state import read_basis
from crossreid.gallery.records import Batch, EncoderRecord
from crossreid.gallery.transfer import export_gallery, read_export, rows_of_export
from crossreid.server.access import Caller
from crossreid.server.arrivals import Arrival, note, store, vectors_of
from crossreid.server.evidence import decode_picture
from crossreid.server.jobs import Job
from crossreid.server.records.items import Space
from crossreid.server.refusals import RefusalError
from crossreid.server.service import GALLERY, Service
from crossreid.server.templates import secret_of

PARQUET = "application/vnd.apache.parquet"
_ROWS, _LONGEST_KEY, _LONGEST_LABEL = 256, 400, 200


def write_export(service: Service, caller: Caller, *, crops: bool, purpose: str, reference: str) -> Path:
    """A file in a folder of its own, for the caller to remove; that it was written is in the audit log.

    Vectors are out of their secret rotation, as the encoder gave them; pictures, where they are asked for, unsealed.

    Raises:
        RefusalError: gallery_empty.
    """
    tenant = caller.tenant
    with service.transaction(tenant) as connection:
        space = service.space(connection, tenant)
    if space is None:
        raise RefusalError("gallery_empty", "a gallery without items", remedy="enrol somebody first")
    file = Path(tempfile.mkdtemp(prefix="crossreid-export-")) / "gallery.parquet"
    count = export_gallery(_Clear(service, tenant, space, crops=crops), file)
    content = {"did": "gallery exported", "items": count, "crops": crops, "key": caller.key_id}
    about = {"gallery": GALLERY, "purpose": purpose, "reference": reference, "content": content}
    with service.transaction(tenant) as connection:
        service.log(connection, tenant, caller.name, "export", **about)
    return file


def check_export(service: Service, data: bytes) -> None:
    """Look at the head of a file before a job is begun.

    Raises:
        RefusalError: bad_archive or archive_too_large.
    """
    limits = service.settings.limits
    try:
        rows, size = rows_of_export(BytesIO(data))
    except DataError as error:
        raise RefusalError("bad_archive", error.found, expected=error.expected) from error
    if size > limits.unpacked_bytes:
        raise RefusalError(
            "archive_too_large",
            f"{several(rows, 'row')} of {size} bytes",
            expected=f"at most {limits.unpacked_bytes} bytes",
            remedy="send several files",
        )


def import_export(job: Job) -> None:
    """Enrol what another gallery of the same encoder exported, in steps as `import_archive` does."""
    service, tenant = job.service, job.caller.tenant
    total = max(1, rows_of_export(BytesIO(job.body))[0])
    seen, counts = round(job.progress * total), {"enrolled": 0, "known": 0, "erased": 0} | job.result
    start = 0
    for _, batch in read_export(BytesIO(job.body), _ROWS):
        start += len(batch.items)
        if start <= seen:
            continue
        arrivals = [_arrival(service, batch, row) for row in range(len(batch.items))]
        embeddings = vectors_of(
            service,
            arrivals,
            fingerprint=batch.embeddings.fingerprint,
            rotation=batch.embeddings.rotation,
            deadline=time.monotonic(),
        )
        with service.transaction(tenant) as connection:
            done = store(service, connection, tenant, arrivals, embeddings)
            new = {"enrolled": done.accepted, "known": done.known, "erased": done.erased}
            counts = counts | {name: counts[name] + len(keys) for name, keys in new.items()}
            job.note(connection, progress=start / total, result=counts)
            note(service, connection, job.caller, "import", done)
    with service.transaction(tenant) as connection:
        job.finish(connection, counts)


class _Clear:
    """A tenant's gallery as its encoder gave it."""

    def __init__(self, service: Service, tenant: str, space: Space, *, crops: bool) -> None:
        self._service, self._tenant, self._space, self._crops = service, tenant, space, crops
        self.uri = f"the gallery of {tenant}"
        self.encoder: EncoderRecord | None = space.encoder.record

    def batches(self, rows: int = 4096) -> Iterator[Batch]:
        """See `Gallery.batches`."""
        seal = self._service.seal(self._tenant)
        for batch in self._service.gallery(self._tenant).batches(rows):
            sealed = batch.crops if self._crops and seal is not None else {}
            pictures = {key: seal.open(crop, key) for key, crop in sealed.items()} if seal else {}
            stored = batch.embeddings
            with self._service.transaction(self._tenant) as connection:
                name = secret_of(stored.rotation)
                if name:
                    stored = self._service.template(connection, self._tenant, name).reveal(stored)
                elif self._space.encoder.turned:
                    directions = read_basis(connection, self._space.encoder).directions
                    stored = replace(stored, vectors=stored.vectors @ directions.T, rotation="")
            yield Batch(batch.items, stored, pictures)


def _arrival(service: Service, batch: Batch, row: int) -> Arrival:
    """A row as if somebody had sent it: names are looked at, pictures decoded, files of the server are out of reach.

    Raises:
        RefusalError: bad_value, bad_vector, bad_picture or picture_too_large.
    """
    item = replace(batch.items[row], root="")
    labels = (item.person, item.camera, item.source, item.track, item.collection)
    long = len(item.key) > _LONGEST_KEY or any(len(label) > _LONGEST_LABEL for label in labels)
    if long or not item.key or not all(name.isprintable() for name in (item.key, *labels)):
        raise RefusalError("bad_value", f"a name in row {row} that is too long or cannot be printed")
    if batch.embeddings.dim != service.encoder.dim:
        raise RefusalError(
            "vector_width", f"vectors of width {batch.embeddings.dim}", expected=str(service.encoder.dim)
        )
    crop = batch.crops.get(item.key, b"")
    if crop:
        decode_picture(crop, item.key[:100], service.settings.limits)
    return Arrival(item, None, batch.embeddings.vectors[row], crop)
