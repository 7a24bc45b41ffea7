"""`crossreid export`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from crossreid.cli.options import command_line

_MIB = 2**20


def export(
    encoder: Annotated[str, typer.Argument(help="An edge model: tiny-edge, a model folder or a hub id.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the pack; an older pack is replaced.")],
    runtime: Annotated[Literal["openvino", "onnx"], typer.Option(help="What will run it.")] = "openvino",
    precision: Annotated[
        Literal["fp32", "bf16"], typer.Option(help="Of its matrix products; onnx takes fp32 only.")
    ] = "fp32",
) -> None:
    """Write an edge model as a pack that runs without torch, checked against the model.

    Needs the packages of the extra `edge`.
    """
    from crossreid.cli.outputs import check_output_folder
    from crossreid.models.loading import load_encoder
    from crossreid.packing.export import export as export_

    check_output_folder(out.parent)
    pack = export_(load_encoder(encoder, device="cpu"), out, runtime=runtime, precision=precision)
    size_mib = sum(file.stat().st_size for file in pack.iterdir()) / _MIB
    print(f"Wrote {pack}: {runtime}, {precision}, {size_mib:.1f} MiB")
    print("Next: " + command_line("index", "FOLDER", "--encoder", pack, "--out", "gallery"))
