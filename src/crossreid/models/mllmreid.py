"""The model of MLLMReID: a LLaVA whose vision tower, or whose language model, embeds a person."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import LlavaForConditionalGeneration, PreTrainedTokenizerBase

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import VISUAL, Modality
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.checkpointing import checkpoint_blocks
from crossreid.models.mllmreid_prompts import COMMON, LlavaChats

Feature = Literal["vision", "latent"]


class Mllmreid(nn.Module):
    """LLaVA (CLIP's vision tower, a projector, a LLaMA) -> R^dim.

    The feature is the vision tower's class token after its last norm, which takes pictures only; or the latent one: the
    mean of the language model's last hidden states where it reads the evidence, pictures or words.

    Args:
        llava: with CLIP's vision tower; transformers' own model.
        tokenizer: of the language model.
        preprocessing: input size; any height and width that the patch size divides, positions are interpolated.
        feature: that `embed_images` gives.
        instruction: stands before the evidence that the language model reads.
        text_budget: tokens of a caption, and of an answer.

    Raises:
        ConfigurationError: the input size does not fit the patches.

    Source: MLLMReID (arXiv 2401.13201).
    """

    def __init__(
        self,
        llava: LlavaForConditionalGeneration,
        tokenizer: PreTrainedTokenizerBase,
        preprocessing: Preprocessing,
        *,
        feature: Feature = "vision",
        instruction: str = COMMON.words,
        text_budget: int = 128,
    ) -> None:
        super().__init__()
        vision: Any = llava.config.vision_config
        text: Any = llava.config.text_config
        if preprocessing.height % vision.patch_size or preprocessing.width % vision.patch_size:
            raise ConfigurationError(
                f"an input of {preprocessing.height} x {preprocessing.width} px",
                expected=f"multiples of {vision.patch_size} px",
            )
        self.llava, self.tokenizer, self.preprocessing = llava, tokenizer, preprocessing
        self.feature: Feature = feature
        self.instruction = instruction
        image_token: Any = llava.config.image_token_index
        self.chats = LlavaChats(tokenizer, image_token_id=image_token, text_budget=text_budget)
        self.vision_dim: int = vision.hidden_size
        self.latent_dim: int = text.hidden_size

    @property
    def dim(self) -> int:
        """Width of the feature."""
        return self.vision_dim if self.feature == "vision" else self.latent_dim

    @property
    def modalities(self) -> frozenset[Modality]:
        """What the feature can be taken of."""
        return VISUAL if self.feature == "vision" else frozenset(Modality)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @property
    def vision(self) -> Any:
        """CLIP's vision tower."""
        return self.llava.model.vision_tower

    @property
    def image_tokens(self) -> int:
        """Visual tokens of a picture."""
        patch: Any = self.vision.config.patch_size
        whole = self.llava.config.vision_feature_select_strategy == "full"
        return self.preprocessing.height // patch * (self.preprocessing.width // patch) + whole

    def checkpoint_activations(self) -> None:
        """Compute what is inside the blocks again in the backward pass, in place of keeping it."""
        checkpoint_blocks([*self.vision.encoder.layers, *self.llava.model.language_model.layers])

    def embed_images(
        self, pixel_values: Float[Tensor, "n 3 height width"], modalities: Sequence[Modality]
    ) -> Float[Tensor, "n dim"]:
        """One feature a picture, not normalised; all kinds of pictures are read alike."""
        if self.feature == "vision":
            return self.vision(pixel_values, interpolate_pos_encoding=True).pooler_output
        _, tokens = self.see(pixel_values)
        question = self.chats.about_picture(self.instruction, image_tokens=self.image_tokens)
        ids = self.chats.pad([question] * len(tokens)).to(self.device)
        return self.latent(self.read(ids, tokens), ids)

    def embed_captions(self, captions: Sequence[str]) -> Float[Tensor, "n dim"]:
        """One latent feature a caption, not normalised.

        Raises:
            ConfigurationError: the feature is the vision tower's.
        """
        if self.feature == "vision":
            raise ConfigurationError(
                "captions for a vision tower", expected="pictures", remedy="use the latent feature"
            )
        return self.read_captions(captions)

    def see(
        self, pixel_values: Float[Tensor, "n 3 height width"]
    ) -> tuple[Float[Tensor, "n seen"], Float[Tensor, "n tokens dim"]]:
        """The vision tower's feature of each picture, and its visual tokens as the language model reads them."""
        llava: Any = self.llava.model
        seen = llava.get_image_features(pixel_values, interpolate_pos_encoding=True, return_dict=True)
        pooled = self.vision.post_layernorm(seen.last_hidden_state[:, 0])
        return pooled, torch.stack(list(seen.pooler_output))

    def embed_tokens(
        self, ids: Int[Tensor, "b length"], tokens: Float[Tensor, "b tokens dim"] | None
    ) -> Float[Tensor, "b length dim"]:
        """What the language model starts from: words, and in the places of the image token `tokens`, in order."""
        is_image = ids == self.chats.image_token_id
        # A language model that has met no picture yet has no row for the image token.
        embedded = self.llava.get_input_embeddings()(ids.masked_fill(is_image, 0))
        if tokens is None:
            return embedded
        places = is_image.unsqueeze(-1).expand_as(embedded)
        return embedded.masked_scatter(places, tokens.to(embedded.dtype))

    def read(
        self, ids: Int[Tensor, "b length"], tokens: Float[Tensor, "b tokens dim"] | None
    ) -> Float[Tensor, "b length dim"]:
        """Last hidden states (after the norm) of right-padded chats."""
        language = self.llava.model.language_model
        return language(inputs_embeds=self.embed_tokens(ids, tokens), use_cache=False).last_hidden_state

    def latent(
        self, hidden: Float[Tensor, "b length dim"], ids: Int[Tensor, "b length"]
    ) -> Float[Tensor, "b dim"]:
        """The mean of the hidden states at the visual tokens."""
        is_image = (ids == self.chats.image_token_id).unsqueeze(-1)
        return (hidden * is_image).sum(dim=1) / self.image_tokens

    def read_captions(self, captions: Sequence[str]) -> Float[Tensor, "n latent"]:
        """The mean of the hidden states at the tokens of each caption."""
        questions = [self.chats.about_words(self.instruction, caption) for caption in captions]
        hidden = self.read(self.chats.pad(questions).to(self.device), None)
        spans = [self.chats.words_within(self.instruction, question) for question in questions]
        return span_means(hidden, spans)

    @torch.inference_mode()
    def continue_pictures(
        self, pixel_values: Float[Tensor, "n 3 height width"], *, new_tokens: int = 64
    ) -> list[str]:
        """What the language model says to its instruction about each picture, by the likeliest token each time."""
        _, tokens = self.see(pixel_values)
        question = self.chats.about_picture(self.instruction, image_tokens=self.image_tokens)
        return self._generate(self.chats.pad([question] * len(tokens)), tokens, new_tokens)

    @torch.inference_mode()
    def continue_words(self, words: str, *, new_tokens: int = 64) -> str:
        """What it says to its instruction about the beginning of a caption."""
        ids = self.chats.pad([self.chats.about_words(self.instruction, words)])
        return self._generate(ids, None, new_tokens)[0]

    def _generate(self, ids: Tensor, tokens: Tensor | None, new_tokens: int) -> list[str]:
        """Of chats of one length, which need no padding."""
        embedded = self.embed_tokens(ids.to(self.device), tokens)
        llava: Any = self.llava
        told = llava.generate(
            inputs_embeds=embedded,
            attention_mask=torch.ones(embedded.shape[:2], dtype=torch.long, device=embedded.device),
            max_new_tokens=new_tokens,
            do_sample=False,
            eos_token_id=self.chats.end_token_id,
            pad_token_id=self.chats.pad_token_id,
        )
        tokenizer: Any = self.tokenizer
        return [words.strip() for words in tokenizer.batch_decode(told, skip_special_tokens=True)]


def span_means(hidden: Float[Tensor, "n length dim"], spans: Sequence[slice]) -> Float[Tensor, "n dim"]:
    """The mean of the hidden states of each row over its own span."""
    return torch.stack([row[span].mean(dim=0) for row, span in zip(hidden, spans, strict=True)])
