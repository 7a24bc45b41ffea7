"""Files of weights from anywhere: nothing but tensors is read, and nothing is run."""

import pickle
import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from crossreid.core.errors import CheckpointError


def read_tensors(file: Path, *, remedy: str = "") -> Any:
    """What a `.safetensors` file, or a pickle of plain values and tensors, holds.

    Args:
        file: in either format, by its suffix.
        remedy: for one that cannot be read.

    Raises:
        CheckpointError: the file is damaged, or holds other objects.
    """
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)
            return torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, SafetensorError) as error:
        raise CheckpointError(
            f"{file} cannot be read as weights alone: {_reason(error)}",
            expected="a state dict of tensors",
            remedy=remedy,
        ) from error


def _reason(error: Exception) -> str:
    """The first line of what torch says, unless it goes on to propose that what is inside be run."""
    text = str(error)
    if "weights_only" in text:
        return "it is damaged, or holds more than tensors"
    return (text.splitlines() or [type(error).__name__])[0]
