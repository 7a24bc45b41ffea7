"""What the common families of detectors read, and how their answers are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from crossreid.core.errors import CheckpointError, ConfigurationError

Outputs = Mapping[str, np.ndarray]
Found = tuple[np.ndarray, np.ndarray]
"""Boxes [n, 4] of left, top, right, bottom in pixels of the input, and scores [n] of the class of people."""

_STRIDES = (8, 16, 32)
_MARGIN = 114  # the grey of the margins that the YOLO family is trained with
_MOST_QUERIES = (
    1000  # a detector without anchors answers with a few hundred boxes, one with anchors with thousands
)


@dataclass(frozen=True, slots=True)
class Layout:
    """A family of detectors.

    Args:
        placement: how a frame gets the input's size: in its "centre" or top left "corner" with margins, or "stretched".
        bgr: whether blue comes first.
        span: the value of white.
        decode: outputs, input's (height, width), number of the class -> boxes and scores.
    """

    placement: Literal["centre", "corner", "stretched"]
    bgr: bool
    span: float
    decode: Callable[[Outputs, tuple[int, int], int], Found]


def fit(
    image: np.ndarray, size: tuple[int, int], layout: Layout
) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """A frame as the detector reads it, float32 [1, 3, height, width], and the way back for its boxes."""
    import cv2

    height, width = size
    across, down = width / image.shape[1], height / image.shape[0]
    if layout.placement != "stretched":
        across = down = min(across, down)
    inner = max(1, round(image.shape[1] * across)), max(1, round(image.shape[0] * down))
    left, top = (
        ((width - inner[0]) // 2, (height - inner[1]) // 2) if layout.placement == "centre" else (0, 0)
    )
    canvas = np.full((height, width, 3), _MARGIN, np.uint8)
    canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(
        image, inner, interpolation=cv2.INTER_LINEAR
    )
    pixels = (canvas[..., ::-1] if layout.bgr else canvas).astype(np.float32) * np.float32(layout.span / 255)

    def back(boxes: np.ndarray) -> np.ndarray:
        return (boxes - [left, top, left, top]) / [across, down, across, down]

    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]), back


def guess_layout(outputs: Outputs) -> str:
    """The name of the layout that answers in such shapes.

    Raises:
        ConfigurationError: none does, or several do.
    """
    shapes = {name: array.shape for name, array in outputs.items()}
    if len(outputs) in (2, 3) and any(shape[-1:] == (4,) for shape in shapes.values()):
        return "rt-detr"
    if len(outputs) == 1:
        (shape,) = shapes.values()
        if len(shape) == 3 and 4 < shape[1] < shape[2]:
            return "yolov8"
        if len(shape) == 3 and shape[2] == 6 and shape[1] <= _MOST_QUERIES:
            return "end-to-end"
    raise ConfigurationError(
        f"a detector that answers in {shapes}, whose layout cannot be told",
        expected=f"one of {', '.join(LAYOUTS)}",
        remedy="name it: --layout yolox, or --layout yolov5, for [1, boxes, 5 + classes]",
    )


def _yolov8(outputs: Outputs, size: tuple[int, int], person: int) -> Found:
    rows = _only(outputs)[0].T  # cx, cy, width, height, a score a class
    return _corners(rows[:, :4]), _class(rows[:, 4:], person)


def _yolov5(outputs: Outputs, size: tuple[int, int], person: int) -> Found:
    rows = _only(outputs)[0]  # cx, cy, width, height, objectness, a score a class
    return _corners(rows[:, :4]), rows[:, 4] * _class(rows[:, 5:], person)


def _yolox(outputs: Outputs, size: tuple[int, int], person: int) -> Found:
    """As released: places are relative to a grid of each stride, sizes are logarithms (Ge et al., arXiv 2107.08430)."""
    rows = _only(outputs)[0]
    grids, strides = [], []
    for stride in _STRIDES:
        y, x = np.mgrid[: size[0] // stride, : size[1] // stride]
        grids.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full((x.size, 1), stride))
    grid, stride = np.concatenate(grids), np.concatenate(strides)
    if len(grid) != len(rows):
        raise CheckpointError(
            f"a YOLOX of {len(rows)} boxes", expected=f"{len(grid)} for {size[0]} x {size[1]}"
        )
    boxes = np.concatenate([(rows[:, :2] + grid) * stride, np.exp(rows[:, 2:4]) * stride], axis=1)
    return _corners(boxes), rows[:, 4] * _class(rows[:, 5:], person)


def _rt_detr(outputs: Outputs, size: tuple[int, int], person: int) -> Found:
    """Labels, boxes and scores of the authors' export, or logits and relative boxes of transformers' models."""
    boxes = next(array[0] for array in outputs.values() if array.ndim == 3 and array.shape[-1] == 4)
    if len(outputs) == 2:
        logits = next(array[0] for array in outputs.values() if array.shape[-1] != 4)
        relative = _corners(boxes) * [size[1], size[0], size[1], size[0]]
        return relative, 1 / (1 + np.exp(-_class(logits, person)))
    flat = [array[0] for array in outputs.values() if array.ndim == 2]
    labels = next(array for array in flat if np.issubdtype(array.dtype, np.integer))
    scores = next(array for array in flat if np.issubdtype(array.dtype, np.floating))
    return boxes, np.where(labels == person, scores, 0)


def _end_to_end(outputs: Outputs, size: tuple[int, int], person: int) -> Found:
    rows = _only(outputs)[0]  # left, top, right, bottom, score, class
    return rows[:, :4], np.where(np.round(rows[:, 5]) == person, rows[:, 4], 0)


LAYOUTS: Mapping[str, Layout] = {
    "yolov8": Layout("centre", bgr=False, span=1.0, decode=_yolov8),
    "yolov5": Layout("centre", bgr=False, span=1.0, decode=_yolov5),
    "yolox": Layout("corner", bgr=True, span=255.0, decode=_yolox),
    "rt-detr": Layout("stretched", bgr=False, span=1.0, decode=_rt_detr),
    "end-to-end": Layout("centre", bgr=False, span=1.0, decode=_end_to_end),
}


def _only(outputs: Outputs) -> np.ndarray:
    if len(outputs) != 1 or next(iter(outputs.values())).ndim != 3:
        shapes = {name: array.shape for name, array in outputs.items()}
        raise CheckpointError(
            f"a detector that answers in {shapes}", expected="one output of three dimensions"
        )
    return next(iter(outputs.values()))


def _corners(boxes: np.ndarray) -> np.ndarray:
    """Centre and size -> left, top, right, bottom."""
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def _class(scores: np.ndarray, person: int) -> np.ndarray:
    if person >= scores.shape[1]:
        raise ConfigurationError(f"class {person} of people", expected=f"below {scores.shape[1]}")
    return scores[:, person]
