"""A model on disk: the hub's own layout plus `crossreid.json`, and a student's heads; or a released checkpoint."""

import hashlib
import json
import re
import shutil
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
    LlavaConfig,
    LlavaForConditionalGeneration,
    Qwen2_5_VLConfig,
    Qwen2_5_VLModel,
    Qwen2VLConfig,
    Qwen2VLModel,
)

from crossreid.core.errors import CheckpointError
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.adapter import SETTINGS, base_of, is_adapter, merge_adapter
from crossreid.models.clip_files import is_clip_file, load_clip_file
from crossreid.models.loading import CLIP, model_folder
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.mllmreid_folder import as_mllmreid, llava_state, mllmreid_card
from crossreid.models.positions import set_positions, square_grid
from crossreid.models.presets import PAPER, RELEASE, Treatment
from crossreid.models.prompts import Prompts
from crossreid.models.quiet import quiet_transformers
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher
from crossreid.models.vision_text import EdgeModel, VisionTextStudent
from crossreid.models.vision_text_folder import (
    is_vision_text,
    load_vision_text,
    save_vision_text,
    vision_text_card,
)

Model = Teacher | EdgeModel | Mllmreid
"""Whatever a model folder holds."""

CARD = "crossreid.json"
_FORMAT = 1
_WEIGHTS = "model.safetensors"
_HEADS = "heads.safetensors"
_SENTENCE = "A man, aged 30-40: RED coat; white shoes' laces é <|image_pad|>"
_POSITIONS = "vision_model.embeddings.position_embedding.weight"


def fingerprint_of(model: Model) -> str:
    """Sixteen hexadecimal digits over all that the embedding depends on.

    That is weights, buffers such as rotary frequencies, input treatment, and how words become tokens: by the vocabulary
    and the tokens of one sentence.
    """
    tokenizer = model.conversation.tokenizer if isinstance(model, Teacher) else model.tokenizer
    words = [tokenizer.get_vocab(), tokenizer(_SENTENCE, add_special_tokens=True)["input_ids"]]
    digest = hashlib.sha256(json.dumps([_card(model), words], sort_keys=True).encode())
    for name, tensor in sorted((model.state_dict() | dict(model.named_buffers())).items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().float().numpy().tobytes())
    return digest.hexdigest()[:16]


def save_model(model: Model, folder: Path, *, space: str = "", dtype: torch.dtype = torch.float32) -> Path:
    """Write a model folder; a half-written one is never left under the final name.

    Args:
        model: adapters must have been merged.
        folder: is replaced.
        space: names the space that the vectors live in; a student takes its teacher's.
        dtype: of the stored weights.
    """
    if isinstance(model, VisionTextStudent):
        return save_vision_text(model, folder, space=space, dtype=dtype)
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    card = card_of(model, space=space)
    if isinstance(model, Teacher):
        model.conversation.tokenizer.save_pretrained(partial)
        config, state = model.backbone.config, _captioner_state(model.backbone)
        config.architectures = [type(model.backbone).__name__.replace("Model", "ForConditionalGeneration")]
    elif isinstance(model, Mllmreid):
        model.tokenizer.save_pretrained(partial)
        config, state = model.llava.config, llava_state(model.llava)
        config.architectures = [type(model.llava).__name__]
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
        partial / _WEIGHTS,
        metadata={"format": "pt"},
    )
    (partial / CARD).write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return folder


def load_model(folder: Path, *, dim: int | None = None) -> tuple[Model, str]:
    """Read a model folder; or a Qwen2-VL, a LLaVA, a CLIP or a ViT beside a BERT straight from the hub; or released
    weights.

    Args:
        folder: in the hub's layout; or with an adapter, whose base is found by the name that it gives; or a file with
            the state dict of a CLIP or of the authors' student, see `clip_files`.
        dim: width that a student is to have; heads of another width are drawn anew.

    Returns:
        The model in fp32, in evaluation mode, and the name of its space ("" when it has its own).

    Raises:
        CheckpointError: a file is missing or damaged, or the weights are of another architecture.
    """
    if is_vision_text(folder):
        return load_vision_text(folder, dim=dim)
    if is_clip_file(folder):
        return load_clip_file(folder, _clip_tokenizer(folder.parent), dim=dim), ""
    if is_adapter(folder):
        return _load_adapted(folder)
    if not (folder / "config.json").is_file():
        raise CheckpointError(f"{folder} has no config.json", expected="a model folder in the hub's layout")
    card = read_card(folder)
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        match config:
            case Qwen2VLConfig():
                model: Teacher | Student | Mllmreid = _teacher(
                    _load_weights(Qwen2VLModel, folder), tokenizer, card, PAPER
                )
            case Qwen2_5_VLConfig():
                model = _teacher(_load_weights(Qwen2_5_VLModel, folder), tokenizer, card, PAPER)
            case CLIPConfig():
                model = _load_student(folder, card, tokenizer, dim)
            case LlavaConfig():
                model = as_mllmreid(_load_weights(LlavaForConditionalGeneration, folder), tokenizer, card)
            case _:
                raise CheckpointError(
                    f"{folder} holds a {config.model_type} model",
                    expected="qwen2_vl or qwen2_5_vl (teacher), clip (student), or llava",
                )
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise CheckpointError(
            f"{folder} cannot be loaded: {error}", expected="a complete model folder"
        ) from error
    return model.eval(), card.get("space", "")


