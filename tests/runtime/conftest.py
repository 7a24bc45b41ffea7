"""A pack whose vectors can be worked out by hand."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from crossreid.core.modality import Modality
from crossreid.data.preprocessing import Preprocessing
from crossreid.runtime.pack import Pack, checksum
from crossreid.runtime.parity import Agreement, Parity
from crossreid.runtime.probes import PROBES, Probes, Verification

NO_STATISTICS = Preprocessing(4, 2, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))

RED_AND_YELLOW = np.array([[1, 0, 0], [0.6, 0.8, 0]], np.float32)
"""Unit vectors of the mean colours of the two probes: (200, 0, 0) and (150, 200, 0)."""


def write_mean_colour(file: Path) -> None:
    """The image tower: pixels -> their mean colour, of unit length."""
    free = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["pixels", "axes"], ["mean"], keepdims=0),
            helper.make_node("ReduceL2", ["mean", "last"], ["length"], keepdims=1),
            helper.make_node("Div", ["mean", "length"], ["vectors"]),
        ],
        "image",
        [
            free("pixels", TensorProto.FLOAT, ["n", 3, 4, 2]),
            free("heads", TensorProto.INT64, ["n"]),
        ],
        [free("vectors", TensorProto.FLOAT, ["n", 3])],
        [
            helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3]),
            helper.make_tensor("last", TensorProto.INT64, [1], [1]),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), file)


def write_probes(folder: Path, vectors: np.ndarray) -> None:
    """Two probes, with these vectors of a model, into a folder whose card names their checksum."""
    pictures = np.zeros((2, 4, 2, 3), np.uint8)
    pictures[0, ..., 0] = 200
    pictures[1] = (150, 200, 0)
    Probes(pictures, (Modality.RGB, Modality.SKETCH), (), vectors).save(folder)


@pytest.fixture
def write_pack(tmp_path: Path) -> Callable[..., Path]:
    """Write a pack of pictures alone, with the vectors that its model is said to have given."""

    def write(vectors: np.ndarray = RED_AND_YELLOW, *, precision: str = "fp32") -> Path:
        folder = tmp_path / "pack"
        folder.mkdir(exist_ok=True)
        write_mean_colour(folder / "image.onnx")
        write_probes(folder, vectors)
        pack = Pack(
            runtime="onnx",
            precision="fp32",
            dim=3,
            rotation="",
            fingerprint="pack@space",
            made_from="model@space",
            preprocessing=NO_STATISTICS,
            prompts={},
            start_token=None,
            end_token=0,
            padding_token=0,
            longest_caption=0,
            parity=Parity({"rgb": Agreement(1.0, 1.0, 2)}),
            quantisation=None,
            verified=Verification(("x86_64", "avx2"), "onnxruntime 1.0", {"rgb": 1.0, "sketch": 1.0}),
            checksums={name: checksum(folder / name) for name in ("image.onnx", PROBES)},
        )
        replace(pack, precision=precision).write(folder)  # type: ignore[arg-type]
        return folder

    return write
