"""Which items: the conditions of a search, and of an erasure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from crossreid.core.errors import DataError
from crossreid.core.modality import VISUAL, Modality

Names = str | Collection[str] | None
"""One label, or several of which one has to fit; None where any does."""

TimeRange = tuple[datetime | None, datetime | None]
"""From the first time to the second, both included; None leaves a side open. An unknown time is in no range."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Items that satisfy all conditions that are given.

    Raises:
        DataError: a time has no zone, or the modality is unknown.
    """

    keys: Names = None
    people: Names = None
    tracks: Names = None
    cameras: Names = None
    collections: Names = None
    watchlists: Names = None
    modality: Modality | str | None = None
    time_range: TimeRange | None = None

    def __post_init__(self) -> None:
        if self.modality is not None and self.modality not in VISUAL:
            raise DataError(f"the modality {self.modality!r}", expected="one of rgb, ir, sketch")
        for bound in self.time_range or ():
            if bound is not None and bound.tzinfo is None:
                raise DataError(
                    f"the time {bound} without a zone", expected="a time with a zone, such as UTC"
                )

    @property
    def everything(self) -> bool:
        """Whether no condition is given."""
        return all(getattr(self, name) is None for name in self.__slots__)

    @property
    def labels(self) -> dict[str, list[str]]:
        """The conditions on labels, by the attribute of an item that has to be among them."""
        given = {
            "path": self.keys,
            "person": self.people,
            "track": self.tracks,
            "camera": self.cameras,
            "collection": self.collections,
        }
        return {name: as_names(wanted) for name, wanted in given.items() if wanted is not None}

    @classmethod
    def of_subject(
        cls, *, person: str = "", tracks: Iterable[str] = (), keys: Iterable[str] = ()
    ) -> tuple["Selection", ...]:
        """All that belongs to somebody who asks for it: by name, by the tracks and by the single items found of them.

        Raises:
            DataError: nothing is named.
        """
        selections = (
            *([cls(people=person)] if person else []),
            *([cls(tracks=tracks)] if (tracks := tuple(tracks)) else []),
            *([cls(keys=keys)] if (keys := tuple(keys)) else []),
        )
        if not selections:
            raise DataError("a request that names nobody", expected="a person, tracks or keys")
        return selections


def check_labels(name: str, people: Collection[str], tracks: Collection[str]) -> None:
    """Refuse a watchlist without a name, or nobody on it.

    Raises:
        DataError: a name or label is empty.
    """
    if not name or "" in people or "" in tracks:
        raise DataError("an empty name on a watchlist", expected="labels of people or tracks")


def check_keep(keep: timedelta | None) -> None:
    """Refuse to keep items for no time at all.

    Raises:
        DataError: the time is not above 0.
    """
    if keep is not None and keep <= timedelta(0):
        raise DataError(f"items kept for {keep}", expected="a time above 0")


def as_names(names: str | Collection[str]) -> list[str]:
    """One label or several, as a list."""
    return [names] if isinstance(names, str) else list(names)


def asked_labels(selections: Iterable[Selection]) -> tuple[set[str], set[str]]:
    """The people and the tracks that are asked for by name."""
    labels = [selection.labels for selection in selections]
    people, tracks = ({name for one in labels for name in one.get(kind, ())} for kind in ("person", "track"))
    return people, tracks


def check_for_erasure(selections: Collection[Selection]) -> None:
    """Refuse to erase everything by leaving out what.

    Raises:
        DataError: there is no selection, or one has no condition.
    """
    if not selections or any(selection.everything for selection in selections):
        raise DataError(
            "an erasure without a condition", expected="selections with at least one condition each"
        )
