"""The demonstration from end to end, on a handful of people."""

import json
import shlex
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from crossreid.cli.main import app
from crossreid.demonstration.run import DemoResult, mean_map, run_demo
from crossreid.demonstration.settings import DemoSettings
from crossreid.demonstration.stages import mean_average_precision
from crossreid.demonstration.story import Bar
from crossreid.gallery import open_gallery
from crossreid.models.loading import load_encoder

SMALL = DemoSettings(
    train_people=14, gallery_people=12, gallery_groups=2, validation_people=4, teacher_steps=2, student_steps=2,
    batch_people=4, validations=1, lora_rank=2,
)  # fmt: skip
SETTINGS = [
    "untrained cloud", "C2C", "untrained edge", "edge, closed form", "edge, task only", "E2E", "E2C", "C2E",
]  # fmt: skip
RUNS = {
    "cloud model, adapted": "cloud",
    "edge model, distilled": "edge",
    "edge model, task only": "edge-alone",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def result(folder: Path, said: list[str]) -> DemoResult:
    return run_demo(SMALL, folder, say=said.append, quiet=True)


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.cells: list[str] = []
        self.order: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag in ("svg", "details", "table", "ol"):
            self.order.append(tag)

    def handle_data(self, data: str) -> None:
        self.cells.append(data)


@pytest.fixture(scope="module")
def page(result: DemoResult) -> Page:
    return Page(result.written["Report"].read_text(encoding="utf-8"))


def test_every_setting_task_and_protocol_has_a_row(result: DemoResult) -> None:
    rows = [(row.setting, row.task, row.protocol) for row in result.report.rows]
    assert rows == [
        (setting, task, protocol)
        for setting in SETTINGS
        for protocol in ("source-excluded", "all")
        for task in ("S->R", "IR->R", "T->R")
    ]
    assert all(
        row.queries + row.skipped_queries == 24 and row.gallery_size == 24 for row in result.report.rows
    )


def test_only_followers_share_the_space_of_the_cloud_model(result: DemoResult) -> None:
    spaces = {
        setting: result.report.row("S->R", setting=setting, protocol="all").query_fingerprint.split("@")[1]
        for setting in SETTINGS
    }
    assert spaces["C2C"] == spaces["E2E"] == spaces["edge, closed form"]
    # A student whose few steps only harmed keeps its start, and with it the space of the untrained model.
    assert spaces["C2C"] not in {
        spaces[name] for name in ("edge, task only", "untrained edge", "untrained cloud")
    }


def test_everybody_comes_from_a_site_and_nobody_is_in_two_sets(result: DemoResult, folder: Path) -> None:
    for name, people in (
        ("world", {"train": 14}), ("validation", {"validation": 4}), ("people", {"demo": 12}),
    ):  # fmt: skip
        world = json.loads((folder / name / "world.json").read_text(encoding="utf-8"))
        assert (world["style"], world["people"], world["groups_per_person"]) == ("site", people, 2)


def test_every_training_is_validated_from_before_its_first_step_on(result: DemoResult, folder: Path) -> None:
    record = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert set(record["validations"]) == set(RUNS)
    for name, run in RUNS.items():
        steps, values = zip(*record["validations"][name], strict=True)
        assert steps == (0, 2)
        assert all(0 < value <= 100 for value in values), "a NaN: nobody has a second photograph"
        best = json.loads((folder / run / "best.json").read_text(encoding="utf-8"))
        assert best["validation_map"] == max(values)


def test_a_distillation_begins_with_the_better_closed_form(result: DemoResult, folder: Path) -> None:
    record = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert set(record["closed_form"]) == {"rotation", "least squares"}
    start = record["validations"]["edge model, distilled"][0][1]
    assert start == pytest.approx(max(record["closed_form"].values()), abs=0.01)


def test_the_page_opens_with_the_searches_and_ends_with_folded_tables(page: Page) -> None:
    assert page.order[:6] == ["ol"] * 6
    assert page.order[6] == "svg"
    assert page.order[-4:] == ["details", "table", "details", "table"]
    assert page.cells.index("Before training") < page.cells.index("After training")


def test_the_page_holds_all_numbers_and_needs_no_other_file(page: Page, result: DemoResult) -> None:
    # Two pictures to search with, three times two lists of five photographs, three figures.
    assert len(page.sources) == 2 + 30 + 3
    assert all(
        source.startswith(("data:image/png;base64,", "data:image/jpeg;base64,")) for source in page.sources
    )
    for row in result.report.rows:
        assert f"{row.mean_ap:.1f}" in page.cells
    for line in (*result.claims, *map(str, result.aims)):
        assert line in page.cells


def test_the_record_says_what_made_the_numbers(result: DemoResult, folder: Path) -> None:
    record = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert record["configuration"]["train_people"] == 14
    assert {"commit", "versions", "hardware", "seed"} <= set(record)
    assert list(record["seconds"]) == ["draw", "adapt", "distil", "measure", "report"]
    assert len(record["rows"]) == len(result.report.rows)
    assert record["mean_map"] == pytest.approx(mean_map(result.report))
    assert list(record["mean_map"]) == SETTINGS


def test_it_says_what_it_does(result: DemoResult, said: list[str]) -> None:
    assert said[0] == "Drawing a site: 14 people to learn from, 4 to validate on, 12 to search for"
    assert len(said) == 5
    means = mean_map(result.report)
    assert result.bars == (
        Bar("Edge model, untrained", means["untrained edge"]), Bar("Cloud model, adapted", means["C2C"]),
        Bar("Edge model, distilled", means["E2E"]),
    )  # fmt: skip


def test_what_to_type_next_finds_what_the_page_shows(
    result: DemoResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(result.commands) == 3
    for command in result.commands:
        program, *words = shlex.split(command)
        assert program == "crossreid"
        outcome = CliRunner().invoke(app, words, catch_exceptions=False)
        assert outcome.exit_code == 0, outcome.output
        assert (tmp_path / "found.png").stat().st_size > 0
        (tmp_path / "found.png").unlink()


def test_the_gallery_holds_the_photographs_alone(result: DemoResult, folder: Path) -> None:
    gallery = open_gallery(folder / "gallery")
    assert len(gallery) == 24
    assert {item.modality for item in gallery.items()} == {"rgb"}


def test_a_second_run_uses_what_is_there(result: DemoResult, folder: Path) -> None:
    said: list[str] = []
    assert run_demo(SMALL, folder, say=said.append, quiet=True).report == result.report


def test_the_untrained_models_are_the_shipped_ones(result: DemoResult) -> None:
    for setting, source in (("untrained cloud", "tiny-cloud"), ("untrained edge", "tiny-edge")):
        found = result.report.row("S->R", setting=setting, protocol="all").query_fingerprint
        assert found == load_encoder(source).fingerprint


def test_means_are_of_the_three_tasks(result: DemoResult) -> None:
    rows = [
        result.report.row(task, setting="E2C", protocol="all").mean_ap for task in ("S->R", "IR->R", "T->R")
    ]
    assert mean_average_precision(result.report, "E2C", "all") == pytest.approx(np.mean(rows))
