"""Towers -> ONNX files."""

import logging
import warnings
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from crossreid.models.mllmreid_pictures import PictureStudent
from crossreid.models.vision_text import EdgeModel
from crossreid.packing.towers import ImageTower, TextTower
from crossreid.runtime.towers import FILES

_LARGEST_IN_ONE_FILE = 2**31 - 2**20
"""Bytes that a protocol buffer holds; larger weights go into a file beside the model."""

_WORTH_HALVING = 1024
"""Numbers in a tensor; shapes, scales and biases are left as they are."""


def write_onnx(student: EdgeModel | PictureStudent, folder: Path, *, padding: int) -> None:
    """Write both towers in fp32, or the one that there is, with a free number of items and tokens.

    Args:
        student: on the CPU, in evaluation mode.
        folder: exists.
        padding: the token that fills up short captions.
    """
    image_file, text_file = FILES["onnx"]
    size = student.preprocessing
    pixels = torch.zeros(2, 3, size.height, size.width)
    _trace(
        ImageTower(student), {"pixels": pixels, "heads": torch.tensor([0, 1])}, folder / image_file, free=1
    )
    if isinstance(student, PictureStudent):
        return
    tokens = torch.full((2, 7), padding)
    tokens[:, :5] = torch.arange(1, 6)
    _trace(TextTower(student, padding=padding), {"tokens": tokens}, folder / text_file, free=2)


def store_onnx(source: Path, target: Path) -> None:
    """Copy a tower in fp32; weights that half width holds without loss are stored so, and cast when it is loaded.

    Whatever was trained or shipped in half width takes half the space, and the vectors stay the same to the last digit.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(source)
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or prod(tensor.dims) < _WORTH_HALVING:
            continue
        values = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            halved = values.astype(np.float16)
        if np.array_equal(halved.astype(np.float32), values):
            stored = f"{tensor.name}_half"
            casts.append(
                helper.make_node("Cast", [stored], [tensor.name], f"{stored}_cast", to=TensorProto.FLOAT)
            )
            tensor.CopyFrom(numpy_helper.from_array(halved, stored))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    save_onnx(model, target)


def halve_onnx(source: Path, target: Path) -> None:
    """Store and compute a tower in fp16; inputs and outputs stay as they are."""
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    with warnings.catch_warnings():
        # It names every weight that it rounds to zero; comparing outputs decides.
        warnings.simplefilter("ignore")
        halved = convert_float_to_float16(onnx.load(source), keep_io_types=True)
    # It writes the casts of the inputs behind the nodes that read them, which only ONNX Runtime forgives.
    entering = {item.name for item in halved.graph.input}
    nodes = sorted(halved.graph.node, key=lambda node: not entering.issuperset(node.input))
    del halved.graph.node[:]
    halved.graph.node.extend(nodes)
    save_onnx(halved, target)


def save_onnx(model: object, target: Path) -> None:
    """Write a model, its weights beside it when one file cannot hold them."""
    import onnx

    assert isinstance(model, onnx.ModelProto)
    large = model.ByteSize() > _LARGEST_IN_ONE_FILE
    onnx.save(model, target, save_as_external_data=large, location=f"{target.name}.data")


def _trace(tower: nn.Module, inputs: dict[str, Tensor], file: Path, *, free: int) -> None:
    """Trace with the first `free` dimensions of every input left open."""
    shapes = {name: dict.fromkeys(range(free), torch.export.Dim.DYNAMIC) for name in inputs}
    size = sum(tensor.numel() * tensor.element_size() for tensor in tower.state_dict().values())
    exporter_log = logging.getLogger("torch.onnx")
    level = exporter_log.level
    with warnings.catch_warnings(), torch.no_grad():
        # The exporter speaks about its own insides; whether the result is right is decided by comparing outputs.
        warnings.simplefilter("ignore")
        exporter_log.setLevel(logging.ERROR)
        try:
            torch.onnx.export(
                tower.eval(),
                kwargs=inputs,
                f=file,
                input_names=list(inputs),
                output_names=["vectors"],
                dynamic_shapes=shapes,
                dynamo=True,
                external_data=size > _LARGEST_IN_ONE_FILE,
                verbose=False,
            )
        finally:
            exporter_log.setLevel(level)
    _forget_origins(file)


def _forget_origins(file: Path) -> None:
    """Drop the lines of Python that each node was traced from: a tenth of a small model, with paths of this machine."""
    import onnx

    model = onnx.load(file, load_external_data=False)
    graph = model.graph
    for owner in (
        model,
        graph,
        *graph.node,
        *graph.initializer,
        *graph.value_info,
        *graph.input,
        *graph.output,
    ):
        del owner.metadata_props[:]
        owner.doc_string = ""
    onnx.save(model, file)
