"""The one file of a folder gallery that decides what counts."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crossreid.core.errors import DataError
from crossreid.gallery.parts import write_json
from crossreid.gallery.proofs import proof_content, read_proof
from crossreid.gallery.records import EncoderRecord, ErasureProof, IndexRecord, Watchlist

STATE, PARTS, CROPS, ERASURES = "gallery.json", "parts", "crops", "erasures"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Coming:
    """The encoder that is to replace the current one, and the parts with its vectors."""

    encoder: EncoderRecord
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Basis:
    """The index, and the name of the part that holds its directions."""

    record: IndexRecord
    name: str


@dataclass(frozen=True, slots=True)
class State:
    """What `gallery.json` says.

    Args:
        encoder: that filled the gallery.
        created: when it was made.
        parts: the names of its parts, in order.
        rotation: of the vectors.
        dim: their width; 0 before there are any, and in galleries of earlier versions.
        coming: the encoder that is to replace it.
        index: for quick searches.
        retentions: how long items of a collection are kept.
        watchlists: by name.
        erasures: the proofs, oldest first.
    """

    encoder: EncoderRecord
    created: str
    parts: tuple[str, ...] = ()
    rotation: str = ""
    dim: int = 0
    coming: Coming | None = None
    index: Basis | None = None
    retentions: Mapping[str, timedelta] = field(default_factory=dict)
    watchlists: Mapping[str, Watchlist] = field(default_factory=dict)
    erasures: tuple[ErasureProof, ...] = ()

    @property
    def files(self) -> set[str]:
        """Names of everything in the folder of parts that counts."""
        coming = self.coming.parts if self.coming else ()
        return {*self.parts, *coming, *([self.index.name] if self.index else [])}

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
            if content.pop("version") != _FORMAT:
                raise DataError(f"{file} of another version", expected=f"version {_FORMAT}")
            return cls(**_read(content))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"{file} is damaged ({error})",
                expected="the index of a gallery",
                remedy="index into a new folder",
            ) from error

    def save(self, folder: Path) -> None:
        """Commit."""
        content = asdict(self) | {
            "retentions": {name: keep.total_seconds() for name, keep in self.retentions.items()},
            "erasures": list(map(proof_content, self.erasures)),
        }
        write_json(folder / STATE, {"version": _FORMAT, **content})


def _read(content: dict[str, Any]) -> dict[str, Any]:
    read = content | {"encoder": EncoderRecord(**content["encoder"]), "parts": tuple(content["parts"])}
    if coming := content.get("coming"):
        read["coming"] = Coming(EncoderRecord(**coming["encoder"]), tuple(coming["parts"]))
    if index := content.get("index"):
        read["index"] = Basis(IndexRecord(**index["record"]), index["name"])
    read["retentions"] = {
        name: timedelta(seconds=keep) for name, keep in content.get("retentions", {}).items()
    }
    read["watchlists"] = {
        name: Watchlist(name, tuple(one["people"]), tuple(one["tracks"]))
        for name, one in content.get("watchlists", {}).items()
    }
    read["erasures"] = tuple(map(read_proof, content.get("erasures", ())))
    return read
