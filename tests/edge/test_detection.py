from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from crossreid.core.errors import CheckpointError, ConfigurationError, DataError
from crossreid.edge.detection import GivenBoxes, OnnxDetector, WholePicture
from crossreid.edge.frames import Frame
from crossreid.edge.layouts import LAYOUTS, fit, guess_layout

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIDE = 64


def frame(height: int = 64, width: int = 128, *, number: int = 0) -> Frame:
    return Frame(number, NOON, np.zeros((height, width, 3), np.uint8), person="7")


def constant_model(folder: Path, *outputs: np.ndarray, sizes: bool = False) -> Path:
    """A detector that always answers the same."""
    inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE, SIDE])]
    if sizes:
        inputs.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2]))
    nodes = [
        helper.make_node("Constant", [], [f"out{place}"], value=numpy_helper.from_array(array))
        for place, array in enumerate(outputs)
    ]
    answers = [
        helper.make_tensor_value_info(
            f"out{place}", helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for place, array in enumerate(outputs)
    ]
    graph = helper.make_graph(nodes, "constant", inputs, answers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, folder / "detector.onnx")
    return folder / "detector.onnx"


def floats(values: Any) -> np.ndarray:
    return np.array(values, np.float32)


# A frame of 128 x 64 comes into the square half as large, with margins of 16 pixels above and below. The person is at
# 20..40 x 10..50 in the frame: at 10..20 x 21..41 in the square with margins on both sides, 10..20 x 5..25 in the
# corner, and at 10..20 x 10..50 when stretched.
PERSON = [20, 10, 40, 50]
CENTRED = [15, 31, 10, 20]  # centre and size


def yolov8() -> list[np.ndarray]:
    rows = np.zeros((1, 6, 84), np.float32)  # two classes; people are the second
    rows[0, :, 3] = [*CENTRED, 0.95, 0.8]
    rows[0, :, 4] = [16, 31, 10, 20, 0, 0.7]  # the same person again
    rows[0, :, 5] = [50, 31, 10, 20, 0.9, 0.05]  # a dog
    return [rows]


def yolov5() -> list[np.ndarray]:
    rows = np.zeros((1, 252, 7), np.float32)
    rows[0, 3] = [*CENTRED, 0.8, 0, 1.0]
    return [rows]


def yolox() -> list[np.ndarray]:
    rows = np.zeros((1, 84, 7), np.float32)  # 8 x 8, 4 x 4 and 2 x 2 cells
    # Cell (1, 1) of stride 8 is row 9: its centre is at (1 + x) * 8, its size exp(w) * 8.
    rows[0, 9] = [15 / 8 - 1, 15 / 8 - 1, np.log(10 / 8), np.log(20 / 8), 1.0, 0, 0.8]
    return [rows]


def rt_detr() -> list[np.ndarray]:
    labels, scores = np.array([[0, 1, 1]]), floats([[0.9, 0.8, 0.01]])
    return [labels, floats([[[0, 0, 9, 9], [10, 10, 20, 50], [0, 0, 5, 5]]]), scores]


def rt_detr_of_transformers() -> list[np.ndarray]:
    logits = floats([[[5, -5], [-5, np.log(4)]]])  # 0.8 = 1 / (1 + exp(-log 4))
    return [logits, floats([[[0.5, 0.5, 0.1, 0.1], [15 / 64, 30 / 64, 10 / 64, 40 / 64]]])]


def end_to_end() -> list[np.ndarray]:
    return [floats([[[10, 21, 20, 41, 0.8, 1], [10, 21, 20, 41, 0.9, 0], [0, 0, 0, 0, 0, 1]]])]


@pytest.mark.parametrize(
    ("outputs", "layout", "named"),
    [
        (yolov8(), "yolov8", "auto"),
        (yolov5(), "yolov5", "yolov5"),
        (yolox(), "yolox", "yolox"),
        (rt_detr(), "rt-detr", "auto"),
        (rt_detr_of_transformers(), "rt-detr", "auto"),
        (end_to_end(), "end-to-end", "auto"),
    ],
)
def test_every_layout_finds_the_one_person(
    tmp_path: Path, outputs: list[np.ndarray], layout: str, named: str
) -> None:
    model = constant_model(tmp_path, *outputs, sizes=len(outputs) == 3)
    detector = OnnxDetector(model, layout=named, person_class=1)
    assert detector.layout is LAYOUTS[layout]
    found = detector.detect(frame())
    np.testing.assert_allclose(found.boxes, [PERSON], atol=1e-4)
    np.testing.assert_allclose(found.scores, [0.8], atol=1e-6)
    assert found.labels == ("",)


def test_boxes_stay_inside_the_frame(tmp_path: Path) -> None:
    rows = floats([[[-9, 10, 20, 900, 0.8, 0], [70, 70, 90, 90, 0.9, 0]]])
    found = OnnxDetector(constant_model(tmp_path, rows)).detect(frame())
    np.testing.assert_allclose(found.boxes, [[0, 0, 40, 64]])


@pytest.mark.parametrize(
    ("layout", "row", "column", "value"),
    [("yolov8", 16, 0, [1, 0, 0]), ("yolox", 0, 0, [0, 0, 255]), ("rt-detr", 0, 0, [1, 0, 0])],
)
def test_red_is_where_each_family_expects_it(layout: str, row: int, column: int, value: list[float]) -> None:
    red = np.zeros((64, 128, 3), np.uint8)
    red[..., 0] = 255
    pixels, _ = fit(red, (SIDE, SIDE), LAYOUTS[layout])
    assert pixels.shape == (1, 3, SIDE, SIDE)
    np.testing.assert_allclose(pixels[0, :, row, column], value)
    margin = pixels[0, :, -1, -1] if layout != "rt-detr" else floats(114 / 255)
    np.testing.assert_allclose(margin, 114 if layout == "yolox" else 114 / 255)


def test_a_layout_that_cannot_be_told_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--layout yolox"):
        OnnxDetector(constant_model(tmp_path, *yolov5()))
    with pytest.raises(ConfigurationError, match="yolov4"):
        OnnxDetector(constant_model(tmp_path, *yolov5()), layout="yolov4")
    with pytest.raises(CheckpointError, match="84 for 64 x 64"):
        OnnxDetector(constant_model(tmp_path, *yolov5()), layout="yolox")
    with pytest.raises(ConfigurationError, match="class 2"):
        OnnxDetector(constant_model(tmp_path, *yolov8()), person_class=2)


def test_something_else_is_no_detector(tmp_path: Path) -> None:
    (tmp_path / "detector.onnx").write_bytes(b"x")
    with pytest.raises(CheckpointError, match=r"detector\.onnx"):
        OnnxDetector(tmp_path / "detector.onnx")


def test_guesses() -> None:
    assert guess_layout({"a": np.zeros((1, 84, 8400))}) == "yolov8"
    assert guess_layout({"a": np.zeros((1, 300, 6))}) == "end-to-end"
    with pytest.raises(ConfigurationError):
        guess_layout({"a": np.zeros((1, 8400, 6))})  # YOLOX of one class


def test_boxes_of_the_mot_challenge(tmp_path: Path) -> None:
    (tmp_path / "det.txt").write_text("1,-1,20,10,20,40,0.8,-1,-1,-1\n\n2,7,0,0,5,5,-1\n1,3.0,1,2,3,4,2.5\n")
    given = GivenBoxes.read(tmp_path / "det.txt")
    first, second = given.detect(frame(number=0)), given.detect(frame(number=1))
    assert first.boxes.tolist() == [PERSON, [1, 2, 4, 6]]
    assert first.scores.tolist() == [0.8, 1.0]
    assert first.labels == ("", "3")
    assert (second.labels, second.scores.tolist()) == (("7",), [1.0])
    assert len(given.detect(frame(number=2))) == 0


@pytest.mark.parametrize("content", ["1,2,3\n", "a,b,c,d,e,f\n"])
def test_other_texts_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "det.txt").write_text(content)
    with pytest.raises(DataError, match=r"det\.txt"):
        GivenBoxes.read(tmp_path / "det.txt")


def test_a_ready_made_crop_is_a_person_from_edge_to_edge() -> None:
    found = WholePicture().detect(frame(40, 20))
    assert (found.boxes.tolist(), found.labels) == ([[0, 0, 20, 40]], ("7",))
