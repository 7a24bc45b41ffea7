"""Token ids where only their number matters and no tokenizer is there, for dry runs."""

import re
from collections.abc import Sequence
from typing import Any

import torch
from transformers import BatchEncoding, PreTrainedTokenizerBase

from crossreid.models.prompts import END_OF_TEXT, IM_END, SPECIAL_TOKENS

_PIECES = re.compile("|".join([*map(re.escape, SPECIAL_TOKENS), r"\w+", r"[^\w\s]", r"\n"]))
_WORD = len(SPECIAL_TOKENS)
"""The id of everything that is no special token."""


class StandInTokenizer(PreTrainedTokenizerBase):
    """Gives every word, mark and line break one token; the special tokens of Qwen2-VL have ids of their own.

    It takes what the models of a dry run ask of a tokenizer, and nothing else of one.
    """

    unk_token_id = None
    bos_token_id = pad_token_id = SPECIAL_TOKENS.index(END_OF_TEXT)
    eos_token_id = SPECIAL_TOKENS.index(IM_END)

    def convert_tokens_to_ids(self, token: str) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The id of a special token."""
        return SPECIAL_TOKENS.index(token)

    def __call__(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        text: str | Sequence[str],
        *,
        split_special_tokens: bool = False,
        max_length: int | None = None,
        return_tensors: str | None = None,
        **options: Any,
    ) -> BatchEncoding:
        """Ids of a text or of each of several; with `return_tensors` padded, with a mask, as BERT's are."""
        if isinstance(text, str):
            return BatchEncoding({"input_ids": self._ids(text)})
        rows = [self._ids(each)[:max_length] for each in text]
        if return_tensors is None:
            return BatchEncoding({"input_ids": rows})
        longest = max(map(len, rows))
        ids = torch.tensor([row + [self.pad_token_id] * (longest - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
        return BatchEncoding({"input_ids": ids, "attention_mask": mask})

    def _ids(self, text: str) -> list[int]:
        pieces = _PIECES.findall(text)
        return [SPECIAL_TOKENS.index(piece) if piece in SPECIAL_TOKENS else _WORD for piece in pieces]
