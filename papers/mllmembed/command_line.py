"""`python -m papers.mllmembed`."""

import shlex
import sys
from collections.abc import Collection, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from crossreid.cli.failures import reported_failures
from crossreid.cli.options import command_line

if TYPE_CHECKING:
    from papers.mllmembed.study import Study

PROGRAM = "python -m papers.mllmembed"
_DATASET, _CONFIGS = "manifest", Path("configs/paper")


class Preset(StrEnum):
    """Which models and data."""

    TINY = "tiny"
    PAPER = "paper"


class _Reported(TyperCommand):
    """A command whose failures are reported as those of `crossreid` are."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with reported_failures(ctx):
            return super().invoke(ctx)


app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)


@app.command(cls=_Reported)
def reproduce(
    items: Annotated[
        list[str],
        typer.Argument(
            metavar="ITEM...",
            help=(
                "What to reproduce: table1 to table5, figure3 to figure7, labels, scarce, "
                "components, evidence, galleries, errors, leakage, or all. Repeatable."
            ),
        ),
    ],
    *,
    preset: Annotated[
        Preset,
        typer.Option(
            help=(
                "tiny uses the shipped models on synthetic people. paper uses Qwen2-VL-2B and "
                "CLIP ViT-L/14 on your data, which takes GPUs and days."
            )
        ),
    ] = Preset.TINY,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=(
                "Number of seeds, each with its own trainings. By default 3 (table2 and scarce: "
                "5) for tiny and 1 for paper."
            ),
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder for trainings, embeddings, reports and pages. By default runs/reproduction/PRESET.",
        ),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the result records and figures. By default the sub-folder results of --out."
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FOLDER",
            help=(
                "For paper: a data set with photos, infrared pictures, sketches and captions and "
                "the splits train and test. Repeatable."
            ),
        ),
    ] = None,
    dataset: Annotated[str, typer.Option(help="For paper: the format of all data sets.")] = _DATASET,
    spectrum: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FORMAT=FOLDER",
            help=(
                "For paper, figure 7: a data set of any modalities with the split test, such as "
                "market-1501, sysu-mm01 or llcm. Repeatable."
            ),
        ),
    ] = None,
    cloud: Annotated[
        str, typer.Option(help="For paper: backbone of the cloud model, a folder or a hub id.")
    ] = "",
    edge: Annotated[
        str, typer.Option(help="For paper: backbone of the edge model, a folder or a hub id.")
    ] = "",
    configs: Annotated[Path, typer.Option(help="For paper: folder of the three configurations.")] = _CONFIGS,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help=(
                "Override a setting of the preset: teacher.KEY, student.KEY or distillation.KEY; "
                "for tiny also world.KEY (such as train_people and gallery_people) and arms.KEY "
                "(learning rates to choose from, labelled_people, scarce_people, "
                "component_shares). Repeatable."
            ),
        ),
    ] = None,
) -> None:
    """Reproduce the paper's tables and figures, and write a page that compares our numbers with the paper's.

    Reuses existing results: each training, embedding and evaluation of a seed is made once and shared. After a change
    of settings, data or weights, everything that depends on it is repeated.
    """
    from crossreid.cli.outputs import check_output_folder
    from papers.mllmembed.run import chosen_items
    from papers.mllmembed.run import reproduce as reproduce_

    chosen = chosen_items(items, drawn=preset == Preset.TINY)
    study = _study(preset, data or [], dataset, spectrum or [], cloud, edge, configs, overrides or [])
    folder = out or Path("runs") / "reproduction" / preset.value
    for place in (folder, results or folder / "results"):
        check_output_folder(place)
    done = reproduce_(
        chosen,
        study,
        seeds=seeds,
        folder=folder,
        results=results or folder / "results",
        say=lambda words: print(words, flush=True),
        quiet=not sys.stderr.isatty(),
    )
    for line in done.answers:
        print(line)
    print(f"Wrote {done.page}, {done.document} and the records in {done.results}")
    given = {
        "--seeds": seeds, "--out": out, "--results": results, "--data": data, "--dataset": dataset,
        "--spectrum": spectrum, "--cloud": cloud, "--edge": edge, "--configs": configs, "--set": overrides,
    }  # fmt: skip
    print("Next: " + _next_step(chosen, done.edge, preset, given))


def _next_step(chosen: Collection[str], edge: Path | None, preset: Preset, given: dict[str, object]) -> str:
    """After some of the paper's items all of them, else a gallery by the edge model that came of it."""
    from papers.mllmembed.writing import PUBLISHED

    if edge is None or not set(PUBLISHED) <= set(chosen):
        words = ("all", "--preset", preset.value, *_differing(given))
        return f"{PROGRAM} {shlex.join(map(str, words))}"
    return command_line("index", "PHOTOS", "--encoder", edge, "--out", "gallery")


def _differing(given: dict[str, object]) -> Iterator[object]:
    """The options that are not as they would be without being given, and their values."""
    usual = {"--dataset": _DATASET, "--configs": _CONFIGS}
    for option, value in given.items():
        if value and value != usual.get(option):
            for one in value if isinstance(value, list) else [value]:
                yield from (option, one)


def _study(
    preset: Preset,
    data: list[str],
    dataset: str,
    spectrum: list[str],
    cloud: str,
    edge: str,
    configs: Path,
    overrides: list[str],
) -> "Study":
    from crossreid.core.errors import ConfigurationError
    from papers.mllmembed.full_size import paper_study
    from papers.mllmembed.study import tiny_study

    if preset == Preset.TINY:
        given = {"--data": data, "--spectrum": spectrum, "--cloud": cloud, "--edge": edge}
        foreign = [name for name, value in given.items() if value]
        if foreign:
            raise ConfigurationError(
                f"{', '.join(foreign)} with the preset tiny, which draws its own people",
                expected="--preset paper",
            )
        return tiny_study(overrides)
    return paper_study(
        _folders(data, "--data NAME=FOLDER"),
        dataset=dataset,
        cloud=cloud,
        edge=edge,
        configs=configs,
        spectra=_folders(spectrum, "--spectrum FORMAT=FOLDER"),
        overrides=overrides,
    )


def _folders(written: list[str], form: str) -> dict[str, Path]:
    from crossreid.core.errors import ConfigurationError

    option, _, expected = form.partition(" ")
    roots = {}
    for one in written:
        name, equals, root = one.partition("=")
        if not (name and equals and root):
            raise ConfigurationError(f"{option} {one}", expected=expected)
        roots[name] = Path(root)
    return roots


def main() -> None:
    """Run the command."""
    app(prog_name=PROGRAM)
