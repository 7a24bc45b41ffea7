"""What every test runs under: no network, one thread of torch, the same examples each time."""

import importlib.util
import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OPENVINO_TELEMETRY_OPT_OUT", "1")

import jaxtyping
import numpy as np
import pytest
from beartype._check.code import codemain
from hypothesis import HealthCheck, settings

# A shared machine makes any deadline a source of chance failures.
settings.register_profile(
    "reproducible", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("reproducible")

# Checked annotations of lists look at a random item. Drawn from `random` itself, in a thread of a server under test,
# that item would change the state that hypothesis watches while it makes an example.
codemain.getrandbits = random.Random(0).getrandbits  # pyright: ignore[reportPrivateImportUsage]

_GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="session", autouse=True)
def auto_is_fp32() -> Iterator[None]:
    """Tests compare numbers to digits that bf16 does not have; `tests/models/test_precision.py` asks what `auto` is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("crossreid.models.precision.fastest_precision", lambda device: "fp32")
        yield


@pytest.fixture(scope="session")
def golden_inputs() -> dict[str, np.ndarray]:
    """Arrays for which independent reference implementations gave `golden_values`."""
    with np.load(_GOLDEN / "inputs.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="session")
def golden_values() -> dict[str, Any]:
    return json.loads((_GOLDEN / "expected.json").read_text())


@pytest.fixture
def shapes_unchecked() -> Iterator[None]:
    """As in production, where no annotation is checked and the code's own refusals must speak."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def colours() -> Any:
    """The module `colour_encoder.py`: an encoder that needs no weights."""
    return _neighbour("colour_encoder")


@pytest.fixture(scope="session")
def tiny() -> Any:
    """The module `tiny_models.py`: random teachers and students, and batches for them."""
    return _neighbour("tiny_models")


@pytest.fixture(scope="session")
def walks() -> Any:
    """The module `walks.py`: a drawn video whose boxes are known."""
    return _neighbour("walks")


@pytest.fixture(scope="session")
def program() -> Callable[[str], Any]:
    """Load a Python file of the repository by its path from the root, seeing its neighbours as a script does."""
    return _program


def _neighbour(name: str) -> Any:
    return _program(f"tests/{name}.py")


@cache
def _program(path: str) -> Any:
    file = Path(__file__).parents[1] / path
    spec = importlib.util.spec_from_file_location(f"{file.stem}_of_{file.parent.name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Annotations of dataclasses are looked up there.
    sys.modules[spec.name] = module
    sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(file.parent))
    return module
