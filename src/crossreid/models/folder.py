"""A model on disk: the hub's own layout plus `crossreid.json`, and a student's heads."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoTokenizer,
    CLIPConfig,
    CLIPModel,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLModel,
)
from transformers.utils import logging

from crossreid.core.errors import CheckpointError
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.prompts import PAPER_PROMPTS, Prompts
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher

CARD = "crossreid.json"
_FORMAT = 1
_HEADS = "heads.safetensors"


def fingerprint_of(model: Teacher | Student) -> str:
    """Sixteen hexadecimal digits over the weights and everything else that the embedding depends on."""
    digest = hashlib.sha256(json.dumps(_card(model), sort_keys=True).encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().float().numpy().tobytes())
    return digest.hexdigest()[:16]


def save_model(
    model: Teacher | Student, folder: Path, *, space: str = "", dtype: torch.dtype = torch.float32
) -> Path:
    """Write a model folder; a half-written one is never left under the final name.

    Args:
        model: adapters must have been merged.
        folder: is replaced.
        space: names the space that the vectors live in; a student takes its teacher's.
        dtype: of the stored weights.
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    card = _card(model) | {"format": _FORMAT, "space": space}
    if isinstance(model, Teacher):
        model.conversation.tokenizer.save_pretrained(partial)
        config, state = model.backbone.config, _captioner_state(model.backbone)
        config.architectures = [Qwen2VLForConditionalGeneration.__name__]
    else:
        model.tokenizer.save_pretrained(partial)
        config = model.clip_config
        config.architectures = [CLIPModel.__name__]
        state = {f"vision_model.{name}": value for name, value in model.vision.state_dict().items()}
        state |= {f"text_model.{name}": value for name, value in model.text.state_dict().items()}
        heads = {name: _stored(value, dtype) for name, value in model.heads.state_dict().items()}
        save_file(heads, partial / _HEADS, metadata={"format": "pt"})
    config.dtype = dtype
    config.save_pretrained(partial)
    save_file(
        {name: _stored(value, dtype) for name, value in state.items()},
        partial / "model.safetensors",
        metadata={"format": "pt"},
    )
    (partial / CARD).write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return folder


def load_model(folder: Path, *, dim: int | None = None) -> tuple[Teacher | Student, str]:
    """Read a model folder, or a Qwen2-VL or CLIP folder straight from the hub.

    Args:
        folder: in the hub's layout.
        dim: width that a student is to have; heads of another width are drawn anew.

    Returns:
        The model in fp32, in evaluation mode, and the name of its space ("" when it has its own).

    Raises:
        CheckpointError: a file is missing or damaged, or the weights are of another architecture.
    """
    if not (folder / "config.json").is_file():
        raise CheckpointError(f"{folder} has no config.json", expected="a model folder in the hub's layout")
    card = _read_card(folder)
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        match config:
            case Qwen2VLConfig():
                backbone = _load_weights(Qwen2VLModel, folder)
                model: Teacher | Student = Teacher(
                    backbone,
                    tokenizer,
                    Prompts(**card["prompts"]) if "prompts" in card else PAPER_PROMPTS,
                    Preprocessing.from_dict(card["preprocessing"]) if card else Preprocessing(280, 140),
                    text_budget=card.get("text_budget", 160),
                )
            case CLIPConfig():
                model = _load_student(folder, card, tokenizer, dim)
            case _:
                raise CheckpointError(
                    f"{folder} holds a {config.model_type} model",
                    expected="qwen2_vl (teacher) or clip (student)",
                )
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise CheckpointError(
            f"{folder} cannot be loaded: {error}", expected="a complete model folder"
        ) from error
    return model.eval(), card.get("space", "")


def _load_student(folder: Path, card: dict[str, Any], tokenizer: Any, dim: int | None) -> Student:
    heads_file = folder / _HEADS
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # for projections that a student's folder lacks: the same each time
        clip = _load_weights(CLIPModel, folder, may_lack_projections=heads_file.exists())
    preprocessing = Preprocessing.from_dict(card["preprocessing"]) if card else Preprocessing(280, 140)
    stored_dim = card.get("dim", clip.config.projection_dim)
    student = Student(clip, tokenizer, preprocessing, dim=dim or stored_dim)
    if heads_file.exists() and student.dim == stored_dim:
        heads = {name: value.float() for name, value in load_file(heads_file).items()}
        if set(heads) != set(student.heads.state_dict()):
            raise CheckpointError(
                f"{heads_file} holds {sorted(heads)}", expected=f"{sorted(student.heads.state_dict())}"
            )
        student.heads.load_state_dict(heads)
    return student


def _load_weights(architecture: Any, folder: Path, *, may_lack_projections: bool = False) -> Any:
    with _quiet_transformers():
        model, report = architecture.from_pretrained(
            folder,
            local_files_only=True,
            dtype=torch.float32,
            output_loading_info=True,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # they are refused below, by name
        )
    missing = {key for key in report["missing_keys"] if not (may_lack_projections and _is_projection(key))}
    foreign = {
        key for key in report["unexpected_keys"] if key != "lm_head.weight" and "position_ids" not in key
    }
    if missing or foreign or report["mismatched_keys"]:
        raise CheckpointError(
            f"{folder} lacks {sorted(missing)[:5]}, has foreign {sorted(foreign)[:5]} and of other shapes "
            f"{sorted(map(str, report['mismatched_keys']))[:5]}",
            expected=f"the weights of {architecture.__name__}",
        )
    return model


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    """What is missing or foreign is judged here; the library's own report and progress bar would only alarm."""
    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()


def _is_projection(key: str) -> bool:
    return key in ("visual_projection.weight", "text_projection.weight", "logit_scale")


def _captioner_state(backbone: nn.Module) -> dict[str, Tensor]:
    """Keys as in the hub's checkpoints, which transformers renames on load, without the tied language-model head."""
    return {
        re.sub(r"^language_model\.", "model.", name): value for name, value in backbone.state_dict().items()
    }


def _stored(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.detach().cpu().to(dtype if tensor.is_floating_point() else tensor.dtype).contiguous()


def _card(model: Teacher | Student) -> dict[str, Any]:
    """What a model folder says beside the hub's own files."""
    card: dict[str, Any] = {"dim": model.dim, "preprocessing": model.preprocessing.to_dict()}
    if isinstance(model, Teacher):
        chats = model.conversation
        return card | {"kind": "teacher", "prompts": asdict(chats.prompts), "text_budget": chats.text_budget}
    return card | {"kind": "student"}


def _read_card(folder: Path) -> dict[str, Any]:
    path = folder / CARD
    if not path.exists():
        return {}
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}", expected="JSON") from error
    if card.get("format") != _FORMAT:
        raise CheckpointError(f"{path} is of format {card.get('format')}", expected=f"format {_FORMAT}")
    return card
