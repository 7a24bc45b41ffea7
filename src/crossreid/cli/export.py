"""`crossreid export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from crossreid.cli.options import DatasetName, OptionalData, Split, command_line, parse_size, read_dataset

if TYPE_CHECKING:
    from crossreid.core.basis import PrincipalBasis
    from crossreid.core.encoder import Encoder

_MIB = 2**20


def export(
    encoder: Annotated[str, typer.Argument(help="Edge model: tiny-edge, a model folder or a hub id.")],
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Output folder of the pack. Replaces an existing pack.")
    ],
    runtime: Annotated[Literal["openvino", "onnx"], typer.Option(help="Runtime of the pack.")] = "openvino",
    precision: Annotated[
        Literal["fp32", "fp16", "bf16", "int8"],
        typer.Option(help="Precision of the pack. bf16 needs openvino."),
    ] = "fp32",
    size: Annotated[
        str,
        typer.Option(metavar="HxW", help="Picture size in pixels, such as 280x140. By default the model's."),
    ] = "",
    rank: Annotated[
        int | None,
        typer.Option(min=1, help="Keep only this many principal directions of --basis."),
    ] = None,
    basis: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=(
                "Source of the principal directions, in the model's embedding space: a .parquet "
                "of `crossreid embed` (training people, cloud model) or the basis.safetensors of "
                "another pack."
            ),
        ),
    ] = None,
    data: OptionalData = None,
    dataset: DatasetName = "pedestrians",
    split: Split = "test",
    calibration_split: Annotated[
        str,
        typer.Option(
            help="Split of --data that serves as calibration set for int8. '' uses synthetic people."
        ),
    ] = "",
    accept: Annotated[
        bool,
        typer.Option("--accept", help="Write the pack even if it fails the parity check."),
    ] = False,
    triton: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Also write a model repository for Triton. Needs onnx."),
    ] = None,
) -> None:
    """Export an edge model as a pack that runs without torch, and check its parity with the model.

    With --data, compares retrieval as well. Needs the extra `export`.
    """
    from crossreid.cli.outputs import check_output_folder
    from crossreid.core.errors import ConfigurationError
    from crossreid.models.loading import load_encoder
    from crossreid.packing.export import export as export_

    if triton is not None and runtime != "onnx":
        raise ConfigurationError("--triton with --runtime openvino", expected="--runtime onnx")
    if calibration_split and data is None:
        raise ConfigurationError(
            f"--calibration-split {calibration_split}", expected="--data that it is part of"
        )
    check_output_folder(out.parent)
    model = load_encoder(encoder, device="cpu")
    pack = export_(
        model,
        out,
        runtime=runtime,
        precision=precision,
        size=parse_size(size) if size else None,
        basis=_basis(basis, rank, model),
        calibration=read_dataset(dataset, data, calibration_split) if data and calibration_split else None,
        dataset=None if data is None else read_dataset(dataset, data, split),
        accept=accept,
    )
    _tell(pack)
    if triton is not None:
        from crossreid.packing.triton import write_triton_repository

        print(f"Wrote {write_triton_repository(pack, triton)}")
    print("Next: " + command_line("index", "FOLDER", "--encoder", pack, "--out", "gallery"))


def _tell(pack: Path) -> None:
    from crossreid.runtime.pack import read_pack

    card = read_pack(pack)
    size_mib = sum(file.stat().st_size for file in pack.iterdir()) / _MIB
    print(f"Wrote {pack}: {card.runtime}, {card.precision}, {size_mib:.1f} MiB")
    if card.quantisation is not None:
        stayed = len(card.quantisation.float_layers)
        print(f"  {card.quantisation.quantised_layers} products in eight bits, {stayed} left in float")
    for name, item in card.parity.modalities.items():
        print(f"  {name}: cosine with the model {item.mean:.6f}, lowest {item.lowest:.6f} of {item.items}")
    for task in card.parity.tasks:
        print(
            f"  {task.task}: R1 {task.r1:.2f} ({task.r1_change:+.2f}),"
            f" mAP {task.mean_ap:.2f} ({task.mean_ap_change:+.2f})"
        )
    for line in card.parity.accepted:
        print(f"  accepted: {line}")


def _basis(source: Path | None, rank: int | None, model: "Encoder") -> "PrincipalBasis | None":
    from crossreid.core.basis import PrincipalBasis
    from crossreid.core.embeddings import Embeddings, check_same_space
    from crossreid.core.errors import ConfigurationError
    from crossreid.runtime.pack import is_pack, read_pack

    if (source is None) != (rank is None):
        raise ConfigurationError("--rank without --basis, or the other way round", expected="both or none")
    if source is None or rank is None:
        return None
    if source.suffix == ".parquet":
        embeddings = Embeddings.load(source)
        check_same_space(embeddings.fingerprint, model.fingerprint)
        return PrincipalBasis.of(embeddings, rank)
    if is_pack(source.parent):
        check_same_space(read_pack(source.parent).fingerprint, model.fingerprint)
    known = PrincipalBasis.load(source)
    if rank > known.rank:
        raise ConfigurationError(
            f"--rank {rank}", expected=f"at most the {known.rank} directions of {source}"
        )
    return PrincipalBasis(known.directions[:, :rank])
