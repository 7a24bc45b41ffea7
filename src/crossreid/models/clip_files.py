"""CLIP's weights as a state dict in one file, in OpenAI's naming or the hub's, and the authors' student around it."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig, PreTrainedTokenizerBase

from crossreid.core.errors import CheckpointError
from crossreid.core.modality import Modality
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.positions import Grid, set_positions
from crossreid.models.presets import PAPER, RELEASE
from crossreid.models.student import Student
from crossreid.models.tensor_files import read_tensors

State = dict[str, Tensor]

SUFFIXES = (".pth", ".pt", ".bin", ".safetensors")

_HEAD_WIDTH = 64
"""Every CLIP that OpenAI and the hub's large collections hold has attention heads of this width."""

_OF_AN_ARCHIVE = "of a TorchScript archive that you trust: torch.save(torch.jit.load(FILE).state_dict(), NEW)"
_ENVELOPES = ("student_model_state_dict", "state_dict", "model")
_POSITIONS = "vision_model.embeddings.position_embedding.weight"
_IGNORED = re.compile(r"input_resolution|context_length|vocab_size|classifier\.weight|.*position_ids")
"""The sizes in OpenAI's archives, a training's classifier, and the counters in old files of the hub."""

_HEADS = {modality: f"{modality.value}_output_proj" for modality in Modality}

