"""An ONNX pack -> a model repository of the Triton inference server."""

import shutil
from pathlib import Path

from crossreid.core.errors import ConfigurationError
from crossreid.runtime.pack import Pack, read_pack
from crossreid.runtime.towers import FILES

_LARGEST_BATCH = 32
_LONGEST_WAIT_US = 2000

# Without its batch dimension a batch of single numbers has no shape left, which Triton cannot say.
_HEADS = "dims: [ 1 ] reshape { shape: [ ] }"


def write_triton_repository(
    pack_folder: str | Path, repository: str | Path, *, name: str = "crossreid"
) -> Path:
    """Write the models `<name>_image` and `<name>_text`, which batch requests by themselves.

    Args:
        pack_folder: of an ONNX pack.
        repository: its folder is made; other models in it are left alone.
        name: how the two models begin.

    Returns:
        The repository.

    Raises:
        ConfigurationError: the pack is not for ONNX.
        CheckpointError: the pack is damaged.
    """
    source, target = Path(pack_folder), Path(repository)
    pack = read_pack(source)
    if pack.runtime != "onnx":
        raise ConfigurationError(f"{source}, a pack for {pack.runtime}", expected="a pack for onnx")
    for file in FILES["onnx"] if pack.takes_captions else FILES["onnx"][:1]:
        tower = file.removesuffix(".onnx")
        model = target / f"{name}_{tower}"
        (model / "1").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file, model / "1" / "model.onnx")
        beside = source / f"{file}.data"
        if beside.exists():  # the model names the file of its weights
            shutil.copyfile(beside, model / "1" / beside.name)
        (model / "config.pbtxt").write_text(_configuration(f"{name}_{tower}", tower, pack), encoding="utf-8")
    return target


def _configuration(name: str, tower: str, pack: Pack) -> str:
    size = pack.preprocessing
    inputs = {
        "image": [
            ("pixels", "TYPE_FP32", f"dims: [ 3, {size.height}, {size.width} ]"),
            ("heads", "TYPE_INT64", _HEADS),
        ],
        "text": [("tokens", "TYPE_INT64", "dims: [ -1 ]")],
    }[tower]
    entries = ",\n".join(f'  {{ name: "{key}" data_type: {kind} {shape} }}' for key, kind, shape in inputs)
    return (
        f'name: "{name}"\nplatform: "onnxruntime_onnx"\nmax_batch_size: {_LARGEST_BATCH}\n'
        f"input [\n{entries}\n]\n"
        f'output [\n  {{ name: "vectors" data_type: TYPE_FP32 dims: [ {pack.dim} ] }}\n]\n'
        f"dynamic_batching {{ max_queue_delay_microseconds: {_LONGEST_WAIT_US} }}\n"
    )
