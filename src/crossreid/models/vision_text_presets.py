"""A small ViT and BERT that nobody has trained."""

from collections.abc import Iterable
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import BertConfig, BertModel, BertTokenizer, ViTConfig, ViTModel

from crossreid.data.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing
from crossreid.models.vision_text import TEXT_TOKENS, VisionTextStudent

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def tiny_vision_text(
    texts: Iterable[str],
    *,
    dim: int,
    height: int = 112,
    width: int = 56,
    hidden: int = 96,
    depth: int = 3,
    vocabulary: int = 1000,
    text_tokens: int = TEXT_TOKENS,
    seed: int = 0,
) -> VisionTextStudent:
    """The student of DSMD in small, from configurations alone.

    Args:
        texts: what its tokenizer learns word pieces from.
        dim: width of the common space.
        height: of the pictures, in pixels; like the width a multiple of 14.
        width: of the pictures.
        hidden: width of both towers, a multiple of 32.
        depth: layers of both towers.
        vocabulary: number of word pieces at most, special ones included.
        text_tokens: a longer caption is cut.
        seed: draws all weights.
    """
    tokenizer = train_word_pieces(texts, vocabulary=vocabulary)
    sizes: dict[str, Any] = {
        "hidden_size": hidden,
        "intermediate_size": 4 * hidden,
        "num_hidden_layers": depth,
        "num_attention_heads": hidden // 32,
    }
    vision = ViTConfig(image_size=height, patch_size=14, **sizes)
    text = BertConfig(
        vocab_size=len(tokenizer), max_position_embeddings=max(64, text_tokens), pad_token_id=0, **sizes
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        towers = ViTModel(vision, add_pooling_layer=False), BertModel(text)
    preprocessing = Preprocessing(height, width, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    return VisionTextStudent(
        *towers, tokenizer, preprocessing, dim=dim, text_tokens=text_tokens, seed=seed
    ).eval()


def train_word_pieces(texts: Iterable[str], *, vocabulary: int) -> BertTokenizer:
    """BERT's tokenizer with word pieces learnt from `texts`."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary, special_tokens=list(_SPECIAL), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return BertTokenizer(vocab=tokenizer.get_vocab())
