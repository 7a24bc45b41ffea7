"""`crossreid save`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossreid.cli.options import command_line

if TYPE_CHECKING:
    from crossreid.models.model_card import Measured


def save(
    encoder: Annotated[
        str,
        typer.Argument(
            help="Model folder, adapter folder, released checkpoint, tiny-cloud, tiny-edge or a hub id."
        ),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder. Must be new or empty.")],
    report: Annotated[
        Path | None,
        typer.Option(help="Report (.json) of `crossreid evaluate` for the model card."),
    ] = None,
    merged: Annotated[bool, typer.Option("--merged", help="Merge an adapter into its base model.")] = False,
    base: Annotated[
        str, typer.Option(help="Hub id of the backbone. By default the one that the adapter names.")
    ] = "",
) -> None:
    """Save a model as a folder for the hub: weights or adapter, tokenizer, processor, prompts and a model card."""
    from crossreid.models.adapter import base_of, is_adapter
    from crossreid.models.hub import save_for_hub

    folder = save_for_hub(encoder, out, merged=merged, base=base, results=_results(report))
    files = ", ".join(sorted(path.name for path in folder.iterdir()))
    print(f"Wrote {folder}: {files}")
    if is_adapter(folder) and Path(base_of(folder)).is_absolute():
        print(
            f"Its base is {base_of(folder)}, on this machine alone: before others load it, --base or --merged."
        )
    print(f"Next: {command_line('embed', folder, '--data', 'DATA', '--out', 'embeddings.parquet')}")


def _results(file: Path | None) -> "list[Measured]":
    """R1, mAP and mINP of each row of a report in which any query counted."""
    from crossreid.core.errors import DataError
    from crossreid.evaluation.report import Report
    from crossreid.models.model_card import Measured

    if file is None:
        return []
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read: {error}", expected="JSON of crossreid evaluate") from error
    return [
        Measured(
            task=" ".join(filter(None, (row.task, row.setting, row.rule))),
            data=row.data,
            figures={"R1": row.r1, "mAP": row.mean_ap, "mINP": row.mean_inp},
        )
        for row in Report.from_json(text).rows
        if row.queries
    ]
