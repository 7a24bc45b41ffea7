"""A student -> a folder that runs on the edge."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from crossreid.core.basis import PrincipalBasis
from crossreid.core.encoder import Encoder
from crossreid.core.errors import CheckpointError, ConfigurationError
from crossreid.data.dataset import Dataset
from crossreid.models.mllmreid_pictures import PictureStudent
from crossreid.packing.calibration import CalibrationSet
from crossreid.packing.card import write_card
from crossreid.packing.conversion import check_precision, convert
from crossreid.packing.meaning import carry_calibrations
from crossreid.packing.original import Original, prepare, writing_packages
from crossreid.packing.parity import measure_parity
from crossreid.packing.quantisation import Layers
from crossreid.packing.tokens import TokenRules, tokenizer_of, write_tokenizer
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
from crossreid.runtime.probes import PROBES, Verification
from crossreid.runtime.processor import processor_features
from crossreid.runtime.verification import probe_cosines, runtime_version

_BATCH = 16


def export(
    encoder: Encoder,
    folder: str | Path,
    *,
    runtime: Runtime = "openvino",
    precision: Precision = "fp32",
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
        basis: of the model's space; the pack answers in these directions, so that its vectors have `basis.rank`
            numbers.
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
    _check(Path(folder), runtime, precision, calibration)
    with prepare(encoder, size=size, basis=basis, dataset=dataset) as original:
        return write_pack(
            original, folder, runtime=runtime, precision=precision, calibration=calibration, accept=accept
        )


def write_pack(
    original: Original,
    folder: str | Path,
    *,
    runtime: Runtime,
    precision: Precision,
    calibration: Dataset | None = None,
    accept: bool = False,
) -> Path:
    """Write one of several packs of the same model; see `export`."""
    folder = Path(folder)
    _check(folder, runtime, precision, calibration)
    with _partial(folder) as partial, writing_packages():
        quantisation = _write_files(partial, original, runtime, precision, calibration)
        draft = _draft(partial, original, runtime, precision, quantisation)
        draft.write(partial)
        encoder = PackEncoder(partial)
        answers = encoder.encode(original.samples, batch_size=_BATCH)
        parity = measure_parity(original.expected, answers, original.dataset, original.basis)
        pack = replace(
            draft,
            parity=_judged(parity, draft, accept=accept),
            verified=replace(draft.verified, cosines=probe_cosines(encoder, original.probes)),
        )
        pack.write(partial)
        write_card(pack, partial)
        carry_calibrations(original, pack, partial)
    return folder


def _check(folder: Path, runtime: str, precision: str, calibration: Dataset | None) -> None:
    check_precision(runtime, precision)
    if calibration is not None and precision != "int8":
        raise ConfigurationError(f"data to calibrate a pack in {precision}", expected="precision int8")
    if folder.exists() and not is_pack(folder) and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(f"{folder} is in use", expected="a new or empty folder, or an older pack")


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


def _write_files(
    folder: Path, original: Original, runtime: Runtime, precision: Precision, calibration: Dataset | None
) -> Quantisation | None:
    """Towers, tokenizer and basis."""
    student, calibrations, chosen = original.student, None, None
    if precision == "int8":
        chosen = CalibrationSet.of(calibration)
        calibrations = [chosen.of_pictures(student.preprocessing)]
        if not isinstance(student, PictureStudent):
            calibrations.append(chosen.of_captions(tokenizer_of(student)))
    if original.basis is not None:
        original.basis.save(folder / BASIS)
    if not isinstance(student, PictureStudent):
        write_tokenizer(student, folder / TOKENIZER)
    original.probes.save(folder)
    layers = convert(original.traced, folder, runtime, precision, calibrations)
    return None if chosen is None else _record(chosen, layers)


def _record(chosen: CalibrationSet, layers: list[Layers]) -> Quantisation:
    return Quantisation(
        data=chosen.data,
        pictures=len(chosen.pictures),
        captions=len(chosen.captions),
        quantised_layers=sum(tower.quantised for tower in layers),
        float_layers=tuple(name for tower in layers for name in tower.in_float),
    )


def _draft(
    folder: Path,
    original: Original,
    runtime: Runtime,
    precision: Precision,
    quantisation: Quantisation | None,
) -> Pack:
    """The card of a pack that nothing has been compared with yet."""
    checksums = {file.name: checksum(file) for file in sorted(folder.iterdir())}
    student = original.student
    return Pack(
        runtime=runtime,
        precision=precision,
        dim=student.dim,
        rotation="" if original.basis is None else original.basis.fingerprint,
        fingerprint=f"{_hash(original.made_from, precision, checksums)}@{original.space}",
        made_from=original.made_from,
        preprocessing=student.preprocessing,
        prompts={},
        **asdict(TokenRules.of(student)),
        parity=Parity({}),
        quantisation=quantisation,
        verified=Verification(processor_features(), runtime_version(runtime), {}),
        checksums=checksums,
    )


def _judged(parity: Parity, pack: Pack, *, accept: bool) -> Parity:
    broken = parity.broken(pack.precision)
    if broken and not accept:
        raise CheckpointError(
            f"a pack for {pack.runtime} in {pack.precision} that does not agree with its model: "
            + "; ".join(broken),
            remedy="choose a higher precision, the other runtime or more directions, or accept it (accept=True,"
            " --accept)",
        )
    return replace(parity, accepted=broken)


def _hash(fingerprint: str, precision: str, checksums: dict[str, str]) -> str:
    digest = hashlib.sha256(f"{fingerprint} {precision}".encode())
    for name, value in checksums.items():
        if name != PROBES:  # vectors do not depend on it
            digest.update(f"{name} {value}".encode())
    return digest.hexdigest()[:16]
