"""Frames -> boxes of people: by a detector, from a file, or none at all for ready-made crops."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from crossreid.core.errors import CheckpointError, ConfigurationError, DataError, MissingDependencyError
from crossreid.edge.boxes import keep_strongest
from crossreid.edge.frames import Frame
from crossreid.edge.layouts import LAYOUTS, Layout, fit, guess_layout

_MOST_OVERLAP = 0.65
_USUAL_SIDE = 640


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """People in one frame.

    Args:
        boxes: float64 [n, 4], left, top, right, bottom in pixels of the frame.
        scores: float64 [n], 0 to 1.
        labels: of the track that each box is known to belong to; "" where it is not known.
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.boxes)

    @classmethod
    def unlabelled(cls, boxes: np.ndarray, scores: np.ndarray) -> "Detections":
        """Boxes of people whose tracks are not known."""
        return cls(boxes, scores, ("",) * len(boxes))


@runtime_checkable
class Detector(Protocol):
    """Finds the people in a frame."""

    def detect(self, frame: Frame) -> Detections:
        """All boxes, doubtful ones too."""
        ...


class OnnxDetector:
    """A detector in ONNX, run on the CPU by ONNX Runtime; none travels with the program.

    Args:
        file: of the model.
        layout: what it reads and answers, one of `LAYOUTS`, or "auto" to tell from the shapes of its outputs.
        person_class: number of the class of people; 0 in COCO's usual order.
        least_score: boxes below it are not returned.
        threads: of the runtime; its own choice when left out.

    Raises:
        CheckpointError: the model cannot be loaded or run.
        ConfigurationError: the layout is unknown, or cannot be told.
        MissingDependencyError: ONNX Runtime is not installed.
    """

    def __init__(
        self,
        file: Path,
        *,
        layout: str = "auto",
        person_class: int = 0,
        least_score: float = 0.1,
        threads: int | None = None,
    ) -> None:
        if layout not in ("auto", *LAYOUTS):
            raise ConfigurationError(f"the layout {layout!r}", expected=f"auto, {', '.join(LAYOUTS)}")
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingDependencyError(
                "ONNX Runtime, which runs detectors, is not installed", remedy="pip install 'crossreid[edge]'"
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        try:
            self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
            inputs = self._session.get_inputs()
            shape = inputs[0].shape
            sides = [side if isinstance(side, int) else _USUAL_SIDE for side in shape[2:]]
            self._size = (sides[0], sides[1])
            self._names = [item.name for item in inputs]
            probe = self._run(np.zeros((1, 3, *self._size), np.float32))
        except Exception as error:  # the runtime raises its own kinds
            raise CheckpointError(
                f"{file} cannot be run as a detector: {error}",
                expected="an ONNX model of pictures [1, 3, height, width]",
            ) from error
        name = guess_layout(probe) if layout == "auto" else layout
        self.layout: Layout = LAYOUTS[name]
        self._person_class, self._least_score = person_class, least_score
        self.layout.decode(probe, self._size, person_class)

    def detect(self, frame: Frame) -> Detections:
        """See `Detector.detect`."""
        pixels, back = fit(frame.image, self._size, self.layout)
        boxes, scores = self.layout.decode(self._run(pixels), self._size, self._person_class)
        strong = scores >= self._least_score
        boxes, scores = boxes[strong].astype(np.float64), scores[strong].astype(np.float64)
        kept = keep_strongest(boxes, scores, most_overlap=_MOST_OVERLAP)
        height, width = frame.image.shape[:2]
        inside = np.clip(back(boxes[kept]), 0, [width, height, width, height])
        real = (inside[:, 2] - inside[:, 0] >= 1) & (inside[:, 3] - inside[:, 1] >= 1)
        return Detections.unlabelled(inside[real], scores[kept][real])

    def _run(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        height, width = self._size
        inputs = {self._names[0]: pixels}
        if len(self._names) > 1:  # RT-DETR asks for the size in which it is to answer
            inputs[self._names[1]] = np.array([[width, height]], np.int64)
        names = [item.name for item in self._session.get_outputs()]
        return dict(zip(names, map(np.asarray, self._session.run(names, inputs)), strict=True))


@dataclass(frozen=True, slots=True)
class GivenBoxes:
    """Boxes that somebody else has found, by number of the frame from 0."""

    boxes: Mapping[int, Detections]

    def detect(self, frame: Frame) -> Detections:
        """See `Detector.detect`."""
        return self.boxes.get(frame.number, Detections.unlabelled(np.zeros((0, 4)), np.zeros(0)))

    @classmethod
    def read(cls, file: Path) -> "GivenBoxes":
        """Read a text file of the MOT challenge.

        A row is `frame, id, left, top, width, height, score, ...`; frames count from 1, an id below 0 is unknown, a
        negative score (as some give) counts as 1.

        Raises:
            DataError: the file cannot be read, or a row is something else.
        """
        rows: dict[int, list[tuple[tuple[float, ...], float, str]]] = {}
        try:
            for line in file.read_text(encoding="utf-8").splitlines():
                if line.strip():
                    frame, person, left, top, width, height, *rest = map(float, line.split(","))
                    score = rest[0] if rest and rest[0] >= 0 else 1.0
                    box = (left, top, left + width, top + height)
                    label = f"{person:.0f}" if person >= 0 else ""
                    rows.setdefault(int(frame) - 1, []).append((box, min(score, 1.0), label))
        except (OSError, ValueError) as error:
            raise DataError(
                f"{file} cannot be read as boxes ({error})",
                expected="rows of frame, id, left, top, width, height, score",
            ) from error
        return cls(
            {
                frame: Detections(
                    np.array([box for box, _, _ in found]),
                    np.array([score for _, score, _ in found]),
                    tuple(label for _, _, label in found),
                )
                for frame, found in rows.items()
            }
        )


class WholePicture:
    """For ready-made crops: the person fills the picture, whose folder tells the track."""

    def detect(self, frame: Frame) -> Detections:
        """See `Detector.detect`."""
        height, width = frame.image.shape[:2]
        return Detections(np.array([[0.0, 0.0, width, height]]), np.ones(1), (frame.person,))
