"""What happens once: the first tenant and its one-time key, and the gallery of a folder."""

from datetime import UTC, datetime, timedelta

from crossreid.gallery.folder import FolderGallery
from crossreid.server.crops import sealed_crops
from crossreid.server.records import accounts
from crossreid.server.roles import Role
from crossreid.server.service import MAIN, Service, as_stored

_FIRST = "first start"
_ROWS = 2048


def first_key(service: Service, *, again: bool = False) -> str | None:
    """Make the main tenant. Returns a one-time key where it has no key at all, or `again` asks for one."""
    service.database.add_tenant(MAIN)
    with service.transaction(MAIN) as connection:
        known = accounts.list_keys(connection, MAIN)
    return one_time_key(service, MAIN) if again or not known else None


def one_time_key(service: Service, tenant: str) -> str:
    """A key that makes the first real one of a tenant, and then is worthless."""
    expires = datetime.now(UTC) + timedelta(hours=service.settings.one_time_key_h)
    with service.transaction(tenant) as connection:
        _, key = accounts.create_key(
            connection,
            tenant,
            name=_FIRST,
            role=Role.ADMIN,
            scopes=[accounts.EXCHANGE],
            expires=expires,
        )
        content = {"did": "one-time key made", "expires": expires.isoformat()}
        service.log(connection, tenant, "server", "key", content=content)
    return key


def take_over(service: Service, folder: FolderGallery) -> int:
    """Enrol in the main tenant what a folder gallery holds and the server has not. Returns how many items that were.

    What the server knows stays as it is, and what was erased there does not come back. Calibrations come along.

    Raises:
        FingerprintError: the server's gallery was filled by another encoder.
    """
    if not len(folder):
        return 0
    record, added = folder.encoder, 0
    source = record.source if record else ""
    for batch in folder.batches(_ROWS):
        with service.transaction(MAIN) as connection:
            space = service.space(connection, MAIN)
            given = as_stored(batch.embeddings, space, whole_space=service.settings.whole_space)
            hidden = service.hide(connection, MAIN, given, space)
            done = (
                service.gallery(MAIN)
                .within(connection)
                .enrol(
                    batch.items, hidden, crops=sealed_crops(service.seal(MAIN), batch.crops), source=source
                )
            )
            added += len(done.accepted)
            if done.accepted:
                content = {"folder": folder.uri, "items": len(done.accepted), "known": len(done.known)}
                service.log(connection, MAIN, "server", "import", gallery="default", content=content)
    with service.transaction(MAIN) as connection:
        gallery = service.gallery(MAIN).within(connection)
        known = {(c.query_fingerprint, c.gallery_fingerprint) for c in gallery.calibrations()}
        for calibration in folder.calibrations():
            if (calibration.query_fingerprint, calibration.gallery_fingerprint) not in known:
                gallery.calibrate(calibration)
    return added
