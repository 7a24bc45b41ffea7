"""State dicts in OpenAI's naming, from an independent module of the same names, and the authors' student around it."""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPModel, CLIPVisionConfig, CLIPVisionModel

from crossreid.core.errors import CheckpointError
from crossreid.core.modality import Modality
from crossreid.data.preprocessing import IMAGENET_MEAN, Preprocessing
from crossreid.models.folder import fingerprint_of, load_model, save_model
from crossreid.models.loading import load_encoder
from crossreid.models.positions import interpolate
from crossreid.models.student import Student

WIDTH, TEXT_WIDTH, PROJECTION, DIM = 128, 64, 48, 20
CAPTIONS = ["a man in a red coat", "a woman"]
MODALITIES = [Modality.RGB, Modality.IR, Modality.SKETCH]


class QuickGelu(nn.Module):
    def forward(self, states: Tensor) -> Tensor:
        return states * torch.sigmoid(1.702 * states)


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(width, width // 64, batch_first=True)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        layers = [
            ("c_fc", nn.Linear(width, 2 * width)),
            ("gelu", QuickGelu()),
            ("c_proj", nn.Linear(2 * width, width)),
        ]
        self.mlp = nn.Sequential(OrderedDict(layers))

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        normed = self.ln_1(states)
        states = states + self.attn(normed, normed, normed, need_weights=False, attn_mask=mask)[0]
        return states + self.mlp(self.ln_2(states))


class Blocks(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList([Block(width) for _ in range(2)])

    def forward(self, states: Tensor, mask: Tensor | None = None) -> Tensor:
        for block in self.resblocks:
            states = block(states, mask)
        return states


class Visual(nn.Module):
    def __init__(self, patches: int) -> None:
        super().__init__()
        self.class_embedding = nn.Parameter(torch.zeros(WIDTH))
        self.positional_embedding = nn.Parameter(torch.zeros(patches + 1, WIDTH))
        self.proj = nn.Parameter(torch.zeros(WIDTH, PROJECTION))
        self.conv1 = nn.Conv2d(3, WIDTH, 14, 14, bias=False)
        self.ln_pre, self.ln_post = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.transformer = Blocks(WIDTH)

    def forward(self, pixels: Tensor) -> Tensor:
        patches = self.conv1(pixels).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.class_embedding.expand(len(pixels), 1, -1), patches], dim=1)
        states = self.transformer(self.ln_pre(tokens + self.positional_embedding))
        return self.ln_post(states[:, 0]) @ self.proj


class OpenAiClip(nn.Module):
    """The forward pass of OpenAI's CLIP, with its names."""

    def __init__(self, patches: int, vocabulary: int) -> None:
        super().__init__()
        self.visual, self.transformer = Visual(patches), Blocks(TEXT_WIDTH)
        self.token_embedding = nn.Embedding(vocabulary, TEXT_WIDTH)
        self.positional_embedding = nn.Parameter(torch.zeros(24, TEXT_WIDTH))
        self.ln_final = nn.LayerNorm(TEXT_WIDTH)
        self.text_projection = nn.Parameter(torch.zeros(TEXT_WIDTH, PROJECTION))

    def read(self, ids: Tensor, end: int) -> Tensor:
        length = ids.shape[1]
        mask = torch.full((length, length), float("-inf")).triu(1)
        states = self.transformer(self.token_embedding(ids) + self.positional_embedding[:length], mask)
        first_end = (ids == end).int().argmax(dim=1)
        return self.ln_final(states)[torch.arange(len(ids)), first_end] @ self.text_projection


class AuthorsStudent(nn.Module):
    """The names of the authors' student: CLIP as `base_model`, heads on its projections, a classifier."""

    def __init__(self, clip: OpenAiClip) -> None:
        super().__init__()
        self.base_model = clip
        self.rgb_output_proj, self.ir_output_proj, self.sketch_output_proj, self.text_output_proj = (
            nn.Linear(PROJECTION, DIM) for _ in range(4)
        )
        self.classifier = nn.Linear(DIM, 9, bias=False)


@pytest.fixture
def clip(tiny: Any) -> Callable[[int], OpenAiClip]:
    def build(patches: int) -> OpenAiClip:
        model = OpenAiClip(patches, tiny.VOCABULARY)
        tiny.draw(model)
        with torch.no_grad():
            for vector in (model.visual.class_embedding, model.positional_embedding):
                vector.normal_(generator=torch.Generator().manual_seed(2))
        return model.eval()

    return build


def write(folder: Path, content: Any, tiny: Any, name: str = "student.pth") -> Path:
    """The file, with a tokenizer beside it."""
    folder.mkdir(exist_ok=True)
    tiny.tokenizer().save_pretrained(folder)
    torch.save(content, folder / name)
    return folder / name


def load(file: Path, dim: int | None = None) -> Student:
    model, space = load_model(file, dim=dim)
    assert isinstance(model, Student)
    assert space == ""
    return model


def unit(vectors: Tensor) -> Tensor:
    return functional.normalize(vectors, dim=-1)


