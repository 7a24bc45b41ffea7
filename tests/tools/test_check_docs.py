"""The checks of the documentation find what they are there to find."""

from pathlib import Path
from typing import Any

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "check_docs.py"
REFERENCE = (
    "## `crossreid index`\n\n| | | default |\n| `--out, -o` | where | required |\n"
    "## `python -m papers.mllmembed`\n\n| | | default |\n| `--seeds` | how many |  |\n"
)


@pytest.fixture
def checks(program: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    module = program("tools/check_docs.py")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "PACKAGE", tmp_path / "src" / "crossreid")
    return module


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_broken_links_and_anchors(checks: Any, tmp_path: Path) -> None:
    write(tmp_path / "b.md", "# What it *is*, really\n")
    text = "[a](b.md) [b](b.md#what-it-is-really) [c](gone.md) [d](b.md#gone) [e](https://x.org) `[f](code.md)`\n"
    found = list(checks.broken_links(write(tmp_path / "a.md", text)))
    assert found == ["a.md: the link gone.md leads nowhere", "a.md: b.md has no heading #gone"]


def test_tree_of_the_readme(checks: Any, tmp_path: Path) -> None:
    write(tmp_path / "src/crossreid/core/a.py", "")
    write(tmp_path / "src/crossreid/data/a.py", "")
    write(tmp_path / "README.md", "```\nsrc/crossreid/\n  core/   x\n  lost/   y\n```\n")
    missing, foreign = checks.folders_missing_from_tree()
    assert "src/crossreid/data/" in missing
    assert "src/crossreid/lost/" in foreign


def test_packages_and_files_of_the_architecture(checks: Any, tmp_path: Path) -> None:
    for module in ("core/a.py", "data/readers/a.py", "models/__init__.py", "models/a.py", "models/b.py"):
        write(tmp_path / "src/crossreid" / module, "")
    text = "`core/` `data/` `models/` `models/a.py` `tools/` `core/gone.py` `a.py`\n"
    write(tmp_path / "docs" / "architecture.md", text)
    (tmp_path / "tools").mkdir()
    assert list(checks.architecture_gaps()) == [
        "docs/architecture.md: it does not name data/readers/",
        "docs/architecture.md: it does not name models/b.py",
        "docs/architecture.md: it names core/gone.py, which does not exist",
    ]


@pytest.mark.parametrize(
    ("block", "complaints"),
    [
        ("crossreid index photos/ --out g/", 0),
        ("crossreid index photos/ -o g/ --help", 0),
        ("crossreid index photos/ \\\n    --gone", 1),
        ("crossreid gone photos/", 1),
        ("python -m papers.mllmembed table2 --seeds 1", 0),
        ("python -m papers.mllmembed table2 --out g/", 1),
        ("cd photos && ls --gone", 0),
    ],
)
def test_commands_in_examples(checks: Any, tmp_path: Path, block: str, complaints: int) -> None:
    document = write(tmp_path / "a.md", f"```sh\n{block}\n```\n")
    assert len(list(checks.unknown_commands(document, REFERENCE))) == complaints


@pytest.mark.parametrize(
    ("module", "complaints"),
    [
        ("a = 1\ndef b(): ...\n__all__ = ['a', 'b']\n", 0),
        ("a = 1\n__all__ = ['a', 'a']\n", 1),
        ("a = 1\n__all__ = ['a', 'c']\n", 1),
        ("a = 1\n", 0),
    ],
)
def test_lists_of_public_names(checks: Any, tmp_path: Path, module: str, complaints: int) -> None:
    assert len(list(checks.broken_all(write(tmp_path / "a.py", module)))) == complaints