def _teacher(backbone: Any, tokenizer: Any, card: dict[str, Any], usual: Treatment) -> Teacher:
    """With the input treatment of the card, or where there is none the usual one."""
    return Teacher(
        backbone,
        tokenizer,
        Prompts(**card["prompts"]) if "prompts" in card else usual.prompts,
        Preprocessing.from_dict(card["preprocessing"]) if card else usual.teacher,
        text_budget=card.get("text_budget", usual.text_budget),
    )


def _load_adapted(folder: Path) -> tuple[Teacher, str]:
    """A teacher from an adapter and its base; without a card it is one that the authors released."""
    named = base_of(folder)
    try:
        place = model_folder(named)
    except CheckpointError as error:
        raise CheckpointError(
            f"the base {named} of {folder}: {error.found}",
            expected="a Qwen2-VL",
            remedy=f"name the place where it is as base_model_name_or_path in {folder / SETTINGS}",
        ) from error
    base, _ = load_model(place)
    if not isinstance(base, Teacher):
        raise CheckpointError(
            f"the base {named} of {folder}, a {type(base).__name__}", expected="a Qwen2-VL or Qwen2.5-VL"
        )
    card = read_card(folder)
    try:
        backbone = merge_adapter(base.backbone, folder)
        teacher = _teacher(backbone, base.conversation.tokenizer, card, RELEASE)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{folder} cannot be loaded: {error}", expected="an adapter") from error
    return teacher.eval(), card.get("space", "")


def _clip_tokenizer(folder: Path) -> Any:
    """That of the folder, or CLIP's own from the hub."""
    here = any((folder / name).is_file() for name in ("tokenizer.json", "vocab.json"))
    place = folder if here else model_folder(CLIP, weights=False)
    try:
        return AutoTokenizer.from_pretrained(place, local_files_only=True)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"the tokenizer in {place}: {error}", expected="that of a CLIP") from error


def _load_student(folder: Path, card: dict[str, Any], tokenizer: Any, dim: int | None) -> Student:
    heads_file = folder / _HEADS
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # for projections that a student's folder lacks: the same each time
        clip = _load_weights(
            CLIPModel, folder, may_lack_projections=heads_file.exists(), other_positions="grid" in card
        )
    preprocessing = Preprocessing.from_dict(card["preprocessing"]) if card else PAPER.student
    stored_dim = card.get("dim", clip.config.projection_dim)
    if "grid" in card:
        set_positions(clip.vision_model, load_file(folder / _WEIGHTS)[_POSITIONS].float())
    student = Student(
        clip,
        tokenizer,
        preprocessing,
        dim=dim or stored_dim,
        head_bias=card.get("head_bias", False),
        grid=tuple(card["grid"]) if "grid" in card else None,
    )
    if heads_file.exists() and student.dim == stored_dim:
        heads = {name: value.float() for name, value in load_file(heads_file).items()}
        if set(heads) != set(student.heads.state_dict()):
            raise CheckpointError(
                f"{heads_file} holds {sorted(heads)}", expected=f"{sorted(student.heads.state_dict())}"
            )
        student.heads.load_state_dict(heads)
    return student


def _load_weights(
    architecture: Any, folder: Path, *, may_lack_projections: bool = False, other_positions: bool = False
) -> Any:
    with quiet_transformers():
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
    mismatched = [
        key for key in map(str, report["mismatched_keys"]) if not (other_positions and _POSITIONS in key)
    ]
    if missing or foreign or mismatched:
        raise CheckpointError(
            f"{folder} lacks {sorted(missing)[:5]}, has foreign {sorted(foreign)[:5]} and of other shapes "
            f"{sorted(mismatched)[:5]}",
            expected=f"the weights of {architecture.__name__}",
        )
    return model


def _is_projection(key: str) -> bool:
    return key in ("visual_projection.weight", "text_projection.weight", "logit_scale")


def _captioner_state(backbone: nn.Module) -> dict[str, Tensor]:
    """Keys as in the hub's checkpoints, which transformers renames on load, without the tied language-model head."""
    return {
        re.sub(r"^language_model\.", "model.", name): value for name, value in backbone.state_dict().items()
    }


def _stored(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.detach().cpu().to(dtype if tensor.is_floating_point() else tensor.dtype).contiguous()


def card_of(model: Model, *, space: str) -> dict[str, Any]:
    """The content of `crossreid.json`."""
    return _card(model) | {"format": _FORMAT, "space": space}


def _card(model: Model) -> dict[str, Any]:
    """What a model folder says beside the hub's own files."""
    if isinstance(model, VisionTextStudent):
        return vision_text_card(model)
    if isinstance(model, Mllmreid):
        return mllmreid_card(model)
    card: dict[str, Any] = {"dim": model.dim, "preprocessing": model.preprocessing.to_dict()}
    if isinstance(model, Teacher):
        chats = model.conversation
        return card | {
            "kind": "teacher", "prompts": chats.prompts.to_dict(), "text_budget": chats.text_budget,
        }  # fmt: skip
    card |= {"kind": "student"}
    if model.grid != square_grid(model.vision):
        card["grid"] = list(model.grid)
    return card | ({"head_bias": True} if model.head_bias else {})


def read_card(folder: Path) -> dict[str, Any]:
    """What `crossreid.json` says; nothing where there is none.

    Raises:
        CheckpointError: it is no JSON, or of another format.
    """
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