def test_openai_s_clip_is_a_student_that_embeds_as_it_does(clip: Any, tiny: Any, tmp_path: Path) -> None:
    original = clip(16)
    sizes = {
        "input_resolution": torch.tensor(56),
        "context_length": torch.tensor(24),
        "logit_scale": torch.tensor(4.6),
    }
    student = load(write(tmp_path / "m", {**original.state_dict(), **sizes}, tiny, "ViT.pt"))
    assert (student.dim, student.grid, student.preprocessing) == (PROJECTION, (4, 4), Preprocessing(280, 140))
    pixels = torch.randn(3, 3, 56, 56, generator=torch.Generator().manual_seed(0))
    ids = student.tokenize(CAPTIONS)
    with torch.inference_mode():
        torch.testing.assert_close(
            student.embed_images(pixels, MODALITIES), unit(original.visual(pixels)), atol=1e-5, rtol=0
        )
        expected = unit(original.read(ids, tiny.tokenizer().eos_token_id))
        torch.testing.assert_close(student.embed_captions(CAPTIONS), expected, atol=1e-5, rtol=0)


def envelope(model: nn.Module) -> dict[str, Any]:
    """As the authors' training stores it, after distributed training."""
    state = {f"module.{name}": value for name, value in model.state_dict().items()}
    optimiser = torch.optim.AdamW(model.parameters()).state_dict()
    return {"student_model_state_dict": state, "optimizer_state_dict": optimiser, "epoch": 48}


def test_the_authors_student_with_its_own_grid(clip: Any, tiny: Any, tmp_path: Path) -> None:
    original = AuthorsStudent(clip(8))
    student = load(write(tmp_path / "m", envelope(original), tiny))
    assert (student.dim, student.grid) == (DIM, (4, 2))
    assert student.preprocessing == Preprocessing(
        56, 28, mean=IMAGENET_MEAN, std=(0.229, 0.224, 0.225), resampling="lanczos"
    )
    pixels = torch.randn(3, 3, 56, 28, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        seen = original.base_model.visual(pixels)
        heads = (original.rgb_output_proj, original.ir_output_proj, original.sketch_output_proj)
        expected = unit(torch.stack([head(row) for head, row in zip(heads, seen, strict=True)]))
        torch.testing.assert_close(student.embed_images(pixels, MODALITIES), expected, atol=1e-5, rtol=0)
        words = original.base_model.read(student.tokenize(CAPTIONS), tiny.tokenizer().eos_token_id)
        expected = unit(original.text_output_proj(words))
        torch.testing.assert_close(student.embed_captions(CAPTIONS), expected, atol=1e-5, rtol=0)
    encoder = load_encoder(tmp_path / "m" / "student.pth", device="cpu")
    assert encoder.fingerprint.split("@")[0] == fingerprint_of(student)


def test_a_student_with_its_own_grid_and_biases_is_saved_and_read(
    clip: Any, tiny: Any, tmp_path: Path
) -> None:
    student = load(write(tmp_path / "m", envelope(AuthorsStudent(clip(8))), tiny))
    again, _ = load_model(save_model(student, tmp_path / "saved"))
    assert isinstance(again, Student)
    assert (again.grid, again.head_bias, again.preprocessing) == ((4, 2), True, student.preprocessing)
    for name, weight in student.state_dict().items():
        assert torch.equal(again.state_dict()[name], weight), name
    pixels = torch.randn(1, 3, 56, 28, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(
            again.embed_images(pixels, MODALITIES[:1]), student.embed_images(pixels, MODALITIES[:1])
        )
    assert fingerprint_of(again) == fingerprint_of(student)


def test_the_authors_earlier_student_has_towers_of_the_hub(tiny: Any, tmp_path: Path) -> None:
    original: CLIPModel = tiny.clip()
    heads = {m: nn.Linear(24, DIM) for m in Modality}
    state = {f"vision_encoder.vision_model.{k}": v for k, v in original.vision_model.state_dict().items()}
    state |= {f"text_encoder.text_model.{k}": v for k, v in original.text_model.state_dict().items()}
    for modality, head in heads.items():
        state |= {f"{modality.value}_output_proj.{k}": v for k, v in head.state_dict().items()}
    state["text_encoder.text_model.embeddings.position_ids"] = torch.arange(24)[None]
    student = load(write(tmp_path / "m", {"student_model_state_dict": state}, tiny))
    student.vision.config.num_attention_heads = 2
    pixels = tiny.pixels(3)
    with torch.inference_mode():
        pooled = student.pool_images(pixels)
        expected = unit(torch.stack([heads[m](row) for m, row in zip(MODALITIES, pooled, strict=True)]))
        torch.testing.assert_close(student.embed_images(pixels, MODALITIES), expected)
        words = student.pool_captions(CAPTIONS)
        torch.testing.assert_close(student.embed_captions(CAPTIONS), unit(heads[Modality.TEXT](words)))


def test_a_clip_in_the_hub_s_naming_computes_as_transformers_does(tiny: Any, tmp_path: Path) -> None:
    original: Any = tiny.clip()
    for layer in (*original.vision_model.encoder.layers, *original.text_model.encoder.layers):
        layer.self_attn.num_heads, layer.self_attn.head_dim = 1, 24  # a file of this width means one head
        layer.self_attn.scale = 24**-0.5
    folder = write(tmp_path / "m", {}, tiny).parent
    save_file({k: v.contiguous() for k, v in original.state_dict().items()}, folder / "clip.safetensors")
    student = load(folder / "clip.safetensors")
    pixels, ids = tiny.pixels(3), student.tokenize(CAPTIONS)
    with torch.inference_mode():
        seen = original.vision_model(pixels, interpolate_pos_encoding=True).pooler_output
        torch.testing.assert_close(
            student.embed_images(pixels, MODALITIES),
            unit(original.visual_projection(seen)),
            atol=1e-5,
            rtol=0,
        )
        words = unit(original.text_projection(original.text_model(ids).pooler_output))
        torch.testing.assert_close(student.embed_captions(CAPTIONS), words, atol=1e-5, rtol=0)


def test_another_width_draws_new_heads_on_the_same_towers(clip: Any, tiny: Any, tmp_path: Path) -> None:
    file = write(tmp_path / "m", envelope(AuthorsStudent(clip(8))), tiny)
    student, wide = load(file), load(file, dim=32)
    assert wide.dim == 32
    assert torch.equal(student.vision.post_layernorm.weight, wide.vision.post_layernorm.weight)
    assert fingerprint_of(wide) == fingerprint_of(load(file, dim=32))


BLOCK = "visual.transformer.resblocks.0.attn.in_proj_weight"


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda s: s.pop(f"base_model.{BLOCK}"), rf"lacks 1 keys, such as \['{BLOCK}'\]"),
        (
            lambda s: s.update({"base_model.visual.extra": torch.ones(1)}),
            r"1 foreign ones, such as \['visual.extra'\]",
        ),
        (lambda s: s.pop("ir_output_proj.bias"), r"such as \['ir_output_proj.bias'\]"),
        (lambda s: s.update({"ir_output_proj.weight": torch.ones(DIM, 3)}), "ir_output_proj"),
        (
            lambda s: s.update({"base_model.visual.positional_embedding": torch.ones(8, WIDTH)}),
            "of 7 patches",
        ),
        (lambda s: s.update({"base_model.ln_final.weight": torch.ones(3)}), "other shapes.*final_layer_norm"),
        (lambda s: s.clear(), "lacks"),
    ],
)
def test_a_wrong_or_partial_file_is_named(
    clip: Any, tiny: Any, tmp_path: Path, spoil: Callable[[dict[str, Tensor]], object], complaint: str
) -> None:
    state = AuthorsStudent(clip(8)).state_dict()
    spoil(state)
    with pytest.raises(CheckpointError, match=complaint):
        load_model(write(tmp_path / "m", {"student_model_state_dict": state}, tiny))


