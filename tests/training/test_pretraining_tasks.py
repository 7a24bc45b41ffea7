import math
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy, normalize
from transformers import CLIPModel, Qwen2VLForConditionalGeneration
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from crossreid.core.modality import Modality
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher
from crossreid.training.batches import CaptionedBatch
from crossreid.training.tasks.attributes import AttributeRecognition
from crossreid.training.tasks.captioning import CaptioningTask
from crossreid.training.tasks.contrast import contrast, matched
from crossreid.training.tasks.contrastive import ContrastiveTask

CAPTIONS = ("a man with a bag", "a long grey coat", "somebody tall with white shoes")
ANSWERS = ("A man in a red coat.", "grey trousers.")
KINDS = (Modality.RGB, Modality.IR, Modality.SKETCH)
ANSWERED = (0, 2)
SIZES = (2, 3)
LABELS = torch.tensor([[0, 2], [1, 0]])
"""Two photographs of people and a drawing; the first and the last picture are talked about."""
PLAIN: Any = {"attributes": 1.0, "tagging_share": 0.0, "attribute_sizes": SIZES}
WEIGHTED: Any = PLAIN | {"attributes": 4.0}
TAGGING: Any = WEIGHTED | {"tagging_share": 0.5}


@pytest.fixture
def teacher(tiny: Any) -> Teacher:
    return tiny.teacher()


@pytest.fixture
def batch(tiny: Any) -> CaptionedBatch:
    return CaptionedBatch(tiny.pixels(3), CAPTIONS, KINDS, LABELS, ANSWERED, ANSWERS)


def reference(teacher: Teacher, ids: list[int], first: int, pixels: torch.Tensor | None) -> float:
    """transformers' own loss of one chat, whose tokens from `first` on are labelled; mean over them."""
    config: Any = teacher.backbone.config
    captioner: Any = Qwen2VLForConditionalGeneration(config)
    captioner.model.load_state_dict(teacher.backbone.state_dict())
    captioner.tie_weights()
    tokens = torch.tensor([ids])
    labels = tokens.clone()
    labels[:, :first] = -100
    extra: dict[str, Any] = {}
    if pixels is not None:
        processor = Qwen2VLImageProcessorPil(do_resize=False, do_rescale=False, do_normalize=False)
        extra = dict(processor([pixels.numpy()], input_data_format="channels_first", return_tensors="pt"))
    with torch.no_grad():
        output = captioner(
            input_ids=tokens,
            attention_mask=torch.ones_like(tokens),
            labels=labels,
            mm_token_type_ids=(tokens == teacher.backbone.config.image_token_id).int(),
            **extra,
        )
    return float(output.loss)


def answered_chats(teacher: Teacher, batch: CaptionedBatch) -> list[tuple[list[int], int]]:
    """Of everyone talked about: tokens of question, answer and end, from the templates; length of the question."""
    tokenizer: Any = teacher.conversation.tokenizer
    chats = []
    prompts = teacher.conversation.prompts
    for row, answer in zip(batch.answered, batch.answers, strict=True):
        asked = prompts.ask_about_image(batch.modalities[row])
        question = prompts.head(images=1, tokens_per_image=6) + asked
        ids = tokenizer(question + prompts.tail)["input_ids"]
        chats.append((ids + tokenizer(answer + "<|im_end|>")["input_ids"], len(ids)))
    return chats


def test_losses_are_those_of_transformers_on_the_same_tokens(teacher: Teacher, batch: CaptionedBatch) -> None:
    with torch.no_grad():
        losses = CaptioningTask(teacher, contrast=0.0, **PLAIN)(batch, progress=0.0)
    chats = answered_chats(teacher, batch)
    sums = [
        reference(teacher, ids, first, batch.pixel_values[row]) * (len(ids) - first)
        for row, (ids, first) in zip(ANSWERED, chats, strict=True)
    ]
    picture = sum(sums) / sum(len(ids) - first for ids, first in chats)
    assert float(losses["picture"]) == pytest.approx(picture, rel=1e-4)
    told = teacher.conversation.for_captions(batch.captions)
    sums = [reference(teacher, ids, 1, None) * (len(ids) - 1) for ids in told]
    text = sum(sums) / sum(len(ids) - 1 for ids in told)
    assert float(losses["text"]) == pytest.approx(text, rel=1e-4)
    assert float(losses["total"]) == pytest.approx(picture + text, rel=1e-4)


