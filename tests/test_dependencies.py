"""pyproject.toml declares what is imported, and a device installs nothing that draws or plots."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWN = {"crossreid", "papers"}
PARTS = {"anyio": "fastapi", "starlette": "fastapi", "pydantic_core": "pydantic"}
"""What a declared library is made of and hands out."""
NOT_ON_A_DEVICE = {"matplotlib", "scikit-learn", "skia-python", "torch"}


def declared(*extras: str) -> Iterator[Requirement]:
    """Yield the requirements of an installation with some extras."""
    lines = [*PROJECT["dependencies"]]
    lines += [line for extra in extras for line in PROJECT["optional-dependencies"][extra]]
    for requirement in map(Requirement, lines):
        if requirement.name == "crossreid":
            yield from declared(*requirement.extras)
        else:
            yield requirement


def installed(*extras: str) -> set[str]:
    """Return the distributions that an installation with some extras brings, by the metadata of those that are here."""
    found: set[str] = set()
    waiting = [(requirement.name, frozenset(requirement.extras)) for requirement in declared(*extras)]
    seen = set()
    while waiting:
        name, chosen = waiting.pop()
        if (canonicalize_name(name), chosen) in seen:
            continue
        seen.add((canonicalize_name(name), chosen))
        found.add(canonicalize_name(name))
        for requirement in map(Requirement, metadata.requires(name) or ()):
            wanted = [{"extra": extra} for extra in (*chosen, "")]
            if requirement.marker is None or any(map(requirement.marker.evaluate, wanted)):
                waiting.append((requirement.name, frozenset(requirement.extras)))
    return found


@pytest.mark.parametrize("extras", [(), ("edge",)])
def test_a_device_installs_nothing_that_draws(extras: tuple[str, ...]) -> None:
    assert not installed(*extras) & NOT_ON_A_DEVICE


def test_the_extras_bring_it() -> None:
    assert {"matplotlib", "scikit-learn"} <= installed("plots")
    assert "skia-python" in installed("synthetic")
    assert installed("dev") >= NOT_ON_A_DEVICE


def test_what_is_imported_is_declared() -> None:
    known = {canonicalize_name(one.name) for one in declared(*PROJECT["optional-dependencies"])}
    providers = metadata.packages_distributions()
    modules = {
        PARTS.get(module, module)
        for folder in ("src/crossreid", "papers")
        for file in (ROOT / folder).rglob("*.py")
        for module in imported(file)
    }
    others = modules - OWN - sys.stdlib_module_names
    undeclared = {
        module
        for module in others
        if not known & {canonicalize_name(name) for name in providers.get(module, [])}
    }
    assert len(others) > 20, "imports were found"
    assert undeclared == set()


def imported(file: Path) -> Iterator[str]:
    """Yield the top-level modules that a file imports from outside its own package."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]
