"""Jobs say which of their steps goes on, and need not say how far it is."""

from alembic import op

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    """Jobs of before have one step."""
    op.execute("ALTER TABLE jobs ADD COLUMN step TEXT DEFAULT '' NOT NULL")
    op.execute("ALTER TABLE jobs ALTER COLUMN progress DROP NOT NULL")
