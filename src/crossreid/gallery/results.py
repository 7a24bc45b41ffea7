"""The answer to a search, as a program and a notebook see it."""

from typing import SupportsIndex, overload

from crossreid.core.html import html_table
from crossreid.core.wording import several
from crossreid.data.inline import inline_picture
from crossreid.gallery.item import SearchResult

_SHOWN = 20
"""Results that a notebook shows."""


class SearchResults(tuple[SearchResult, ...]):
    """A tuple of results, best first, that a notebook shows with their pictures."""

    __slots__ = ()

    @overload
    def __getitem__(self, key: SupportsIndex) -> SearchResult: ...

    @overload
    def __getitem__(self, key: slice) -> "SearchResults": ...

    def __getitem__(self, key: SupportsIndex | slice) -> "SearchResult | SearchResults":
        if isinstance(key, slice):
            return SearchResults(super().__getitem__(key))
        return super().__getitem__(key)

    def __repr__(self) -> str:
        return f"SearchResults({', '.join(map(repr, self))})"

    def _repr_html_(self) -> str:
        header = ("rank", "picture", "score", "probability", "person", "camera", "key")
        notes = [f"The first {_SHOWN} of {several(len(self), 'result')}."] if len(self) > _SHOWN else []
        return html_table(header, map(_cells, self[:_SHOWN]), notes=notes)


def _cells(result: SearchResult) -> tuple[str, ...]:
    return (
        str(result.rank),
        inline_picture(result.path),
        f"{result.score:.3f}",
        "-" if result.probability is None else f"{result.probability:.1%}",
        result.person or "-",
        result.camera or "-",
        result.key,
    )
