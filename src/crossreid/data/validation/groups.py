"""Groups that lack a modality which others of their split have, and pictures that are listed for several people."""

from collections import defaultdict

from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.data.validation.counts import split_of
from crossreid.data.validation.report import Finding


def find_incomplete_groups(dataset: Dataset) -> list[Finding]:
    """Groups that lack a modality which at least one group of the same split has."""
    held: dict[tuple[str, str], set[Modality]] = defaultdict(set)
    usual: dict[str, set[Modality]] = defaultdict(set)
    for row, sample in enumerate(dataset.samples):
        if sample.source_id:
            split = split_of(dataset, row)
            held[split, sample.source_id].add(sample.modality)
            usual[split].add(sample.modality)
    cases = [
        f"{source_id} lacks {', '.join(sorted(usual[split] - modalities))}"
        for (split, source_id), modalities in held.items()
        if modalities != usual[split]
    ]
    if not cases:
        return []
    summary = f"{len(cases)} of {len(held)} groups lack a modality that others have"
    return [Finding("incomplete groups", "fault", summary, tuple(cases))]


def find_contested_pictures(dataset: Dataset) -> list[Finding]:
    """Files that are listed for more than one person."""
    people: dict[str, set[int]] = defaultdict(set)
    for sample in dataset.samples:
        if sample.path is not None:
            people[str(sample.path)].add(sample.person_id)
    cases = [f"{path}: {len(bearers)} people" for path, bearers in people.items() if len(bearers) > 1]
    if not cases:
        return []
    summary = f"{len(cases)} pictures are listed for several people"
    return [Finding("contested pictures", "fault", summary, tuple(cases))]
