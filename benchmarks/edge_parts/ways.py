"""Ways from prepared input to vectors, and what is timed beside them."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.encoding import encode_samples
from crossreid.models.vision_text import EdgeModel
from crossreid.packing import Original
from crossreid.packing.tokens import TokenRules, tokenizer_of
from crossreid.packing.towers import ImageTower, TextTower
from crossreid.runtime.towers import FILES, IMAGE_HEADS, load_tower
from crossreid.synthesis.pedestrians.world import World
from edge_parts.plan import CAPTION, KINDS, Plan
from edge_parts.subjects import Subject

TOWERS = ("image", "text")
AROUND = "around the model"
MIXED = "openvino bf16+int8"
"""The int8 pack with bf16 in place of fp32 for what is not in eight bits."""

_PRECISIONS = (("fp32", torch.float32), ("bf16", torch.bfloat16))

Inputs = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Way:
    """Something that is timed; `why_not` says why there is no call."""

    call: Callable[[], Any] | None
    why_not: str = ""


def ways(subject: Subject, tower: str, batch: int, plan: Plan) -> dict[str, Way]:
    """All ways of one tower, from the same input; then what is done around it, and the products of the machine."""
    inputs = inputs_of(subject.original, tower, batch, plan)
    found = _torch_ways(subject.original, tower, inputs)
    place = TOWERS.index(tower)
    for runtime, precision in KINDS:
        kind = f"{runtime} {precision}"
        if kind in subject.refused:
            found[kind] = Way(None, subject.refused[kind])
            continue
        file = subject.folder / f"{runtime}-{precision}" / FILES[runtime][place]
        run = load_tower(file, runtime, precision, threads=plan.threads)
        found[kind] = Way(lambda run=run: run(inputs))
        if kind == "openvino int8":
            mixed = load_tower(file, runtime, "bf16", threads=plan.threads)
            found[MIXED] = Way(lambda run=mixed: run(inputs))
    found[AROUND] = _around(subject, tower, batch)
    return found | products(plan)


def agreement(found: Mapping[str, Way]) -> dict[str, float]:
    """The lowest cosine of each way's vectors with those of eager fp32, from the same input."""
    vectors = {
        name: np.asarray(torch.as_tensor(way.call()).float(), np.float64)
        for name, way in found.items()
        if way.call is not None and name != AROUND and not name.startswith("product ")
    }
    unit = {name: rows / np.linalg.norm(rows, axis=1, keepdims=True) for name, rows in vectors.items()}
    return {
        name: round(float((rows * unit["eager fp32"]).sum(axis=1).min()), 6) for name, rows in unit.items()
    }


def student_of(original: Original) -> EdgeModel:
    """The model, which reads captions too."""
    assert isinstance(original.student, EdgeModel), "only students are measured"
    return original.student


def inputs_of(original: Original, tower: str, batch: int, plan: Plan) -> Inputs:
    """Noise as pictures, or one caption several times."""
    if tower == "text":
        return {"tokens": tokenizer_of(student_of(original))([CAPTION] * batch)}
    size = original.student.preprocessing
    pixels = np.random.default_rng(plan.seed).normal(size=(batch, 3, size.height, size.width))
    return {"pixels": pixels.astype(np.float32), "heads": np.zeros(batch, np.int64)}


def products(plan: Plan) -> dict[str, Way]:
    """Products of two square matrices by PyTorch and OpenVINO: the fastest of a precision is the machine's peak."""
    side, random = plan.product_side, np.random.default_rng(plan.seed)
    first, second = random.normal(size=(2, side, side)).astype(np.float32)
    found = {}
    for name, dtype in _PRECISIONS:
        left, right = (torch.from_numpy(matrix).to(dtype) for matrix in (first, second))
        found[f"product {name}, torch"] = Way(lambda left=left, right=right: left @ right)
    eighths = [torch.from_numpy(matrix).mul(32).to(torch.int8) for matrix in (first, second)]
    library: Any = torch  # whose types do not know its product of integers
    # In OpenVINO a product in eight bits alone, without a network around it, runs at the rate of fp32.
    found["product int8, torch"] = Way(lambda: library._int_mm(*eighths))
    for name in ("fp32", "bf16"):
        run = _openvino_product(second, name, plan.threads)
        found[f"product {name}, openvino"] = Way(lambda run=run: run([first]))
    return found


