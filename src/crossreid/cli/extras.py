"""Extras that an installation may do without, and which of them a command needs."""

from collections.abc import Mapping
from importlib.util import find_spec

from crossreid.core.errors import MissingDependencyError

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "models": ("accelerate", "peft", "torch", "transformers"),
    "plots": ("matplotlib", "sklearn"),
    "synthetic": ("skia",),
    "serve": (
        "anyio",
        "cryptography",
        "fastapi",
        "jwt",
        "prometheus_client",
        "sqlalchemy",
        "starlette",
        "uvicorn",
    ),
}
"""Extra -> the modules that it brings."""


def extra_of(module: str | None) -> str | None:
    """Return the extra that brings a module; None where none does."""
    return next((extra for extra, modules in EXTRAS.items() if module in modules), None)


def installation_of(*extras: str) -> str:
    """Return the command that installs some extras."""
    return f"pip install 'crossreid[{','.join(extras)}]'"


def require_extras(what: str, *extras: str) -> None:
    """Refuse before any work begins where modules of some extras are not installed.

    Args:
        what: needs them, such as "search --show".
        extras: of `EXTRAS`.

    Raises:
        MissingDependencyError: names every missing module, and the command that installs them.
    """
    missing = {extra: [module for module in EXTRAS[extra] if find_spec(module) is None] for extra in extras}
    lacking = [extra for extra, modules in missing.items() if modules]
    if lacking:
        modules = ", ".join(module for extra in lacking for module in missing[extra])
        raise MissingDependencyError(f"{what} needs {modules}", remedy=installation_of(*lacking))
