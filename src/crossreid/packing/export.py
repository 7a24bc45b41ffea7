"""A student -> a folder that runs on the edge."""

import copy
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, cast

from crossreid.core.basis import PrincipalBasis
from crossreid.core.encoder import Encoder
from crossreid.core.errors import CheckpointError, ConfigurationError, MissingDependencyError
from crossreid.data.dataset import Dataset
from crossreid.models.encoder import ModelEncoder
from crossreid.models.vision_text import EdgeModel
from crossreid.packing.calibration import CalibrationSet
from crossreid.packing.card import write_card
from crossreid.packing.conversion import check_precision, convert
from crossreid.packing.onnx import write_onnx
from crossreid.packing.parity import measure_parity, parity_samples
from crossreid.packing.quantisation import Layers
from crossreid.packing.tokens import TokenRules, tokenizer_of, write_tokenizer
from crossreid.packing.towers import fold_directions
from crossreid.runtime.encoder import PackEncoder
from crossreid.runtime.pack import (
    BASIS,
    TOKENIZER,
    Pack,
    Precision,
    Quantisation,
    Runtime,
    checksum,
    is_pack,
)
from crossreid.runtime.parity import Parity

_BATCH = 16


@dataclass(frozen=True, slots=True)
class _Request:
    """What a pack is to be made of; see `export`."""

    student: EdgeModel
    space: str
    made_from: str
    runtime: Runtime
    precision: Precision
    basis: PrincipalBasis | None
    calibration: Dataset | None
    dataset: Dataset | None
    accept: bool


def export(
    encoder: Encoder,
    folder: str | Path,
    *,
    runtime: Literal["openvino", "onnx"] = "openvino",
    precision: Literal["fp32", "fp16", "bf16", "int8"] = "fp32",
    size: tuple[int, int] | None = None,
    basis: PrincipalBasis | None = None,
    calibration: Dataset | None = None,
    dataset: Dataset | None = None,
    accept: bool = False,
) -> Path:
    """Write an edge pack, and refuse it unless it agrees with the model that it was made from.

    Args:
        encoder: a student, as `load_encoder` gives it.
        folder: of the pack; an older pack there is replaced, anything else is refused.
        runtime: that will run it.
        precision: of its matrix products; "bf16" for OpenVINO only. `crossreid.runtime.parity.LIMITS` says what each
            has to keep.
        size: (height, width) of the pictures in pixels; the model's own when left out.
        basis: the pack answers in these directions, so that its vectors have `basis.rank` numbers.
        calibration: pictures and captions to choose eight-bit ranges on; drawn people when left out.
        dataset: people to evaluate model and pack on; without one, vectors of drawn people are compared.
        accept: write a pack that breaks a limit too; its card says so.

    Returns:
        The folder: models, tokenizer, a card with input treatment, parity, fingerprint and checksums.

    Raises:
        ConfigurationError: the encoder is no student, the precision or size is not offered, or the folder is in use.
        CheckpointError: the pack does not agree with the model.
        MissingDependencyError: the packages that write packs are not installed.
    """
    folder = Path(folder)
    if not isinstance(encoder, ModelEncoder) or not isinstance(encoder.model, EdgeModel):
        raise ConfigurationError(
            f"{type(encoder).__name__} of {getattr(encoder, 'source', encoder)!s} to export",
            expected="a student (a model folder of kind student, or tiny-edge)",
        )
    check_precision(runtime, precision)
    if calibration is not None and precision != "int8":
        raise ConfigurationError(f"data to calibrate a pack in {precision}", expected="precision int8")
    if basis is not None and basis.dim != encoder.dim:
        raise ConfigurationError(
            f"a basis of width {basis.dim} for a model of width {encoder.dim}", expected="one width"
        )
    if folder.exists() and not is_pack(folder) and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(f"{folder} is in use", expected="a new or empty folder, or an older pack")
    request = _Request(
        student=_prepared(encoder.model, size),
        space=encoder.space,
        made_from=encoder.fingerprint,
        runtime=runtime,
        precision=precision,
        basis=basis,
        calibration=calibration,
        dataset=dataset,
        accept=accept,
    )
    with _partial(folder) as partial:
        _fill(partial, request)
    return folder


