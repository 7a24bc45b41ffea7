"""The one file of a folder gallery that decides what counts."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.gallery.gallery import EncoderRecord
from crossreid.gallery.parts import write_json

STATE, PARTS = "gallery.json", "parts"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class State:
    """What `gallery.json` says: the encoder, when the gallery was made, and the names of its parts in order."""

    encoder: EncoderRecord
    created: str
    parts: tuple[str, ...] = ()

    @classmethod
    def new(cls, encoder: EncoderRecord) -> "State":
        """An empty gallery of today."""
        return cls(encoder=encoder, created=datetime.now(UTC).isoformat(timespec="seconds"))

    @classmethod
    def load(cls, folder: Path) -> "State | None":
        """Read it; None where there is no gallery yet.

        Raises:
            DataError: it is damaged or of another version, or the folder holds something else.
        """
        file = folder / STATE
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            if content["version"] != _FORMAT:
                raise DataError(f"{file} of version {content['version']!r}", expected=f"version {_FORMAT}")
            encoder = EncoderRecord(**content["encoder"])
            return cls(encoder=encoder, created=content["created"], parts=tuple(content["parts"]))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{file} is damaged ({error})",
                expected="the index of a gallery",
                remedy="index into a new folder",
            ) from error

    def save(self, folder: Path) -> None:
        """Commit."""
        write_json(folder / STATE, {"version": _FORMAT, **asdict(self)})
