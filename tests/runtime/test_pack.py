import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossreid.core.errors import CheckpointError
from crossreid.data.preprocessing import Preprocessing
from crossreid.runtime.pack import CARD, Pack, Quantisation, checksum, is_pack, read_pack
from crossreid.runtime.parity import Agreement, Parity
from crossreid.runtime.probes import Verification

PACK = Pack(
    runtime="onnx",
    precision="fp32",
    dim=8,
    rotation="",
    fingerprint="0123@shared",
    made_from="4567@shared",
    preprocessing=Preprocessing(84, 42),
    prompts={},
    start_token=None,
    end_token=3,
    padding_token=0,
    longest_caption=77,
    parity=Parity({"rgb": Agreement(0.99999, 0.9999, 12)}),
    quantisation=Quantisation("drawn people", 3, 1, quantised_layers=8, float_layers=("conv",)),
    verified=Verification(("x86_64", "avx2"), "onnxruntime 1.31", {"rgb": 0.99999}),
    checksums={},
)


def test_a_card_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"abc")
    pack = replace(PACK, checksums={"weights": checksum(tmp_path / "weights")})
    pack.write(tmp_path)
    assert is_pack(tmp_path)
    assert read_pack(tmp_path) == pack


def test_the_checksum_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    assert (
        checksum(tmp_path / "weights") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


@pytest.mark.parametrize("content", [None, b"abd"])
def test_a_missing_or_changed_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    replace(PACK, checksums={"weights": "ba7816bf"}).write(tmp_path)
    if content is not None:
        (tmp_path / "weights").write_bytes(content)
    with pytest.raises(CheckpointError, match="weights"):
        read_pack(tmp_path)


def _set(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda card: card.update({key: value})


@pytest.mark.parametrize(
    "spoil",
    [
        _set("format", 1),
        _set("runtime", "pickle"),
        _set("precision", "int4"),
        _set("foreign", 1),
        _set("checksums", {"../../etc/passwd": ""}),
        lambda card: card.pop("dim"),
    ],
)
def test_a_foreign_card_is_refused(tmp_path: Path, spoil: Callable[[dict[str, Any]], None]) -> None:
    PACK.write(tmp_path)
    card = json.loads((tmp_path / CARD).read_text())
    spoil(card)
    (tmp_path / CARD).write_text(json.dumps(card))
    with pytest.raises(CheckpointError, match=r"pack\.json"):
        read_pack(tmp_path)


def test_a_folder_without_a_card_is_no_pack(tmp_path: Path) -> None:
    assert not is_pack(tmp_path)
