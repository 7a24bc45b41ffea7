"""The page of the demonstration, as a browser shows it."""

import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.demonstration.bars import bars_svg
from crossreid.demonstration.page import Figure, write_page
from crossreid.demonstration.searches import Hit, Search
from crossreid.demonstration.story import Bar
from crossreid.evaluation.report import Report, ReportRow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


def row(setting: str, protocol: str) -> ReportRow:
    return ReportRow(
        task="S->R", setting=setting, protocol=protocol, r1=51.25, r5=70.0, r10=80.5, mean_ap=60.0, mean_inp=40.0,
        queries=12, skipped_queries=0, gallery_size=34, query_fingerprint="a@x", gallery_fingerprint="a@x",
    )  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("page")
    Image.new("RGB", (1600, 300), "navy").save(folder / "figure.png")
    Image.new("RGB", (56, 112), "tan").save(folder / "photo.jpg")
    right, wrong = (Hit(folder / "photo.jpg", 0.5, correct) for correct in (True, False))
    before, after = (wrong,) * 5, (right, right, wrong, wrong, wrong)
    path = write_page(
        folder / "report.html",
        searches=[
            Search("By a sketch", Sample(Modality.SKETCH, path=folder / "photo.jpg"), before, after),
            Search("By words", Sample(Modality.TEXT, caption="a <b>red</b> coat & a hat"), before, after),
        ],
        bars=bars_svg([Bar("Edge model, untrained", 20.0), Bar("Edge model, distilled", 62.5)], title="mAP"),
        claims=["Distilled & small <b>"],
        aims=["Gain of the edge model: 42.5 (aim: at least 20) - met"],
        figures=[Figure(folder / "figure.png", "The spectrum", "How much the first components hold.")],
        commands=['crossreid search demo/gallery --text "a man in a long red coat with a blue umbrella and a hat"'],
        facts={"Settings": "seed 0, " * 40},
        report=Report(tuple(row(*each) for each in (("C2C", "all"), ("E2E", "all"), ("C2C", "source-excluded")))),
    )  # fmt: skip
    return path.as_uri()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        yield browser.new_page()
        browser.close()


def test_it_shows_numbers_and_figures_and_asks_for_nothing_else(page: Page, address: str) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(address)
    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert complaints == []
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_text("Distilled & small <b>").is_visible()
    assert page.get_by_text("“a <b>red</b> coat & a hat”").is_visible()
    picture = page.get_by_role("img", name="The spectrum")
    assert picture.evaluate("image => image.naturalWidth") == 1600


def test_it_opens_with_searches_and_bars_and_folds_its_tables(page: Page, address: str) -> None:
    page.goto(address)
    headings = page.get_by_role("heading", level=2).all_inner_texts()
    assert headings[:2] == ["The same three searches, before and after", "What the models find"]
    assert headings[-1] == "All numbers, in percent"
    assert page.get_by_role("img", name="Place 1: right person").count() == 2
    assert page.get_by_role("img", name="Place 1: somebody else").count() == 2
    assert page.get_by_role(
        "img", name="mAP. Edge model, untrained: 20.0 %; Edge model, distilled: 62.5 %"
    ).is_visible()
    first = page.locator("details").first
    numbers = first.get_by_role("row", include_hidden=True).nth(1)
    assert not numbers.is_visible()
    first.locator("summary").click()
    assert numbers.locator("td").all_inner_texts() == ["C2C", "51.2", "70.0", "80.5", "60.0", "40.0", "12"]


@pytest.mark.parametrize(("width", "beside"), [(360, False), (1280, True)])
def test_before_and_after_are_side_by_side_where_there_is_room(
    page: Page, address: str, width: int, beside: bool
) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    page.goto(address)
    before, after = (page.locator(".hits").nth(place).bounding_box() for place in (0, 1))
    assert before
    assert after
    assert (before["y"] == after["y"]) is beside
    assert (before["x"] < after["x"]) is beside


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_can_be_read_by_everyone_on_every_screen(
    page: Page, address: str, scheme: str, width: int
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 740})
    page.goto(address)
    for table in page.locator("summary").all():
        table.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_dark_is_dark(page: Page, address: str) -> None:
    shades = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(address)
        shades.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert shades == ["rgb(251, 250, 247)", "rgb(21, 25, 31)"]
