from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def trees(program: Any) -> Any:
    """The module `trees.py`: miniatures of the official layouts."""
    return program("tests/data/readers/trees.py")


@pytest.fixture
def tree(trees: Any, tmp_path: Path) -> Callable[[str], Path]:
    """Write the miniature of a data set; returns its root."""

    def write(name: str) -> Path:
        root = tmp_path / name
        trees.WRITERS[name](root)
        return root

    return write
