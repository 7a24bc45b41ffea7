"""`crossreid evaluate`."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossreid.cli.options import (
    BatchSize,
    Compatible,
    DatasetName,
    Device,
    OptionalData,
    OptionalQuery,
    Precision,
    QueryGallery,
    Split,
    Tasks,
    check_data_given,
    command_line,
    is_file,
    open_source,
    read_dataset,
)

if TYPE_CHECKING:
    from crossreid.core.modality import Modality
    from crossreid.evaluation.report import Report
    from crossreid.evaluation.seeds import SpreadReport

_BOTH_PROTOCOLS = ("source-excluded", "all")


def evaluate(
    query: OptionalQuery = None,
    *,
    gallery: QueryGallery = None,
    data: OptionalData = None,
    dataset: DatasetName = "pedestrians",
    split: Split = "test",
    task: Tasks = None,
    combinations: Annotated[
        bool,
        typer.Option(
            "--combinations",
            help=(
                "Instead of --task: evaluate all 15 combinations of photo, infrared, sketch and "
                "text as queries."
            ),
        ),
    ] = False,
    together: Annotated[
        bool,
        typer.Option(
            "--together",
            help=(
                "Also embed queries of several pieces jointly, in one conversation of the cloud "
                "model, beside the sum of their vectors."
            ),
        ),
    ] = False,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="CALIBRATION.json",
            help="Modality weights for queries of several pieces: a file of `crossreid calibrate`.",
        ),
    ] = None,
    protocol: Annotated[
        list[str] | None,
        typer.Option(
            help="Evaluation protocol: source-excluded, all (nothing is removed from the gallery), market, sysu,"
            " regdb, llcm, orbench, watchlist (half of the people are not enrolled), image-text or image-text-five-fold"
            " (photos and captions, in both directions). Repeatable;"
            f" by default {' and '.join(_BOTH_PROTOCOLS)}."
        ),
    ] = None,
    rerank: Annotated[
        list[str] | None,
        typer.Option(
            help=(
                "Add rows with re-ranking beside the plain ones: k-reciprocal, average-expansion "
                "or alpha-expansion. Repeatable."
            )
        ),
    ] = None,
    setting: Annotated[str, typer.Option(help="Label of the rows, such as C2C, E2E, E2C or C2E.")] = "",
    compatible: Compatible = False,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="A.json B.json",
            help=(
                "Instead of evaluating: test whether two reports on the same queries differ "
                "(paired permutation test over people)."
            ),
        ),
    ] = None,
    average: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="REPORT.json",
            help=(
                "Instead of evaluating: print the mean and standard deviation of reports of "
                "several seeds. Repeat for each report."
            ),
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Also write the report to this file (.json, .md or .tex)."),
    ] = None,
    batch_size: BatchSize = 64,
    device: Device = None,
    precision: Precision = None,
) -> None:
    """Evaluate retrieval of people unseen in training: R1, R5, R10, mAP and mINP."""
    from crossreid.cli.outputs import check_output_file, print_tables
    from crossreid.core.errors import ConfigurationError
    from crossreid.evaluation.evaluate import evaluate as evaluate_

    if [query is not None, compare is not None, bool(average)].count(True) != 1:
        raise ConfigurationError("nothing to do, or several things", expected="QUERY, --compare or --average")
    if out is not None:
        check_output_file(out, ".json", ".md", ".tex")
    if compare is not None:
        _compare(*compare, out=out)
        return
    if query is None:
        _average(average or [], out=out)
        return
    check_data_given([source for source in (query, gallery) if source is not None], data)
    asking = open_source(query, device, precision)
    answering = asking if gallery is None else open_source(gallery, device, precision)
    report = evaluate_(
        asking,
        answering,
        None if data is None else read_dataset(dataset, data, split),
        tasks=_tasks(task, protocol, combinations=combinations),
        protocol=protocol or _BOTH_PROTOCOLS,
        setting=setting,
        batch_size=batch_size,
        progress=sys.stderr.isatty(),
        compatible=compatible,
        rerank=rerank or (),
        weights=_weights(weights, asking.fingerprint, answering.fingerprint),
        together=together,
    )
    print_tables(report.to_table())
    _write(report, out)
    print("Next: " + _next_step(query, data))


def _compare(first: Path, second: Path, *, out: Path | None) -> None:
    from crossreid.core.errors import ConfigurationError
    from crossreid.evaluation.comparison import compare_reports

    if out is not None:
        raise ConfigurationError(f"--out {out} with --compare", expected="a report to write")
    for comparison in compare_reports(_read(first), _read(second)):
        print(comparison)
    print("Next: " + command_line("evaluate", "--average", first, "--average", second))


def _average(reports: list[Path], *, out: Path | None) -> None:
    from crossreid.cli.outputs import print_tables
    from crossreid.evaluation.seeds import average_reports

    spread = average_reports([_read(report) for report in reports])
    print_tables(spread.to_table())
    _write(spread, out)
    print("Next: " + command_line("evaluate", "--compare", *reports[:2]))


def _read(path: Path) -> "Report":
    from crossreid.core.errors import DataError
    from crossreid.evaluation.report import Report

    try:
        return Report.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error})", expected="a .json of evaluate --out") from error


def _tasks(tasks: list[str] | None, protocols: list[str] | None, *, combinations: bool) -> Sequence[str]:
    from crossreid.core.errors import ConfigurationError
    from crossreid.evaluation.evaluate import BOTH_WAYS, TASKS
    from crossreid.evaluation.tasks import every_combination

    if combinations:
        if tasks:
            raise ConfigurationError("--combinations with --task", expected="one of the two")
        return every_combination(("R", "IR", "S", "T"))
    if tasks:
        return tasks
    if protocols == ["orbench"]:
        return every_combination(("IR", "S", "T"))
    image_text = protocols and all(name.startswith("image-text") for name in protocols)
    return BOTH_WAYS if image_text else TASKS


def _weights(file: Path | None, query: str, gallery: str) -> "Mapping[Modality, float] | None":
    from crossreid.core.errors import DataError, FingerprintError
    from crossreid.evaluation.calibration_file import read_calibrations

    if file is None:
        return None
    calibrations = read_calibrations(file)
    if not calibrations:
        raise DataError(f"no calibration in {file}", expected="a file of crossreid calibrate")
    for calibration in calibrations:
        if (calibration.query_fingerprint, calibration.gallery_fingerprint) == (query, gallery):
            return calibration.weights
    pairs = "; ".join(f"{c.query_fingerprint} in {c.gallery_fingerprint}" for c in calibrations)
    raise FingerprintError(f"weights of {pairs}", expected=f"those of {query} in {gallery}")


def _write(report: "Report | SpreadReport", out: Path | None) -> None:
    if out is None:
        return
    match out.suffix.lower():
        case ".json":
            text = report.to_json()
        case ".tex":
            text = report.to_latex()
        case _:
            text = report.to_markdown()
    out.write_text(text, encoding="utf-8")
    print(f"Wrote {out}")


def _next_step(query: str, data: Path | None) -> str:
    if is_file(query):
        return command_line("analyse", "cases", query, "--data", data or "DATA", "--out", "cases.png")
    return command_line("index", "FOLDER", "--encoder", query, "--out", "gallery")