def test_only_the_answers_of_pictures_chats_are_learned(teacher: Teacher, batch: CaptionedBatch) -> None:
    """The states that the loss reads are those that foretell an answer's tokens and its end."""
    gradients: list[torch.Tensor] = []

    def watch(_module: Any, _arguments: Any, output: Any) -> None:
        output.last_hidden_state.register_hook(gradients.append)

    task = CaptioningTask(teacher, contrast=0.0, **PLAIN)
    with teacher.backbone.language_model.register_forward_hook(watch):
        task(batch, progress=0.0)["picture"].backward()
    touched = [
        row.nonzero().flatten().tolist() for gradient in gradients for row in gradient.abs().amax(dim=-1)
    ]
    expected = [list(range(first - 1, len(ids) - 1)) for ids, first in answered_chats(teacher, batch)]
    assert sorted(filter(None, touched)) == sorted(expected)


def test_contrast_and_attributes_are_of_what_embeds_and_of_glances(
    teacher: Teacher, batch: CaptionedBatch
) -> None:
    task = CaptioningTask(teacher, contrast=0.5, **WEIGHTED)
    with torch.no_grad():
        losses = task(batch, progress=0.0)
        seen = teacher.embed_images(batch.pixel_values, batch.modalities)
        heard = teacher.embed_captions(batch.captions)
        glances = teacher.see(batch.pixel_values).unflatten(0, (3, 6)).mean(dim=1)
        contrasts = sum(contrast(pictures, heard, task.logit_scale) for pictures in (seen, glances))
        attributes = sum(task.recognise([view[:2], heard[:2]], LABELS) for view in (seen, glances))
    torch.testing.assert_close(losses["contrast"], contrasts, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(losses["attributes"], attributes, rtol=1e-3, atol=1e-4)
    told = float(losses["picture"]) + float(losses["text"])
    total = told + 0.5 * (float(contrasts) + 4 * float(attributes))
    assert float(losses["total"]) == pytest.approx(total, rel=1e-3)
    assert float(losses["accuracy"]) == pytest.approx(float(matched(heard, seen)))


def test_all_of_the_captioner_learns(teacher: Teacher, batch: CaptionedBatch) -> None:
    task = CaptioningTask(teacher, contrast=1.0, **PLAIN)
    task(batch, progress=0.0)["total"].backward()
    assert not [name for name, parameter in task.named_parameters() if parameter.grad is None]
    decayed, spared = task.parameter_groups(0.1)
    assert {parameter.ndim for parameter in spared["params"]} <= {0, 1}
    assert min(parameter.ndim for parameter in decayed["params"]) > 1
    assert spared["weight_decay"] == 0.0
    assert len(decayed["params"]) + len(spared["params"]) == len(list(task.parameters()))


def trained(task: torch.nn.Module) -> set[str]:
    """Names of the parts of the model that have a gradient."""
    return {
        name.split(".")[2] if name.startswith("teacher.") else name.split(".")[1]
        for name, parameter in task.named_parameters()
        if parameter.grad is not None
    }


def test_at_first_the_captioner_s_tower_alone_learns_attributes(
    teacher: Teacher, batch: CaptionedBatch
) -> None:
    task = CaptioningTask(teacher, contrast=0.5, **TAGGING)
    losses = task(batch, progress=0.49)
    glances = teacher.see(batch.pixel_values[:2]).unflatten(0, (2, 6)).mean(dim=1)
    expected = task.recognise([glances], LABELS)
    torch.testing.assert_close(losses["attributes"], expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(losses["total"], 0.5 * 4 * expected, rtol=1e-4, atol=1e-5)
    losses["total"].backward()
    assert trained(task) == {"visual", "classify"}
    assert "picture" in task(batch, progress=0.5)


def _info_nce(first: torch.Tensor, second: torch.Tensor, scale: float) -> float:
    cosines = normalize(first, dim=1) @ normalize(second, dim=1).T * scale
    right = torch.arange(len(cosines))
    return float(cross_entropy(cosines, right) + cross_entropy(cosines.T, right)) / 2


def test_the_contrast_is_the_mean_of_plain_and_standardised_features() -> None:
    generator = torch.Generator().manual_seed(0)
    seen, heard = (torch.randn(5, 6, generator=generator) + 2 for _ in range(2))
    centred = [(v - v.mean(dim=0)) / (v.var(dim=0, correction=0) + 1e-5).sqrt() for v in (seen, heard)]
    expected = (_info_nce(seen, heard, scale=3.0) + _info_nce(centred[0], centred[1], scale=3.0)) / 2
    assert float(contrast(seen, heard, torch.tensor(3.0).log())) == pytest.approx(expected, rel=1e-4)


def test_the_scale_of_the_contrast_has_a_ceiling_of_100() -> None:
    seen, heard = torch.eye(3), torch.eye(3).roll(1, dims=0)
    first, second, third = (float(contrast(seen, heard, torch.tensor(scale))) for scale in (4.0, 4.7, 9.0))
    assert first != second == third


def test_attributes_are_classified_by_one_map_for_all_views() -> None:
    recognise = AttributeRecognition(2, SIZES)
    with torch.no_grad():
        recognise.classify.weight.copy_(torch.tensor([[1.0, 0], [0, 1], [0, 0], [0, 0], [0, 0]]))
        recognise.classify.bias.zero_()
    first, second = torch.tensor([[2.0, 0], [0, 2], [0, 2]]), torch.tensor([[0.0, 2], [0, 2], [0, 2]])
    labels = torch.tensor([[0, 2], [1, 0], [1, 1]])
    # Cross entropies of the two values of the first attribute, where it is seen and where it is not.
    right, wrong = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))
    expected = ((5 * right + wrong) / 6 + math.log(3)) / 2
    assert recognise([first, second], labels).item() == pytest.approx(expected, rel=1e-5)


