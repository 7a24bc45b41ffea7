"""`crossreid evaluate`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossreid.cli.options import (
    BatchSize,
    DatasetName,
    Device,
    OptionalData,
    Precision,
    Split,
    Tasks,
    command_line,
    read_dataset,
)

if TYPE_CHECKING:
    from crossreid.core.embeddings import Embeddings
    from crossreid.core.encoder import Encoder
    from crossreid.evaluation.report import Report

_PIPE_COLUMNS = 1000
_BOTH_PROTOCOLS = ("source-excluded", "all")


def evaluate(
    query: Annotated[
        str, typer.Argument(help="What embeds the queries: an encoder, or a .parquet of embed.")
    ],
    *,
    gallery: Annotated[
        str | None, typer.Option(metavar="ENCODER|FILE", help="The same for the gallery; by default QUERY.")
    ] = None,
    data: OptionalData = None,
    dataset: DatasetName = "pedestrians",
    split: Split = "test",
    task: Tasks = None,
    protocol: Annotated[
        list[str] | None,
        typer.Option(
            help="What is removed from the gallery: source-excluded, all (nothing) or market; may be given several"
            f" times. By default {' and '.join(_BOTH_PROTOCOLS)}."
        ),
    ] = None,
    setting: Annotated[str, typer.Option(help="Name of the rows, such as C2C, E2E, E2C or C2E.")] = "",
    compatible: Annotated[
        bool, typer.Option("--compatible", help="Vouch that encoders which name different spaces share one.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the report as well: .json or .md.")
    ] = None,
    batch_size: BatchSize = 64,
    device: Device = None,
    precision: Precision = None,
) -> None:
    """Count how often the right person comes first, for people never seen in training."""
    from crossreid.cli.outputs import check_output_file
    from crossreid.core.errors import ConfigurationError
    from crossreid.evaluation.evaluate import TASKS
    from crossreid.evaluation.evaluate import evaluate as evaluate_

    if out is not None:
        check_output_file(out, ".json", ".md")
    encoders = [source for source in (query, gallery) if source is not None and not _is_file(source)]
    if encoders and data is None:
        raise ConfigurationError(f"{encoders[0]} without a data set", expected="--data for it to embed")
    if data is not None and not encoders:
        raise ConfigurationError(
            f"--data {data} for files of embeddings", expected="an encoder to embed it", remedy="leave it out"
        )
    people = None if data is None else read_dataset(dataset, data, split)
    report = evaluate_(
        _open(query, device, precision),
        None if gallery is None else _open(gallery, device, precision),
        people,
        tasks=task or TASKS,
        protocol=protocol or _BOTH_PROTOCOLS,
        setting=setting,
        batch_size=batch_size,
        progress=sys.stderr.isatty(),
        compatible=compatible,
    )
    _print(report)
    if out is not None:
        text = report.to_json() if out.suffix.lower() == ".json" else report.to_markdown()
        out.write_text(text, encoding="utf-8")
        print(f"Wrote {out}")
    print("Next: " + _next_step(query, data))


def _is_file(source: str) -> bool:
    return source.lower().endswith(".parquet")


def _open(source: str, device: str | None, precision: str | None) -> "Encoder | Embeddings":
    from crossreid.core.embeddings import Embeddings
    from crossreid.models.loading import load_encoder

    if _is_file(source):
        return Embeddings.load(source)
    return load_encoder(source, device=device, precision=precision)


def _print(report: "Report") -> None:
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else _PIPE_COLUMNS).print(report.to_table())


def _next_step(query: str, data: Path | None) -> str:
    if _is_file(query):
        return command_line("analyse", "cases", query, "--data", data or "DATA", "--out", "cases.png")
    return command_line("index", "FOLDER", "--encoder", query, "--out", "gallery")
