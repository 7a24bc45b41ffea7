"""What an encoder is given, as samples: the one place where a string, a path or a picture becomes evidence."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import UNKNOWN, Sample

PICTURE_ENDINGS = (".bmp", ".jpeg", ".jpg", ".png", ".webp")
"""Of the names of pictures that can be read, in lower case."""

_OTHER_PICTURE_ENDINGS = (".avif", ".gif", ".heic", ".jfif", ".svg", ".tif", ".tiff")
_BEGINNINGS_OF_PATHS = ("/", "./", "../", "~/")


@runtime_checkable
class Picture(Protocol):
    """A PIL image, known by its method: the core needs no PIL."""

    def convert(self, mode: str) -> "Picture":
        """The same picture in another mode."""
        ...


Item: TypeAlias = Sample | Path | str | np.ndarray | Picture | tuple[Sample, ...]
"""One piece of evidence; a tuple is one query of several pieces."""

Items: TypeAlias = Item | Iterable[Item]
"""What `encode` takes. A tuple that is not in a list counts as a list of its samples."""


def list_items(items: Items) -> list[Item]:
    """Return several items as a list, and a single one as a list of one.

    A 4-dimensional array is a list of pictures.

    Raises:
        DataError: it is neither.
    """
    if isinstance(items, Sample | Path | str | Picture):
        return [items]
    if isinstance(items, np.ndarray):
        return [items] if items.ndim < 4 else list(items)
    if isinstance(items, Iterable):
        return list(items)
    raise _unknown(items)


def as_samples(items: Items, *, modality: Modality | str | None = None) -> list[Sample]:
    """Wrap bare paths, pictures and captions as samples; check that samples agree with `modality`.

    Without a modality, paths and pictures are `rgb`. A string that names an existing picture file is that picture, and
    any other string is a caption, unless it looks like a path.

    Raises:
        DataError: an item is of no known type, is a sample of another modality, or may be a caption or a path.
    """
    wanted = None if modality is None else _modality(modality)
    return [_as_sample(item, wanted) for item in list_items(items)]


def as_queries(items: Items, *, modality: Modality | str | None = None) -> list[tuple[Sample, ...]]:
    """As `as_samples`, where an item may be a tuple: pieces of evidence that are asked with together.

    Raises:
        DataError: a tuple is empty, or its pieces are known to be of several people.
    """
    queries = [
        tuple(as_samples(item if isinstance(item, tuple) else [item], modality=modality))
        for item in list_items(items)
    ]
    for number, pieces in enumerate(queries):
        people = {piece.person_id for piece in pieces} - {UNKNOWN}
        if not pieces or len(people) > 1:
            raise DataError(
                f"query {number} with {len(pieces)} pieces of {len(people)} people",
                expected="one or more pieces of one person",
            )
    return queries


def check_modalities(samples: Iterable[Sample], taken: frozenset[Modality]) -> None:
    """Make sure that an encoder takes all kinds of evidence among the samples.

    Raises:
        DataError: it does not.
    """
    unknown = {sample.modality for sample in samples} - taken
    if unknown:
        raise DataError(
            f"{', '.join(sorted(unknown))} for an encoder of pictures",
            expected=", ".join(sorted(taken)),
            remedy="leave them out, or take an encoder of words",
        )


def _modality(name: Modality | str) -> Modality:
    try:
        return Modality(name)
    except ValueError as error:
        raise DataError(f"modality {name!r}", expected=f"one of {', '.join(Modality)}") from error


def _as_sample(item: Item, modality: Modality | None) -> Sample:
    if isinstance(item, Sample):
        if modality is not None and item.modality != modality:
            raise DataError(
                f"a {item.modality} sample among {modality} items", expected=f"{modality} samples"
            )
        return item
    if isinstance(item, str):
        return _of_string(item, modality)
    if not isinstance(item, Path | np.ndarray | Picture):
        raise _unknown(item)
    if modality == Modality.TEXT:
        raise DataError(f"a {type(item).__name__} as text", expected="a caption (str)")
    visual = modality or Modality.RGB
    if isinstance(item, Path):
        return Sample(visual, path=item)
    return Sample(visual, image=item if isinstance(item, np.ndarray) else _pixels(item))


def _of_string(text: str, modality: Modality | None) -> Sample:
    if modality == Modality.TEXT:
        return Sample(Modality.TEXT, caption=text)
    if modality is not None:
        return Sample(modality, path=Path(text))
    named_as_picture = text.lower().endswith(PICTURE_ENDINGS)
    if os.path.exists(text):  # noqa: PTH110 which raises for captions that are longer than a file name may be
        if named_as_picture and not os.path.isdir(text):  # noqa: PTH112
            return Sample(Modality.RGB, path=Path(text))
        raise DataError(
            f"{text!r}, which is a caption or the {'folder' if Path(text).is_dir() else 'file'} of that name",
            expected="words, or the name of a picture",
            remedy='pass modality="text" for the words, and Path(...) for a picture',
        )
    if named_as_picture or _looks_like_a_path(text):
        raise DataError(
            f"{text!r}, where there is no file",
            expected="an existing picture, or words",
            remedy='check the path, or pass modality="text" if these are words',
        )
    return Sample(Modality.TEXT, caption=text)


def _looks_like_a_path(text: str) -> bool:
    one_word = len(text.split()) == 1
    return (
        text.lower().endswith(_OTHER_PICTURE_ENDINGS)
        or text.startswith(_BEGINNINGS_OF_PATHS)
        or (one_word and "/" in text)
    )


def _pixels(picture: Picture) -> np.ndarray:
    """RGB, with what is transparent laid over white, as in pictures that are read from files."""
    rgba = np.asarray(picture.convert("RGBA"), dtype=np.uint16)
    alpha = rgba[:, :, 3:]
    return ((rgba[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _unknown(item: object) -> DataError:
    return DataError(
        f"an item of type {type(item).__name__}",
        expected="a Sample, path, picture or caption",
        remedy="several pieces as one query need a Qwen2-VL; fuse() joins vectors"
        if isinstance(item, tuple)
        else "",
    )
