"""The demonstration from end to end, on a handful of people."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from crossreid.demonstration.run import DemoResult, run_demo
from crossreid.demonstration.settings import DemoSettings
from crossreid.demonstration.stages import mean_average_precision
from crossreid.gallery import open_gallery

SMALL = DemoSettings(
    train_people=16, train_groups=2, gallery_people=14, gallery_groups=2, validation_people=4, teacher_steps=2,
    student_steps=2, batch_people=4,
)  # fmt: skip
SETTINGS = {"C2C", "E2E", "E2C", "C2E", "edge, task only", "zero-shot cloud", "zero-shot edge"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def result(folder: Path) -> DemoResult:
    return run_demo(SMALL, folder, say=lambda _: None, quiet=True)


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.cells: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.cells.append(data)


def test_every_setting_task_and_protocol_has_a_row(result: DemoResult) -> None:
    rows = {(row.setting, row.task, row.protocol) for row in result.report.rows}
    assert rows == {
        (setting, task, protocol)
        for setting in SETTINGS
        for task in ("S->R", "IR->R", "T->R")
        for protocol in ("source-excluded", "all")
    }
    assert all(
        row.queries + row.skipped_queries == 28 and row.gallery_size == 28 for row in result.report.rows
    )


def test_students_and_teacher_share_a_space_only_when_distilled(result: DemoResult) -> None:
    spaces = {
        setting: result.report.row("S->R", setting=setting, protocol="all").query_fingerprint.split("@")[1]
        for setting in ("C2C", "E2E", "edge, task only")
    }
    assert spaces["C2C"] == spaces["E2E"] != spaces["edge, task only"]


def test_the_page_holds_all_numbers_and_needs_no_other_file(result: DemoResult) -> None:
    page = Page(result.page.read_text(encoding="utf-8"))
    assert len(page.sources) == 5
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    for row in result.report.rows:
        assert f"{row.mean_ap:.1f}" in page.cells


def test_the_record_says_what_made_the_numbers(result: DemoResult, folder: Path) -> None:
    record = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert record["configuration"]["train_people"] == 16
    assert {"commit", "versions", "hardware", "seed", "rows", "seconds"} <= set(record)
    assert len(record["rows"]) == len(result.report.rows)


def test_the_gallery_holds_the_photographs_alone(result: DemoResult, folder: Path) -> None:
    gallery = open_gallery(folder / "gallery")
    assert len(gallery) == 28
    assert {item.modality for item in gallery.items()} == {"rgb"}


def test_a_second_run_uses_what_is_there(result: DemoResult, folder: Path) -> None:
    again = run_demo(SMALL, folder, say=lambda _: None, quiet=True)
    assert again.report == result.report


def test_means_are_of_the_three_tasks(result: DemoResult) -> None:
    rows = [
        result.report.row(task, setting="E2C", protocol="all").mean_ap for task in ("S->R", "IR->R", "T->R")
    ]
    assert mean_average_precision(result.report, "E2C", "all") == pytest.approx(sum(rows) / 3)


def test_convergence_is_measured_on_people_with_several_encounters(result: DemoResult, folder: Path) -> None:
    for name in ("edge", "edge-alone"):
        lines = map(json.loads, (folder / name / "history.jsonl").read_text().splitlines())
        measured = [line["validation_map"] for line in lines if "validation_map" in line]
        assert measured
        assert all(0 < value <= 100 for value in measured), "a NaN: nobody has a second photograph"
