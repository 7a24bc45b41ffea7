"""A student of some thousand weights, and packs of it."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig

from crossreid.data.dataset import Dataset
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.encoder import ModelEncoder
from crossreid.models.folder import fingerprint_of
from crossreid.models.mllmreid_pictures import PictureStudent
from crossreid.models.student import Student
from crossreid.models.tokenizer import train_tokenizer
from crossreid.packing import export, prepare, quantisation
from crossreid.packing.conversion import PRECISIONS
from crossreid.packing.drawn import drawn_samples
from crossreid.runtime import PackEncoder

TOWER: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
}


@pytest.fixture(scope="session")
def student_encoder() -> ModelEncoder:
    tokenizer = train_tokenizer(["a man in a red coat", "a woman with a bag"], vocabulary=280)
    end: Any = tokenizer.eos_token_id
    text = CLIPTextConfig(vocab_size=280, eos_token_id=end, bos_token_id=end, pad_token_id=end, **TOWER)
    vision = CLIPVisionConfig(image_size=56, patch_size=14, **TOWER)
    config = CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=8)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        clip = CLIPModel(config)
        student = Student(clip, tokenizer, Preprocessing(84, 42), dim=8)
        for head in student.heads.values():
            torch.nn.init.normal_(head.get_parameter("weight"))
    return ModelEncoder(student, space="shared", source="a test")


@pytest.fixture(scope="session", autouse=True)
def traced_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tracing is slow: a student is traced once, however many packs are made of it."""
    module: Any = sys.modules[prepare.__module__]
    trace, known = module.write_onnx, {}

    def write_onnx(student: Any, folder: Path, *, padding: int) -> None:
        if isinstance(student, PictureStudent):
            trace(student, folder, padding=padding)
            return
        key = fingerprint_of(student)
        if key not in known:
            known[key] = tmp_path_factory.mktemp("traced")
            trace(student, known[key], padding=padding)
        shutil.copytree(known[key], folder, dirs_exist_ok=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "write_onnx", write_onnx)
        # Random weights of a width of 16 are too far off in eight bits, and each group costs a quantisation.
        patch.setattr(quantisation, "_GROUPS", 2)
        yield


@pytest.fixture(scope="session")
def drawn() -> Dataset:
    """People like those that packs are compared on."""
    samples = drawn_samples("train", people=6)
    return Dataset("drawn", "train", tuple(samples), tuple(map(str, range(6))))


KINDS = [(runtime, precision) for runtime, offered in PRECISIONS.items() for precision in offered]


@pytest.fixture(scope="session", params=KINDS, ids="-".join)
def pack(
    student_encoder: ModelEncoder,
    drawn: Dataset,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> PackEncoder:
    runtime, precision = request.param
    folder = tmp_path_factory.mktemp("packs") / f"{runtime}-{precision}"
    calibration = drawn if precision == "int8" else None
    return PackEncoder(
        export(student_encoder, folder, runtime=runtime, precision=precision, calibration=calibration)
    )


@pytest.fixture(scope="session")
def exported(student_encoder: ModelEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(student_encoder, tmp_path_factory.mktemp("exported") / "pack", runtime="onnx")


@pytest.fixture
def onnx_folder(exported: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    return shutil.copytree(exported, tmp_path / "pack")
