"""Differences between arms over all seeds, and the floors that every claim has to clear."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from crossreid.evaluation.evaluate import TASKS
from crossreid.evaluation.report import Report, ReportRow
from papers.mllmembed import gate
from papers.mllmembed.confidence import Estimate, over_people, over_seeds
from papers.mllmembed.model import Model
from papers.mllmembed.published import printed_average
from papers.mllmembed.seed_run import SeedRun
from papers.mllmembed.variants import BOTH, CLOSED_FORM, TASK_ONLY, UNTRAINED

JUDGED = "source-excluded"
"""The protocol by which models are compared."""

Runs = Sequence[SeedRun]
Reports = Sequence[Mapping[str, Report]]
"""Of each seed, by name of the test set."""
Pair = tuple[Model, Model]
"""Who embeds the queries, and who the gallery."""


def alone(model: Model) -> Pair:
    """A model in its own gallery."""
    return model, model


def reports_of(runs: Runs, models: Callable[[SeedRun], Pair]) -> Reports:
    """Return the reports of a pair of models of every seed on every test set."""
    found = []
    for run in runs:
        query, gallery = models(run)
        found.append({data: run.report(query, gallery, data) for data in run.data.tests})
    return found


def edge_reports(runs: Runs, name: str) -> Reports:
    """Return the reports of the edge model of a row of table 2 or 4 in its own gallery."""
    return reports_of(runs, lambda run: alone(run.edge(name)))


def mean_map(reports: Reports) -> list[float]:
    """Return the mean mAP of the tasks and test sets by the judged protocol, percent, one a seed."""
    return [
        float(np.mean([found[data].row(task, protocol=JUDGED).mean_ap for data in found for task in TASKS]))
        for found in reports
    ]


def difference(better: Reports, worse: Reports) -> Estimate:
    """Return the difference of the mean mAP over tasks and test sets by the judged protocol."""
    values = np.subtract(mean_map(better), mean_map(worse)).tolist()
    interval = None
    if len(values) == 1 and len(better[0]) == 1:
        pairs = _paired(better[0], worse[0])
        interval = over_people(*zip(*[(row.outcomes, other.outcomes) for row, other in pairs], strict=True))
    return over_seeds(values, interval)


def floors(runs: Runs, *, cloud: bool = False) -> dict[str, Reports]:
    """Return what a model must be above before a claim about it holds: training alone, and no training step.

    No step is the better of the untrained and the closed-form edge model on the mean over the seeds, and for a cloud
    model the untrained one. A study without zero-step arms has training alone as its only floor.

    Args:
        runs: of all seeds.
        cloud: the claim is about cloud models.
    """
    found = {f"the edge model trained alone ({TASK_ONLY})": edge_reports(runs, TASK_ONLY)}
    if not runs[0].study.zero_shot:
        return found
    if cloud:
        return found | {
            f"no step ({UNTRAINED})": reports_of(runs, lambda run: alone(run.backbone("teacher")))
        }
    zero = {name: edge_reports(runs, name) for name in (UNTRAINED, CLOSED_FORM)}
    return found | best_of(zero)


def best_of(zero_steps: Mapping[str, Reports]) -> dict[str, Reports]:
    """Return the zero-step arm with the highest mean over the seeds, named as a floor."""
    name = max(zero_steps, key=lambda one: float(np.mean(mean_map(zero_steps[one]))))
    return {f"no step ({name})": zero_steps[name]}


def compare(
    claim: str, reports: Mapping[str, Reports], better: str, worse: str, *, above: Mapping[str, Reports]
) -> dict[str, Any]:
    """Return the answer to a claim: by how many points of mean mAP one arm is above another, and above the floors.

    Args:
        claim: in words.
        reports: by arm.
        better: arm that the claim puts first.
        worse: arm that it is compared with.
        above: floors by name; one that is `worse` itself is left out.
    """
    return {
        "claim": claim,
        "unit": "points of mean mAP",
        "better": better,
        "worse": worse,
        "estimate": difference(reports[better], reports[worse]).to_json(),
        "floors": floor_differences(reports[better], above, but=reports[worse]),
    }


def floor_differences(
    better: Reports, above: Mapping[str, Reports], *, but: Reports | None = None
) -> dict[str, Any]:
    """Return the differences of an arm to the floors by name; the floor `but` is left out."""
    others = {name: reports for name, reports in above.items() if but is None or list(reports) != list(but)}
    return {name: difference(better, reports).to_json() for name, reports in others.items()}


def printed(table: str, better: Mapping[str, object], worse: Mapping[str, object]) -> dict[str, Any]:
    """Return the same difference as the paper prints it, under `printed`; nothing where it does not."""
    high, low = printed_average(table, **better), printed_average(table, **worse)
    return {} if high is None or low is None else {"printed": round(high - low, 2)}


def gate_arms(runs: Runs) -> dict[str, Any]:
    """Return the mean mAP of the arms that gate and aims are about, under `arms`; nothing without zero-step arms."""
    if not runs[0].study.zero_shot:
        return {}
    pairs: dict[str, Callable[[SeedRun], Model]] = {
        gate.CLOUD_UNTRAINED: lambda run: run.backbone("teacher"),
        gate.CLOUD: lambda run: run.cloud(),
        gate.EDGE_UNTRAINED: lambda run: run.edge(UNTRAINED),
        gate.ALONE: lambda run: run.edge(TASK_ONLY),
        gate.DISTILLED: lambda run: run.edge(BOTH),
    }
    means = {
        name: mean_map(reports_of(runs, lambda run, model=model: alone(model(run))))
        for name, model in pairs.items()
    }
    return {"arms": means}


def _paired(one: Mapping[str, Report], two: Mapping[str, Report]) -> list[tuple[ReportRow, ReportRow]]:
    return [
        (one[data].row(task, protocol=JUDGED), two[data].row(task, protocol=JUDGED))
        for data in one
        for task in TASKS
    ]
