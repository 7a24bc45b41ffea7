import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossreid.models.loading import load_encoder

Call = Callable[..., Any]


@pytest.mark.traced
def test_a_pack_is_written_and_compared(
    run: Call, edge: Path, world: Path, embeddings: Path, tmp_path: Path
) -> None:
    pack, models = tmp_path / "packs" / "edge", tmp_path / "models"
    words = ("--data", world, "--split", "test", "--rank", 5, "--basis", embeddings, "--triton", models)
    result = run("export", edge, "--out", pack, "--runtime", "onnx", "--accept", *words)
    assert f"Wrote {pack}: onnx, fp32" in result.stdout
    assert "sketch: cosine with the model 1.000000" in result.stdout or "0.99999" in result.stdout
    assert "IR->R: R1 " in result.stdout
    assert re.search(
        r"accepted: .+: mAP -", result.stdout
    )  # five of 32 directions of a model that was never trained
    assert f"Wrote {models}" in result.stdout
    assert (models / "crossreid_image" / "1" / "model.onnx").is_file()
    assert f"Next: crossreid index FOLDER --encoder {pack}" in result.stdout
    assert load_encoder(pack).dim == 5


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--rank", "5"), "--rank without --basis"),
        (("--size", "280"), "HEIGHTxWIDTH"),
        (("--triton", "models"), "--runtime onnx"),
        (("--precision", "int8", "--calibration-split", "train"), "--data"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    run: Call, edge: Path, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    assert message in run("export", edge, "--out", tmp_path / "pack", *words, status=2).stderr
    assert not (tmp_path / "pack").exists()


def test_a_cloud_model_is_no_edge_model(run: Call, cloud: Path, tmp_path: Path) -> None:
    result = run("export", cloud, "--out", tmp_path / "pack", status=2)
    assert "expected a student" in result.stderr
    assert not (tmp_path / "pack").exists()
