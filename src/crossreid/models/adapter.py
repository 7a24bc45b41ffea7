"""An adapter on disk: PEFT's own layout, and what surrounds the backbone that it belongs to."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from peft import LoraConfig, PeftModel, set_peft_model_state_dict
from torch import Tensor, nn

from crossreid.core.errors import CheckpointError
from crossreid.models.lora import wrap
from crossreid.models.teacher import Backbone
from crossreid.models.tensor_files import read_tensors

SETTINGS = "adapter_config.json"
CLASSIFIER = "classifier.pt"
_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")

_KEY = re.compile(r"base_model\.model\.(.+)\.(lora_A|lora_B|lora_magnitude_vector)(\.weight)?")

_RENAMED = (
    ("model.visual.", "visual."),
    ("model.language_model.", "language_model."),
    ("model.layers.", "language_model.layers."),
)
"""Names below the model that generates text, of this and earlier transformers -> below the one that does not."""

_LIMITS = ("layers_to_transform", "layers_pattern", "exclude_modules")
"""Settings that take layers out of those that `target_modules` names."""

_UNSUPPORTED = (
    "modules_to_save",
    "rank_pattern",
    "alpha_pattern",
    "layer_replication",
    "trainable_token_indices",
)


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter and no model of its own."""
    return (folder / SETTINGS).is_file() and not (folder / "config.json").is_file()


def base_of(folder: Path) -> str:
    """The backbone that an adapter names: a folder beside it or anywhere, or a hub id.

    A folder that only the machine of its training had is taken for Qwen's own of that name.
    """
    name = str(_settings(folder).get("base_model_name_or_path") or "")
    if not name:
        raise CheckpointError(f"{folder / SETTINGS} names no base model", expected="base_model_name_or_path")
    beside = folder / name
    if beside.is_dir():
        return str(beside)
    last = Path(name).name
    return f"Qwen/{last}" if Path(name).is_absolute() and last.startswith("Qwen") else name


def merge_adapter(backbone: Backbone, folder: Path) -> Backbone:
    """Fold a stored adapter into the weights of its backbone, in place.

    Args:
        backbone: in fp32.
        folder: `adapter_config.json` beside `adapter_model.safetensors` or `.bin`; a `classifier.pt` must be of the
            backbone's width. Nothing but tensors is unpickled.

    Raises:
        CheckpointError: a file is missing or damaged, the adapter is of another kind than LoRA or DoRA, or keys are
            missing, foreign or of other shapes.
    """
    settings = _settings(folder)
    _check_kind(settings, folder)
    state = _by_module(_read(folder), folder)
    _check_modules(backbone, state, settings, folder)
    _check_classifier(backbone, folder)
    config = LoraConfig(
        r=settings["r"],
        lora_alpha=settings["lora_alpha"],
        use_dora=bool(settings.get("use_dora")),
        use_rslora=bool(settings.get("use_rslora")),
        target_modules=sorted(state),
        bias="none",
    )
    adapted = wrap(backbone, config)
    named = {
        f"base_model.model.{module}.{part}" + ("" if part == "lora_magnitude_vector" else ".weight"): value
        for module, parts in state.items()
        for part, value in parts.items()
    }
    left = set_peft_model_state_dict(adapted, named)
    if left.unexpected_keys:
        raise CheckpointError(f"{folder} has foreign {left.unexpected_keys[:5]}", expected="keys of LoRA")
    return adapted.merge_and_unload()


def save_adapter(adapted: PeftModel, folder: Path, *, base: str) -> None:
    """Write PEFT's files, with the full name of every adapted layer and of the backbone.

    Args:
        adapted: what `add_adapters` returned.
        folder: exists or is made.
        base: shipped name, hub id or folder of the backbone; a folder is stored with its whole path.
    """
    adapted.save_pretrained(str(folder), save_embedding_layers=False)
    settings = _settings(folder)
    tuner: Any = adapted.base_model
    names = {name for name, module in tuner.model.named_modules() if hasattr(module, "lora_A")}
    place = str(Path(base).resolve()) if Path(base).is_dir() else base
    settings |= {"base_model_name_or_path": place, "target_modules": sorted(names)}
    (folder / SETTINGS).write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _settings(folder: Path) -> dict[str, Any]:
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder / SETTINGS} cannot be read: {error}", expected="JSON") from error
    if not isinstance(settings, dict):
        raise CheckpointError(f"{folder / SETTINGS} holds no settings", expected="a JSON object")
    return settings


