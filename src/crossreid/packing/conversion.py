"""Traced towers -> the files of a runtime, in a precision."""

from collections.abc import Sequence
from pathlib import Path

from crossreid.core.errors import ConfigurationError
from crossreid.packing.onnx import halve_onnx, store_onnx
from crossreid.packing.quantisation import Calibration, Layers, quantise
from crossreid.runtime.pack import Precision, Runtime
from crossreid.runtime.towers import FILES

PRECISIONS: dict[Runtime, tuple[Precision, ...]] = {
    "onnx": ("fp32", "fp16", "int8"),
    "openvino": ("fp32", "fp16", "bf16", "int8"),
}
"""What each runtime is offered in."""


def check_precision(runtime: str, precision: str) -> None:
    """Refuse what is not offered.

    Raises:
        ConfigurationError: with what is.
    """
    match runtime, precision:
        case ("onnx", "bf16"):
            raise ConfigurationError(
                "a bf16 pack for onnx, whose CPU kernels have none",
                expected=", ".join(PRECISIONS["onnx"]),
                remedy="use runtime='openvino'",
            )
        case ("onnx" | "openvino" as known, _) if precision in PRECISIONS[known]:
            return
        case _:
            offers = "; ".join(f"{name}: {', '.join(kinds)}" for name, kinds in PRECISIONS.items())
            raise ConfigurationError(f"runtime {runtime!r} with precision {precision!r}", expected=offers)


def convert(
    traced: Path,
    folder: Path,
    runtime: Runtime,
    precision: Precision,
    calibrations: Sequence[Calibration] | None,
) -> list[Layers]:
    """Write the two towers for a runtime.

    Args:
        traced: folder of the ONNX towers in fp32.
        folder: exists.
        runtime: that will run them.
        precision: that the runtime offers.
        calibrations: of the image and, where there is one, the text tower, for int8.

    Returns:
        What became of the layers of each tower; nothing unless in int8.
    """
    layers = []
    for tower, (source, target) in enumerate(zip(FILES["onnx"], FILES[runtime], strict=True)):
        if not (traced / source).exists():  # of a model that takes pictures alone
            continue
        if calibrations is not None:
            layers.append(quantise(traced / source, folder / target, runtime, calibrations[tower]))
        elif runtime == "openvino":
            _write_openvino(traced / source, folder / target, halve=precision != "fp32")
        elif precision == "fp16":
            halve_onnx(traced / source, folder / target)
        else:
            store_onnx(traced / source, folder / target)
    return layers


def _write_openvino(source: Path, target: Path, *, halve: bool) -> None:
    import openvino

    # The C++ reader: the converter in Python would report its use over the network.
    openvino.save_model(openvino.Core().read_model(source), target, compress_to_fp16=halve)
