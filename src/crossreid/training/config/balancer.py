"""How losses are weighed anew in every step."""

from typing import Annotated, Literal

from pydantic import Field

from crossreid.training.config.configuration import Configuration


class BalancerConfig(Configuration):
    """See `crossreid.losses.balancer.balanced_weights`."""

    rate_of: Literal["raw", "released"] = "raw"
    scale: Annotated[float, Field(gt=0)] = 10.0
    temperature: Annotated[float, Field(gt=0)] = 1.0
