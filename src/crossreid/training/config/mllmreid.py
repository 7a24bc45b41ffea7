"""MLLMReID: a model that goes on with captions, and learns identities."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from crossreid.training.config.batches import BatchConfig
from crossreid.training.config.configuration import Configuration, Positive, Share
from crossreid.training.config.labelled import LabelledConfig
from crossreid.training.config.loop import LoopConfig
from crossreid.training.config.task_weights import ReidWeights


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
    """How the backbone `tiny` is made, before the training proper.

    tiny-edge's vision tower, which stays as it is, is put before tiny-cloud's language model. The projector between
    them is new. It and the language model learn to say the captions of drawn people of the pretraining split, with and
    without the picture, and with the weight `contrast` to tell whose picture and caption belong together.
    """

    loop: LoopConfig
    drawn: DrawnPeopleConfig = DrawnPeopleConfig(people=3000, groups=1)
    people: Annotated[int, Field(ge=2)] = 32
    contrast: Annotated[float, Field(ge=0)] = 1.0


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
