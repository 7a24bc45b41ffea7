"""Beyond the paper: how many labelled people a site needs, crops without labels, and the components of PCM."""

from collections.abc import Callable
from typing import Any

from crossreid.analysis.labels_figure import labels_figure
from papers.mllmembed.answers import UNLABELLED_CLAIM
from papers.mllmembed.comparing import (
    Pair,
    Reports,
    Runs,
    alone,
    best_of,
    compare,
    difference,
    edge_reports,
    gate_arms,
    mean_map,
    reports_of,
)
from papers.mllmembed.figures import Drawn
from papers.mllmembed.gate import CLOUD_UNTRAINED
from papers.mllmembed.model import Model
from papers.mllmembed.seed_run import SeedRun
from papers.mllmembed.tables import SETTINGS, arm_rows, edge_rows, in_setting
from papers.mllmembed.variants import (
    BOTH,
    CLOSED_FORM,
    COSINE,
    PRINCIPAL,
    TASK_ONLY,
    UNTRAINED,
    ZERO_STEPS,
)

CLOUD, DISTILLED, ALONE = "cloud, adapted (C2C)", "edge, distilled (E2E)", "edge, task only (E2E)"
START, EDGE_BEFORE, CLOUD_BEFORE = (
    "edge, closed form (E2E)",
    "edge, untrained (E2E)",
    "cloud, untrained (C2C)",
)
"""Arms of the item `labels`; the last two need no labels."""
FEW, UNLABELLED = "cloud model of the labelled", "distilled over all crops without names"
"""Arms of the item `scarce`."""


def labels(runs: Runs) -> Drawn:
    """The cloud model and the edge model by the number of labelled people, and before any training."""
    counts = _counts(runs[0])
    curves: dict[str, list[list[float]]] = {name: [] for name in (CLOUD, DISTILLED, ALONE, START)}
    for people in counts:
        arms = {
            CLOUD: reports_of(runs, lambda run, people=people: alone(run.cloud(people=people))),
            DISTILLED: _edge(runs, BOTH, people),
            ALONE: _edge(runs, TASK_ONLY, people),
            START: _edge(runs, CLOSED_FORM, people),
        }
        for name, reports in arms.items():
            curves[name].append(mean_map(reports))
    constants = {
        EDGE_BEFORE: mean_map(edge_reports(runs, UNTRAINED)),
        CLOUD_BEFORE: mean_map(reports_of(runs, lambda run: alone(run.backbone("teacher")))),
    }
    rows = [
        {"model": name, "people": people, "mean_ap": values}
        for name, of_counts in curves.items()
        for people, values in zip(counts, of_counts, strict=True)
    ]
    rows += [{"model": name, "people": 0, "mean_ap": values} for name, values in constants.items()]
    searched = len(next(iter(runs[0].data.tests.values())).people)
    picture = labels_figure(
        counts,
        curves,
        constants,
        data=f"Mean mAP of the three tasks, {searched} people who were not learnt from",
    )
    return Drawn({"labels": picture}, {"rows": rows})


def scarce(runs: Runs) -> Drawn:
    """A few labelled people for the cloud model, and crops of all others without names for the edge model."""
    people = min(runs[0].study.arms.scarce_people, len(runs[0].data.train.people))
    pairs: dict[tuple[str, str], Callable[[SeedRun], Pair]] = {
        (FEW, "C2C"): lambda run: alone(run.cloud(people=people)),
        (CLOUD_UNTRAINED, "C2C"): lambda run: alone(run.backbone("teacher")),
        (UNTRAINED, "E2E"): lambda run: alone(run.edge(UNTRAINED)),
        (TASK_ONLY, "E2E"): lambda run: alone(run.edge(TASK_ONLY, people=people)),
    }
    followers: dict[str, Callable[[SeedRun], Model]] = {
        CLOSED_FORM: lambda run: run.closed_form(people=people, all_crops=True),
        BOTH: lambda run: run.edge(BOTH, people=people),
        UNLABELLED: lambda run: run.edge_unlabelled(people),
    }
    for name, edge in followers.items():
        for setting in SETTINGS:
            pairs[name, setting] = lambda run, edge=edge, setting=setting: in_setting(
                edge(run), run.cloud(people=people), setting
            )
    reports = {key: reports_of(runs, pair) for key, pair in pairs.items()}
    own = {model: found for (model, setting), found in reports.items() if setting == "E2E"}
    no_step = best_of({name: own[name] for name in ZERO_STEPS})
    answer = compare(UNLABELLED_CLAIM, own, UNLABELLED, TASK_ONLY, above=no_step)
    rows = [
        row
        for (model, setting), found in reports.items()
        for row in arm_rows(found, model=model, setting=setting)
    ]
    numbers: dict[str, Any] = {
        "rows": rows,
        "answers": [answer | {"distillation": True}],
        "labelled_people": people,
        "all_people": len(runs[0].data.train.people),
    }
    return Drawn({}, numbers | gate_arms(runs))


def components(runs: Runs) -> Drawn:
    """Cosine + PCM by the number of components, beside cosine alone and no step: explored, nothing is claimed."""
    width, study = runs[0].training_features().dim, runs[0].study
    chosen = study.distillation.distillation.components
    counts = sorted({chosen, *(max(1, round(share * width)) for share in study.arms.component_shares)})
    cosine, rows = edge_reports(runs, COSINE), edge_rows(runs, (*ZERO_STEPS, TASK_ONLY, COSINE))
    gains = {}
    for count in counts:
        name = f"{PRINCIPAL}, k = {count} ({100 * count / width:.0f} % of {width})"
        for setting in SETTINGS:
            found = reports_of(
                runs,
                lambda run, count=count, setting=setting: in_setting(
                    run.edge_by_components(count), run.cloud(), setting
                ),
            )
            rows += arm_rows(found, model=name, setting=setting)
            if setting == "E2E":
                gains[name] = difference(found, cosine).to_json()
    return Drawn({}, {"rows": rows, "over_cosine": gains, "width": width})


def _edge(runs: Runs, name: str, people: int) -> Reports:
    return reports_of(runs, lambda run: alone(run.edge(name, people=people)))


def _counts(run: SeedRun) -> list[int]:
    """The declared numbers of labelled people, as far as there are so many."""
    everybody = len(run.data.train.people)
    return [count for count in run.study.arms.labelled_people if count <= everybody] or [everybody]
