"""A progress bar on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def step_progress(
    description: str, *, total: int, done: int = 0, quiet: bool = False
) -> Iterator[Callable[[float], None]]:
    """Yield a function that advances by one step and shows a loss."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.3f}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        bar = progress.add_task(description, total=total, completed=done, loss=float("nan"))
        yield lambda loss: progress.update(bar, advance=1, loss=loss)
