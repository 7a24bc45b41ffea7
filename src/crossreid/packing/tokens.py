"""What a pack has to know of an edge model's tokenizer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crossreid.data.tokens import token_rectangle
from crossreid.models.mllmreid_pictures import PictureStudent
from crossreid.models.student import Student
from crossreid.models.vision_text import EdgeModel


@dataclass(frozen=True, slots=True)
class TokenRules:
    """Special tokens, and how many a caption may have; named as in `crossreid.runtime.Pack`."""

    start_token: int | None
    end_token: int
    padding_token: int
    longest_caption: int

    @classmethod
    def of(cls, student: EdgeModel | PictureStudent) -> "TokenRules":
        """The rules by which an edge model reads captions; all 0 where it reads none."""
        if isinstance(student, PictureStudent):
            return cls(None, 0, 0, 0)
        tokenizer: Any = student.tokenizer
        if isinstance(student, Student):
            end, longest = tokenizer.eos_token_id, student.text.config.max_position_embeddings
            return cls(tokenizer.bos_token_id, end, end, longest)
        return cls(
            tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id, student.text_tokens
        )


def write_tokenizer(student: EdgeModel, file: Path) -> None:
    """Write the tokenizer without the special tokens that it would add by itself."""
    tokenizer: Any = student.tokenizer
    tokenizer.backend_tokenizer.save(str(file))


def tokenizer_of(student: EdgeModel) -> Callable[[Sequence[str]], np.ndarray]:
    """Captions -> int64 [n, length], as the pack will read them."""
    tokenizer: Any = student.tokenizer
    rules = TokenRules.of(student)

    def tokenize(captions: Sequence[str]) -> np.ndarray:
        ids = tokenizer(list(captions), add_special_tokens=False, split_special_tokens=True)["input_ids"]
        return token_rectangle(
            ids,
            start=rules.start_token,
            end=rules.end_token,
            longest=rules.longest_caption,
            padding=rules.padding_token,
        )[0]

    return tokenize
