import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from crossreid.core.errors import ConfigurationError
from crossreid.data.validation import ValidationReport, check_dataset, pictures
from crossreid.data.validation.official import OFFICIAL, OfficialCount

Row = dict[str, str]


def photograph(seed: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 6, 3), dtype=np.uint8)
    return Image.fromarray(np.clip(cv2.resize(coarse, (64, 128), interpolation=cv2.INTER_CUBIC), 0, 255))


def row(
    path: str, person: str, split: str, source: str = "", modality: str = "rgb", caption: str = ""
) -> Row:
    return {
        "path": path, "person": person, "split": split, "source": source, "modality": modality, "caption": caption,
    }  # fmt: skip


def manifest(root: Path, rows: list[Row], *, first_seed: int = 0) -> Path:
    """A data set of a different photograph in each row."""
    root.mkdir(exist_ok=True)
    with (root / "manifest.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for seed, listed in enumerate(rows, start=first_seed):
        if listed["path"]:
            photograph(seed).save(root / listed["path"])
    return root


def kinds(report: ValidationReport) -> set[str]:
    return {finding.kind for finding in report.findings}


def cases(report: ValidationReport, kind: str) -> tuple[str, ...]:
    (finding,) = (finding for finding in report.findings if finding.kind == kind)
    return finding.cases


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    rows = [row("a.png", "ada", "train"), row("b.png", "bob", "train"), row("c.png", "cy", "test")]
    return manifest(tmp_path / "sound", rows)


def check(root: Path, against: Path | None = None) -> ValidationReport:
    return check_dataset("manifest", root, workers=1, against=against and ("manifest", against))


def test_a_sound_data_set_has_counts_and_no_findings(sound: Path) -> None:
    report = check(sound)
    assert [(one.split, one.people, one.samples) for one in report.counts] == [
        ("train", 2, {"rgb": 2}),
        ("test", 1, {"rgb": 1}),
    ]
    assert (report.findings, report.pictures) == ((), 3)


def test_pictures_that_are_missing_damaged_or_of_one_tone(sound: Path) -> None:
    (sound / "a.png").unlink()
    (sound / "b.png").write_bytes((sound / "b.png").read_bytes()[:200])
    Image.new("RGB", (20, 40), "grey").save(sound / "c.png")
    report = check(sound)
    missing, damaged = cases(report, "unreadable")
    assert "a.png: cannot be read (No such file or directory)" in missing
    assert "b.png: truncated" in damaged
    assert cases(report, "blank") == ("c.png (test)",)
    assert len(report.faults) == 2


@pytest.mark.parametrize(
    ("person", "split", "kind", "severity"),
    [
        ("ada", "train", "copies", "note"),
        ("bob", "train", "copies across people", "fault"),
        ("cy", "test", "copies across splits", "fault"),
    ],
)
def test_copies_are_sorted_by_what_they_spoil(
    tmp_path: Path, person: str, split: str, kind: str, severity: str
) -> None:
    root = manifest(tmp_path / "copies", [row("a.png", "ada", "train"), row("b.jpg", person, split)])
    photograph(0).resize((48, 96)).save(root / "b.jpg", quality=70)
    report = check(root)
    assert cases(report, kind) == (f"a.png (train) = b.jpg ({split})",)
    assert [finding.severity for finding in report.findings] == [severity]


def test_an_infrared_picture_may_look_like_its_photograph(tmp_path: Path) -> None:
    rows = [row("a.png", "ada", "train", "a"), row("b.png", "ada", "train", "a", modality="ir")]
    root = manifest(tmp_path / "pair", rows)
    photograph(0).convert("L").save(root / "b.png")
    assert not check(root).findings


def test_people_in_several_splits_and_pictures_of_several_people(tmp_path: Path) -> None:
    rows = [row("a.png", "ada", "train"), row("b.png", "ada", "test"), row("a.png", "bob", "train")]
    root = manifest(tmp_path / "mixed", rows)
    report = check(root)
    assert cases(report, "shared people") == ("ada: test, train",)
    assert cases(report, "contested pictures") == (f"{root / 'a.png'}: 2 people",)


def test_queries_and_gallery_share_people(tmp_path: Path) -> None:
    rows = [row("a.png", "ada", "query"), row("b.png", "ada", "gallery")]
    assert "shared people" not in kinds(check(manifest(tmp_path / "test", rows)))


def test_groups_that_lack_a_modality(tmp_path: Path) -> None:
    rows = [
        row("a.png", "ada", "train", "1"), row("", "ada", "train", "1", "text", "A woman in a red coat."),
        row("b.png", "bob", "train", "2"), row("c.png", "cy", "test", "3"),
    ]  # fmt: skip
    assert cases(check(manifest(tmp_path / "groups", rows)), "incomplete groups") == ("2 lacks text",)


def test_numbers_are_held_against_the_published_ones(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = (
        OfficialCount(("train",), "people", 2),
        OfficialCount(("train", "test"), "pictures", 4),
        OfficialCount(("test",), "people", 5, confirmed=False),
    )
    monkeypatch.setitem(OFFICIAL, "manifest", published)
    report = check(sound)
    assert cases(report, "counts") == ("train+test: 3 pictures, published 4",)
    assert cases(report, "unconfirmed counts") == ("test: 1 people, published 5",)
    assert [finding.severity for finding in report.findings] == ["fault", "note"]


def test_pictures_of_another_data_set_are_found_by_split(sound: Path, tmp_path: Path) -> None:
    other = manifest(
        tmp_path / "other", [row("x.png", "eve", "test"), row("y.png", "eve", "test")], first_seed=9
    )
    photograph(0).resize((50, 100)).save(other / "x.png")
    report = check(sound, other)
    (finding,) = report.findings
    assert finding.cases == ("a.png (train) = x.png (test)",)
    assert (finding.kind, finding.severity) == ("shared pictures", "fault")
    assert finding.summary == f"1 pictures are in train and test of manifest in {other}"
    assert report.pictures == 3


def test_two_processes_see_what_one_sees(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_CHUNK", 1)
    (sound / "a.png").unlink()
    assert check_dataset("manifest", sound, workers=2) == check(sound)


def test_the_report_as_json_and_as_tables(sound: Path) -> None:
    (sound / "a.png").write_text("none")
    report = check(sound)
    written = json.loads(report.to_json())
    assert written["findings"][0]["kind"] == "unreadable"
    assert written["counts"][1] == {"split": "test", "people": 1, "samples": {"rgb": 1}}
    counted, found = report.to_tables()
    assert (counted.row_count, found.row_count) == (2, 1)


def test_no_workers_are_refused(sound: Path) -> None:
    with pytest.raises(ConfigurationError, match="0 workers; expected 1 or more"):
        check_dataset("manifest", sound, workers=0)
