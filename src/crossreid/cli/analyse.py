"""`crossreid analyse`: figures of stored embeddings. Those that come with numbers of their own are in `studies`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossreid.cli import studies
from crossreid.cli.options import Data, DatasetName, Split, Tasks, command_line, read_dataset

if TYPE_CHECKING:
    from crossreid.analysis.low_rank import Spectrum
    from crossreid.core.embeddings import Embeddings

app = typer.Typer(no_args_is_help=True, add_completion=False)

_SHARES = (0.9, 0.95, 0.99)

File = Annotated[Path, typer.Argument(metavar="EMBEDDINGS", help="A .parquet that crossreid embed wrote.")]
Figure = Annotated[Path, typer.Option("--out", "-o", help="The figure: .png or .svg.")]
Seed = Annotated[int, typer.Option(help="Of the draw.")]


@app.callback()
def analyse() -> None:
    """Draw what stored embeddings look like, and where they fail."""


app.command()(studies.convergence)
app.command()(studies.importance)
app.command()(studies.gallery_width)
app.command()(studies.errors)
app.command()(studies.leakage)


@app.command("low-rank")
def low_rank(
    embeddings: Annotated[
        list[Path], typer.Argument(help="One .parquet or several that crossreid embed wrote.")
    ],
    *,
    out: Figure,
) -> None:
    """Show how few directions hold most of what an encoder says."""
    from crossreid.analysis.figures import caption, spectrum_figure
    from crossreid.analysis.low_rank import low_rank_spectrum
    from crossreid.cli.outputs import FIGURES, check_output_file, write_study
    from crossreid.core.embeddings import Embeddings

    check_output_file(out, *FIGURES)
    distinct = len({file.stem for file in embeddings}) == len(embeddings)
    spectra = {
        file.stem if distinct else str(file): low_rank_spectrum(Embeddings.load(file).unit().vectors)
        for file in embeddings
    }
    for name, spectrum in spectra.items():
        print(f"{name}: {_summary(spectrum)}")
    numbers = {
        name: {
            "effective_rank": spectrum.effective_rank,
            "components_for": {str(share): spectrum.components_for(share) for share in _SHARES},
            "explained_variance": spectrum.explained_variance.tolist(),
        }
        for name, spectrum in spectra.items()
    }
    figure = spectrum_figure(spectra)
    caption(figure, "Singular values of unit vectors, whose mean is not taken away; grey: 90, 95 and 99 %.")
    asked = {"embeddings": list(map(str, embeddings))}
    print("Wrote " + write_study(out, figure, asked, spectra=numbers))
    print("Next: " + command_line("analyse", "tsne", embeddings[0], "--out", out.with_stem("tsne")))


@app.command()
def tsne(
    embeddings: File,
    *,
    out: Figure,
    people: Annotated[int, typer.Option(min=1, help="How many people, drawn at random.")] = 12,
    seed: Seed = 0,
) -> None:
    """Draw a map on which people should be islands, whatever the kind of evidence."""
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
def cases(
    embeddings: File,
    *,
    gallery: Annotated[
        Path | None,
        typer.Option(metavar="EMBEDDINGS", help="A .parquet of the gallery; by default the same file."),
    ] = None,
    data: Data,
    dataset: DatasetName = "pedestrians",
    split: Split = "",
    task: Tasks = None,
    protocol: Annotated[str, typer.Option(help="What is removed from the gallery.")] = "source-excluded",
    successes: Annotated[int, typer.Option(min=0, help="Searches a task that find the right person.")] = 1,
    failures: Annotated[int, typer.Option(min=0, help="Searches a task that do not.")] = 1,
    top: Annotated[int, typer.Option(min=1, help="Results of each search.")] = 5,
    seed: Seed = 0,
    out: Figure,
) -> None:
    """Draw single searches as strips of pictures: drawn at random, not the prettiest."""
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


def _draw_people(embeddings: "Embeddings", count: int, seed: int) -> "Embeddings":
    import numpy as np

    from crossreid.core.errors import DataError

    known = np.unique(embeddings.person_ids[embeddings.person_ids >= 0])
    if not len(known):
        raise DataError("embeddings of nobody known", expected="items with person ids")
    drawn = np.random.default_rng(seed).permutation(known)[:count]
    return embeddings.select(np.isin(embeddings.person_ids, drawn))