@pytest.mark.parametrize("content", [[1, 2], {"a": "b"}, {"model": 3}])
def test_what_is_no_state_dict_is_refused(tiny: Any, tmp_path: Path, content: Any) -> None:
    with pytest.raises(CheckpointError, match="holds no state dict"):
        load_model(write(tmp_path / "m", content, tiny))


def test_code_in_a_file_does_not_run(tiny: Any, tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "touched",)

    file = write(tmp_path / "m", {"model": Payload()}, tiny)
    with pytest.raises(CheckpointError, match=r"cannot be read as weights alone.*TorchScript"):
        load_model(file)
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize(("name", "content"), [("a.pth", b""), ("a.pt", b"PK\3\4"), ("a.safetensors", b"12")])
def test_a_damaged_file_is_a_checkpoint_error(tiny: Any, tmp_path: Path, name: str, content: bytes) -> None:
    file = write(tmp_path / "m", {}, tiny).with_name(name)
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_model(file)


def test_positions_of_a_grid_are_interpolated_as_transformers_does() -> None:
    config = CLIPVisionConfig(
        hidden_size=64, image_size=56, patch_size=14, num_hidden_layers=1, num_attention_heads=1
    )
    vision = CLIPVisionModel(config)
    weight = torch.randn(17, 64, generator=torch.Generator().manual_seed(0))
    vision.embeddings.position_embedding.weight.data = weight
    tokens = torch.zeros(1, 51, 64)
    expected = vision.embeddings.interpolate_pos_encoding(tokens, 140, 70)
    assert torch.equal(interpolate(weight, (4, 4), (10, 5)), expected)
    assert torch.equal(interpolate(weight, (4, 4), (4, 4))[0], weight)
    tall = interpolate(weight, (8, 2), (8, 4))[0, 1:].view(8, 4, 64)
    # Across two columns, the values of the four in between lie symmetric to the middle.
    torch.testing.assert_close(tall[:, 1] + tall[:, 2], weight[1:].view(8, 2, 64).sum(1), atol=1e-5, rtol=0)
