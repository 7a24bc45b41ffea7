"""The edge model of DSMD: a ViT and a BERT, with a linear head for each modality."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertModel, PreTrainedTokenizerBase, ViTModel

from crossreid.core.modality import Modality
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.modality_heads import project_pictures
from crossreid.models.student import Student

TEXT_TOKENS = 30
"""Longest caption of DSMD, its two special tokens included."""


class VisionTextStudent(nn.Module):
    """ViT's class token, BERT's pooler -> a head for each modality -> unit vectors of R^dim.

    One vision tower serves rgb, ir and sketch, as in `Student`. With photographs and captions alone this is the student
    of DSMD: one head a tower.

    Args:
        vision: without a pooler.
        text: with its pooler.
        tokenizer: of the text tower.
        preprocessing: input size; any height and width that the patch size divides, positions are interpolated.
        dim: width of the common space (the teacher's).
        text_tokens: a longer caption is cut.
        seed: draws the heads.

    Source: DSMD (arXiv 2404.10838); Xavier's initialisation of the heads as in the authors' code.
    """

    def __init__(
        self,
        vision: ViTModel,
        text: BertModel,
        tokenizer: PreTrainedTokenizerBase,
        preprocessing: Preprocessing,
        *,
        dim: int,
        text_tokens: int = TEXT_TOKENS,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.vision, self.text, self.tokenizer = vision, text, tokenizer
        self.preprocessing, self.dim, self.text_tokens = preprocessing, dim, text_tokens
        generator = torch.Generator().manual_seed(seed)
        self.heads = nn.ModuleDict()
        for modality in Modality:
            tower = text if modality == Modality.TEXT else vision
            head = nn.Linear(tower.config.hidden_size, dim)
            nn.init.xavier_normal_(head.weight, gain=2**0.5, generator=generator)
            nn.init.zeros_(head.bias)
            self.heads[modality.value] = head

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def embed_images(
        self, pixel_values: Float[Tensor, "n 3 height width"], modalities: Sequence[Modality]
    ) -> Float[Tensor, "n dim"]:
        """One unit vector a picture, each through the head of its modality."""
        return project_pictures(self.heads, self.pool_images(pixel_values), modalities, dim=self.dim)

    def embed_captions(self, captions: Sequence[str]) -> Float[Tensor, "n dim"]:
        """One unit vector a caption."""
        return functional.normalize(self.heads["text"](self.pool_captions(captions)), dim=-1)

    def pool_images(self, pixel_values: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "n pooled"]:
        """What the heads of pictures read: the class token."""
        return self.vision(pixel_values, interpolate_pos_encoding=True).last_hidden_state[:, 0]

    def pool_captions(self, captions: Sequence[str]) -> Float[Tensor, "n pooled"]:
        """What the head of captions reads."""
        return self.text(**self.tokenize(captions).to(self.device)).pooler_output

    def tokenize(self, captions: Sequence[str]) -> Any:
        """Token ids and their mask, int64 [n, longest] each."""
        # A special token that somebody wrote into a caption is letters, as in the other models.
        return self.tokenizer(
            list(captions),
            split_special_tokens=True,
            truncation=True,
            max_length=self.text_tokens,
            padding=True,
            return_token_type_ids=False,
            return_tensors="pt",
        )


EdgeModel = Student | VisionTextStudent
"""What can be trained for the edge."""
