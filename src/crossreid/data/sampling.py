"""Which samples make a batch: identities x groups x modalities."""

from collections import defaultdict

import numpy as np

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset


class IdentitySampler:
    """Draws batches of `people` identities with `groups` groups each, all modalities of a group together.

    Every person comes once an epoch, in an order that depends on the seed and the epoch alone, so that a batch is
    a pure function of its number; the few who do not fill a last batch sit that epoch out. A person with fewer groups
    gives them repeatedly.

    Args:
        dataset: samples with a person and a group (`source_id`).
        people: identities a batch.
        groups: groups an identity.
        seed: of the order.
        items: at most so many of each modality of a group, drawn anew each time; None for all.

    Raises:
        DataError: the data set has fewer people than a batch needs.
    """

    def __init__(
        self, dataset: Dataset, *, people: int, groups: int, seed: int, items: int | None = None
    ) -> None:
        members: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for row, sample in enumerate(dataset.samples):
            if sample.person_id >= 0 and sample.source_id:
                members[sample.person_id][sample.source_id].append(row)
        if len(members) < people:
            raise DataError(
                f"{len(members)} people with groups in {dataset.name}",
                expected=f"at least {people}, a batch's worth",
                remedy="lower batch.people or use more data",
            )
        self._members = [list(by_group.values()) for _, by_group in sorted(members.items())]
        self.people, self.groups, self.seed, self.items = people, groups, seed, items
        self._modalities = [sample.modality for sample in dataset.samples]
        self.batches_per_epoch = len(members) // people

    def rows(self, number: int) -> list[int]:
        """Rows of the data set that make batch `number`."""
        epoch, place = divmod(number, self.batches_per_epoch)
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self._members))
        rng = np.random.default_rng([self.seed, epoch, place])
        rows: list[int] = []
        for person in order[place * self.people : (place + 1) * self.people]:
            groups = self._members[person]
            chosen = rng.choice(len(groups), size=self.groups, replace=len(groups) < self.groups)
            for group in chosen:
                rows += self._drawn(groups[group], rng)
        return rows

    def _drawn(self, group: list[int], rng: np.random.Generator) -> list[int]:
        if self.items is None:
            return group
        kinds: dict[Modality, list[int]] = defaultdict(list)
        for row in group:
            kinds[self._modalities[row]].append(row)
        drawn = [
            rows if len(rows) <= self.items else rng.choice(rows, size=self.items, replace=False).tolist()
            for rows in kinds.values()
        ]
        return sorted(row for rows in drawn for row in rows)
