"""A LLaVA out of a CLIP and a LLaMA, as LLaVA itself was made; Qwen2's language model will do for the LLaMA."""

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import (
    AutoConfig,
    AutoTokenizer,
    CLIPVisionModel,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
    PreTrainedTokenizerBase,
)

from crossreid.core.errors import CheckpointError
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.quiet import quiet_transformers

_PROJECTOR_DEVIATION = 0.02


def join(
    vision: CLIPVisionModel,
    language: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerBase,
    preprocessing: Preprocessing,
    *,
    image_token_id: int | None = None,
    text_budget: int = 128,
    seed: int = 0,
) -> Mllmreid:
    """Put a projector between two towers, which are not copied.

    Args:
        vision: its last layer but one gives the visual tokens, without the class token.
        language: with the head that predicts tokens.
        tokenizer: of the language model.
        preprocessing: of the pictures.
        image_token_id: stands for visual tokens; by default the first number that is no word.
        text_budget: tokens of a caption, and of an answer.
        seed: draws the projector.
    """
    words: Any = language.config
    config = LlavaConfig(
        vision_config=vision.config,
        text_config=words,
        image_token_index=words.vocab_size if image_token_id is None else image_token_id,
        tie_word_embeddings=words.tie_word_embeddings,
    )
    with torch.device("meta"):
        llava = LlavaForConditionalGeneration(config)
    llava.model.vision_tower = vision
    llava.model.language_model = language.model
    llava.lm_head = language.lm_head
    llava.model.multi_modal_projector.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    deviation = max(_PROJECTOR_DEVIATION, words.initializer_range)
    for layer in llava.model.multi_modal_projector.children():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=deviation, generator=generator)
            nn.init.zeros_(layer.bias)
    return Mllmreid(llava, tokenizer, preprocessing, text_budget=text_budget).eval()


def load_joined(vision: CLIPVisionModel, preprocessing: Preprocessing, language: Path) -> Mllmreid:
    """A CLIP's vision tower before the LLaMA of a folder in the hub's layout; the projector is drawn.

    Raises:
        CheckpointError: a file is missing or damaged, or the folder holds another architecture.
    """
    try:
        config = AutoConfig.from_pretrained(language, local_files_only=True)
        if not isinstance(config, LlamaConfig):
            raise CheckpointError(f"{language} holds a {config.model_type} model", expected="a llama")
        tokenizer = AutoTokenizer.from_pretrained(language, local_files_only=True)
        with quiet_transformers():
            loaded: Any = LlamaForCausalLM.from_pretrained(
                language,
                local_files_only=True,
                dtype=torch.float32,
                output_loading_info=True,
                use_safetensors=True,
            )
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise CheckpointError(
            f"{language} cannot be loaded: {error}", expected="a LLaMA with safetensors weights"
        ) from error
    llama, report = loaded
    if report["missing_keys"] or report["unexpected_keys"]:
        raise CheckpointError(
            f"{language} lacks {sorted(report['missing_keys'])[:5]} and has foreign"
            f" {sorted(report['unexpected_keys'])[:5]}",
            expected="the weights of a LLaMA",
        )
    return join(vision, llama, tokenizer, preprocessing)


def llama_config(language: Any) -> LlamaConfig:
    """Of a LLaMA that computes what Qwen2's language model does where it reads words alone.

    Both turn all positions alike there; Qwen2 adds biases to queries, keys and values, a LLaMA with biases to the
    attention's output too, which are 0.

    Args:
        language: transformers' Qwen2VLTextConfig.
    """
    end = language.bos_token_id
    return LlamaConfig(
        vocab_size=language.vocab_size,
        hidden_size=language.hidden_size,
        intermediate_size=language.intermediate_size,
        num_hidden_layers=language.num_hidden_layers,
        num_attention_heads=language.num_attention_heads,
        num_key_value_heads=language.num_key_value_heads,
        max_position_embeddings=language.max_position_embeddings,
        rms_norm_eps=language.rms_norm_eps,
        rope_parameters={"rope_type": "default", "rope_theta": language.rope_parameters["rope_theta"]},
        attention_bias=True,
        initializer_range=language.initializer_range,
        tie_word_embeddings=True,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
    )


def as_llama(language: Any) -> LlamaForCausalLM:
    """Qwen2's language model as a LLaMA, of the same weights; the embeddings are its head.

    Args:
        language: transformers' Qwen2VLTextModel.
    """
    config = llama_config(language.config)
    with torch.random.fork_rng(devices=[]):
        llama = LlamaForCausalLM(config)
    weights = dict(language.state_dict())
    for number in range(config.num_hidden_layers):
        weights[f"layers.{number}.self_attn.o_proj.bias"] = torch.zeros(config.hidden_size)
    llama.model.load_state_dict(weights)
    return llama
