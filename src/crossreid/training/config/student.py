"""Training an edge model, by itself."""

from typing import Literal

from crossreid.training.config.batches import BatchConfig
from crossreid.training.config.configuration import Positive
from crossreid.training.config.labelled import LabelledConfig
from crossreid.training.config.task_weights import StudentTaskWeights


class EdgeConfig(LabelledConfig):
    """What all trainings of an edge model share."""

    backbone: str = "tiny-edge"
    batch: BatchConfig = BatchConfig()
    weights: StudentTaskWeights = StudentTaskWeights()


class StudentConfig(EdgeConfig):
    """Training the edge model on identities alone."""

    kind: Literal["student"]
    dim: Positive | None = None
