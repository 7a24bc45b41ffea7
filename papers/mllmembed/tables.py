"""The numbers of tables 1 to 5, from the models of all seeds."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from crossreid.core.modality import Modality
from crossreid.evaluation.outcomes import METRICS
from crossreid.evaluation.report import Report, ReportRow
from crossreid.models.loading import load_encoder, model_folder
from crossreid.models.lora import HierarchicalLora
from crossreid.models.outline import outline
from crossreid.runtime.timing import TimingRules, time_encoder
from papers.mllmembed.comparing import (
    Pair,
    Reports,
    Runs,
    alone,
    compare,
    edge_reports,
    floors,
    gate_arms,
    printed,
    reports_of,
)
from papers.mllmembed.model import Model
from papers.mllmembed.once import do_once
from papers.mllmembed.seed_run import SeedRun
from papers.mllmembed.variants import (
    ABLATION,
    BOTH,
    CHOSEN_ADAPTERS,
    COSINE,
    LITTLE,
    PRINCIPAL,
    RATIOS,
    RELATION,
    TASK_ONLY,
    UNTRAINED,
    ZERO_STEPS,
    Adapters,
    compared_adapters,
    with_adapters,
)

_PAPER_SIZE, _PAPER_BATCHES = (392, 140), (1, 4)
SETTINGS = ("E2E", "E2C", "C2E")
"""Who embeds queries and gallery: the edge model both, or one of them the cloud model."""


def table_1(runs: Runs) -> dict[str, Any]:
    """Three tasks in four settings, and the models that they came from."""
    rows = []
    for setting in _pairs(runs[0]):
        reports = reports_of(runs, lambda run, setting=setting: _pairs(run)[setting])
        rows += arm_rows(reports, setting=setting)
    return {"rows": rows}


def table_2(runs: Runs) -> dict[str, Any]:
    """The losses of the distillation, one after the other, below no step and training alone."""
    reports, above = {name: edge_reports(runs, name) for name in ABLATION}, floors(runs)
    claims = {
        "distillation beats training alone": (BOTH, TASK_ONLY),
        "PCM beats cosine": (PRINCIPAL, COSINE),
        "FR beats cosine": (RELATION, COSINE),
        "PCM and FR together beat cosine": (BOTH, COSINE),
    }
    answers = [
        compare(claim, reports, better, worse, above=above)
        | printed("table2", {"model": better}, {"model": worse})
        | {"distillation": True}
        for claim, (better, worse) in claims.items()
    ]
    seconds = {name: [run.edge(name).seconds for run in runs] for name in ABLATION}
    rows = edge_rows(runs, (*_zero_steps(runs), *ABLATION))
    return {"rows": rows, "answers": answers, "training_seconds": seconds} | gate_arms(runs)


def table_3(runs: Runs) -> dict[str, Any]:
    """Rank of the adapters and stride of the adapted blocks, by the cloud model in its own gallery."""
    compared = compared_adapters(runs[0].study.teacher)
    reports = {str(one): reports_of(runs, lambda run, one=one: alone(run.cloud(one))) for one in compared}
    chosen, above = CHOSEN_ADAPTERS, floors(runs, cloud=True)
    others = {f"stride 2 is better than {stride}": Adapters(16, stride) for stride in (1, 4)}
    others["rank 16 is better than 8"] = Adapters(8, 2)
    answers = [
        compare(claim, reports, str(chosen), str(other), above=above)
        | printed("table3", _places(chosen), _places(other))
        for claim, other in others.items()
    ]
    rows = [row for one in compared for row in arm_rows(reports[str(one)], **_places(one), model=str(one))]
    seconds = {str(one): [run.cloud(one).seconds for run in runs] for one in compared}
    blocks = _adapted_blocks(runs[0])
    return {"rows": rows, "answers": answers, "adapted_blocks": blocks, "training_seconds": seconds}


def table_4(runs: Runs) -> dict[str, Any]:
    """The weight of the cosine against that of PCM and FR, below no step."""
    reports = {name: edge_reports(runs, name) for name in RATIOS}
    answer = compare("more weight on PCM and FR is better", reports, BOTH, LITTLE, above=floors(runs))
    answer |= printed("table4", {"model": BOTH}, {"model": LITTLE}) | {"distillation": True}
    rows = edge_rows(runs, (*_zero_steps(runs), *RATIOS))
    return {"rows": rows, "answers": [answer]} | gate_arms(runs)


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


def _pairs(run: SeedRun) -> dict[str, Pair]:
    cloud, edge = run.cloud(), run.edge(BOTH)
    pairs = {
        "C2C": alone(cloud),
        "E2E": alone(edge),
        "E2C": (edge, cloud),
        "C2E": (cloud, edge),
        "edge, task only": alone(run.edge(TASK_ONLY)),
    }
    if run.study.zero_shot:
        start = run.closed_form()
        pairs |= {
            "closed form, E2E": alone(start),
            "closed form, E2C": (start, cloud),
            "closed form, C2E": (cloud, start),
            "cloud, untrained": alone(run.backbone("teacher")),
            "edge, untrained": alone(run.backbone("student")),
        }
    return pairs


def _zero_steps(runs: Runs) -> tuple[str, ...]:
    return ZERO_STEPS if runs[0].study.zero_shot else ()


def edge_rows(runs: Runs, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rows of edge models E2E, and of those that share the cloud model's space E2C and C2E too."""
    rows = []
    for name in names:
        settings = SETTINGS[:1] if name in (UNTRAINED, TASK_ONLY) else SETTINGS
        for setting in settings:
            reports = reports_of(
                runs,
                lambda run, name=name, setting=setting: in_setting(run.edge(name), run.cloud(), setting),
            )
            rows += arm_rows(reports, model=name, setting=setting)
    return rows


def in_setting(edge: Model, cloud: Model, setting: str) -> Pair:
    """Return an edge and a cloud model as queries and gallery of a setting: E2E, E2C or C2E."""
    return {"E2E": (edge, edge), "E2C": (edge, cloud), "C2E": (cloud, edge)}[setting]


def arm_rows(reports: Reports, **keys: object) -> list[dict[str, Any]]:
    """Return a row of each task, test set and protocol: the values of all seeds, with intervals where there is one."""
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


def _places(adapters: Adapters) -> dict[str, int]:
    return {"rank": adapters.rank, "stride": adapters.stride}


def _adapted_blocks(run: SeedRun) -> dict[str, dict[str, list[int]]]:
    """By stride and tower, which blocks have adapters."""
    backbone: Any = outline(model_folder(run.study.teacher.backbone, weights=False)).backbone
    depths = {"vision": len(backbone.visual.blocks), "language": len(backbone.language_model.layers)}
    found = {}
    for stride in sorted({adapters.stride for adapters in compared_adapters(run.study.teacher)}):
        config = with_adapters(run.study.teacher, Adapters(CHOSEN_ADAPTERS.rank, stride))
        plan = HierarchicalLora(**config.lora.model_dump())
        found[str(stride)] = {tower: list(plan.blocks(depth)) for tower, depth in depths.items()}
    return found
