"""What MLLMReID asks of a LLaVA, and the chats around pictures and words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Int
from torch import Tensor
from transformers import PreTrainedTokenizerBase

Answer = Literal["continuation", "whole", "first", "last"]


@dataclass(frozen=True, slots=True)
class Instruction:
    """What is asked, and which part of the caption of a picture answers it.

    `continuation` is what follows the caption's beginning; `first` and `last` are its sentences.
    """

    words: str
    answer: Answer


COMMON = Instruction("Continue the following text.", "continuation")
"""The Common Instruction: one for every sample, be it a picture or the beginning of its caption."""

ALIGNMENT = Instruction("Look at the picture.", "whole")
"""Before anything else is learnt: what the picture shows is its caption."""

DIVERSE = (
    Instruction("Describe the pedestrian in this picture.", "whole"),
    Instruction("What does this person look like?", "whole"),
    Instruction("Write a caption that would help to find this person among others.", "whole"),
    Instruction("Tell a colleague whom to look for.", "whole"),
    Instruction("List what the person wears and carries.", "whole"),
    Instruction("Give the person's clothes, shoes and bags in detail.", "whole"),
    Instruction("Begin a description of this person with one sentence.", "first"),
    Instruction("Who is in the picture? Answer in one sentence.", "first"),
    Instruction("Say in one sentence what is most evident about this person.", "first"),
    Instruction("Name one more detail of this person.", "last"),
    Instruction("What else is there to say about this person?", "last"),
    Instruction("End a description of this person with one sentence.", "last"),
)
"""The baseline: many instructions of several tasks, one drawn for each picture."""


def split_caption(caption: str, share: float) -> tuple[str, str]:
    """A beginning of about `share` of the words, and what follows; each has a word unless there is but one."""
    words = caption.split()
    cut = min(max(1, round(share * len(words))), len(words) - 1) if len(words) > 1 else 0
    return " ".join(words[:cut]), " ".join(words[cut:])


def answer_to(instruction: Instruction, caption: str, *, prefix: float) -> str:
    """The part of a picture's caption that answers; `prefix` is the share of words that a continuation follows."""
    match instruction.answer:
        case "continuation":
            return split_caption(caption, prefix)[1]
        case "whole":
            return caption
        case "first":
            return _sentences(caption)[0]
        case "last":
            return _sentences(caption)[-1]


def _sentences(caption: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+", caption.strip())


class LlavaChats:
    """Token ids of LLaVA-1.5's chats: `USER: instruction, evidence ASSISTANT: answer`.

    The instruction comes first. Attention looks back only, so that what the model makes of the evidence depends on it.

    Args:
        tokenizer: of the language model.
        image_token_id: stands for every visual token.
        text_budget: tokens of a caption, and of an answer; what is beyond is cut.

    Source: LLaVA (arXiv 2304.08485), section 4.2, with the roles of Vicuna v1.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, *, image_token_id: int, text_budget: int) -> None:
        self.tokenizer, self.image_token_id, self.text_budget = tokenizer, image_token_id, text_budget
        fast: Any = tokenizer
        self._first = [] if fast.bos_token_id is None else [fast.bos_token_id]
        self.end_token_id: int = fast.eos_token_id
        self.pad_token_id: int = fast.eos_token_id if fast.pad_token_id is None else fast.pad_token_id
        self._after = self._ids(" ASSISTANT:")

    def _ids(self, text: str) -> list[int]:
        """A special token that somebody wrote into a caption is letters."""
        return self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]

    def _around(self, instruction: str, evidence: list[int]) -> list[int]:
        return [*self._first, *self._ids(f"USER: {instruction}\n"), *evidence, *self._after]

    def about_picture(self, instruction: str, *, image_tokens: int) -> list[int]:
        """The question about a picture of so many visual tokens."""
        return self._around(instruction, [self.image_token_id] * image_tokens)

    def about_words(self, instruction: str, words: str) -> list[int]:
        """The question about a caption or its beginning."""
        return self._around(instruction, self._ids(words)[: self.text_budget])

    def words_within(self, instruction: str, chat: Sequence[int]) -> slice:
        """Where the words stand in what `about_words` gave."""
        return slice(len(self._around(instruction, [])) - len(self._after), len(chat) - len(self._after))

    def answer(self, words: str) -> list[int]:
        """The tokens to be learnt, with the one that ends the answer unless it was cut."""
        ids = [*self._ids(f" {words}"), self.end_token_id]
        return ids[: self.text_budget]

    def pad(self, chats: Sequence[Sequence[int]]) -> Int[Tensor, "b length"]:
        """Right-pad: causal attention never lets a real token see what follows it, so no mask is needed."""
        ids = torch.full((len(chats), max(map(len, chats))), self.pad_token_id)
        for row, chat in zip(ids, chats, strict=True):
            row[: len(chat)] = torch.tensor(chat)
        return ids
