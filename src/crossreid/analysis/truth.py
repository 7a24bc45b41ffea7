"""What a drawn world knows about each of its pictures: who is on it, and how it was taken."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.data.readers.table import find_table, read_table
from crossreid.synthesis.pedestrians.attributes import SMALL_DETAILS, Pedestrian
from crossreid.synthesis.pedestrians.shot import Shot
from crossreid.synthesis.pedestrians.world import Group, World

_SOURCE = re.compile(r"(?P<split>\w+)/(?P<person>\d{5})_c\d+_(?P<group>\d{2,})")
_COARSE = 1.5

BODY = ("gender", "age", "height", "weight", "skin_tone", "hair_style", "hair_colour", "beard", "gait")
"""Attributes of people rather than of what they wear."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One encounter: the person, and how the picture was taken."""

    person: Pedestrian
    shot: Shot

    def properties(self) -> dict[str, str]:
        """Every attribute of the person, then the view, what stands in front, the quality and the camera."""
        worn = {name: str(value) for name, value in asdict(self.person).items()}
        quality = "bad" if self.shot.coarseness > _COARSE else "good"
        taken = {"view": self.shot.view, "in front": self.shot.occluder, "picture": quality}
        return worn | taken | {"camera": str(self.shot.camera_id)}

    def looks_like(self, other: "Truth") -> bool:
        """Whether the other is somebody else who differs in small details only."""
        mine, theirs = asdict(self.person), asdict(other.person)
        differing = {name for name in mine if mine[name] != theirs[name]}
        return bool(differing) and differing <= set(SMALL_DETAILS)


def read_truth(root: str | Path, source_ids: Iterable[str]) -> dict[str, Truth]:
    """The encounters behind some items of a drawn world: drawn anew from its seed, checked against its manifest.

    Args:
        root: folder of `crossreid data draw`.
        source_ids: of the items.

    Raises:
        DataError: the folder holds no drawn world, an item is not from it, or another version has drawn it.
    """
    root = Path(root)
    world = _world(root)
    written = {
        row["source"]: row["attributes"] for row in read_table(find_table(root))[1] if "attributes" in row
    }
    found: dict[str, Truth] = {}
    for source in dict.fromkeys(source_ids):
        match = _SOURCE.fullmatch(source)
        if match is None or source not in written:
            raise DataError(
                f"the source {source!r}",
                expected=f"one of the drawn world in {root}",
                remedy="name its --data",
            )
        group = world.group(match["split"], int(match["person"]), int(match["group"]))  # type: ignore[arg-type]
        _check_same(root, source, group, written[source])
        found[source] = Truth(group.person, group.shot)
    return found


def _world(root: Path) -> World:
    try:
        notes = json.loads((root / "world.json").read_text(encoding="utf-8"))
        return World(int(notes["seed"]), notes.get("style", "day"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"no drawn world in {root} ({error})", expected="a folder of crossreid data draw"
        ) from error


def _check_same(root: Path, source: str, group: Group, written: str) -> None:
    drawn = {name: str(value) for name, value in asdict(group.person).items()} | {"view": group.shot.view}
    try:
        known = {name: str(value) for name, value in json.loads(written).items()}
    except (ValueError, AttributeError) as error:
        raise DataError(f"the attributes {written!r} of {source}", expected="a JSON object") from error
    if known != drawn:
        raise DataError(
            f"{source} in {root}, which is somebody else by now",
            expected="a world drawn by this version",
            remedy="draw it again",
        )
