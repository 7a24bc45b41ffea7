"""Tables and figures on demand: what they need is trained, measured and drawn, and set beside the paper's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossreid.analysis.figures import render
from crossreid.core.errors import ConfigurationError
from crossreid.training.record import write_record
from papers.mllmembed import beyond, figures, labels, tables
from papers.mllmembed.answers import summarise
from papers.mllmembed.claims import claims_of, judge
from papers.mllmembed.differences import setting_words
from papers.mllmembed.figures import Drawn
from papers.mllmembed.gate import gate_answer
from papers.mllmembed.page import markdown, write_html
from papers.mllmembed.published import source
from papers.mllmembed.results_page import read_record
from papers.mllmembed.seed_run import SeedRun
from papers.mllmembed.study import Study
from papers.mllmembed.variants import BOTH
from papers.mllmembed.writing import ITEMS, PUBLISHED, write_section

ALL = "all"

_TABLES: Mapping[str, Callable[[Sequence[SeedRun]], dict[str, Any]]] = {
    "table1": tables.table_1,
    "table2": tables.table_2,
    "table3": tables.table_3,
    "table4": tables.table_4,
    "table5": tables.table_5,
}
_FIGURES: Mapping[str, Callable[[Sequence[SeedRun]], Drawn]] = {
    "figure3": figures.figure_3,
    "figure4": figures.figure_4,
    "figure5": figures.figure_5,
    "figure6": figures.figure_6,
    "figure7": figures.figure_7,
    "labels": labels.labels,
    "scarce": labels.scarce,
    "components": labels.components,
    "evidence": beyond.evidence,
    "galleries": beyond.galleries,
    "errors": beyond.errors,
    "leakage": beyond.leakage,
}


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What was written: the page twice, the claims that it answers, and the distilled edge model of the first seed."""

    page: Path
    document: Path
    results: Path
    answers: tuple[str, ...]
    edge: Path | None = None


def chosen_items(names: Sequence[str], *, drawn: bool) -> tuple[str, ...]:
    """The items that a user names, in order and once each.

    Args:
        names: of items, or `ALL`.
        drawn: people are drawn by the program; of others there are the paper's items alone.

    Raises:
        ConfigurationError: a name is unknown, or asks of other people what is only known of drawn ones.
    """
    known = ITEMS if drawn else PUBLISHED
    for name in names:
        if name not in (*ITEMS, ALL):
            raise ConfigurationError(f"{name}", expected=f"{', '.join(known)} or {ALL}")
        if name not in (*known, ALL):
            raise ConfigurationError(
                f"{name} of your own data",
                expected="--preset tiny",
                remedy="crossreid evaluate --combinations and crossreid analyse take your own",
            )
    return tuple(item for item in known if ALL in names or item in names)


SEEDS: Mapping[str, int] = {"tiny": 3, "paper": 1}
"""Trainings of everything by preset, where a user names no number."""
CLAIM_SEEDS = 5
"""Those of the drawn preset for `CLAIM_ITEMS`, whose claims are the point of the page."""
CLAIM_ITEMS = ("table2", "scarce")


def seeds_of(item: str, preset: str) -> int:
    """The number of seeds of an item where a user names none."""
    return CLAIM_SEEDS if preset == "tiny" and item in CLAIM_ITEMS else SEEDS[preset]


def reproduce(
    items: Sequence[str],
    study: Study,
    *,
    seeds: int | None,
    folder: Path,
    results: Path,
    say: Callable[[str], None],
    quiet: bool = True,
) -> Reproduction:
    """Make tables and figures, and a page of them.

    Args:
        items: of `chosen_items`.
        study: what is trained on whom.
        seeds: how many times, each with other people where they are drawn; None for those of `seeds_of`.
        folder: of the study; receives a folder for each seed, the pictures as SVG, and the page.
        results: receives the record of each item and its pictures as PNG.
        say: is told what is done.
        quiet: no progress bars.
    """
    numbers = {item: seeds or seeds_of(item, study.preset) for item in items}
    first = SeedRun(study, 0, folder / "0", say, quiet)
    others = (
        SeedRun(study, seed, folder / str(seed), say, quiet, tuned_by=first)
        for seed in range(1, max(numbers.values()))
    )
    everybody = [first, *others]
    weights = {
        kind: first.backbone(part).signature for kind, part in (("cloud", "teacher"), ("edge", "student"))
    }
    edge: Path | None = None
    for place in (results, folder / "figures"):
        place.mkdir(parents=True, exist_ok=True)
    for item in items:
        say(f"{item}: {ITEMS[item]}")
        runs = everybody[: numbers[item]]
        for run in runs:
            run.used.clear()
        drawn = _FIGURES[item](runs) if item in _FIGURES else Drawn({}, _TABLES[item](runs))
        for name, picture in drawn.pictures.items():
            (results / f"{name}.png").write_bytes(render(picture, dots_per_inch=120))
            (folder / "figures" / f"{name}.svg").write_bytes(render(picture, kind="svg"))
        record: dict[str, Any] = {
            "item": item,
            "seeds": [run.seed for run in runs],
            "weights": weights,
            "pictures": sorted(drawn.pictures),
            "choices": _choices(runs),
            **drawn.numbers,
        }
        write_record(results / f"{item}.json", study.settings(), seed=0, **record)
        distilled = first.used.get(f"edge, {BOTH}")
        edge = edge if distilled is None else Path(distilled.source)
    return _write_page(items, folder, results, edge)


def _choices(runs: Sequence[SeedRun]) -> dict[str, list[dict[str, Any]]]:
    """By model, what validation people chose on every seed that trained it."""
    names = dict.fromkeys(name for run in runs for name in run.used)
    return {name: [run.used[name].choice() for run in runs if name in run.used] for name in names}


def _write_page(items: Sequence[str], folder: Path, results: Path, edge: Path | None) -> Reproduction:
    records = {item: read_record(results, item) for item in items}
    known = {item: record for item, record in records.items() if record is not None}
    claims = claims_of(known)
    judged = judge(claims)
    gate = gate_answer(known.values())
    answers = [answer for answer in summarise(claims, judged, gate) if answer.words]
    name = ALL if set(PUBLISHED) <= set(items) else "-".join(items)
    parts = {
        "title": "Reproduction of MLLMEmbed-ReID",
        "paragraphs": [f"{source()}. Beside it what this program measured."],
        "setup": setting_words(next(iter(known.values()))),
        "answers": answers,
        "sections": [write_section(item, record, judged) for item, record in records.items()],
    }
    page = write_html(folder / f"{name}.html", pictures=results, **parts)
    document = folder / f"{name}.md"
    links = {
        picture: f"{results.resolve()}/{picture}.png" for one in known.values() for picture in one["pictures"]
    }
    document.write_text(markdown(pictures=links, **parts), encoding="utf-8")
    lines = tuple(f"{answer.question} {answer.verdict}. {answer.words}" for answer in answers)
    return Reproduction(page, document, results, lines, edge)
