"""Adapting the cloud model."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from crossreid.training.config.batches import TeacherBatchConfig
from crossreid.training.config.configuration import Configuration, Positive, Share
from crossreid.training.config.labelled import LabelledConfig
from crossreid.training.config.task_weights import TaskWeights


class LoraConfiguration(Configuration):
    """See `crossreid.models.lora.HierarchicalLora`."""

    rank: Positive = 16
    scaling: Annotated[float, Field(gt=0)] = 16.0
    dense: Annotated[int, Field(ge=0)] = 4
    stride: Positive = 2
    dropout: Share = 0.0
    towers: tuple[Literal["vision", "language"], ...] = ("vision", "language")
    attention: Literal["chosen", "all"] = "chosen"
    mlp: Literal["chosen", "none"] = "chosen"
    merger: bool = False
    dora: bool = False
    initialisation: Literal["uniform", "gaussian"] = "uniform"


class TeacherConfig(LabelledConfig):
    """Adapting the cloud model by hierarchical LoRA."""

    kind: Literal["teacher"]
    backbone: str = "tiny-cloud"
    batch: TeacherBatchConfig = TeacherBatchConfig()
    lora: LoraConfiguration = LoraConfiguration()
    weights: TaskWeights = TaskWeights()

    @model_validator(mode="after")
    def _the_same_work_for_all(self) -> "TeacherConfig":
        if self.loop.sharded and self.batch.joint:
            raise ValueError("`loop.sharded` with `batch.joint`, of which a process may have none in a batch")
        return self