@contextmanager
def _partial(folder: Path) -> Iterator[Path]:
    """A folder beside, which takes the place of `folder` when all went well."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _prepared(model: EdgeModel, size: tuple[int, int] | None) -> EdgeModel:
    """A copy on the CPU, in fp32, for pictures of the given size."""
    patch: Any = model.vision.config.patch_size  # of both kinds a single number
    if size is not None and (min(size) < patch or size[0] % patch or size[1] % patch):
        raise ConfigurationError(
            f"pictures of {size[0]} x {size[1]} pixels", expected=f"multiples of the patch, {patch} pixels"
        )
    student = cast("EdgeModel", copy.deepcopy(model)).cpu().float().eval()
    if size is not None:
        student.preprocessing = replace(student.preprocessing, height=size[0], width=size[1])
    return student


def _fill(folder: Path, request: _Request) -> None:
    samples = parity_samples(request.dataset)
    expected = ModelEncoder(request.student, space=request.space).encode(samples, batch_size=_BATCH)
    if request.basis is not None:
        expected = request.basis.project(expected)
    quantisation = _write_towers(folder, request)
    draft = _draft(folder, request, quantisation)
    draft.write(folder)
    parity = measure_parity(expected, PackEncoder(folder).encode(samples, batch_size=_BATCH), request.dataset)
    pack = replace(draft, parity=_judged(parity, request))
    pack.write(folder)
    write_card(pack, folder)


def _write_towers(folder: Path, request: _Request) -> Quantisation | None:
    student, calibrations, chosen = request.student, None, None
    if request.precision == "int8":
        chosen = CalibrationSet.of(request.calibration)
        calibrations = (chosen.of_pictures(student.preprocessing), chosen.of_captions(tokenizer_of(student)))
    if request.basis is not None:
        import torch

        fold_directions(student, torch.from_numpy(request.basis.directions))
        request.basis.save(folder / BASIS)
    write_tokenizer(student, folder / TOKENIZER)
    try:
        with TemporaryDirectory() as traced:
            write_onnx(student, Path(traced), padding=TokenRules.of(student).padding_token)
            layers = convert(Path(traced), folder, request.runtime, request.precision, calibrations)
    except ImportError as error:
        raise MissingDependencyError(
            f"the packages that write packs are not installed ({error})",
            expected="onnx, onnxscript, onnxruntime and openvino, and nncf for int8",
            remedy="pip install 'crossreid[export]'",
        ) from error
    return None if chosen is None else _record(chosen, layers)


def _record(chosen: CalibrationSet, layers: list[Layers]) -> Quantisation:
    return Quantisation(
        data=chosen.data,
        pictures=len(chosen.pictures),
        captions=len(chosen.captions),
        quantised_layers=sum(tower.quantised for tower in layers),
        float_layers=tuple(name for tower in layers for name in tower.in_float),
    )


def _draft(folder: Path, request: _Request, quantisation: Quantisation | None) -> Pack:
    """The card of a pack that nothing has been compared with yet."""
    checksums = {file.name: checksum(file) for file in sorted(folder.iterdir())}
    student, precision = request.student, request.precision
    return Pack(
        runtime=request.runtime,
        precision=precision,
        dim=student.dim,
        rotation="" if request.basis is None else request.basis.fingerprint,
        fingerprint=f"{_hash(request.made_from, precision, checksums)}@{request.space}",
        made_from=request.made_from,
        preprocessing=student.preprocessing,
        prompts={},
        **asdict(TokenRules.of(student)),
        parity=Parity({}),
        quantisation=quantisation,
        checksums=checksums,
    )


def _judged(parity: Parity, request: _Request) -> Parity:
    broken = parity.broken(request.precision)
    if broken and not request.accept:
        raise CheckpointError(
            f"a {request.runtime} pack in {request.precision} that does not agree with its model: "
            + "; ".join(broken),
            remedy="choose a higher precision or the other runtime, or accept it (accept=True, --accept)",
        )
    return replace(parity, accepted=broken)


def _hash(fingerprint: str, precision: str, checksums: dict[str, str]) -> str:
    digest = hashlib.sha256(f"{fingerprint} {precision}".encode())
    for name, value in checksums.items():
        digest.update(f"{name} {value}".encode())
    return digest.hexdigest()[:16]
