from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from crossreid.data import load_dataset

Call = Callable[..., Any]
LOOP = {"steps": 2, "learning_rate": 1e-3, "workers": 0, "tracker": None, "log_every": 1}
NETWORK = {"height": 32, "width": 16, "channels": 2, "halvings": 3}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "translator.yaml"
    settings = {
        "kind": "translator",
        "modality": "ir",
        "loop": LOOP,
        "network": NETWORK,
        "discriminator": "none",
    }
    file.write_text(yaml.safe_dump(settings))
    return file


def test_a_translator_is_trained_on_own_pairs_and_expands_photos(
    run: Call, world: Path, config: Path, tmp_path: Path
) -> None:
    out = tmp_path / "translator"
    result = run("train", config, "--out", out, "--data", world, "--validation-split", "test")
    assert f"Wrote {out / 'model'}" in result.stdout
    assert "validation PSNR" in result.stdout
    assert f"Next: crossreid expand PHOTOS --infrared {out} --out four" in result.stdout
    words = ("--dataset", "pedestrians", "--split", "test", "--replace", "--sketch", "none", "--workers", 1)
    result = run("expand", world, *words, "--infrared", out, "--out", tmp_path / "four")
    assert "8 rgb, 8 sketch, 8 text; made: 8 ir (8 files new)" in result.stdout
    four = load_dataset("manifest", tmp_path / "four", split="test")
    assert {len(group) for group in four.groups().values()} == {4}


def test_a_plan_says_what_would_be_drawn_and_trained(run: Call, config: Path) -> None:
    output = run("train", config, "--dry-run").output
    assert "Plan of a translator training; nothing is trained." in output
    assert "photograph -> " in output
    assert "drawn of" in output
    assert "measured here" in output
    assert "activations kept for the backward pass" in output
