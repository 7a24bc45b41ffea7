"""The verbs of `crossreid analyse` that count: each writes a figure as .png and .svg, and its numbers as .json."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossreid.cli.options import Protocol, Tasks, command_line

if TYPE_CHECKING:
    from crossreid.analysis.truth import Truth
    from crossreid.core.embeddings import Embeddings
    from crossreid.evaluation.tasks import RetrievalTask

Out = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        help="Output figure (.png or .svg). Both formats are written, and the numbers as .json.",
    ),
]
File = Annotated[Path, typer.Argument(metavar="EMBEDDINGS", help="A .parquet file of `crossreid embed`.")]
Files = Annotated[
    list[Path],
    typer.Argument(metavar="EMBEDDINGS...", help="One or more .parquet files of `crossreid embed`."),
]
GalleryFile = Annotated[
    Path | None,
    typer.Option(
        "--gallery", metavar="EMBEDDINGS", help="A .parquet file of the gallery. By default EMBEDDINGS."
    ),
]
WorldFolder = Annotated[Path, typer.Option("--data", help="Folder of the synthetic world that was embedded.")]
Seed = Annotated[int, typer.Option(help="Random seed.")]

_WIDTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)


def convergence(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Run folders, or their history.jsonl.")
    ],
    *,
    quantity: Annotated[
        list[str] | None,
        typer.Option(help="Logged quantity, such as total, principal or validation_map. Repeatable."),
    ] = None,
    out: Out,
) -> None:
    """Plot losses or validation mAP over the steps of trainings."""
    from crossreid.analysis.figures import caption, convergence_figure
    from crossreid.cli.outputs import FIGURES, check_output_file, write_study

    check_output_file(out, *FIGURES)
    wanted = quantity or ["total"]
    curves = {
        name if len(wanted) == 1 else f"{name}: {one}": _history(run, one)
        for name, run in _named(runs).items()
        for one in wanted
    }
    figure = convergence_figure(curves, quantity=", ".join(wanted))
    caption(
        figure,
        f"{', '.join(wanted)} as logged by {len(runs)} training{'s' if len(runs) > 1 else ''}; long curves are"
        " smoothed, what was logged behind them.",
    )
    asked = {"runs": list(map(str, runs)), "quantities": wanted}
    for name, pairs in curves.items():
        print(f"{name}: {pairs[0][1]:.4g} at step {pairs[0][0]}, {pairs[-1][1]:.4g} at step {pairs[-1][0]}")
    print("Wrote " + write_study(out, figure, asked, curves=curves))
    print("Next: " + command_line("analyse", "low-rank", "EMBEDDINGS", "--out", out.with_stem("spectrum")))


def importance(
    embeddings: Files,
    *,
    trials: Annotated[int, typer.Option(min=1, help="Number of random halves of the items.")] = 4,
    seed: Seed = 0,
    out: Out,
) -> None:
    """Plot the importance of the embedding dimensions, over random halves of the items."""
    from crossreid.analysis.importance import measure_importance
    from crossreid.analysis.study_figures import importance_figure
    from crossreid.cli.outputs import FIGURES, check_output_file, write_study
    from crossreid.core.embeddings import Embeddings

    check_output_file(out, *FIGURES)
    loaded = {name: Embeddings.load(file) for name, file in _named(embeddings).items()}
    measured = {
        name: measure_importance(items.unit().vectors, trials=trials, seed=seed)
        for name, items in loaded.items()
    }
    for name, found in measured.items():
        print(f"{name}: a tenth of the dimensions carries {found.top_share:.1%} of the importance")
    numbers = {
        name: {
            "effective_ranks": found.effective_ranks,
            "share_of_the_first_tenth": found.top_share,
            "overlap_of_two_halves": None if trials == 1 else found.overlap,
            "importance": found.trials.mean(axis=0).tolist(),
        }
        for name, found in measured.items()
    }
    figure = importance_figure(measured, data=f"{sum(map(len, loaded.values()))} items")
    asked = {"embeddings": _fingerprints(loaded), "trials": trials, "seed": seed}
    print("Wrote " + write_study(out, figure, asked, importance=numbers))
    print("Next: " + command_line("analyse", "gallery-width", embeddings[0], "--out", out.with_stem("width")))


def gallery_width(
    embeddings: File,
    *,
    gallery: GalleryFile = None,
    basis: Annotated[
        Path | None,
        typer.Option(
            metavar="EMBEDDINGS",
            help="A .parquet file to take the principal directions from. By default the gallery.",
        ),
    ] = None,
    task: Tasks = None,
    protocol: Protocol = "source-excluded",
    width: Annotated[
        list[int] | None,
        typer.Option(help="Number of principal coordinates to keep. Repeatable; by default 8 and up."),
    ] = None,
    timed_items: Annotated[int, typer.Option(min=1, help="Size of the gallery that is timed.")] = 20_000,
    out: Out,
) -> None:
    """Plot accuracy and speed of galleries that keep only the first principal coordinates.

    Compares float32 and int8, with and without re-scoring the first candidates in full width.
    """
    from crossreid.analysis.gallery_width import smallest_width, width_curve
    from crossreid.analysis.study_figures import width_figure
    from crossreid.cli.outputs import FIGURES, check_output_file, write_study
    from crossreid.core.basis import principal_rotation
    from crossreid.core.embeddings import Embeddings
    from crossreid.evaluation.protocols import find_protocol

    check_output_file(out, *FIGURES)
    tasks = _tasks(task)
    queries, answers = _load_pair(embeddings, gallery)
    found = answers.of(*{parsed.gallery for parsed in tasks})
    directions = found if basis is None else Embeddings.load(basis)
    found.check_comparable(directions)
    rows = width_curve(
        queries,
        answers,
        tasks=tasks,
        rule=find_protocol(protocol),
        widths=width or [one for one in _WIDTHS if one < answers.dim] or [answers.dim],
        rotation=principal_rotation(directions.unit().vectors),
        timed_items=timed_items,
    )
    smallest = {name: smallest_width(rows, name) for name in dict.fromkeys(row.name for row in rows)}
    _print_smallest(smallest, dim=answers.dim)
    words = f"{', '.join(map(str, tasks))} by {protocol}, gallery of {len(found)} items"
    figure = width_figure(rows, data=words, timed_items=timed_items)
    asked = {
        "embeddings": _fingerprints({"queries": queries, "gallery": answers, "basis": directions}),
        "tasks": list(map(str, tasks)),
        "protocol": protocol,
        "timed_items": timed_items,
    }
    numbers = [asdict(row) | {"mean": row.mean} for row in rows]
    print("Wrote " + write_study(out, figure, asked, smallest_width=smallest, rows=numbers))
    print(
        "Next: "
        + command_line("analyse", "errors", embeddings, "--data", "WORLD", "--out", out.with_stem("errors"))
    )


def _print_smallest(widths: Mapping[str, int | None], *, dim: int) -> None:
    from crossreid.analysis.gallery_width import ALLOWED_LOSS

    lost = f"loses less than {ALLOWED_LOSS} points of mAP"
    for name, width in widths.items():
        print(f"{name}: " + (f"k = {width} of {dim} {lost}" if width else f"no width {lost}"))


def errors(
    embeddings: File,
    *,
    gallery: GalleryFile = None,
    data: WorldFolder,
    task: Tasks = None,
    protocol: Protocol = "source-excluded",
    out: Out,
) -> None:
    """Break down search errors in a synthetic world by clothes, bags, view and occlusion of the query.

    A second figure, NAME-agreement, shows which attributes a wrong first result shares with the person.
    """
    from crossreid.analysis.errors_by_attribute import errors_by_attribute
    from crossreid.analysis.study_figures import agreement_figure, errors_figure
    from crossreid.cli.outputs import FIGURES, check_output_file, write_study
    from crossreid.evaluation.protocols import find_protocol

    check_output_file(out, *FIGURES)
    rule, tasks = find_protocol(protocol), _tasks(task)
    queries, answers = _load_pair(embeddings, gallery)
    truth = _truth(data, queries, answers)
    reports = [
        errors_by_attribute(parsed, rule, parsed.queries(queries), answers.of(parsed.gallery), truth)
        for parsed in tasks
    ]
    for report in reports:
        hardest = sorted(report.slices, key=lambda piece: piece.mean_ap)[:3]
        words = ", ".join(f"{one.attribute} {one.value} {one.mean_ap:.1f} ({one.queries})" for one in hardest)
        print(
            f"{report.task}: mAP {report.overall.mean_ap:.1f} of {report.overall.queries} queries; lowest: {words}"
        )
    described = f"the world {data.name} by {protocol}"
    asked = {
        "data": str(data),
        "embeddings": _fingerprints({"queries": queries, "gallery": answers}),
        "protocol": protocol,
        "tasks": list(map(str, tasks)),
    }
    numbers = [asdict(report) for report in reports]
    print("Wrote " + write_study(out, errors_figure(reports, data=described), asked, reports=numbers))
    if any(report.agreements for report in reports):
        beside = out.with_stem(f"{out.stem}-agreement")
        print(
            "Wrote " + write_study(beside, agreement_figure(reports, data=described), asked, reports=numbers)
        )
    print(
        "Next: "
        + command_line("analyse", "leakage", embeddings, "--data", data, "--out", out.with_stem("leakage"))
    )


def leakage(
    embeddings: Files,
    *,
    data: WorldFolder,
    modality: Annotated[
        str, typer.Option(help="Modality whose embeddings are probed: rgb, ir, sketch or text.")
    ] = ("rgb"),
    seed: Seed = 0,
    out: Out,
) -> None:
    """Measure which attributes of a synthetic person a linear probe reads from an embedding.

    This is what a stolen gallery would reveal.
    """
    import numpy as np

    from crossreid.analysis.leakage import probe_leakage
    from crossreid.analysis.study_figures import leakage_figure
    from crossreid.cli.outputs import FIGURES, check_output_file, write_study
    from crossreid.core.embeddings import Embeddings

    check_output_file(out, *FIGURES)
    loaded = {name: Embeddings.load(file).of(modality) for name, file in _named(embeddings).items()}
    leaks = {}
    for name, items in loaded.items():
        truth = _truth(data, items)
        known = [truth[str(source)].properties() for source in items.source_ids]
        attributes = {
            attribute: np.array([one[attribute] for one in known]) for attribute in (known or [{}])[0]
        }
        leaks[name] = probe_leakage(items.unit().vectors, items.person_ids, attributes, seed=seed)
        words = ", ".join(f"{leak.attribute} {leak.balanced_accuracy:.0%}" for leak in leaks[name][:4])
        print(f"{name}: most readable are {words}")
    people = len({person for items in loaded.values() for person in items.person_ids.tolist()})
    figure = leakage_figure(leaks, data=f"{modality} embeddings of {people} people of the world {data.name}")
    numbers = {
        name: [asdict(leak) | {"readable": leak.readable} for leak in found] for name, found in leaks.items()
    }
    asked = {"data": str(data), "embeddings": _fingerprints(loaded), "modality": modality, "seed": seed}
    print("Wrote " + write_study(out, figure, asked, leaks=numbers))
    print(
        "Next: "
        + command_line("analyse", "errors", embeddings[0], "--data", data, "--out", out.with_stem("errors"))
    )


def _history(run: Path, quantity: str) -> list[tuple[int, float]]:
    import json
    import math

    from crossreid.core.errors import DataError

    file = run / "history.jsonl" if run.is_dir() else run
    try:
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        pairs = [(int(line["step"]), float(line[quantity])) for line in lines if quantity in line]
        pairs = [(step, value) for step, value in pairs if math.isfinite(value)]
        logged = {name for line in lines for name in line}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file} cannot be read ({error})", expected="the history of a training") from error
    if not pairs:
        raise DataError(
            f"no finite {quantity} in {file}",
            expected=f"one of {', '.join(sorted(logged - {'step'})) or 'nothing'}",
        )
    return pairs


def _named(files: Sequence[Path]) -> Mapping[str, Path]:
    """Short names where they tell the files apart, whole paths where not."""
    distinct = len({file.stem for file in files}) == len(files)
    return {file.stem if distinct else str(file): file for file in files}


def _fingerprints(loaded: "Mapping[str, Embeddings]") -> dict[str, str]:
    return {name: items.fingerprint for name, items in loaded.items()}


def _tasks(tasks: list[str] | None) -> "list[RetrievalTask]":
    from crossreid.evaluation.evaluate import TASKS
    from crossreid.evaluation.tasks import RetrievalTask

    return [RetrievalTask.parse(text) for text in tasks or TASKS]


def _load_pair(embeddings: Path, gallery: Path | None) -> "tuple[Embeddings, Embeddings]":
    from crossreid.core.embeddings import Embeddings

    queries = Embeddings.load(embeddings)
    answers = queries if gallery is None else Embeddings.load(gallery)
    queries.check_comparable(answers)
    return queries, answers


def _truth(data: Path, *sides: "Embeddings") -> "dict[str, Truth]":
    from crossreid.analysis.truth import read_truth

    return read_truth(data, [source for side in sides for source in side.source_ids.tolist()])
