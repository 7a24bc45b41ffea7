"""A model's architecture without its weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoTokenizer,
    BertConfig,
    BertModel,
    CLIPConfig,
    CLIPModel,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    Qwen2_5_VLConfig,
    Qwen2_5_VLModel,
    Qwen2VLConfig,
    Qwen2VLModel,
    ViTConfig,
    ViTModel,
)

from crossreid.core.errors import CheckpointError
from crossreid.data.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing
from crossreid.models.adapter import base_of, is_adapter
from crossreid.models.folder import load_model, read_card
from crossreid.models.loading import model_folder
from crossreid.models.mllmreid_towers import llama_config
from crossreid.models.positions import set_positions
from crossreid.models.presets import PAPER, RELEASE
from crossreid.models.shipped import shipped_folder
from crossreid.models.stand_in_tokenizer import StandInTokenizer
from crossreid.models.student import Student
from crossreid.models.vision_text_folder import TEXT, VISION, is_vision_text


@dataclass(frozen=True, slots=True)
class Outline:
    """What a folder would load, to be counted.

    Args:
        kind: of the model.
        backbone: a teacher's Qwen2-VL, a LLaVA, or a student's towers, vision first; mostly on the meta device.
        dim: width of its features.
        preprocessing: of its pictures.
        head_bias: whether a student's heads have one.
        card: what its folder says beside the hub's files; empty where it says nothing.
        words: folder of its tokenizer; None where there is none.
    """

    kind: Literal["teacher", "student", "llava"]
    backbone: nn.Module
    dim: int
    preprocessing: Preprocessing
    head_bias: bool = False
    card: Mapping[str, Any] = field(default_factory=dict)
    words: Path | None = None

    @property
    def parameters(self) -> int:
        """Of the backbone."""
        return sum(parameter.numel() for parameter in self.backbone.parameters())

    @property
    def cell(self) -> int:
        """Pixels that both sides of a picture have to be multiples of."""
        model: Any = self.backbone
        if self.kind == "student":
            return model[0].config.patch_size
        vision = model.config.vision_config
        return vision.patch_size * (vision.spatial_merge_size if self.kind == "teacher" else 1)

    @property
    def is_vision_text(self) -> bool:
        """Whether it is a ViT beside a BERT."""
        towers: Any = self.backbone
        return self.kind == "student" and isinstance(towers[0], ViTModel)

    @property
    def has_tokenizer(self) -> bool:
        """Whether the folder has the files of one."""
        names = ("tokenizer.json", "vocab.json", "vocab.txt", "tokenizer.model")
        return self.words is not None and any((self.words / name).is_file() for name in names)

    def tokenizer(self) -> Any:
        """The tokenizer of the folder; without one a stand-in, which gives every word and mark one token.

        Raises:
            CheckpointError: its files are damaged.
        """
        if not self.has_tokenizer:
            return StandInTokenizer()
        try:
            return AutoTokenizer.from_pretrained(self.words, local_files_only=True)
        except (OSError, ValueError) as error:
            raise CheckpointError(
                f"the tokenizer in {self.words}: {error}", expected="a tokenizer"
            ) from error


def outline(folder: Path) -> Outline:
    """Read settings alone, of an adapter those of its base; a state dict, which has none, is loaded.

    Args:
        folder: as for `load_model`.

    Raises:
        CheckpointError: there is neither.
    """
    if is_vision_text(folder):
        return _with_card(outline_towers(folder / VISION, folder / TEXT), read_card(folder))
    if is_adapter(folder):
        base, card = outline(model_folder(base_of(folder), weights=False)), read_card(folder)
        released = replace(base, preprocessing=RELEASE.teacher, card={"prompts": RELEASE.prompts.to_dict()})
        return _with_card(released, card)
    if not (folder / "config.json").is_file():
        model, _ = load_model(folder)
        if isinstance(model, Student):
            towers = nn.ModuleList([model.vision, model.text])
            return Outline("student", towers, model.dim, model.preprocessing, model.head_bias)
        raise CheckpointError(f"{folder} holds a {type(model).__name__}", expected="a Qwen2-VL or a CLIP")
    card = read_card(folder)
    preprocessing = Preprocessing.from_dict(card["preprocessing"]) if card else None
    try:
        config: Any = AutoConfig.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder} cannot be read: {error}", expected="a config.json") from error
    with torch.device("meta"):
        if isinstance(config, Qwen2VLConfig | Qwen2_5_VLConfig):
            backbone: Any = (
                Qwen2VLModel(config) if isinstance(config, Qwen2VLConfig) else Qwen2_5_VLModel(config)
            )
            dim = backbone.config.text_config.hidden_size
            size = preprocessing or PAPER.teacher
            return Outline("teacher", backbone, dim, size, card=card, words=folder)
        if isinstance(config, CLIPConfig):
            clip = CLIPModel(config)
            if "grid" in card:
                rows, columns = card["grid"]
                set_positions(clip.vision_model, torch.empty(rows * columns + 1, clip.vision_embed_dim))
            towers = nn.ModuleList([clip.vision_model, clip.text_model])
            dim = card.get("dim", clip.visual_projection.out_features)
            bias, size = card.get("head_bias", False), preprocessing or PAPER.student
            return Outline("student", towers, dim, size, bias, card, folder)
    if isinstance(config, LlavaConfig):
        return _with_card(_outline_llava(config, folder), card)
    raise CheckpointError(
        f"{folder} holds a {config.model_type} model", expected="a Qwen2-VL, a LLaVA or a CLIP"
    )


def outline_towers(vision: Path, text: Path) -> Outline:
    """A ViT beside a BERT.

    Raises:
        CheckpointError: one of them is not there, or is another model.
    """
    vit, bert = _config_of(vision, ViTConfig), _config_of(text, BertConfig)
    with torch.device("meta"):
        towers = nn.ModuleList([ViTModel(vit, add_pooling_layer=False), BertModel(bert)])
    size = Preprocessing(vit.image_size, vit.image_size, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    return Outline("student", towers, bert.hidden_size, size, head_bias=True, words=text)


def outline_joined(vision: Path, language: Path) -> Outline:
    """A LLaVA of a CLIP's vision tower and a LLaMA.

    Raises:
        CheckpointError: one of them is not there, or is another model.
    """
    return _join(vision, _config_of(language, LlamaConfig), language)


def tiny_outline() -> Outline:
    """The LLaVA that is made where the backbone is `tiny`."""
    words = shipped_folder("tiny-cloud")
    cloud = _config_of(words, Qwen2VLConfig)
    return _join(shipped_folder("tiny-edge"), llama_config(cloud.text_config), words)


def _join(vision: Path, language: LlamaConfig, words: Path) -> Outline:
    clip, card = _config_of(vision, CLIPConfig), read_card(vision)
    tied = language.tie_word_embeddings
    joined = LlavaConfig(vision_config=clip.vision_config, text_config=language, tie_word_embeddings=tied)
    size = Preprocessing.from_dict(card["preprocessing"]) if card else PAPER.student
    return replace(_outline_llava(joined, words), preprocessing=size)


def _outline_llava(config: LlavaConfig, words: Path) -> Outline:
    """As it comes from the hub: the feature is the vision tower's, at its own size."""
    vision: Any = config.vision_config
    with torch.device("meta"):
        llava = LlavaForConditionalGeneration(config)
    size = Preprocessing(vision.image_size, vision.image_size)
    return Outline("llava", llava, vision.hidden_size, size, words=words)


def _with_card(drawn: Outline, card: dict[str, Any]) -> Outline:
    if not card:
        return drawn
    size = Preprocessing.from_dict(card["preprocessing"])
    return replace(drawn, dim=card["dim"], preprocessing=size, card=card)


def _config_of(folder: Path, architecture: Any) -> Any:
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder} cannot be read: {error}", expected="a config.json") from error
    if not isinstance(config, architecture):
        raise CheckpointError(
            f"{folder} holds a {config.model_type} model", expected=f"a {architecture.model_type}"
        )
    return config
