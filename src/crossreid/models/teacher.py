"""The cloud model: Qwen2-VL whose last hidden state is the embedding (MLLMEmbed-ReID, section 3.2)."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerBase, Qwen2_5_VLModel, Qwen2VLModel

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.checkpointing import checkpoint_blocks, recompute
from crossreid.models.conversation import Conversation, position_ids
from crossreid.models.prefixes import SHORTEST, Prefixes
from crossreid.models.prompts import Prompts

Backbone = Qwen2VLModel | Qwen2_5_VLModel


class Teacher(nn.Module):
    """Qwen2-VL or Qwen2.5-VL -> R^dim.

    Args:
        backbone: transformers' model without its language-model head.
        tokenizer: of the backbone.
        prompts: templates around the evidence.
        preprocessing: input size; both sides are multiples of patch size x merge size.
        text_budget: tokens of a text chat.

    Raises:
        ConfigurationError: the input size does not fit the patches.
    """

    def __init__(
        self,
        backbone: Backbone,
        tokenizer: PreTrainedTokenizerBase,
        prompts: Prompts,
        preprocessing: Preprocessing,
        *,
        text_budget: int = 160,
    ) -> None:
        super().__init__()
        vision: Any = backbone.config.vision_config
        text: Any = backbone.config.text_config
        cell = vision.patch_size * vision.spatial_merge_size
        if preprocessing.height % cell or preprocessing.width % cell:
            raise ConfigurationError(
                f"an input of {preprocessing.height} x {preprocessing.width} px",
                expected=f"multiples of {cell} px",
            )
        self.backbone = backbone
        self.preprocessing = preprocessing
        self.rows, self.columns = preprocessing.height // cell, preprocessing.width // cell
        self.conversation = Conversation(
            tokenizer, prompts, tokens_per_image=self.rows * self.columns, text_budget=text_budget
        )
        self.dim: int = text.hidden_size
        self._prefixes = Prefixes()
        # Most blocks of Qwen2.5-VL keep their attention within squares (arXiv 2502.13923, section 2.1.1).
        everywhere = getattr(vision, "fullatt_block_indexes", range(vision.depth))
        self._windowed = frozenset(range(vision.depth)) - frozenset(everywhere)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.backbone.device

    def compile_towers(self) -> None:
        """Put both towers through torch.compile; the numbers stay the same up to rounding."""
        self.backbone.language_model.compile(dynamic=True)
        self.see = torch.compile(self.see)

    def checkpoint_activations(self) -> None:
        """Compute what is inside the blocks again in the backward pass, in place of keeping it."""
        checkpoint_blocks([*self.backbone.visual.blocks, *self.backbone.language_model.layers])

    def embed_images(
        self, pixel_values: Float[Tensor, "n 3 height width"], modalities: Sequence[Modality]
    ) -> Float[Tensor, "n dim"]:
        """One feature a picture, not normalised."""
        return self.pool(self.conversation.for_images(modalities), self.see(pixel_values))

    def embed_captions(self, captions: Sequence[str]) -> Float[Tensor, "n dim"]:
        """One feature a caption, not normalised."""
        return self.pool(self.conversation.for_captions(captions), None)

    def embed_groups(
        self,
        pixel_values: Float[Tensor, "pictures 3 height width"],
        pictures: Sequence[Sequence[Modality]],
        captions: Sequence[Sequence[str]],
    ) -> Float[Tensor, "n dim"]:
        """One feature a query of several pieces of evidence, not normalised.

        Args:
            pixel_values: of all pictures of the first query, then of the second, and so on.
            pictures: their modalities, query by query.
            captions: of each query.
        """
        visual = self.see(pixel_values) if len(pixel_values) else None
        return self.pool(self.conversation.for_groups(pictures, captions), visual)

    def pool(self, chats: list[list[int]], visual: Tensor | None) -> Tensor:
        """The last hidden state of each chat; `visual` is what `see` says of all their pictures, in order."""
        ids, lengths = self.conversation.pad(chats)
        known = [] if torch.is_grad_enabled() or self.training else self.conversation.shared_beginning(chats)
        known = known if len(known) >= SHORTEST else []
        hidden = self.read(ids.to(self.device), visual, known=known)
        return hidden[torch.arange(len(chats), device=self.device), lengths.to(self.device) - 1 - len(known)]

    def read(
        self,
        ids: Int[Tensor, "b length"],
        visual: Float[Tensor, "tokens dim"] | None,
        *,
        known: Sequence[int] = (),
    ) -> Float[Tensor, "b rest dim"]:
        """Last hidden states (after the norm) of right-padded chats whose image tokens are `visual`, in order.

        Args:
            ids: of the chats.
            visual: what `see` says of their pictures.
            known: a beginning of every chat that need not be read again; its states are left out.
        """
        language = self.backbone.language_model
        positions = position_ids(
            ids, image_token_id=self.conversation.image_token_id, rows=self.rows, columns=self.columns
        )
        ids, positions = ids[:, len(known) :], positions[:, :, len(known) :]
        embedded = language.embed_tokens(ids)
        if visual is not None:
            is_image = (ids == self.conversation.image_token_id).unsqueeze(-1).expand_as(embedded)
            embedded = embedded.masked_scatter(is_image, visual.to(embedded.dtype))
        cache = self._prefixes.cache(language, known, len(ids)) if known else None
        return language(
            inputs_embeds=embedded, position_ids=positions, past_key_values=cache, use_cache=bool(known)
        ).last_hidden_state

    def see(self, pixel_values: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "tokens dim"]:
        """The vision tower over pictures of one size: [n * rows * columns, dim].

        transformers runs attention picture by picture and convolves two equal frames; at one fixed size the same
        numbers come from one batched attention a block and one matrix product.
        """
        visual: Any = self.backbone.visual
        patches = self._patches(pixel_values)
        kernel = visual.patch_embed.proj.weight.sum(dim=2).flatten(1)
        states = functional.linear(patches.to(kernel.dtype), kernel)
        cos, sin = visual.rotary_pos_emb(states, self._grid_positions())
        squares = self._same_window()
        for index, block in enumerate(visual.blocks):
            window = squares if index in self._windowed else None
            if block.gradient_checkpointing and self.training:
                states = recompute(_look, block, states, cos, sin, window)
            else:
                states = _look(block, states, cos, sin, window)
        return visual.merger(states)

    def _same_window(self) -> Bool[Tensor, "patches patches"] | None:
        """Which patches see each other in the windowed blocks: those of one square, counted from the upper left."""
        if not self._windowed:
            return None
        config: Any = self.backbone.visual.config
        square = self._grid_positions() // (config.window_size // config.patch_size)
        return (square[:, None] == square[None, :]).all(dim=-1)

    def _patches(self, pixel_values: Tensor) -> Tensor:
        """[n, 3, h, w] -> [n, patches, 3 * patch * patch], the patches of a merged token next to each other."""
        config: Any = self.backbone.visual.config
        merge, patch = config.spatial_merge_size, config.patch_size
        cells = pixel_values.reshape(-1, 3, self.rows, merge, patch, self.columns, merge, patch)
        return cells.permute(0, 2, 5, 3, 6, 1, 4, 7).reshape(len(pixel_values), -1, 3 * patch * patch)

    def _grid_positions(self) -> Int[Tensor, "patches 2"]:
        config: Any = self.backbone.visual.config
        merge = config.spatial_merge_size
        shape = (self.rows, merge, self.columns, merge)
        row = torch.arange(self.rows * merge, device=self.device).view(self.rows, merge, 1, 1)
        column = torch.arange(self.columns * merge, device=self.device).view(1, 1, self.columns, merge)
        axes = [axis.expand(shape).transpose(1, 2).flatten() for axis in (row, column)]
        return torch.stack(axes, dim=-1)


def _look(block: Any, states: Tensor, cos: Tensor, sin: Tensor, window: Tensor | None) -> Tensor:
    """One vision block over [n, patches, dim]."""
    states = states + _attend(block.attn, block.norm1(states), cos, sin, window)
    return states + block.mlp(block.norm2(states))


def _attend(attention: Any, states: Tensor, cos: Tensor, sin: Tensor, window: Tensor | None) -> Tensor:
    """One vision self-attention over [n, patches, dim] at once."""
    n, patches, dim = states.shape
    query, key, value = (
        attention.qkv(states).view(n, patches, 3, attention.num_heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
    )
    query, key = _rotate(query, cos, sin), _rotate(key, cos, sin)
    mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=window)
    return attention.proj(mixed.transpose(1, 2).reshape(n, patches, dim))


def _rotate(states: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = states.chunk(2, dim=-1)
    turned = torch.cat([-second, first], dim=-1)
    return (states * cos + turned * sin).to(states.dtype)