def operations(original: Original, tower: str, plan: Plan) -> int:
    """Multiplications and additions for one item in the matrix products of a tower, attention's among them."""
    student = student_of(original)
    own: Any = student.vision if tower == "image" else student.text
    config = own.config
    width = config.hidden_size
    if tower == "image":
        patch, size = config.patch_size, student.preprocessing
        patches = (size.height // patch) * (size.width // patch)
        tokens, ends = patches + 1, patches * 3 * patch**2 * width + len(IMAGE_HEADS) * width * student.dim
    else:
        tokens, ends = inputs_of(original, tower, 1, plan)["tokens"].shape[1], width * student.dim
    block = tokens * (4 * width**2 + 2 * width * config.intermediate_size) + 2 * tokens**2 * width
    return 2 * (config.num_hidden_layers * block + ends)


def profile(file: Path, precision: str, inputs: Inputs, plan: Plan) -> dict[str, float]:
    """Milliseconds of one call of an OpenVINO model by kind of operation, largest first."""
    import openvino

    settings: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": {"fp16": "f16", "bf16": "bf16"}.get(precision, "f32"),
        "INFERENCE_NUM_THREADS": plan.threads,
        "PERF_COUNT": True,
    }
    request = openvino.Core().compile_model(file, "CPU", settings).create_infer_request()
    for _ in range(3):
        request.infer(inputs)
    spent: dict[str, float] = {}
    for node in request.profiling_info:
        spent[node.node_type] = spent.get(node.node_type, 0.0) + node.real_time.total_seconds() * 1000
    return {
        kind: round(ms, 3) for kind, ms in sorted(spent.items(), key=lambda item: -item[1]) if ms >= 0.001
    }


def _openvino_product(weights: np.ndarray, precision: str, threads: int) -> Any:
    import openvino
    from openvino import opset13

    runtime: Any = openvino  # whose constructors have types that its own classes do not fit
    entering = opset13.parameter(list(weights.shape), np.float32, name="left")
    left, right = entering, opset13.constant(weights)
    model = runtime.Model([opset13.matmul(left, right, False, True)], [entering], "product")
    hint = "bf16" if precision == "bf16" else "f32"
    settings = {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": threads}
    return runtime.Core().compile_model(model, "CPU", settings)


def _torch_ways(original: Original, tower: str, inputs: Inputs) -> dict[str, Way]:
    found = {}
    torch.compiler.reset()  # of every case something new is compiled, and the number of versions is bounded
    for name, dtype in _PRECISIONS:
        module = _torch_tower(original, tower).to(dtype)
        tensors = {
            key: tensor.to(dtype) if tensor.is_floating_point() else tensor
            for key, tensor in ((key, torch.from_numpy(array)) for key, array in inputs.items())
        }
        found[f"eager {name}"] = Way(lambda module=module, tensors=tensors: _forward(module, tensors))
        compiled = torch.compile(module)
        try:
            _forward(compiled, tensors)
            found[f"compiled {name}"] = Way(lambda run=compiled, tensors=tensors: _forward(run, tensors))
        except Exception as error:  # it needs a compiler of C++, and has errors of its own
            found[f"compiled {name}"] = Way(None, f"{type(error).__name__}: {str(error).splitlines()[0]}")
    return found


def _torch_tower(original: Original, tower: str) -> torch.nn.Module:
    student = copy.deepcopy(student_of(original))
    if tower == "image":
        return ImageTower(student).eval()
    return TextTower(student, padding=TokenRules.of(student).padding_token).eval()


def _forward(module: Callable[..., torch.Tensor], tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    with torch.inference_mode():
        return module(**tensors)


def _around(subject: Subject, tower: str, batch: int) -> Way:
    """From encoded pictures or captions to checked embeddings, with a model that takes no time."""
    student = student_of(subject.original)
    vectors = np.eye(1, student.dim, dtype=np.float32).repeat(batch, axis=0)
    tokenize = tokenizer_of(student)
    samples = [Sample(Modality.TEXT, caption=CAPTION)] * batch
    if tower == "image":
        picture = subject.folder / "picture.jpg"
        Image.fromarray(World(0).group("demo", 0, 0).rgb(height=256, width=128)).save(picture, quality=90)
        samples = [Sample(Modality.RGB, path=picture)] * batch

    def embed_captions(captions: Sequence[str]) -> np.ndarray:
        tokenize(captions)
        return vectors

    return Way(
        lambda: encode_samples(
            samples,
            embed_images=lambda pixels, modalities: vectors,
            embed_captions=embed_captions,
            preprocessing=student.preprocessing,
            dim=student.dim,
            fingerprint="a@b",
            batch_size=batch,
            progress=False,
        )
    )
