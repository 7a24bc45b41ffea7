"""What travels with the package: two models, and a pack of the edge model for machines without torch."""

from importlib.util import find_spec
from pathlib import Path

from crossreid.runtime.pack import is_pack

SHIPPED = ("tiny-cloud", "tiny-edge")
PACK = "pack"
"""Folder of the pack, in the folder of its model."""


def shipped_folder(name: str) -> Path:
    """Return the folder of weights that travel with the package."""
    return Path(__file__).parents[1] / "weights" / name


def shipped_pack(name: str) -> Path | None:
    """Return the folder of the pack that stands for a shipped model; None where there is none, or no ONNX Runtime."""
    if name not in SHIPPED or find_spec("onnxruntime") is None:
        return None
    folder = shipped_folder(name) / PACK
    return folder if is_pack(folder) else None
