"""The demonstration as a whole."""

import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from crossreid.demonstration import story
from crossreid.demonstration.bars import bars_svg
from crossreid.demonstration.page import Figure, write_page
from crossreid.demonstration.pictures import draw_figures
from crossreid.demonstration.searches import index_photos, search_both, search_commands
from crossreid.demonstration.settings import DemoSettings
from crossreid.demonstration.stages import (
    DemoModels,
    adapt,
    compare,
    draw,
    embed,
    follow,
    in_memory,
    mean_average_precision,
)
from crossreid.evaluation.report import Report
from crossreid.models.loading import load_encoder
from crossreid.training.record import provenance, write_record

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demonstration measured and wrote.

    `bars` are the three models of the picture, `written` the files and folders by name, `commands` what to type next.
    """

    report: Report
    claims: tuple[str, ...]
    bars: tuple[story.Bar, ...]
    aims: tuple[story.Aim, ...]
    written: Mapping[str, Path]
    commands: tuple[str, ...]
    seconds: Mapping[str, float]


def run_demo(
    settings: DemoSettings, folder: Path, *, say: Say, program: str = "crossreid", quiet: bool = False
) -> DemoResult:
    """Draw a site, adapt, distil, measure, search and report.

    Args:
        settings: sizes and schedules.
        folder: receives everything; what an interrupted run left there is used.
        say: is told what begins.
        program: how the command line is called, for what to type next.
        quiet: no progress bars.
    """
    clock = _Clock(say)
    with clock.stage(
        "draw",
        f"Drawing a site: {settings.train_people:,} people to learn from, {settings.validation_people} to validate on,"
        f" {settings.gallery_people} to search for",
    ):
        data = draw(settings, folder, quiet=quiet)
        learning = replace(data, train=in_memory(data.train), validation=in_memory(data.validation))
    with clock.stage("adapt", "Adapting the cloud model to the site by LoRA"):
        teacher = adapt(settings, learning, folder, quiet=quiet)
    with clock.stage("distil", "Distilling it into the edge model, and training the edge model without it"):
        models = follow(settings, learning, folder, teacher, quiet=quiet)
    with clock.stage("measure", f"Searching for {settings.gallery_people} people whom no model has seen"):
        embeddings = embed(models, in_memory(data.people), quiet=quiet)
        report = compare(embeddings)
    with clock.stage("report", "Enrolling the photographs in a gallery and writing the report"):
        gallery = folder / "gallery"
        encoder = load_encoder(models.student_distilled)
        index_photos(data.people, data.searched, encoder, gallery, quiet=quiet)
        searches = search_both(data.people, before=embeddings.untrained_edge, after=embeddings.edge)
        figures = draw_figures(embeddings, models, data.people, folder / "figures")
    means = mean_map(report)
    bars, aims = story.bars(means), story.aims(means)
    claims = story.claims(means, labelled_people=settings.train_people, unseen_people=settings.gallery_people)
    commands = tuple(shlex.join([program, *words]) for words in search_commands(searches, gallery))
    page = write_page(
        folder / "report.html",
        searches=searches,
        bars=bars_svg(bars, title=story.QUANTITY),
        claims=claims,
        aims=[str(aim) for aim in aims],
        figures=_explained(figures, models),
        commands=commands,
        facts=_facts(settings, clock.seconds, models),
        report=report,
    )
    record = write_record(
        folder / "results.json",
        asdict(settings),
        seed=settings.seed,
        seconds=clock.seconds,
        mean_map=means,
        closed_form=models.closed_form.validation_map,
        validations=models.validations,
        rows=[row.summary() for row in report.rows],
    )
    written = {
        "Report": page,
        "Numbers": record,
        "Gallery": gallery,
        "Cloud model": models.teacher,
        "Edge model": models.student_distilled,
    }
    return DemoResult(report, tuple(claims), tuple(bars), tuple(aims), written, commands, clock.seconds)


def mean_map(report: Report) -> dict[str, float]:
    """Mean mAP of the three tasks in every setting, by the protocol `source-excluded`, percent."""
    settings = dict.fromkeys(row.setting for row in report.rows)
    return {setting: mean_average_precision(report, setting) for setting in settings}


class _Clock:
    """Announces stages and keeps what they took."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, words: str) -> Iterator[None]:
        self._say(words)
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 1)


_EXPLANATIONS = {
    "validation": (
        "While they learn",
        "Mean mAP on validation people, whom no model learns from. At step 0 nothing has been trained.",
    ),
    "tsne": (
        "One space for four kinds of evidence",
        "The adapted cloud model's embeddings of a dozen unseen people, by t-SNE.",
    ),
    "spectrum": ("The low-rank structure", "How few principal components hold the variance (uncentred)."),
}


def _explained(figures: Mapping[str, Path], models: DemoModels) -> list[Figure]:
    kept = "; ".join(f"{name}: step {step}" for name, step in _kept_steps(models).items())
    added = {"validation": f" The best checkpoint is kept ({kept})."}
    return [
        Figure(figures[name], heading, words + added.get(name, ""))
        for name, (heading, words) in _EXPLANATIONS.items()
    ]


def _kept_steps(models: DemoModels) -> dict[str, int]:
    """The first step with the highest validation of each training."""
    return {name: max(pairs, key=lambda pair: pair[1])[0] for name, pairs in models.validations.items()}


def _facts(settings: DemoSettings, seconds: Mapping[str, float], models: DemoModels) -> dict[str, str]:
    made = provenance()
    ways = models.closed_form.validation_map.items()
    return {
        "Settings": _listed(asdict(settings)),
        "Closed form": f"{models.closed_form.way}; validation mAP "
        + ", ".join(f"{way} {value:.1f}" for way, value in ways),
        "Seconds": ", ".join(f"{name} {value:.0f}" for name, value in seconds.items()),
        "Commit": made["commit"] or "not in a repository",
        "Versions": _listed(made["versions"]),
        "Hardware": _listed(made["hardware"]),
    }


def _listed(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
