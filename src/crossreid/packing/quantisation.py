"""Towers in eight bits, by NNCF's post-training quantisation; layers that break stay in float."""

import contextlib
import logging
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crossreid.packing.onnx import save_onnx
from crossreid.runtime.pack import Runtime
from crossreid.runtime.parity import LIMITS

Inputs = dict[str, np.ndarray]

_MARGIN = 0.3
"""Share of the permitted error that is kept back, since the parity is measured on other items."""

_PRODUCTS = ("MatMul", "Gemm", "Conv", "Convolution")


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the ranges of a tower's activations are measured on, one item a row.

    Args:
        inputs: each of batch 1.
        kinds: of each item; the mean cosine of the worst kind has to be kept.
    """

    inputs: Sequence[Inputs]
    kinds: Sequence[str]


@dataclass(frozen=True, slots=True)
class Layers:
    """How many layers of a tower are in eight bits, and which are not."""

    quantised: int
    in_float: tuple[str, ...]


def quantise(source: Path, target: Path, runtime: Runtime, calibration: Calibration) -> Layers:
    """Quantise a tower, and take back layer after layer until the cosine is kept.

    Args:
        source: the tower in ONNX, fp32.
        target: of the runtime.
        runtime: that will run it.
        calibration: pictures or captions, prepared.

    Raises:
        ImportError: NNCF is not installed.
    """
    os.environ.setdefault("NNCF_CI", "1")  # else it reports its use over the network
    with _quietly():
        import nncf

        if runtime == "onnx":
            import onnx

            model: Any = onnx.load(source)
        else:
            import openvino

            model = openvino.Core().read_model(source)
        expected = _unit(_outputs(model, calibration.inputs))
        kinds = np.asarray(calibration.kinds)

        def worst_mean_cosine(model: Any, rows: Iterable[int]) -> tuple[float, list[float]]:
            chosen = np.array(list(rows))
            found = _unit(_outputs(model, [calibration.inputs[row] for row in chosen]))
            cosines = np.sum(found * expected[chosen], axis=1)
            means = [cosines[kinds[chosen] == kind].mean() for kind in np.unique(kinds[chosen])]
            return float(min(means)), cosines.tolist()

        # Half of the items for the ranges, the other half to see what the ranges do to items that did not make them.
        order = np.random.default_rng(0).permutation(len(calibration.inputs)).tolist()
        ranges, checks = (
            nncf.Dataset(order[first::2] or order, lambda row: calibration.inputs[row]) for first in (0, 1)
        )
        quantised = nncf.quantize_with_accuracy_control(
            model,
            calibration_dataset=ranges,
            validation_dataset=checks,
            validation_fn=worst_mean_cosine,
            max_drop=(1 - LIMITS["int8"].cosine) * (1 - _MARGIN),
            # On ViTs, whose activations are nearly symmetric after a layer norm, the other preset did worse.
            preset=nncf.QuantizationPreset.PERFORMANCE,
            subset_size=len(order),
            model_type=nncf.ModelType.TRANSFORMER,
            # What takes a layer back restores its weights, but not the smoothing of its input: the two fall apart.
            advanced_quantization_parameters=nncf.AdvancedQuantizationParameters(
                smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(matmul=-1, convolution=-1)
            ),
        )
        if runtime == "onnx":
            save_onnx(quantised, target)
            return _onnx_layers(quantised)
        import openvino

        openvino.save_model(quantised, target)
        return _openvino_layers(quantised)


def _outputs(model: Any, inputs: Iterable[Inputs]) -> np.ndarray:
    """What a model of either runtime, compiled or not, says of many inputs."""
    if hasattr(model, "SerializeToString"):
        import onnxruntime

        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        return np.concatenate([np.asarray(session.run(None, item)[0]) for item in inputs])
    import openvino

    if isinstance(model, openvino.Model):
        # In bfloat16, OpenVINO's own choice, the error to be measured would drown.
        model = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.concatenate([np.array(model(item)[0]) for item in inputs])


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _openvino_layers(model: Any) -> Layers:
    products = [node for node in model.get_ordered_ops() if node.get_type_name() in _PRODUCTS]
    names = [
        node.get_friendly_name()
        for node in products
        if node.input_value(0).get_node().get_type_name() != "FakeQuantize"
    ]
    return Layers(len(products) - len(names), tuple(names))


def _onnx_layers(model: Any) -> Layers:
    makers = {name: node.op_type for node in model.graph.node for name in node.output}
    products = [node for node in model.graph.node if node.op_type in _PRODUCTS]
    names = [node.name for node in products if makers.get(node.input[0]) != "DequantizeLinear"]
    return Layers(len(products) - len(names), tuple(names))


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """NNCF talks about its insides on standard output; the parity report says what came of it."""
    log = logging.getLogger("nncf")
    level = log.level
    with (
        warnings.catch_warnings(),
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
    ):
        warnings.simplefilter("ignore")
        log.setLevel(logging.ERROR)
        try:
            yield
        finally:
            log.setLevel(level)
