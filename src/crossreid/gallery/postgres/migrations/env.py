"""Run by Alembic: on the connection that `upgrade_tables` brings."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
