"""Numbers of the arms, as their records hold them -> tables and words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crossreid.core.wording import spread
from papers.mllmembed.gate import MET, MISSED, aims, gate
from papers.mllmembed.published import printed_average
from papers.mllmembed.sections import Grid
from papers.mllmembed.variants import BOTH, COSINE, PRINCIPAL, RELATION

_JUDGED = "source-excluded"
_SETTINGS = ("E2E", "E2C", "C2E")
_NOTE = "Percent; mean ± sample deviation over the seeds."
_DISTILLED = (COSINE, RELATION, PRINCIPAL, BOTH)


def mean_rows(rows: Sequence[Mapping[str, Any]], models: Sequence[str]) -> list[tuple[str, ...]]:
    """Return a row of each model: its mean mAP over tasks and test sets, alone and with the cloud model."""
    return [
        (model, *(spread(values, 2) if (values := _means(rows, model, one)) else "-" for one in _SETTINGS))
        for model in models
    ]


def condition_grids(record: Mapping[str, Any]) -> list[Grid]:
    """Return the gate and the aims with what was measured; nothing where the arms were not measured."""
    arms = record.get("arms")
    if not arms:
        return []
    cells = [("gate", one.words, one.numbers(), "passed" if one.met else "not passed") for one in gate(arms)]
    cells += [("aim", one.words, one.numbers(), MET if one.met else MISSED) for one in aims(arms)]
    note = (
        "Points of mean mAP: the mean over the seeds decides; in brackets its 95 % interval. Where the gate is not"
        " passed, claims about distillation are not testable here."
    )
    header = ("", "condition", "measured", "")
    return [Grid("Gate and aims", header, 2, tuple(cells), (True,) * len(cells), note)]


def order_words(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield whether the paper's order of the distillations comes out here."""
    ours = {model: _mean(_means(record["rows"], model, "E2E")) for model in _DISTILLED}
    theirs = {model: printed_average("table2", model=model) or 0.0 for model in _DISTILLED}
    here, there = (sorted(_DISTILLED, key=found.__getitem__, reverse=True) for found in (ours, theirs))
    outcome = "comes out here too" if here == there else f"does not come out: here it is {' > '.join(here)}"
    yield (
        f"The paper's order by mean mAP, {' > '.join(there)}, {outcome}. Which of the differences are more than chance,"
        " the claims say."
    )


def choice_grids(record: Mapping[str, Any]) -> list[Grid]:
    """Return what validation people chose; nothing where there was nothing to choose."""
    choices = {
        name: found for name, found in record.get("choices", {}).items() if found[0]["kept_step"] is not None
    }
    if not choices:
        return []
    cells = tuple(
        (
            name,
            "-" if found[0]["learning_rate"] is None else f"{found[0]['learning_rate']:g}",
            "; ".join(f"{tried}: {value:.1f}" for tried, value in found[0]["tried"].items()) or "-",
            ", ".join(str(one["kept_step"]) for one in found),
            spread([one["validation_map"] for one in found]),
        )
        for name, found in choices.items()
    )
    header = (
        "model",
        "learning rate",
        "tried on the first seed: mAP",
        "kept step of each seed",
        "mAP of the kept",
    )
    note = "Mean mAP of the three tasks on validation people, percent. Kept step 0 is the start: no step was better."
    return [Grid("Chosen on validation people", header, 1, cells, (True,) * len(cells), note)]


def label_grids(record: Mapping[str, Any]) -> list[Grid]:
    """Return the mean mAP, a row a model, a column a number of labelled people."""
    rows = record["rows"]
    counts = sorted({row["people"] for row in rows if row["people"]})
    found = {(row["model"], row["people"]): spread(row["mean_ap"], 2) for row in rows}
    models = list(dict.fromkeys(row["model"] for row in rows))
    cells = tuple((model, *(found.get((model, count), "-") for count in (0, *counts))) for model in models)
    header = ("model", "none", *(f"{count:,} people" for count in counts))
    return [Grid("Mean mAP of the tasks by labelled people", header, 1, cells, (True,) * len(cells), _NOTE)]


def scarce_grids(record: Mapping[str, Any]) -> list[Grid]:
    """Return the mean mAP of each model, in every setting that it has."""
    rows, labelled = record["rows"], record["labelled_people"]
    cloud = list(dict.fromkeys(row["model"] for row in rows if row["setting"] == "C2C"))
    edge = list(dict.fromkeys(row["model"] for row in rows if row["setting"] != "C2C"))
    cells = [(model, spread(_means(rows, model, "C2C"), 2), "-", "-", "-") for model in cloud]
    cells += [(model, "-", *found) for model, *found in mean_rows(rows, edge)]
    title = f"Mean mAP of the tasks, {labelled:,} of {record['all_people']:,} people with names"
    return [Grid(title, ("model", "C2C", *_SETTINGS), 1, tuple(cells), (True,) * len(cells), _NOTE)]


def component_grids(record: Mapping[str, Any]) -> list[Grid]:
    """Return the mean mAP by number of components, and the difference to cosine alone."""
    models = list(dict.fromkeys(row["model"] for row in record["rows"]))
    gains = {
        name: f"{found['mean']:+.2f}"
        + ("" if found["low"] is None else f" ({found['low']:+.2f} to {found['high']:+.2f})")
        for name, found in record["over_cosine"].items()
    }
    cells = tuple((*row, gains.get(row[0], "-")) for row in mean_rows(record["rows"], models))
    header = ("distillation", *_SETTINGS, "E2E over cosine (95 % interval)")
    return [Grid("Mean mAP of the tasks", header, 1, cells, (True,) * len(cells), _NOTE)]


def _means(rows: Sequence[Mapping[str, Any]], model: str, setting: str) -> list[float]:
    """Over tasks and test sets by the judged protocol, seed by seed; nothing where the model has no such rows."""
    keys = {"model": model, "setting": setting, "protocol": _JUDGED}
    found = [row["values"]["mean_ap"] for row in rows if keys.items() <= row.items()]
    return [_mean(values) for values in zip(*found, strict=True)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
