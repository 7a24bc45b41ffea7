"""All checks of one data set."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from crossreid.core.errors import ConfigurationError
from crossreid.data.dataset import Dataset
from crossreid.data.loading import load_dataset
from crossreid.data.validation.captions import find_corrupt_captions, find_repeated_captions
from crossreid.data.validation.counts import (
    compare_counts,
    count_splits,
    find_shared_people,
    split_of,
)
from crossreid.data.validation.duplicates import Picture, find_duplicates, find_leaks
from crossreid.data.validation.groups import find_contested_pictures, find_incomplete_groups
from crossreid.data.validation.near_copies import near_copies
from crossreid.data.validation.official import OFFICIAL
from crossreid.data.validation.pictures import Scan, scan_pictures
from crossreid.data.validation.report import Finding, ValidationReport

_SHARES_PEOPLE = ("msmt17",)


def check_dataset(
    name: str,
    root: str | Path,
    *,
    against: tuple[str, str | Path] | None = None,
    workers: int = 2,
    progress: bool = False,
) -> ValidationReport:
    """Read all splits of a data set, open every picture, and say what is wrong.

    Args:
        name: of the format, as for `load_dataset`.
        root: where it lies.
        against: name and root of another data set, whose pictures should not be in this one.
        workers: processes that open pictures.
        progress: draw a progress bar on standard error.

    Raises:
        DataError: the tree is so wrong that it cannot be read.
        ConfigurationError: fewer than one worker.
    """
    if workers < 1:
        raise ConfigurationError(f"{workers} workers", expected="1 or more")
    dataset = load_dataset(name, root)
    pictures = list(_pictures(dataset, name))
    findings = [
        *compare_counts(dataset, OFFICIAL.get(name, ())),
        *find_shared_people(dataset, same_people=name in _SHARES_PEOPLE),
        *find_incomplete_groups(dataset),
        *find_contested_pictures(dataset),
        *find_repeated_captions(dataset),
        *find_corrupt_captions(dataset),
    ]
    others: list[Picture] = []
    if against is not None:
        label = against[0] if against[0] != name else f"{against[0]} in {against[1]}"
        others = list(_pictures(load_dataset(*against), label))
    scan = scan_pictures(_paths([*pictures, *others]), workers=workers, progress=progress)
    findings += _look(pictures, others, scan, name)
    return ValidationReport(name, str(root), count_splits(dataset), len(pictures), tuple(findings))


def _pictures(dataset: Dataset, name: str) -> Iterator[Picture]:
    """Each file once, as it is listed first."""
    seen: set[Path] = set()
    for row, sample in enumerate(dataset.samples):
        if sample.path is not None and sample.path not in seen:
            seen.add(sample.path)
            yield Picture(sample, split_of(dataset, row), name)


def _paths(pictures: Sequence[Picture]) -> list[Path]:
    return [picture.sample.path for picture in pictures if picture.sample.path is not None]


def _look(pictures: list[Picture], others: list[Picture], scan: Scan, name: str) -> list[Finding]:
    own = len(pictures)
    unreadable = [error for row, error in sorted(scan.errors.items()) if row < own]
    blank = [str(pictures[row]) for row in np.flatnonzero(scan.blank[:own])]
    findings = []
    if unreadable:
        summary = f"{len(unreadable)} of {own} pictures cannot be read"
        findings.append(Finding("unreadable", "fault", summary, tuple(unreadable)))
    if blank:
        findings.append(Finding("blank", "fault", f"{len(blank)} pictures are of one tone", tuple(blank)))
    findings += find_duplicates(_clusters(pictures, scan))
    if others:
        findings += find_leaks(_clusters([*pictures, *others], scan), name)
    return findings


def _clusters(pictures: list[Picture], scan: Scan) -> list[list[Picture]]:
    """Near copies of one modality each: an infrared picture may well look like the photograph that it was made from."""
    comparable = scan.comparable[: len(pictures)]
    modalities = np.array([picture.sample.modality.value for picture in pictures])
    found = []
    for modality in np.unique(modalities):
        rows = np.flatnonzero(comparable & (modalities == modality))
        clusters = near_copies(scan.codes[rows], scan.thumbnails[rows])
        found += [[pictures[row] for row in rows[cluster]] for cluster in clusters]
    return found
