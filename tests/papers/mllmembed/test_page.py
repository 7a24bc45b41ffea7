"""Numbers of a record -> sections -> HTML and Markdown."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from papers.mllmembed.page import markdown, write_html
from papers.mllmembed.results_page import results_page
from papers.mllmembed.sections import Answer, Grid, Picture, Section
from papers.mllmembed.writing import ITEMS, write_section
from papers.mllmembed.writing_related import RELATED

GRID = Grid(
    "By `all`", ("task", "R1"), 1, (("S->R", "10.0"), ("S->R <b>", "20.00")), (True, False), "A note."
)
SECTION = Section(
    "table1",
    "Three tasks",
    paragraphs=("Words & `code`.",),
    answers=(Answer("it is so", "holds", "By a lot."),),
    grids=(GRID,),
    pictures=(Picture("figure3", "A spectrum."),),
    made="Seeds 0, 1.",
)
PARTS: dict[str, Any] = {
    "title": "Results",
    "paragraphs": ["Beside the paper."],
    "setup": ["Small."],
    "answers": [Answer("Is it so?", "not run yet", "")],
    "sections": [SECTION, Section("figure7", "Other data")],
}


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.rows: list[tuple[str, list[str]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag == "tr":
            self.rows.append((dict(attrs).get("class") or "", []))

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self.rows:
            self.rows[-1][1].append(data)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    Image.new("RGB", (8, 4), "navy").save(tmp_path / "figure3.png")
    return tmp_path


def test_html_holds_its_pictures_and_marks_our_rows(pictures: Path) -> None:
    page = Page(write_html(pictures / "page.html", pictures=pictures, **PARTS).read_text(encoding="utf-8"))
    assert len(page.sources) == 1
    assert page.sources[0].startswith("data:image/png;base64,")
    _, ours, theirs = page.rows
    assert (ours[0], ours[1][:2]) == ("own", ["S->R", "10.0"])
    assert (theirs[0], theirs[1][:2]) == ("", ["S->R <b>", "20.00"])
    assert "Table 1: Three tasks" in page.words
    assert "not run yet" in page.words
    assert "code" in page.words


def test_markdown_says_the_same(pictures: Path) -> None:
    text = markdown(pictures={"figure3": "somewhere/figure3.png"}, **PARTS)
    assert "| **S->R** | **10.0** |\n| S->R <b> | 20.00 |" in text
    assert "| --- | ---: |" in text
    assert "![A spectrum.](somewhere/figure3.png)" in text
    assert "- it is so: **holds**. By a lot." in text
    assert "- Is it so? **not run yet**.\n" in text
    assert "## Figure 7: Other data\n\nNot run yet." in text


def test_table_1_has_the_average_over_the_test_sets() -> None:
    """Of two seeds: (60 + 40) / 2 = 50 and (64 + 40) / 2 = 52, by the judged protocol alone."""

    def row(data: str, values: list[float], protocol: str = "source-excluded") -> dict[str, Any]:
        metrics = dict.fromkeys(("r1", "r5", "r10", "mean_ap", "mean_inp"), values)
        return {"task": "T->R", "setting": "E2C", "data": data, "protocol": protocol, "values": metrics}

    record = {
        "item": "table1", "pictures": [], "seeds": [0, 1], "weights": {}, "configuration": {"preset": "paper"},
        "rows": [row("a", [60.0, 64.0]), row("b", [40.0, 40.0]), row("a", [90.0, 90.0], "all")],
        "commit": "", "hardware": {"cores": 2}, "versions": {"torch": "2"},
    }  # fmt: skip
    averages = write_section("table1", record, {}).grids[0]
    assert averages.rows == (("T->R", "E2C", "51.00 ± 1.41", "47.55"),)
    assert averages.header == ("task", "setting", "ours", "paper (three data sets)")


@pytest.mark.parametrize("item", ITEMS)
def test_what_was_not_run_says_so(item: str) -> None:
    section = write_section(item, None, {})
    assert not section.run
    assert section.made == "not run yet"


def test_without_records_the_page_promises_nothing(tmp_path: Path) -> None:
    text = results_page(tmp_path, related=tmp_path, link="x", weights={})
    assert text.count("\nNot run yet.\n") == len(ITEMS) + len(RELATED)
    assert text.count("**not run yet**") == 10
    assert "|" not in text
