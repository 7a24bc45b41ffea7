"""Networks that make sketches or infrared pictures out of photographs."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from crossreid.training.config.configuration import Configuration, Positive, Share
from crossreid.training.config.loop import LoopConfig


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
