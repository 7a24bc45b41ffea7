"""The page of the demonstration, as a browser shows it."""

import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from crossreid.demonstration.page import Figure, write_page
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
    path = write_page(
        folder / "report.html",
        report=Report(tuple(row(*each) for each in (("C2C", "all"), ("E2E", "all"), ("C2C", "source-excluded")))),
        claims=["Distilled & small <b>"],
        figures=[Figure(folder / "figure.png", "The spectrum", "How much the first components hold.")],
        commands=['crossreid search demo/gallery --text "a man in a long red coat with a blue umbrella and a hat"'],
        facts={"seed": "0"},
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
    cells = page.get_by_role("table").first.get_by_role("row").nth(1).locator("td").all_inner_texts()
    assert cells == ["C2C", "51.2", "70.0", "80.5", "60.0", "40.0", "12"]
    picture = page.get_by_role("img", name="The spectrum")
    assert picture.evaluate("image => image.naturalWidth") == 1600


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_can_be_read_by_everyone_on_every_screen(
    page: Page, address: str, scheme: str, width: int
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 740})
    page.goto(address)
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
