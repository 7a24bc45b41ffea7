"""`crossreid demo`."""

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer


def demo(
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder.")] = Path("demo"),
    seed: Annotated[
        int,
        typer.Option(min=0, help="Random seed for the synthetic people, the batch order and the adapters."),
    ] = 0,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve",
            help="Open the search page on the demonstration's gallery. Reuses a finished demonstration.",
        ),
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the search page; 0 picks a free one.")
    ] = 8000,
) -> None:
    """Show what training gains on a site that no model has seen, in minutes on two cores.

    Draws the people of a site, adapts the cloud model to it, distils the edge model from the cloud model, and compares
    both with the untrained models on unseen people. Resumes after an interruption.
    """
    if not serve:
        _run(out, seed)
        return
    # Imported before anything is trained, so that a missing server is reported first.
    from crossreid.cli.demo_page import serve_demo

    if not (out / "results.json").is_file():
        _run(out, seed)
    serve_demo(out, port)


def _run(out: Path, seed: int) -> None:
    from rich.console import Console

    from crossreid.cli.extras import require_extras

    require_extras("demo", "models", "plots", "synthetic")
    from crossreid.demonstration.bars import bars_text
    from crossreid.demonstration.run import run_demo
    from crossreid.demonstration.settings import DemoSettings
    from crossreid.demonstration.story import QUANTITY

    console = Console(highlight=False)
    result = run_demo(
        DemoSettings(seed=seed),
        out,
        say=lambda words: console.print(f"[bold]{words}[/bold]"),
        program=_program(),
        quiet=not sys.stderr.isatty(),
    )
    blocks = {
        "What the models find": result.claims,
        f"{QUANTITY}:": bars_text(result.bars),
        "Aims, in points of mean mAP": [str(aim) for aim in result.aims],
        f"Written in {sum(result.seconds.values()):.0f} seconds": [
            f"{what}: {path}" for what, path in result.written.items()
        ],
        "Next, open the report in a browser, or search as it does": result.commands,
    }
    for heading, lines in blocks.items():
        console.print(f"\n[bold]{heading}[/bold]")
        for line in lines:
            console.print(line, markup=False, soft_wrap=heading.startswith("Next"))


def _program() -> str:
    """The program as it can be typed: `make demo` calls it by its path, and it need not be on the PATH."""
    called = sys.argv[0]
    return called if Path(called).name == "crossreid" and shutil.which("crossreid") is None else "crossreid"
