import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import crossreid as cr
from crossreid.core.errors import CheckpointError, ConfigurationError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.models.encoder import ModelEncoder
from crossreid.packing import export
from crossreid.runtime import PackEncoder, is_pack

pytestmark = pytest.mark.traced

LONG_CAPTION = "a man in a red coat with a bag " * 20


def evidence() -> list[Sample]:
    rng = np.random.default_rng(3)
    pictures = [rng.integers(0, 256, (90, 50, 3), dtype=np.uint8) for _ in range(3)]
    visual = (Modality.RGB, Modality.IR, Modality.SKETCH)
    samples = [Sample(m, image=pictures[i]) for i, m in enumerate(visual)]
    # The same picture through another head must come out different.
    samples += [Sample(Modality.SKETCH, image=pictures[0])]
    return samples + [Sample(Modality.TEXT, caption=words) for words in ("a bag", "a man in a red coat")]


def test_a_pack_embeds_as_its_model_does(student_encoder: ModelEncoder, pack: PackEncoder) -> None:
    least = {"fp32": 0.9999, "bf16": 0.999}[pack.pack.precision]
    expected, found = student_encoder.encode(evidence()), pack.encode(evidence())
    cosines = (expected.vectors * found.vectors).sum(axis=1)
    assert cosines.min() >= least
    assert pack.pack.parity >= least
    assert found.vectors[0] @ found.vectors[3] < 0.99


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_the_size_of_a_batch_does_not_matter(pack: PackEncoder, batch_size: int) -> None:
    tolerance = {"fp32": 1e-5, "bf16": 2e-2}[pack.pack.precision]
    together, apart = pack.encode(evidence()), pack.encode(evidence(), batch_size=batch_size)
    np.testing.assert_allclose(together.vectors, apart.vectors, atol=tolerance)


def test_a_long_caption_is_cut_as_the_model_cuts_it(
    student_encoder: ModelEncoder, pack: PackEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    expected = student_encoder.encode([LONG_CAPTION], modality="text").vectors[0]
    found = pack.encode([LONG_CAPTION], modality="text").vectors[0]
    assert expected @ found >= 0.999
    assert "were cut" in caplog.text


def test_a_special_token_in_a_caption_is_plain_letters_in_a_pack_too(
    student_encoder: ModelEncoder, pack: PackEncoder
) -> None:
    sly = ["a man<|endoftext|> in a red coat"]
    expected = student_encoder.encode(sly, modality="text").vectors[0]
    assert expected @ pack.encode(sly, modality="text").vectors[0] >= 0.999


def test_a_pack_shares_the_space_but_not_the_hash(student_encoder: ModelEncoder, pack: PackEncoder) -> None:
    own, space = pack.fingerprint.split("@")
    assert space == "shared"
    assert own != student_encoder.fingerprint.split("@")[0]
    student_encoder.encode(evidence()).check_comparable(pack.encode(evidence()))


def test_load_encoder_opens_a_pack(onnx_folder: Path) -> None:
    encoder = cr.load_encoder(onnx_folder)
    assert isinstance(encoder, PackEncoder)
    assert encoder.source == str(onnx_folder)
    with pytest.raises(ConfigurationError, match="leave both out"):
        cr.load_encoder(onnx_folder, precision="bf16")
    with pytest.raises(ConfigurationError, match="leave both out"):
        cr.load_encoder(onnx_folder, device="cuda")


def test_a_pack_runs_without_torch(onnx_folder: Path) -> None:
    program = (
        "import sys; import crossreid as cr; e = cr.load_encoder(sys.argv[1]); "
        "print(e.encode(['a bag'], modality='text').vectors.shape, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, onnx_folder], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "(1, 8) False"


def test_a_changed_file_is_refused(onnx_folder: Path) -> None:
    with (onnx_folder / "text.onnx").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(CheckpointError, match=r"text\.onnx"):
        PackEncoder(onnx_folder)


def test_a_pack_that_disagrees_with_its_model_is_not_written(
    student_encoder: ModelEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[export.__module__]
    monkeypatch.setattr(module, "lowest_cosine", lambda model, pack: 0.99)
    with pytest.raises(CheckpointError, match=r"cosine of 0\.99"):
        export(student_encoder, tmp_path / "pack", runtime="onnx")
    assert list(tmp_path.iterdir()) == []


def test_an_older_pack_is_replaced(student_encoder: ModelEncoder, onnx_folder: Path) -> None:
    export(student_encoder, onnx_folder, runtime="openvino")
    assert PackEncoder(onnx_folder).pack.runtime == "openvino"
    assert not (onnx_folder / "text.onnx").exists()


def test_a_folder_with_other_files_is_left_alone(student_encoder: ModelEncoder, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigurationError, match="in use"):
        export(student_encoder, tmp_path, runtime="onnx")
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("runtime", "precision", "message"),
    [
        ("onnx", "int8", "does not quantise"),
        ("openvino", "int8", "does not quantise"),
        ("onnx", "bf16", "use runtime='openvino'"),
        ("tensorrt", "fp32", "tensorrt"),
    ],
)
def test_what_is_not_offered_is_refused(
    student_encoder: ModelEncoder, tmp_path: Path, runtime: Any, precision: Any, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        export(student_encoder, tmp_path / "pack", runtime=runtime, precision=precision)
    assert not (tmp_path / "pack").exists()


def test_only_students_are_exported(onnx_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="student"):
        export(PackEncoder(onnx_folder), tmp_path / "again")
    assert is_pack(onnx_folder)
