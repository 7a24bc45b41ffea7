"""`crossreid analyse`: figures of stored embeddings. Those that come with numbers of their own are in `studies`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossreid.cli import studies
from crossreid.cli.options import Data, DatasetName, Protocol, Split, Tasks, command_line, read_dataset
from crossreid.cli.studies import File, GalleryFile, Seed

if TYPE_CHECKING:
    from crossreid.analysis.low_rank import Spectrum
    from crossreid.core.embeddings import Embeddings

app = typer.Typer(no_args_is_help=True, add_completion=False)

_SHARES = (0.9, 0.95, 0.99)

Figure = Annotated[Path, typer.Option("--out", "-o", help="Output figure (.png or .svg).")]


@app.callback()
def analyse() -> None:
    """Plot and probe stored embeddings."""


app.command()(studies.convergence)
app.command()(studies.importance)
app.command()(studies.gallery_width)
app.command()(studies.errors)
app.command()(studies.leakage)


@app.command("low-rank")
def low_rank(
    embeddings: Annotated[
        list[Path], typer.Argument(help="One or more .parquet files of `crossreid embed`.")
    ],
    *,
    out: Figure,
    trials: Annotated[
        int, typer.Option(min=0, help="Number of random halves of the items, beside all of them.")
    ] = 4,
    seed: Seed = 0,
) -> None:
    """Plot the low-rank spectrum of embeddings, over all items and over random halves."""
    from crossreid.analysis.figures import caption, spectrum_figure
    from crossreid.analysis.low_rank import low_rank_spectrum, random_halves
    from crossreid.cli.outputs import FIGURES, check_output_file, write_study
    from crossreid.core.embeddings import Embeddings

    check_output_file(out, *FIGURES)
    distinct = len({file.stem for file in embeddings}) == len(embeddings)
    vectors = {
        file.stem if distinct else str(file): Embeddings.load(file).unit().vectors for file in embeddings
    }
    spectra = {name: low_rank_spectrum(one) for name, one in vectors.items()}
    halves = {name: list(random_halves(one, trials=trials, seed=seed)) for name, one in vectors.items()}
    for name, spectrum in spectra.items():
        print(f"{name}: {_summary(spectrum)}")
        if trials:
            print(f"{name}, {trials} random halves: {_summary_of_trials(halves[name])}")
    numbers = {
        name: _numbers(spectrum) | {"trials": [_numbers(one) for one in halves[name]]}
        for name, spectrum in spectra.items()
    }
    figure = spectrum_figure(spectra, trials=halves if trials else None)
    words = "Singular values of unit vectors, whose mean is not taken away; grey: 90, 95 and 99 %."
    caption(figure, f"{words} Bands: {trials} random halves of the items." if trials else words)
    asked = {"embeddings": list(map(str, embeddings)), "trials": trials, "seed": seed}
    print("Wrote " + write_study(out, figure, asked, spectra=numbers))
    print("Next: " + command_line("analyse", "tsne", embeddings[0], "--out", out.with_stem("tsne")))


@app.command()
def tsne(
    embeddings: File,
    *,
    out: Figure,
    people: Annotated[int, typer.Option(min=1, help="Number of people, chosen at random.")] = 12,
    seed: Seed = 0,
) -> None:
    """Plot a t-SNE map of some people in all modalities."""
    from crossreid.analysis.figures import caption, tsne_figure
    from crossreid.analysis.projection import project
    from crossreid.cli.outputs import FIGURES, check_output_file, write_figure
    from crossreid.core.embeddings import Embeddings

    check_output_file(out, *FIGURES)
    shown = _draw_people(Embeddings.load(embeddings), people, seed)
    figure = tsne_figure(project(shown, seed=seed), shown.person_ids, shown.modalities)
    caption(
        figure,
        f"t-SNE of unit vectors, people drawn by seed {seed}; who is near counts, not how far others are.",
    )
    write_figure(figure, out)
    print(f"Wrote {out}: {len(shown)} items")
    words = ("analyse", "cases", embeddings, "--data", "DATA", "--out", out.with_stem("cases"))
    print("Next: " + command_line(*words))


@app.command()
def pca(
    embeddings: Annotated[
        list[Path], typer.Argument(help="One or more .parquet files of `crossreid embed`; one map for each.")
    ],
    *,
    out: Figure,
    people: Annotated[int, typer.Option(min=1, help="Number of people, chosen at random.")] = 12,
    seed: Seed = 0,
) -> None:
    """Plot embeddings along their first three principal directions, such as before and after a distillation."""
    from crossreid.analysis.figures import caption
    from crossreid.analysis.projection import principal_map
    from crossreid.analysis.space_figure import Space, space_figure
    from crossreid.cli.outputs import FIGURES, check_output_file, write_study
    from crossreid.core.embeddings import Embeddings

    check_output_file(out, *FIGURES)
    distinct = len({file.stem for file in embeddings}) == len(embeddings)
    spaces = {}
    for file in embeddings:
        shown = _draw_people(Embeddings.load(file), people, seed)
        points, shares = principal_map(shown)
        spaces[file.stem if distinct else str(file)] = Space(
            points, shares, shown.person_ids, shown.modalities
        )
    figure = space_figure(spaces)
    caption(
        figure,
        f"The first three principal directions of unit vectors, their mean taken away; people drawn by seed {seed}.",
    )
    for name, space in spaces.items():
        held = " + ".join(f"{share:.1%}" for share in space.shares)
        print(f"{name}: {len(space.points)} items, {held} of the variance")
    asked = {"embeddings": list(map(str, embeddings)), "people": people, "seed": seed}
    numbers = {
        name: {"shares": space.shares.tolist(), "items": len(space.points)} for name, space in spaces.items()
    }
    print("Wrote " + write_study(out, figure, asked, maps=numbers))
    print("Next: " + command_line("analyse", "tsne", embeddings[0], "--out", out.with_stem("tsne")))


@app.command()
def cases(
    embeddings: File,
    *,
    gallery: GalleryFile = None,
    data: Data,
    dataset: DatasetName = "pedestrians",
    split: Split = "",
    task: Tasks = None,
    protocol: Protocol = "source-excluded",
    successes: Annotated[int, typer.Option(min=0, help="Number of successful searches per task.")] = 1,
    failures: Annotated[int, typer.Option(min=0, help="Number of failed searches per task.")] = 1,
    top: Annotated[int, typer.Option(min=1, help="Number of results per search.")] = 5,
    seed: Seed = 0,
    out: Figure,
) -> None:
    """Show randomly chosen searches as strips of pictures."""
    from crossreid.analysis.case_strips import case_strip
    from crossreid.analysis.cases import retrieval_cases
    from crossreid.analysis.strips import cases_figure
    from crossreid.cli.outputs import FIGURES, check_output_file, write_figure
    from crossreid.core.embeddings import Embeddings
    from crossreid.evaluation.evaluate import TASKS
    from crossreid.evaluation.protocols import find_protocol
    from crossreid.evaluation.tasks import RetrievalTask

    check_output_file(out, *FIGURES)
    rule = find_protocol(protocol)
    queries = Embeddings.load(embeddings)
    answers = queries if gallery is None else Embeddings.load(gallery)
    queries.check_comparable(answers)
    samples = {sample.item_id: sample for sample in read_dataset(dataset, data, split).samples}
    strips = []
    for parsed in map(RetrievalTask.parse, task or TASKS):
        asking, found = parsed.queries(queries), answers.of(parsed.gallery)
        drawn = retrieval_cases(
            asking,
            found,
            exclude=rule.exclusion(parsed, asking, found),
            whoever=rule.whoever,
            successes=successes,
            failures=failures,
            top=top,
            seed=seed,
        )
        strips += [case_strip(case, asking, found, samples, heading=str(parsed)) for case in drawn]
    write_figure(cases_figure(strips), out)
    print(f"Wrote {out}: {len(strips)} searches")
    print("Next: " + command_line("evaluate", embeddings))


def _summary(spectrum: "Spectrum") -> str:
    counts = ", ".join(f"{spectrum.components_for(share)} for {share:.0%}" for share in _SHARES)
    width = len(spectrum.importance)
    return f"effective rank {spectrum.effective_rank:.1f} of {width}; components {counts} of the variance"


def _summary_of_trials(trials: "list[Spectrum]") -> str:
    """Mean and sample deviation."""
    from crossreid.core.wording import spread

    counts = ", ".join(
        f"{spread([one.components_for(share) for one in trials])} for {share:.0%}" for share in _SHARES
    )
    return f"effective rank {spread([one.effective_rank for one in trials])}; components {counts}"


def _numbers(spectrum: "Spectrum") -> dict[str, Any]:
    return {
        "effective_rank": spectrum.effective_rank,
        "components_for": {str(share): spectrum.components_for(share) for share in _SHARES},
        "explained_variance": spectrum.explained_variance.tolist(),
    }


def _draw_people(embeddings: "Embeddings", count: int, seed: int) -> "Embeddings":
    import numpy as np

    from crossreid.core.errors import DataError

    known = np.unique(embeddings.person_ids[embeddings.person_ids >= 0])
    if not len(known):
        raise DataError("embeddings of nobody known", expected="items with person ids")
    drawn = np.random.default_rng(seed).permutation(known)[:count]
    return embeddings.select(np.isin(embeddings.person_ids, drawn))
