"""Where verbs write: looked at before the work, so that an hour of it is not lost to a misspelt name."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from crossreid.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure
    from rich.table import Table

FIGURES = (".png", ".svg")


def check_output_file(path: Path, *suffixes: str, option: str = "--out") -> None:
    """Make the folder of a file to be written.

    Raises:
        ConfigurationError: the name has none of the suffixes, or cannot be that of a file.
    """
    if path.suffix.lower() not in suffixes:
        raise ConfigurationError(f"{option} {path}", expected=f"a name that ends in {' or '.join(suffixes)}")
    if path.is_dir():
        raise ConfigurationError(f"{option} {path}, which is a folder", expected="the name of a file")
    _make_folder(path.parent)


def check_output_folder(path: Path) -> None:
    """Make a folder to be filled.

    Raises:
        ConfigurationError: it cannot be made.
    """
    _make_folder(path)


def print_tables(*tables: "Table", columns_in_pipe: int = 1000) -> None:
    """Print tables as wide as the terminal; in a pipe, where lines should stay in one piece, wider."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else columns_in_pipe)
    for table in tables:
        console.print(table)


def write_figure(figure: "Figure", path: Path) -> None:
    """Write a figure in the format of its file's name, one of `FIGURES`."""
    from crossreid.analysis.figures import render

    kind = cast("Literal['png', 'svg']", path.suffix.lower().lstrip("."))
    path.write_bytes(render(figure, kind=kind))


def write_study(
    path: Path, figure: "Figure", configuration: "Mapping[str, object]", **numbers: object
) -> str:
    """Write a figure as .png and .svg, and its numbers with what they came from as .json.

    Args:
        path: of any of them; the others get its name.
        figure: to be drawn.
        configuration: what was asked for, with a key `seed` where there was one.
        numbers: whatever JSON can hold.

    Returns:
        The names of the three files, in words.
    """
    from crossreid.analysis.figures import render
    from crossreid.training.record import write_record

    for kind in ("png", "svg"):
        path.with_suffix(f".{kind}").write_bytes(render(figure, kind=kind))
    asked: dict[str, object] = {name: value for name, value in configuration.items() if name != "seed"}
    seed = configuration.get("seed", 0)
    write_record(path.with_suffix(".json"), asked, seed=int(str(seed)), **numbers)
    return f"{path.with_suffix('.png')}, .svg and .json"


def report_run(folder: Path) -> None:
    """Say what a training left in its folder, and where its figures ended."""
    from crossreid.training.build import read_history

    history = folder / "history.jsonl"
    step, loss = read_history(history, "total")[-1]
    ended = f"loss {loss:.3f} at step {step}"
    figures = (
        ("validation_map", "mAP", "%"), ("validation_rsum", "rSum", "%"), ("validation_psnr", "PSNR", "dB"),
    )  # fmt: skip
    for name, label, unit in figures:
        accuracy = read_history(history, name)
        if accuracy:
            ended += f", validation {label} {accuracy[-1][1]:.2f} {unit}"
    print(f"Wrote {folder / 'model'} and {history} ({ended})")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the folder {folder} cannot be made ({error.strerror or error})",
            remedy="name another place",
        ) from error
