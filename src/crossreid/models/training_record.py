"""What the run that a model comes from says of it: the people that it learnt from, and what validation found."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossreid.core.errors import CheckpointError

RECORD, HISTORY, BEST = "run.json", "history.jsonl", "best.json"
"""Files of the folder of a run, beside its models."""
_MODELS = ("model", "adapter")
_FIGURES = {"validation_map": "mean mAP", "validation_rsum": "rSum"}


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """Of one run.

    Args:
        kind: of the training.
        trained_on: name, split, people and samples by kind of evidence, in words; "" where the record does not say.
        validated_on: the same of who was searched for in validation; "" for nobody.
        searches: tasks and protocol of the validation, in words; "" for none.
        figures: of the validation of the model that was kept, by name.
    """

    kind: str
    trained_on: str
    validated_on: str
    searches: str
    figures: Mapping[str, float]


def read_training_record(model: Path) -> TrainingRecord | None:
    """The record of the run that a model or adapter lies in; None where there is none.

    Args:
        model: folder `model` or `adapter` of a run.

    Raises:
        CheckpointError: the record cannot be read.
    """
    run = model.resolve().parent
    if model.resolve().name not in _MODELS or not (run / RECORD).is_file():
        return None
    try:
        record = json.loads((run / RECORD).read_text(encoding="utf-8"))
        validated = record.get("validated_on") or {}
        return TrainingRecord(
            kind=record["configuration"]["kind"],
            trained_on=_people(record.get("trained_on")),
            validated_on=_people(validated),
            searches=f"{', '.join(validated['tasks'])} by {validated['protocol']}" if validated else "",
            figures=_figures(run, keep=record["configuration"].get("keep", "last")) if validated else {},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{run / RECORD} cannot be read ({error!r})", expected="the record of a training"
        ) from error


def _people(described: Mapping[str, Any] | None) -> str:
    if not described:
        return ""
    split = f", split {described['split']}" if described["split"] else ""
    counted = [f"{count:,} {kind}" for kind, count in described.get("samples", {}).items()]
    people = f"{described['people']:,} people"
    return f"{described['name']}{split}: {', '.join([people, *counted])}"


def _figures(run: Path, *, keep: str) -> dict[str, float]:
    """Of the best validation where that is what was kept, else of the last."""
    if keep == "best" and (run / BEST).is_file():
        found: Mapping[str, float] = json.loads((run / BEST).read_text(encoding="utf-8"))
    else:
        lines = (run / HISTORY).read_text(encoding="utf-8").splitlines()
        logged = [line for line in map(json.loads, lines) if _FIGURES.keys() & line.keys()]
        found = logged[-1] if logged else {}
    return {label: found[name] for name, label in _FIGURES.items() if name in found}
