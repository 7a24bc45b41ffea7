"""Beyond the paper: several pieces of evidence, short galleries, where errors are, what vectors give away."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from crossreid.analysis.errors_by_attribute import ErrorReport, errors_by_attribute
from crossreid.analysis.gallery_width import smallest_width, width_curve
from crossreid.analysis.leakage import Leak, probe_leakage
from crossreid.analysis.study_figures import agreement_figure, errors_figure, leakage_figure, width_figure
from crossreid.analysis.truth import read_truth
from crossreid.core.basis import principal_rotation
from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.evaluation.evaluate import TASKS
from crossreid.evaluation.protocols import find_protocol
from crossreid.evaluation.report import Report
from crossreid.evaluation.tasks import RetrievalTask
from crossreid.evaluation.together import TOGETHER
from papers.mllmembed.combining import EVEN, LEARNT, combinations
from papers.mllmembed.comparing import JUDGED, Runs
from papers.mllmembed.confidence import over_seeds
from papers.mllmembed.figures import Drawn, both_models
from papers.mllmembed.seed_run import SeedRun

WIDTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
TIMED_ITEMS = 20_000


def evidence(runs: Runs) -> Drawn:
    """All combinations of evidence: summed evenly, by weights learnt on validation people, or read as one."""
    rows: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    weights: dict[str, dict[str, list[float]]] = {}
    for name in both_models(runs[0]):
        found = [combinations(run, both_models(run)[name]) for run in runs]
        reports = [report for report, _ in found]
        rows += [row | {"model": name} for row in _combination_rows(reports)]
        weights[name] = {kind: [learnt[kind] for _, learnt in found] for kind in found[0][1]}
        gains = {
            f"photograph, infrared, sketch and words together beat the best of them ({name} model)": [
                _gain(report, "R+IR+S+T->R") for report in reports
            ],
            f"sketch and words together beat the better of them ({name} model)": [
                _gain(report, "S+T->R") for report in reports
            ],
        }
        if any(row.joining == TOGETHER for row in reports[0].rows):
            gains["evidence read together beats its vectors summed evenly (cloud model)"] = [
                _gain_together(report) for report in reports
            ]
        answers += [
            {"claim": claim, "unit": "points of mAP", "estimate": over_seeds(values).to_json()}
            for claim, values in gains.items()
        ]
    return Drawn({}, {"rows": rows, "learnt_weights": weights, "answers": answers})


def galleries(runs: Runs) -> Drawn:
    """Galleries of the cloud model's first principal coordinates, by the directions of the training people."""
    tasks, curves = [RetrievalTask.parse(task) for task in TASKS], []
    for run in runs:
        data = next(iter(run.data.tests))
        seen = run.embeddings(run.cloud(), data)
        curves.append(
            width_curve(
                seen,
                seen,
                tasks=tasks,
                rule=find_protocol(JUDGED),
                widths=[width for width in WIDTHS if width < seen.dim] or [seen.dim],
                rotation=principal_rotation(run.training_features().unit().vectors),
                timed_items=TIMED_ITEMS,
            )
        )
    rows = [
        {
            "name": same[0].name,
            "width": same[0].width,
            "bytes_per_item": same[0].bytes_per_item,
            "mean_ap": [row.mean for row in same],
            "search_ms": [row.search_ms for row in same],
        }
        for same in zip(*curves, strict=True)
    ]
    names = dict.fromkeys(row["name"] for row in rows)
    smallest = {name: [smallest_width(curve, name) for curve in curves] for name in names}
    words = f"{', '.join(TASKS)} by {JUDGED}, cloud model, seed {runs[0].seed}"
    picture = width_figure(curves[0], data=words, timed_items=TIMED_ITEMS)
    return Drawn(
        {"galleries": picture}, {"rows": rows, "smallest_width": smallest, "timed_items": TIMED_ITEMS}
    )


def errors(runs: Runs) -> Drawn:
    """The distilled edge model's mAP by what is on the query, and what wrong first answers have right."""
    of_seeds = [_errors(run) for run in runs]
    described = f"the distilled edge model by {JUDGED}, seed {runs[0].seed}"
    pictures = {"errors": errors_figure(of_seeds[0], data=described)}
    if any(report.agreements for report in of_seeds[0]):
        pictures["errors-agreement"] = agreement_figure(of_seeds[0], data=described)
    return Drawn(pictures, {"rows": list(_slice_rows(of_seeds))})


