"""The pack that stands for tiny-edge: it is that of the weights beside it, and it is what a search opens."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import crossreid as cr
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.models.encoder import ModelEncoder
from crossreid.models.loading import load_search_encoder
from crossreid.models.shipped import shipped_folder, shipped_pack
from crossreid.packing.drawn import drawn_samples
from crossreid.runtime import PackEncoder

SEARCH_S = 1.5
"""Processor time that a cold search by words may take where `START` takes `START_S`."""

START_S = 0.28
START = """
import resource
import numpy, onnxruntime, pydantic, rich.console, typer
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime)
"""
"""The libraries that every search loads: how long they take tells how fast and how busy this machine is."""

SEARCH = """
import resource, sys
class WithoutPandas:  # which comes with no extra; where it is installed, Arrow loads it for a second and a half
    def find_spec(name, path, target=None):
        if name == "pandas":
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, WithoutPandas)
from crossreid.cli.main import app
sys.argv = ["crossreid", *sys.argv[1:]]
try:
    app(prog_name="crossreid")
except SystemExit as done:
    assert not done.code, done.code
used = resource.getrusage(resource.RUSAGE_SELF)
loaded = [name for name in ("torch", "transformers", "matplotlib", "sklearn", "cv2") if name in sys.modules]
print(used.ru_utime + used.ru_stime, *loaded, file=sys.stderr)
"""

WITHOUT_TORCH = (
    "import sys; sys.modules.update(dict.fromkeys(('torch', 'transformers', 'accelerate', 'peft')));"
)


@pytest.fixture(scope="module")
def model() -> ModelEncoder:
    encoder = cr.load_encoder("tiny-edge", device="cpu")
    assert isinstance(encoder, ModelEncoder)
    return encoder


@pytest.fixture(scope="module")
def pack() -> PackEncoder:
    encoder = load_search_encoder("tiny-edge")
    assert isinstance(encoder, PackEncoder)
    return encoder


def test_the_pack_is_of_the_weights_beside_it(model: ModelEncoder, pack: PackEncoder) -> None:
    """Where this fails, the pack is older than the weights: python tools/ship_pack.py."""
    assert pack.fingerprint == model.fingerprint
    samples = drawn_samples("test", people=2)
    samples += [Sample(Modality.TEXT, caption="a woman with short hair, a yellow dress and a bag " * 9)]
    cosines = (pack.encode(samples).vectors * model.encode(samples).vectors).sum(axis=1)
    assert cosines.min() >= 0.99999


def test_the_pack_stores_half_width(pack: PackEncoder) -> None:
    weights = sum(
        (shipped_folder("tiny-edge") / name).stat().st_size
        for name in ("model.safetensors", "heads.safetensors")
    )
    assert pack.pack.precision == "fp32"
    assert sum(file.stat().st_size for file in pack.folder.glob("*.onnx")) < 1.2 * weights


def test_a_named_device_gets_the_model(model: ModelEncoder) -> None:
    encoder = load_search_encoder("tiny-edge", device="cpu")
    assert isinstance(encoder, ModelEncoder)
    assert encoder.fingerprint == model.fingerprint


def test_only_the_edge_model_has_a_pack() -> None:
    assert shipped_pack("tiny-cloud") is None
    assert shipped_pack("runs/edge") is None


def test_the_name_opens_the_pack_where_there_is_no_torch(model: ModelEncoder) -> None:
    program = WITHOUT_TORCH + (
        "import crossreid as cr; e = cr.load_encoder('tiny-edge'); print(e.fingerprint, e.encode(['a bag'],"
        " modality='text').vectors.shape)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{model.fingerprint} (1, {model.dim})"


def test_a_cold_search_by_words_loads_no_torch_and_takes_little_time(
    model: ModelEncoder, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for name in "abc":
        Image.fromarray(rng.integers(0, 256, (64, 32, 3), np.uint8)).save(tmp_path / "photos" / f"{name}.png")
    gallery = tmp_path / "gallery"
    run("index", tmp_path / "photos", "--out", gallery)
    record = cr.open_gallery(str(gallery)).encoder
    assert record is not None
    assert (record.source, record.fingerprint) == ("tiny-edge", model.fingerprint)
    for options in ([], ["--fpir", "0.01"]):
        starts, searches = [], []
        for _ in range(3):
            done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
            starts.append(float(done.stdout))
            _, errors = run("search", gallery, "--text", "a man in a red jacket", *options)
            seconds, *loaded = errors.splitlines()[-1].split()
            assert loaded == []
            searches.append(float(seconds))
        assert min(searches) <= SEARCH_S * max(1.0, min(starts) / START_S)


def run(*words: Any) -> tuple[str, str]:
    command = [sys.executable, "-c", SEARCH, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr
