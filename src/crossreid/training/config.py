"""Every knob of training. Unknown keys are refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from crossreid.core.errors import ConfigurationError
from crossreid.training.overrides import apply_overrides, nearest_setting
from crossreid.training.run_files import read_run_file

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
    for this share of the steps and is `final_learning_rate` from there on. With an `average`, a running average of
    the weights with this decay is what is validated and kept. With a `patience`, a training ends after so many
    validations in a row that were not better than the best before. In a training by several processes, each holds all
    weights (DDP), or if it is `sharded` a part of them, of the gradients and of the optimiser's state (FSDP); then all
    groups of the data have to have the same kinds of evidence, and validation needs memory for the whole model.
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
    average: Annotated[float, Field(gt=0, lt=1)] | None = None
    patience: Positive | None = None
    sharded: bool = False
    workers: Annotated[int, Field(ge=0)] = 1
    tracker: Literal["tensorboard", "wandb", "mlflow"] | None = "tensorboard"

    @model_validator(mode="after")
    def _one_way_to_divide(self) -> "LoopConfig":
        if self.sharded and self.muon_learning_rate is not None:
            raise ValueError("`sharded` with Muon, which needs whole matrices")
        return self


class BatchConfig(Configuration):
    """Identities x groups x modalities: a group is one source image with its infrared, sketch and caption.

    Of a group with several captions (or sketches), a batch holds at most `items` of each kind, drawn anew each time.
    `captions: first` leaves all but the first caption of a group out of the training.
    """

    people: Annotated[int, Field(ge=2)] = 8
    groups: Positive = 2
    items: Positive | None = None
    captions: Literal["all", "first"] = "all"


class TeacherBatchConfig(BatchConfig):
    """As `BatchConfig`; of `joint` of the groups, some pieces are put to the model as one query too.

    Which ones is drawn anew each time, every subset of two or more equally often.
    """

    joint: Share = 0.0


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


class ReidWeights(TaskWeights):
    """As `TaskWeights`, of identity and triplet alone and from the first step."""

    sdm: Annotated[float, Field(ge=0)] = 0.0
    triplet_warmup: Share = 0.0


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
    steps. With `keep: best` the model is that of the best validation (mean mAP of the three tasks; of DSMD rSum between
    photographs and captions), not of the last step.
    """

    input: InputConfig = InputConfig()
    checkpointing: bool = False
    loop: LoopConfig
    augmentation: AugmentationConfig = AugmentationConfig()
    keep: Literal["last", "best"] = "last"


