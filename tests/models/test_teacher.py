from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.prompts import PAPER_PROMPTS, RELEASE_PROMPTS, TINY_PROMPTS, Prompts
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


def test_queries_of_several_pieces_as_transformers_reads_them(teacher: Teacher, tiny: Any) -> None:
    pixels, shown, said = (
        tiny.pixels(4),
        [[IR, SKETCH], [], [RGB], [SKETCH]],
        [["a bag"], ["A man."], [], ["x"]],
    )
    with torch.inference_mode():
        features = teacher.embed_groups(pixels, shown, said)
        words_alone = teacher.embed_groups(pixels[:0], [[]], [["A man."]])
        alone = teacher.embed_images(pixels[2:3], [RGB])
    assert features.shape == (4, 32)
    taken = 0
    for feature, chat, pictures in zip(
        features, teacher.conversation.for_groups(shown, said), shown, strict=True
    ):
        own = pixels[taken : taken + len(pictures)] if pictures else None
        taken += len(pictures)
        assert (feature - transformers_hidden(teacher, chat, own)[-1]).abs().max() < 1e-4
    torch.testing.assert_close(features[1:2], words_alone, atol=1e-5, rtol=0)
    torch.testing.assert_close(features[2:3], alone, atol=1e-5, rtol=0)


def test_captions_as_transformers_reads_them(teacher: Teacher) -> None:
    captions = ["A man in a red coat.", "a bag"]
    with torch.inference_mode():
        features = teacher.embed_captions(captions)
    for row, chat in enumerate(teacher.conversation.for_captions(captions)):
        assert (features[row] - transformers_hidden(teacher, chat, None)[-1]).abs().max() < 1e-4
    assert (features[0] - features[1]).abs().max() > 0.1


@pytest.mark.parametrize("prompts", [PAPER_PROMPTS, RELEASE_PROMPTS])
def test_a_beginning_that_was_read_before_gives_the_features_of_a_whole_reading(
    tiny: Any, prompts: Prompts
) -> None:
    teacher, pixels = tiny.teacher(prompts=prompts, text_budget=900), tiny.pixels(3)
    chats = teacher.conversation
    cases = [
        (chats.for_images([RGB, IR, SKETCH]), pixels),
        (chats.for_captions(["A man in a red coat.", "a bag"]), None),
        (chats.for_groups([[IR, RGB], [SKETCH]], [[], ["a bag"]]), pixels),
        (chats.for_groups([[], [SKETCH]], [["a bag", "x"], []]), pixels[:1]),
    ]
    for _ in range(2):
        for texts, seen in cases:
            with torch.inference_mode():
                visual = None if seen is None else teacher.see(seen)
                features = teacher.pool(texts, visual)
            with torch.no_grad():
                ids, lengths = chats.pad(texts)
                whole = teacher.read(ids, visual)[torch.arange(len(texts)), lengths - 1]
            torch.testing.assert_close(features, whole, atol=1e-5, rtol=1e-5)
    # The release opens a chat of words alone in other words than one with pictures.
    shared = prompts is PAPER_PROMPTS
    assert [len(chats.shared_beginning(texts)) > 50 for texts, _ in cases] == [True, True, True, shared]
    assert len(teacher._prefixes._known) == (3 if shared else 2)


def test_a_beginning_is_read_again_when_the_weights_have_changed(tiny: Any) -> None:
    teacher = tiny.teacher(prompts=PAPER_PROMPTS, text_budget=900)
    with torch.inference_mode():
        teacher.embed_captions(["a bag"])
    with torch.no_grad():
        teacher.backbone.language_model.layers[0].self_attn.k_proj.weight.mul_(-1)
    with torch.inference_mode():
        changed = teacher.embed_captions(["a bag"])
        fresh = Teacher(
            teacher.backbone, teacher.conversation.tokenizer, PAPER_PROMPTS, tiny.SIZE, text_budget=900
        ).eval()
        torch.testing.assert_close(changed, fresh.embed_captions(["a bag"]), atol=1e-6, rtol=0)
        with torch.autocast("cpu", torch.bfloat16):
            half = teacher.embed_captions(["a bag"])
    assert 0 < (half - changed).abs().max() < 0.2


def test_in_training_every_chat_is_read_whole(tiny: Any) -> None:
    teacher = tiny.teacher(prompts=PAPER_PROMPTS, text_budget=900).train()
    teacher.embed_captions(["a bag"])
    with torch.no_grad():
        teacher.embed_captions(["a bag"])
    teacher.eval().embed_captions(["a bag"])
    assert not teacher._prefixes._known


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
