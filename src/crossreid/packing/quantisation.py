"""Towers in eight bits, by NNCF's post-training quantisation; layers that break stay in float."""

import contextlib
import logging
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crossreid.packing.onnx import save_onnx
from crossreid.runtime.pack import Runtime
from crossreid.runtime.parity import LIMITS

Inputs = dict[str, np.ndarray]
Names = tuple[str, ...]

_MARGIN = 0.2
"""Share of the permitted error that is kept back, since the parity is measured on other items."""

_SMOOTHING = 0.5
"""How far the spread of activations is moved into the weights: SmoothQuant's usual alpha (Xiao et al., ICML 2023)."""

_GROUPS = 12
"""Of consecutive products, which are taken back into float together."""

_RANKING_ITEMS = 32
"""That groups are compared on."""

_PRODUCTS = ("MatMul", "Gemm", "Conv", "Convolution")

LARGEST_WEIGHT = 64
"""Magnitude of an eight-bit weight: half the range, so that no processor's sums overflow.

Without the dot products of VNNI, x86 multiplies eight bits by `vpmaddubsw`, which adds two products of an unsigned
activation and a signed weight in 16 bits and saturates there: 2 * 255 * 127 = 64,770 does not fit below 32,768,
2 * 255 * 64 = 32,640 does. Mean cosine of `tiny-edge` on an AVX2 processor by ONNX Runtime with the pack in exact
sums: 0.9980 (captions) and 0.9988 (pictures) with full-range weights, above 0.99997 with half of the range. It costs a
bit: against the model, 0.9997 and 0.9995 in exact sums become 0.9995 and 0.9993.
"""


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
    """Quantise a tower; if its cosine is not kept, leave in float what costs most of it, as little as is needed.

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
        model = _read(source, runtime)
        trial = _Trial(model, calibration)
        groups = _groups(_products(model))
        found = keep_cosine(trial.run, groups, wanted=1 - (1 - LIMITS["int8"].cosine) * (1 - _MARGIN))
        if runtime == "onnx":
            save_onnx(found, target)
            return _onnx_layers(found)
        import openvino

        openvino.save_model(found, target)
        return _openvino_layers(found)


def keep_cosine(
    run: Callable[[Names, int | None], tuple[Any, float]], groups: Sequence[Names], *, wanted: float
) -> Any:
    """A model with as few groups of layers in float as keep a cosine.

    First none. If that is too far off, each group is left in float alone, and looked at on few items; then they are
    left in float together, in the order in which that helped, one more each time. All of them are the model itself.

    Args:
        run: names of layers to leave in float and how many items to look at (None for all) -> model and cosine.
        groups: names of layers.
        wanted: cosine to keep.
    """
    model, cosine = run((), None)
    if cosine >= wanted:
        return model
    helped = {group: run(group, _RANKING_ITEMS)[1] for group in groups}
    in_float: Names = ()
    for group in sorted(groups, key=lambda group: -helped[group]):
        in_float += group
        model, cosine = run(in_float, None)
        if cosine >= wanted:
            break
    return model


class _Trial:
    """Quantises one tower in several ways.

    Half of the items give the ranges, the other half shows what these do to items that did not make them.
    """

    def __init__(self, model: Any, calibration: Calibration) -> None:
        self._model, self._inputs = model, calibration.inputs
        self._kinds, self._expected = (
            np.asarray(calibration.kinds),
            _unit(_outputs(model, calibration.inputs)),
        )
        self._order = np.random.default_rng(0).permutation(len(calibration.inputs)).tolist()

    def run(self, in_float: Names, items: int | None) -> tuple[Any, float]:
        """The tower with some layers in float, and the mean cosine of the kind of evidence that comes off worst."""
        import nncf

        order = self._order[:items]
        ranges, checks = order[::2], order[1::2] or order
        quantised = nncf.quantize(
            self._model,
            nncf.Dataset([self._inputs[row] for row in ranges]),
            subset_size=len(ranges),
            preset=nncf.QuantizationPreset.MIXED,
            model_type=nncf.ModelType.TRANSFORMER,
            ignored_scope=nncf.IgnoredScope(names=list(in_float), validate=False),
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                overflow_fix=nncf.OverflowFix.ENABLE,  # see LARGEST_WEIGHT
                # The usual mean of the items' ranges cuts off the kinds of evidence that are in the minority.
                activations_range_estimator_params=nncf.quantization.range_estimator.RangeEstimatorParametersSet.MINMAX,
                smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(matmul=_SMOOTHING, convolution=-1),
            ),
        )
        cosines = np.sum(
            _unit(_outputs(quantised, [self._inputs[row] for row in checks])) * self._expected[checks], 1
        )
        kinds = self._kinds[checks]
        return quantised, float(min(cosines[kinds == kind].mean() for kind in np.unique(kinds)))


def _read(source: Path, runtime: Runtime) -> Any:
    if runtime == "onnx":
        import onnx

        return onnx.load(source)
    import openvino

    return openvino.Core().read_model(source)


def _products(model: Any) -> list[str]:
    """Names of the products of a model of either runtime, in its own order."""
    if hasattr(model, "SerializeToString"):
        return [node.name for node in model.graph.node if node.op_type in _PRODUCTS]
    return [node.get_friendly_name() for node in model.get_ordered_ops() if node.get_type_name() in _PRODUCTS]


def _groups(names: Sequence[str]) -> list[Names]:
    return [tuple(map(str, part)) for part in np.array_split(names, min(_GROUPS, len(names)))]


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
