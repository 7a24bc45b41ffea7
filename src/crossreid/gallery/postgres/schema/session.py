"""Settings of a session, and its role."""

TENANT, PRESENTED_KEY = "crossreid.tenant", "crossreid.presented_key"
"""Settings of a session: whose rows it works on; and the public part of an API key whose owner it asks for."""

SERVICE_ROLE = "crossreid_service"
"""The role without privileges that a superuser's sessions take on, since policies do not bind a superuser."""
