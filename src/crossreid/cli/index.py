"""`crossreid index`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from crossreid.cli.options import CpuFirstDevice


def index(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help=(
                "Folder tree of JPEG, PNG, WebP and BMP files (folders name people; rgb, ir and "
                "sketch name modalities), or a CSV or Parquet manifest with the column path and "
                "optionally person, camera, time, modality and source."
            ),
        ),
    ],
    *,
    encoder: Annotated[
        str, typer.Option(help="Encoder: tiny-edge, tiny-cloud, a model folder, an edge pack or a hub id.")
    ] = "tiny-edge",
    out: Annotated[
        str,
        typer.Option(
            "--out", "-o", metavar="PATH", help="Gallery: a new or existing folder, or postgresql://..."
        ),
    ] = "gallery",
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="Delete the gallery's content first. Needed to change the encoder."),
    ] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures per batch.")] = 64,
    device: CpuFirstDevice = None,
) -> None:
    """Enrol pictures of people in a gallery.

    Run it again to embed only new or changed files and to delete those that are gone. Resumes after an interruption.
    Lists and skips files that cannot be read.
    """
    from crossreid.gallery.gallery import open_gallery
    from crossreid.gallery.indexing import index_folder
    from crossreid.models.loading import load_search_encoder

    gallery = open_gallery(out)
    report = index_folder(
        source,
        load_search_encoder(encoder, device=device),
        gallery,
        rebuild=rebuild,
        batch_size=batch_size,
        progress=sys.stderr.isatty(),
    )
    for path, reason in report.skipped:
        print(f"skipped {path}: {reason}".encode(errors="backslashreplace").decode(), file=sys.stderr)
    print(
        f"{gallery.uri}: {len(gallery)} pictures ({report.added} added, {report.changed} changed,"
        f" {report.unchanged} unchanged, {len(report.removed)} removed, {len(report.skipped)} skipped)"
    )
    print(f'Next: crossreid search {gallery.uri} --text "a man in a red jacket" --show found.png')
