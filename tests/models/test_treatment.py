from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from crossreid.core.errors import CheckpointError, ConfigurationError
from crossreid.core.modality import Modality
from crossreid.data.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing
from crossreid.models.presets import RELEASE
from crossreid.models.prompts import PAPER_PROMPTS, RELEASE_PROMPTS, TINY_PROMPTS, Prompts
from crossreid.models.treatment import treat


def test_nothing_asked_for_changes_nothing(tiny: Any) -> None:
    for model in (tiny.teacher(), tiny.student()):
        with torch.inference_mode():
            before = model.embed_images(tiny.pixels(1), [Modality.IR])
            after = treat(model, treatment=None, height=None, width=None).embed_images(
                tiny.pixels(1), [Modality.IR]
            )
        assert torch.equal(before, after)


def test_a_named_treatment_keeps_the_weights_and_replaces_the_rest(tiny: Any) -> None:
    teacher = tiny.teacher()
    treated = treat(teacher, treatment="release", height=None, width=None)
    assert treated.backbone is teacher.backbone
    assert (treated.preprocessing, treated.rows, treated.columns) == (RELEASE.teacher, 12, 7)
    assert (treated.conversation.prompts, treated.conversation.text_budget) == (RELEASE_PROMPTS, 165)
    assert (
        treat(tiny.student(), treatment="release", height=None, width=None).preprocessing == RELEASE.student
    )


def test_the_paper_s_edge_test_sees_392_by_140(tiny: Any) -> None:
    student = treat(tiny.student(), treatment="paper", height=392, width=None)
    assert (student.preprocessing.height, student.preprocessing.width) == (392, 140)
    pixels = torch.randn(1, 3, 392, 140, generator=torch.Generator().manual_seed(0))
    lower = pixels.clone()
    lower[:, :, 280:] = 0
    with torch.inference_mode():
        difference = student.embed_images(pixels, [Modality.RGB]) - student.embed_images(
            lower, [Modality.RGB]
        )
    assert difference.abs().max() > 1e-2


@pytest.mark.parametrize("kind", ["teacher", "student"])
def test_a_size_that_patches_do_not_fill_is_refused(tiny: Any, kind: str) -> None:
    with pytest.raises(ConfigurationError, match=r"90 x 56 px; expected multiples of"):
        treat(getattr(tiny, kind)(), treatment=None, height=90, width=None)


def test_lanczos_is_pillow_s(tiny: Any) -> None:
    picture = np.random.default_rng(0).integers(0, 256, size=(50, 31, 3), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(picture).resize((56, 84), Image.Resampling.LANCZOS))
    resized = Preprocessing(84, 56, resampling="lanczos").resize(picture)
    np.testing.assert_array_equal(resized, expected)
    assert (resized != Preprocessing(84, 56).resize(picture)).any()


def test_only_another_filter_is_written(tiny: Any) -> None:
    usual, other = Preprocessing(84, 56), Preprocessing(84, 56, IMAGENET_MEAN, IMAGENET_STD, "lanczos")
    assert set(usual.to_dict()) == {"height", "width", "mean", "std"}
    assert other.to_dict()["resampling"] == "lanczos"
    for size in (usual, other):
        assert Preprocessing.from_dict(size.to_dict()) == size
    with pytest.raises(CheckpointError, match="bicubic or lanczos"):
        Preprocessing.from_dict(usual.to_dict() | {"resampling": "nearest"})


def test_only_what_differs_from_the_usual_prompts_is_written() -> None:
    assert set(TINY_PROMPTS.to_dict()) == {"system", "visual", "text"}
    assert set(RELEASE_PROMPTS.to_dict()) == {
        "system",
        "visual",
        "text",
        "system_without_picture",
        "turn_end",
    }
    for prompts in (TINY_PROMPTS, PAPER_PROMPTS, RELEASE_PROMPTS):
        assert Prompts(**prompts.to_dict()) == prompts


def test_the_release_s_chats_to_the_letter() -> None:
    picture = RELEASE_PROMPTS.head(images=1, tokens_per_image=1) + "?" + RELEASE_PROMPTS.tail
    assert picture.endswith("matching.<|im_end|>\n<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>"
                            "?<|im_end|><|im_start|>assistant\n")  # fmt: skip
    words = RELEASE_PROMPTS.head(images=0, tokens_per_image=1)
    assert words.endswith("multimodal matching..<|im_end|>\n<|im_start|>user\n")
