from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.gallery.gallery import open_gallery
from crossreid.gallery.records import EncoderRecord
from crossreid.models.folder import save_model

Call = Callable[..., Any]


@pytest.fixture(scope="session")
def pack(run: Call, edge: Path, embeddings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The edge model in five of its directions."""
    folder = tmp_path_factory.mktemp("packs") / "low"
    run("export", edge, "--out", folder, "--runtime", "onnx", "--rank", 5, "--basis", embeddings)
    return folder


@pytest.mark.traced
def test_a_gallery_in_full_width_is_searched_by_a_low_rank_pack(
    run: Call, edge: Path, pack: Path, world: Path, tmp_path: Path
) -> None:
    photos, full, low = world / "test" / "rgb", tmp_path / "full", tmp_path / "low"
    photo = min(photos.rglob("*.jpg"))
    run("index", photos, "--encoder", edge, "--out", full)
    refused = run("search", full, "--encoder", pack, "--rgb", photo, status=2)
    assert "widths" in refused.stderr
    result = run("project", full, "--pack", pack, "--out", low)
    assert f"Wrote {low}: 8 pictures, 5 numbers instead of 32" in result.stdout
    assert f"Next: crossreid search {low} " in result.stdout
    found = run("search", low, "--rgb", photo, "--top", 1)
    assert photo.name in found.stdout
    assert open_gallery(low).embeddings().dim == 5
    assert "an empty gallery" in run("project", full, "--pack", pack, "--out", low, status=2).stderr


@pytest.mark.traced
def test_embeddings_in_full_width_are_compared_with_those_of_the_pack(
    run: Call, pack: Path, embeddings: Path, world: Path, tiny: Any, edge: Path, tmp_path: Path
) -> None:
    other = save_model(tiny.student(seed=1), tmp_path / "other")
    low, own = tmp_path / "low.parquet", tmp_path / "own.parquet"
    result = run("project", embeddings, "--pack", pack, "--out", low)
    assert f"--gallery {low}" in result.stdout
    run("embed", pack, "--data", world, "--split", "test", "--out", own)
    projected, answered = Embeddings.load(low), Embeddings.load(own)
    projected.check_comparable(answered)
    np.testing.assert_allclose(projected.vectors, answered.vectors, atol=2e-4)
    assert "two galleries" in run("project", low, "--pack", pack, "--out", tmp_path / "g", status=2).stderr
    again = run("project", low, "--pack", pack, "--out", tmp_path / "g.parquet", status=2)
    assert "not rotated" in again.stderr
    strange = tmp_path / "strange.parquet"
    replace(Embeddings.load(embeddings), fingerprint="other@other").save(strange)
    for words in (
        ("project", strange, "--pack", pack),
        ("export", edge, "--rank", 5, "--basis", strange),
        ("export", other, "--rank", 5, "--basis", pack / "basis.safetensors"),
    ):
        assert "one space" in run(*words, "--out", tmp_path / "refused.parquet", status=2).stderr


@pytest.mark.traced
def test_a_pack_in_full_width_projects_nothing(
    run: Call, edge_pack: Path, embeddings: Path, tmp_path: Path
) -> None:
    result = run("project", embeddings, "--pack", edge_pack, "--out", tmp_path / "low.parquet", status=2)
    assert "--rank" in result.stderr
    assert not (tmp_path / "low.parquet").exists()


def test_an_empty_gallery_is_not_projected(tmp_path: Path) -> None:
    from crossreid.core.basis import PrincipalBasis
    from crossreid.core.errors import DataError
    from crossreid.gallery.projecting import project_gallery

    with pytest.raises(DataError, match="a filled gallery"):
        project_gallery(
            open_gallery(tmp_path / "full"),
            open_gallery(tmp_path / "low"),
            PrincipalBasis(np.eye(4)[:, :2]),
            EncoderRecord("pack@space"),
        )
