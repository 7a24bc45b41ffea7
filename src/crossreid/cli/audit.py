"""`crossreid audit`."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False)

BROKEN = 1


@app.callback()
def audit() -> None:
    """Verify an audit log."""


@app.command()
def verify(
    log: Annotated[
        Path, typer.Argument(metavar="FILE", help="Output of `GET /v1/audit/export`, one entry per line.")
    ],
    *,
    head: Annotated[
        str,
        typer.Option(
            help="Hash recorded earlier, which the log must contain. Without it a truncated log cannot be detected."
        ),
    ] = "",
) -> None:
    """Verify the hash chain of an exported audit log. Exits with status 1 if it is broken."""
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
