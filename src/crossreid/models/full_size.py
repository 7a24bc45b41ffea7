"""Sizes of the full-sized backbones, for random models of them."""

from collections.abc import Mapping

from transformers import CLIPConfig, Qwen2VLConfig


def qwen_2b_config(token_ids: Mapping[str, int]) -> Qwen2VLConfig:
    """As Qwen2-VL-2B-Instruct.

    Args:
        token_ids: ids of the special tokens in the tokenizer.
    """
    return Qwen2VLConfig(
        vision_config={
            "depth": 32,
            "embed_dim": 1280,
            "num_heads": 16,
            "hidden_size": 1536,
            "mlp_ratio": 4,
            "patch_size": 14,
            "temporal_patch_size": 2,
            "spatial_merge_size": 2,
        },
        text_config={
            "vocab_size": 151_936,
            "hidden_size": 1536,
            "intermediate_size": 8960,
            "num_hidden_layers": 28,
            "num_attention_heads": 12,
            "num_key_value_heads": 2,
            "max_position_embeddings": 32_768,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
            "tie_word_embeddings": True,
        },
        image_token_id=token_ids["<|image_pad|>"],
        video_token_id=token_ids["<|video_pad|>"],
        vision_start_token_id=token_ids["<|vision_start|>"],
        vision_end_token_id=token_ids["<|vision_end|>"],
        tie_word_embeddings=True,
    )


def vit_large_config(token_ids: Mapping[str, int], *, projection: int = 768) -> CLIPConfig:
    """As CLIP ViT-L/14, or with another width of the common space."""
    end = token_ids["<|endoftext|>"]
    text = {
        "vocab_size": 49_408,
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": end,
    }
    vision = {
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "image_size": 224,
        "patch_size": 14,
    }
    return CLIPConfig(text_config=text, vision_config=vision, projection_dim=projection)
