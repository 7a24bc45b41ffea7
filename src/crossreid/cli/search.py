"""`crossreid search`."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossreid.cli.options import CpuFirstDevice

if TYPE_CHECKING:
    from rich.table import Table

    from crossreid.core.encoder import Encoder
    from crossreid.core.sample import Sample
    from crossreid.gallery.gallery import Gallery
    from crossreid.gallery.item import SearchResult


def search(
    where: Annotated[
        str,
        typer.Argument(
            metavar="GALLERY", help="Gallery: the folder or address that `crossreid index` wrote to."
        ),
    ],
    *,
    text: Annotated[list[str] | None, typer.Option(help="Description in words.")] = None,
    sketch: Annotated[list[Path] | None, typer.Option(help="Sketch: a picture file.")] = None,
    ir: Annotated[list[Path] | None, typer.Option(help="Infrared picture: a picture file.")] = None,
    rgb: Annotated[list[Path] | None, typer.Option(help="Photo: a picture file.")] = None,
    top: Annotated[int, typer.Option(min=1, help="Number of results.")] = 10,
    camera: Annotated[list[str] | None, typer.Option(help="Search only pictures of this camera.")] = None,
    modality: Annotated[
        str | None, typer.Option(help="Search only pictures of this modality: rgb, ir or sketch.")
    ] = None,
    after: Annotated[
        datetime | None, typer.Option(help="Search only pictures taken at this time (UTC) or later.")
    ] = None,
    before: Annotated[
        datetime | None, typer.Option(help="Search only pictures taken at this time (UTC) or earlier.")
    ] = None,
    fpir: Annotated[
        float | None,
        typer.Option(
            help=(
                "Report a match only above the threshold calibrated for this false-positive "
                "identification rate, such as 0.01. Needs `crossreid calibrate`."
            )
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(help="Query encoder. By default the gallery's; another must share its embedding space."),
    ] = None,
    device: CpuFirstDevice = None,
    show: Annotated[
        Path | None, typer.Option(help="Write the results as a strip of pictures (.png, .svg or .pdf).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Search for a person by words, sketches, infrared pictures and photos.

    Several pieces of evidence are fused into one query.
    """
    from crossreid.cli.extras import require_extras
    from crossreid.cli.outputs import print_tables
    from crossreid.core.errors import ConfigurationError
    from crossreid.gallery.decision import expected_misses
    from crossreid.gallery.gallery import open_gallery

    evidence = _collect(text=text, sketch=sketch, ir=ir, rgb=rgb)
    gallery = open_gallery(where)
    times = None if after is None and before is None else (_utc(after), _utc(before))
    if show is not None and show.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise ConfigurationError(f"--show {show}", expected="a name that ends in .png, .svg or .pdf")
    if show is not None:
        require_extras("search --show", "plots")
    query = _load(encoder, gallery, device).encode(evidence)
    results = gallery.search(
        query, top=top, camera=camera or None, modality=modality, time_range=times, fpir=fpir
    )
    missed = None if fpir is None else expected_misses(gallery, query, fpir=fpir)
    if as_json:
        decided = {} if fpir is None else {"fpir": fpir, "match": bool(results), "missed": missed}
        content = {"gallery": gallery.uri} | decided
        print(json.dumps(content | {"results": [_record(result) for result in results]}, indent=2))
    elif fpir is not None and not results:
        print(f"No match at a false-positive rate of {fpir:g}")
    else:
        print_tables(_table(results))
    if show is not None and (results or fpir is None):
        _draw(show, evidence, results)
        print(f"Wrote {show}", file=sys.stderr)
    if missed is not None and not as_json:
        print(f"At this rate {missed:.0%} of people present were missed in calibration.", file=sys.stderr)
    if not as_json:
        print(_next_step(where, show, results, fpir), file=sys.stderr)


def _collect(
    *, text: list[str] | None, sketch: list[Path] | None, ir: list[Path] | None, rgb: list[Path] | None
) -> "list[Sample]":
    """Evidence as samples; the pictures are decoded here, so that a bad one is named before a model is loaded."""
    from crossreid.core.errors import ConfigurationError
    from crossreid.core.modality import Modality
    from crossreid.core.sample import Sample
    from crossreid.data.images import decode_image

    samples = [Sample(Modality.TEXT, caption=words) for words in text or ()]
    for modality, paths in ((Modality.SKETCH, sketch), (Modality.IR, ir), (Modality.RGB, rgb)):
        samples += [Sample(modality, image=decode_image(path), item_id=str(path)) for path in paths or ()]
    if not samples:
        raise ConfigurationError("nothing to search with", expected="some of --text, --sketch, --ir, --rgb")
    return samples


def _load(source: str | None, gallery: "Gallery", device: str | None) -> "Encoder":
    from crossreid.core.errors import ConfigurationError, DataError
    from crossreid.models.loading import load_search_encoder

    record = gallery.encoder
    if record is None:
        raise DataError(f"no gallery in {gallery.uri}", remedy=f"crossreid index FOLDER --out {gallery.uri}")
    if not (source or record.source):
        raise ConfigurationError(
            f"{gallery.uri} does not say where its encoder is", remedy="name it with --encoder"
        )
    return load_search_encoder(source or record.source, device=device)


def _record(result: "SearchResult") -> dict[str, object]:
    sure: dict[str, object] = {}
    if result.probability is not None:
        sure["probability"] = round(result.probability, 4)
    return sure | {
        "rank": result.rank,
        "score": round(result.score, 6),
        "path": str(result.path),
        "person": result.person,
        "camera": result.camera,
        "time": result.time.isoformat() if result.time else None,
        "modality": str(result.modality),
        "source": result.source,
    }


def _table(results: "Sequence[SearchResult]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    calibrated = any(result.probability is not None for result in results)
    for name in ("rank", "score", "probability") if calibrated else ("rank", "score"):
        table.add_column(name, justify="right")
    for name in ("person", "camera", "path"):
        table.add_column(name, overflow="fold")
    for result in results:
        words = (result.person or "-", result.camera or "-", str(result.path))
        numbers = (f"{result.score:.3f}", *([f"{result.probability:.1%}"] if calibrated else []))
        table.add_row(str(result.rank), *map(Text, (*numbers, *words)))
    return table


def _draw(file: Path, evidence: "Sequence[Sample]", results: "Sequence[SearchResult]") -> None:
    import numpy as np

    from crossreid.analysis.strips import search_strip_figure
    from crossreid.core.errors import DataError
    from crossreid.data.images import decode_image

    def picture(path: Path) -> "np.ndarray | str":
        try:
            return decode_image(path, size_hint=(560, 280))
        except DataError:  # it was there when it was indexed
            return f"{path.name} is gone"

    asked = [sample.caption or sample.image for sample in evidence]
    figure = search_strip_figure(
        [piece for piece in asked if piece is not None],
        [picture(result.path) for result in results],
        [result.score for result in results],
    )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, dpi=150)
    except OSError as error:
        raise DataError(f"{file} cannot be written ({error.strerror or error})") from error


def _next_step(where: str, show: Path | None, results: "Sequence[SearchResult]", fpir: float | None) -> str:
    if not results and fpir is not None:
        return (
            "No match does not prove absence. Next: add evidence, choose a higher rate, or leave --fpir out to see the"
            " most similar pictures."
        )
    if not results:
        return "Nothing passes these conditions. Next: search again with fewer of them."
    if show is None:
        return "Next: the same with --show found.png to see the pictures, or with more evidence to narrow it down."
    return (
        f"Next: add more evidence to narrow it down, or crossreid index FOLDER --out {where} to enrol more."
    )


def _utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=UTC)
