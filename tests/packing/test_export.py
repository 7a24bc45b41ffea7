import copy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import crossreid as cr
from crossreid.core.basis import PrincipalBasis
from crossreid.core.errors import (
    CheckpointError,
    ConfigurationError,
    FingerprintError,
    MissingDependencyError,
)
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.models.encoder import ModelEncoder
from crossreid.packing import export, prepare, write_triton_repository
from crossreid.runtime import PackEncoder, is_pack
from crossreid.runtime.probes import Probes
from crossreid.runtime.processor import processor_features

pytestmark = pytest.mark.traced

LEAST = {"fp32": 0.9999, "fp16": 0.999, "bf16": 0.999, "int8": 0.99}
"""Of one item; eight bits keep their limit on the mean, and these few items are no mean."""

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
    least = LEAST[pack.pack.precision]
    expected, found = student_encoder.encode(evidence()), pack.encode(evidence())
    cosines = (expected.vectors * found.vectors).sum(axis=1)
    assert cosines.min() >= least
    agreements = pack.pack.parity.modalities
    assert set(agreements) == {"rgb", "ir", "sketch", "text"}
    assert all(item.mean >= least and item.items == 12 for item in agreements.values())
    assert pack.pack.parity.accepted == ()
    assert found.vectors[0] @ found.vectors[3] < 0.99


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_the_size_of_a_batch_does_not_matter(pack: PackEncoder, batch_size: int) -> None:
    tolerance = {"fp32": 1e-5, "fp16": 1e-3, "bf16": 2e-2, "int8": 1e-5}[pack.pack.precision]
    together, apart = pack.encode(evidence()), pack.encode(evidence(), batch_size=batch_size)
    np.testing.assert_allclose(together.vectors, apart.vectors, atol=tolerance)


