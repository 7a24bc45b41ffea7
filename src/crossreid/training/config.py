"""Every knob of training. Unknown keys are refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from crossreid.core.errors import ConfigurationError
from crossreid.training.overrides import apply_overrides, nearest_setting

Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Configuration(BaseModel):
    """Immutable settings; a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LoopConfig(Configuration):
    """How a training runs, whatever it trains.

    `learning_rate` falls by cosine to `final_learning_rate` after a linear warm-up of `warmup_share` of the steps.
    With a `muon_learning_rate`, Muon optimises the matrices inside the blocks at that rate on the same schedule, and
    `learning_rate` is AdamW's for the rest. With a `drop_at`, the rate does not fall by cosine: it stays at its peak
    for this share of the steps and is `final_learning_rate` from there on.
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
    precision: Literal["no", "bf16"] = "no"
    seed: int = 0
    checkpoint_every: Positive = 500
    log_every: Positive = 10
    validate_every: Annotated[int, Field(ge=0)] = 0
    workers: Annotated[int, Field(ge=0)] = 1
    tracker: Literal["tensorboard", "wandb", "mlflow"] | None = "tensorboard"


class BatchConfig(Configuration):
    """Identities x groups x modalities: a group is one source image with its infrared, sketch and caption.

    Of a group with several captions (or sketches), a batch holds at most `items` of each kind, drawn anew each time.
    `captions: first` leaves all but the first caption of a group out of the training.
    """

    people: Annotated[int, Field(ge=2)] = 8
    groups: Positive = 2
    items: Positive | None = None
    captions: Literal["all", "first"] = "all"


class InputConfig(Configuration):
    """What the model sees of a picture, and the words around it.

    `treatment`: pixel statistics, resizing, prompts and size as in the paper or as in the authors' release; by default
    as the backbone's folder says, and of one straight from the hub as in the paper. `height` and `width` in pixels
    change the size.
    """

    treatment: Literal["paper", "release"] | None = None
    height: Positive | None = None
    width: Positive | None = None


class AugmentationConfig(Configuration):
    """See `crossreid.data.augmentation.Augmentation`."""

    flip: Share = 0.5
    vertical_flip: Share = 0.0
    padding: Annotated[int, Field(ge=0)] = 6
    erase: Share = 0.3


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
    """As `TaskWeights`, with the temperature that the paper gives the student."""

    temperature: Annotated[float, Field(gt=0)] = 0.07


class BalancerConfig(Configuration):
    """See `crossreid.losses.balancer.balanced_weights`."""

    rate_of: Literal["raw", "released"] = "raw"
    scale: Annotated[float, Field(gt=0)] = 10.0
    temperature: Annotated[float, Field(gt=0)] = 1.0


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


class LabelledConfig(Configuration):
    """What all trainings on a data set share.

    With `checkpointing`, activations inside the blocks are computed again in the backward pass: less memory, slower
    steps.
    """

    input: InputConfig = InputConfig()
    checkpointing: bool = False
    loop: LoopConfig
    batch: BatchConfig = BatchConfig()
    augmentation: AugmentationConfig = AugmentationConfig()


class EdgeConfig(LabelledConfig):
    """What all trainings of an edge model share."""

    backbone: str = "tiny-edge"
    weights: StudentTaskWeights = StudentTaskWeights()


class TeacherConfig(LabelledConfig):
    """Adapting the cloud model by hierarchical LoRA."""

    kind: Literal["teacher"]
    backbone: str = "tiny-cloud"
    lora: LoraConfiguration = LoraConfiguration()
    weights: TaskWeights = TaskWeights()


class StudentConfig(EdgeConfig):
    """Training the edge model on identities alone."""

    kind: Literal["student"]
    dim: Positive | None = None


class DistillationConfig(EdgeConfig):
    """Training the edge model to follow stored features of the cloud model."""

    kind: Literal["distillation"]
    distillation: DistillationWeights = DistillationWeights()


class DsmdConfig(EdgeConfig):
    """Training an edge model to follow stored features by DSMD, beside `DistillationConfig`.

    `backbone` is a CLIP, a folder with a ViT and a BERT, or two hub names or folders joined by +: VIT+BERT. With
    `keep: best` the model is that of the best validation (rSum between photographs and captions), not of the last step.
    """

    kind: Literal["dsmd"]
    dsmd: DsmdWeights = DsmdWeights()
    keep: Literal["last", "best"] = "last"


TrainingConfig = Annotated[
    CaptioningConfig | ContrastiveConfig | TeacherConfig | StudentConfig | DistillationConfig | DsmdConfig,
    Field(discriminator="kind"),
]


class _Root(BaseModel):
    training: TrainingConfig


def load_config(path: Path | str, overrides: Sequence[str] = ()) -> TrainingConfig:
    """Read a YAML file.

    Args:
        path: of the file.
        overrides: "loop.steps=10" and the like take the place of what the file says.

    Raises:
        ConfigurationError: the file is missing, not YAML, or has unknown or impossible settings; each is named.
    """
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}", expected="a YAML file") from error
    try:
        return _Root.model_validate({"training": apply_overrides(values, overrides)}).training
    except ValidationError as error:
        problems = "; ".join(map(_describe, error.errors()))
        raise ConfigurationError(
            f"{path}: {problems}", remedy="see docs/training.md for every setting"
        ) from error


def _describe(problem: Any) -> str:
    """One problem of a validation: where, what, and for an unknown key which one may be meant."""
    place = [str(part) for part in problem["loc"][1:]]
    text = f"{'.'.join(place)}: {problem['msg']}"
    if problem["type"] != "extra_forbidden":
        return text
    kinds = {kind.model_fields["kind"].annotation: kind for kind in get_args(get_args(TrainingConfig)[0])}
    nearest = nearest_setting(kinds[Literal[place[0]]], ".".join(place[1:]))
    return f"{text}, did you mean {nearest}?" if nearest else text