def _check_kind(settings: dict[str, Any], folder: Path) -> None:
    extras = [name for name in _UNSUPPORTED if settings.get(name)]
    kind, bias = settings.get("peft_type"), settings.get("bias", "none")
    whole = isinstance(settings.get("r"), int) and isinstance(settings.get("lora_alpha"), int | float)
    if kind != "LORA" or bias != "none" or extras or not whole:
        raise CheckpointError(
            f"{folder / SETTINGS} is of kind {kind}, bias {bias!r}, r {settings.get('r')}, lora_alpha "
            f"{settings.get('lora_alpha')}, with {extras or 'no extras'}",
            expected="LORA of one rank and scale without bias or extras",
        )


def _read(folder: Path) -> dict[str, Tensor]:
    file = next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)
    if file is None:
        raise CheckpointError(f"{folder} has no adapter weights", expected=" or ".join(_WEIGHTS))
    state = read_tensors(file)
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise CheckpointError(f"{file} holds no state dict", expected="names and tensors")
    return state


def _by_module(state: dict[str, Tensor], folder: Path) -> dict[str, dict[str, Tensor]]:
    """Layer -> its parts, layers by their names below `Teacher.backbone`."""
    modules: dict[str, dict[str, Tensor]] = {}
    foreign = []
    for key, value in state.items():
        match = _KEY.fullmatch(key)
        if match is None:
            foreign.append(key)
            continue
        modules.setdefault(_own_name(match[1]), {})[match[2]] = value.float()
    if foreign:
        raise CheckpointError(
            f"{folder} has {len(foreign)} foreign keys, such as {sorted(foreign)[:5]}",
            expected="base_model.model.LAYER.lora_A.weight and the like",
        )
    return modules


def _own_name(layer: str) -> str:
    """A layer's name below `Teacher.backbone`."""
    old, new = next((names for names in _RENAMED if layer.startswith(names[0])), ("", ""))
    return new + layer.removeprefix(old)


def _lacking(backbone: Backbone, state: Iterable[str], settings: dict[str, Any]) -> list[str]:
    """Layers that the settings name and the file lacks, where they are a plain list of names or ends of names."""
    targets = settings.get("target_modules")
    if not isinstance(targets, list) or any(settings.get(limit) not in (None, "", []) for limit in _LIMITS):
        return []
    named = tuple(f".{_own_name(target)}" for target in targets)
    layers = {name for name, layer in backbone.named_modules() if isinstance(layer, nn.Linear)}
    return sorted(name for name in layers - set(state) if f".{name}".endswith(named))


def _check_modules(
    backbone: Backbone, state: dict[str, dict[str, Tensor]], settings: dict[str, Any], folder: Path
) -> None:
    layers: dict[str, Any] = {name: layer for name, layer in backbone.named_modules() if name in state}
    parts = {"lora_A", "lora_B"} | ({"lora_magnitude_vector"} if settings.get("use_dora") else set())
    foreign = sorted(set(state) - set(layers))
    missing = sorted(f"{name}.{part}" for name, found in state.items() for part in parts - set(found))
    missing += _lacking(backbone, state, settings)
    extra = sorted(f"{name}.{part}" for name, found in state.items() for part in set(found) - parts)
    if foreign or missing or extra or not state:
        raise CheckpointError(
            f"{folder} adapts {len(foreign)} layers that its base does not have, such as {foreign[:5]}, lacks "
            f"{missing[:5]} and has foreign {extra[:5]}",
            expected=f"{', '.join(sorted(parts))} for layers of {type(backbone).__name__}",
        )
    rank, other = settings["r"], []
    for name, found in state.items():
        weight = layers[name].weight
        if found["lora_A"].shape[:2] != (rank, weight.shape[1]) or found["lora_B"].shape[:2] != (
            weight.shape[0],
            rank,
        ):
            other.append(name)
    if other:
        raise CheckpointError(
            f"{folder} has other shapes in {other[:5]}", expected=f"rank {rank} and the widths of the base"
        )


def _check_classifier(backbone: Backbone, folder: Path) -> None:
    """The identity classifier of the training is not needed, but tells a wrong base."""
    file = folder / CLASSIFIER
    if not file.is_file():
        return
    width = read_classifier(file).shape[1]
    config: Any = backbone.config.text_config
    if width != config.hidden_size:
        raise CheckpointError(
            f"{file} is of width {width}",
            expected=f"{config.hidden_size}, the base's",
            remedy="use its own base",
        )


def read_classifier(file: Path) -> Tensor:
    """The identity classifier [people, dim] that a training of the authors' left beside its adapter.

    Raises:
        CheckpointError: the file is damaged or holds something else.
    """
    state = read_tensors(file)
    names = {name.removeprefix("classifier."): name for name in state} if isinstance(state, dict) else {}
    if set(names) != {"weight"} or state[names["weight"]].ndim != 2:
        raise CheckpointError(f"{file} holds {sorted(names)}", expected="weight [people, dim]")
    return state[names["weight"]].float()
