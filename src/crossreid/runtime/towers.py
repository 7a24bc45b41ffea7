"""The two towers of a pack, as functions of arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crossreid.core.errors import CheckpointError, MissingDependencyError
from crossreid.core.modality import Modality
from crossreid.runtime.pack import Precision, Runtime

IMAGE_HEADS = (Modality.RGB, Modality.IR, Modality.SKETCH)
"""The order in which the image tower numbers its heads."""

FILES: dict[Runtime, tuple[str, str]] = {
    "onnx": ("image.onnx", "text.onnx"),
    "openvino": ("image.xml", "text.xml"),
}
"""Where each runtime keeps the image and the text tower."""


@dataclass(frozen=True, slots=True)
class Towers:
    """Both towers.

    Args:
        image: (float32 pixels [n, 3, height, width], int64 heads [n]) -> float32 [n, dim].
        text: int64 tokens [n, length] -> float32 [n, dim]; never called in a pack that takes pictures alone.
    """

    image: Callable[[np.ndarray, np.ndarray], np.ndarray]
    text: Callable[[np.ndarray], np.ndarray]


def load_towers(
    folder: Path,
    runtime: Runtime,
    precision: Precision,
    *,
    captions: bool = True,
    threads: int | None = None,
) -> Towers:
    """Hand the models of a pack to their runtime, which takes all cores unless `threads` says otherwise.

    Without `captions` there is no text tower.

    Raises:
        MissingDependencyError: the runtime is not installed.
        CheckpointError: it cannot read the models.
    """
    files = FILES[runtime] if captions else FILES[runtime][:1]
    image, *text = (load_tower(folder / name, runtime, precision, threads=threads) for name in files)
    return Towers(
        image=lambda pixels, heads: image({"pixels": pixels, "heads": heads}),
        text=lambda tokens: text[0]({"tokens": tokens}),
    )


Tower = Callable[[dict[str, np.ndarray]], np.ndarray]
"""Inputs by name -> vectors."""


def load_tower(file: Path, runtime: Runtime, precision: Precision, *, threads: int | None = None) -> Tower:
    """Hand one model to its runtime; see `load_towers`."""
    load = _load_onnx if runtime == "onnx" else _load_openvino
    try:
        return load(file, precision, threads)
    except ImportError as error:
        raise MissingDependencyError(
            f"a pack for {runtime}, which is not installed ({error})",
            expected="the packages for edge packs",
            remedy="pip install 'crossreid[edge]'",
        ) from error
    except Exception as error:  # the runtimes raise their own kinds
        raise CheckpointError(f"{file} cannot be loaded by {runtime}: {error}", expected="a model") from error


def _load_onnx(file: Path, precision: Precision, threads: int | None) -> Tower:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def run(inputs: dict[str, np.ndarray]) -> np.ndarray:
        return np.asarray(session.run(None, inputs)[0])

    return run


def _load_openvino(file: Path, precision: Precision, threads: int | None) -> Tower:
    import openvino

    # Left to itself, OpenVINO computes in bfloat16 wherever the processor can.
    hint = {"fp32": "f32", "fp16": "f16", "bf16": "bf16", "int8": "f32"}[precision]
    settings: dict[str, str | int] = {"INFERENCE_PRECISION_HINT": hint}
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = threads
    compiled = openvino.Core().compile_model(file, "CPU", settings)

    def run(inputs: dict[str, np.ndarray]) -> np.ndarray:
        # The result lives in a buffer that the next call overwrites.
        return np.array(compiled(inputs)[0])

    return run
