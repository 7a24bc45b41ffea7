"""What stands for an encoder in `evaluate`: whatever `load_encoder` takes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import crossreid as cr
from crossreid.core.errors import CheckpointError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.models.loading import load_search_encoder
from crossreid.models.shipped import shipped_pack


@pytest.fixture(scope="module")
def people() -> cr.Dataset:
    """Three people, each with a photo and a sketch of noise."""
    rng = np.random.default_rng(0)
    samples = [
        Sample(
            kind, person, image=rng.integers(0, 256, (56, 28, 3), dtype=np.uint8), item_id=f"{person}-{kind}"
        )
        for person in range(3)
        for kind in (Modality.RGB, Modality.SKETCH)
    ]
    return cr.Dataset("noise", "", tuple(samples), ("a", "b", "c"))


@pytest.mark.parametrize("written", [str, Path])
def test_a_pack_is_opened_where_its_folder_is_named(people: cr.Dataset, written: Any) -> None:
    asked: Any = {"dataset": people, "tasks": ["S->R"], "protocol": "all"}
    folder, gallery = written(shipped_pack("tiny-edge")), cr.load_encoder("tiny-edge", device="cpu")
    found = cr.evaluate(query=folder, gallery=gallery, **asked)
    expected = cr.evaluate(query=load_search_encoder("tiny-edge"), gallery=gallery, **asked)
    assert found.row("S->R").mean_ap == expected.row("S->R").mean_ap
    assert found.row("S->R").query_fingerprint == cr.load_encoder(folder).fingerprint


def test_one_name_for_both_is_loaded_once(people: cr.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[Any] = []

    def load(source: str) -> Any:
        loaded.append(source)
        return load_search_encoder(source)

    monkeypatch.setattr(cr, "load_encoder", load)
    report = cr.evaluate("tiny-edge", "tiny-edge", people, tasks=["S->R"], protocol="all")
    assert loaded == ["tiny-edge"]
    assert report.row("S->R").queries == 3


def test_a_place_without_a_model_is_named(people: cr.Dataset, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=str(tmp_path)):
        cr.evaluate(query=tmp_path / "gone", dataset=people)
