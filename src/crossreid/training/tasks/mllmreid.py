"""MLLMReID: a LLaVA that goes on with captions, and whose features tell people apart."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.models.lora import HierarchicalLora, add_adapters
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.mllmreid_prompts import COMMON, DIVERSE, Instruction, answer_to, split_caption
from crossreid.training.batches import Batch
from crossreid.training.config import MllmreidWeights, TaskWeights
from crossreid.training.tasks.identity_matching import IdentityMatching
from crossreid.training.tasks.mllmreid_language import answer_loss

Draw = list[Instruction]
"""An instruction for each picture of a batch."""


class MllmreidTask(nn.Module):
    """L = lambda L_LM + (1 - lambda) L_ReID.

    L_LM = CE(y | instruction, picture) + CE(y | instruction, beginning of the caption), where y is what follows the
    beginning of the caption of the picture's group. With diverse instructions the first term alone, y as the drawn
    instruction asks. L_ReID is identity (on a BNNeck) and batch-hard triplet loss on the vision tower's feature, and
    for DirectReID the same two on the latent feature, with a classifier of their own.

    Args:
        model: gets adapters on its language model, in place. These, projector and vision tower are trained.
        lora: where adapters go, in the language model.
        groups: int64 [n], of each row of the training set.
        people: train identities.
        modalities: kinds of evidence that are told apart by identity.
        weights: what L consists of.
        reid_weights: inside L_ReID.
        vision_rate: learning rate of the vision tower, as a share of the others'.
        seed: draws adapters, classifiers and instructions.

    Raises:
        ConfigurationError: the adapters would go elsewhere.

    Source: MLLMReID (arXiv 2401.13201); the split of a caption, the place of lambda and SyncReID's as documented.
    """

    groups: Tensor
    batches: Tensor

    def __init__(
        self,
        model: Mllmreid,
        lora: HierarchicalLora,
        groups: Tensor,
        *,
        people: int,
        modalities: Sequence[Modality],
        weights: MllmreidWeights,
        reid_weights: TaskWeights,
        vision_rate: float = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if lora.towers != ("language",):
            raise ConfigurationError(f"adapters on {lora.towers}", expected="the language model alone")
        self.adapters = add_adapters(model.llava.model, lora, seed=seed)
        model.llava.lm_head.requires_grad_(False)
        model.vision.requires_grad_(vision_rate > 0)
        model.llava.model.multi_modal_projector.requires_grad_(True)
        model.instruction = (COMMON if weights.instructions == "common" else DIVERSE[0]).words
        self.model, self.weights, self.vision_rate, self.seed = model, weights, vision_rate, seed
        self.modalities = frozenset(modalities)
        widths = {"direct": {"visual": model.vision_dim, "latent": model.latent_dim}}
        widths |= {"visual": {"visual": model.vision_dim}, "none": {}}
        self.matching = nn.ModuleDict(
            {
                name: IdentityMatching(width, people, reid_weights, seed=seed)
                for name, width in widths[weights.reid].items()
            }
        )
        self.register_buffer("groups", groups, persistent=False)
        self.register_buffer("batches", torch.zeros((), dtype=torch.long))

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """The vision tower at its own rate."""
        seeing = [parameter for parameter in self.model.vision.parameters() if parameter.requires_grad]
        own = {id(parameter) for parameter in seeing}
        rest = [p for p in self.parameters() if p.requires_grad and id(p) not in own]
        groups = [{"params": rest, "lr": learning_rate}]
        if seeing:
            groups.append({"params": seeing, "lr": learning_rate * self.vision_rate})
        return groups

    def forward(self, batch: Batch, *, progress: float) -> dict[str, Tensor]:
        """`total`; `lm` with `picture` and `words` in nats a token; `reid` with the terms of each feature.

        What has no weight is left out.
        """
        visual, tokens = self.model.see(batch.pixel_values)
        captions = self._captions(batch)
        asked = self._ask(len(captions))
        on_language, on_reid = self.weights.shares
        losses: dict[str, Tensor] = {}
        latent: Tensor | None = None
        if on_language or self.weights.reid == "direct":
            answers = [
                self._answer(*pair) if on_language else [] for pair in zip(asked, captions, strict=True)
            ]
            losses["picture"], latent = self._look(asked, answers, tokens)
        if on_language and self.weights.instructions == "common":
            losses["words"] = self._go_on([caption for caption in captions if caption])
        lm = sum(losses.values(), visual.new_zeros(()))
        reid = visual.new_zeros(())
        for name, matching in self.matching.items():
            features, items = self._told_apart(name, visual, latent, batch)
            terms = matching(features.float(), items, progress=progress)
            reid = reid + terms.pop("task")
            losses |= {f"{name}_{term}": loss for term, loss in terms.items()}
        if self.training:
            self.batches += 1
        return {"total": on_language * lm + on_reid * reid, "lm": lm, "reid": reid, **losses}

    def merge(self) -> Mllmreid:
        """Fold the adapters into the weights; the task is over."""
        merged: Any = self.adapters.merge_and_unload()
        self.model.llava.model = merged
        return self.model

    def _captions(self, batch: Batch) -> list[str]:
        """For each picture the first caption of its group in the batch; "" where there is none."""
        groups = self.groups[batch.rows].tolist()
        count = len(batch.pixel_values)
        said: dict[int, str] = {}
        for group, caption in zip(groups[count:], batch.captions, strict=True):
            said.setdefault(group, caption)
        return [said.get(group, "") for group in groups[:count]]

    def _ask(self, count: int) -> Draw:
        """The same words for every picture, or some drawn for each; the draw depends on seed and batch alone."""
        if self.weights.instructions == "common":
            return [COMMON] * count
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + int(self.batches))
        drawn = torch.randint(len(DIVERSE), (count,), generator=generator)
        return [DIVERSE[number] for number in drawn.tolist()]

    def _answer(self, instruction: Instruction, caption: str) -> list[int]:
        if not caption:
            return []
        return self.model.chats.answer(answer_to(instruction, caption, prefix=self.weights.prefix))

    def _look(self, asked: Draw, answers: list[list[int]], tokens: Tensor) -> tuple[Tensor, Tensor]:
        """CE of the answers about pictures, and the latent feature of each.

        Attention looks back only, so that an answer changes nothing in the feature.
        """
        count = self.model.image_tokens
        questions = [self.model.chats.about_picture(one.words, image_tokens=count) for one in asked]
        loss, hidden, ids = answer_loss(self.model, questions, answers, tokens)
        return loss, self.model.latent(hidden, ids)

    def _go_on(self, captions: list[str]) -> Tensor:
        """CE of what follows the beginnings of captions."""
        chats = self.model.chats
        if not captions:
            return self.model.llava.lm_head.weight.new_zeros(())
        halves = [split_caption(caption, self.weights.prefix) for caption in captions]
        questions = [chats.about_words(COMMON.words, beginning) for beginning, _ in halves]
        return answer_loss(self.model, questions, [chats.answer(rest) for _, rest in halves], None)[0]

    def _told_apart(
        self, name: str, visual: Tensor, latent: Tensor | None, batch: Batch
    ) -> tuple[Tensor, Batch]:
        """Features of the items whose identity is learnt, and these items."""
        pictures = len(batch.pixel_values)
        places = [place for place, kind in enumerate(batch.modalities) if kind in self.modalities]
        if name == "visual" or latent is None:
            features, places = visual, [place for place in places if place < pictures]
        elif Modality.TEXT in self.modalities and batch.captions:
            features = torch.cat([latent, self.model.read_captions(batch.captions)])
        else:
            features = latent
        chosen = torch.tensor(places, device=visual.device)
        items = replace(
            batch,
            modalities=tuple(batch.modalities[place] for place in places),
            person_ids=batch.person_ids[chosen],
            rows=batch.rows[chosen],
        )
        return features[chosen], items
