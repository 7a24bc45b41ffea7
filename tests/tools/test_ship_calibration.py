"""A calibration beside weights: found by an index, and hashed like the rest."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from crossreid.evaluation.calibration_file import read_calibrations
from crossreid.models.folder import save_model
from crossreid.models.loading import load_encoder


@pytest.fixture(scope="module")
def tool(program: Any) -> Any:
    return program("tools/ship_calibration.py")


def test_a_calibration_belongs_to_the_weights_and_is_hashed(tool: Any, tiny: Any, tmp_path: Path) -> None:
    folder = save_model(tiny.student(), tmp_path / "edge")
    before = load_encoder(folder).fingerprint
    path = tool.ship_calibration(folder, tool.draw_people(tmp_path / "people", people=4, encounters=2))
    (learnt,) = read_calibrations(path)
    assert learnt.query_fingerprint == learnt.gallery_fingerprint == before
    assert load_encoder(folder).fingerprint == before, "a calibration is no part of the model"
    assert learnt.people == 4
    assert len(learnt.evidence) == 15
    sums = dict(line.split("  ")[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == {file.name for file in folder.iterdir()} - {"SHA256SUMS"}
    assert sums["calibration.json"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_its_people_are_enough_for_the_rarest_rate_and_unseen(tool: Any, tmp_path: Path) -> None:
    assert tool.PEOPLE * tool.ENCOUNTERS >= 1000
    drawn = tool.draw_people(tmp_path, people=1, encounters=1)
    assert set(drawn.splits) <= {"validation"}
    assert {sample.item_id.partition("/")[0] for sample in drawn.samples if sample.path} == {"validation"}
