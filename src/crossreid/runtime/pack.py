"""What an edge pack says about itself: `pack.json`, beside the files that it lists."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from crossreid.core.basis import PrincipalBasis
from crossreid.core.errors import CheckpointError, ConfigurationError
from crossreid.data.preprocessing import Preprocessing
from crossreid.runtime.parity import Parity
from crossreid.runtime.probes import Verification

CARD = "pack.json"
TOKENIZER = "tokenizer.json"
BASIS = "basis.safetensors"
_FORMAT = 3

Runtime = Literal["onnx", "openvino"]
Precision = Literal["fp32", "fp16", "bf16", "int8"]


@dataclass(frozen=True, slots=True)
class Quantisation:
    """How a pack came to its eight bits.

    Args:
        data: what the ranges of the activations were measured on.
        pictures: how many of them.
        captions: how many of them.
        quantised_layers: matrix products and convolutions in eight bits.
        float_layers: names of those that stayed in float.
    """

    data: str
    pictures: int
    captions: int
    quantised_layers: int
    float_layers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """The two towers of a student, ready for a runtime, and everything that surrounds them.

    Args:
        runtime: that runs the towers.
        precision: of the matrix products.
        dim: width of the vectors.
        rotation: fingerprint of the principal basis that the vectors are in, whose first `dim` directions lie
            in the pack; "" for the vectors of the model itself.
        fingerprint: `<hash of the pack>@<space of the model that it was made from>`.
        made_from: fingerprint of that model.
        preprocessing: of the pictures.
        prompts: put around captions; a CLIP student has none.
        start_token: before every caption; None for none.
        end_token: after every caption; CLIP pools its vector.
        padding_token: fills up short captions.
        longest_caption: in tokens, start and end included; 0 for a pack that takes pictures alone.
        parity: agreement with that model.
        quantisation: of an int8 pack, else None.
        verified: where it was compared with that model.
        checksums: SHA-256 of each file, by name.
    """

    runtime: Runtime
    precision: Precision
    dim: int
    rotation: str
    fingerprint: str
    made_from: str
    preprocessing: Preprocessing
    prompts: dict[str, str]
    start_token: int | None
    end_token: int
    padding_token: int
    longest_caption: int
    parity: Parity
    quantisation: Quantisation | None
    verified: Verification
    checksums: dict[str, str]

    @property
    def takes_captions(self) -> bool:
        """Whether it has a text tower."""
        return self.longest_caption > 0

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
            f"{folder / CARD} cannot be read: {error!r}",
            expected=f"the card of a pack of format {_FORMAT}",
            remedy="export the model again",
        ) from error
    for name, expected in pack.checksums.items():
        file = folder / name
        found = checksum(file) if file.is_file() else "nothing"
        if found != expected:
            raise CheckpointError(
                f"{file} holds {found[:12]}", expected=expected[:12], remedy="copy or export the pack again"
            )
    return pack


def read_basis(folder: Path) -> tuple[Pack, PrincipalBasis]:
    """A low-rank pack, and the directions in which it answers.

    Raises:
        CheckpointError: see `read_pack`.
        ConfigurationError: the pack answers in full width.
        DataError: the directions cannot be read.
    """
    pack = read_pack(folder)
    if not pack.rotation:
        raise ConfigurationError(
            f"{folder}, a pack in full width", expected="one that was exported with --rank and --basis"
        )
    return pack, PrincipalBasis.load(folder / BASIS)


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
    quantisation = card["quantisation"]
    values: dict[str, Any] = card | {
        "preprocessing": Preprocessing.from_dict(card["preprocessing"]),
        "parity": Parity.from_dict(card["parity"]),
        "quantisation": None if quantisation is None else _quantisation(quantisation),
        "verified": _verification(card["verified"]),
    }
    return Pack(**values)


def _quantisation(values: dict[str, Any]) -> Quantisation:
    return Quantisation(**{**values, "float_layers": tuple(values["float_layers"])})


def _verification(values: dict[str, Any]) -> Verification:
    return Verification(**{**values, "processor": tuple(values["processor"])})
