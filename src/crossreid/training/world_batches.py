"""Endless captioned pictures of pretraining people, drawn as they are needed."""

import numpy as np
import torch

from crossreid.data.preprocessing import Preprocessing
from crossreid.synthesis.pedestrians.captions import write_caption
from crossreid.synthesis.pedestrians.listing import list_attributes
from crossreid.synthesis.pedestrians.world import Group, World
from crossreid.training.batches import PICTURES, CaptionedBatch
from crossreid.training.loop import BatchSequence


class WorldBatches(BatchSequence):
    """Every person of the world's pretraining split once: photograph, infrared picture, sketch and caption.

    Args:
        world: where the people live.
        preprocessing: of the model.
        people: people a batch.
        listing_share: probability that an answer is a list of attributes in place of a caption.
        steps: number of batches.
    """

    def __init__(
        self,
        world: World,
        preprocessing: Preprocessing,
        *,
        people: int,
        listing_share: float = 0.0,
        steps: int,
    ) -> None:
        self.world, self.preprocessing = world, preprocessing
        self.people, self.listing_share, self.steps = people, listing_share, steps

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> CaptionedBatch:
        rng = np.random.default_rng([self.world.seed, 0xBA7C4, step])
        groups = [self.world.group("pretrain", step * self.people + place, 0) for place in range(self.people)]
        pictures = [group.rgb() for group in groups]
        pictures += [group.infrared() for group in groups]
        pictures += [group.sketch() for group in groups]
        listed = tuple(bool(value) for value in rng.random(self.people) < self.listing_share)
        return CaptionedBatch(
            pixel_values=torch.from_numpy(
                self.preprocessing.normalise([self.preprocessing.resize(image) for image in pictures])
            ),
            captions=tuple(group.caption for group in groups),
            shown=tuple(PICTURES[kind] for kind in rng.integers(len(PICTURES), size=self.people)),
            answers=tuple(
                _answer(group, in_list, rng) for group, in_list in zip(groups, listed, strict=True)
            ),
            listed=listed,
        )


def _answer(group: Group, listed: bool, rng: np.random.Generator) -> str:
    """A list, or other words for the same person as the group's own caption."""
    if listed:
        return list_attributes(group.person, group.shot.view)
    return write_caption(group.person, group.shot.view, rng)
