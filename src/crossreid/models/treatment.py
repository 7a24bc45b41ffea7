"""Another input treatment for a loaded model."""

from dataclasses import replace
from typing import Any, Literal, overload

from crossreid.core.errors import ConfigurationError
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.presets import TREATMENTS
from crossreid.models.teacher import Teacher
from crossreid.models.vision_text import EdgeModel

Named = Literal["paper", "release"]


@overload
def treat(model: Teacher, *, treatment: Named | None, height: int | None, width: int | None) -> Teacher: ...


@overload
def treat(model: Mllmreid, *, treatment: Named | None, height: int | None, width: int | None) -> Mllmreid: ...


@overload
def treat(
    model: EdgeModel, *, treatment: Named | None, height: int | None, width: int | None
) -> EdgeModel: ...


def treat(
    model: Teacher | EdgeModel | Mllmreid, *, treatment: Named | None, height: int | None, width: int | None
) -> Teacher | EdgeModel | Mllmreid:
    """The same weights with another treatment of pictures and, for a teacher, other words around them.

    Args:
        model: its weights are shared.
        treatment: a named one; None for the model's own.
        height: of pictures in pixels; None for the treatment's.
        width: likewise.

    Raises:
        ConfigurationError: the size does not fit the patches, or a named treatment is not of this kind of model.
    """
    if treatment is not None and isinstance(model, Mllmreid):
        raise ConfigurationError(
            f"the treatment {treatment!r} for a LLaVA", expected="none", remedy="set height and width alone"
        )
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
    vision: Any = model.vision.config
    patch = vision.patch_size
    if pictures.height % patch or pictures.width % patch:
        raise ConfigurationError(
            f"an input of {pictures.height} x {pictures.width} px", expected=f"multiples of {patch} px"
        )
    model.preprocessing = pictures
    return model
