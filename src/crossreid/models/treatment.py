"""Another input treatment for a loaded model."""

from dataclasses import replace
from typing import Literal, TypeVar

from crossreid.core.errors import ConfigurationError
from crossreid.models.presets import TREATMENTS
from crossreid.models.teacher import Teacher
from crossreid.models.vision_text import EdgeModel

Model = TypeVar("Model", Teacher, EdgeModel)


def treat(
    model: Model, *, treatment: Literal["paper", "release"] | None, height: int | None, width: int | None
) -> Model:
    """The same weights with another treatment of pictures and, for a teacher, other words around them.

    Args:
        model: its weights are shared.
        treatment: a named one; None for the model's own.
        height: of pictures in pixels; None for the treatment's.
        width: likewise.

    Raises:
        ConfigurationError: the size does not fit the patches.
    """
    named = None if treatment is None else TREATMENTS[treatment]
    if isinstance(model, Teacher):
        pictures = named.teacher if named else model.preprocessing
    else:
        pictures = named.student if named else model.preprocessing
    pictures = replace(pictures, height=height or pictures.height, width=width or pictures.width)
    if isinstance(model, Teacher):
        chats = model.conversation
        return Teacher(
            model.backbone,
            chats.tokenizer,
            named.prompts if named else chats.prompts,
            pictures,
            text_budget=named.text_budget if named else chats.text_budget,
        )
    patch = model.vision.config.patch_size
    if pictures.height % patch or pictures.width % patch:
        raise ConfigurationError(
            f"an input of {pictures.height} x {pictures.width} px", expected=f"multiples of {patch} px"
        )
    model.preprocessing = pictures
    return model
