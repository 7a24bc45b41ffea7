"""Indexes keep vectors in lists of near ones: a graph never leads to some of them, however far it is walked."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0007", "0006"

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
    """Graphs go; searches are exact until `build_index` has made new indexes."""
    op.execute(_DROP)
    op.execute("TRUNCATE indexes")
    op.add_column("indexes", sa.Column("lists", sa.Integer(), nullable=False))
    op.add_column("indexes", sa.Column("probes", sa.Integer(), nullable=False))
