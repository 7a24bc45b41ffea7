"""How a small language model comes to read pictures, before MLLMReID."""

from typing import Any

from torch import Tensor, nn

from crossreid.models.mllmreid import Mllmreid
from crossreid.models.mllmreid_prompts import ALIGNMENT
from crossreid.training.batches import Batch
from crossreid.training.tasks.mllmreid_language import answer_loss
from crossreid.training.tasks.parameter_groups import decayed_groups


class AlignmentTask(nn.Module):
    """CE of the caption of each picture after the picture, and of each caption alone; the vision tower is frozen.

    LLaVA has a language model that can speak, and first trains its projector alone; here both are new.

    Args:
        model: its projector and its language model are trained.

    Source: LLaVA (arXiv 2304.08485), section 4.2, stage 1.
    """

    def __init__(self, model: Mllmreid) -> None:
        super().__init__()
        self.model = model
        model.vision.requires_grad_(False)

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Weight decay on matrices only."""
        return decayed_groups(self, learning_rate)

    def forward(self, batch: Batch, *, progress: float) -> dict[str, Tensor]:
        """`picture` and `text` in nats a token, and their sum as `total`.

        Args:
            batch: a photograph and a caption of each person, in one order.
            progress: of the training, unused.
        """
        chats = self.model.chats
        _, tokens = self.model.see(batch.pixel_values)
        answers = [chats.answer(caption) for caption in batch.captions]
        question = chats.about_picture(ALIGNMENT.words, image_tokens=self.model.image_tokens)
        picture, _, _ = answer_loss(self.model, [question] * len(answers), answers, tokens)
        # A chat needs a first token to look back to.
        text, _, _ = answer_loss(self.model, [[chats.end_token_id]] * len(answers), answers, None)
        return {"picture": picture, "text": text, "total": picture + text}
