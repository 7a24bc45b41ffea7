"""Prompts are inputs of released weights: these are typed from the specification, to the letter."""

from crossreid.core.modality import Modality
from crossreid.models.prompts import PAPER_PROMPTS, SPECIAL_TOKENS

SYSTEM = (
    "You are a four-modal data (RGB image(rgb), infrared image(ir), sketch image(sketch) and text) embedding "
    "generator.I will now arbitrarily select single or multi modal data from these 4 modalities as input.Please "
    "convert the input multimodal data into semantic vectors for multimodal matching."
)


def test_a_picture_is_asked_about_in_the_words_of_the_release() -> None:
    chat = (
        PAPER_PROMPTS.head(images=1, tokens_per_image=2)
        + PAPER_PROMPTS.ask_about_image(Modality.SKETCH)
        + PAPER_PROMPTS.tail
    )
    assert chat == (
        f"<|im_start|>system\n{SYSTEM}<|im_end|>\n"
        "<|im_start|>user\n<|vision_start|><|image_pad|><|image_pad|><|vision_end|>"
        "The modality of this item:sketch. Generate the image's embedding, focusing on age, gender, clothing, "
        "and biometric features.<|im_end|>\n<|im_start|>assistant\n"
    )


def test_a_caption_is_asked_about_in_the_words_of_the_release() -> None:
    before, after = PAPER_PROMPTS.around_caption()
    head = PAPER_PROMPTS.head(images=0, tokens_per_image=0)
    assert f"{head}{before}A man.{after}{PAPER_PROMPTS.tail}" == (
        f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n"
        "The modality of this item:text. The caption is 'A man.'. Generate this text's embedding, focusing on age, "
        "gender, clothing, and biometric features.<|im_end|>\n<|im_start|>assistant\n"
    )


def test_two_pictures_stand_one_behind_the_other() -> None:
    head = PAPER_PROMPTS.head(images=2, tokens_per_image=1)
    assert head.endswith("user\n" + "<|vision_start|><|image_pad|><|vision_end|>" * 2)


def test_special_tokens_are_those_of_qwen_in_order() -> None:
    # Ids 151643 to 151656 of Qwen2-VL's tokenizer.
    assert len(SPECIAL_TOKENS) == 14
    assert SPECIAL_TOKENS[0] == "<|endoftext|>"
    assert SPECIAL_TOKENS[9:] == (
        "<|vision_start|>",
        "<|vision_end|>",
        "<|vision_pad|>",
        "<|image_pad|>",
        "<|video_pad|>",
    )
