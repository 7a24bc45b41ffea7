"""Vectors lie in their rows, as long as a page holds them: fetched in one step, where they took one for each 2 kB."""

from alembic import op

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    """Of vectors that come from now on; `VACUUM FULL` moves the others."""
    op.execute("ALTER TABLE vectors ALTER COLUMN vector SET STORAGE MAIN")
