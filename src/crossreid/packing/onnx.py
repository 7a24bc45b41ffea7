"""Towers -> ONNX files."""

import logging
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from crossreid.models.student import Student
from crossreid.packing.towers import ImageTower, TextTower
from crossreid.runtime.towers import FILES

_LARGEST_IN_ONE_FILE = 2**31 - 2**20
"""Bytes that a protocol buffer holds; larger weights go into a file beside the model."""


def write_onnx(student: Student, folder: Path) -> None:
    """Write both towers, with a free number of items and tokens.

    Args:
        student: on the CPU, in evaluation mode.
        folder: exists.
    """
    image_file, text_file = FILES["onnx"]
    size = student.preprocessing
    pixels = torch.zeros(2, 3, size.height, size.width)
    _trace(
        ImageTower(student), {"pixels": pixels, "heads": torch.tensor([0, 1])}, folder / image_file, free=1
    )
    tokens = student.tokenize(["a person", "a person in a red coat"])
    _trace(TextTower(student), {"tokens": tokens}, folder / text_file, free=2)


def _trace(tower: nn.Module, inputs: dict[str, Tensor], file: Path, *, free: int) -> None:
    """Trace with the first `free` dimensions of every input left open."""
    shapes = {name: dict.fromkeys(range(free), torch.export.Dim.DYNAMIC) for name in inputs}
    size = sum(tensor.numel() * tensor.element_size() for tensor in tower.state_dict().values())
    exporter_log = logging.getLogger("torch.onnx")
    level = exporter_log.level
    with warnings.catch_warnings(), torch.no_grad():
        # The exporter speaks about its own insides; whether the result is right is decided by comparing outputs.
        warnings.simplefilter("ignore")
        exporter_log.setLevel(logging.ERROR)
        try:
            torch.onnx.export(
                tower.eval(),
                kwargs=inputs,
                f=file,
                input_names=list(inputs),
                output_names=["vectors"],
                dynamic_shapes=shapes,
                dynamo=True,
                external_data=size > _LARGEST_IN_ONE_FILE,
                verbose=False,
            )
        finally:
            exporter_log.setLevel(level)
