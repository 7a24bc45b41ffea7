"""A model as a folder that can be uploaded to the hub as it is: weights or adapter, processor, prompts, model card."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crossreid.core.errors import CheckpointError
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.adapter import SETTINGS, base_of, is_adapter
from crossreid.models.folder import CARD, Model, card_of, load_model, save_model
from crossreid.models.loading import model_folder
from crossreid.models.model_card import Measured, model_card
from crossreid.models.teacher import Teacher
from crossreid.models.training_record import TrainingRecord, read_training_record
from crossreid.models.vision_text import VisionTextStudent

_RESAMPLE = {"lanczos": 1, "bicubic": 3}
"""Pillow's numbers."""


def save_for_hub(
    source: str | Path,
    folder: Path,
    *,
    merged: bool = False,
    base: str = "",
    results: Sequence[Measured] = (),
) -> Path:
    """Write what `load_encoder` reads from `source` into a folder for the hub; read back, it is the same to the bit.

    The model card says what the record of the run says that the source lies in.

    Args:
        source: as for `load_encoder`, but no pack.
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
    training = read_training_record(place)
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
        write_surroundings(model, folder, space=space, base=base, results=results, training=training)
    else:
        save_model(model, folder, space=space)
        _write_texts(model, folder, base=base, adapter=False, results=results, training=training)
    return folder


def write_surroundings(
    teacher: Teacher,
    folder: Path,
    *,
    space: str = "",
    base: str,
    results: Sequence[Measured] = (),
    training: TrainingRecord | None = None,
) -> None:
    """Put beside an adapter what its base's folder does not say: prompts, input, tokenizer, processor, model card."""
    teacher.conversation.tokenizer.save_pretrained(folder)
    card = card_of(teacher, space=space)
    (folder / CARD).write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    _write_texts(teacher, folder, base=base, adapter=True, results=results, training=training)


def _findable(base: str) -> str:
    """A place that means the same from anywhere."""
    return str(Path(base).resolve()) if Path(base).is_dir() else base


def _write_texts(
    model: Model,
    folder: Path,
    *,
    base: str,
    adapter: bool,
    results: Sequence[Measured],
    training: TrainingRecord | None,
) -> None:
    processor = _processor(model)
    (folder / "preprocessor_config.json").write_text(json.dumps(processor, indent=1) + "\n", encoding="utf-8")
    card = model_card(model, folder.name, base=base, adapter=adapter, results=results, training=training)
    (folder / "README.md").write_text(card, encoding="utf-8")


def _processor(model: Model) -> dict[str, Any]:
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
    if not isinstance(model, Teacher):
        tower = "ViT" if isinstance(model, VisionTextStudent) else "CLIP"
        return common | {
            "image_processor_type": f"{tower}ImageProcessor",
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
