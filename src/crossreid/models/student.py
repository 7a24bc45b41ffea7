"""The edge model: CLIP with a linear head for each modality (MLLMEmbed-ReID, section 3.3)."""

import logging
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPModel, PreTrainedTokenizerBase

from crossreid.core.modality import Modality
from crossreid.data.preprocessing import Preprocessing
from crossreid.data.tokens import token_rectangle
from crossreid.models.checkpointing import checkpoint_blocks
from crossreid.models.modality_heads import project_pictures
from crossreid.models.positions import Grid, pool_pictures, square_grid

_log = logging.getLogger(__name__)


class Student(nn.Module):
    """CLIP's towers -> a head for each modality -> unit vectors of R^dim.

    One vision tower serves rgb, ir and sketch. Heads start from CLIP's own projections when the widths agree, so that a
    student nobody has trained yet embeds as its CLIP does.

    Args:
        clip: both towers; its projections are only read for the heads' start.
        tokenizer: of the text tower.
        preprocessing: input size; any height and width that the patch size divides, positions are interpolated.
        dim: width of the common space (the teacher's).
        seed: draws the heads when they cannot be copied.
        head_bias: the heads have a bias, which starts at zero.
        grid: of patches, that the position embeddings were made for; None: a square, as the backbone's config says.
    """

    def __init__(
        self,
        clip: CLIPModel,
        tokenizer: PreTrainedTokenizerBase,
        preprocessing: Preprocessing,
        *,
        dim: int,
        seed: int = 0,
        head_bias: bool = False,
        grid: Grid | None = None,
    ) -> None:
        super().__init__()
        self.vision, self.text = clip.vision_model, clip.text_model
        self.tokenizer, self.preprocessing, self.dim = tokenizer, preprocessing, dim
        self.clip_config = clip.config
        self.head_bias, self.grid = head_bias, grid or square_grid(clip.vision_model)
        generator = torch.Generator().manual_seed(seed)
        self.heads = nn.ModuleDict()
        for modality in Modality:
            projection = clip.text_projection if modality == Modality.TEXT else clip.visual_projection
            head = nn.Linear(projection.in_features, dim, bias=head_bias)
            with torch.no_grad():
                if head_bias:
                    head.bias.zero_()
                if dim == projection.out_features:
                    head.weight.copy_(projection.weight)
                else:
                    head.weight.normal_(std=projection.in_features**-0.5, generator=generator)
            self.heads[modality.value] = head
        self._warned = False

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def checkpoint_activations(self) -> None:
        """Compute what is inside the blocks again in the backward pass, in place of keeping it."""
        checkpoint_blocks([*self.vision.encoder.layers, *self.text.encoder.layers])

    def embed_images(
        self, pixel_values: Float[Tensor, "n 3 height width"], modalities: Sequence[Modality]
    ) -> Float[Tensor, "n dim"]:
        """One unit vector a picture, each through the head of its modality."""
        return project_pictures(self.heads, self.pool_images(pixel_values), modalities, dim=self.dim)

    def embed_captions(self, captions: Sequence[str]) -> Float[Tensor, "n dim"]:
        """One unit vector a caption."""
        return functional.normalize(self.heads["text"](self.pool_captions(captions)), dim=-1)

    def pool_images(self, pixel_values: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "n pooled"]:
        """What the heads of pictures read."""
        return pool_pictures(self.vision, pixel_values, self.grid)

    def pool_captions(self, captions: Sequence[str]) -> Float[Tensor, "n pooled"]:
        """What the head of captions reads."""
        return self.text(self.tokenize(captions).to(self.device)).pooler_output

    def tokenize(self, captions: Sequence[str]) -> Tensor:
        """Token ids [n, longest], each caption ended by the end-of-text token that CLIP pools; cut to CLIP's length."""
        tokenizer: Any = self.tokenizer
        longest = self.text.config.max_position_embeddings
        # A special token that somebody wrote into a caption is letters: it must not end the caption.
        encoded = tokenizer(list(captions), add_special_tokens=False, split_special_tokens=True)["input_ids"]
        rectangle, cut = token_rectangle(
            encoded, start=tokenizer.bos_token_id, end=tokenizer.eos_token_id, longest=longest
        )
        if cut and not self._warned:
            self._warned = True
            _log.warning(
                "%d of %d captions are longer than %d tokens and were cut", cut, len(captions), longest
            )
        return torch.from_numpy(rectangle)
