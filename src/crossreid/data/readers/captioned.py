"""The shape that CUHK-PEDES, ICFG-PEDES and RSTPReid share: a JSON list of pictures with their captions."""

from collections.abc import Callable
from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import UNKNOWN
from crossreid.data.readers.layout import check_folders, check_keys, inside, read_json
from crossreid.data.readers.records import Record

PICTURES = "imgs"


def read_captioned(
    root: Path,
    annotations: Path,
    *,
    name: str,
    path_key: str,
    splits: tuple[str, ...],
    camera_of: Callable[[str], int] = lambda file: UNKNOWN,
) -> list[Record]:
    """A record for each picture, followed by one for each of its captions; empty captions are left out.

    Args:
        root: of the data set; pictures lie below its `imgs`.
        annotations: JSON list of objects with `id`, `captions`, `split` and the picture's path.
        name: of the data set, for messages.
        path_key: key of the path below `imgs`.
        splits: that may occur.
        camera_of: name of a picture -> camera.

    Raises:
        DataError: an object is not as described, or a folder of pictures is missing.
    """
    listed = read_json(annotations)
    if not isinstance(listed, list) or not listed:
        raise DataError(f"{annotations} holds no list", expected="a list with one object a picture")
    records: list[Record] = []
    for number, entry in enumerate(listed, start=1):
        where = f"{annotations}, picture {number}"
        found = check_keys(entry, ("id", path_key, "captions", "split"), where=where)
        if found["split"] not in splits:
            raise DataError(f"{where}: the split {found['split']!r}", expected=f"one of {', '.join(splits)}")
        path = inside(root / PICTURES, found[path_key], where=where)
        item = path.relative_to(root).as_posix()
        person = str(found["id"])
        camera = camera_of(path.name)
        records.append(
            Record(found["split"], Modality.RGB, person, item, path=path, camera=camera, source=item)
        )
        records += [
            Record(found["split"], Modality.TEXT, person, f"{item}#{place}", caption=caption, source=item)
            for place, caption in enumerate(check_captions(found["captions"], where=where))
            if caption.strip()
        ]
    check_folders(name, (record.path for record in records if record.path))
    return records


def check_captions(captions: object, *, where: str) -> list[str]:
    """A list of texts.

    Raises:
        DataError: it is anything else.
    """
    if not isinstance(captions, list) or not all(isinstance(caption, str) for caption in captions):
        raise DataError(f"{where}: captions {captions!r:.60}", expected="a list of texts")
    return captions
