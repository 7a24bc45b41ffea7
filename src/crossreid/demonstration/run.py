"""The demonstration as a whole."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from crossreid.demonstration.page import Figure, write_page
from crossreid.demonstration.pictures import draw_figures, write_pictures
from crossreid.demonstration.searches import index_photos, pick_queries, search_strips
from crossreid.demonstration.settings import DemoSettings
from crossreid.demonstration.stages import compare, draw, embed, fit, mean_average_precision
from crossreid.evaluation.report import Report
from crossreid.models.loading import load_encoder
from crossreid.training.record import provenance, write_record

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demonstration measured and wrote."""

    report: Report
    page: Path
    searches: Path
    commands: tuple[str, ...]
    seconds: dict[str, float]


def run_demo(settings: DemoSettings, folder: Path, *, say: Say, quiet: bool = False) -> DemoResult:
    """Draw, adapt, distil, measure, search and report.

    Args:
        settings: sizes and schedules.
        folder: receives everything; what an interrupted run left there is used.
        say: is told what begins.
        quiet: no progress bars.
    """
    clock = _Clock(say)
    with clock.stage(
        f"Drawing {settings.train_people} people to learn from and {settings.gallery_people} to search for"
    ):
        data = draw(settings, folder, quiet=quiet)
    with clock.stage("Adapting the cloud model by LoRA, then distilling it into the edge model"):
        models = fit(settings, data, folder, quiet=quiet)
    with clock.stage("Embedding the unseen people with five models"):
        embeddings = embed(models, data.people, quiet=quiet)
        report = compare(embeddings)
    with clock.stage("Drawing figures"):
        figures = draw_figures(embeddings, models, data.people, folder / "figures")
    with clock.stage("Indexing the photographs on the edge model and searching them"):
        encoder = load_encoder(models.student_distilled)
        gallery = folder / "gallery"
        index_photos(data.people, folder / "people", encoder, gallery, quiet=quiet)
        queries = pick_queries(data.people)
        strips = search_strips(queries, encoder, gallery, data.people)
        figures |= write_pictures({"searches": strips}, folder / "figures")
    sketch = next(str(query.path) for query in queries.values() if query.path and query.modality == "sketch")
    commands = (
        f'crossreid search {gallery} --text "a woman in a red dress with a black backpack" --show found.png',
        f"crossreid search {gallery} --sketch {sketch} --show found.png",
        f"crossreid index YOUR_PICTURES --encoder {models.student_distilled} --out gallery/",
    )
    page = write_page(
        folder / "report.html",
        report=report,
        claims=_claims(report),
        figures=_explained(figures),
        commands=commands,
        facts=_facts(settings, clock.seconds),
    )
    write_record(
        folder / "results.json",
        asdict(settings),
        seed=settings.seed,
        seconds=clock.seconds,
        rows=[row.summary() for row in report.rows],
    )
    return DemoResult(report, page, figures["searches"], commands, clock.seconds)


class _Clock:
    """Announces stages and keeps what they took."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._say(name)
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 1)


def _claims(report: Report) -> list[str]:
    """What this run measured, in sentences; nothing is claimed that the table does not say."""
    means = {
        setting: mean_average_precision(report, setting)
        for setting in dict.fromkeys(row.setting for row in report.rows)
    }
    firsts = ", ".join(
        f"{row.task} {row.r1:.1f}"
        for row in report.rows
        if (row.setting, row.protocol) == ("C2C", "source-excluded")
    )
    cloud, edge, alone = means["C2C"], means["E2E"], means["edge, task only"]
    return [
        f"Cloud model, R1 on people never seen: {firsts}.",
        f"Mean mAP of the three tasks: cloud {cloud:.1f}, distilled edge {edge:.1f} ({edge - cloud:+.1f}).",
        f"The same edge model trained without a teacher: {alone:.1f}; distillation changes it by {edge - alone:+.1f}.",
        f"Before any fine-tuning: cloud {means['zero-shot cloud']:.1f}, edge {means['zero-shot edge']:.1f}.",
        "One seed: differences of a few points are within chance.",
    ]


_EXPLANATIONS = {
    "searches": (
        "Three searches",
        "The edge model searches its own gallery of photographs. Green: the right person.",
    ),
    "cases": (
        "Retrieval cases",
        "A success and a failure of each task, drawn at random; the source photo is left out.",
    ),
    "tsne": (
        "One space for four kinds of evidence",
        "The cloud model's embeddings of unseen people by t-SNE.",
    ),
    "spectrum": ("The low-rank structure", "How few principal components hold the variance (uncentred)."),
    "convergence": ("Convergence", "Mean mAP on validation people while the edge model learns."),
}


def _explained(figures: dict[str, Path]) -> list[Figure]:
    return [Figure(figures[name], heading, words) for name, (heading, words) in _EXPLANATIONS.items()]


def _facts(settings: DemoSettings, seconds: dict[str, float]) -> dict[str, str]:
    made = provenance()
    return {
        "Settings": ", ".join(f"{name} {value}" for name, value in asdict(settings).items()),
        "Seconds": "; ".join(f"{name}: {value:.0f}" for name, value in seconds.items()),
        "Commit": made["commit"] or "not in a repository",
        "Versions": ", ".join(f"{name} {value}" for name, value in made["versions"].items()),
        "Hardware": ", ".join(f"{name}: {value}" for name, value in made["hardware"].items()),
    }
