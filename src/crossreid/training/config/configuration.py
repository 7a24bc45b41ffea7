"""What every group of settings is: immutable, and strict about names."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Configuration(BaseModel):
    """Immutable settings; a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
