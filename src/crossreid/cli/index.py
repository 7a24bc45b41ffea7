"""`crossreid index`."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def index(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="A tree of JPEG, PNG, WebP and BMP files (folders name people; rgb, ir and sketch the kind), or a"
            " CSV or Parquet manifest with a column path and optionally person, camera, time, modality, source.",
        ),
    ],
    *,
    encoder: Annotated[
        str, typer.Option(help="tiny-edge, tiny-cloud, a model folder, an edge pack or a hub id.")
    ] = "tiny-edge",
    out: Annotated[
        str,
        typer.Option(
            "--out", "-o", metavar="PATH", help="Folder of the gallery, new or old, or postgresql://..."
        ),
    ] = "gallery",
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="Forget the gallery's content first; needed for another encoder."),
    ] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures a step.")] = 64,
    device: Annotated[
        str | None,
        typer.Option(
            help="cpu or cuda; by default cuda where there is one. Unless a device is named, tiny-edge runs on the CPU,"
            " without torch."
        ),
    ] = None,
) -> None:
    """Enrol pictures of people in a gallery.

    Called again, it embeds only what is new or changed, and forgets what has vanished. It may be stopped at any
    time and continues where it was. Files that cannot be read are named and skipped.
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