class EdgeConfig(LabelledConfig):
    """What all trainings of an edge model share."""

    backbone: str = "tiny-edge"
    batch: BatchConfig = BatchConfig()
    weights: StudentTaskWeights = StudentTaskWeights()


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

    `backbone` is a CLIP, a folder with a ViT and a BERT, or two hub names or folders joined by +: VIT+BERT.
    """

    kind: Literal["dsmd"]
    dsmd: DsmdWeights = DsmdWeights()


class LanguageLora(Configuration):
    """LoRA on every linear layer of a language model; see `crossreid.models.lora.HierarchicalLora`."""

    rank: Positive = 16
    scaling: Annotated[float, Field(gt=0)] = 32.0
    dropout: Share = 0.0


class MllmreidWeights(Configuration):
    """L = lambda L_LM + (1 - lambda) L_ReID, or with `lambda_on: reid` the other way round.

    `instructions`: the Common Instruction, by which picture and beginning of a caption have the same continuation, or
    many instructions about the picture, one drawn for each. `prefix` is the share of a caption's words that are its
    beginning. `reid`: where identity and triplet loss act. `direct` is DirectReID, on the latent feature and on the
    vision tower's; `visual` is SyncReID, on the vision tower's alone.
    """

    lambda_value: Share = 0.7
    lambda_on: Literal["lm", "reid"] = "lm"
    instructions: Literal["common", "diverse"] = "common"
    prefix: Annotated[float, Field(gt=0, lt=1)] = 0.5
    reid: Literal["direct", "visual", "none"] = "direct"

    @property
    def shares(self) -> tuple[float, float]:
        """Of L_LM and of L_ReID."""
        own, other = self.lambda_value, 1 - self.lambda_value
        return (own, other) if self.lambda_on == "lm" else (other, own)

    @model_validator(mode="after")
    def _something_to_learn(self) -> "MllmreidWeights":
        if self.shares[0] == 0 and self.reid == "none":
            raise ValueError("L_LM has weight 0, and `reid` is none")
        return self


class DrawnPeopleConfig(Configuration):
    """People of the procedural world, drawn into the folder of the run; `groups` encounters of each.

    With `validation` so many others are drawn too, whose mAP goes into the history.
    """

    people: Positive = 400
    validation: Annotated[int, Field(ge=0)] = 0
    groups: Positive = 4
    style: Literal["day", "evening"] = "day"
    seed: Annotated[int, Field(ge=0)] = 0


class AlignmentConfig(Configuration):
    """How the backbone `tiny` comes to its language model, before the training proper.

    The vision tower of tiny-edge stays as it is. Projector and language model learn to say the captions of drawn people
    of the pretraining split, with and without the picture.
    """

    loop: LoopConfig
    drawn: DrawnPeopleConfig = DrawnPeopleConfig(people=1500, groups=1)
    people: Positive = 32
    hidden: Annotated[int, Field(gt=0, multiple_of=32)] = 256
    depth: Positive = 4


class MllmreidConfig(LabelledConfig):
    """MLLMReID: a LLaVA that goes on with captions, and learns identities.

    `backbone` is the folder or hub name of a LLaVA; or VISION+LANGUAGE, a CLIP and a LLaMA between which a projector is
    drawn; or `tiny`, which is made as `alignment` says. Adapters, projector and vision tower are trained, the latter at
    `vision_rate` times the learning rate. `feature` is what the trained model embeds by. `modalities` are the kinds of
    evidence that are told apart by identity; captions of their groups are what L_LM learns, whether or not `text` is
    among them. Where no data are named, people are drawn as `drawn` says. At every validation, or every epoch, the
    continuations of `samples` pictures are written to `samples.jsonl`.
    """

    kind: Literal["mllmreid"]
    backbone: str
    batch: BatchConfig = BatchConfig()
    alignment: AlignmentConfig | None = None
    drawn: DrawnPeopleConfig | None = None
    lora: LanguageLora = LanguageLora()
    vision_rate: Annotated[float, Field(ge=0)] = 0.1
    feature: Literal["vision", "latent"] = "vision"
    modalities: tuple[Literal["rgb", "ir", "sketch", "text"], ...] = ("rgb",)
    mllmreid: MllmreidWeights = MllmreidWeights()
    weights: ReidWeights = ReidWeights()
    samples: Annotated[int, Field(ge=0)] = 4

    @model_validator(mode="after")
    def _possible(self) -> "MllmreidConfig":
        if (self.backbone == "tiny") != (self.alignment is not None):
            raise ValueError("`alignment` belongs to the backbone `tiny`, and to no other")
        if not set(self.modalities) - {"text"}:
            raise ValueError("`modalities` without a kind of picture")
        if "text" in self.modalities and self.mllmreid.reid != "direct":
            raise ValueError(
                "`text` among the `modalities` needs `reid: direct`: only the latent feature has it"
            )
        return self


class TranslatorNetwork(Configuration):
    """The U-Net of a translator; see `crossreid.synthesis.translator_networks.UNet`.

    `height` and `width`, in pixels, are multiples of 2 to the power of `halvings`. A discriminator is as wide.
    """

    height: Positive = 256
    width: Positive = 128
    channels: Positive = 64
    halvings: Annotated[int, Field(ge=2)] = 7
    dropout: Share = 0.5


class TranslatorWeights(Configuration):
    """Mean absolute difference in shares of the range, 1 - SSIM, and what the discriminator says.

    The discriminator learns at `discriminator_rate` times the learning rate.
    """

    absolute: Annotated[float, Field(ge=0)] = 100.0
    structure: Annotated[float, Field(ge=0)] = 0.0
    adversarial: Annotated[float, Field(ge=0)] = 1.0
    discriminator_rate: Annotated[float, Field(gt=0)] = 1.0


class TranslatorConfig(Configuration):
    """A network that makes sketches or infrared pictures out of photographs, for `crossreid expand`.

    It learns from pairs of the same view: from a data set with groups, or else from `drawn_people` people of a
    procedural world, `encounters` of each; then `validation_people` others are what its error is measured on. The
    `discriminator` judges patches of 70 x 70 pixels (pix2pix), or picture and pixels (InfraGAN). `batch` counts pairs.
    """

    kind: Literal["translator"]
    modality: Literal["sketch", "ir"]
    loop: LoopConfig
    batch: Positive = 4
    network: TranslatorNetwork = TranslatorNetwork()
    discriminator: Literal["patches", "pixels", "none"] = "patches"
    weights: TranslatorWeights = TranslatorWeights()
    drawn_people: Positive = 600
    validation_people: Annotated[int, Field(ge=0)] = 32
    encounters: Positive = 2
    world_seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _sizes_go_together(self) -> "TranslatorConfig":
        unit = 2**self.network.halvings
        if self.network.height % unit or self.network.width % unit:
            raise ValueError(f"network.height and network.width are no multiples of {unit}")
        if self.discriminator == "none" and self.weights.absolute == self.weights.structure == 0:
            raise ValueError("absolute and structure have weight 0, and there is no discriminator")
        return self


TrainingConfig = Annotated[
    CaptioningConfig
    | ContrastiveConfig
    | TeacherConfig
    | StudentConfig
    | DistillationConfig
    | DsmdConfig
    | MllmreidConfig
    | TranslatorConfig,
    Field(discriminator="kind"),
]


class _Root(BaseModel):
    training: TrainingConfig


def load_config(path: Path | str, overrides: Sequence[str] = ()) -> TrainingConfig:
    """Read a YAML file, which may say in what it differs from another: `base: other.yaml`.

    Args:
        path: of the file.
        overrides: "loop.steps=10" and the like take the place of what the file says.

    Raises:
        ConfigurationError: the file is missing, not YAML, or has unknown or impossible settings; each is named.
    """
    values = read_run_file(Path(path))
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
