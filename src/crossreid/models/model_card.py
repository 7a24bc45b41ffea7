"""What a model's page on the hub says: what it embeds, by which base, and what was measured."""

from collections.abc import Mapping
from typing import Any

import yaml

from crossreid.core.modality import Modality
from crossreid.models.folder import CARD, Model
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.teacher import Teacher

Results = Mapping[str, Mapping[str, float]]
"""Task and protocol -> name of a figure -> its value in percent."""


def model_card(model: Model, name: str, *, base: str, adapter: bool, results: Results) -> str:
    """The text of `README.md`, with what the hub reads at its head.

    Args:
        model: as it embeds.
        name: of its folder.
        base: hub id or place of the backbone; "" for none.
        adapter: it is one to the base.
        results: measured figures; none, none are shown.
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
        *_table(results),
    ]
    return f"---\n{head}---\n\n" + "\n".join(lines) + "\n"


def _head(name: str, *, base: str, adapter: bool, results: Results) -> dict[str, Any]:
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
            "task": {"type": "image-feature-extraction", "name": task},
            "dataset": {"type": "person-re-identification", "name": task},
            "metrics": [{"type": metric, "value": round(value, 2)} for metric, value in row.items()],
        }
        for task, row in results.items()
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


def _table(results: Results) -> list[str]:
    """Percent; nothing where nothing was measured."""
    if not results:
        return []
    columns = list(dict.fromkeys(metric for row in results.values() for metric in row))
    lines = ["", "## Measured", "", f"| task | {' | '.join(columns)} |", f"| --- |{' --: |' * len(columns)}"]
    for task, row in results.items():
        cells = (f"{row[column]:.2f}" if column in row else "" for column in columns)
        lines.append(f"| {task} | {' | '.join(cells)} |")
    return [*lines, "", "Percent."]
