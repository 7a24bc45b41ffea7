"""A small byte-level BPE with Qwen's special tokens, for the tiny models."""

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from crossreid.models.conversation import token_id
from crossreid.models.prompts import END_OF_TEXT, SPECIAL_TOKENS


def train_tokenizer(texts: Iterable[str], *, vocabulary: int) -> PreTrainedTokenizerFast:
    """Learn byte pairs from `texts`. Deterministic.

    Args:
        texts: what the models will read, prompts included.
        vocabulary: number of tokens, special ones included; at least 270.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END_OF_TEXT, pad_token=END_OF_TEXT)


def special_token_ids(tokenizer: PreTrainedTokenizerFast) -> dict[str, int]:
    """Ids of Qwen's special tokens in `tokenizer`."""
    return {token: token_id(tokenizer, token) for token in SPECIAL_TOKENS}
