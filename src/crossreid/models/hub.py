"""A model as a folder that can be uploaded to the hub as it is: weights or adapter, processor, prompts, model card."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from crossreid.core.errors import CheckpointError
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.adapter import SETTINGS, base_of, is_adapter
from crossreid.models.folder import CARD, card_of, load_model, save_model
from crossreid.models.loading import model_folder
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher

Results = Mapping[str, Mapping[str, float]]
"""Task and protocol -> name of a figure -> its value in percent."""

_RESAMPLE = {"lanczos": 1, "bicubic": 3}
"""Pillow's numbers."""


def save_for_hub(
    source: str | Path, folder: Path, *, merged: bool = False, base: str = "", results: Results | None = None
) -> Path:
    """Write what `load_encoder` reads from `source` into a folder for the hub; read back, it is the same to the bit.

    Args:
        source: as for `load_encoder`, but no pack; of a teacher, or of a student around CLIP.
        folder: is made, and must be empty; a half-written one is left when something fails.
        merged: fold an adapter into its base; else a source that is an adapter stays one.
        base: hub id of the backbone; "" for the place that an adapter names.
        results: measured figures, for the model card.

    Raises:
        CheckpointError: the source cannot be loaded, or the folder holds something.
    """
    place = model_folder(source)
    if folder.exists() and any(folder.iterdir()):
        raise CheckpointError(f"{folder}, which is not empty", expected="a new folder")
    model, space = load_model(place)
    if not isinstance(model, Teacher | Student):
        raise CheckpointError(f"{source}, a {type(model).__name__}", expected="a teacher, or a CLIP student")
    if isinstance(model, Teacher) and is_adapter(place) and not merged:
        base = base or _findable(base_of(place))
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(place.glob("adapter_model.*")):
            shutil.copyfile(file, folder / file.name)
        settings = json.loads((place / SETTINGS).read_text(encoding="utf-8"))
        settings["base_model_name_or_path"] = base
        (folder / SETTINGS).write_text(
            json.dumps(settings, indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )
        write_surroundings(model, folder, space=space, base=base, results=results)
    else:
        save_model(model, folder, space=space)
        _write_texts(model, folder, base=base, adapter=False, results=results)
    return folder


def write_surroundings(
    teacher: Teacher, folder: Path, *, space: str = "", base: str, results: Results | None = None
) -> None:
    """Put beside an adapter what its base's folder does not say: prompts, input, tokenizer, processor, model card."""
    teacher.conversation.tokenizer.save_pretrained(folder)
    card = card_of(teacher, space=space)
    (folder / CARD).write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    _write_texts(teacher, folder, base=base, adapter=True, results=results)


def _findable(base: str) -> str:
    """A place that means the same from anywhere."""
    return str(Path(base).resolve()) if Path(base).is_dir() else base


def _write_texts(
    model: Teacher | Student, folder: Path, *, base: str, adapter: bool, results: Results | None
) -> None:
    processor = _processor(model)
    (folder / "preprocessor_config.json").write_text(json.dumps(processor, indent=1) + "\n", encoding="utf-8")
    card = _model_card(model, folder.name, base=base, adapter=adapter, results=results or {})
    (folder / "README.md").write_text(card, encoding="utf-8")


def _processor(model: Teacher | Student) -> dict[str, Any]:
    """For transformers' image processors. Qwen's keeps the shape of a picture: resize to the input size first."""
    size: Preprocessing = model.preprocessing
    common = {
        "do_resize": True,
        "resample": _RESAMPLE[size.resampling],
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": list(size.mean),
        "image_std": list(size.std),
        "do_convert_rgb": True,
    }
    if isinstance(model, Student):
        return common | {
            "image_processor_type": "CLIPImageProcessor",
            "size": {"height": size.height, "width": size.width},
            "do_center_crop": False,
        }
    vision: Any = model.backbone.config.vision_config
    area = size.height * size.width
    return common | {
        "image_processor_type": "Qwen2VLImageProcessor",
        "size": {"shortest_edge": area, "longest_edge": area},
        "patch_size": vision.patch_size,
        "temporal_patch_size": vision.temporal_patch_size,
        "merge_size": vision.spatial_merge_size,
    }


def _model_card(model: Teacher | Student, name: str, *, base: str, adapter: bool, results: Results) -> str:
    is_hub_id = base.count("/") == 1 and not base.startswith(("/", "."))
    figures = [
        {
            "task": {"type": "image-feature-extraction", "name": task},
            "dataset": {"type": "person-re-identification", "name": task},
            "metrics": [{"type": metric, "value": round(value, 2)} for metric, value in row.items()],
        }
        for task, row in results.items()
    ]
    head: dict[str, Any] = {
        "library_name": "crossreid",
        "pipeline_tag": "feature-extraction",
        "tags": ["person-re-identification", "cross-modal-retrieval", *(["peft", "lora"] if adapter else [])],
    }
    if is_hub_id:
        head |= {"base_model": base, "base_model_relation": "adapter" if adapter else "finetune"}
    if figures:
        head["model-index"] = [{"name": name, "results": figures}]
    size = model.preprocessing
    role = "cloud" if isinstance(model, Teacher) else "edge"
    what = f"An adapter for {base}" if adapter else "A model"
    size_text = f"{size.height} × {size.width} px ({size.resampling})"
    lines = [
        f"# {name}",
        "",
        f"{what}: it embeds photos, infrared pictures, sketches and descriptions of people into one space of",
        f"{model.dim} dimensions. A {role} model of CrossReID.",
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
    return f"---\n{yaml.safe_dump(head, sort_keys=False)}---\n\n" + "\n".join(lines) + "\n"


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
