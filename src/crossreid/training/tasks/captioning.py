"""Captioning with contrast: how the tiny multimodal language model is pretrained."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from crossreid.models.conversation import token_id
from crossreid.models.prompts import IM_END
from crossreid.models.teacher import Teacher
from crossreid.training.batches import CaptionedBatch
from crossreid.training.tasks.attributes import AttributeRecognition
from crossreid.training.tasks.contrast import FIRST_SCALE, contrast, matched
from crossreid.training.tasks.parameter_groups import decayed_groups


class CaptioningTask(nn.Module):
    """Next-token loss of an answer about a picture and of plain captions, and contrast of pictures and captions.

    The contrast is taken at the last token of the questions, the one that embeds. With next-token losses alone so
    small a model learns the language and never looks at the picture.

    Source: CoCa (Yu et al., arXiv 2205.01917), section 3.2.

    Args:
        teacher: all of it is trained.
        contrast: weight of contrast and attributes together.
        attributes: weight of attribute recognition against contrast.
        tagging_share: of the training, at its start, in which the vision tower alone learns, from attributes.
        attribute_sizes: number of values of each attribute.
    """

    def __init__(
        self,
        teacher: Teacher,
        *,
        contrast: float,
        attributes: float,
        tagging_share: float,
        attribute_sizes: Sequence[int],
    ) -> None:
        super().__init__()
        self.recognise = AttributeRecognition(teacher.dim, attribute_sizes)
        self.teacher, self.contrast = teacher, contrast
        self.attributes, self.tagging_share = attributes, tagging_share
        self._end = token_id(teacher.conversation.tokenizer, IM_END)
        self.logit_scale = nn.Parameter(torch.tensor(FIRST_SCALE))

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Weight decay on matrices only."""
        return decayed_groups(self, learning_rate)

    def forward(self, batch: CaptionedBatch, *, progress: float) -> dict[str, Tensor]:
        """`picture` and `text`: nats a token; `contrast` and `attributes` in nats; `accuracy` of captions to pictures.

        Contrast and attributes are taken twice: where the chats are pooled, and of the means of each picture's visual
        tokens, which gives the vision tower a direction before the language model has one. While the tower learns
        alone, `attributes` of those means and `total`.
        """
        people = len(batch.attributes)
        if progress < self.tagging_share:
            glance = _glance(self._see(batch.pixel_values[:people]))
            attributes = self.recognise([glance], batch.attributes)
            return {"attributes": attributes, "total": self.contrast * self.attributes * attributes}
        questions, answers = self._ask(batch)
        told = self.teacher.conversation.for_captions(batch.captions)
        visual = self._see(batch.pixel_values)
        silent = [row for row in range(len(questions)) if row not in batch.answered]
        picture, first = self._read(questions, answers, visual, batch.answered)
        _, second = self._read(questions, answers, visual, silent)
        order = torch.tensor([*batch.answered, *silent], device=visual.device).argsort()
        seen = torch.cat([first, second])[order]
        text, heard = self._read(told, [[] for _ in told], None, range(len(told)))
        glance = _glance(visual)
        contrasts = contrast(seen, heard, self.logit_scale) + contrast(glance, heard, self.logit_scale)
        attributes = self.recognise([seen[:people], heard[:people]], batch.attributes) + self.recognise(
            [glance[:people], heard[:people]], batch.attributes
        )
        return {
            "picture": picture,
            "text": text,
            "contrast": contrasts,
            "attributes": attributes,
            "accuracy": matched(heard, seen),
            "total": picture + text + self.contrast * (contrasts + self.attributes * attributes),
        }

    def _see(self, pixel_values: Tensor) -> Tensor:
        """Visual tokens of each picture, [n, tokens, dim]."""
        return self.teacher.see(pixel_values).unflatten(0, (len(pixel_values), -1))

    def _ask(self, batch: CaptionedBatch) -> tuple[list[list[int]], list[list[int]]]:
        """A question about every picture, and an answer to some of them."""
        chats = self.teacher.conversation
        questions = chats.for_images(batch.modalities)
        answers: list[list[int]] = [[] for _ in questions]
        replies = chats.tokenizer(list(batch.answers), add_special_tokens=False)["input_ids"]
        for row, reply in zip(batch.answered, replies, strict=True):
            answers[row] = [*reply, self._end]
        return questions, answers

    def _read(
        self,
        questions: list[list[int]],
        answers: list[list[int]],
        visual: Tensor | None,
        chosen: Sequence[int],
    ) -> tuple[Tensor, Tensor]:
        """Of the chosen rows: mean cross entropy of their answers, and the features of their questions.

        Where there is no picture, every token is learned; where there is nothing to learn, the loss is NaN.
        """
        teacher = self.teacher
        ids, lengths = teacher.conversation.pad([questions[row] + answers[row] for row in chosen])
        ends = torch.tensor([len(questions[row]) for row in chosen])
        first = ends if visual is not None else torch.ones_like(ends)
        position = torch.arange(ids.shape[1])
        learned = ((position >= first[:, None]) & (position < lengths[:, None]))[:, 1:].to(teacher.device)
        ids = ids.to(teacher.device)
        hidden = teacher.read(ids, None if visual is None else visual[list(chosen)].flatten(0, 1))
        logits = functional.linear(
            hidden[:, :-1][learned], teacher.backbone.language_model.embed_tokens.weight
        )
        loss = functional.cross_entropy(logits.float(), ids[:, 1:][learned])
        rows = torch.arange(len(chosen), device=teacher.device)
        return loss, hidden[rows, ends.to(teacher.device) - 1].float()


def _glance(visual: Tensor) -> Tensor:
    """Mean of each picture's visual tokens: [n, tokens, dim] -> [n, dim]."""
    return visual.float().mean(dim=1)
