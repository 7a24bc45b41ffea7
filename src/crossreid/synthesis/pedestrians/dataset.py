"""A piece of the procedural world as files: pictures and a manifest, read like any other data set."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from crossreid.core.errors import ConfigurationError
from crossreid.data.readers.manifest import COLUMNS
from crossreid.synthesis.files import claim_folder, encode_jpeg, write_atomically, write_table
from crossreid.synthesis.pedestrians.style import Style
from crossreid.synthesis.pedestrians.world import SPLITS, Group, Split, World
from crossreid.synthesis.processes import run_tasks

_FORMAT = 2  # of the folder; raised when the same parameters give other files
_PEOPLE_PER_TASK = 4
_JPEG_QUALITY = 92


@dataclass(frozen=True, slots=True)
class _Task:
    """People `start` to `stop` of a split, for one worker."""

    folder: Path
    seed: int
    style: Style
    split: Split
    start: int
    stop: int
    groups_per_person: int


def write_world(
    folder: str | Path,
    *,
    seed: int,
    people: Mapping[str, int],
    groups_per_person: int,
    style: Style = "day",
    workers: int = 2,
    progress: bool = True,
) -> Path:
    """Draw a world into `folder`; an interrupted run goes on where it stopped when called again.

    Files: `<split>/<rgb|ir|sketch>/<person>_c<camera>_<group>.jpg`, 280 x 140 pixels, `world.json` with
    the parameters, and last of all `manifest.csv` (its presence says that the world is complete).

    Args:
        folder: made if need be.
        seed: of the world.
        people: how many people of each split.
        groups_per_person: encounters a person, each of a photo, an infrared picture, a sketch and a caption.
        style: how the pictures look; the site's captions are its own too.
        workers: processes; 1 draws in this one.
        progress: draw a progress bar on standard error.

    Returns:
        The path of the manifest.

    Raises:
        ConfigurationError: an unknown split or style, or a number below one.
        DataError: the folder holds something else.
    """
    folder = Path(folder)
    counts: dict[Split, int] = {split: people[split] for split in SPLITS if people.get(split)}
    _check_request(people, groups_per_person, workers)
    world = World(seed, style)
    claimed: dict[str, object] = {
        "format": _FORMAT,
        "seed": seed,
        "people": counts,
        "groups_per_person": groups_per_person,
    }
    if style != "day":  # what was drawn before there were styles stays valid
        claimed["style"] = style
    claim_folder(folder, "world", claimed)
    manifest = folder / "manifest.csv"
    if manifest.exists():
        return manifest
    tasks = [
        _Task(
            folder, world.seed, style, split, start, min(start + _PEOPLE_PER_TASK, count), groups_per_person
        )
        for split, count in counts.items()
        for start in range(0, count, _PEOPLE_PER_TASK)
    ]
    rows: dict[tuple[Split, int], list[dict[str, str]]] = {}
    for task, written in _tracked(
        run_tasks(_draw, tasks, workers=workers), total=sum(counts.values()), shown=progress
    ):
        rows[task.split, task.start] = written
    columns = [column for column in COLUMNS if column != "time"]
    write_table(manifest, columns, (row for task in tasks for row in rows[task.split, task.start]))
    return manifest


def _check_request(people: Mapping[str, int], groups_per_person: int, workers: int) -> None:
    unknown = set(people) - set(SPLITS)
    if unknown:
        raise ConfigurationError(f"splits {sorted(unknown)}", expected=f"some of {', '.join(SPLITS)}")
    if any(count < 0 for count in people.values()) or not any(people.values()):
        raise ConfigurationError(
            f"people {dict(people)}", expected="at least one person, and no negative number"
        )
    for name, value in (("groups_per_person", groups_per_person), ("workers", workers)):
        if value < 1:
            raise ConfigurationError(f"{name} {value}", expected="1 or more")


def _tracked(
    results: Iterable[tuple[_Task, list[dict[str, str]]]], *, total: int, shown: bool
) -> Iterator[tuple[_Task, list[dict[str, str]]]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=not shown) as bar:
        drawing = bar.add_task("Drawing people", total=total)
        for task, written in results:
            bar.advance(drawing, task.stop - task.start)
            yield task, written


def _draw(task: _Task) -> list[dict[str, str]]:
    """Write the pictures that are not there yet; return the manifest's rows of all."""
    world, rows = World(task.seed, task.style), []
    for modality in ("rgb", "ir", "sketch"):
        (task.folder / task.split / modality).mkdir(parents=True, exist_ok=True)
    for person_index in range(task.start, task.stop):
        for group_index in range(task.groups_per_person):
            rows += _draw_group(task, world.group(task.split, person_index, group_index))
    return rows


def _draw_group(task: _Task, group: Group) -> list[dict[str, str]]:
    name = f"{group.person_index:05d}_c{group.camera_id}_{group.group_index:02d}"
    shared = dict.fromkeys(COLUMNS, "") | {
        "person": f"{task.split}-{group.person_index:05d}",
        "camera": str(group.camera_id),
        "source": f"{task.split}/{name}",
        "split": task.split,
        "attributes": json.dumps(asdict(group.person) | {"view": group.shot.view}),
    }
    rows = []
    for modality, render in (("rgb", group.rgb), ("ir", group.infrared), ("sketch", group.sketch)):
        path = f"{task.split}/{modality}/{name}.jpg"
        if not (task.folder / path).exists():
            write_atomically(task.folder / path, encode_jpeg(render(), quality=_JPEG_QUALITY))
        rows.append(shared | {"path": path, "modality": modality})
    return [*rows, shared | {"caption": group.caption, "modality": "text"}]
