"""The numbers of tables 1 to 5, from the models of all seeds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from crossreid.core.modality import Modality
from crossreid.evaluation.evaluate import TASKS
from crossreid.evaluation.outcomes import METRICS
from crossreid.evaluation.report import Report, ReportRow
from crossreid.models.loading import load_encoder, model_folder
from crossreid.models.lora import HierarchicalLora
from crossreid.models.outline import outline
from crossreid.reproduction.confidence import Estimate, over_people, over_seeds
from crossreid.reproduction.once import do_once
from crossreid.reproduction.published import printed_average
from crossreid.reproduction.seed_run import Model, SeedRun
from crossreid.reproduction.variants import (
    ABLATION,
    ADAPTERS,
    BOTH,
    CHOSEN_ADAPTERS,
    COSINE,
    LITTLE,
    PRINCIPAL,
    RATIOS,
    RELATION,
    TASK_ONLY,
    Adapters,
    with_adapters,
)
from crossreid.runtime.timing import TimingRules, time_encoder

JUDGED = "source-excluded"
"""The protocol by which models are compared."""

_PAPER_SIZE, _PAPER_BATCHES = (392, 140), (1, 4)
Runs = Sequence[SeedRun]
Reports = Sequence[Mapping[str, Report]]
"""Of each seed, by name of the test set."""


def table_1(runs: Runs) -> dict[str, Any]:
    """Three tasks in four settings, and the models that they came from."""
    rows = []
    for setting in _pairs(runs[0]):
        reports = _reports(runs, lambda run, setting=setting: _pairs(run)[setting])
        rows += _rows(reports, setting=setting)
    return {"rows": rows}


def table_2(runs: Runs) -> dict[str, Any]:
    """The losses of the distillation, one after the other."""
    reports = {name: _edge(runs, name) for name in ABLATION}
    answers = [
        _answer("distillation beats training alone", reports, BOTH, TASK_ONLY, table="table2"),
        _answer("PCM beats cosine", reports, PRINCIPAL, COSINE, table="table2"),
        _answer("FR beats cosine", reports, RELATION, COSINE, table="table2"),
        _answer("PCM and FR together beat cosine", reports, BOTH, COSINE, table="table2"),
    ]
    rows = [row for name in ABLATION for row in _rows(reports[name], model=name)]
    seconds = {name: [run.edge(name).seconds for run in runs] for name in ABLATION}
    return {"rows": rows, "answers": answers, "training_seconds": seconds}


def table_3(runs: Runs) -> dict[str, Any]:
    """Rank of the adapters and stride of the adapted blocks, by the cloud model in its own gallery."""
    reports = {str(one): _reports(runs, lambda run, one=one: _alone(run.cloud(one))) for one in ADAPTERS}
    chosen = str(CHOSEN_ADAPTERS)
    answers = [
        _answer(f"stride 2 is better than {stride}", reports, chosen, str(Adapters(16, stride)))
        | _printed("table3", {"rank": 16, "stride": 2}, {"rank": 16, "stride": stride})
        for stride in (1, 4)
    ]
    answers.append(
        _answer("rank 16 is better than 8", reports, chosen, str(Adapters(8, 2)))
        | _printed("table3", {"rank": 16, "stride": 2}, {"rank": 8, "stride": 2})
    )
    rows = [
        row
        for one in ADAPTERS
        for row in _rows(reports[str(one)], rank=one.rank, stride=one.stride, model=str(one))
    ]
    seconds = {str(one): [run.cloud(one).seconds for run in runs] for one in ADAPTERS}
    blocks = _adapted_blocks(runs[0])
    return {"rows": rows, "answers": answers, "adapted_blocks": blocks, "training_seconds": seconds}


def table_4(runs: Runs) -> dict[str, Any]:
    """The weight of the cosine against that of PCM and FR."""
    reports = {name: _edge(runs, name) for name in RATIOS}
    answers = [_answer("more weight on PCM and FR is better", reports, BOTH, LITTLE, table="table4")]
    return {"rows": [row for name in RATIOS for row in _rows(reports[name], model=name)], "answers": answers}


def table_5(runs: Runs) -> dict[str, Any]:
    """Latency and throughput of the distilled edge model on this machine: the paper's size, and its own."""
    run, model = runs[0], runs[0].edge(BOTH)
    claim = {
        "seed": run.seed,
        "model": model.signature,
        "precision": run.study.precision,
        "seconds": run.study.timing_seconds,
    }

    def make(_: object) -> dict[str, Any]:
        encoder: Any = load_encoder(model.source, precision=run.study.precision)
        own = encoder.model.preprocessing
        rules = TimingRules(_PAPER_BATCHES, seconds=run.study.timing_seconds)
        rows = []
        for height, width in dict.fromkeys((_PAPER_SIZE, (own.height, own.width))):
            encoder.model.preprocessing = replace(own, height=height, width=width)
            rows += [
                {"size": f"{height}x{width}", "batch": timing.batch, "latency_ms": timing.latency_ms["p50"],
                 "items_per_second": timing.items_per_second, "calls": timing.calls}
                for timing in time_encoder(encoder, [Modality.RGB], rules)
            ]  # fmt: skip
        return {"timings": rows}

    folder = run.folder / "timing"
    return do_once(folder, claim, make, say=run.say, what=f"timing {model.name} on this machine")


