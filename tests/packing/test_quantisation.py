from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossreid.models.encoder import ModelEncoder
from crossreid.packing import prepare, quantisation
from crossreid.packing.calibration import CalibrationSet
from crossreid.packing.quantisation import LARGEST_WEIGHT, keep_cosine, quantise
from crossreid.runtime.parity import Limits
from crossreid.runtime.towers import load_tower

GROUPS = [("a", "b"), ("c",), ("d", "e")]
COST = {("a", "b"): 0.004, ("c",): 0.02, ("d", "e"): 0.006}
"""Of the cosine, for each group in eight bits."""


class Trial:
    """A model whose groups cost what is known; a model is the names that are in float."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[str, ...], int | None]] = []

    def run(self, in_float: tuple[str, ...], items: int | None) -> tuple[Any, float]:
        self.asked.append((in_float, items))
        return in_float, 1 - sum(cost for group, cost in COST.items() if not set(group) <= set(in_float))


@pytest.mark.parametrize(
    ("wanted", "in_float"),
    [(0.96, ""), (0.98, "c"), (0.99, "c"), (0.995, "cde"), (0.999, "cdeab"), (2.0, "cdeab")],
)
def test_as_little_as_is_needed_stays_in_float(wanted: float, in_float: str) -> None:
    assert keep_cosine(Trial().run, GROUPS, wanted=wanted) == tuple(in_float)


def test_groups_are_compared_on_few_items_and_judged_on_all() -> None:
    trial = Trial()
    keep_cosine(trial.run, GROUPS, wanted=0.98)
    few = quantisation._RANKING_ITEMS
    assert trial.asked == [((), None), *((group, few) for group in GROUPS), (("c",), None)]
    trial = Trial()
    keep_cosine(trial.run, GROUPS, wanted=0.96)
    assert trial.asked == [((), None)]


def eight_bit_weights(file: Path, runtime: str) -> list[np.ndarray]:
    """Of matrix products and convolutions."""
    if runtime == "onnx":
        import onnx

        graph = onnx.load(file).graph
        values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
        source = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "DequantizeLinear"}
        read = [
            source.get(node.input[1], "") for node in graph.node if node.op_type in quantisation._PRODUCTS
        ]
        return [values[name] for name in read if name in values]
    import openvino

    found = []
    for node in openvino.Core().read_model(file).get_ordered_ops():
        if node.get_type_name() in quantisation._PRODUCTS:
            weight = node.input_value(1).get_node()
            while weight.get_type_name() in ("Multiply", "Subtract", "Convert", "Reshape", "Transpose"):
                weight = weight.input_value(0).get_node()
            if isinstance(weight, openvino.op.Constant) and weight.get_element_type() == openvino.Type.i8:
                found.append(np.array(weight.data))
    return found


@pytest.mark.traced
@pytest.mark.parametrize(("runtime", "name"), [("onnx", "image.onnx"), ("openvino", "image.xml")])
def test_eight_bit_weights_cannot_overflow_sums_of_16_bits(
    student_encoder: ModelEncoder, drawn: Any, tmp_path: Path, runtime: Any, name: str
) -> None:
    with prepare(student_encoder) as original:
        quantise(
            original.traced / "image.onnx",
            tmp_path / name,
            runtime,
            calibration(student_encoder, drawn.samples),
        )
    weights = eight_bit_weights(tmp_path / name, runtime)
    assert len(weights) >= 4
    assert max(int(np.abs(weight.astype(int)).max()) for weight in weights) == LARGEST_WEIGHT
    assert 2 * 255 * LARGEST_WEIGHT < 2**15


def calibration(encoder: ModelEncoder, samples: Sequence[Any]) -> quantisation.Calibration:
    pictures = tuple(sample for sample in samples if sample.modality != "text")
    captions = tuple(sample for sample in samples if sample.modality == "text")
    chosen = CalibrationSet("drawn", pictures, captions)
    return chosen.of_pictures(encoder.model.preprocessing)


@pytest.mark.traced
@pytest.mark.parametrize("runtime", ["onnx", "openvino"])
def test_a_tower_that_may_lose_nothing_stays_in_float(
    student_encoder: ModelEncoder, drawn: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: Any
) -> None:
    monkeypatch.setattr(quantisation, "_GROUPS", 2)
    items = calibration(student_encoder, drawn.samples)
    target = tmp_path / {"onnx": "image.onnx", "openvino": "image.xml"}[runtime]
    with prepare(student_encoder) as original:
        source = original.traced / "image.onnx"
        found = {}
        for cosine in (0.9, 1.1):
            limits = {"int8": Limits(cosine, of_mean=True, mean_ap_drop=1.0)}
            monkeypatch.setattr(quantisation, "LIMITS", limits)
            layers = quantise(source, target, runtime, items)
            run = load_tower(target, runtime, "int8")
            found[cosine] = layers, np.concatenate([run(item) for item in items.inputs])
        whole = load_tower(source, "onnx", "fp32")
        expected = np.concatenate([whole(item) for item in items.inputs])
    eight, none = found[0.9], found[1.1]
    assert eight[0].quantised >= 6
    assert none[0].quantised == 0
    assert len(none[0].in_float) == eight[0].quantised + len(eight[0].in_float)
    assert np.abs(eight[1] - expected).max() > 2e-3
    np.testing.assert_allclose(none[1], expected, atol=5e-4)  # float weights of OpenVINO lie in half width
