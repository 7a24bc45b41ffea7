"""Pretrainings on drawn people, from nothing."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from crossreid.training.config.configuration import Configuration, Positive
from crossreid.training.config.loop import LoopConfig


class PretrainingConfig(Configuration):
    """What both pretrainings share: batches of `people` out of the first `drawn_people` of a procedural world.

    `encounters` pictures of every kind are drawn of each of them, once. `attributes` weighs the recognition of
    attributes against contrast: heavily while the contrast of features that know nothing is noise. `photographs`
    weighs the contrast of photographs with other evidence against that among the others. `start` is the folder of an
    earlier pretraining, whose weights and tokenizer this one goes on from. `compiled`: the towers go through
    torch.compile, which needs a C++ compiler and two minutes, and halves every step on a CPU.
    """

    loop: LoopConfig
    start: Path | None = None
    compiled: bool = False
    attributes: Annotated[float, Field(ge=0)] = 4.0
    photographs: Annotated[float, Field(gt=0)] = 1.0
    people: Positive = 64
    drawn_people: Positive = 12_000
    encounters: Positive = 3
    world_seed: int = 0

    @model_validator(mode="after")
    def _enough_people(self) -> "PretrainingConfig":
        if self.people > self.drawn_people:
            raise ValueError(f"a batch of {self.people} people out of {self.drawn_people} drawn ones")
        return self


class ContrastiveConfig(PretrainingConfig):
    """Pretraining of a CLIP by contrast of photographs, infrared pictures, sketches and captions."""

    kind: Literal["contrastive"]


class CaptioningConfig(PretrainingConfig):
    """Pretraining of a Qwen2-VL by next-token captioning, of captions alone, and by contrast of all kinds of evidence.

    A picture of `talked_share` of the people is captioned; `contrast` weighs contrast and attribute recognition.
    """

    kind: Literal["captioning"]
    talked_share: Annotated[float, Field(gt=0, le=1)] = 0.25
    contrast: Annotated[float, Field(ge=0)] = 1.0
