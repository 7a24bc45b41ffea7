"""What scores mean, in PostgreSQL."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from crossreid.evaluation.calibration import Calibration
from crossreid.evaluation.calibration_file import calibration_content, read_calibration
from crossreid.gallery.postgres import schema

_TABLE = schema.calibrations


def read_calibrations(connection: sa.Connection, gallery: int) -> tuple[Calibration, ...]:
    """Those of a gallery."""
    query = sa.select(_TABLE.c.content).where(_TABLE.c.gallery_id == gallery)
    return tuple(map(read_calibration, connection.scalars(query.order_by(_TABLE.c.query_fingerprint))))


def store_calibration(
    connection: sa.Connection, calibration: Calibration, *, tenant: str, gallery: int
) -> None:
    """Keep one, in the place of what was known of the same two encoders."""
    row = {
        "gallery_id": gallery,
        "query_fingerprint": calibration.query_fingerprint,
        "gallery_fingerprint": calibration.gallery_fingerprint,
        "tenant": tenant,
        "content": calibration_content(calibration),
    }
    statement = insert(_TABLE).values(row)
    replaced = {"content": statement.excluded.content}
    connection.execute(statement.on_conflict_do_update(constraint=_TABLE.primary_key, set_=replaced))
