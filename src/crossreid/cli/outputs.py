"""Where verbs write: looked at before the work, so that an hour of it is not lost to a misspelt name."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from crossreid.core.errors import ConfigurationError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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


def write_figure(figure: "Figure", path: Path) -> None:
    """Write a figure in the format of its file's name, one of `FIGURES`."""
    from crossreid.analysis.figures import render

    kind = cast("Literal['png', 'svg']", path.suffix.lower().lstrip("."))
    path.write_bytes(render(figure, kind=kind))


def report_run(folder: Path) -> None:
    """Say what a training left in its folder, and where its figures ended."""
    from crossreid.training.build import read_history

    history = folder / "history.jsonl"
    step, loss = read_history(history, "total")[-1]
    ended = f"loss {loss:.3f} at step {step}"
    accuracy = read_history(history, "validation_map")
    if accuracy:
        ended += f", validation mAP {accuracy[-1][1]:.2f} %"
    print(f"Wrote {folder / 'model'} and {history} ({ended})")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the folder {folder} cannot be made ({error.strerror or error})",
            remedy="name another place",
        ) from error
