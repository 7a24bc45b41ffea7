"""What a data set holds, against what it is said to hold, and who is in which split."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from crossreid.core.modality import VISUAL
from crossreid.core.sample import UNKNOWN
from crossreid.data.dataset import Dataset
from crossreid.data.validation.official import OfficialCount
from crossreid.data.validation.report import Finding, SplitCounts

_SAME_PEOPLE = (frozenset({"query", "gallery"}), frozenset({"train", "val"}))


def split_of(dataset: Dataset, row: int) -> str:
    """The split of a sample; "" where the data set knows of none."""
    return dataset.splits[row] if dataset.splits else dataset.split


def count_splits(dataset: Dataset) -> tuple[SplitCounts, ...]:
    """A row for each split, in the order of their first samples."""
    samples: dict[str, Counter[str]] = defaultdict(Counter)
    people = _people(dataset)
    for row, sample in enumerate(dataset.samples):
        samples[split_of(dataset, row)][sample.modality.value] += 1
    return tuple(SplitCounts(split, len(people[split]), dict(held)) for split, held in samples.items())


def compare_counts(dataset: Dataset, official: Sequence[OfficialCount]) -> list[Finding]:
    """Findings for each number that differs from the published one: a note where that is not confirmed."""
    people = _people(dataset)
    held = {row.split: row.samples for row in count_splits(dataset)}
    differing: dict[bool, list[str]] = {True: [], False: []}
    for count in official:
        if count.what == "people":
            found = len(set().union(*(people[split] for split in count.splits)))
        else:
            kinds = sorted(VISUAL) if count.what == "pictures" else [count.what]
            found = sum(held.get(split, {}).get(kind, 0) for split in count.splits for kind in kinds)
        if found != count.number:
            what = f"{'+'.join(count.splits)}: {found} {count.what}, published {count.number}"
            differing[count.confirmed].append(what)
    findings = []
    if differing[True]:
        summary = f"{len(differing[True])} numbers differ from the published ones"
        findings.append(Finding("counts", "fault", summary, tuple(differing[True])))
    if differing[False]:
        summary = f"{len(differing[False])} numbers differ from those that we could not confirm"
        findings.append(Finding("unconfirmed counts", "note", summary, tuple(differing[False])))
    return findings


def find_shared_people(dataset: Dataset, *, same_people: bool) -> list[Finding]:
    """People in several splits; queries and gallery always share theirs.

    Args:
        dataset: of several splits.
        same_people: training and validation may share people, as in MSMT17.
    """
    allowed = _SAME_PEOPLE if same_people else _SAME_PEOPLE[:1]
    splits_of: dict[int, set[str]] = defaultdict(set)
    for split, people in _people(dataset).items():
        for person in people:
            splits_of[person].add(split)
    cases = [
        f"{dataset.labels[person]}: {', '.join(sorted(splits))}"
        for person, splits in sorted(splits_of.items())
        if len(splits) > 1 and not any(splits <= pair for pair in allowed)
    ]
    if not cases:
        return []
    return [Finding("shared people", "fault", f"{len(cases)} people are in several splits", tuple(cases))]


def _people(dataset: Dataset) -> dict[str, set[int]]:
    people: dict[str, set[int]] = defaultdict(set)
    for row, sample in enumerate(dataset.samples):
        if sample.person_id != UNKNOWN:
            people[split_of(dataset, row)].add(sample.person_id)
    return people
