"""What an edge pack says about itself: `pack.json`, beside the files that it lists."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from crossreid.core.errors import CheckpointError
from crossreid.data.preprocessing import Preprocessing

CARD = "pack.json"
TOKENIZER = "tokenizer.json"
_FORMAT = 1

Runtime = Literal["onnx", "openvino"]
Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True, slots=True)
class Pack:
    """The two towers of a student, ready for a runtime, and everything that surrounds them.

    Args:
        runtime: that runs the towers.
        precision: of the matrix products.
        dim: width of the vectors.
        fingerprint: `<hash of the pack>@<space of the model that it was made from>`.
        made_from: fingerprint of that model.
        preprocessing: of the pictures.
        start_token: before every caption; None for none.
        end_token: after every caption; its vector is pooled.
        longest_caption: in tokens, start and end included.
        parity: lowest cosine between the model and the pack on the inputs that were compared.
        checksums: SHA-256 of each file, by name.
    """

    runtime: Runtime
    precision: Precision
    dim: int
    fingerprint: str
    made_from: str
    preprocessing: Preprocessing
    start_token: int | None
    end_token: int
    longest_caption: int
    parity: float
    checksums: dict[str, str]

    def write(self, folder: Path) -> None:
        """Write the card into `folder`."""
        card = asdict(self) | {"format": _FORMAT, "preprocessing": self.preprocessing.to_dict()}
        (folder / CARD).write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def is_pack(folder: Path) -> bool:
    """Whether `folder` claims to be an edge pack."""
    return (folder / CARD).is_file()


def read_pack(folder: Path) -> Pack:
    """Read the card, and compare every file with its checksum.

    Raises:
        CheckpointError: the card is not one of ours, or a file is missing or changed.
    """
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        pack = _parse(card)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{folder / CARD} cannot be read: {error!r}", expected=f"the card of a pack of format {_FORMAT}"
        ) from error
    for name, expected in pack.checksums.items():
        file = folder / name
        found = checksum(file) if file.is_file() else "nothing"
        if found != expected:
            raise CheckpointError(
                f"{file} holds {found[:12]}", expected=expected[:12], remedy="copy or export the pack again"
            )
    return pack


def checksum(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _parse(card: dict[str, Any]) -> Pack:
    if card.pop("format") != _FORMAT:
        raise ValueError("another format")
    if card["runtime"] not in get_args(Runtime) or card["precision"] not in get_args(Precision):
        raise ValueError(f"runtime {card['runtime']!r} in {card['precision']!r}")
    if any(Path(name).name != name for name in card["checksums"]):
        raise ValueError("a file outside of the pack")
    values: dict[str, Any] = card | {"preprocessing": Preprocessing.from_dict(card["preprocessing"])}
    return Pack(**values)
