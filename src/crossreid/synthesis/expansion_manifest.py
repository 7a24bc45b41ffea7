"""The table of an expanded data set."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crossreid.core.modality import Modality
from crossreid.core.sample import UNKNOWN, Sample
from crossreid.data.dataset import Dataset
from crossreid.data.readers.manifest import COLUMNS
from crossreid.synthesis.expansion_plan import Work, source_of
from crossreid.synthesis.expansion_recipes import Recipe, seed_of
from crossreid.synthesis.files import write_table

MANIFEST_COLUMNS = (
    *(column for column in COLUMNS if column != "attributes"),
    "generator", "parameters", "made_from",
)  # fmt: skip
"""A manifest's own, and of each made picture: generator with version, its parameters, and the photograph's item."""

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    """What a manifest lists.

    Args:
        manifest: readable as the data set "manifest".
        kept: pictures and captions of each modality that the data set had.
        made: pictures of each modality that were made of its photographs.
        skipped: the table of pictures that could not be used; None where there are none.
    """

    manifest: Path
    kept: Counter[Modality]
    made: Counter[Modality]
    skipped: Path | None


def write_manifest(
    dataset: Dataset,
    folder: Path,
    plan: Sequence[Work],
    recipes: Sequence[Recipe],
    seed: int,
    skipped: Mapping[str, str],
) -> Written:
    """Write `manifest.csv`, and `skipped.csv` where there is anything to list.

    Args:
        dataset: that was expanded.
        folder: of the expansion.
        plan: of the pictures that stay.
        recipes: that the others were made by.
        seed: of the expansion.
        skipped: pictures that could not be used -> why. Captions of groups without any photograph go with them.
    """
    rows = list(_rows(dataset, plan, recipes, seed, skipped))
    table = folder / "skipped.csv"
    if skipped:
        lines = ({"picture": item, "reason": skipped[item]} for item in sorted(skipped))
        write_table(table, ("picture", "reason"), lines)
    else:
        table.unlink(missing_ok=True)
    write_table(folder / "manifest.csv", MANIFEST_COLUMNS, rows)
    kept, made = (
        Counter(Modality(row["modality"]) for row in rows if bool(row.get("generator")) is wanted)
        for wanted in (False, True)
    )
    return Written(folder / "manifest.csv", kept, made, table if skipped else None)


def _rows(
    dataset: Dataset, plan: Sequence[Work], recipes: Sequence[Recipe], seed: int, skipped: Mapping[str, str]
) -> Iterator[Row]:
    works = {work.row: work for work in plan}
    lost = _lost_groups(dataset, skipped)
    for number, sample in enumerate(dataset.samples):
        row = _row(dataset, number)
        if sample.modality == Modality.TEXT:
            if sample.source_id not in lost:
                yield row | {"caption": sample.caption or ""}
            continue
        work = works.get(number)
        if work is None or sample.item_id in skipped:
            continue
        path = work.copy or str(sample.path.absolute() if sample.path else "")
        yield row | {"path": path}
        for recipe in recipes:
            if recipe.modality in work.made:
                yield row | _made(recipe, work, seed)


def _row(dataset: Dataset, number: int) -> Row:
    sample = dataset.samples[number]
    known = sample.camera_id != UNKNOWN
    return {
        "modality": sample.modality.value,
        "person": _person(dataset, sample),
        "camera": str(sample.camera_id) if known else "",
        "source": source_of(sample) if sample.modality == Modality.RGB else sample.source_id,
        "split": dataset.splits[number] if dataset.splits else dataset.split,
        "time": dataset.times[number] if dataset.times else "",
    }


def _made(recipe: Recipe, work: Work, seed: int) -> Row:
    parameters = {"seed": seed_of(work.item_id, seed)} if recipe.weights is None else {}
    return {
        "path": work.made[recipe.modality],
        "modality": recipe.modality.value,
        "generator": recipe.generator,
        "parameters": json.dumps(parameters),
        "made_from": work.item_id,
    }


def _person(dataset: Dataset, sample: Sample) -> str:
    return "" if sample.person_id == UNKNOWN else dataset.labels[sample.person_id]


def _lost_groups(dataset: Dataset, skipped: Mapping[str, str]) -> set[str]:
    """Groups all of whose photographs could not be used."""
    photos = [sample for sample in dataset.samples if sample.modality == Modality.RGB and sample.source_id]
    whole = {sample.source_id for sample in photos if sample.item_id not in skipped}
    return {sample.source_id for sample in photos} - whole
