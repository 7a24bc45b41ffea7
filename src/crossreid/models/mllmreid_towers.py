"""A LLaVA out of a CLIP and a LLaMA, as LLaVA itself was made; and a small one that nobody has trained."""

from collections.abc import Iterable
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
from crossreid.models.mllmreid_prompts import ALIGNMENT, COMMON, DIVERSE
from crossreid.models.presets import TINY_VOCABULARY
from crossreid.models.prompts import IMAGE_PAD
from crossreid.models.quiet import quiet_transformers
from crossreid.models.tokenizer import special_token_ids, train_tokenizer

_PROJECTOR_DEVIATION = 0.02
_TINY_DEVIATION = 0.05
"""As of the tiny cloud model: at small widths the usual 0.02 leaves attention uniform for thousands of steps."""


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


def tiny_llama_config(token_ids: dict[str, int], *, hidden: int, depth: int, vocabulary: int) -> LlamaConfig:
    """A LLaMA of some million parameters at most; heads of 32.

    Args:
        token_ids: ids of the special tokens in the tokenizer.
        hidden: its width, a multiple of 32.
        depth: number of layers.
        vocabulary: number of tokens.
    """
    end = token_ids["<|endoftext|>"]
    return LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=hidden * 8 // 3,
        num_hidden_layers=depth,
        num_attention_heads=hidden // 32,
        num_key_value_heads=hidden // 32,
        max_position_embeddings=512,
        # A hundred tokens must turn by angles that can be told apart.
        rope_parameters={"rope_type": "default", "rope_theta": 100.0},
        initializer_range=_TINY_DEVIATION,
        tie_word_embeddings=True,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
    )


def tiny_llava(
    texts: Iterable[str],
    vision: CLIPVisionModel,
    preprocessing: Preprocessing,
    *,
    hidden: int = 256,
    depth: int = 4,
    vocabulary: int = TINY_VOCABULARY,
    seed: int = 0,
) -> Mllmreid:
    """LLaVA in small: a vision tower before a language model that knows nothing yet.

    Args:
        texts: captions that its tokenizer learns byte pairs from.
        vision: a CLIP's.
        preprocessing: of the pictures.
        hidden: width of the language model, a multiple of 32.
        depth: of the language model, in layers.
        vocabulary: number of tokens, special ones included.
        seed: draws language model and projector.
    """
    asked = [instruction.words for instruction in (ALIGNMENT, COMMON, *DIVERSE)]
    # Often enough that their words become tokens.
    tokenizer = train_tokenizer(
        [*texts, *[f"USER: {words}\n ASSISTANT:" for words in asked * 20]], vocabulary=vocabulary
    )
    ids = special_token_ids(tokenizer)
    config = tiny_llama_config(ids, hidden=hidden, depth=depth, vocabulary=vocabulary)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        language = LlamaForCausalLM(config)
    return join(vision, language, tokenizer, preprocessing, image_token_id=ids[IMAGE_PAD], seed=seed)
