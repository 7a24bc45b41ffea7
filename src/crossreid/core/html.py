"""Tables as HTML, for notebooks. Everything that is not marked as HTML is escaped."""

from collections.abc import Iterable, Sequence
from html import escape


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def html_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, notes: Sequence[str] = ()) -> str:
    """Return a table with a heading; notes are a paragraph below."""
    head = "".join(f"<th>{_cell(name)}</th>" for name in header)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return table + (f"<p>{' '.join(map(escape, notes))}</p>" if notes else "")


def _cell(text: str) -> str:
    return text if isinstance(text, Html) else escape(text)
