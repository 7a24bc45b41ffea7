"""Every knob of training. Unknown keys are refused."""

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from crossreid.core.errors import ConfigurationError

Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Configuration(BaseModel):
    """Immutable settings; a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LoopConfig(Configuration):
    """How a training runs, whatever it trains.

    `learning_rate` falls by cosine to `final_learning_rate` after a linear warm-up of `warmup_share` of the steps.
    With a `muon_learning_rate`, Muon optimises the matrices inside the blocks at that rate on the same schedule, and
    `learning_rate` is AdamW's for the rest.
    """

    steps: Positive
    learning_rate: Annotated[float, Field(gt=0)]
    final_learning_rate: Annotated[float, Field(ge=0)] = 0.0
    muon_learning_rate: Annotated[float, Field(gt=0)] | None = None
    warmup_share: Share = 0.05
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    gradient_clip: Annotated[float, Field(gt=0)] = 1.0
    accumulation: Positive = 1
    precision: Literal["no", "bf16"] = "no"
    seed: int = 0
    checkpoint_every: Positive = 500
    log_every: Positive = 10
    validate_every: Annotated[int, Field(ge=0)] = 0
    workers: Annotated[int, Field(ge=0)] = 1
    tracker: Literal["tensorboard", "wandb", "mlflow"] | None = "tensorboard"


class BatchConfig(Configuration):
    """Identities x groups x modalities: a group is one source image with its infrared, sketch and caption."""

    people: Annotated[int, Field(ge=2)] = 8
    groups: Positive = 2


class AugmentationConfig(Configuration):
    """See `crossreid.data.augmentation.Augmentation`."""

    flip: Share = 0.5
    padding: Annotated[int, Field(ge=0)] = 6
    erase: Share = 0.3


class LoraConfiguration(Configuration):
    """See `crossreid.models.lora.HierarchicalLora`."""

    rank: Positive = 16
    scaling: Annotated[float, Field(gt=0)] = 16.0
    dense: Annotated[int, Field(ge=0)] = 4
    stride: Positive = 2
    dropout: Share = 0.0


class TaskWeights(Configuration):
    """Identity, triplet and similarity distribution matching (eq. 7).

    The triplet loss enters after `triplet_warmup` of the steps.
    """

    identity: Annotated[float, Field(ge=0)] = 1.0
    triplet: Annotated[float, Field(ge=0)] = 1.0
    sdm: Annotated[float, Field(ge=0)] = 1.0
    temperature: Annotated[float, Field(gt=0)] = 0.05
    margin: float | None = 0.3
    triplet_warmup: Share = 0.3
    sdm_reduction: Literal["sum", "mean"] = "sum"


class StudentTaskWeights(TaskWeights):
    """As `TaskWeights`, with the temperature that the paper gives the student."""

    temperature: Annotated[float, Field(gt=0)] = 0.07


class DistillationWeights(Configuration):
    """Weights of eq. 13 and the variants of its terms.

    `head_start`: the heads begin as CLIP's projections, or fitted to the teacher's features by least squares.
    """

    task: Annotated[float, Field(ge=0)] = 0.01
    cosine: Annotated[float, Field(ge=0)] = 0.29
    principal: Annotated[float, Field(ge=0)] = 0.35
    relation: Annotated[float, Field(ge=0)] = 0.35
    components: Positive = 50
    head_start: Literal["clip", "least_squares"] = "clip"
    basis: Literal["train_set", "batch"] = "train_set"
    relation_kind: Literal["gram", "correlation"] = "gram"
    relation_match: Literal["rowwise", "frobenius"] = "rowwise"


class PretrainingConfig(Configuration):
    """What both pretrainings share: batches of `people` out of the first `drawn_people` of a procedural world.

    `encounters` pictures of every kind are drawn of each of them, once.
    """

    loop: LoopConfig
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


class TeacherConfig(Configuration):
    """Adapting the cloud model by hierarchical LoRA."""

    kind: Literal["teacher"]
    backbone: str = "tiny-cloud"
    loop: LoopConfig
    batch: BatchConfig = BatchConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    lora: LoraConfiguration = LoraConfiguration()
    weights: TaskWeights = TaskWeights()


class StudentConfig(Configuration):
    """Training the edge model on identities alone."""

    kind: Literal["student"]
    backbone: str = "tiny-edge"
    dim: Positive | None = None
    loop: LoopConfig
    batch: BatchConfig = BatchConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    weights: StudentTaskWeights = StudentTaskWeights()


class DistillationConfig(Configuration):
    """Training the edge model to follow stored features of the cloud model."""

    kind: Literal["distillation"]
    backbone: str = "tiny-edge"
    loop: LoopConfig
    batch: BatchConfig = BatchConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    weights: StudentTaskWeights = StudentTaskWeights()
    distillation: DistillationWeights = DistillationWeights()


TrainingConfig = Annotated[
    CaptioningConfig | ContrastiveConfig | TeacherConfig | StudentConfig | DistillationConfig,
    Field(discriminator="kind"),
]


class _Root(BaseModel):
    training: TrainingConfig


def load_config(path: Path | str) -> TrainingConfig:
    """Read a YAML file.

    Raises:
        ConfigurationError: the file is missing, not YAML, or has unknown or impossible settings; each is named.
    """
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}", expected="a YAML file") from error
    try:
        return _Root.model_validate({"training": values}).training
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'][1:])}: {problem['msg']}"
            for problem in error.errors()
        )
        raise ConfigurationError(
            f"{path}: {problems}", remedy="see docs/training.md for every setting"
        ) from error
