"""`crossreid embed`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from crossreid.cli.options import (
    BatchSize,
    Data,
    DatasetName,
    Device,
    Precision,
    Split,
    command_line,
    read_dataset,
)


def embed(
    encoder: Annotated[
        str, typer.Argument(help="Encoder: tiny-cloud, tiny-edge, a model folder, an edge pack or a hub id.")
    ],
    *,
    data: Data,
    dataset: DatasetName = "pedestrians",
    split: Split = "",
    out: Annotated[Path, typer.Option("--out", "-o", help="Output file for the embeddings (.parquet).")],
    half: Annotated[
        bool, typer.Option("--half", help="Store vectors in half precision, which halves the file.")
    ] = False,
    batch_size: BatchSize = 64,
    device: Device = None,
    precision: Precision = None,
) -> None:
    """Embed a data set once, to evaluate and analyse it any number of times."""
    from crossreid.cli.outputs import check_output_file
    from crossreid.models.loading import load_encoder

    check_output_file(out, ".parquet")
    samples = read_dataset(dataset, data, split).samples
    loaded = load_encoder(encoder, device=device, precision=precision)
    embeddings = loaded.encode(samples, batch_size=batch_size, progress=sys.stderr.isatty())
    embeddings.save(out, half=half)
    print(f"Wrote {out}: {len(embeddings)} vectors of width {embeddings.dim}, {embeddings.fingerprint}")
    spectrum = command_line("analyse", "low-rank", out, "--out", "spectrum.png")
    print(f"Next: {command_line('evaluate', out)}, or {spectrum}")
