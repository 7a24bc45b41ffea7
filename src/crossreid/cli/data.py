"""`crossreid data`: makes data sets, and checks them."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from crossreid.data.validation import ValidationReport

app = typer.Typer(no_args_is_help=True, add_completion=False)

_DEFAULT_PEOPLE = ("train=600", "test=200")
_FAULTS_FOUND = 1
_PIPE_COLUMNS = 160


@app.callback()
def data() -> None:
    """Make data sets, and check them."""


@app.command()
def draw(
    folder: Annotated[Path, typer.Argument(help="Output folder for the pictures and their manifest.")],
    *,
    people: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPLIT=NUMBER",
            help="Number of people in a split (pretrain, train, validation, test or demo). Repeatable;"
            f" by default {' and '.join(_DEFAULT_PEOPLE)}.",
        ),
    ] = None,
    groups: Annotated[
        int,
        typer.Option(
            min=1,
            help="Encounters per person. Each has a photo, an infrared picture, a sketch and a caption.",
        ),
    ] = 2,
    seed: Annotated[int, typer.Option(help="Random seed. The same seed draws the same world.")] = 0,
    style: Annotated[
        Literal["day", "evening", "site"],
        typer.Option(
            help=(
                "Rendering style. `evening` shows the world of `day` under artificial light; "
                "`site` is another place with its own cameras, near infrared, sketches and "
                "captions."
            )
        ),
    ] = "day",
    workers: Annotated[int, typer.Option(min=1, help="Number of worker processes.")] = 2,
) -> None:
    """Draw synthetic people. Resumes after an interruption."""
    from crossreid.cli.extras import require_extras
    from crossreid.cli.options import command_line
    from crossreid.cli.outputs import check_output_folder
    from crossreid.synthesis.pedestrians.dataset import write_world

    require_extras("data draw", "synthetic")
    counts = _parse_people(people or _DEFAULT_PEOPLE)
    check_output_folder(folder)
    manifest = write_world(
        folder,
        seed=seed,
        people=counts,
        groups_per_person=groups,
        style=style,
        workers=workers,
        progress=sys.stderr.isatty(),
    )
    total = sum(counts.values())
    print(f"Wrote {manifest}: {total} people, {total * groups} encounters, {total * groups * 4} items")
    print(
        "Next: "
        + command_line("train", "configs/teacher-tiny.yaml", "--data", folder, "--out", "runs/teacher")
    )


@app.command()
def check(
    name: Annotated[
        str, typer.Argument(help="Format of the data: pedestrians, manifest, folder or a public data set.")
    ],
    root: Annotated[Path, typer.Argument(help="Folder or table of the data set.")],
    *,
    against: Annotated[
        tuple[str, Path] | None,
        typer.Option(
            metavar="NAME ROOT",
            help="Second data set, as NAME and ROOT. Reports the pictures that occur in both, by split.",
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write all findings to this JSON file.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Number of worker processes.")] = 2,
) -> None:
    """Check a data set: count it, open every picture and report faults.

    Finds numbers that differ from the published ones, unreadable pictures, captions that are damaged or describe
    several people, groups without a modality, and near duplicates within and across splits. Exits with status 1 if
    there are faults, 0 if there are none or only notes.
    """
    from crossreid.cli.outputs import check_output_file
    from crossreid.data.validation import check_dataset

    if json is not None:
        check_output_file(json, ".json", option="--json")
    report = check_dataset(name, root, against=against, workers=workers, progress=sys.stderr.isatty())
    _print(report)
    if json is not None:
        json.write_text(report.to_json(), encoding="utf-8")
        print(f"Wrote {json}")
    if report.faults:
        raise typer.Exit(_FAULTS_FOUND)


def _print(report: "ValidationReport") -> None:
    from crossreid.cli.outputs import print_tables

    counted, found = report.to_tables()
    print(f"{report.name}: {report.pictures} pictures opened")
    tables = (counted, found) if report.findings else (counted,)
    print_tables(*tables, columns_in_pipe=_PIPE_COLUMNS)
    notes = len(report.findings) - len(report.faults)
    print(f"Kinds of faults: {len(report.faults)}; of notes: {notes}")


def _parse_people(words: Sequence[str]) -> dict[str, int]:
    from crossreid.core.errors import ConfigurationError

    counts: dict[str, int] = {}
    for word in words:
        split, _, number = word.partition("=")
        if not (number.isascii() and number.isdigit()):
            raise ConfigurationError(f"--people {word}", expected="SPLIT=NUMBER, such as train=600")
        if split in counts:
            raise ConfigurationError(f"--people for {split!r} twice", expected="once a split")
        counts[split] = int(number)
    return counts
