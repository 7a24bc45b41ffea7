"""Pretrainings of the small backbones, from nothing."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from crossreid.training.config.configuration import Configuration, Positive
from crossreid.training.config.loop import LoopConfig


class PretrainingConfig(Configuration):
    """What both pretrainings share.

    The corpus has `photographs` of as many people, drawn in the style `day`, and `drawings` of things. A batch holds
    `batch_photographs` and `batch_drawings` of them. `attributes` weighs the recognition of the attributes of
    photographed people against the contrast. In the first `tagging_share` of the steps the vision tower learns alone,
    from attributes: captions teach a tower that sees nothing yet slowly, and each of their steps costs several times
    as much. `start` is the folder of an earlier pretraining, whose weights and tokenizer this one goes on from.
    `compiled`: the towers go through torch.compile, which needs a C++ compiler and two minutes, and shortens every
    step on a CPU.
    """

    loop: LoopConfig
    start: Path | None = None
    compiled: bool = False
    attributes: Annotated[float, Field(ge=0)] = 20.0
    tagging_share: Annotated[float, Field(ge=0, lt=1)] = 0.5
    photographs: Positive = 60_000
    drawings: Positive = 8_000
    batch_photographs: Positive = 64
    batch_drawings: Positive = 8
    world_seed: int = 0

    @model_validator(mode="after")
    def _enough_pictures(self) -> "PretrainingConfig":
        if self.batch_photographs > self.photographs or self.batch_drawings > self.drawings:
            raise ValueError(
                f"a batch of {self.batch_photographs} photographs and {self.batch_drawings} drawings out of "
                f"{self.photographs} and {self.drawings}"
            )
        return self


class ContrastiveConfig(PretrainingConfig):
    """Pretraining of a CLIP by contrast of pictures and captions."""

    kind: Literal["contrastive"]


class CaptioningConfig(PretrainingConfig):
    """Pretraining of a Qwen2-VL by next-token captioning and by contrast of pictures and captions.

    The caption of an `answered_share` of the pictures is learnt as the answer to a question about them; `contrast`
    weighs contrast and attribute recognition.
    """

    kind: Literal["captioning"]
    answered_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    contrast: Annotated[float, Field(ge=0)] = 1.0