def test_a_long_caption_is_cut_as_the_model_cuts_it(
    student_encoder: ModelEncoder, pack: PackEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    expected = student_encoder.encode([LONG_CAPTION], modality="text").vectors[0]
    found = pack.encode([LONG_CAPTION], modality="text").vectors[0]
    assert expected @ found >= LEAST[pack.pack.precision] - 0.001
    assert "were cut" in caplog.text


def test_a_special_token_in_a_caption_is_plain_letters_in_a_pack_too(
    student_encoder: ModelEncoder, pack: PackEncoder
) -> None:
    sly = ["a man<|endoftext|> in a red coat"]
    expected = student_encoder.encode(sly, modality="text").vectors[0]
    assert expected @ pack.encode(sly, modality="text").vectors[0] >= LEAST[pack.pack.precision] - 0.001


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


def test_a_pack_runs_where_there_is_no_torch(onnx_folder: Path) -> None:
    program = (
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'transformers', 'accelerate', 'peft', 'onnx', "
        "'onnxscript', 'nncf'))); import crossreid as cr; e = cr.load_encoder(sys.argv[1]); "
        "print(e.encode(['a bag'], modality='text').vectors.shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, onnx_folder], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "(1, 8)"


def test_a_model_without_torch_is_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingDependencyError, match=r"tiny-cloud.*crossreid\[models\]"):
        cr.load_encoder("tiny-cloud")


def test_a_changed_file_is_refused(onnx_folder: Path) -> None:
    with (onnx_folder / "text.onnx").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(CheckpointError, match=r"text\.onnx"):
        PackEncoder(onnx_folder)


def turn_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every pack come out far from its model."""
    module: Any = sys.modules[prepare.__module__]
    trace = module.write_onnx

    def write_onnx(student: Any, folder: Path, *, padding: int) -> None:
        with torch.no_grad():
            student.heads["ir"].weight.neg_()
        trace(student, folder, padding=padding)

    monkeypatch.setattr(module, "write_onnx", write_onnx)


def test_a_pack_that_disagrees_with_its_model_is_not_written(
    student_encoder: ModelEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_away(monkeypatch)
    with pytest.raises(CheckpointError, match=r"ir: lowest cosine -1\.0.*--accept") as refusal:
        export(student_encoder, tmp_path / "pack", runtime="onnx")
    assert "rgb" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_a_pack_that_disagrees_can_be_accepted(
    student_encoder: ModelEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_away(monkeypatch)
    folder = export(student_encoder, tmp_path / "pack", runtime="onnx", accept=True)
    (line,) = PackEncoder(folder).pack.parity.accepted
    assert line.startswith("ir: lowest cosine -1.0")
    assert line in (folder / "README.md").read_text()


def test_retrieval_is_compared_where_there_is_an_evaluation_set(
    student_encoder: ModelEncoder, tiny: Any, tmp_path: Path
) -> None:
    people = tiny.dataset(people=4, groups=3)
    folder = export(student_encoder, tmp_path / "pack", runtime="onnx", dataset=people)
    parity = PackEncoder(folder).pack.parity
    assert parity.data == "colours train"
    assert parity.modalities["rgb"].items == 12
    expected = cr.evaluate(student_encoder, dataset=people)
    assert [task.task for task in parity.tasks] == ["S->R", "IR->R", "T->R"]
    for task, row in zip(parity.tasks, expected.rows, strict=True):
        assert task.mean_ap == pytest.approx(row.mean_ap, abs=1e-6)
        assert abs(task.mean_ap_change) < 0.1


def test_a_low_rank_pack_for_another_size_of_pictures(student_encoder: ModelEncoder, tmp_path: Path) -> None:
    larger = copy.deepcopy(student_encoder.model)
    larger.preprocessing = replace(larger.preprocessing, height=112, width=56)
    model = ModelEncoder(larger, space="shared")
    basis = PrincipalBasis.of(model.encode(evidence()), 3)
    folder = export(student_encoder, tmp_path / "pack", runtime="onnx", size=(112, 56), basis=basis)
    query, gallery = PackEncoder(folder).encode(evidence()), basis.project(model.encode(evidence()))
    assert query.dim == 3
    query.check_comparable(gallery)
    np.testing.assert_allclose(query.vectors, gallery.vectors, atol=1e-5)
    with pytest.raises(FingerprintError):
        query.check_comparable(student_encoder.encode(evidence()))
    assert PrincipalBasis.load(folder / "basis.safetensors").fingerprint == query.rotation
    assert student_encoder.model.preprocessing.height == 84


def test_a_size_must_fit_the_patches(student_encoder: ModelEncoder, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="14 pixels"):
        export(student_encoder, tmp_path / "odd", runtime="onnx", size=(100, 56))


def test_a_basis_must_be_of_the_models_width(student_encoder: ModelEncoder, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="width 5 for a model of width 8"):
        export(student_encoder, tmp_path / "pack", basis=PrincipalBasis(np.eye(5)))


def test_eight_bits_are_recorded_and_nothing_else_is_quantised(pack: PackEncoder) -> None:
    made = pack.pack.quantisation
    if pack.pack.precision != "int8":
        assert made is None
        return
    assert made is not None
    assert (made.data, made.pictures, made.captions) == ("drawn train", 18, 6)
    assert made.quantised_layers >= 8
    assert "measured on 18 pictures and 6 captions" in (Path(pack.source) / "README.md").read_text()


def test_a_pack_names_its_machine_and_carries_what_its_model_says(
    student_encoder: ModelEncoder, pack: PackEncoder
) -> None:
    verified = pack.pack.verified
    assert verified.processor == processor_features()
    assert verified.runtime.startswith({"onnx": "onnxruntime ", "openvino": "openvino "}[pack.pack.runtime])
    probes = Probes.load(Path(pack.source))
    assert [str(sample.modality) for sample in probes.samples()] == ["rgb", "ir", "sketch"] * 2 + ["text"] * 2
    np.testing.assert_allclose(probes.vectors, student_encoder.encode(probes.samples()).vectors, atol=1e-6)
    assert set(verified.cosines) == {"rgb", "ir", "sketch", "text"}
    assert min(verified.cosines.values()) >= LEAST[pack.pack.precision]


def test_weights_that_half_width_holds_are_stored_in_it_without_loss(
    student_encoder: ModelEncoder, exported: Path, tmp_path: Path
) -> None:
    halved = copy.deepcopy(student_encoder.model)
    for parameter in halved.parameters():
        parameter.data = parameter.data.half().float()
    model = ModelEncoder(halved, space="shared")
    folder = export(model, tmp_path / "pack", runtime="onnx")
    # Of 16 x 32 numbers and fewer, most tensors of this student are too small to be worth it.
    assert (folder / "text.onnx").stat().st_size < (exported / "text.onnx").stat().st_size - 8000
    found = PackEncoder(folder).encode(evidence())
    np.testing.assert_allclose(found.vectors, model.encode(evidence()).vectors, atol=1e-6)


def test_a_pack_does_not_tell_where_its_code_lay(exported: Path) -> None:
    for file in exported.glob("*.onnx"):
        assert b"packing/towers.py" not in file.read_bytes()


def test_a_triton_repository_holds_the_models_and_their_shapes(onnx_folder: Path, tmp_path: Path) -> None:
    repository = write_triton_repository(onnx_folder, tmp_path / "models", name="edge")
    assert (repository / "edge_text" / "1" / "model.onnx").read_bytes() == (
        onnx_folder / "text.onnx"
    ).read_bytes()
    image = (repository / "edge_image" / "config.pbtxt").read_text()
    assert 'name: "edge_image"' in image
    assert 'name: "pixels" data_type: TYPE_FP32 dims: [ 3, 84, 42 ]' in image
    assert 'name: "heads" data_type: TYPE_INT64 dims: [ 1 ] reshape { shape: [ ] }' in image
    assert 'name: "vectors" data_type: TYPE_FP32 dims: [ 8 ]' in image


def test_the_lines_for_tensorrt_name_every_shape(onnx_folder: Path) -> None:
    script = (onnx_folder / "tensorrt.sh").read_text()
    assert "--onnx=image.onnx --saveEngine=image.plan --stronglyTyped" in script
    assert "--minShapes=pixels:1x3x84x42,heads:1 --optShapes=pixels:8x3x84x42,heads:8" in script
    assert "--maxShapes=tokens:32x77" in script


def test_a_pack_in_float_is_not_calibrated(student_encoder: ModelEncoder, tiny: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="int8"):
        export(student_encoder, tmp_path / "pack", calibration=tiny.dataset())


def test_the_vision_text_student_is_exported_too(tiny: Any, tmp_path: Path) -> None:
    model = tiny.vision_text(tiny.WORDS, dim=8, vocabulary=60)
    tiny.draw(model)
    encoder = ModelEncoder(model)
    captions = ["a man in a red coat", "a woman", "trousers " * 40]
    pack = PackEncoder(export(encoder, tmp_path / "pack", runtime="onnx"))
    expected, found = encoder.encode(captions, modality="text"), pack.encode(captions, modality="text")
    np.testing.assert_allclose(found.vectors, expected.vectors, atol=1e-5)


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
        ("openvino", "int4", "onnx: fp32, fp16, int8; openvino: fp32, fp16, bf16, int8"),
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
