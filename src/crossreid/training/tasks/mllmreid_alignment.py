"""How the language model of a small LLaVA comes to read what its vision tower sees, before MLLMReID."""

from typing import Any

import torch
from torch import Tensor, nn

from crossreid.models.mllmreid import Mllmreid, span_means
from crossreid.models.mllmreid_prompts import ALIGNMENT
from crossreid.training.batches import Batch
from crossreid.training.tasks.contrast import FIRST_SCALE, contrast, matched
from crossreid.training.tasks.mllmreid_language import answer_loss
from crossreid.training.tasks.parameter_groups import decayed_groups


class AlignmentTask(nn.Module):
    """CE of the caption of each picture after the picture, and of each caption alone, and contrast of the two.

    The vision tower is frozen. With next-token losses alone so small a model says likely captions and does not look
    at the picture; contrast asks whose caption it is, of the means of the hidden states at the visual tokens and at
    the words, and of the visual tokens themselves before the language model reads them.

    Args:
        model: its projector and its language model are trained.
        contrast: weight of both contrasts.

    Source: LLaVA (arXiv 2304.08485), section 4.2, stage 1, where the projector alone is trained; the contrast after
        CoCa (arXiv 2205.01917), section 3.2.
    """

    def __init__(self, model: Mllmreid, *, contrast: float) -> None:
        super().__init__()
        self.model, self.contrast = model, contrast
        model.vision.requires_grad_(False)
        self.logit_scale = nn.Parameter(torch.tensor(FIRST_SCALE))

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Weight decay on matrices only."""
        return decayed_groups(self, learning_rate)

    def forward(self, batch: Batch, *, progress: float) -> dict[str, Tensor]:
        """`picture` and `text` in nats a token, `contrast` in nats, all in `total`; `accuracy` of words to pictures.

        Args:
            batch: a photograph and a caption of each person, in one order; two people at least.
            progress: of the training, unused.
        """
        chats = self.model.chats
        _, tokens = self.model.see(batch.pixel_values)
        answers = [chats.answer(caption) for caption in batch.captions]
        question = chats.about_picture(ALIGNMENT.words, image_tokens=self.model.image_tokens)
        picture, looking, ids = answer_loss(self.model, [question] * len(answers), answers, tokens)
        # A chat needs a first token to look back to.
        text, reading, _ = answer_loss(self.model, [[chats.end_token_id]] * len(answers), answers, None)
        seen = self.model.latent(looking, ids).float()
        heard = span_means(reading, [slice(1, 1 + len(answer)) for answer in answers]).float()
        contrast = self._contrast(seen, heard) + self._contrast(tokens.float().mean(dim=1), heard)
        return {
            "picture": picture,
            "text": text,
            "contrast": contrast,
            "accuracy": matched(heard, seen),
            "total": picture + text + self.contrast * contrast,
        }

    def _contrast(self, seen: Tensor, heard: Tensor) -> Tensor:
        return contrast(seen, heard, self.logit_scale)
