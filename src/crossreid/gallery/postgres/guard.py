"""The policy by which tenants do not see each other; migrations put it on every new table."""

from crossreid.gallery.postgres.schema import PRESENTED_KEY, TENANT

_OWN = f"tenant = (SELECT current_setting('{TENANT}', true))"


def guard_statements(table: str) -> tuple[str, ...]:
    """What makes a table show and take the rows of the session's tenant only, even to its owner."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY own_rows ON {table} USING ({_OWN}) WITH CHECK ({_OWN})",
    )


def presented_key_statement() -> str:
    """What shows the row of an API key to whoever presents its public part."""
    return (
        "CREATE POLICY presented_key ON api_keys FOR SELECT"
        f" USING (id <> '' AND id = (SELECT current_setting('{PRESENTED_KEY}', true)))"
    )
