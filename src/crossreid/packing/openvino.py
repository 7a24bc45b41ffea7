"""Towers -> OpenVINO's intermediate representation."""

from pathlib import Path
from tempfile import TemporaryDirectory

from crossreid.models.student import Student
from crossreid.packing.onnx import write_onnx
from crossreid.runtime.pack import Precision
from crossreid.runtime.towers import FILES


def write_openvino(student: Student, folder: Path, precision: Precision) -> None:
    """Write both towers.

    Args:
        student: on the CPU, in evaluation mode.
        folder: exists.
        precision: with "bf16" the weights are stored in half width; they are computed with in bfloat16.
    """
    import openvino

    with TemporaryDirectory() as scratch:
        write_onnx(student, Path(scratch))
        for traced, file in zip(FILES["onnx"], FILES["openvino"], strict=True):
            model = openvino.convert_model(Path(scratch) / traced)
            openvino.save_model(model, folder / file, compress_to_fp16=precision == "bf16")
