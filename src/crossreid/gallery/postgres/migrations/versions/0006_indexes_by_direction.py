"""Indexes compare directions: shortened vectors differ in length, and a graph over inner products leads astray."""

from alembic import op

revision, down_revision = "0006", "0005"

_DROP = """
    DO $$
    DECLARE name text;
    BEGIN
        FOR name IN
            SELECT indexname FROM pg_indexes
            WHERE tablename = 'vectors' AND starts_with(indexname, 'vectors_principal_')
        LOOP
            EXECUTE format('DROP INDEX %I', name);
        END LOOP;
    END $$
"""


def upgrade() -> None:
    """Old indexes go; searches are exact until `build_index` has made new ones."""
    op.execute(_DROP)
    op.execute("TRUNCATE indexes")
