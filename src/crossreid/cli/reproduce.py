"""`crossreid reproduce`."""

import sys
from collections.abc import Collection, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossreid.cli.options import command_line

if TYPE_CHECKING:
    from crossreid.reproduction.study import Study

_DATASET, _CONFIGS = "manifest", Path("configs/paper")


class Preset(StrEnum):
    """Which models and data."""

    TINY = "tiny"
    PAPER = "paper"


def reproduce(
    items: Annotated[
        list[str],
        typer.Argument(
            metavar="ITEM...",
            help="table1 to table5, figure3 to figure7, labels, scarce, components, evidence, galleries, errors,"
            " leakage (several, if you like), or all.",
        ),
    ],
    *,
    preset: Annotated[
        Preset,
        typer.Option(
            help="tiny: the shipped models on people drawn by the program; paper: Qwen2-VL-2B and CLIP ViT-L/14 on"
            " your data, for which it takes GPUs and days."
        ),
    ] = Preset.TINY,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of seeds, each with trainings of its own; by default 3 (table2 and scarce: 5) for tiny and 1"
            " for paper.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder of trainings, embeddings, reports and pages; by default runs/reproduction/PRESET.",
        ),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(help="Folder of the records and pictures; by default results in that of --out."),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FOLDER",
            help="For paper: a data set with photographs, infrared pictures, sketches and captions, splits train and"
            " test; may be given several times.",
        ),
    ] = None,
    dataset: Annotated[str, typer.Option(help="For paper: the format of all of them.")] = _DATASET,
    spectrum: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FORMAT=FOLDER",
            help="For paper, figure 7: a data set of any kinds of evidence, such as market-1501, sysu-mm01 or llcm,"
            " split test; may be given several times.",
        ),
    ] = None,
    cloud: Annotated[
        str, typer.Option(help="For paper: the cloud model's backbone, a folder or hub name.")
    ] = "",
    edge: Annotated[
        str, typer.Option(help="For paper: the edge model's backbone, a folder or hub name.")
    ] = "",
    configs: Annotated[Path, typer.Option(help="For paper: folder of the three configurations.")] = _CONFIGS,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A setting in place of the preset's: teacher.KEY, student.KEY or distillation.KEY of a configuration,"
            " or for tiny world.KEY (train_people, gallery_people and the like) and arms.KEY (learning rates to choose"
            " from, labelled_people, scarce_people, component_shares); may be given several times.",
        ),
    ] = None,
) -> None:
    """Make the paper's tables and figures anew, and a page that sets our numbers beside the paper's.

    What is there is used again: every training, every embedding and every evaluation of each seed is made once and
    shared. A change of settings, data or weights makes what depends on it anew.
    """
    from crossreid.cli.outputs import check_output_folder
    from crossreid.reproduction.run import chosen_items
    from crossreid.reproduction.run import reproduce as reproduce_

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
    from crossreid.reproduction.writing import PUBLISHED

    if edge is None or not set(PUBLISHED) <= set(chosen):
        return command_line("reproduce", "all", "--preset", preset.value, *_differing(given))
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
    from crossreid.reproduction.full_size import paper_study
    from crossreid.reproduction.study import tiny_study

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
