"""The words around a piece of evidence. They are model inputs: a changed letter is another model."""

from dataclasses import dataclass, fields, replace

from crossreid.core.modality import Modality

IM_START, IM_END = "<|im_start|>", "<|im_end|>"
VISION_START, VISION_END, IMAGE_PAD = "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"
END_OF_TEXT = "<|endoftext|>"

SPECIAL_TOKENS = (
    END_OF_TEXT, IM_START, IM_END, "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>", "<|box_end|>",
    "<|quad_start|>", "<|quad_end|>", VISION_START, VISION_END, "<|vision_pad|>", IMAGE_PAD, "<|video_pad|>",
)  # fmt: skip
"""The special tokens of Qwen2-VL, in the order of their ids."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """Templates of a conversation; `visual` takes {modality}, `text` takes {caption}; no `system`, no such turn.

    `system_without_picture` takes the place of `system` in a chat of words alone; None: they are the same.
    `turn_end` stands between the end of the user's turn and the assistant's.
    """

    system: str
    visual: str
    text: str
    system_without_picture: str | None = None
    turn_end: str = "\n"

    def head(self, *, images: int, tokens_per_image: int) -> str:
        """System part and pictures: everything before the instruction."""
        return self.opening(pictures=images > 0) + picture(tokens_per_image) * images

    def opening(self, *, pictures: bool) -> str:
        """System part and the beginning of the user's turn, in a chat with pictures or without."""
        words = (
            self.system if pictures or self.system_without_picture is None else self.system_without_picture
        )
        system = f"{IM_START}system\n{words}{IM_END}\n" if words else ""
        return f"{system}{IM_START}user\n"

    @property
    def tail(self) -> str:
        """Ends the user's turn and opens the assistant's; its last token is the pooled one."""
        return f"{IM_END}{self.turn_end}{IM_START}assistant\n"

    def to_dict(self) -> dict[str, str]:
        """As written into a model folder: what has no default, and what differs from it."""
        return {
            field.name: value
            for field in fields(self)
            if (value := getattr(self, field.name)) != field.default
        }

    def ask_about_image(self, modality: Modality) -> str:
        """The instruction that follows a picture."""
        return self.visual.format(modality=modality.value)

    def around_caption(self) -> tuple[str, str]:
        """What stands before and after the caption, so that only the caption is ever cut."""
        before, after = self.text.split("{caption}")
        return before, after


def picture(tokens: int) -> str:
    """The place of a picture in a chat."""
    return VISION_START + IMAGE_PAD * tokens + VISION_END


PAPER_PROMPTS = Prompts(
    system=(
        "You are a four-modal data (RGB image(rgb), infrared image(ir), sketch image(sketch) and text) embedding "
        "generator.I will now arbitrarily select single or multi modal data from these 4 modalities as input.Please "
        "convert the input multimodal data into semantic vectors for multimodal matching."
    ),
    visual=(
        "The modality of this item:{modality}. Generate the image's embedding, focusing on age, gender, clothing, and "
        "biometric features."
    ),
    text=(
        "The modality of this item:text. The caption is '{caption}'. Generate this text's embedding, focusing on age, "
        "gender, clothing, and biometric features."
    ),
)
"""The released model's words, in the frame of Qwen's own chats."""

RELEASE_PROMPTS = replace(PAPER_PROMPTS, system_without_picture=f"{PAPER_PROMPTS.system}.", turn_end="")
"""To the letter those of the released model, which ends the user's turn without a line break and closes the system
part of a chat without a picture by two full stops."""

TINY_PROMPTS = Prompts(system="", visual="{modality}", text="text. {caption}")
"""The same frame in a tenth of the words, for models that read it thousands of times on a CPU."""