def test_accuracy_counts_nearest_partners() -> None:
    queries = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]])
    gallery = torch.tensor([[2.0, 0.0], [0.0, 9.0], [-1.0, 0.0]])
    assert float(matched(queries, gallery)) == pytest.approx(2 / 3)


@pytest.fixture
def clip(tiny: Any) -> CLIPModel:
    return tiny.clip()


def test_clip_is_contrasted_by_its_own_features(clip: CLIPModel, batch: CaptionedBatch, tiny: Any) -> None:
    student = Student(clip, tiny.tokenizer(), tiny.SIZE, dim=32)
    model: Any = clip
    with torch.no_grad():
        task = ContrastiveTask(clip, student, **WEIGHTED)
        losses = task(batch, progress=0.0)
        pictures = model.get_image_features(pixel_values=batch.pixel_values, interpolate_pos_encoding=True)
        words = model.get_text_features(input_ids=student.tokenize(CAPTIONS)).pooler_output
        seen = pictures.pooler_output
        contrasts = contrast(seen, words, clip.logit_scale)
        attributes = task.recognise([seen[:2], words[:2]], LABELS)
    torch.testing.assert_close(losses["contrast"], contrasts, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(losses["attributes"], attributes, rtol=1e-4, atol=1e-4)
    total = contrasts + 4 * attributes
    torch.testing.assert_close(losses["total"], total, rtol=1e-4, atol=1e-4)
    assert float(losses["accuracy"]) == pytest.approx(float(matched(words, seen)))


def test_at_first_clip_s_tower_alone_learns_attributes(
    clip: CLIPModel, batch: CaptionedBatch, tiny: Any
) -> None:
    model: Any = clip
    task = ContrastiveTask(clip, Student(clip, tiny.tokenizer(), tiny.SIZE, dim=32), **TAGGING)
    losses = task(batch, progress=0.49)
    pictures = model.get_image_features(pixel_values=batch.pixel_values[:2], interpolate_pos_encoding=True)
    expected = 4 * task.recognise([pictures.pooler_output], LABELS)
    torch.testing.assert_close(losses["total"], expected, rtol=1e-4, atol=1e-5)
    losses["total"].backward()
    assert trained(task) == {"vision_model", "visual_projection", "classify"}
    assert "contrast" in task(batch, progress=0.5)


def test_contrast_trains_temperature_and_projections(
    clip: CLIPModel, batch: CaptionedBatch, tiny: Any
) -> None:
    student = Student(clip, tiny.tokenizer(), tiny.SIZE, dim=32)
    task = ContrastiveTask(clip, student, **PLAIN)
    task(batch, progress=0.0)["total"].backward()
    assert not [name for name, parameter in task.named_parameters() if parameter.grad is None]
    assert not [name for name, _ in task.named_parameters() if "heads" in name]
