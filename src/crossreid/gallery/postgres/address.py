"""From an address to a gallery."""

import atexit
import os
from functools import cache

import sqlalchemy as sa
from sqlalchemy import exc

from crossreid.core.errors import ConfigurationError
from crossreid.gallery.postgres.database import Database
from crossreid.gallery.postgres.home import PostgresGallery


def open_address(uri: str) -> PostgresGallery:
    """See `crossreid.gallery.gallery.open_gallery`.

    Raises:
        ConfigurationError: the address cannot be read.
        DataError: the database cannot be reached, or is not one of ours.
    """
    try:
        url = sa.make_url(uri)
    except (exc.ArgumentError, ValueError) as error:
        raise ConfigurationError(
            "an address of a database that cannot be read",
            expected="postgresql://user:password@host/database?tenant=...&gallery=...",
        ) from error
    tenant, name = (str(url.query.get(key, "default")) for key in ("tenant", "gallery"))
    database = _database(
        url.difference_update_query(["tenant", "gallery"]).render_as_string(False), os.getpid()
    )
    database.add_tenant(tenant)
    return database.gallery(tenant, name)


@cache
def _database(uri: str, process: int) -> Database:
    """One pool for all galleries of a database; another one after a fork."""
    database = Database(uri)
    database.upgrade()
    atexit.register(database.close)
    return database
