"""`crossreid audit`."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False)

BROKEN = 1


@app.callback()
def audit() -> None:
    """Look whether an audit log is as it was written."""


@app.command()
def verify(
    log: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `GET /v1/audit/export` gave: an entry a line.")
    ],
    *,
    head: Annotated[
        str,
        typer.Option(help="A hash that was noted before; the log must contain it. Without one nobody can tell"
                     " whether the end is missing."),
    ] = "",
) -> None:  # fmt: skip
    """Follow the chain of an exported log from its beginning. Status 1 when it is broken."""
    from crossreid.core.errors import DataError
    from crossreid.server.chain import read_export
    from crossreid.server.chain import verify as follow

    try:
        with log.open(encoding="utf-8") as lines:
            found = follow(read_export(lines), head=head)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{log} cannot be read ({error})", expected="an exported audit log") from error
    if not found.intact:
        print(f"{log} is not as it was written: {found.problem}")
        raise typer.Exit(BROKEN)
    print(f"{log}: {found.entries} entries, unbroken; head {found.head}")
    if not head:
        print(f"Next: note the head elsewhere, and later crossreid audit verify {log} --head {found.head}")
