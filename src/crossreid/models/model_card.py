"""What a model's page on the hub says: what it embeds, by which base, what it learnt from and what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from crossreid.core.modality import Modality
from crossreid.models.folder import CARD, Model
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.teacher import Teacher
from crossreid.models.training_record import TrainingRecord

_UNNAMED = "not named by the report"


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one task.

    Args:
        task: with setting and protocol.
        data: name and split of the data set; "" where it is not known.
        figures: in percent, by name.
    """

    task: str
    data: str
    figures: Mapping[str, float]


def model_card(
    model: Model,
    name: str,
    *,
    base: str,
    adapter: bool,
    results: Sequence[Measured],
    training: TrainingRecord | None,
) -> str:
    """The text of `README.md`, with what the hub reads at its head.

    Args:
        model: as it embeds.
        name: of its folder.
        base: hub id or place of the backbone; "" for none.
        adapter: it is one to the base.
        results: measured figures; none, none are shown.
        training: the run that it comes from; None where no record lies beside it.
    """
    head = yaml.safe_dump(_head(name, base=base, adapter=adapter, results=results), sort_keys=False)
    what = f"An adapter for {base}" if adapter else "A model"
    size = model.preprocessing
    size_text = f"{size.height} × {size.width} px ({size.resampling})"
    lines = [
        f"# {name}",
        "",
        f"{what}: it embeds {_evidence(model)} of people into one space of",
        f"{model.dim} dimensions. {_role(model)} of CrossReID.",
        "",
        "```python",
        "import crossreid as cr",
        "",
        f'encoder = cr.load_encoder("{name}")  # this folder, or its name on the hub',
        'encoder.encode(["photo.jpg"], modality="rgb")',
        "```",
        "",
        f"Pictures are resized to {size_text}; pixel statistics and prompts are in `{CARD}`.",
        *_training(training),
        *_table(results),
    ]
    return f"---\n{head}---\n\n" + "\n".join(lines) + "\n"


def _head(name: str, *, base: str, adapter: bool, results: Sequence[Measured]) -> dict[str, Any]:
    head: dict[str, Any] = {
        "library_name": "crossreid",
        "pipeline_tag": "feature-extraction",
        "tags": ["person-re-identification", "cross-modal-retrieval", *(["peft", "lora"] if adapter else [])],
    }
    is_hub_id = base.count("/") == 1 and not base.startswith(("/", "."))
    if is_hub_id:
        head |= {"base_model": base, "base_model_relation": "adapter" if adapter else "finetune"}
    figures = [
        {
            "task": {"type": "image-feature-extraction", "name": row.task},
            "dataset": {"type": "person-re-identification", "name": row.data or _UNNAMED},
            "metrics": [{"type": metric, "value": round(value, 2)} for metric, value in row.figures.items()],
        }
        for row in results
    ]
    return head | ({"model-index": [{"name": name, "results": figures}]} if figures else {})


def _evidence(model: Model) -> str:
    if isinstance(model, Mllmreid) and Modality.TEXT not in model.modalities:
        return "photos, infrared pictures and sketches"
    return "photos, infrared pictures, sketches and descriptions"


def _role(model: Model) -> str:
    match model:
        case Teacher():
            return "A cloud model"
        case Mllmreid():
            reader = "vision tower" if model.feature == "vision" else "language model"
            return f"The {reader} of a LLaVA (MLLMReID), a model"
        case _:
            return "An edge model"


def _training(record: TrainingRecord | None) -> list[str]:
    """What it learnt from, and how it was validated; where nothing is known, that."""
    lines = ["", "## Training", ""]
    if record is None:
        return [
            *lines,
            "No record of a training lay beside the model: on whom it was trained is not known here.",
        ]
    lines.append(
        f"Trained ({record.kind}) on {record.trained_on or 'data that the record of its training does not name'}."
    )
    if not record.validated_on:
        return [*lines, "", "Nobody was searched for in validation."]
    found = ", ".join(f"{name} {value:.2f}" for name, value in record.figures.items())
    searched = f"Validated on {record.validated_on}; {record.searches}"
    return [*lines, "", f"{searched}: {found}, in percent." if found else f"{searched}."]


def _table(results: Sequence[Measured]) -> list[str]:
    """Percent; nothing where nothing was measured."""
    if not results:
        return []
    columns = list(dict.fromkeys(metric for row in results for metric in row.figures))
    head = f"| task | data | {' | '.join(columns)} |"
    lines = ["", "## Measured", "", head, f"| --- | --- |{' --: |' * len(columns)}"]
    for row in results:
        cells = (f"{row.figures[column]:.2f}" if column in row.figures else "" for column in columns)
        lines.append(f"| {row.task} | {row.data or _UNNAMED} | {' | '.join(cells)} |")
    return [*lines, "", "Percent."]