def leakage(runs: Runs) -> Drawn:
    """How well linear probes read attributes from the photographs' vectors of both models."""
    of_seeds: list[dict[str, tuple[Leak, ...]]] = []
    for run in runs:
        data = next(iter(run.data.tests))
        leaks = {}
        for name, model in both_models(run).items():
            photos = run.embeddings(model, data).of(Modality.RGB)
            known = [truth.properties() for truth in _truth(run, photos)]
            attributes = {attribute: np.array([one[attribute] for one in known]) for attribute in known[0]}
            leaks[name] = probe_leakage(photos.unit().vectors, photos.person_ids, attributes, seed=run.seed)
        of_seeds.append(leaks)
    people = max(leak.people for leaks in of_seeds[0].values() for leak in leaks)
    picture = leakage_figure(
        of_seeds[0], data=f"Photographs of up to {people} drawn people, seed {runs[0].seed}"
    )
    rows = [
        {
            "model": name,
            "attribute": leak.attribute,
            "balanced_accuracy": [one.balanced_accuracy for one in same],
            "chance": [one.chance for one in same],
            "readable": [one.readable for one in same],
        }
        for name in of_seeds[0]
        for leak in of_seeds[0][name]
        if len(same := list(_same_leak(leak.attribute, [leaks[name] for leaks in of_seeds]))) == len(runs)
    ]
    return Drawn({"leakage": picture}, {"rows": rows})


def _combination_rows(reports: Sequence[Report]) -> Iterator[dict[str, Any]]:
    """One a task and way of joining: the values of all seeds."""
    for first in reports[0].rows:
        same = [
            report.row(first.task, setting=first.setting, joining=first.joining).mean_ap for report in reports
        ]
        yield {
            "task": first.task,
            "joining": first.joining or first.setting,
            "mean_ap": same,
            "queries": first.queries,
        }


def _gain(report: Report, task: str) -> float:
    """Of several pieces by learnt weights over the best of them alone, points of mAP."""
    alone = [
        report.row(f"{letter}->R", setting=EVEN).mean_ap for letter in task.removesuffix("->R").split("+")
    ]
    return report.row(task, setting=LEARNT).mean_ap - max(alone)


def _gain_together(report: Report) -> float:
    """Mean over all tasks of several pieces."""
    gains = [
        row.mean_ap - report.row(row.task, setting=EVEN).mean_ap
        for row in report.rows
        if row.joining == TOGETHER
    ]
    return float(np.mean(gains))


def _errors(run: SeedRun) -> list[ErrorReport]:
    data = next(iter(run.data.tests))
    seen = run.embeddings(both_models(run)["edge"], data)
    truth = dict(zip(seen.source_ids.tolist(), _truth(run, seen), strict=True))
    return [
        errors_by_attribute(task, find_protocol(JUDGED), task.queries(seen), seen.of(task.gallery), truth)
        for task in map(RetrievalTask.parse, TASKS)
    ]


def _slice_rows(of_seeds: Sequence[Sequence[ErrorReport]]) -> Iterator[dict[str, Any]]:
    """All queries of each task, then the slices that every seed has."""
    for place, first in enumerate(of_seeds[0]):
        same = [reports[place] for reports in of_seeds]
        for piece in (first.overall, *first.slices):
            keys = piece.attribute, piece.value
            found = [
                one
                for report in same
                for one in (report.overall, *report.slices)
                if (one.attribute, one.value) == keys
            ]
            if len(found) == len(of_seeds):
                yield {
                    "task": first.task,
                    "attribute": piece.attribute,
                    "value": piece.value,
                    "mean_ap": [one.mean_ap for one in found],
                    "queries": [one.queries for one in found],
                }


def _same_leak(attribute: str, of_seeds: Sequence[Sequence[Leak]]) -> Iterator[Leak]:
    for leaks in of_seeds:
        yield from (leak for leak in leaks if leak.attribute == attribute)


def _truth(run: SeedRun, seen: Embeddings) -> list[Any]:
    """Of each item.

    Raises:
        ConfigurationError: the people were not drawn.
    """
    if run.data.world is None:
        raise ConfigurationError(
            "people whose attributes nobody knows", expected="people drawn by the program"
        )
    sources = seen.source_ids.tolist()
    known = read_truth(run.data.world, sources)
    return [known[source] for source in sources]
