"""Training the edge model to follow the cloud model: cosine, PCM and FR."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from crossreid.training.config.balancer import BalancerConfig
from crossreid.training.config.configuration import Configuration, Positive
from crossreid.training.config.student import EdgeConfig


class DistillationWeights(Configuration):
    """Weights of eq. 13 and the variants of its terms.

    `head_start`: the heads begin as they were loaded, or fitted to the teacher's features by least squares, or turned
    onto them by one rotation, which keeps the student's own cosines. With a `balancer`, cosine, principal and relation
    are weighed anew in every step, and their weights here multiply that.
    """

    task: Annotated[float, Field(ge=0)] = 0.01
    cosine: Annotated[float, Field(ge=0)] = 0.29
    principal: Annotated[float, Field(ge=0)] = 0.35
    relation: Annotated[float, Field(ge=0)] = 0.35
    components: Positive = 50
    balancer: BalancerConfig | None = None
    head_start: Literal["clip", "least_squares", "rotation"] = "clip"
    basis: Literal["train_set", "batch"] = "train_set"
    relation_kind: Literal["gram", "correlation"] = "gram"
    relation_match: Literal["rowwise", "frobenius"] = "rowwise"

    @model_validator(mode="after")
    def _something_to_balance(self) -> "DistillationWeights":
        if self.balancer is not None and not any((self.cosine, self.principal, self.relation)):
            raise ValueError("a balancer, and cosine, principal and relation all have weight 0")
        return self


class DistillationConfig(EdgeConfig):
    """Training the edge model to follow stored features of the cloud model."""

    kind: Literal["distillation"]
    distillation: DistillationWeights = DistillationWeights()
