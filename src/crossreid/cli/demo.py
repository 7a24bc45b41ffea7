"""`crossreid demo`."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def demo(
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder that receives everything.")] = Path("demo"),
    seed: Annotated[int, typer.Option(min=0, help="Of the world, the order and the adapters.")] = 0,
) -> None:
    """Show the whole system on people drawn by the program, in a few minutes on two cores.

    Draws a world, adapts the cloud model, distils the edge model, measures both on people never seen, and searches.
    An interrupted demonstration continues where it was.
    """
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
    console.print(
        result.report.to_table(
            "Unseen people; C: cloud, E: edge; E2C: the edge asks, the cloud's gallery answers"
        )
    )
    console.print(f"Report: {result.page}")
    console.print(f"Three searches: {result.searches}")
    console.print(f"Took {sum(result.seconds.values()):.0f} seconds. Next:")
    for command in result.commands:
        console.print(f"  {command}", soft_wrap=True, highlight=False)
