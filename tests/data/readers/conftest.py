import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def trees() -> Any:
    """The module `trees.py`: miniatures of the official layouts."""
    spec = importlib.util.spec_from_file_location("trees", Path(__file__).with_name("trees.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(trees: Any, tmp_path: Path) -> Callable[[str], Path]:
    """Write the miniature of a data set; returns its root."""

    def write(name: str) -> Path:
        root = tmp_path / name
        trees.WRITERS[name](root)
        return root

    return write
