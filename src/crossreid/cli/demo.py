"""`crossreid demo`."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from crossreid.evaluation.report import ReportRow


def demo(
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder that receives everything.")] = Path("demo"),
    seed: Annotated[int, typer.Option(min=0, help="Of the world, the order and the adapters.")] = 0,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve", help="Open the search page on the gallery; a finished demonstration is not repeated."
        ),
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of the search page; 0 takes a free one.")
    ] = 8000,
) -> None:
    """Show the whole system on people drawn by the program, in a few minutes on two cores.

    Draws a world, adapts the cloud model, distils the edge model, measures both on people never seen, and searches.
    An interrupted demonstration continues where it was.
    """
    if not (serve and (out / "results.json").is_file()):
        _run(out, seed)
    if serve:
        from crossreid.cli.demo_page import serve_demo

        serve_demo(out, port)


def _run(out: Path, seed: int) -> None:
    from rich.console import Console

    from crossreid.demonstration.run import run_demo
    from crossreid.demonstration.settings import DemoSettings

    console = Console()
    result = run_demo(
        DemoSettings(seed=seed),
        out,
        say=lambda words: console.print(f"[bold]{words}[/bold]"),
        quiet=not sys.stderr.isatty(),
    )
    console.print("People never seen. C: cloud, E: edge; E2C: the edge asks, the cloud's gallery answers")
    for protocol in dict.fromkeys(row.protocol for row in result.report.rows):
        console.print(_table(protocol, [row for row in result.report.rows if row.protocol == protocol]))
    console.print(f"Report: {result.page}")
    console.print(f"Three searches: {result.searches}")
    console.print(f"Took {sum(result.seconds.values()):.0f} seconds. Next:")
    for command in result.commands:
        console.print(f"  {command}", soft_wrap=True, highlight=False)


def _table(protocol: str, rows: "Iterable[ReportRow]") -> "Table":
    """Narrow enough for any terminal; the intervals are in results.json."""
    from rich.table import Table

    table = Table("setting", "task", title=f"protocol {protocol}", title_justify="left")
    for name in ("R1", "R5", "R10", "mAP", "mINP"):
        table.add_column(name, justify="right")
    for row in rows:
        numbers = (row.r1, row.r5, row.r10, row.mean_ap, row.mean_inp)
        table.add_row(row.setting, row.task, *(f"{number:.1f}" for number in numbers))
    return table
