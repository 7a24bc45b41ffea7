"""Evidence -> token ids and three-axis positions, the way Qwen2-VL reads a chat."""

import logging
from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from crossreid.core.errors import CheckpointError
from crossreid.core.modality import Modality
from crossreid.models.prompts import END_OF_TEXT, IMAGE_PAD, Prompts, picture

_log = logging.getLogger(__name__)

_LENGTH_STEP = 4
"""Batches are padded to multiples of this: kernels are prepared for each new shape, so few shapes are fast."""


class Conversation:
    """Builds the chats of one tokenizer, one set of prompts and one picture size.

    Args:
        tokenizer: carries Qwen's special tokens.
        prompts: templates around the evidence.
        tokens_per_image: visual tokens of one picture after merging.
        text_budget: tokens of a whole text chat; a longer one loses the end of its caption, never the template's.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, prompts: Prompts, *, tokens_per_image: int, text_budget: int
    ) -> None:
        self.tokenizer, self.prompts, self.text_budget = tokenizer, prompts, text_budget
        self.tokens_per_image = tokens_per_image
        self.image_token_id = token_id(tokenizer, IMAGE_PAD)
        self.pad_token_id = token_id(tokenizer, END_OF_TEXT)
        self._tail = self._ids(prompts.tail)
        head = self._ids(prompts.head(images=1, tokens_per_image=tokens_per_image))
        self._ask = {
            modality: self._ids(prompts.ask_about_image(modality))
            for modality in (Modality.RGB, Modality.IR, Modality.SKETCH)
        }
        self._visual = {modality: head + asked + self._tail for modality, asked in self._ask.items()}
        before, after = prompts.around_caption()
        self._before_caption = self._ids(prompts.opening(pictures=False) + before)
        self._after_caption = self._ids(after) + self._tail
        self._opening = {seen: self._ids(prompts.opening(pictures=seen)) for seen in (False, True)}
        self._picture = self._ids(picture(tokens_per_image))
        self._around_caption = self._ids(before), self._ids(after)
        self._between = self._ids("\n")
        self._warned = False

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def _caption_ids(self, captions: Sequence[str]) -> list[list[int]]:
        """A special token that somebody wrote into a caption is letters: it must not open a turn or a picture."""
        if not captions:
            return []
        return self.tokenizer(list(captions), add_special_tokens=False, split_special_tokens=True)[
            "input_ids"
        ]

    def for_images(self, modalities: Sequence[Modality]) -> list[list[int]]:
        """One chat a picture."""
        return [self._visual[modality] for modality in modalities]

    def for_captions(self, captions: Sequence[str]) -> list[list[int]]:
        """One chat a caption; over-long captions are cut at their end, with one warning for the first such batch."""
        return [self._before_caption + ids + self._after_caption for ids in self._cut_captions(captions)]

    def for_groups(
        self, pictures: Sequence[Sequence[Modality]], captions: Sequence[Sequence[str]]
    ) -> list[list[int]]:
        """One chat a group of pieces of evidence: what would be said of each alone, one after the other.

        A group of one piece is the chat of that piece.

        Args:
            pictures: modalities of the pictures of each group, in the order in which they are shown.
            captions: of each group; they follow its pictures.

        Raises:
            ValueError: a group of nothing.
        """
        words = iter(self._cut_captions([caption for group in captions for caption in group]))
        chats = []
        for shown, said in zip(pictures, captions, strict=True):
            pieces = [self._picture + self._ask[modality] for modality in shown]
            pieces += [self._around_caption[0] + next(words) + self._around_caption[1] for _ in said]
            if not pieces:
                raise ValueError("a query without a picture and without a caption")
            chat = list(self._opening[bool(shown)])
            for number, piece in enumerate(pieces):
                chat += (self._between if number else []) + piece
            chats.append(chat + self._tail)
        return chats

    def _cut_captions(self, captions: Sequence[str]) -> list[list[int]]:
        """Ids of captions that fit into a text chat."""
        room = max(0, self.text_budget - len(self._before_caption) - len(self._after_caption))
        encoded = self._caption_ids(captions)
        cut = sum(len(ids) > room for ids in encoded)
        if cut and not self._warned:
            self._warned = True
            _log.warning("%d of %d captions are longer than %d tokens and were cut", cut, len(captions), room)
        return [ids[:room] for ids in encoded]

    def shared_beginning(self, chats: Sequence[list[int]]) -> list[int]:
        """The longest of the constant texts before all evidence with which every one of these chats begins."""
        openings = sorted(
            (self._before_caption, self._opening[True] + self._picture[:1], *self._opening.values()), key=len
        )
        begun = [ids for ids in openings if all(chat[: len(ids)] == ids for chat in chats)]
        return begun[-1] if begun else []

    def pad(self, chats: Sequence[list[int]]) -> tuple[Int[Tensor, "b length"], Int[Tensor, " b"]]:
        """Right-pad: causal attention never lets a real token see what follows it, so no mask is needed.

        Returns:
            Token ids [b, longest] and the number of real tokens [b].
        """
        lengths = torch.tensor([len(chat) for chat in chats])
        ids = torch.full(
            (len(chats), -(-int(lengths.max()) // _LENGTH_STEP) * _LENGTH_STEP), self.pad_token_id
        )
        for row, chat in zip(ids, chats, strict=True):
            row[: len(chat)] = torch.tensor(chat)
        return ids, lengths


def token_id(tokenizer: PreTrainedTokenizerBase, token: str) -> int:
    """Id of a special token.

    Raises:
        CheckpointError: the tokenizer does not have it.
    """
    found = tokenizer.convert_tokens_to_ids(token)
    if not isinstance(found, int) or found == tokenizer.unk_token_id:
        raise CheckpointError(f"a tokenizer without {token}", expected="the special tokens of Qwen2-VL")
    return found


def position_ids(
    ids: Int[Tensor, "b length"], *, image_token_id: int, rows: int, columns: int
) -> Int[Tensor, "3 b length"]:
    """Time, height and width positions of Qwen2-VL's rotary embedding, without a loop over samples.

    Text advances all three axes by one a token. A picture of `rows` x `columns` merged tokens keeps the time of its
    first token, counts rows and columns from there, and advances what follows by max(rows, columns).
    Source: Qwen2-VL (arXiv 2409.12191), section 2.1, M-RoPE.
    """
    is_image = ids == image_token_id
    order = (is_image.cumsum(1) - 1).remainder(rows * columns)
    ends_picture = is_image & (order == rows * columns - 1)
    advance = torch.where(is_image, torch.where(ends_picture, max(rows, columns), 0), 1)
    start = advance.cumsum(1) - advance
    height = torch.where(is_image, start + order // columns, start)
    width = torch.where(is_image, start + order % columns, start)
    return torch.stack([start, height, width])
