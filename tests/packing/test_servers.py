"""What is written for TensorRT and Triton, as far as it can be looked at without them."""

from pathlib import Path
from typing import Any

import onnx
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from onnx import TensorProto, checker, shape_inference

from crossreid.models.encoder import ModelEncoder
from crossreid.packing import Original, prepare, write_pack, write_triton_repository

pytestmark = pytest.mark.traced

NEWEST_OPSET = 20
"""That TensorRT 10 reads."""

TYPES = {"TYPE_FP32": TensorProto.FLOAT, "TYPE_INT64": TensorProto.INT64}

TEXT, NUMBER, LARGE, ENUM, MESSAGE = 9, 5, 3, 14, 11
ONE, MANY = 1, 3
SCHEMA = {
    "Reshape": [("shape", LARGE, MANY, "")],
    "Input": [
        ("name", TEXT, ONE, ""),
        ("data_type", ENUM, ONE, "DataType"),
        ("dims", LARGE, MANY, ""),
        ("reshape", MESSAGE, ONE, "Reshape"),
    ],
    "Batching": [("max_queue_delay_microseconds", LARGE, ONE, "")],
    "Configuration": [
        ("name", TEXT, ONE, ""),
        ("platform", TEXT, ONE, ""),
        ("max_batch_size", NUMBER, ONE, ""),
        ("input", MESSAGE, MANY, "Input"),
        ("output", MESSAGE, MANY, "Input"),
        ("dynamic_batching", MESSAGE, ONE, "Batching"),
    ],
}
"""The part of Triton's `model_config.proto` that we use."""


@pytest.fixture(scope="session")
def configuration() -> Any:
    """A message class that reads `config.pbtxt`, and nothing that the server does not know."""
    file = descriptor_pb2.FileDescriptorProto(name="t.proto", package="t", syntax="proto3")
    types = file.enum_type.add(name="DataType")
    for number, name in enumerate(["TYPE_INVALID", *TYPES]):
        types.value.add(name=name, number=number)
    for name, fields in SCHEMA.items():
        message = file.message_type.add(name=name)
        for number, (field, kind, label, of) in enumerate(fields, start=1):
            added = message.field.add(name=field, number=number)
            added.type, added.label = kind, label  # type: ignore[assignment]
            if of:
                added.type_name = f".t.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Configuration"))


@pytest.fixture(scope="module")
def original(student_encoder: ModelEncoder) -> Any:
    with prepare(student_encoder) as original:
        yield original


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_the_models_are_typed_strictly_and_triton_is_told_the_same(
    original: Original, configuration: Any, tmp_path: Path, precision: Any
) -> None:
    pack = write_pack(original, tmp_path / "pack", runtime="onnx", precision=precision)
    repository = write_triton_repository(pack, tmp_path / "models")
    for tower in ("image", "text"):
        folder = repository / f"crossreid_{tower}"
        model = onnx.load(folder / "1" / "model.onnx")
        checker.check_model(model, full_check=True)
        shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
        assert {item.domain: item.version for item in model.opset_import}[""] <= NEWEST_OPSET
        assert {node.domain for node in model.graph.node} == {""}
        told = text_format.Parse((folder / "config.pbtxt").read_text(), configuration())
        assert (told.name, told.platform) == (f"crossreid_{tower}", "onnxruntime_onnx")
        for described, real in ((told.input, model.graph.input), (told.output, model.graph.output)):
            assert {item.name: entry(item) for item in described} == {item.name: shape(item) for item in real}


def entry(item: Any) -> tuple[int, list[int]]:
    """Type and shape behind the free number of items, as Triton hands it over."""
    name = type(item).DESCRIPTOR.fields_by_name["data_type"].enum_type.values_by_number[item.data_type].name
    return TYPES[name], list(item.reshape.shape if item.HasField("reshape") else item.dims)


def shape(item: Any) -> tuple[int, list[int]]:
    """The same of an input or output of the model; free sizes are -1."""
    free, *sizes = item.type.tensor_type.shape.dim
    assert free.dim_param
    return item.type.tensor_type.elem_type, [-1 if size.dim_param else size.dim_value for size in sizes]


def test_eight_bits_that_tensorrt_does_not_read_are_not_offered_to_it(
    original: Original, drawn: Any, tmp_path: Path
) -> None:
    pack = write_pack(original, tmp_path / "pack", runtime="onnx", precision="int8", calibration=drawn)
    assert not (pack / "tensorrt.sh").exists()
    assert "TensorRT does not read these eight bits" in (pack / "README.md").read_text()
