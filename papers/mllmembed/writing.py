"""Numbers of a table or figure, as its record holds them -> a section that sets them beside the paper's."""

from collections.abc import Mapping, Sequence
from typing import Any

from crossreid.core.wording import spread
from papers.mllmembed.answers import in_words
from papers.mllmembed.claims import Judgement
from papers.mllmembed.differences import differences
from papers.mllmembed.published import printed_average, printed_rows
from papers.mllmembed.sections import Grid, Picture, Section, made_by
from papers.mllmembed.writing_arms import (
    choice_grids,
    component_grids,
    condition_grids,
    label_grids,
    mean_rows,
    order_words,
    scarce_grids,
)
from papers.mllmembed.writing_beyond import (
    BEYOND,
    PICTURES,
    error_grids,
    evidence_grids,
    gallery_grids,
    leakage_grids,
)

PUBLISHED: Mapping[str, str] = {
    "table1": "Three tasks, cloud and edge",
    "table2": "The losses of the distillation",
    "table3": "Rank and stride of the adapters",
    "table4": "The weights of the losses",
    "table5": "Speed on a device",
    "figure3": "The spectrum of the cloud model",
    "figure4": "Maps of people",
    "figure5": "Retrieval cases",
    "figure6": "Convergence",
    "figure7": "The spectrum on other data",
}
"""Every table and figure of the paper, in order."""

ITEMS: Mapping[str, str] = {**PUBLISHED, **BEYOND}
"""These, and what goes beyond them."""

JUDGED = "source-excluded"
"""The protocol by which models are compared."""
PAPER = "paper"

_METRICS = {"r1": "R1", "r5": "R5", "r10": "R10", "mean_ap": "mAP", "mean_inp": "mINP"}
_HEADER = tuple(_METRICS.values())
_NOTE = "Ours: mean ± sample deviation over the seeds, percent."

_PICTURES: Mapping[str, Mapping[str, str]] = {
    "figure3": {"figure3": "Four random halves of the test people's items."},
    "figure4": {
        "figure4-cloud": "(a) the cloud model: shapes are kinds of evidence, colours are people.",
        "figure4-edge": "(b) the distilled edge model, the same people.",
        "figure4-closed-form": "(c) the edge model with heads in closed form, before any step.",
    },
    "figure5": {
        "figure5-cloud": "(a) the cloud model in its own gallery: of each task a search that it gets right and one that"
        " it does not, drawn at random.",
        "figure5-edge": "(b) the same queries by the distilled edge model in its own gallery.",
        "figure5-closed-form": "(c) the same queries by the edge model with heads in closed form, before any step.",
    },
    "figure6": {
        "figure6": "The loss that all distillations share.",
        "figure6-cosine": "Its part that is learnt with weight: the distance from the cloud model.",
        "figure6-validation": "Mean mAP on validation people, photographs excluded that a query was made from.",
    },
    "figure7": {"figure7": "One random half of each kind of data."},
    **PICTURES,
}


def write_section(item: str, record: Mapping[str, Any] | None, judged: Mapping[str, Judgement]) -> Section:
    """Return the section of an item; without a record it says so.

    Args:
        item: of `ITEMS`.
        record: what a reproduction wrote.
        judged: the verdicts of all claims of the page.
    """
    if record is None:
        return Section(item, ITEMS[item])
    grids = [*(_GRIDS[item](record) if item in _GRIDS else ()), *choice_grids(record)]
    names = _PICTURES.get(item, {})
    return Section(
        item,
        ITEMS[item],
        paragraphs=(*differences(item, record), *(order_words(record) if item == "table2" else ())),
        answers=tuple(in_words(answer, judged[answer["claim"]]) for answer in record.get("answers", ())),
        grids=tuple(grids),
        pictures=tuple(Picture(name, names[name]) for name in names if name in record["pictures"]),
        made=_made(record),
    )


