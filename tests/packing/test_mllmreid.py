"""The vision tower of MLLMReID as a pack: pictures in, vectors out, and no words."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossreid.core.basis import PrincipalBasis
from crossreid.core.encoder import Encoder
from crossreid.core.errors import ConfigurationError, DataError
from crossreid.core.modality import VISUAL
from crossreid.models.encoder import ModelEncoder
from crossreid.models.loading import load_encoder
from crossreid.packing import export, write_triton_repository
from crossreid.runtime import PackEncoder

pytestmark = pytest.mark.traced


@pytest.fixture(scope="module")
def model(tiny: Any) -> ModelEncoder:
    return ModelEncoder(tiny.llava())


@pytest.fixture(scope="module")
def folder(model: ModelEncoder, tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("packs") / "vision"
    return export(model, place, runtime="onnx", dataset=tiny.dataset(people=3))


def test_a_pack_of_a_vision_tower_embeds_pictures_as_its_model_does(
    model: ModelEncoder, folder: Path, tiny: Any
) -> None:
    pack = load_encoder(folder)
    assert isinstance(pack, PackEncoder)
    assert isinstance(pack, Encoder)
    assert (pack.modalities, pack.dim) == (VISUAL, 24)
    samples = tiny.dataset(people=2, seed=4).of(*VISUAL).samples
    expected, found = model.encode(samples), pack.encode(samples)
    assert (expected.vectors * found.vectors).sum(axis=1).min() > 0.9999
    expected.check_comparable(found)
    with pytest.raises(DataError, match="text for an encoder of pictures"):
        pack.encode(["a man"], modality="text")


def test_its_card_speaks_of_pictures_alone(folder: Path, tmp_path: Path) -> None:
    pack = PackEncoder(folder).pack
    assert set(pack.checksums) == {"image.onnx", "probes.safetensors"}
    assert set(pack.parity.modalities) == {"rgb", "ir", "sketch"}
    assert {task.task for task in pack.parity.tasks} == {"S->R", "IR->R"}
    readme = (folder / "README.md").read_text()
    assert "| captions | none |" in readme
    assert 'encoder.encode(["photo.jpg"])' in readme
    assert "text.onnx" not in (folder / "tensorrt.sh").read_text()
    repository = write_triton_repository(folder, tmp_path)
    assert [place.name for place in repository.iterdir()] == ["crossreid_image"]


def test_a_pack_can_answer_in_principal_directions(model: ModelEncoder, tiny: Any, tmp_path: Path) -> None:
    pictures = tiny.dataset(people=5).of("rgb").samples
    basis = PrincipalBasis.of(model.encode(pictures), 6)
    pack = PackEncoder(export(model, tmp_path / "pack", runtime="onnx", basis=basis))
    expected = basis.project(model.encode(pictures)).vectors
    assert pack.dim == 6
    np.testing.assert_allclose(pack.encode(pictures).vectors, expected, atol=1e-4)


def test_other_sizes_are_packed_and_the_model_keeps_its_own(
    model: ModelEncoder, tiny: Any, tmp_path: Path
) -> None:
    pack = PackEncoder(export(model, tmp_path / "pack", runtime="onnx", size=(56, 28)))
    assert (pack.pack.preprocessing.height, pack.pack.preprocessing.width) == (56, 28)
    assert (model.model.preprocessing.height, model.model.preprocessing.width) == (84, 56)


def test_a_latent_feature_is_not_packed(tiny: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"the latent feature of a LLaVA for the edge.*distil it"):
        export(ModelEncoder(tiny.llava(feature="latent")), tmp_path / "pack", runtime="onnx")
    assert not (tmp_path / "pack").exists()
