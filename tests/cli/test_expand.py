from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crossreid.data import load_dataset


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in ("anna/1.jpg", "anna/2.jpg", "bob/1.jpg"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(256, size=(60, 30, 3), dtype=np.uint8)).save(tmp_path / "photos" / name)
    return tmp_path / "photos"


def test_a_folder_of_photos_becomes_a_data_set(run: Any, photos: Path, tmp_path: Path) -> None:
    (photos / "bob/broken.jpg").write_bytes(b"nothing")
    result = run("expand", photos, "--out", tmp_path / "four", "--workers", 1)
    assert "3 rgb; made: 3 ir, 3 sketch (6 files new)" in result.output
    assert "Skipped" in result.output
    assert "1 pictures that could not be used" in result.output
    check = f"Next: crossreid data check manifest {tmp_path / 'four'}"
    assert f"{check}, or crossreid train configs/teacher-tiny.yaml" in result.output
    alone = run("expand", photos / "anna", "--out", tmp_path / "alone", "--workers", 1).stdout
    assert alone.endswith(f"Next: crossreid data check manifest {tmp_path / 'alone'}\n")  # of nobody known
    assert len(load_dataset("manifest", tmp_path / "four")) == 9


def test_an_unknown_generator_is_one_line(run: Any, photos: Path, tmp_path: Path) -> None:
    result = run("expand", photos, "--out", tmp_path / "four", "--sketch", "drwan", status=2)
    assert "generator 'drwan' of sketch pictures" in result.stderr
