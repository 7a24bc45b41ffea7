"""Examples in the documentation do what they say."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def python_blocks(page: str) -> list[str]:
    return re.findall(
        r"^```python\n(.*?)^```", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def test_the_worked_example_of_evaluation() -> None:
    (block,) = python_blocks("evaluation.md")
    *statements, result = block.strip().splitlines()
    expression, _, promised = result.partition("#")
    names: dict[str, object] = {}
    exec("\n".join(statements), names)
    found = eval(expression.strip(), names)
    assert found == pytest.approx([float(value) for value in promised.split(",")])


def test_the_example_of_the_world() -> None:
    (block,) = python_blocks("the-procedural-world.md")
    names: dict[str, object] = {}
    exec(block, names)
    shapes = {getattr(names[kind], "shape", None) for kind in ("photo", "infrared", "sketch")}
    assert shapes == {(280, 140, 3)}
