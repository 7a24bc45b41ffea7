"""`python -m crossreid`, which launchers of several processes call."""

from crossreid.cli.main import run

run()
