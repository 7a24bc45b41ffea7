"""What all trainings on a data set share."""

from typing import Literal

from crossreid.training.config.batches import AugmentationConfig, InputConfig
from crossreid.training.config.configuration import Configuration
from crossreid.training.config.loop import LoopConfig


class LabelledConfig(Configuration):
    """What all trainings on a data set share.

    With `checkpointing`, activations inside the blocks are computed again in the backward pass: less memory, slower
    steps. With `keep: best` the model is that of the best validation, not of the last step: mean mAP of the three
    tasks, of those that the people have evidence for; of DSMD rSum between photographs and captions. The validation
    before the first step counts too.
    """

    input: InputConfig = InputConfig()
    checkpointing: bool = False
    loop: LoopConfig
    augmentation: AugmentationConfig = AugmentationConfig()
    keep: Literal["last", "best"] = "last"
