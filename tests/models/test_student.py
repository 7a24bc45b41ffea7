import logging
from typing import Any

import pytest
import torch
from transformers import CLIPModel

from crossreid.core.modality import Modality
from crossreid.models.student import Student

RGB, IR, SKETCH = Modality.RGB, Modality.IR, Modality.SKETCH


@pytest.fixture
def student(tiny: Any) -> Student:
    return tiny.student()


def embed_all(student: Student, tiny: Any) -> dict[Modality, torch.Tensor]:
    with torch.inference_mode():
        seen = student.embed_images(tiny.pixels(3), [RGB, IR, SKETCH])
        read = student.embed_captions(["a man in a red coat"])
    return dict(zip((RGB, IR, SKETCH, Modality.TEXT), [*seen, *read], strict=True))


@pytest.mark.parametrize("modality", list(Modality))
def test_each_modality_has_its_own_head(student: Student, tiny: Any, modality: Modality) -> None:
    before = embed_all(student, tiny)
    with torch.no_grad():
        student.heads.get_parameter(f"{modality.value}.weight")[0] += 1
    after = embed_all(student, tiny)
    changed = {kind for kind in Modality if (before[kind] - after[kind]).abs().max() > 1e-3}
    assert changed == {modality}


def test_a_mixed_batch_equals_one_by_one(tiny: Any) -> None:
    student = tiny.student(dim=20)  # heads that differ from each other
    pixels, modalities = tiny.pixels(4), [SKETCH, RGB, IR, RGB]
    with torch.inference_mode():
        together = student.embed_images(pixels, modalities)
        single = [student.embed_images(pixels[i : i + 1], [modalities[i]]) for i in range(4)]
    torch.testing.assert_close(together, torch.cat(single), atol=1e-5, rtol=0)


def test_features_are_unit_vectors_of_the_asked_width(tiny: Any) -> None:
    student = tiny.student(dim=20)
    for feature in embed_all(student, tiny).values():
        assert feature.shape == (20,)
        assert float(feature.norm()) == pytest.approx(1, abs=1e-5)


def test_a_student_nobody_trained_embeds_as_its_clip(tiny: Any) -> None:
    clip: CLIPModel = tiny.clip()
    student = Student(clip, tiny.tokenizer(), tiny.SIZE, dim=32)
    captions, pixels = ["a man", "a woman with a blue bag"], tiny.pixels(2)
    ids = student.tokenize(captions)
    with torch.inference_mode():
        words = clip.text_projection(clip.text_model(ids).pooler_output)
        seen = clip.visual_projection(clip.vision_model(pixels, interpolate_pos_encoding=True).pooler_output)
        for expected, feature in (
            (words, student.embed_captions(captions)),
            (seen, student.embed_images(pixels, [IR, SKETCH])),
        ):
            torch.testing.assert_close(expected / expected.norm(dim=1, keepdim=True), feature)


def test_heads_of_another_width_are_drawn_by_the_seed(tiny: Any) -> None:
    first, again, other = tiny.student(dim=20), tiny.student(dim=20), tiny.student(dim=20, seed=1)
    weight = first.heads.get_parameter("rgb.weight")
    assert torch.equal(weight, again.heads.get_parameter("rgb.weight"))
    assert not torch.equal(weight, other.heads.get_parameter("rgb.weight"))
    assert not torch.equal(weight, first.heads.get_parameter("ir.weight"))


def test_a_higher_picture_than_the_backbones_is_seen_whole(student: Student, tiny: Any) -> None:
    # The backbone's own size is 56 x 56; the student's 84 x 56 has two more rows of patches.
    pixels = tiny.pixels(1)
    lower = pixels.clone()
    lower[:, :, 56:] = 0
    with torch.inference_mode():
        difference = student.embed_images(pixels, [RGB]) - student.embed_images(lower, [RGB])
    assert difference.abs().max() > 1e-2


def test_tokens_end_with_the_pooled_one_and_fill_up_with_it(student: Student) -> None:
    end = student.tokenizer.eos_token_id
    short, long = student.tokenize(["a man", "a man in a red coat"]).tolist()
    content = student.tokenizer("a man", add_special_tokens=False)["input_ids"]
    assert short[0] == student.tokenizer.bos_token_id or student.tokenizer.bos_token_id is None
    assert short[-len(short) + len(content) :] == [end] * (len(short) - len(content))
    assert long[-1] == end
    assert long.count(end) == 1


def test_over_long_captions_are_cut_before_their_end_token(
    student: Student, caplog: pytest.LogCaptureFixture
) -> None:
    end = student.tokenizer.eos_token_id
    with caplog.at_level(logging.WARNING):
        student.tokenize(["a woman with a blue bag " * 20])
        (ids,) = student.tokenize(["a woman with a blue bag " * 20]).tolist()
    assert len(ids) == 24  # max_position_embeddings
    assert ids.index(end) == 23
    assert [record.getMessage() for record in caplog.records] == [
        "1 of 1 captions are longer than 24 tokens and were cut"
    ]


def test_what_follows_the_end_token_changes_nothing(student: Student) -> None:
    with torch.inference_mode():
        alone = student.embed_captions(["a man"])
        padded = student.embed_captions(["a man", "somebody tall in a red coat"])[:1]
    torch.testing.assert_close(alone, padded, atol=1e-5, rtol=0)


def test_special_tokens_in_a_caption_are_plain_letters(student: Student) -> None:
    (ids,) = student.tokenize(["a<|endoftext|>man"]).tolist()
    assert ids.count(student.tokenizer.eos_token_id) == 1
