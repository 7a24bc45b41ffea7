"""Trained translators: photographs in, sketches or infrared pictures out."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from crossreid.core.errors import CheckpointError, ConfigurationError
from crossreid.core.modality import Modality
from crossreid.data.images import resize_image
from crossreid.synthesis.translator_networks import UNet

FILE = "translator.safetensors"
_KEY = "crossreid"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class TranslatorOutline:
    """All of a translator but its weights.

    Args:
        modality: of what it makes: sketch or ir.
        height: of pictures inside, in pixels; a multiple of 2 to the power of `halvings`.
        width: likewise.
        channels: see `UNet`.
        halvings: see `UNet`.

    Raises:
        ConfigurationError: the sizes do not go together.
    """

    modality: Modality
    height: int = 256
    width: int = 128
    channels: int = 64
    halvings: int = 7

    def __post_init__(self) -> None:
        if self.height % 2**self.halvings or self.width % 2**self.halvings:
            raise ConfigurationError(
                f"{self.height} x {self.width} pixels with {self.halvings} halvings",
                expected=f"multiples of {2**self.halvings}",
            )

    def network(self, *, dropout: float = 0.0) -> UNet:
        """A generator with weights drawn anew."""
        return UNet(channels=self.channels, halvings=self.halvings, dropout=dropout)


class Translator:
    """Runs a trained generator.

    Args:
        outline: of the generator.
        network: with its weights.
        device: that it runs on.
    """

    def __init__(self, outline: TranslatorOutline, network: nn.Module, device: str) -> None:
        self.outline, self._device = outline, device
        self._network = network.eval().requires_grad_(False).to(device)

    def check_makes(self, modality: Modality) -> None:
        """Make sure of what it makes.

        Raises:
            CheckpointError: it makes pictures of another modality.
        """
        if self.outline.modality != modality:
            raise CheckpointError(
                f"a translator that makes {self.outline.modality} pictures", expected=f"one for {modality}"
            )

    def translate(self, photos: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Translate photographs, uint8 [height, width, 3] of any sizes, as one batch; sizes stay as they are."""
        if not photos:
            return []
        small = [resize_image(photo, self.outline.height, self.outline.width) for photo in photos]
        pixels = to_pixels(np.stack(small)).to(self._device)
        with torch.inference_mode():
            grey = ((self._network(pixels) + 1.0) * 127.5).round().clamp(0, 255).to(torch.uint8).cpu()
        pictures = np.repeat(grey.permute(0, 2, 3, 1).numpy(), 3, axis=3)
        return [
            resize_image(picture, *photo.shape[:2]) for picture, photo in zip(pictures, photos, strict=True)
        ]


def to_pixels(images: np.ndarray) -> torch.Tensor:
    """Pictures, uint8 [n, height, width, channels], as float32 [n, channels, height, width] from -1 to 1."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float().div(127.5).sub(1.0).contiguous()


def save_translator(network: nn.Module, outline: TranslatorOutline, folder: Path) -> Path:
    """Write a generator with its outline into `folder` as one file of safetensors; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    described = json.dumps({"format": _FORMAT} | asdict(outline))
    partial = folder / f"{FILE}.partial"
    save_file(weights, partial, metadata={_KEY: described})
    partial.replace(folder / FILE)
    return folder / FILE


def find_weights(source: str | Path) -> Path:
    """The file of a translator: itself, or in the folder of a model or of a run.

    Raises:
        CheckpointError: there is none.
    """
    path = Path(source)
    for candidate in (path, path / FILE, path / "model" / FILE):
        if candidate.is_file():
            return candidate
    raise CheckpointError(f"no translator at {source}", expected=f"a folder with {FILE}, or such a file")


def open_translator(path: Path, device: str | None = None) -> Translator:
    """Read a translator; the last two stay in memory, until their files change.

    Args:
        path: of the file.
        device: that it is to run on; None for cuda where available.

    Raises:
        CheckpointError: the file is none of a translator, or incomplete.
    """
    try:
        changed_ns = path.stat().st_mtime_ns
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error})", expected="a translator") from error
    return _open(path, device or ("cuda" if torch.cuda.is_available() else "cpu"), changed_ns)


@lru_cache(maxsize=2)
def _open(path: Path, device: str, _changed_ns: int) -> Translator:
    try:
        with safe_open(path, framework="pt") as file:
            described = json.loads((file.metadata() or {})[_KEY])
        weights = load_file(path)
        if described.pop("format") != _FORMAT:
            raise ValueError("another format")
        outline = TranslatorOutline(**described | {"modality": Modality(described["modality"])})
        network = outline.network()
        network.load_state_dict(weights)
    except (
        OSError,
        SafetensorError,
        KeyError,
        TypeError,
        ValueError,
        RuntimeError,
        ConfigurationError,
    ) as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(
            f"{path} cannot be read ({reason})",
            expected="the weights of a translator made by crossreid train",
        ) from error
    return Translator(outline, network, device)


@contextmanager
def one_thread() -> Iterator[None]:
    """The digits of a sum depend on how many threads share it; processes share the cores instead."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
