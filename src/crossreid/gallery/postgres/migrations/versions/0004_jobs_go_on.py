"""Jobs name the server that works on them, and keep what they need to be begun again."""

from alembic import op

from crossreid.gallery.postgres.guard import guard_statements

revision, down_revision = "0004", "0003"

STATEMENTS = (
    "ALTER TABLE jobs ADD COLUMN server TEXT DEFAULT '' NOT NULL",
    "ALTER TABLE jobs DROP COLUMN alive",
    "ALTER TABLE jobs ADD CONSTRAINT jobs_tenant_id_key UNIQUE (tenant, id)",
    """
    CREATE TABLE job_parts (
        job_id UUID NOT NULL,
        part INTEGER NOT NULL,
        tenant TEXT NOT NULL,
        content BYTEA NOT NULL,
        CONSTRAINT job_parts_pkey PRIMARY KEY (job_id, part),
        CONSTRAINT job_parts_tenant_job_id_fkey FOREIGN KEY(tenant, job_id)
            REFERENCES jobs (tenant, id) ON DELETE CASCADE
    )
    """,
)


def upgrade() -> None:
    """Add a column and a table; who had renewed `alive` last does not matter any more."""
    for statement in STATEMENTS:
        op.execute(statement)
    for statement in guard_statements("job_parts"):
        op.execute(statement)
