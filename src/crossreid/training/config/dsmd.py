"""Training an edge model to follow the cloud model by DSMD."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from crossreid.training.config.balancer import BalancerConfig
from crossreid.training.config.configuration import Configuration, Positive
from crossreid.training.config.student import EdgeConfig


class DsmdWeights(Configuration):
    """The four losses of DSMD and what weighs them.

    The weights of the four multiply the balancer's; 0 leaves a loss out. `task` is the weight of L_task, which the
    source does not have. `queue` features of the teacher are kept for each modality. `head_start` as in a distillation.
    """

    contrast: Annotated[float, Field(ge=0)] = 1.0
    feature: Annotated[float, Field(ge=0)] = 1.0
    similarity: Annotated[float, Field(ge=0)] = 1.0
    hard_negative: Annotated[float, Field(ge=0)] = 1.0
    task: Annotated[float, Field(ge=0)] = 0.0
    balancer: BalancerConfig | None = BalancerConfig()
    queue: Positive = 8192
    temperature: Annotated[float, Field(gt=0)] = 0.05
    margin: Annotated[float, Field(ge=0)] = 0.05
    violation: Literal["max", "sum"] = "max"
    head_start: Literal["clip", "least_squares", "rotation"] = "clip"

    @model_validator(mode="after")
    def _one_loss(self) -> "DsmdWeights":
        if not any((self.contrast, self.feature, self.similarity, self.hard_negative)):
            raise ValueError("contrast, feature, similarity and hard_negative all have weight 0")
        return self


class DsmdConfig(EdgeConfig):
    """Training an edge model to follow stored features by DSMD, beside `DistillationConfig`.

    `backbone` is a CLIP, a folder with a ViT and a BERT, or two hub names or folders joined by +: VIT+BERT.
    """

    kind: Literal["dsmd"]
    dsmd: DsmdWeights = DsmdWeights()