def _table_1(record: Mapping[str, Any]) -> list[Grid]:
    grids = [_table_1_averages(record)]
    for protocol in dict.fromkeys(row["protocol"] for row in record["rows"]):
        cells = []
        for task in dict.fromkeys(row["task"] for row in record["rows"]):
            for setting in dict.fromkeys(row["setting"] for row in record["rows"]):
                keys = {"task": task, "setting": setting}
                ours = [
                    row for row in record["rows"] if (keys | {"protocol": protocol}).items() <= row.items()
                ]
                cells += [((task, setting, row["data"]), _ours(row), True) for row in ours]
                if protocol == JUDGED:
                    theirs = [row for row in printed_rows("table1") if keys.items() <= row.items()]
                    cells += [
                        ((task, setting, f"{PAPER}: {row['data']}"), _theirs(row), False) for row in theirs
                    ]
        title = f"By `{protocol}`" + ("; the paper does not name its rule" if protocol == JUDGED else "")
        grids.append(_grid(title, ("task", "setting", "data"), cells))
    return grids


def _table_1_averages(record: Mapping[str, Any]) -> Grid:
    """The paper's column Avg. and ours: the mean mAP over the test sets, seed by seed."""
    judged: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in record["rows"]:
        if row["protocol"] == JUDGED:
            judged.setdefault((row["task"], row["setting"]), []).append(row)
    rows = [
        (task, setting, _mean_map(found), _or_dash(printed_average("table1", task=task, setting=setting)))
        for (task, setting), found in judged.items()
    ]
    return _averages("Avg.: mean mAP over the test sets", ("task", "setting"), rows, of="three data sets")


def _ablation(record: Mapping[str, Any]) -> list[Grid]:
    table, models = record["item"], list(dict.fromkeys(row["model"] for row in record["rows"]))
    cells, shared = [], []
    for model in models:
        for row in _judged(record, model):
            if row["setting"] != "E2E":
                shared.append(((model, row["setting"], row["task"], row["data"]), _ours(row), True))
                continue
            cells.append(((model, row["task"], row["data"]), _ours(row), True))
            keys = {"model": model, "task": row["task"]}
            theirs = [printed for printed in printed_rows(table) if keys.items() <= printed.items()]
            cells += [
                ((model, row["task"], f"{PAPER}: {one['data']}"), _theirs(one), False) for one in theirs
            ]
    means = [
        (*row, _or_dash(printed_average(table, model=row[0]))) for row in mean_rows(record["rows"], models)
    ]
    header = ("distillation", "E2E", "E2C", "C2E", "paper, E2E (CUHK-PEDES)")
    return [
        Grid("Mean mAP of the tasks", header, 1, tuple(means), (True,) * len(means), _NOTE),
        *(condition_grids(record) if table == "table2" else ()),
        _grid("All numbers, E2E", ("distillation", "task", "data"), cells),
        _grid("All numbers, E2C and C2E", ("distillation", "setting", "task", "data"), shared),
    ]


def _table_3(record: Mapping[str, Any]) -> list[Grid]:
    averages, cells = [], []
    for model in dict.fromkeys(row["model"] for row in record["rows"]):
        rows = _judged(record, model)
        keys = {name: rows[0][name] for name in ("rank", "stride")}
        blocks = record["adapted_blocks"][str(keys["stride"])]
        adapted = "; ".join(f"{tower} {', '.join(map(str, places))}" for tower, places in blocks.items())
        averages.append(
            (str(keys["rank"]), str(keys["stride"]), adapted, _mean_map(rows),
             _or_dash(printed_average("table3", **keys)))
        )  # fmt: skip
        cells += [((model, row["task"], row["data"]), _ours(row), True) for row in rows]
    return [
        _averages("Mean mAP of the tasks, C2C", ("rank", "stride", "adapted blocks (from 0)"), averages),
        _grid("All numbers, C2C; the paper prints the mean alone", ("adapters", "task", "data"), cells),
    ]


def _table_5(record: Mapping[str, Any]) -> list[Grid]:
    rows = [
        (row["size"], str(row["batch"]), f"{row['latency_ms']:.2f}", f"{row['items_per_second']:.2f}", True)
        for row in record["timings"]
    ]
    rows += [
        (
            "392x140 (paper)",
            str(row["batch"]),
            f"{row['latency_ms']:.2f}",
            f"{row['items_per_second']:.2f}",
            False,
        )
        for row in printed_rows("table5")
    ]
    header = ("pictures", "batch", "latency, ms", "photographs a second")
    cells = tuple(tuple(map(str, row[:-1])) for row in rows)
    note = "Latency: median of the calls, decoded pictures to vectors."
    return [Grid("", header, 1, cells, tuple(bool(row[-1]) for row in rows), note)]


