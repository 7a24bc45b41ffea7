from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossreid.models.loading import load_encoder

Call = Callable[..., Any]


@pytest.mark.traced
def test_a_pack_is_written(run: Call, edge: Path, tmp_path: Path) -> None:
    pack = tmp_path / "packs" / "edge"
    result = run("export", edge, "--out", pack, "--runtime", "onnx")
    assert f"Wrote {pack}: onnx, fp32" in result.stdout
    assert f"Next: crossreid index FOLDER --encoder {pack}" in result.stdout
    assert load_encoder(pack).dim == 32


def test_a_cloud_model_is_no_edge_model(run: Call, cloud: Path, tmp_path: Path) -> None:
    result = run("export", cloud, "--out", tmp_path / "pack", status=2)
    assert "expected a student" in result.stderr
    assert not (tmp_path / "pack").exists()
