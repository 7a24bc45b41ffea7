import json
from pathlib import Path
from typing import Any

import pytest

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from papers.mllmembed.once import data_signature, do_once, weights_signature


class Work:
    """Counts how often it is done, and may be interrupted."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said, self.done = folder, [], 0

    def do(self, claim: dict[str, Any], *, fail: bool = False) -> dict[str, Any]:
        def make(folder: Path) -> dict[str, Any]:
            (folder / "half").touch()
            if fail:
                raise KeyboardInterrupt
            self.done += 1
            return {"value": self.done}

        return do_once(self.folder, claim, make, say=self.said.append, what="counting")


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path / "piece")


def test_the_same_claim_is_done_once(work: Work) -> None:
    assert work.do({"weights": "a", "pair": (1, 2)}) == {"value": 1}
    assert work.do({"weights": "a", "pair": (1, 2)}) == {"value": 1}
    assert work.said == ["counting"]
    record = json.loads((work.folder / "record.json").read_text())
    assert record["configuration"] == {"weights": "a", "pair": [1, 2]}
    assert {"results", "commit", "versions", "hardware"} <= set(record)


def test_other_weights_empty_the_folder(work: Work) -> None:
    work.do({"weights": "a"})
    (work.folder / "checkpoint").mkdir()
    assert work.do({"weights": "b"}) == {"value": 2}
    assert not (work.folder / "checkpoint").exists()
    assert any("made anew" in words for words in work.said)


def test_interrupted_work_finds_its_folder_as_it_was(work: Work) -> None:
    with pytest.raises(KeyboardInterrupt):
        work.do({"weights": "a"}, fail=True)
    (work.folder / "checkpoint").mkdir()
    assert work.do({"weights": "a"}) == {"value": 1}
    assert (work.folder / "checkpoint").exists()


def test_interrupted_work_of_another_claim_is_not_continued(work: Work) -> None:
    with pytest.raises(KeyboardInterrupt):
        work.do({"weights": "a"}, fail=True)
    (work.folder / "checkpoint").mkdir()
    work.do({"weights": "b"})
    assert not (work.folder / "checkpoint").exists()


def test_a_foreign_folder_is_left_alone(work: Work) -> None:
    work.folder.mkdir()
    (work.folder / "diary.txt").write_text("mine")
    with pytest.raises(DataError, match="holds other things"):
        work.do({"weights": "a"})
    assert (work.folder / "diary.txt").read_text() == "mine"


def test_signatures_follow_the_weights_and_not_the_card(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"one")
    (tmp_path / "config.json").write_text("{}")
    before = weights_signature(tmp_path)
    (tmp_path / "README.md").write_text("words")
    (tmp_path / "calibration.json").write_text("{}")
    (tmp_path / "history.jsonl").write_text("{}")
    assert weights_signature(tmp_path) == before
    (tmp_path / "model.safetensors").write_bytes(b"two")
    assert weights_signature(tmp_path) != before
    assert weights_signature(tmp_path / "config.json") != before


def test_signatures_follow_people_and_words() -> None:
    def signature(person: int, caption: str) -> str:
        sample = Sample(Modality.TEXT, person_id=person, caption=caption, item_id="one")
        return data_signature(Dataset("words", "test", (sample,), ("a", "b")))

    assert signature(0, "a coat") == signature(0, "a coat")
    assert len({signature(0, "a coat"), signature(1, "a coat"), signature(0, "a hat")}) == 3
