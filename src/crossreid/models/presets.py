"""Sizes of the models, what is done to their input, and where their weights come from."""

from dataclasses import dataclass
from typing import Literal

from transformers import CLIPConfig, CLIPTextConfig, CLIPVisionConfig, Qwen2VLConfig

from crossreid.data.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing
from crossreid.models.prompts import PAPER_PROMPTS, RELEASE_PROMPTS, Prompts


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is done to evidence before a full-sized model sees it.

    Args:
        teacher: of the cloud model's pictures.
        student: of the edge model's pictures.
        prompts: around the cloud model's evidence.
        text_budget: of the cloud model, in tokens.
    """

    teacher: Preprocessing
    student: Preprocessing
    prompts: Prompts
    text_budget: int


PAPER = Treatment(Preprocessing(280, 140), Preprocessing(280, 140), PAPER_PROMPTS, text_budget=160)
"""As MLLMEmbed-ReID says; pixel statistics are the backbones' own, which for both are CLIP's."""

RELEASE = Treatment(
    Preprocessing(336, 196, IMAGENET_MEAN, IMAGENET_STD, "lanczos"),
    Preprocessing(280, 140, IMAGENET_MEAN, IMAGENET_STD, "lanczos"),
    RELEASE_PROMPTS,
    text_budget=165,
)
"""As the authors' published weights were trained."""

TREATMENTS: dict[Literal["paper", "release"], Treatment] = {"paper": PAPER, "release": RELEASE}

TINY_HEIGHT, TINY_WIDTH = 112, 56
TINY_VOCABULARY = 2048
TINY_DIM = 256

# Weights of 0.02 are made for widths of a thousand: at 256 they leave attention uniform for thousands of steps.
_INITIAL_DEVIATION = 0.05


def tiny_preprocessing() -> Preprocessing:
    """8 x 4 patches of 14 px: 8 visual tokens after merging."""
    return Preprocessing(height=TINY_HEIGHT, width=TINY_WIDTH)


def tiny_cloud_config(token_ids: dict[str, int]) -> Qwen2VLConfig:
    """A Qwen2-VL of 5.5 M parameters.

    Its rotary bases are small: a dozen rows and a hundred tokens must turn by angles that can be told apart.

    Args:
        token_ids: ids of the special tokens in the tokenizer.
    """
    return Qwen2VLConfig(
        vision_config={
            "depth": 4,
            "embed_dim": 160,
            "num_heads": 5,
            "hidden_size": TINY_DIM,
            "mlp_ratio": 4,
            "patch_size": 14,
            "temporal_patch_size": 2,
            "spatial_merge_size": 2,
            "initializer_range": _INITIAL_DEVIATION,
            "rope_parameters": {"rope_type": "axial", "rope_theta": 100.0},
        },
        text_config={
            "vocab_size": TINY_VOCABULARY,
            "hidden_size": TINY_DIM,
            "intermediate_size": 704,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 512,
            "rope_parameters": {"rope_type": "default", "rope_theta": 20.0, "mrope_section": [8, 12, 12]},
            "bos_token_id": token_ids["<|endoftext|>"],
            "eos_token_id": token_ids["<|im_end|>"],
            "initializer_range": _INITIAL_DEVIATION,
            "tie_word_embeddings": True,
        },
        image_token_id=token_ids["<|image_pad|>"],
        video_token_id=token_ids["<|video_pad|>"],
        vision_start_token_id=token_ids["<|vision_start|>"],
        vision_end_token_id=token_ids["<|vision_end|>"],
        tie_word_embeddings=True,
    )


def tiny_edge_config(token_ids: dict[str, int]) -> CLIPConfig:
    """A CLIP of 1.2 M parameters."""
    end = token_ids["<|endoftext|>"]
    return CLIPConfig(
        text_config=CLIPTextConfig(
            vocab_size=TINY_VOCABULARY,
            hidden_size=96,
            intermediate_size=384,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=77,
            bos_token_id=end,
            eos_token_id=end,
            pad_token_id=end,
        ).to_dict(),
        vision_config=CLIPVisionConfig(
            hidden_size=96,
            intermediate_size=384,
            num_hidden_layers=4,
            num_attention_heads=4,
            image_size=126,
            patch_size=14,
        ).to_dict(),
        projection_dim=TINY_DIM,
    )
