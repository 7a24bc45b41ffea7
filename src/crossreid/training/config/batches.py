"""What a step sees: how many people and pieces, and the pictures as the model is given them."""

from typing import Annotated, Literal

from pydantic import Field

from crossreid.training.config.configuration import Configuration, Positive, Share


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
