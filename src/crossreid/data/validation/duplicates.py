"""What near copies mean: the same picture twice, under two people, in two splits, or in two data sets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crossreid.core.sample import UNKNOWN, Sample
from crossreid.data.validation.report import Finding, Severity

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Picture:
    """Where a picture stands.

    Args:
        sample: of it.
        split: of its data set.
        dataset: name of its data set.
    """

    sample: Sample
    split: str
    dataset: str

    def __str__(self) -> str:
        return f"{self.sample.item_id} ({self.split or 'all'})"


def find_duplicates(clusters: Iterable[Sequence[Picture]]) -> list[Finding]:
    """Sort clusters of near copies within one data set by what they spoil.

    Queries and gallery are one side here: both are looked at in the same test.
    """
    across: list[str] = []
    contested: list[str] = []
    harmless: list[str] = []
    for cluster in clusters:
        sides = {"test" if picture.split in ("query", "gallery") else picture.split for picture in cluster}
        people = {picture.sample.person_id for picture in cluster} - {UNKNOWN}
        target = across if len(sides) > 1 else contested if len(people) > 1 else harmless
        target.append(_case(cluster))
    return [
        *_finding("copies across splits", "fault", across, "pictures are in several splits"),
        *_finding("copies across people", "fault", contested, "pictures are of several people of one split"),
        *_finding("copies", "note", harmless, "pictures occur more than once within a split"),
    ]


def find_leaks(clusters: Iterable[Sequence[Picture]], name: str) -> list[Finding]:
    """Clusters that hold pictures of more than one data set, by the splits that share them.

    Args:
        clusters: of near copies.
        name: of the data set that is checked; the others are what it is held against.
    """
    cases: dict[str, list[str]] = {}
    for cluster in clusters:
        own = sorted({picture.split or "all" for picture in cluster if picture.dataset == name})
        others = sorted(
            {
                f"{picture.split or 'all'} of {picture.dataset}"
                for picture in cluster
                if picture.dataset != name
            }
        )
        if own and others:
            cases.setdefault(f"{', '.join(own)} and {', '.join(others)}", []).append(_case(cluster))
    return [
        Finding("shared pictures", "fault", f"{len(found)} pictures are in {where}", tuple(found))
        for where, found in sorted(cases.items())
    ]


def _finding(kind: str, severity: Severity, cases: list[str], what: str) -> list[Finding]:
    return [Finding(kind, severity, f"{len(cases)} {what}", tuple(cases))] if cases else []


def _case(cluster: Sequence[Picture]) -> str:
    shown = " = ".join(map(str, cluster[:_SHOWN]))
    return shown + (f" = {len(cluster) - _SHOWN} more" if len(cluster) > _SHOWN else "")