def _pairs(run: SeedRun) -> dict[str, tuple[Model, Model]]:
    cloud, edge, alone = run.cloud(), run.edge(BOTH), run.edge(TASK_ONLY)
    pairs = {
        "C2C": _alone(cloud),
        "E2E": _alone(edge),
        "E2C": (edge, cloud),
        "C2E": (cloud, edge),
        "edge, task only": _alone(alone),
    }
    if run.study.zero_shot:
        pairs["cloud, untrained"] = _alone(run.backbone("teacher"))
        pairs["edge, untrained"] = _alone(run.backbone("student"))
    return pairs


def _edge(runs: Runs, name: str) -> Reports:
    return _reports(runs, lambda run: _alone(run.edge(name)))


def _alone(model: Model) -> tuple[Model, Model]:
    """Searching its own gallery."""
    return model, model


def _reports(runs: Runs, models: Callable[[SeedRun], tuple[Model, Model]]) -> Reports:
    found = []
    for run in runs:
        query, gallery = models(run)
        found.append({data: run.report(query, gallery, data) for data in run.data.tests})
    return found


def _rows(reports: Reports, **keys: object) -> list[dict[str, Any]]:
    """One a task, test set and protocol: the values of all seeds, and of one alone their intervals over people."""
    rows = []
    for data in reports[0]:
        for first in reports[0][data].rows:
            found = [_same(report[data], first) for report in reports]
            values = {name: [getattr(row, name) for row in found] for name in METRICS}
            row = keys | {"task": first.task, "data": data, "protocol": first.protocol, "values": values}
            if len(found) == 1:
                row["intervals"] = {name: list(ends) for name, ends in first.intervals.items()}
            rows.append(row | {"queries": first.queries, "gallery": first.gallery_size})
    return rows


def _same(report: Report, row: ReportRow) -> ReportRow:
    return report.row(row.task, protocol=row.protocol)


def _answer(
    claim: str, reports: Mapping[str, Reports], better: str, worse: str, *, table: str = ""
) -> dict[str, Any]:
    """By how many points of mean mAP, over tasks and test sets, one is above another."""
    estimate = difference(reports[better], reports[worse])
    answer = {"claim": claim, "unit": "points of mean mAP", "better": better, "worse": worse}
    answer |= {"estimate": estimate.to_json()}
    return answer | (_printed(table, {"model": better}, {"model": worse}) if table else {})


def difference(better: Reports, worse: Reports) -> Estimate:
    """Of the mean mAP over tasks and test sets by the judged protocol."""
    values = [
        float(np.mean([row.mean_ap - other.mean_ap for row, other in _paired(one, two)]))
        for one, two in zip(better, worse, strict=True)
    ]
    pairs = _paired(better[0], worse[0])
    interval = None
    if len(values) == 1 and len(better[0]) == 1:
        interval = over_people(*zip(*[(row.outcomes, other.outcomes) for row, other in pairs], strict=True))
    return over_seeds(values, interval)


def _paired(one: Mapping[str, Report], two: Mapping[str, Report]) -> list[tuple[ReportRow, ReportRow]]:
    return [
        (one[data].row(task, protocol=JUDGED), two[data].row(task, protocol=JUDGED))
        for data in one
        for task in TASKS
    ]


def _printed(table: str, better: Mapping[str, object], worse: Mapping[str, object]) -> dict[str, Any]:
    high, low = printed_average(table, **better), printed_average(table, **worse)
    return {} if high is None or low is None else {"printed": round(high - low, 2)}


def _adapted_blocks(run: SeedRun) -> dict[str, dict[str, list[int]]]:
    """By stride and tower, which blocks have adapters."""
    backbone: Any = outline(model_folder(run.study.teacher.backbone, weights=False)).backbone
    depths = {"vision": len(backbone.visual.blocks), "language": len(backbone.language_model.layers)}
    found = {}
    for stride in sorted({adapters.stride for adapters in ADAPTERS}):
        config = with_adapters(run.study.teacher, Adapters(CHOSEN_ADAPTERS.rank, stride))
        plan = HierarchicalLora(**config.lora.model_dump())
        found[str(stride)] = {tower: list(plan.blocks(depth)) for tower, depth in depths.items()}
    return found
