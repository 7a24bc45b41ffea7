"""A student of some thousand weights, and packs of it."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig

from crossreid.data.preprocessing import Preprocessing
from crossreid.models.encoder import ModelEncoder
from crossreid.models.student import Student
from crossreid.models.tokenizer import train_tokenizer
from crossreid.packing import export
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


@pytest.fixture(scope="session", params=[("onnx", "fp32"), ("openvino", "fp32"), ("openvino", "bf16")])
def pack(
    student_encoder: ModelEncoder, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> PackEncoder:
    runtime, precision = request.param
    folder = tmp_path_factory.mktemp("packs") / f"{runtime}-{precision}"
    return PackEncoder(export(student_encoder, folder, runtime=runtime, precision=precision))


@pytest.fixture(scope="session")
def exported(student_encoder: ModelEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(student_encoder, tmp_path_factory.mktemp("exported") / "pack", runtime="onnx")


@pytest.fixture
def onnx_folder(exported: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    return shutil.copytree(exported, tmp_path / "pack")
