"""Pins know the search that they come from, and a search is found in the audit log by its number."""

from alembic import op

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    """Add columns and an index."""
    op.execute("ALTER TABLE pins ADD COLUMN search UUID")
    op.execute("ALTER TABLE pins ADD COLUMN score DOUBLE PRECISION")
    op.execute("CREATE INDEX audit_search_index ON audit ((content ->> 'search')) WHERE action = 'search'")
