from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.prompts import TINY_PROMPTS
from crossreid.models.teacher import Teacher

RGB, IR, SKETCH = Modality.RGB, Modality.IR, Modality.SKETCH


@pytest.fixture(scope="module", params=["teacher", "teacher_2_5"])
def teacher(request: pytest.FixtureRequest, tiny: Any) -> Teacher:
    return getattr(tiny, request.param)()


def transformers_hidden(teacher: Teacher, ids: list[int], pixels: Tensor | None) -> Tensor:
    """Hidden states [length, dim] as the library's own model computes them, vision tower included."""
    model: Any = teacher.backbone
    tokens = torch.tensor([ids])
    extra: dict[str, Any] = {}
    if pixels is not None:
        processor = Qwen2VLImageProcessorPil(do_resize=False, do_rescale=False, do_normalize=False)
        pictures = [np.asarray(picture) for picture in pixels]
        seen = processor(pictures, input_data_format="channels_first", return_tensors="pt")
        extra = {"pixel_values": seen["pixel_values"], "image_grid_thw": seen["image_grid_thw"]}
    with torch.inference_mode():
        output = model(
            input_ids=tokens,
            attention_mask=torch.ones_like(tokens),
            mm_token_type_ids=(tokens == model.config.image_token_id).int(),
            use_cache=False,
            **extra,
        )
    return output.last_hidden_state[0]


def test_pictures_as_transformers_sees_them(teacher: Teacher, tiny: Any) -> None:
    pixels, modalities = tiny.pixels(3), [RGB, IR, SKETCH]
    with torch.inference_mode():
        features = teacher.embed_images(pixels, modalities)
    chats = teacher.conversation.for_images(modalities)
    for row in range(3):
        expected = transformers_hidden(teacher, chats[row], pixels[row : row + 1])[-1]
        assert (features[row] - expected).abs().max() < 1e-4
    assert (features[0] - features[1]).abs().max() > 0.1


def test_windows_of_qwen_2_5_are_squares_from_the_upper_left(tiny: Any) -> None:
    # 84 x 56 px are 6 x 4 patches; those of a merged token come one after the other, as a window of 28 px has them.
    (window,) = {id(mask): mask for mask in [tiny.teacher_2_5()._same_window()]}.values()
    expected = torch.block_diag(*[torch.ones(4, 4)] * 6).bool()
    assert torch.equal(window, expected)
    assert tiny.teacher()._same_window() is None


def test_two_pictures_in_one_chat_as_transformers_reads_them(teacher: Teacher, tiny: Any) -> None:
    pixels = tiny.pixels(2)
    text = TINY_PROMPTS.head(images=2, tokens_per_image=6) + "words after them" + TINY_PROMPTS.tail
    ids = tiny.tokenizer()(text)["input_ids"]
    with torch.inference_mode():
        hidden = teacher.read(torch.tensor([ids]), teacher.see(pixels))[0]
    assert (hidden - transformers_hidden(teacher, ids, pixels)).abs().max() < 1e-4


def test_captions_as_transformers_reads_them(teacher: Teacher) -> None:
    captions = ["A man in a red coat.", "a bag"]
    with torch.inference_mode():
        features = teacher.embed_captions(captions)
    for row, chat in enumerate(teacher.conversation.for_captions(captions)):
        assert (features[row] - transformers_hidden(teacher, chat, None)[-1]).abs().max() < 1e-4
    assert (features[0] - features[1]).abs().max() > 0.1


def test_padding_changes_no_feature(teacher: Teacher) -> None:
    with torch.inference_mode():
        alone = teacher.embed_captions(["a bag"])
        padded = teacher.embed_captions(["a bag", "a woman with a blue bag and grey trousers, white shoes"])[
            :1
        ]
    torch.testing.assert_close(alone, padded, atol=1e-5, rtol=0)


def test_the_last_token_of_the_template_is_pooled(teacher: Teacher) -> None:
    short, long = "a bag", "a woman with a blue bag and white shoes"
    chats = teacher.conversation.for_captions([short, long])
    assert [teacher.conversation.tokenizer.decode(chat[-1:]) for chat in chats] == ["\n"] * 2
    with torch.inference_mode():
        features = teacher.embed_captions([short, long])
        for row, chat in enumerate(chats):
            hidden = teacher.read(torch.tensor([chat]), None)[0]
            torch.testing.assert_close(features[row], hidden[-1], atol=1e-5, rtol=0)
            assert (features[row] - hidden[-2]).abs().max() > 1e-2


def test_a_mixed_batch_equals_one_by_one(teacher: Teacher, tiny: Any) -> None:
    pixels, modalities = tiny.pixels(4), [SKETCH, RGB, IR, RGB]
    with torch.inference_mode():
        together = teacher.embed_images(pixels, modalities)
        single = [teacher.embed_images(pixels[i : i + 1], [modalities[i]]) for i in range(4)]
    torch.testing.assert_close(together, torch.cat(single), atol=1e-5, rtol=0)


def test_the_modality_is_part_of_the_question(teacher: Teacher, tiny: Any) -> None:
    pixels = tiny.pixels(1)
    with torch.inference_mode():
        differences = (teacher.embed_images(pixels, [RGB]) - teacher.embed_images(pixels, [IR])).abs()
    assert differences.max() > 1e-2


def test_a_size_that_patches_do_not_fill_is_refused(tiny: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"90 x 56 px; expected multiples of 28"):
        tiny.teacher(size=Preprocessing(90, 56))
