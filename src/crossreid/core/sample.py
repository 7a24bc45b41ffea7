"""One piece of evidence."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality

UNKNOWN = -1
"""The person or camera id of a sample whose person or camera is not known."""

_LONGEST = 80
"""Characters of a caption or path that are printed."""


@dataclass(frozen=True, slots=True, repr=False)
class Sample:
    """One image or caption of one person.

    Args:
        modality: kind of evidence; a caption is `text`, images are the other three.
        person_id: integer identity, `UNKNOWN` when not known.
        path: image file; exactly one of `path`, `image` and `caption` is given.
        caption: the words of a text sample.
        image: decoded picture, uint8 [height, width, 3], RGB.
        camera_id: integer camera, `UNKNOWN` when not known.
        source_id: key of the RGB image that this item was made from (its group); "" when there is none.
        item_id: unique name within its data set; the path or the caption when left out.

    Raises:
        DataError: content and modality do not fit each other.
    """

    modality: Modality
    person_id: int = UNKNOWN
    path: Path | None = None
    caption: str | None = None
    image: np.ndarray | None = None
    camera_id: int = UNKNOWN
    source_id: str = ""
    item_id: str = ""

    def __post_init__(self) -> None:
        given = [name for name in ("path", "caption", "image") if getattr(self, name) is not None]
        if len(given) != 1:
            raise DataError(f"a sample with {given or 'no content'}", expected="one of path, caption, image")
        if (self.modality == Modality.TEXT) != (given == ["caption"]):
            raise DataError(
                f"a {self.modality} sample made of a {given[0]}",
                expected="a caption for text, a path or image for rgb, ir and sketch",
            )
        if self.caption is not None and not self.caption.strip():
            raise DataError("an empty caption", expected="words")
        if self.image is not None and (self.image.dtype != np.uint8 or self.image.shape[2:] != (3,)):
            raise DataError(
                f"an image of {self.image.dtype} {self.image.shape}", expected="uint8 [height, width, 3], RGB"
            )
        if not self.item_id:
            object.__setattr__(self, "item_id", str(self.path or self.caption or ""))

    def __repr__(self) -> str:
        if self.image is not None:
            content = f"{self.image.shape[0]} x {self.image.shape[1]} px"
        else:
            text = str(self.caption or self.path)
            content = repr(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}...")
        known = [
            f"{name} {value}"
            for name, value in (("person", self.person_id), ("camera", self.camera_id))
            if value != UNKNOWN
        ]
        return f"Sample({', '.join([self.modality.value, content, *known])})"
