"""`crossreid data`: data sets that the program makes."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False)

_DEFAULT_PEOPLE = ("train=600", "test=200")


@app.callback()
def data() -> None:
    """Make data sets."""


@app.command()
def draw(
    folder: Annotated[Path, typer.Argument(help="Where the pictures and their manifest go.")],
    *,
    people: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPLIT=NUMBER",
            help="How many people of a split (pretrain, train, validation, test, demo); may be given several"
            f" times. By default {' and '.join(_DEFAULT_PEOPLE)}.",
        ),
    ] = None,
    groups: Annotated[
        int,
        typer.Option(min=1, help="Encounters a person: each a photo, an infrared, a sketch and a caption."),
    ] = 2,
    seed: Annotated[int, typer.Option(help="The same seed draws the same world.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that draw.")] = 2,
) -> None:
    """Draw a world of pedestrians.

    Stopped and called again, it goes on where it was.
    """
    from crossreid.cli.options import command_line
    from crossreid.cli.outputs import check_output_folder
    from crossreid.synthesis.pedestrians.dataset import write_world

    counts = _parse_people(people or _DEFAULT_PEOPLE)
    check_output_folder(folder)
    manifest = write_world(
        folder,
        seed=seed,
        people=counts,
        groups_per_person=groups,
        workers=workers,
        progress=sys.stderr.isatty(),
    )
    total = sum(counts.values())
    print(f"Wrote {manifest}: {total} people, {total * groups} encounters, {total * groups * 4} items")
    print(
        "Next: "
        + command_line("train", "configs/teacher-tiny.yaml", "--data", folder, "--out", "runs/teacher")
    )


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
