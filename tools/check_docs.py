"""Says where documentation and repository disagree: links, tree, files, `__all__`, commands in examples."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "crossreid"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PAPER = r"python -m papers\.mllmembed"
COMMAND = re.compile(rf"^\s*(?:\$ )?(?:\.venv/bin/)?(crossreid(?: [a-z-]+)+|{PAPER})(.*)$", re.MULTILINE)
SHELL = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
VERB = re.compile(rf"^## `(crossreid [a-z -]+|{PAPER})`\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r"(?<!\S)(--[a-z][a-z-]*)")
NAMED = re.compile(r"`((?:\w+/)+(?:\w+\.py)?)`")
LISTED = ("models",)
"""Packages whose files docs/architecture.md names one by one."""


def documents() -> list[Path]:
    """Markdown files that git keeps or would keep."""
    return [ROOT / name for name in kept_files(ROOT, "*.md")]


def kept_files(root: Path, *patterns: str) -> list[str]:
    """Files by their path from `root` that git keeps or would keep."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in listed if (root / name).exists()]


def broken_links(document: Path) -> Iterator[str]:
    """Relative links and the headings that they name."""
    for target in LINK.findall(_outside_code(document.read_text(encoding="utf-8"))):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        place = (document.parent / name).resolve() if name else document
        if not place.exists():
            yield f"{_short(document)}: the link {target} leads nowhere"
        elif anchor and place.suffix == ".md" and anchor not in _anchors(place):
            yield f"{_short(document)}: {_short(place)} has no heading #{anchor}"


def folders_missing_from_tree() -> Iterator[str]:
    """Folders of the package that the README's tree leaves out, and lines of the tree without a folder."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tree = re.search(r"^src/crossreid/\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"^  (\w+)/", tree.group(1), re.MULTILINE)) if tree else set()
    folders = {folder.name for folder in PACKAGE.iterdir() if folder.is_dir() and any(folder.rglob("*.*"))}
    for name in sorted(folders - named - {"__pycache__"}):
        yield f"README.md: its tree has no line for src/crossreid/{name}/"
    for name in sorted(named - folders):
        yield f"README.md: its tree names src/crossreid/{name}/, which does not exist"


def architecture_gaps() -> Iterator[str]:
    """Packages, and files of `LISTED` ones, that docs/architecture.md leaves out; and names of what is not there."""
    page = ROOT / "docs" / "architecture.md"
    named = set(NAMED.findall(page.read_text(encoding="utf-8")))
    modules = {module.relative_to(PACKAGE) for module in PACKAGE.rglob("*.py")}
    packages = {f"{parent}/" for module in modules for parent in module.parents if parent.name}
    listed = {str(module) for module in modules if module.parts[0] in LISTED and module.stem != "__init__"}
    for name in sorted((packages | listed) - named):
        yield f"{_short(page)}: it does not name {name}"
    for name in sorted(named):
        if not (PACKAGE / name).exists() and not (ROOT / name).exists():
            yield f"{_short(page)}: it names {name}, which does not exist"


def broken_all(module: Path) -> Iterator[str]:
    """An `__all__` that repeats itself or names what the module does not have; ruff looks after its order."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    listed = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)
    ]
    for names in listed:
        if len(names) != len(set(names)):
            yield f"{_short(module)}: __all__ repeats a name"
        for name in sorted(set(names) - _bound_names(tree)):
            yield f"{_short(module)}: __all__ names {name}, which the module does not have"


def unknown_commands(document: Path, reference: str) -> Iterator[str]:
    """Commands and options in code blocks that docs/cli.md, written from the commands, does not know."""
    options = {
        verb: set(OPTION.findall(section.replace("`", " ").replace(",", " "))) | {"--help"}
        for verb, section in VERB.findall(reference)
    }
    for block in SHELL.findall(document.read_text(encoding="utf-8")):
        for words, rest in COMMAND.findall(block.replace("\\\n", " ")):
            verb = max(
                (name for name in options if f"{words} ".startswith(f"{name} ")), key=len, default=None
            )
            if verb is None:
                yield f"{_short(document)}: `{words}` is no command"
                continue
            for option in set(OPTION.findall(rest)) - options[verb]:
                yield f"{_short(document)}: `{verb}` has no option {option}"


def _outside_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def _anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _bound_names(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def main() -> int:
    reference = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    complaints = [*folders_missing_from_tree(), *architecture_gaps()]
    for document in documents():
        complaints += broken_links(document)
        complaints += unknown_commands(document, reference)
    for module in sorted(PACKAGE.rglob("*.py")):
        complaints += broken_all(module)
    print(
        "\n".join(complaints)
        if complaints
        else "links, tree, files, commands and __all__ agree with the repository"
    )
    return int(bool(complaints))


if __name__ == "__main__":
    sys.exit(main())
