"""`crossreid doctor`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from crossreid.cli.checks import Check, run_checks

_COLOURS = {"ok": "green", "note": "yellow", "broken": "red"}


def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False
) -> None:
    """Check the installation: libraries, devices, free disk space, shipped weights and an end-to-end encoding.

    Exits with status 1 if something is broken.
    """
    checks = run_checks()
    broken = [check.name for check in checks if check.verdict == "broken"]
    if as_json:
        record = {"healthy": not broken, "checks": [asdict(check) for check in checks]}
        print(json.dumps(record, indent=2))
    else:
        _print_table(checks)
        print(_next_step(broken))
    if broken:
        raise typer.Exit(1)


def _next_step(broken: Sequence[str]) -> str:
    if not broken:
        return "All is well. Next: crossreid index FOLDER --out gallery"
    return f"Broken: {', '.join(broken)}. Next: follow the last column, then crossreid doctor again."


def _print_table(checks: Sequence[Check]) -> None:
    from rich.table import Table
    from rich.text import Text

    from crossreid.cli.outputs import print_tables

    table = Table("check", "", "found", "remedy", box=None, pad_edge=False)
    for check in checks:
        verdict = Text(check.verdict, style=_COLOURS[check.verdict])
        table.add_row(Text(check.name), verdict, Text(check.found), Text(check.remedy))
    print_tables(table)
