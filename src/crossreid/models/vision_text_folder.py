"""The edge model of DSMD on disk: each tower in the hub's own layout, the heads, and `crossreid.json`."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, BertConfig, BertModel, PreTrainedModel, ViTConfig, ViTModel

from crossreid.core.errors import CheckpointError
from crossreid.data.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing
from crossreid.models.quiet import quiet_transformers
from crossreid.models.vision_text import TEXT_TOKENS, VisionTextStudent

KIND = "vision-text-student"
VISION, TEXT = "vision", "text"
_HEADS = "heads.safetensors"
_CARD = "crossreid.json"
_FORMAT = 1
_UNUSED = ("pooler.", "classifier.", "cls.", "lm_head.", "decoder.")
"""Weights that hub checkpoints of other tasks have beside the tower."""


def is_vision_text(folder: Path) -> bool:
    """Whether a folder holds two towers."""
    return all((folder / tower / "config.json").is_file() for tower in (VISION, TEXT))


def vision_text_card(model: VisionTextStudent) -> dict[str, Any]:
    """What the folder says beside the hub's own files, and what the embedding depends on beside the weights."""
    return {
        "kind": KIND,
        "dim": model.dim,
        "preprocessing": model.preprocessing.to_dict(),
        "text_tokens": model.text_tokens,
    }


def save_vision_text(
    model: VisionTextStudent, folder: Path, *, space: str = "", dtype: torch.dtype = torch.float32
) -> Path:
    """Write a model folder; a half-written one is never left under the final name.

    Args:
        model: a student.
        folder: is replaced.
        space: names the space that the vectors live in.
        dtype: of the stored weights.
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    model.tokenizer.save_pretrained(partial / TEXT)
    for name, tower in ((VISION, model.vision), (TEXT, model.text)):
        tower.config.architectures = [type(tower).__name__]
        tower.config.dtype = dtype
        tower.config.save_pretrained(partial / name)
        state = {key: value.detach().cpu().to(dtype).contiguous() for key, value in _weights(tower).items()}
        save_file(state, partial / name / "model.safetensors", metadata={"format": "pt"})
    heads = {
        key: value.detach().cpu().to(dtype).contiguous() for key, value in model.heads.state_dict().items()
    }
    save_file(heads, partial / _HEADS, metadata={"format": "pt"})
    card = vision_text_card(model) | {"format": _FORMAT, "space": space}
    (partial / _CARD).write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return folder


def load_vision_text(folder: Path, *, dim: int | None = None) -> tuple[VisionTextStudent, str]:
    """Read what `save_vision_text` wrote, or a folder with a ViT of the hub in `vision/` and a BERT in `text/`.

    Args:
        folder: of both.
        dim: width that the student is to have; heads of another width are drawn anew.

    Returns:
        The model in fp32, in evaluation mode, and the name of its space ("" when it has its own).

    Raises:
        CheckpointError: a file is missing or damaged, or the weights are of another architecture.
    """
    try:
        card = json.loads((folder / _CARD).read_text(encoding="utf-8")) if (folder / _CARD).exists() else None
        if card is None:
            return load_towers(folder / VISION, folder / TEXT, dim=dim), ""
        if (card["format"], card["kind"]) != (_FORMAT, KIND):
            raise CheckpointError(
                f"{folder / _CARD} is of format {card['format']} and kind {card['kind']}",
                expected=f"format {_FORMAT} and kind {KIND}",
            )
        model = load_towers(
            folder / VISION,
            folder / TEXT,
            dim=dim or card["dim"],
            preprocessing=Preprocessing.from_dict(card["preprocessing"]),
            text_tokens=card["text_tokens"],
        )
        if model.dim == card["dim"]:
            heads = load_file(folder / _HEADS)
            model.heads.load_state_dict({key: value.float() for key, value in heads.items()})
        return model, card["space"]
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise CheckpointError(
            f"{folder} cannot be loaded: {error}", expected="a complete model folder"
        ) from error


def load_towers(
    vision: Path,
    text: Path,
    *,
    dim: int | None = None,
    preprocessing: Preprocessing | None = None,
    text_tokens: int = TEXT_TOKENS,
) -> VisionTextStudent:
    """A student of a ViT and a BERT as the hub has them; its heads are drawn.

    Args:
        vision: folder of a ViT (`google/vit-base-patch16-224-in21k`), with or without a pooler or classifier.
        text: folder of a BERT (`google-bert/bert-base-uncased`) and its tokenizer.
        dim: width of the common space; the text tower's when left out.
        preprocessing: the ViT's own size and, as in the authors' code, ImageNet's pixel statistics when left out.
        text_tokens: a longer caption is cut.

    Raises:
        CheckpointError: a file is missing or damaged, or the weights are of another architecture.
    """
    try:
        vit: Any = _load_tower(ViTModel, ViTConfig, vision, add_pooling_layer=False)
        bert: Any = _load_tower(BertModel, BertConfig, text)
        tokenizer = AutoTokenizer.from_pretrained(text, local_files_only=True)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise CheckpointError(
            f"the towers {vision} and {text} cannot be loaded: {error}",
            expected="a ViT and a BERT with safetensors weights, in the hub's layout",
        ) from error
    size = vit.config.image_size
    return VisionTextStudent(
        vit,
        bert,
        tokenizer,
        preprocessing or Preprocessing(size, size, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        dim=dim or bert.config.hidden_size,
        text_tokens=min(text_tokens, bert.config.max_position_embeddings),
    ).eval()


def _load_tower(
    architecture: Callable[..., PreTrainedModel], configuration: Any, folder: Path, **options: Any
) -> Any:
    config = configuration.from_pretrained(folder, local_files_only=True)
    found = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
    if found != configuration.model_type:
        raise CheckpointError(f"{folder} holds a {found} model", expected=f"a {configuration.model_type}")
    with quiet_transformers():
        model, report = architecture.from_pretrained(  # type: ignore[attr-defined]
            folder,
            config=config,
            local_files_only=True,
            dtype=torch.float32,
            output_loading_info=True,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # they are refused below, by name
            **options,
        )
    foreign = {
        key for key in report["unexpected_keys"] if not key.startswith(_UNUSED) and "position_ids" not in key
    }
    if report["missing_keys"] or foreign or report["mismatched_keys"]:
        raise CheckpointError(
            f"{folder} lacks {sorted(report['missing_keys'])[:5]}, has foreign {sorted(foreign)[:5]} and of other"
            f" shapes {sorted(map(str, report['mismatched_keys']))[:5]}",
            expected=f"the weights of a {configuration.model_type}",
        )
    return model


def _weights(tower: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {key: value for key, value in tower.state_dict().items() if value.is_floating_point()}
