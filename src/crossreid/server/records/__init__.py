"""What the server writes down beside vectors: SQL on the tables of `crossreid.gallery.postgres.schema`.

Every function works within a transaction that the caller has opened for the tenant, so that what is done and what is
written about it are committed together.
"""

from typing import Any, TypeAlias

StoredRow: TypeAlias = Any
"""A row of a query, whose columns are its attributes."""