def _figure_3(record: Mapping[str, Any]) -> list[Grid]:
    rows = [
        ("as in the paper, uncentred", record["uncentred"]),
        ("mean taken away", record["centred"]),
        ("four random halves, seed 0", record["trials"]),
    ]
    if "untrained" in record:
        rows.append(("the untrained cloud model, uncentred", record["untrained"]))
    note = f"Of {record['width']} dimensions, {record['items']} items. Mean ± deviation over seeds or trials."
    return [_spectra_grid(rows, note)]


def _figure_7(record: Mapping[str, Any]) -> list[Grid]:
    rows = [(f"{name} ({record['items'][name]} items)", found) for name, found in record["spectra"].items()]
    return [
        _spectra_grid(rows, f"Of {record['width']} dimensions; mean ± deviation over four random halves.")
    ]


def _spectra_grid(rows: Sequence[tuple[str, Mapping[str, Any]]], note: str) -> Grid:
    cells = tuple(
        (
            name,
            *(spread(values, 1) for values in found["components_for"].values()),
            spread(found["effective_rank"], 1),
            spread([100 * value for value in found["first_component"]], 1),
        )
        for name, found in rows
    )
    header = ("features", "k for 90 %", "k for 95 %", "k for 99 %", "effective rank", "first component, %")
    return Grid("", header, 1, cells, (True,) * len(cells), note)


def _figure_5(record: Mapping[str, Any]) -> list[Grid]:
    found = record["right_first"]
    rows = tuple((name, str(sum(values)), str(len(values))) for name, values in found.items())
    note = (
        "Half of the queries were chosen because the cloud model gets them right, half because it does not."
    )
    return [Grid("", ("model", "right person first", "searches"), 1, rows, (True,) * len(rows), note)]


def _figure_6(record: Mapping[str, Any]) -> list[Grid]:
    rows = tuple(
        (name, spread(record["shared_loss"][name], 3), spread(record["cosine_loss"][name], 4),
         spread(record["last_cosine_loss"][name], 4))
        for name in record["shared_loss"]
    )  # fmt: skip
    header = (
        "distillation",
        "L_task + L_cos, mean over the steps",
        "L_cos, mean over the steps",
        "L_cos at the end",
    )
    return [
        Grid("", header, 1, rows, (True,) * len(rows), "Less is faster. Mean ± deviation over the seeds.")
    ]


_GRIDS = {
    "table1": _table_1,
    "table2": _ablation,
    "table3": _table_3,
    "table4": _ablation,
    "table5": _table_5,
    "figure3": _figure_3,
    "figure5": _figure_5,
    "figure6": _figure_6,
    "figure7": _figure_7,
    "labels": label_grids,
    "scarce": scarce_grids,
    "components": component_grids,
    "evidence": evidence_grids,
    "galleries": gallery_grids,
    "errors": error_grids,
    "leakage": leakage_grids,
}


def _judged(record: Mapping[str, Any], model: str) -> list[Mapping[str, Any]]:
    return [row for row in record["rows"] if row["model"] == model and row["protocol"] == JUDGED]


def _mean_map(rows: Sequence[Mapping[str, Any]]) -> str:
    """Over tasks and test sets, seed by seed."""
    seeds = zip(*(row["values"]["mean_ap"] for row in rows), strict=True)
    return spread([sum(values) / len(values) for values in seeds], 2)


def _ours(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(spread(row["values"][name]) for name in _METRICS)


def _theirs(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{row[name]:.2f}" for name in _METRICS)


def _or_dash(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _grid(
    title: str, names: tuple[str, ...], cells: Sequence[tuple[tuple[str, ...], tuple[str, ...], bool]]
) -> Grid:
    rows = tuple((*words, *numbers) for words, numbers, _ in cells)
    return Grid(title, (*names, *_HEADER), len(names), rows, tuple(ours for _, _, ours in cells), _NOTE)


def _averages(
    title: str, names: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, of: str = "CUHK-PEDES"
) -> Grid:
    header = (*names, "ours", f"paper ({of})")
    return Grid(title, header, len(names), tuple(rows), (True,) * len(rows), _NOTE)


def _made(record: Mapping[str, Any]) -> str:
    weights = ", ".join(f"{name} {signature}" for name, signature in record["weights"].items())
    return f"Preset {record['configuration']['preset']}; backbones {weights}. {made_by(record)}"
