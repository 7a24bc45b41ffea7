"""Pages that are written from something else: written anew, or compared with what they should say."""

import difflib
import sys
from collections.abc import Mapping
from pathlib import Path


def with_block(page: Path, begin: str, end: str, block: str) -> str:
    """A page with another block between its two marks, each a line of its own."""
    before, rest = page.read_text(encoding="utf-8").split(f"{begin}\n")
    _, after = rest.split(f"{end}\n")
    return f"{before}{begin}\n\n{block}\n{end}\n{after}"


def write_or_check(pages: Mapping[Path, str], *, source: str) -> int:
    """Write the pages; with `--check` on the command line say instead where they and their source disagree.

    Args:
        pages: what each file should say.
        source: what that follows from, in words.

    Returns:
        The exit status: 1 where a page disagrees.
    """
    check = "--check" in sys.argv[1:]
    names = " and ".join(path.name for path in pages)
    complaints: list[str] = []
    for path, text in pages.items():
        written = path.read_text(encoding="utf-8") if path.exists() else ""
        if not check:
            path.write_text(text, encoding="utf-8")
        complaints += difflib.unified_diff(
            written.splitlines(keepends=True), text.splitlines(keepends=True), path.name, source, n=0
        )
    if check and complaints:
        print("".join(complaints), f"\n{names} and {source} disagree; run `make docs`")
        return 1
    print(f"{names}: " + (f"as {source} would have it" if check else "written"))
    return 0
