"""L_task: how identities are learnt, whatever the model."""

from typing import Annotated, Literal

from pydantic import Field

from crossreid.training.config.configuration import Configuration, Share


class TaskWeights(Configuration):
    """Identity, triplet and similarity distribution matching (eq. 7).

    The triplet loss enters after `triplet_warmup` of the steps.
    """

    identity: Annotated[float, Field(ge=0)] = 1.0
    triplet: Annotated[float, Field(ge=0)] = 1.0
    sdm: Annotated[float, Field(ge=0)] = 1.0
    temperature: Annotated[float, Field(gt=0)] = 0.05
    margin: float | None = 0.3
    triplet_distance: Literal["euclidean", "squared"] = "euclidean"
    triplet_warmup: Share = 0.3
    sdm_reduction: Literal["sum", "mean"] = "sum"


class StudentTaskWeights(TaskWeights):
    """As `TaskWeights`, with the student's temperature in the authors' code; the paper prints none."""

    temperature: Annotated[float, Field(gt=0)] = 0.07


class ReidWeights(TaskWeights):
    """As `TaskWeights`, of identity and triplet alone and from the first step."""

    sdm: Annotated[float, Field(ge=0)] = 0.0
    triplet_warmup: Share = 0.0
