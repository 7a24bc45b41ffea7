"""Random models of some ten thousand weights, and batches for them."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import nn
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizer,
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPVisionConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLModel,
    Qwen2VLConfig,
    Qwen2VLModel,
    ViTConfig,
    ViTModel,
)

from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.data.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing
from crossreid.models.mllmreid import Feature, Mllmreid
from crossreid.models.mllmreid_towers import join
from crossreid.models.prompts import TINY_PROMPTS, Prompts
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher
from crossreid.models.tokenizer import special_token_ids, train_tokenizer
from crossreid.models.vision_text import TEXT_TOKENS, VisionTextStudent
from crossreid.training.batches import Batch

VOCABULARY = 300
SIZE = Preprocessing(84, 56)
"""3 x 2 visual tokens of the teacher: rows and columns cannot be taken for each other."""
WORDS = ("A man in a red coat.", "a woman with a blue bag", "Somebody tall; grey trousers, white shoes")


@cache
def tokenizer() -> PreTrainedTokenizerFast:
    return train_tokenizer([*WORDS, TINY_PROMPTS.text], vocabulary=VOCABULARY)


def qwen_config(*, depth: int = 2) -> Qwen2VLConfig:
    ids = special_token_ids(tokenizer())
    vision = {
        "depth": depth,
        "embed_dim": 32,
        "num_heads": 2,
        "hidden_size": 32,
        "mlp_ratio": 2,
        "patch_size": 14,
    }
    text = {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": depth,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 512,
        "rope_parameters": {"rope_type": "default", "rope_theta": 100.0, "mrope_section": [2, 3, 3]},
        "tie_word_embeddings": True,
        "bos_token_id": ids["<|endoftext|>"],
        "eos_token_id": ids["<|im_end|>"],
    }
    return Qwen2VLConfig(
        vision_config=vision,
        text_config=text,
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=True,
    )


def qwen_2_5_config(*, depth: int = 3) -> Qwen2_5_VLConfig:
    """Windows of one merged token; the second block alone sees everything."""
    vision = {
        "depth": depth,
        "hidden_size": 32,
        "out_hidden_size": 32,
        "num_heads": 2,
        "intermediate_size": 48,
        "patch_size": 14,
        "window_size": 28,
        "fullatt_block_indexes": [1],
    }
    return Qwen2_5_VLConfig(
        **{**qwen_config(depth=depth).to_dict(), "model_type": "qwen2_5_vl", "vision_config": vision}
    )


def teacher_2_5(*, seed: int = 0) -> Teacher:
    backbone = Qwen2_5_VLModel(qwen_2_5_config())
    draw(backbone, seed=seed)
    return Teacher(backbone, tokenizer(), TINY_PROMPTS, SIZE).eval()


def draw(model: nn.Module, *, seed: int = 0) -> None:
    """Large random weights: with the usual small ones every input gives nearly the same feature."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=(2 / parameter[0].numel()) ** 0.5, generator=generator)
            elif parameter.ndim == 1:
                parameter.add_(torch.empty_like(parameter).normal_(std=0.2, generator=generator))


def teacher(
    *,
    depth: int = 2,
    prompts: Prompts = TINY_PROMPTS,
    size: Preprocessing = SIZE,
    text_budget: int = 160,
    seed: int = 0,
) -> Teacher:
    backbone = Qwen2VLModel(qwen_config(depth=depth))
    draw(backbone, seed=seed)
    return Teacher(backbone, tokenizer(), prompts, size, text_budget=text_budget).eval()


def clip(*, projection: int = 32, seed: int = 0) -> CLIPModel:
    end: Any = tokenizer().eos_token_id
    tower: dict[str, Any] = {
        "hidden_size": 24,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    text = CLIPTextConfig(
        vocab_size=VOCABULARY,
        max_position_embeddings=24,
        eos_token_id=end,
        bos_token_id=end,
        pad_token_id=end,
        **tower,
    )
    vision = CLIPVisionConfig(image_size=56, patch_size=14, **tower)
    config = CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=projection)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # of the class token, which is drawn and then added to
        model = CLIPModel(config)
    draw(model, seed=seed)
    return model.eval()


