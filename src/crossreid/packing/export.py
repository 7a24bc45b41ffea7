"""A student -> a folder that runs on the edge."""

import copy
import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

from crossreid.core.encoder import Encoder
from crossreid.core.errors import CheckpointError, ConfigurationError, MissingDependencyError
from crossreid.models.encoder import ModelEncoder
from crossreid.models.student import Student
from crossreid.packing.onnx import write_onnx
from crossreid.packing.openvino import write_openvino
from crossreid.packing.parity import lowest_cosine
from crossreid.runtime.encoder import PackEncoder
from crossreid.runtime.pack import TOKENIZER, Pack, Precision, Runtime, checksum, is_pack

_LEAST_COSINE: dict[Precision, float] = {"fp32": 0.9999, "bf16": 0.999}


def export(
    encoder: Encoder,
    folder: str | Path,
    *,
    runtime: Literal["openvino", "onnx"] = "openvino",
    precision: Literal["fp32", "bf16", "int8"] = "fp32",
) -> Path:
    """Write an edge pack, and refuse it unless it agrees with the model that it was made from.

    Args:
        encoder: a student, as `load_encoder` gives it.
        folder: of the pack; an older pack there is replaced, anything else is refused.
        runtime: that will run it.
        precision: "fp32" (cosine with the model at least 0.9999) or, for OpenVINO, "bf16" (at least 0.999).

    Returns:
        The folder: models, tokenizer and a card with input treatment, fingerprint and checksums.

    Raises:
        ConfigurationError: the encoder is no student, the precision is not offered, or the folder is in use.
        CheckpointError: the pack does not agree with the model.
        MissingDependencyError: the packages of the edge are not installed.
    """
    folder = Path(folder)
    if not isinstance(encoder, ModelEncoder) or not isinstance(encoder.model, Student):
        raise ConfigurationError(
            f"{type(encoder).__name__} of {getattr(encoder, 'source', encoder)!s} to export",
            expected="a student (a model folder of kind student, or tiny-edge)",
        )
    _check_precision(runtime, precision)
    if folder.exists() and not is_pack(folder) and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(f"{folder} is in use", expected="a new or empty folder, or an older pack")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        _fill(partial, encoder, runtime, cast("Precision", precision))
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _check_precision(runtime: str, precision: str) -> None:
    match runtime, precision:
        case ("onnx" | "openvino", "fp32") | ("openvino", "bf16"):
            return
        case "onnx", "bf16":
            raise ConfigurationError(
                "a bf16 pack for onnx, whose CPU kernels have none",
                expected="fp32",
                remedy="use runtime='openvino'",
            )
        case "onnx" | "openvino", "int8":
            raise ConfigurationError(
                "precision 'int8': this version does not quantise", expected="fp32 or bf16"
            )
        case _:
            raise ConfigurationError(
                f"runtime {runtime!r} with precision {precision!r}", expected="onnx or openvino, fp32 or bf16"
            )


def _fill(folder: Path, encoder: ModelEncoder, runtime: Runtime, precision: Precision) -> None:
    student = cast("Student", copy.deepcopy(encoder.model)).cpu().float().eval()
    reference = ModelEncoder(student)
    try:
        if runtime == "onnx":
            write_onnx(student, folder)
        else:
            write_openvino(student, folder, precision)
    except ImportError as error:
        raise MissingDependencyError(
            f"the packages that write packs are not installed ({error})",
            expected="onnx, onnxscript, onnxruntime and openvino",
            remedy="pip install 'crossreid[edge]'",
        ) from error
    tokenizer: Any = student.tokenizer
    tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
    checksums = {file.name: checksum(file) for file in sorted(folder.iterdir())}
    draft = Pack(
        runtime=runtime,
        precision=precision,
        dim=student.dim,
        fingerprint=f"{_hash(encoder.fingerprint, precision, checksums)}@{encoder.space}",
        made_from=encoder.fingerprint,
        preprocessing=student.preprocessing,
        start_token=tokenizer.bos_token_id,
        end_token=tokenizer.eos_token_id,
        longest_caption=student.text.config.max_position_embeddings,
        parity=0.0,
        checksums=checksums,
    )
    draft.write(folder)
    cosine = lowest_cosine(reference, PackEncoder(folder))
    if not cosine >= _LEAST_COSINE[precision]:
        raise CheckpointError(
            f"a {runtime} pack in {precision} that agrees with its model to a cosine of {cosine:.6f}",
            expected=f"at least {_LEAST_COSINE[precision]}",
            remedy="export with precision='fp32', or with the other runtime",
        )
    replace(draft, parity=round(cosine, 7)).write(folder)


def _hash(fingerprint: str, precision: str, checksums: dict[str, str]) -> str:
    digest = hashlib.sha256(f"{fingerprint} {precision}".encode())
    for name, value in checksums.items():
        digest.update(f"{name} {value}".encode())
    return digest.hexdigest()[:16]
