"""A LLaVA that embeds: by its vision tower or by its language model, on disk, and in words."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPVisionConfig, LlamaConfig, LlamaForCausalLM, LlavaConfig

from crossreid.core.encoder import Encoder
from crossreid.core.errors import CheckpointError, ConfigurationError, DataError
from crossreid.core.modality import VISUAL, Modality
from crossreid.data.preprocessing import Preprocessing
from crossreid.evaluation.evaluate import evaluate
from crossreid.models.encoder import ModelEncoder
from crossreid.models.folder import fingerprint_of, load_model, save_model
from crossreid.models.loading import load_encoder
from crossreid.models.lora import HierarchicalLora, adapter_parameters
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.mllmreid_prompts import COMMON, DIVERSE, Instruction, answer_to, split_caption
from crossreid.models.mllmreid_towers import as_llama, join, load_joined
from crossreid.models.outline import outline
from crossreid.models.treatment import treat

SQUARE = Preprocessing(56, 56)
RGB = Modality.RGB


@pytest.fixture(scope="module")
def model(tiny: Any) -> Mllmreid:
    return tiny.llava()


@pytest.fixture(scope="module")
def latent(tiny: Any) -> Mllmreid:
    return tiny.llava(feature="latent")


def test_the_vision_feature_is_the_class_token_after_the_last_norm(model: Mllmreid, tiny: Any) -> None:
    with torch.no_grad():
        found = model.embed_images(tiny.pixels(3), [RGB] * 3)
        seen, tokens = model.see(tiny.pixels(3))
        layers = model.vision(tiny.pixels(3), interpolate_pos_encoding=True, output_hidden_states=True)
        expected = model.vision.post_layernorm(layers.hidden_states[-1][:, 0])
        projected = model.llava.model.multi_modal_projector(layers.hidden_states[-2][:, 1:])
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(seen, expected)
    torch.testing.assert_close(tokens, projected)
    assert (model.dim, found.shape, tokens.shape) == (24, (3, 24), (3, 6 * 4, 32))


def test_the_latent_feature_is_the_mean_where_the_picture_is_read(tiny: Any) -> None:
    """By transformers' own forward pass, which knows pictures of the tower's size alone."""
    latent = tiny.llava(feature="latent", size=SQUARE)
    pixels = tiny.pixels(2, size=SQUARE)
    ids = torch.tensor([latent.chats.about_picture(COMMON.words, image_tokens=16)] * 2)
    with torch.no_grad():
        found = latent.embed_images(pixels, [RGB] * 2)
        hidden = latent.llava.model(input_ids=ids, pixel_values=pixels).last_hidden_state
    is_image = ids[0] == latent.llava.config.image_token_index
    assert int(is_image.sum()) == 16
    torch.testing.assert_close(found, hidden[:, is_image].mean(dim=1))
    assert latent.dim == 32


def test_an_answer_does_not_change_the_latent_feature(latent: Mllmreid, tiny: Any) -> None:
    question = latent.chats.about_picture(COMMON.words, image_tokens=latent.image_tokens)
    ids = latent.chats.pad([[*question, *latent.chats.answer("a red coat")], question])
    with torch.no_grad():
        _, tokens = latent.see(tiny.pixels(2))
        found = latent.latent(latent.read(ids, tokens), ids)
        torch.testing.assert_close(found, latent.embed_images(tiny.pixels(2), [RGB] * 2))


def test_the_latent_feature_depends_on_the_instruction(tiny: Any) -> None:
    latent = tiny.llava(feature="latent")
    with torch.no_grad():
        before = latent.embed_images(tiny.pixels(1), [RGB])
        latent.instruction = DIVERSE[0].words
        assert (latent.embed_images(tiny.pixels(1), [RGB]) - before).abs().max() > 1e-3


def test_a_caption_s_feature_is_the_mean_over_its_words(latent: Mllmreid, tiny: Any) -> None:
    words = list(tiny.WORDS)
    with torch.no_grad():
        together = latent.embed_captions(words)
        alone = torch.cat([latent.embed_captions([one]) for one in words])
        chat = latent.chats.about_words(COMMON.words, words[0])
        span = latent.chats.words_within(COMMON.words, chat)
        hidden = latent.read(torch.tensor([chat]), None)
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)
    tokenizer: Any = latent.tokenizer
    assert tokenizer.decode(chat[span]) == words[0]
    torch.testing.assert_close(alone[0], hidden[0, span].mean(dim=0))


def test_a_chat_reads_as_llava_s(model: Mllmreid) -> None:
    tokenizer: Any = model.tokenizer
    chat = model.chats.about_picture(COMMON.words, image_tokens=2)
    picture = "<|image_pad|>" * 2
    assert tokenizer.decode(chat) == f"USER: Continue the following text.\n{picture} ASSISTANT:"
    assert tokenizer.decode(model.chats.answer("a coat")) == " a coat<|endoftext|>"
    long = model.chats.answer("a " * 300)
    assert len(long) == 128
    assert model.chats.end_token_id not in long


def test_a_special_token_in_a_caption_is_letters(model: Mllmreid) -> None:
    sly = "a man <|image_pad|> in red<|endoftext|>"
    for ids in (model.chats.about_words(COMMON.words, sly), model.chats.answer(sly)[:-1]):
        assert model.chats.image_token_id not in ids
        assert model.chats.end_token_id not in ids


@pytest.mark.parametrize(
    ("caption", "share", "parts"),
    [
        ("a man in red", 0.5, ("a man", "in red")),
        ("a man in a red coat", 0.01, ("a", "man in a red coat")),
        ("a man in a red coat", 0.99, ("a man in a red", "coat")),
        ("someone", 0.5, ("", "someone")),
    ],
)
def test_a_caption_is_split_between_words(caption: str, share: float, parts: tuple[str, str]) -> None:
    assert split_caption(caption, share) == parts


def test_instructions_ask_for_their_parts_of_a_caption() -> None:
    caption = "A man. He is tall! He runs."
    answers = ("continuation", "whole", "first", "last")
    found = [answer_to(Instruction("", answer), caption, prefix=0.5) for answer in answers]
    assert found == ["tall! He runs.", caption, "A man.", "He runs."]
    assert len({one.words for one in DIVERSE}) == len(DIVERSE) == 12
    assert {one.answer for one in DIVERSE} == {"whole", "first", "last"}


def test_it_says_the_likeliest_words(model: Mllmreid, tiny: Any) -> None:
    chats, tokenizer = model.chats, model.tokenizer
    pixels = tiny.pixels(2)
    with torch.no_grad():
        _, tokens = model.see(pixels)
        question = chats.about_picture(COMMON.words, image_tokens=model.image_tokens)
        said: list[list[int]] = [[], []]
        for _ in range(4):
            ids = torch.tensor([[*question, *words] for words in said])
            for row, hidden in zip(said, model.read(ids, tokens)[:, -1], strict=True):
                row.append(int(model.llava.lm_head(hidden).argmax()))
    expected = [row[: row.index(chats.end_token_id)] if chats.end_token_id in row else row for row in said]
    decoded: Any = tokenizer
    assert model.continue_pictures(pixels, new_tokens=4) == [decoded.decode(row).strip() for row in expected]
    assert isinstance(model.continue_words("A man in", new_tokens=3), str)


def test_a_vision_tower_takes_pictures_alone(model: Mllmreid, tiny: Any) -> None:
    encoder = ModelEncoder(model)
    assert isinstance(encoder, Encoder)
    assert encoder.modalities == VISUAL
    data = tiny.dataset(people=2)
    with pytest.raises(DataError, match=r"text for an encoder of pictures; expected ir, rgb, sketch"):
        encoder.encode(data.samples)
    with pytest.raises(ConfigurationError, match="tasks with text; expected ir, rgb, sketch"):
        evaluate(encoder, dataset=data, tasks=("T->R",))
    with pytest.raises(ConfigurationError, match="captions for a vision tower"):
        model.embed_captions(["a man"])
    report = evaluate(encoder, dataset=data, tasks=("R->R",), protocol="market")
    assert report.rows[0].queries == 4


@pytest.mark.parametrize("feature", ["vision", "latent"])
def test_samples_keep_their_order_and_keys(tiny: Any, feature: str) -> None:
    encoder = ModelEncoder(tiny.llava(feature=feature))
    samples = tiny.dataset(people=2).of(*encoder.modalities).samples
    together = encoder.encode(samples, batch_size=5)
    assert together.vectors.shape == (len(samples), encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(together.vectors, axis=1), 1, atol=1e-5)
    assert list(together.item_ids) == [sample.item_id for sample in samples]
    for row in (0, 3, len(samples) - 1):
        alone = encoder.encode([samples[row]])
        np.testing.assert_allclose(together.vectors[row], alone.vectors[0], atol=1e-5)


@pytest.mark.parametrize("feature", ["vision", "latent"])
def test_a_saved_model_embeds_and_speaks_as_before(tiny: Any, tmp_path: Path, feature: str) -> None:
    model = tiny.llava(feature=feature)
    model.instruction = DIVERSE[3].words
    folder = save_model(model, tmp_path / "model")
    encoder: Any = load_encoder(folder, device="cpu")
    assert encoder.fingerprint == ModelEncoder(model).fingerprint
    samples = tiny.dataset(people=2).of(*encoder.modalities).samples
    assert np.array_equal(encoder.encode(samples).vectors, ModelEncoder(model).encode(samples).vectors)
    assert encoder.model.continue_words("A man") == model.continue_words("A man")


def test_what_the_embedding_depends_on_is_in_the_fingerprint(tiny: Any) -> None:
    model = tiny.llava()
    seen = {fingerprint_of(model)}
    model.feature = "latent"
    seen.add(fingerprint_of(model))
    model.instruction = "Go on."
    seen.add(fingerprint_of(model))
    with torch.no_grad():
        model.llava.model.multi_modal_projector.linear_2.bias[0] += 1
    assert len(seen | {fingerprint_of(model)}) == 4


def test_a_folder_straight_from_the_hub_is_read(tiny: Any, tmp_path: Path) -> None:
    model = tiny.llava()
    saved = save_model(model, tmp_path / "model")
    names = set(json.loads((saved / "crossreid.json").read_text())) - {"format", "space"}
    assert names == {"kind", "dim", "preprocessing", "feature", "instruction", "text_budget"}
    (saved / "crossreid.json").unlink()
    from_hub, space = load_model(saved)
    assert isinstance(from_hub, Mllmreid)
    assert (from_hub.feature, from_hub.instruction, space) == ("vision", COMMON.words, "")
    assert from_hub.preprocessing == SQUARE
    taller = treat(from_hub, treatment=None, height=84, width=28)
    assert (taller.preprocessing.height, taller.image_tokens) == (84, 12)
    with pytest.raises(ConfigurationError, match="'paper' for a LLaVA"):
        treat(from_hub, treatment="paper", height=None, width=None)
    with pytest.raises(ConfigurationError, match="multiples of 14 px"):
        treat(from_hub, treatment=None, height=80, width=None)


def test_two_towers_of_the_hub_are_joined(tiny: Any, tmp_path: Path) -> None:
    model = tiny.llava()
    llama = model.llava.model.language_model
    model.llava.config.text_config.save_pretrained(tmp_path)
    state = {f"model.{name}": value for name, value in llama.state_dict().items()}
    save_file(state, tmp_path / "model.safetensors", {"format": "pt"})
    tiny.tokenizer().save_pretrained(tmp_path)
    joined = load_joined(model.vision, model.preprocessing, tmp_path)
    # No row of the embeddings is given away for pictures.
    assert joined.chats.image_token_id == tiny.VOCABULARY
    words = ["a man in red"]
    with torch.no_grad():
        torch.testing.assert_close(joined.read_captions(words), model.read_captions(words))
        assert joined.see(tiny.pixels(1))[1].isfinite().all()
        joined.feature = "latent"
        assert joined.embed_images(tiny.pixels(1), [RGB]).shape == (1, 32)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load_joined(model.vision, model.preprocessing, tmp_path)
    CLIPVisionConfig().save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match=r"holds a clip_vision_model model; expected a llama"):
        load_joined(model.vision, model.preprocessing, tmp_path)


def test_llava_1_5_7b_has_as_many_parameters_as_on_the_hub(tmp_path: Path) -> None:
    text = LlamaConfig(vocab_size=32064)
    LlavaConfig(text_config=text).save_pretrained(tmp_path)
    drawn = outline(tmp_path)
    assert (drawn.kind, drawn.dim, drawn.preprocessing) == ("llava", 1024, Preprocessing(336, 336))
    assert drawn.parameters == 7_063_427_072
    backbone: Any = drawn.backbone
    counts = adapter_parameters(
        backbone.model, HierarchicalLora(rank=128, dense=32, towers=("language",), stride=2)
    )
    # Seven layers a block: four of 4096 x 4096, three between 4096 and 11008.
    assert sum(counts.values()) == 32 * 128 * (4 * (4096 + 4096) + 3 * (4096 + 11008)) == 319_815_680
    assert len(counts) == 32 * 7


def test_a_language_model_with_a_head_of_its_own_keeps_it(tiny: Any, tmp_path: Path) -> None:
    """As LLaVA-1.5 has it; the tiny ones share it with their embeddings."""
    config = tiny.llama(depth=1)
    config.tie_word_embeddings = False
    language = LlamaForCausalLM(config)
    with torch.no_grad():
        language.lm_head.weight.normal_(generator=torch.Generator().manual_seed(1))
    model = join(tiny.clip().vision_model, language, tiny.tokenizer(), tiny.SIZE)
    folder = save_model(model, tmp_path / "model")
    names = set(load_file(folder / "model.safetensors"))
    assert "language_model.lm_head.weight" in names
    assert "vision_tower.vision_model.pre_layrnorm.weight" in names
    assert "multi_modal_projector.linear_1.bias" in names
    read: Any = load_model(folder)[0]
    assert torch.equal(read.llava.lm_head.weight, language.lm_head.weight)
    assert read.continue_words("A man in", new_tokens=5) == model.continue_words("A man in", new_tokens=5)
    shared = set(load_file(save_model(tiny.llava(), tmp_path / "shared") / "model.safetensors"))
    assert "language_model.lm_head.weight" not in shared


def test_the_class_token_is_read_too_where_the_backbone_says_so(tiny: Any) -> None:
    model = tiny.llava(feature="latent")
    model.llava.config.vision_feature_select_strategy = "full"
    assert model.image_tokens == 6 * 4 + 1
    with torch.no_grad():
        assert model.see(tiny.pixels(2))[1].shape == (2, 25, 32)
        assert model.embed_images(tiny.pixels(2), [RGB] * 2).isfinite().all()


def test_qwen_s_language_model_is_a_llama_where_it_reads_words(tiny: Any) -> None:
    teacher = tiny.teacher()
    language = teacher.backbone.language_model
    with torch.no_grad():
        for layer in language.layers:
            layer.self_attn.q_proj.bias.normal_(generator=torch.Generator().manual_seed(0))
    ids = torch.randint(10, 200, (2, 9), generator=torch.Generator().manual_seed(1))
    llama = as_llama(language).eval()
    with torch.inference_mode():
        read: Any = llama(ids, output_hidden_states=True)
        torch.testing.assert_close(read.hidden_states[-1], teacher.read(ids, None), rtol=1e-5, atol=1e-5)
        expected = read.hidden_states[-1] @ language.embed_tokens.weight.T
        torch.testing.assert_close(read.logits, expected, rtol=1e-5, atol=1e-5)
    # A copy: what one learns leaves the other alone.
    before = language.embed_tokens.weight.clone()
    with torch.no_grad():
        llama.model.embed_tokens.weight += 1
    assert torch.equal(language.embed_tokens.weight, before)