def student(*, dim: int = 32, projection: int = 32, seed: int = 0) -> Student:
    return Student(clip(projection=projection, seed=seed), tokenizer(), SIZE, dim=dim, seed=seed).eval()


def llama(*, depth: int) -> LlamaConfig:
    end = special_token_ids(tokenizer())["<|endoftext|>"]
    return LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=85,
        num_hidden_layers=depth,
        num_attention_heads=1,
        num_key_value_heads=1,
        max_position_embeddings=512,
        rope_parameters={"rope_type": "default", "rope_theta": 100.0},
        initializer_range=0.05,
        tie_word_embeddings=True,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
    )


def llava(
    *, feature: Feature = "vision", size: Preprocessing = SIZE, depth: int = 2, seed: int = 0
) -> Mllmreid:
    ids = special_token_ids(tokenizer())
    language = LlamaForCausalLM(llama(depth=depth))
    vision = clip(seed=seed).vision_model
    model = join(vision, language, tokenizer(), size, image_token_id=ids["<|image_pad|>"], seed=seed)
    draw(model.llava, seed=seed)
    model.feature = feature
    return model


def pixels(count: int, *, size: Preprocessing = SIZE, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, size.height, size.width, generator=generator)


def batch(*, people: int = 3, seed: int = 0) -> Batch:
    """Two groups a person: pictures of all first, then captions."""
    visual = [Modality.RGB, Modality.IR, Modality.SKETCH] * 2 * people
    texts = 2 * people
    ids = [row // 6 for row in range(len(visual))] + [row // 2 for row in range(texts)]
    return Batch(
        pixel_values=pixels(len(visual), seed=seed),
        captions=tuple(f"{WORDS[row % 3]} {row}" for row in range(texts)),
        modalities=(*visual, *[Modality.TEXT] * texts),
        person_ids=torch.tensor(ids),
        rows=torch.arange(len(visual) + texts),
    )


def vision_text(texts: Iterable[str], *, dim: int, vocabulary: int = 1000) -> VisionTextStudent:
    """The student of DSMD for pictures of 56 x 28 px, from configurations alone.

    Args:
        texts: what its tokenizer learns word pieces from.
        dim: width of the common space.
        vocabulary: number of word pieces at most, special ones included.
    """
    height, width = 56, 28
    tokenizer = _word_pieces(texts, vocabulary=vocabulary)
    sizes: dict[str, Any] = {
        "hidden_size": 32,
        "intermediate_size": 128,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
    }
    vision = ViTConfig(image_size=height, patch_size=14, **sizes)
    text = BertConfig(
        vocab_size=len(tokenizer), max_position_embeddings=max(64, TEXT_TOKENS), pad_token_id=0, **sizes
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        towers = ViTModel(vision, add_pooling_layer=False), BertModel(text)
    preprocessing = Preprocessing(height, width, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    return VisionTextStudent(*towers, tokenizer, preprocessing, dim=dim).eval()


def _word_pieces(texts: Iterable[str], *, vocabulary: int) -> BertTokenizer:
    """BERT's tokenizer with word pieces learnt from `texts`."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary,
        special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return BertTokenizer(vocab=tokenizer.get_vocab())


def dataset(*, people: int = 5, groups: int = 2, seed: int = 0) -> Dataset:
    """People of one colour each, in memory; group by group, the caption of a group last."""
    rng = np.random.default_rng(seed)
    samples = []
    for person in range(people):
        colour = rng.integers(0, 256, size=3)
        for group in range(groups):
            key = f"{person}-{group}"
            for modality in (Modality.RGB, Modality.IR, Modality.SKETCH):
                noise = rng.integers(-40, 40, size=(SIZE.height, SIZE.width, 3))
                image = np.clip(colour + noise, 0, 255).astype(np.uint8)
                samples.append(
                    Sample(
                        modality, person_id=person, image=image, source_id=key, item_id=f"{key}-{modality}"
                    )
                )
            samples.append(
                Sample(
                    Modality.TEXT,
                    person_id=person,
                    caption=f"{WORDS[person % 3]} {key}",
                    source_id=key,
                    item_id=f"{key}-text",
                )
            )
    return Dataset("colours", "train", tuple(samples), tuple(f"person {i}" for i in range(people)))
