"""Numbers beyond the paper, as their records hold them -> tables."""

from collections.abc import Mapping
from typing import Any

from crossreid.core.wording import spread
from papers.mllmembed.sections import Grid

BEYOND: Mapping[str, str] = {
    "labels": "How many labelled people does a site need?",
    "scarce": "Labels are scarce, crops are not",
    "components": "How many components PCM matches",
    "evidence": "Queries of several pieces of evidence",
    "galleries": "Galleries of the first principal coordinates",
    "errors": "Where searches go wrong",
    "leakage": "What vectors give away",
}
"""What the paper does not ask, in order; of people drawn by the program alone."""

PICTURES: Mapping[str, Mapping[str, str]] = {
    "labels": {"labels": "Mean mAP of the three tasks by the number of people with names."},
    "galleries": {
        "galleries": "Of the first seed; the times are of this machine, and of the fastest of some searches."
    },
    "errors": {
        "errors": "Of the first seed, with what people wear; the bars are 95 % intervals over people.",
        "errors-agreement": "What a wrong first answer shares with the person searched for, and what anybody shares.",
    },
    "leakage": {"leakage": "Of the first seed; the probes met none of the people whom they are judged on."},
}

WORDS: Mapping[str, str] = {
    "labels": (
        "The cloud model is adapted by the names of the first so many training people, and the edge model is distilled"
        " from it over the same people; `task only` learns their names without it. All have the same steps; where there"
        " are fewer people than a batch has identities, the batch is smaller. The closed form maps the untrained edge"
        " model's heads onto that cloud model's features. Validation people with names choose learning rates and"
        " checkpoints in every row."
    ),
    "scarce": (
        "Only a few training people have names. The cloud model is adapted by these, then the edge model follows it"
        " over the crops of all training people with a task weight of 0: every encounter counts as a person of its own,"
        " so that nothing says who was met twice. The closed form maps heads by the same crops. Validation people with"
        " names choose learning rates and checkpoints in every row."
    ),
    "components": (
        "Cosine + PCM with other numbers of components k. The paper matches 50 of 1,536, 3 % of the width. This was"
        " explored: the differences have intervals over seeds, are not corrected for their number, and claim nothing."
    ),
    "evidence": (
        "Every query is one encounter of a person; the gallery holds photographs of all other encounters."
        " R: photograph, IR: infrared, S: sketch, T: words. Weights are learnt on validation people; the cloud model"
        " can also read all pieces in one conversation, for which it was not trained here."
    ),
    "galleries": (
        "The cloud model's gallery keeps the first k of its principal coordinates, whose directions come from the"
        " training people; queries are turned in the same way."
    ),
    "errors": (
        "mAP of the distilled edge model by what is known of the query: its view, whether a photograph of the same side"
        " is in the gallery, what stands in front, the camera's picture, and whether somebody else there differs in"
        " small details alone."
    ),
    "leakage": (
        "Linear probes learn to read attributes from the vectors of photographs and are judged on other people."
        " Balanced accuracy: the mean over an attribute's values, so that guessing the commonest gains nothing."
    ),
}

_TAKEN = ("all queries", "view", "view of a right answer", "in front", "picture", "look-alike")
_NOTE = "Mean ± sample deviation over the seeds."


def evidence_grids(record: Mapping[str, Any]) -> list[Grid]:
    """Of each combination, a column a model and way of joining."""
    rows = record["rows"]
    columns = list(dict.fromkeys((row["model"], row["joining"]) for row in rows))
    found = {(row["task"], row["model"], row["joining"]): spread(row["mean_ap"]) for row in rows}
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    cells = tuple((task, *(found.get((task, *column), "-") for column in columns)) for task in tasks)
    header = ("query -> gallery", *(f"{model}, {joining}" for model, joining in columns))
    learnt = "; ".join(
        f"{model} model: " + ", ".join(f"{kind} {spread(values, 2)}" for kind, values in kinds.items())
        for model, kinds in record["learnt_weights"].items()
    )
    return [
        Grid("mAP", header, 1, cells, (True,) * len(cells), f"Percent. {_NOTE} Learnt weights, {learnt}.")
    ]


def gallery_grids(record: Mapping[str, Any]) -> list[Grid]:
    """Quality, memory and time by width, and the smallest width that loses little."""
    cells = tuple(
        (row["name"], str(row["width"]), spread(row["mean_ap"], 2), f"{row['bytes_per_item']:,}",
         f"{min(row['search_ms']):.2f}")
        for row in sorted(record["rows"], key=lambda row: (row["name"], row["width"]))
    )  # fmt: skip
    header = ("kept as", "k", "mean mAP of the tasks", "bytes an item", "ms a search")
    note = (
        f"{_NOTE} Bytes: what a search goes through. Time: the fastest search of {record['timed_items']:,} items"
        " over all seeds, one query at a time."
    )
    smallest = tuple(
        (name, ", ".join(str(value or "none") for value in values))
        for name, values in record["smallest_width"].items()
    )
    return [
        Grid(
            "Smallest k that loses less than 0.5 points of mAP",
            ("kept as", "k of each seed"),
            1,
            smallest,
            (True,) * len(smallest),
        ),
        Grid("All widths", header, 1, cells, (True,) * len(cells), note),
    ]


def error_grids(record: Mapping[str, Any]) -> list[Grid]:
    """How the query was taken, a column a task."""
    rows = [row for row in record["rows"] if row["attribute"] in _TAKEN]
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    found = {(row["attribute"], row["value"], row["task"]): row for row in rows}
    names = sorted(
        dict.fromkeys((row["attribute"], row["value"]) for row in rows),
        key=lambda name: (_TAKEN.index(name[0]), name[1]),
    )
    cells = tuple(
        (
            attribute,
            value,
            *(
                spread(one["mean_ap"]) if (one := found.get((attribute, value, task))) else "-"
                for task in tasks
            ),
        )
        for attribute, value in names
    )
    header = ("of the query", "", *tasks)
    return [Grid("mAP", header, 2, cells, (True,) * len(cells), f"Percent. {_NOTE}")]


def leakage_grids(record: Mapping[str, Any]) -> list[Grid]:
    """Balanced accuracy beside chance, a column a model; the most readable first."""
    models = list(dict.fromkeys(row["model"] for row in record["rows"]))
    found = {(row["attribute"], row["model"]): row for row in record["rows"]}
    names = sorted(
        dict.fromkeys(row["attribute"] for row in record["rows"]),
        key=lambda name: (
            -max(_mean(found[name, model]["readable"]) for model in models if (name, model) in found)
        ),
    )
    cells = []
    for name in names:
        chance = next(found[name, model]["chance"] for model in models if (name, model) in found)
        read = (
            spread([100 * value for value in found[name, model]["balanced_accuracy"]])
            if (name, model) in found
            else "-"
            for model in models
        )
        cells.append((name, *read, f"{100 * _mean(chance):.1f}"))
    header = ("attribute", *(f"{model} model" for model in models), "chance")
    return [Grid("Balanced accuracy", header, 1, tuple(cells), (True,) * len(cells), f"Percent. {_NOTE}")]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
