"""The loop: how a training runs, whatever it trains."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from crossreid.models.loading import PrecisionSetting
from crossreid.training.config.configuration import Configuration, Positive, Share


def _refuse_no(value: object) -> object:
    if value == "no":
        raise ValueError("'no' is called 'fp32'; write precision: fp32, or auto")
    return value


class LoopConfig(Configuration):
    """How a training runs, whatever it trains.

    `learning_rate` falls by cosine to `final_learning_rate` after a linear warm-up of `warmup_share` of the steps.
    With a `muon_learning_rate`, Muon optimises the matrices inside the blocks at that rate on the same schedule, and
    `learning_rate` is AdamW's for the rest. With a `drop_at`, the rate does not fall by cosine: it stays at its peak
    for this share of the steps and is `final_learning_rate` from there on. With an `average`, a running average of
    the weights with this decay is what is validated and kept. With a `patience`, a training ends after so many
    validations in a row that were not better than the best before. In a training by several processes, each holds all
    weights (DDP), or if it is `sharded` a part of them, of the gradients and of the optimiser's state (FSDP); then all
    groups of the data have to have the same kinds of evidence, and validation needs memory for the whole model.
    `precision` is that of matrix products. `auto` is bf16 where the processor or GPU computes it natively and faster
    than fp32, else fp16 with loss scaling on a GPU that has it, else fp32.
    """

    steps: Positive
    learning_rate: Annotated[float, Field(gt=0)]
    final_learning_rate: Annotated[float, Field(ge=0)] = 0.0
    muon_learning_rate: Annotated[float, Field(gt=0)] | None = None
    drop_at: Share | None = None
    warmup_share: Share = 0.05
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    gradient_clip: Annotated[float, Field(gt=0)] = 1.0
    accumulation: Positive = 1
    precision: Annotated[PrecisionSetting, BeforeValidator(_refuse_no)] = "auto"
    seed: int = 0
    checkpoint_every: Positive = 500
    log_every: Positive = 10
    validate_every: Annotated[int, Field(ge=0)] = 0
    average: Annotated[float, Field(gt=0, lt=1)] | None = None
    patience: Positive | None = None
    sharded: bool = False
    workers: Annotated[int, Field(ge=0)] = 1
    tracker: Literal["tensorboard", "wandb", "mlflow"] | None = "tensorboard"

    @model_validator(mode="after")
    def _one_way_to_divide(self) -> "LoopConfig":
        if self.sharded and self.muon_learning_rate is not None:
            raise ValueError("`sharded` with Muon, which needs whole matrices")
        if self.sharded and self.precision == "fp16":
            raise ValueError(
                "`sharded` with fp16, whose loss is scaled by each process; write precision: auto"
            )
        return self
