"""People of the procedural world, for those who bring no pictures of their own."""

from collections.abc import Collection, Sequence

from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.synthesis.pedestrians.world import Split, World


def drawn_samples(split: Split, *, people: int) -> list[Sample]:
    """One encounter of each person: a photograph, an infrared picture, a sketch and a caption."""
    samples = []
    for person in range(people):
        group = World(0).group(split, person, 0)
        samples += [
            Sample(Modality.RGB, person_id=person, image=group.rgb()),
            Sample(Modality.IR, person_id=person, image=group.infrared()),
            Sample(Modality.SKETCH, person_id=person, image=group.sketch()),
            Sample(Modality.TEXT, person_id=person, caption=group.caption),
        ]
    return samples


def fill_in(
    given: Sequence[Sample], split: Split, *, people: int, kinds: Collection[Modality] = frozenset(Modality)
) -> list[Sample]:
    """The samples that are given, and drawn people for those kinds of evidence that they lack."""
    lacking = set(kinds) - {sample.modality for sample in given}
    drawn = drawn_samples(split, people=people) if lacking else []
    return [*given, *(sample for sample in drawn if sample.modality in lacking)]
