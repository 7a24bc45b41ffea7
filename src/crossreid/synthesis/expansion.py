"""A data set of photographs becomes one of four modalities, as QrCM-ReID was made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.synthesis.expansion_manifest import Written, write_manifest
from crossreid.synthesis.expansion_plan import plan_expansion
from crossreid.synthesis.expansion_recipes import Recipe, read_recipe
from crossreid.synthesis.expansion_tasks import Done, Task, expand_pictures
from crossreid.synthesis.files import claim_folder
from crossreid.synthesis.processes import run_tasks

_FORMAT = 1  # of the folder; raised when the same parameters give other files


@dataclass(frozen=True, slots=True)
class Expansion:
    """What an expansion wrote.

    Args:
        written: the manifest and what is in it.
        new: files that this run wrote, without tables.
        skipped: pictures that could not be used -> why.
    """

    written: Written
    new: int
    skipped: dict[str, str]


def expand_dataset(
    dataset: Dataset,
    folder: str | Path,
    *,
    sketch: str = "drawn",
    infrared: str = "rendered",
    replace: bool = False,
    copy: bool = False,
    seed: int = 0,
    batch_size: int = 16,
    workers: int = 2,
    device: str | None = None,
    progress: bool = True,
) -> Expansion:
    """Make a sketch and an infrared picture of every photograph that has none, and a manifest of all.

    An interrupted run goes on where it stopped when called again with the same arguments; what is there then is the
    same, to the byte, as after a run that nothing stopped, whatever the number of workers. Pictures that cannot be
    read are left out with the captions of their group, and listed in `skipped.csv`; a later run tries them again.

    Args:
        dataset: with photographs.
        folder: made if need be; receives `sketch/`, `ir/`, `expansion.json` and, last of all, `manifest.csv`.
        sketch: "drawn", "none", or a trained translator; see `read_recipe`.
        infrared: "rendered", "none", or a trained translator.
        replace: make new sketches and infrared pictures also where there are some, and leave those out.
        copy: copy the photographs and other pictures into the folder; else the manifest names them where they are.
        seed: of pencils and sensors.
        batch_size: pictures that a process takes at a time.
        workers: processes; 1 works in this one.
        device: that translators run on; None for cuda where available.
        progress: draw a progress bar on standard error.

    Raises:
        ConfigurationError: nothing is to be made, or a number is impossible.
        DataError: there is no photograph, none can be read, or the folder holds something else.
        CheckpointError: a translator is damaged.
    """
    if batch_size < 1 or workers < 1:
        raise ConfigurationError(f"{workers} workers with batches of {batch_size}", expected="1 or more")
    chosen = (
        read_recipe(Modality.SKETCH, sketch, device=device),
        read_recipe(Modality.IR, infrared, device=device),
    )
    recipes = tuple(recipe for recipe in chosen if recipe is not None)
    if not recipes:
        raise ConfigurationError("neither sketches nor infrared pictures", expected="one of them to be made")
    made = [recipe.modality for recipe in recipes]
    plan = plan_expansion(dataset, made, replace=replace, copy=copy)
    if not any(sample.modality == Modality.RGB for sample in dataset.samples):
        raise DataError(f"{dataset.name} without photographs", expected="at least one of modality rgb")
    folder = Path(folder)
    claim_folder(folder, "expansion", _claim(dataset, recipes, replace, copy, seed, batch_size))
    _remove_parts(folder)
    tasks = [
        Task(folder, plan[start : start + batch_size], recipes, seed)
        for start in range(0, len(plan), batch_size)
    ]
    new, skipped = 0, {}
    for done in _tracked(tasks, workers, total=len(plan), shown=progress):
        new += done.new
        skipped |= done.skipped
    if skipped and len(skipped) == sum(bool(work.outputs) for work in plan):
        raise DataError(
            f"none of {len(skipped)} pictures can be used, the first as {next(iter(skipped.values()))}",
            expected="photographs",
        )
    return Expansion(write_manifest(dataset, folder, plan, recipes, seed, skipped), new, skipped)


def _claim(
    dataset: Dataset, recipes: Sequence[Recipe], replace: bool, copy: bool, seed: int, batch_size: int
) -> dict[str, object]:
    # The last digits of a network's result depend on what is beside a picture in its batch.
    batch: dict[str, object] = {"batch_size": batch_size} if any(recipe.weights for recipe in recipes) else {}
    return {
        "format": _FORMAT,
        "dataset": dataset.name,
        "split": dataset.split,
        "generators": {str(recipe.modality): recipe.generator for recipe in recipes},
        "replace": replace,
        "copy": copy,
        "seed": seed,
    } | batch


def _remove_parts(folder: Path) -> None:
    """What a killed run left half written."""
    for part in folder.rglob(".*.part"):
        part.unlink(missing_ok=True)


def _tracked(tasks: Sequence[Task], workers: int, *, total: int, shown: bool) -> Iterator[Done]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=not shown) as bar:
        expanding = bar.add_task("Expanding pictures", total=total)
        for task, done in run_tasks(expand_pictures, tasks, workers=min(workers, max(1, len(tasks)))):
            bar.advance(expanding, len(task.works))
            yield done