_BLOCK = {
    "attn.out_proj": "self_attn.out_proj", "ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}  # fmt: skip
_TOP = {
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.positional_embedding": _POSITIONS,
    "visual.ln_pre.weight": "vision_model.pre_layrnorm.weight",
    "visual.ln_pre.bias": "vision_model.pre_layrnorm.bias",
    "visual.ln_post.weight": "vision_model.post_layernorm.weight",
    "visual.ln_post.bias": "vision_model.post_layernorm.bias",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
}
"""OpenAI's name -> the hub's."""
_TRANSPOSED = {"visual.proj": "visual_projection.weight", "text_projection": "text_projection.weight"}


def is_clip_file(source: Path) -> bool:
    """Whether a path is a file that may hold a state dict."""
    return source.suffix in SUFFIXES and source.is_file()


def load_clip_file(file: Path, tokenizer: PreTrainedTokenizerBase, *, dim: int | None = None) -> Student:
    """A student from a state dict: any CLIP of OpenAI's or the hub's naming, or the authors' trained student.

    The authors' has `student_model_state_dict` with four heads, around a CLIP of OpenAI's naming in `base_model`
    (whose heads read CLIP's projections; both are folded into one matrix) or around towers of the hub's in
    `vision_encoder` and `text_encoder`. OpenAI's activation, QuickGELU, is assumed: a state dict does not say. Where
    the position embeddings are of no square, their grid sets the input size.

    Args:
        file: read without unpickling anything but tensors.
        tokenizer: of the text tower.
        dim: width that the student is to have; heads of another width are drawn anew.

    Raises:
        CheckpointError: the file is damaged, or keys are missing or foreign.
    """
    state = _unwrapped(read_tensors(file, remedy=_OF_AN_ARCHIVE), file)
    heads = {name: state.pop(name) for name in list(state) if name.split(".")[0] in _HEADS.values()}
    clip_state, projected = _clip_state(state, file)
    config, grid = _config(clip_state, tokenizer, file)
    clip = _fill(config, clip_state, file, may_lack_projections=bool(heads) and not projected)
    vision: Any = config.vision_config
    preprocessing = (RELEASE if heads else PAPER).student
    if grid[0] != grid[1]:
        height, width = (side * vision.patch_size for side in grid)
        preprocessing = replace(preprocessing, height=height, width=width)
    if not heads:
        return Student(
            clip, tokenizer, preprocessing, dim=dim or clip.visual_projection.out_features, grid=grid
        ).eval()
    return _with_heads(clip, tokenizer, preprocessing, heads, file, dim=dim, grid=grid, projected=projected)


def _with_heads(
    clip: CLIPModel,
    tokenizer: PreTrainedTokenizerBase,
    preprocessing: Preprocessing,
    heads: State,
    file: Path,
    *,
    dim: int | None,
    grid: Grid,
    projected: bool,
) -> Student:
    expected = {f"{name}.{part}" for name in _HEADS.values() for part in ("weight", "bias")}
    _compare(file, heads, expected, "the authors' student")
    width = heads["rgb_output_proj.weight"].shape[0]
    student = Student(clip, tokenizer, preprocessing, dim=dim or width, head_bias=True, grid=grid)
    if student.dim != width:
        return student.eval()
    for modality, name in _HEADS.items():
        weight = heads[f"{name}.weight"]
        head: Any = student.heads[modality.value]
        side = clip.text_projection if modality == Modality.TEXT else clip.visual_projection
        read = side.out_features if projected else head.in_features
        if weight.shape != (width, read):
            raise CheckpointError(
                f"{name} of {file} is {list(weight.shape)}", expected=f"{[width, read]}, by its base"
            )
        if projected:
            weight = weight @ side.weight.detach()
        with torch.no_grad():
            head.weight.copy_(weight)
            head.bias.copy_(heads[f"{name}.bias"])
    return student.eval()


def _unwrapped(content: Any, file: Path) -> State:
    """The state dict inside, in fp32, without the prefix of distributed training."""
    for envelope in _ENVELOPES:
        if isinstance(content, Mapping) and isinstance(content.get(envelope), Mapping):
            content = content[envelope]
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise CheckpointError(f"{file} holds no state dict", expected="names and tensors")
    state = {name.removeprefix("module."): value for name, value in content.items()}
    return {
        name: value.float() if value.is_floating_point() else value
        for name, value in state.items()
        if not _IGNORED.fullmatch(name)
    }


def _clip_state(state: State, file: Path) -> tuple[State, bool]:
    """CLIP's weights in the hub's naming, and whether heads read its projections."""
    projected = any(name.startswith("base_model.") for name in state)
    if projected:
        state = {name.removeprefix("base_model."): value for name, value in state.items()}
    if any(name.startswith("visual.") for name in state):
        return _from_openai(state, file), projected
    renamed = {}
    for name, value in state.items():
        for encoder, tower in (("vision_encoder.", "vision_model."), ("text_encoder.", "text_model.")):
            if name.startswith(encoder):
                name = tower + name.removeprefix(encoder).removeprefix(tower)
        renamed[name] = value
    return renamed, projected


def _from_openai(state: State, file: Path) -> State:
    """OpenAI's naming -> the hub's.

    Raises:
        CheckpointError: keys are missing or foreign, by their names in the file.
    """
    blocks = {
        prefix: _depth(state, rf"{re.escape(prefix)}(\d+)\.")
        for prefix in ("visual.transformer.resblocks.", "transformer.resblocks.")
    }
    expected = set(_TOP) | set(_TRANSPOSED)
    parts = [f"{name}.{part}" for name in _BLOCK for part in ("weight", "bias")]
    for prefix, depth in blocks.items():
        for index in range(max(depth, 1)):
            expected |= {f"{prefix}{index}.{part}" for part in parts}
            expected |= {f"{prefix}{index}.attn.in_proj_{part}" for part in ("weight", "bias")}
    _compare(file, set(state) - {"logit_scale"}, expected, "a CLIP with a ViT in OpenAI's naming")
    renamed = {_TOP[name]: state[name] for name in _TOP}
    renamed |= {new: state[old].T.contiguous() for old, new in _TRANSPOSED.items()}
    for prefix, depth in blocks.items():
        tower = "vision_model" if prefix.startswith("visual") else "text_model"
        for index in range(depth):
            old, new = f"{prefix}{index}", f"{tower}.encoder.layers.{index}"
            for name, other in _BLOCK.items():
                renamed |= {
                    f"{new}.{other}.{part}": state[f"{old}.{name}.{part}"] for part in ("weight", "bias")
                }
            for part in ("weight", "bias"):
                thirds = state[f"{old}.attn.in_proj_{part}"].chunk(3)
                renamed |= {
                    f"{new}.self_attn.{letter}_proj.{part}": third
                    for letter, third in zip("qkv", thirds, strict=True)
                }
    return renamed


def _config(state: State, tokenizer: Any, file: Path) -> tuple[CLIPConfig, Grid]:
    """What the shapes say about the architecture."""
    needed = (
        "vision_model.embeddings.patch_embedding.weight", _POSITIONS, "vision_model.encoder.layers.0.mlp.fc1.weight",
        "text_model.embeddings.token_embedding.weight", "text_model.embeddings.position_embedding.weight",
        "text_model.encoder.layers.0.mlp.fc1.weight",
    )  # fmt: skip
    missing = [name for name in needed if name not in state]
    if missing:
        raise CheckpointError(f"{file} lacks {missing}", expected="a CLIP in OpenAI's or the hub's naming")
    shapes: dict[str, Callable[[str], torch.Size]] = {
        tower: lambda name, tower=tower: state[f"{tower}_model.{name}"].shape for tower in ("vision", "text")
    }

    def common(tower: str, width: int) -> dict[str, Any]:
        return {
            "hidden_size": width,
            "intermediate_size": shapes[tower]("encoder.layers.0.mlp.fc1.weight")[0],
            "num_hidden_layers": _depth(state, rf"{tower}_model\.encoder\.layers\.(\d+)\."),
            "num_attention_heads": max(1, width // _HEAD_WIDTH),
            "hidden_act": "quick_gelu",
        }

    width, _, patch, _ = shapes["vision"]("embeddings.patch_embedding.weight")
    grid = _grid(shapes["vision"]("embeddings.position_embedding.weight")[0] - 1, file)
    vision = CLIPVisionConfig(
        image_size=math.isqrt(grid[0] * grid[1]) * patch, patch_size=patch, **common("vision", width)
    )
    vocabulary, width = shapes["text"]("embeddings.token_embedding.weight")
    text = CLIPTextConfig(
        vocab_size=vocabulary,
        max_position_embeddings=shapes["text"]("embeddings.position_embedding.weight")[0],
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **common("text", width),
    )
    projection = state["visual_projection.weight"].shape[0] if "visual_projection.weight" in state else width
    config = CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=projection)
    return config, grid


def _grid(patches: int, file: Path) -> Grid:
    """A square; else twice as high as wide, the shape of a standing person."""
    for ratio in (1, 2):
        columns = math.isqrt(patches // ratio)
        if ratio * columns**2 == patches:
            return ratio * columns, columns
    raise CheckpointError(
        f"{file} has position embeddings of {patches} patches", expected="a square, or twice as high as wide"
    )


def _depth(state: Iterable[str], pattern: str) -> int:
    found = (re.match(pattern, name) for name in state)
    return max((int(match[1]) + 1 for match in found if match), default=0)


def _fill(config: CLIPConfig, state: State, file: Path, *, may_lack_projections: bool) -> CLIPModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        clip = CLIPModel(config)
    optional = {"logit_scale"}
    if may_lack_projections:
        optional |= {"visual_projection.weight", "text_projection.weight"}
    own = clip.state_dict()
    _compare(file, set(state) - optional, set(own) - optional, "CLIP of the hub's naming")
    if state[_POSITIONS].shape != own[_POSITIONS].shape:
        set_positions(clip.vision_model, state[_POSITIONS])
        own = clip.state_dict()
    other = [name for name, value in state.items() if value.shape != own[name].shape]
    if other:
        raise CheckpointError(f"{file} has other shapes in {other[:5]}", expected="those of one CLIP")
    clip.load_state_dict(own | state)
    return clip


def _compare(file: Path, found: Iterable[str], expected: Iterable[str], what: str) -> None:
    missing, foreign = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    if missing or foreign:
        raise CheckpointError(
            f"{file} lacks {len(missing)} keys, such as {missing[:5]}, and has {len(foreign)} foreign ones, such as "
            f"{foreign[:5]}",
            expected=what,
        )
