"""Rows of words and numbers as a table for a terminal, Markdown and LaTeX."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

_WORDS = 3
_LATEX = {character: f"\\{character}" for character in "&%_#${}"}
_LATEX |= {"->": r"$\to$", "±": r"$\pm$", "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\^{}"}
_LATEX_SPECIAL = re.compile("|".join(map(re.escape, _LATEX)))


def terminal_table(
    header: Sequence[str], rows: Iterable[Sequence[str]], notes: Sequence[str], *, title: str | None = None
) -> "Table":
    """For `rich`: the first three columns are words, the others numbers; notes are the caption."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, caption=Text("\n".join(notes)) if notes else None, caption_justify="left")
    for place, name in enumerate(header):
        table.add_column(name, justify="left" if place < _WORDS else "right")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], notes: Sequence[str]) -> str:
    """Notes are a paragraph below."""
    lines = [header, ["---"] * _WORDS + ["---:"] * (len(header) - _WORDS), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
    return table + ("\n" + " ".join(notes) + "\n" if notes else "")


def latex_table(header: Sequence[str], rows: Iterable[Sequence[str]], notes: Sequence[str]) -> str:
    """With the rules of the package booktabs; notes are the caption."""
    columns = "l" * _WORDS + "r" * (len(header) - _WORDS)
    lines = [r"\begin{table}", r"\centering", rf"\begin{{tabular}}{{{columns}}}", r"\toprule"]
    lines += [_latex_row(header), r"\midrule", *map(_latex_row, rows), r"\bottomrule", r"\end{tabular}"]
    lines += [rf"\caption{{{_latex(' '.join(notes))}}}"] if notes else []
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def _latex_row(cells: Sequence[str]) -> str:
    return " & ".join(map(_latex, cells)) + r" \\"


def _latex(text: str) -> str:
    return _LATEX_SPECIAL.sub(lambda found: _LATEX[found.group()], text)
