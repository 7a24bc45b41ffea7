"""`crossreid expand`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossreid.cli.options import DatasetName, Device, Split, command_line, read_dataset

if TYPE_CHECKING:
    from crossreid.data.dataset import Dataset
    from crossreid.synthesis.expansion import Expansion

_SHOWN = 3


def expand(
    root: Annotated[Path, typer.Argument(help="Folder or table of the data set.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder for the new data set.")],
    dataset: DatasetName = "folder",
    split: Split = "",
    sketch: Annotated[
        str,
        typer.Option(
            help=(
                "How to make sketches: drawn (needs no weights), none, or the "
                "folder of a translator trained by `crossreid train`."
            )
        ),
    ] = "drawn",
    infrared: Annotated[
        str,
        typer.Option(
            help=(
                "How to make infrared pictures: rendered (needs no weights), none, "
                "or the folder of a translator trained by `crossreid train`."
            )
        ),
    ] = "rendered",
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Replace existing sketches and infrared pictures by new ones."),
    ] = False,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy the photos too, which makes the folder self-contained.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Random seed for pencil strokes and sensor noise.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Number of worker processes.")] = 2,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures per batch in each process.")] = 16,
    device: Device = None,
) -> None:
    """Make a data set of four modalities: add a sketch and an infrared picture to every photo that has none.

    Resumes after an interruption. Skips and lists photos that cannot be read.
    """
    from crossreid.cli.outputs import check_output_folder
    from crossreid.synthesis.expansion import expand_dataset

    samples = read_dataset(dataset, root, split)
    check_output_folder(out)
    expansion = expand_dataset(
        samples,
        out,
        sketch=sketch,
        infrared=infrared,
        replace=replace,
        copy=copy,
        seed=seed,
        batch_size=batch_size,
        workers=workers,
        device=device,
        progress=sys.stderr.isatty(),
    )
    _report(expansion, out)
    print("Next: " + _next_step(samples, out))


def _report(expansion: "Expansion", out: Path) -> None:
    written = expansion.written
    kept = ", ".join(f"{count} {modality}" for modality, count in sorted(written.kept.items()))
    made = ", ".join(f"{count} {modality}" for modality, count in sorted(written.made.items()))
    print(f"Wrote {written.manifest}: {kept}; made: {made or 'none'} ({expansion.new} files new)")
    if written.skipped is not None:
        for reason in list(expansion.skipped.values())[:_SHOWN]:
            print(f"Skipped {reason}")
        print(f"Wrote {written.skipped}: {len(expansion.skipped)} pictures that could not be used")


def _next_step(samples: "Dataset", out: Path) -> str:
    """A check; and a training, where it is known who is on the pictures."""
    check = command_line("data", "check", "manifest", out)
    if not samples.people:
        return check
    words: list[object] = ["train", "configs/teacher-tiny.yaml", "--data", out, "--dataset", "manifest"]
    words += [] if "train" in samples.splits else ["--split", ""]
    return f"{check}, or {command_line(*words, '--out', 'runs/teacher')}"
