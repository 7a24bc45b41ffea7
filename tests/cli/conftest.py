"""A drawn world, untrained models of some thousand weights, and a way to call the program."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from crossreid.cli.main import app
from crossreid.models.folder import save_model
from crossreid.synthesis.pedestrians.dataset import write_world

Call = Callable[..., Any]

LOOP = {"steps": 2, "learning_rate": 1e-3, "workers": 0, "tracker": None, "log_every": 1}


@pytest.fixture(scope="session")
def run() -> Call:
    """Call `crossreid` with real encoders; the exit status must be the one that is expected."""

    def invoke(*words: object, status: int = 0) -> Any:
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exit_code == status, result.output
        return result

    return invoke


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six people to train with and four to test with, met twice."""
    folder = tmp_path_factory.mktemp("data") / "world"
    people = {"train": 6, "test": 4}
    write_world(folder, seed=3, people=people, groups_per_person=2, workers=1, progress=False)
    return folder


@pytest.fixture(scope="session")
def cloud(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tiny.teacher(), tmp_path_factory.mktemp("models") / "cloud")


@pytest.fixture(scope="session")
def edge(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tiny.student(), tmp_path_factory.mktemp("models") / "edge")


@pytest.fixture(scope="session")
def edge_pack(edge: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The edge model for ONNX Runtime; only for tests that run unchecked (`traced`)."""
    from crossreid.models.loading import load_encoder
    from crossreid.packing import export

    return export(load_encoder(edge), tmp_path_factory.mktemp("packs") / "edge", runtime="onnx")


@pytest.fixture(scope="session")
def embeddings(run: Call, world: Path, edge: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test people through the untrained edge model."""
    file = tmp_path_factory.mktemp("embeddings") / "edge.parquet"
    run("embed", edge, "--data", world, "--split", "test", "--out", file)
    return file


@pytest.fixture
def configuration(tmp_path: Path) -> Callable[..., Path]:
    """Write a configuration of two steps."""

    def write(kind: str, **settings: object) -> Path:
        path = tmp_path / f"{kind}.yaml"
        batch = {"people": 3, "groups": 2}
        path.write_text(yaml.safe_dump({"kind": kind, "loop": LOOP, "batch": batch} | settings))
        return path

    return write
