"""`crossreid calibrate`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossreid.cli.options import (
    BatchSize,
    Compatible,
    DatasetName,
    Device,
    OptionalData,
    Precision,
    Protocol,
    Query,
    QueryGallery,
    Split,
    check_data_given,
    command_line,
    open_source,
    read_dataset,
)

if TYPE_CHECKING:
    from rich.table import Table

    from crossreid.core.embeddings import Embeddings
    from crossreid.evaluation.calibration import Calibration, EvidenceCalibration

_PIPE_COLUMNS = 160


def calibrate(
    query: Query,
    *,
    gallery: QueryGallery = None,
    data: OptionalData = None,
    dataset: DatasetName = "pedestrians",
    split: Split = "validation",
    protocol: Protocol = "source-excluded",
    compatible: Compatible = False,
    into: Annotated[
        Path | None,
        typer.Option(
            metavar="GALLERY", help="Gallery that receives the calibration, for `crossreid search --fpir`."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help=(
                "Output file for the calibration (.json). By default calibration.json in the "
                "folder of the gallery's encoder, from which `crossreid index` copies it."
            ),
        ),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the ROC, DET, score and reliability figures (.png and .svg) and their numbers."
        ),
    ] = None,
    batch_size: BatchSize = 64,
    device: Device = None,
    precision: Precision = None,
) -> None:
    """Calibrate match thresholds and match probabilities.

    Needs people who are in neither the training nor the test set. Searches for each of them with every combination of
    their evidence, once in the whole gallery and once without them, and fits modality weights too.
    """
    from crossreid.cli.extras import require_extras
    from crossreid.cli.outputs import check_output_file, check_output_folder
    from crossreid.evaluation.calibration import calibrate as calibrate_
    from crossreid.gallery.gallery import open_gallery

    if figures is not None:
        require_extras("calibrate --figures", "plots")
    check_data_given([source for source in (query, gallery) if source is not None], data)
    file = out if out is not None else _own_file(gallery or query, needed=into is None)
    if file is not None:
        check_output_file(file, ".json")
    if figures is not None:
        check_output_folder(figures)
    people = "stored embeddings" if data is None else f"{data.name}{f', {split}' if split else ''}"
    queries, answers = _embed(query, gallery, data, dataset, split, device, precision, batch_size)
    learnt = calibrate_(queries, answers, protocol=protocol, data=people, compatible=compatible)
    _print(learnt)
    if file is not None:
        _write(learnt, file)
    if into is not None:
        open_gallery(into).calibrate(learnt)
        print(f"Copied into {into}")
    if figures is not None:
        _draw(learnt, queries, queries if answers is None else answers, figures)
    words = ("search", into or "GALLERY", "--text", "a man in a red jacket", "--fpir", "0.01")
    print("Next: " + command_line(*words))


def _own_file(source: str, *, needed: bool) -> Path | None:
    from crossreid.core.errors import ConfigurationError
    from crossreid.evaluation.calibration_file import CALIBRATIONS

    if Path(source).is_dir():
        return Path(source) / CALIBRATIONS
    if needed:
        raise ConfigurationError(
            f"{source}, which has no folder of its own to keep a calibration in", expected="--out or --into"
        )
    return None


def _embed(
    query: str,
    gallery: str | None,
    data: Path | None,
    dataset: str,
    split: str,
    device: str | None,
    precision: str | None,
    batch_size: int,
) -> "tuple[Embeddings, Embeddings | None]":
    from crossreid.core.embeddings import Embeddings

    people = None if data is None else read_dataset(dataset, data, split)

    def embed(source: str, *kinds: str) -> Embeddings:
        opened = open_source(source, device, precision)
        if isinstance(opened, Embeddings):
            return opened
        assert people is not None, "an encoder without data was refused"
        samples = people.of(*(kinds or sorted(opened.modalities))).samples
        return opened.encode(samples, batch_size=batch_size, progress=sys.stderr.isatty())

    return embed(query), None if gallery is None else embed(gallery, "rgb")


def _print(learnt: "Calibration") -> None:
    from crossreid.cli.outputs import print_tables

    print_tables(_table(learnt), columns_in_pipe=_PIPE_COLUMNS)
    weights = ", ".join(f"{kind} {weight:.2f}" for kind, weight in learnt.weights.items())
    print(f"Weights of the kinds in a query of several: {weights}")


def _table(learnt: "Calibration") -> "Table":
    from rich.table import Table

    sizes = max(item.candidates for item in learnt.evidence.values())
    table = Table(
        title=f"{learnt.people} people of {learnt.data}, in a gallery of {sizes:.0f} pictures",
        caption="threshold: lowest cosine that answers; missed: people present whom it does not find",
    )
    for name in ("evidence", "searches", "threshold at 1%", "missed", "threshold at 0.1%", "missed"):
        table.add_column(name, justify="left" if name == "evidence" else "right")
    for name, item in learnt.evidence.items():
        cells = [cell for fpir in (0.01, 0.001) for cell in _cells(item, fpir)]
        table.add_row(name, str(len(item.non_mated)), *cells)
    return table


def _cells(item: "EvidenceCalibration", fpir: float) -> tuple[str, str]:
    from crossreid.core.errors import DataError

    size = round(item.candidates)
    try:
        return f"{item.threshold(fpir, candidates=size):.3f}", f"{item.miss_rate(fpir, candidates=size):.1%}"
    except DataError:  # fewer searches than one in such a rate
        return "-", "-"


def _write(learnt: "Calibration", file: Path) -> None:
    from crossreid.evaluation.calibration_file import read_calibrations, with_calibration, write_calibrations

    write_calibrations(file, with_calibration(read_calibrations(file), learnt))
    print(f"Wrote {file}")


def _draw(learnt: "Calibration", queries: "Embeddings", gallery: "Embeddings", folder: Path) -> None:
    asked = {
        "data": learnt.data,
        "protocol": learnt.protocol,
        "query": learnt.query_fingerprint,
        "gallery": learnt.gallery_fingerprint,
    }
    print("Wrote " + _draw_error_rates(learnt, asked, folder / "error-rates"))
    print("Wrote " + _draw_scores(learnt, asked, folder / "scores"))
    print("Wrote " + _draw_reliability(learnt, queries, gallery, asked, folder / "reliability"))


def _draw_error_rates(learnt: "Calibration", asked: Mapping[str, str], out: Path) -> str:
    from crossreid.analysis.open_set_figures import error_rates_figure
    from crossreid.cli.outputs import write_study

    rates = {
        name: {
            "searches_mated": len(item.mated),
            "searches_non_mated": len(item.non_mated),
            "candidates": item.candidates,
            "threshold_and_missed": {str(fpir): _cells(item, fpir) for fpir in (0.01, 0.001)},
        }
        for name, item in learnt.evidence.items()
    }
    figure = error_rates_figure(_single(learnt), data=learnt.data)
    return write_study(out, figure, asked, rates=rates)


def _draw_scores(learnt: "Calibration", asked: Mapping[str, str], out: Path) -> str:
    from crossreid.analysis.open_set_figures import scores_figure
    from crossreid.cli.outputs import write_study

    single = _single(learnt)
    scores = {
        name: {"mated": item.mated.tolist(), "non_mated": item.non_mated.tolist()}
        for name, item in single.items()
    }
    return write_study(out, scores_figure(single, data=learnt.data), asked, scores=scores)


def _draw_reliability(
    learnt: "Calibration",
    queries: "Embeddings",
    gallery: "Embeddings",
    asked: Mapping[str, str],
    out: Path,
) -> str:
    from crossreid.analysis.open_set_figures import reliability_figure
    from crossreid.cli.outputs import write_study
    from crossreid.evaluation.protocols import find_protocol
    from crossreid.evaluation.reliability import measure_reliability

    measured = measure_reliability(queries, gallery.of(learnt.gallery), rule=find_protocol(learnt.protocol))
    bins = [
        {"stated": float(stated), "observed": float(observed), "candidates": int(count)}
        for stated, observed, count in zip(measured.stated, measured.observed, measured.counts, strict=True)
        if count
    ]
    figure = reliability_figure(measured, data=learnt.data)
    return write_study(out, figure, asked, bins=bins, error=measured.error)


def _single(learnt: "Calibration") -> "dict[str, EvidenceCalibration]":
    """What was learnt of queries of one piece."""
    from crossreid.core.modality import Modality

    return {name: item for name, item in learnt.evidence.items() if name in list(Modality)}
