"""One name or place -> an encoder."""

from importlib.util import find_spec
from pathlib import Path
from typing import Literal, cast, get_args

from crossreid.core.encoder import Encoder
from crossreid.core.errors import CheckpointError, ConfigurationError, MissingDependencyError
from crossreid.models.shipped import PACK, SHIPPED, shipped_folder, shipped_pack
from crossreid.runtime.pack import is_pack

Precision = Literal["fp32", "bf16", "fp16"]
PrecisionSetting = Literal["auto", Precision]
PRECISIONS: tuple[PrecisionSetting, ...] = get_args(PrecisionSetting)
"""Of matrix products; `crossreid.models.precision` decides which one `auto` is."""

QWEN, CLIP = "Qwen/Qwen2-VL-2B-Instruct", "openai/clip-vit-large-patch14"
"""The backbones of the paper, on the hub."""

_OTHER_FORMATS = (
    "*.h5",
    "*.msgpack",
    "*.onnx",
    "*.ot",
    "*.gguf",
    "pytorch_model*",
    "optimizer*",
    "scheduler*",
)
"""What hub repositories hold beside safetensors, and nobody here reads."""
_WORDS = ("*.json", "*.txt")
"""Settings and vocabulary of a model."""
_FILES = (".pth", ".pt", ".bin", ".safetensors")


def load_encoder(source: str | Path, *, device: str | None = None, precision: str | None = None) -> Encoder:
    """Load a teacher, a student or an edge pack, or reach a server. For the last two no torch is loaded.

    Where torch is not installed, "tiny-edge" is the pack of it that travels with the package, on the CPU.

    Args:
        source: "tiny-cloud" or "tiny-edge" (shipped), a model folder, an edge pack, http(s)://... of
            `crossreid serve`, a hub id (downloaded once into the hub's cache), a folder with a PEFT adapter, or a
            file with the state dict of a CLIP or of the authors' student.
        device: of torch; CUDA where available, else the CPU. A pack runs on the CPU.
        precision: of matrix products: "fp32", "bf16", "fp16", or "auto" (default): the fastest that the device
            computes natively. A pack has its own.

    Raises:
        CheckpointError: nothing usable is at `source`, or a pack computes other vectors on this machine.
        ConfigurationError: the device or precision is not available.
        MissingDependencyError: it is no pack, and torch is not installed.
    """
    if precision not in (None, *PRECISIONS):
        raise ConfigurationError(f"precision {precision!r}", expected=f"one of {', '.join(PRECISIONS)}")
    own = None if precision == "auto" else precision
    if str(source).startswith(("http://", "https://")):
        return _reach_server(str(source), device, own)
    if is_pack(Path(source)):
        return _open_pack(Path(source), device, own)
    pack = shipped_pack(str(source))
    if pack is not None and None in map(find_spec, ("torch", "transformers")):
        return _open_pack(pack, device, own, shipped_as=str(source))
    return _load_model(source, device, cast("PrecisionSetting", precision or "auto"))


def load_search_encoder(source: str | Path, *, device: str | None = None) -> Encoder:
    """Load the encoder of a search or of a gallery, as fast as it can be had.

    A shipped model is its pack, unless a device is named: importing torch takes seconds, and a search of one caption
    milliseconds. Both have one fingerprint. Everything else is as in `load_encoder`.
    """
    pack = None if device is not None else shipped_pack(str(source))
    if pack is None:
        return load_encoder(source, device=device)
    return _open_pack(pack, None, None, shipped_as=str(source))


def _reach_server(url: str, device: str | None, precision: str | None) -> Encoder:
    from crossreid.runtime.remote import RemoteEncoder

    if device is not None or precision is not None:
        raise ConfigurationError(
            f"the server {url} on device {device!r} in precision {precision!r}",
            expected="neither: the server has its own",
            remedy="leave both out",
        )
    return RemoteEncoder(url)


def _open_pack(folder: Path, device: str | None, precision: str | None, *, shipped_as: str = "") -> Encoder:
    from crossreid.runtime.verification import open_pack

    encoder = open_pack(folder, shipped_as=shipped_as)
    if device not in (None, "cpu") or precision not in (None, encoder.pack.precision):
        raise ConfigurationError(
            f"the pack {shipped_as or folder} on device {device!r} in precision {precision!r}",
            expected=f"cpu and {encoder.pack.precision}",
            remedy="leave both out",
        )
    return encoder


def _load_model(source: str | Path, device: str | None, precision: PrecisionSetting) -> Encoder:
    try:
        import torch
        import transformers  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"{source}, which is no edge pack, and no {error.name} to run it",
            expected="an edge pack, or the packages of models",
            remedy="pip install 'crossreid[models]'"
            + (
                ", or 'crossreid[edge]' for the pack of it"
                if (shipped_folder(str(source)) / PACK).is_dir()
                else ""
            ),
        ) from error

    from crossreid.models.encoder import ModelEncoder
    from crossreid.models.folder import load_model

    try:
        place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.empty(0, device=place)
    except (RuntimeError, AssertionError) as error:
        raise ConfigurationError(
            f"device {device!r} is not available: {error}", expected="cpu or cuda"
        ) from error
    model, space = load_model(model_folder(source))
    return ModelEncoder(model.to(place), space=space, source=str(source), precision=precision)


def model_folder(source: str | Path, *, weights: bool = True) -> Path:
    """The local folder of a shipped name, a path or a cached hub id; a file is its own.

    Args:
        source: any of these.
        weights: of a hub id, fetch the weights too, not only settings and tokenizer.

    Raises:
        CheckpointError: there is none.
    """
    if str(source) in SHIPPED:
        return shipped_folder(str(source))
    folder = Path(source)
    if folder.is_dir() or (folder.is_file() and folder.suffix in _FILES):
        return folder
    if str(source).count("/") == 1 and not folder.is_absolute():
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

        try:
            return Path(
                snapshot_download(
                    str(source),
                    allow_patterns=None if weights else list(_WORDS),
                    ignore_patterns=list(_OTHER_FORMATS),
                )
            )
        except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
            raise CheckpointError(
                f"{source} is neither a folder nor a model that the hub gave ({type(error).__name__})",
                expected="a model folder, a hub id, or " + " or ".join(SHIPPED),
                remedy="check the name and the connection, or download it first",
            ) from error
    raise CheckpointError(
        f"no model at {source}", expected="a model folder, a hub id, or " + " or ".join(SHIPPED)
    )
