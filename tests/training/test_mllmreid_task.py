"""MLLMReID's losses: what is learnt, by which parameters, and at which weights."""

from typing import Any

import pytest
import torch
from torch import Tensor

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.lora import HierarchicalLora
from crossreid.models.mllmreid_prompts import COMMON, DIVERSE, split_caption
from crossreid.training.config import MllmreidWeights, ReidWeights
from crossreid.training.tasks.mllmreid import MllmreidTask
from crossreid.training.tasks.mllmreid_alignment import AlignmentTask
from crossreid.training.tasks.mllmreid_language import answer_loss

LORA = HierarchicalLora(rank=2, scaling=4.0, dense=2, towers=("language",))
FOUR = {"visual_identity", "visual_triplet", "latent_identity", "latent_triplet"}


def make(tiny: Any, *, modalities: tuple[str, ...] = ("rgb",), seed: int = 0, **weights: Any) -> MllmreidTask:
    """Groups as in `tiny.batch`: three pictures and a caption each, the captions last."""
    groups = torch.tensor([row // 3 for row in range(18)] + list(range(6)))
    return MllmreidTask(
        tiny.llava(),
        LORA,
        groups,
        people=3,
        modalities=[Modality(name) for name in modalities],
        weights=MllmreidWeights(**weights),
        reid_weights=ReidWeights(),
        vision_rate=0.1,
        seed=seed,
    ).train()


def gradients(task: MllmreidTask, loss: Tensor) -> dict[str, bool]:
    """Which parts get a gradient."""
    task.zero_grad()
    loss.backward()
    found: dict[str, bool] = {}
    for name, parameter in task.named_parameters():
        part = next(p for p in ("lora_", "vision_tower", "projector", "matching", "") if p in name)
        moved = parameter.grad is not None and bool(parameter.grad.abs().max() > 0)
        found[part] = found.get(part, False) or moved
    return found


def test_adapters_projector_vision_tower_and_classifiers_are_trained(tiny: Any) -> None:
    task = make(tiny)
    trained = {name for name, parameter in task.named_parameters() if parameter.requires_grad}
    lora = {name for name in trained if "lora_" in name}
    assert len(lora) == 2 * 7 * 2  # blocks x layers x (A and B)
    assert all("language_model" in name for name in lora)
    rest = trained - lora
    assert all(any(p in name for p in ("vision_tower", "projector", "matching")) for name in rest)
    slow, fast = task.parameter_groups(0.5)[1], task.parameter_groups(0.5)[0]
    assert (slow["lr"], fast["lr"]) == (0.05, 0.5)
    assert {id(p) for p in slow["params"]} == {id(p) for p in task.model.vision.parameters()}
    given = {id(p) for group in (slow, fast) for p in group["params"]}
    assert given == {id(parameter) for parameter in task.parameters() if parameter.requires_grad}
    frozen = {"lm_head.weight", "embed_tokens.weight"}
    assert not [name for name in trained if name.endswith(tuple(frozen))]


@pytest.mark.parametrize(("on", "shares"), [("lm", (0.7, 0.3)), ("reid", (0.3, 0.7))])
def test_lambda_weighs_the_side_that_it_is_on(tiny: Any, on: str, shares: tuple[float, float]) -> None:
    with torch.no_grad():
        losses = make(tiny, lambda_on=on)(tiny.batch(), progress=0.0)
    found = {name: float(loss) for name, loss in losses.items()}
    assert set(found) == {"total", "lm", "reid", "picture", "words", *FOUR}
    assert found["lm"] == pytest.approx(found["picture"] + found["words"], rel=1e-5)
    assert found["reid"] == pytest.approx(sum(found[name] for name in FOUR), rel=1e-5)
    assert found["total"] == pytest.approx(shares[0] * found["lm"] + shares[1] * found["reid"], rel=1e-5)


def test_the_losses_of_words_are_transformers_own(tiny: Any) -> None:
    size = Preprocessing(56, 56)
    model = tiny.llava(size=size)
    pixels = tiny.pixels(1, size=size)
    question = model.chats.about_picture(COMMON.words, image_tokens=16)
    answer = model.chats.answer("in a red coat")
    labels = torch.tensor([[-100] * len(question) + answer])
    with torch.no_grad():
        _, tokens = model.see(pixels)
        found, _, _ = answer_loss(model, [question], [answer], tokens)
        ids = torch.tensor([question + answer])
        expected = model.llava(input_ids=ids, pixel_values=pixels, labels=labels).loss
    assert float(found) == pytest.approx(float(expected), rel=1e-5)


def test_the_mean_is_over_tokens_and_not_over_rows(tiny: Any) -> None:
    model = tiny.llava()
    chats = model.chats
    asked = [chats.about_words(COMMON.words, words) for words in ("a man", "somebody in a red coat")]
    answers = [chats.answer("runs"), chats.answer("with a blue bag and white shoes")]
    with torch.no_grad():
        both = answer_loss(model, asked, answers, None)[0]
        alone = [
            answer_loss(model, [ask], [answer], None)[0] for ask, answer in zip(asked, answers, strict=True)
        ]
        none = answer_loss(model, asked, [[], []], None)[0]
        some = answer_loss(model, asked, [answers[0], []], None)[0]
    lengths = [len(answer) for answer in answers]
    mean = sum(n * float(loss) for n, loss in zip(lengths, alone, strict=True)) / sum(lengths)
    assert float(both) == pytest.approx(mean, rel=1e-4)
    assert float(none) == 0.0
    assert float(some) == pytest.approx(float(alone[0]), rel=1e-4)


def test_both_halves_of_common_instruction_ask_for_the_same_words(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[list[list[int]], list[list[int]]]] = []

    def watch(model: Any, questions: Any, answers: Any, tokens: Any) -> Any:
        seen.append((questions, answers))
        return answer_loss(model, questions, answers, tokens)

    monkeypatch.setattr("crossreid.training.tasks.mllmreid.answer_loss", watch)
    task = make(tiny)
    batch = tiny.batch()
    task(batch, progress=0.0)
    (pictures, of_pictures), (words, of_words) = seen
    tokenizer: Any = task.model.tokenizer
    # Three pictures of each of six groups; a caption for each picture.
    assert of_pictures == of_words
    assert len(of_pictures) == 18
    for row in (0, 4, 17):
        beginning, rest = split_caption(batch.captions[row // 3], 0.5)
        assert tokenizer.decode(of_pictures[row]) == f" {rest}<|endoftext|>"
        assert tokenizer.decode(words[row]) == f"USER: {COMMON.words}\n{beginning} ASSISTANT:"
        assert pictures[row] == pictures[0]


def test_what_reaches_which_part(tiny: Any) -> None:
    batch = tiny.batch()
    task = make(tiny)
    losses = task(batch, progress=0.0)
    everything = dict.fromkeys(("lora_", "vision_tower", "projector", "matching"), True)
    assert gradients(task, losses["total"]) | {"": False} == everything | {"": False}
    # SyncReID: the language model is not asked at all where L_LM has no weight.
    alone = make(tiny, reid="visual", lambda_value=0.0)
    losses = alone(batch, progress=0.0)
    assert set(losses) == {"total", "lm", "reid", "visual_identity", "visual_triplet"}
    found = gradients(alone, losses["total"])
    assert found["vision_tower"]
    assert found["matching"]
    assert not found["lora_"]
    assert not found["projector"]
    # Words alone: the vision tower learns through the language model.
    told = make(tiny, reid="none")
    losses = told(batch, progress=0.0)
    assert set(losses) == {"total", "lm", "reid", "picture", "words"}
    found = gradients(told, losses["picture"])
    assert found["vision_tower"]
    assert found["projector"]
    # DirectReID: identities reach the language model and the vision tower without any words.
    direct = make(tiny, lambda_value=0.0)
    losses = direct(batch, progress=0.0)
    assert float(losses["lm"].detach()) == 0.0
    found = gradients(direct, losses["latent_identity"])
    assert found["lora_"]
    assert found["vision_tower"]


def test_diverse_instructions_are_drawn_by_seed_and_batch(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    task, same, other = (
        make(tiny, instructions="diverse"),
        make(tiny, instructions="diverse"),
        make(tiny, instructions="diverse", seed=1),
    )
    first = task._ask(40)
    assert first == same._ask(40) != other._ask(40)
    assert len({one.words for one in first}) > 6
    losses = task(tiny.batch(), progress=0.0)
    assert "words" not in losses
    assert losses["lm"] == losses["picture"]
    assert int(task.batches) == 1
    assert task._ask(40) != first
    assert task.model.instruction == DIVERSE[0].words
    assert make(tiny).model.instruction == COMMON.words
    task.eval()
    task(tiny.batch(), progress=0.0)
    assert int(task.batches) == 1


def test_other_pictures_are_described_but_not_told_apart(tiny: Any) -> None:
    from crossreid.training.tasks.mllmreid import replace

    task, batch = make(tiny), tiny.batch()
    visual, _ = task.model.see(batch.pixel_values)
    features, items = task._told_apart("visual", visual, None, batch)
    rows = [row for row, kind in enumerate(batch.modalities) if kind == Modality.RGB]
    assert torch.equal(features, visual[rows])
    assert items.person_ids.tolist() == [batch.person_ids[row] for row in rows]
    assert set(items.modalities) == {Modality.RGB}
    silent = replace(
        batch,
        captions=(),
        modalities=batch.modalities[:18],
        person_ids=batch.person_ids[:18],
        rows=batch.rows[:18],
    )
    losses = task(silent, progress=0.0)
    assert float(losses["lm"].detach()) == 0.0
    assert float(losses["reid"].detach()) > 0


def test_captions_are_told_apart_by_the_latent_feature(tiny: Any) -> None:
    task, batch = make(tiny, modalities=("rgb", "text")), tiny.batch()
    latent = torch.zeros(18, task.model.latent_dim)
    visual = torch.zeros(18, task.model.vision_dim)
    features, items = task._told_apart("latent", visual, latent, batch)
    assert items.modalities == (*[Modality.RGB] * 6, *[Modality.TEXT] * 6)
    torch.testing.assert_close(features[6:], task.model.read_captions(batch.captions))
    features, items = task._told_apart("visual", visual, latent, batch)
    assert set(items.modalities) == {Modality.RGB}
    assert "latent_identity" in task(batch, progress=0.0)


def test_merging_keeps_what_was_learned(tiny: Any) -> None:
    task, batch = make(tiny), tiny.batch()
    optimiser = torch.optim.SGD(task.parameter_groups(0.2))
    before = task.model.see(batch.pixel_values)[0].detach()
    task(batch, progress=0.0)["total"].backward()
    optimiser.step()
    task.eval()
    task.model.feature = "latent"
    with torch.no_grad():
        learned = task.model.embed_images(batch.pixel_values, batch.visual_modalities)
        merged = task.merge()
        after = merged.embed_images(batch.pixel_values, batch.visual_modalities)
        assert (merged.see(batch.pixel_values)[0] - before).abs().max() > 1e-4
    torch.testing.assert_close(after, learned, atol=1e-4, rtol=1e-3)
    assert not [name for name, _ in merged.named_parameters() if "lora" in name]


def test_adapters_belong_to_the_language_model(tiny: Any) -> None:
    with pytest.raises(ConfigurationError, match="expected the language model alone"):
        MllmreidTask(
            tiny.llava(),
            HierarchicalLora(),
            torch.zeros(3, dtype=torch.long),
            people=2,
            modalities=[Modality.RGB],
            weights=MllmreidWeights(),
            reid_weights=ReidWeights(),
        )


def test_an_alignment_teaches_everything_but_the_vision_tower(tiny: Any) -> None:
    from crossreid.training.batches import Batch

    model = tiny.llava()
    task = AlignmentTask(model, contrast=2.0).train()
    captions = tuple(tiny.WORDS)
    batch = Batch(
        pixel_values=tiny.pixels(3),
        captions=captions,
        modalities=(*[Modality.RGB] * 3, *[Modality.TEXT] * 3),
        person_ids=torch.tensor([0, 1, 2] * 2),
        rows=torch.arange(6),
    )
    optimiser = torch.optim.AdamW(task.parameter_groups(3e-3))
    seen = [parameter.clone() for parameter in model.vision.parameters()]
    history, losses = [], task(batch, progress=0.0)
    for _ in range(12):
        losses = task(batch, progress=0.0)
        optimiser.zero_grad()
        losses["total"].backward()
        optimiser.step()
        history.append(float(losses["total"].detach()))
    assert history[-1] < 0.7 * history[0]
    found = {name: float(loss.detach()) for name, loss in losses.items()}
    assert found["total"] == pytest.approx(found["picture"] + found["text"] + 2 * found["contrast"], rel=1e-5)
    assert found["accuracy"] == 1.0
    assert all(torch.equal(a, b) for a, b in zip(seen, model.vision.parameters(), strict=True))
