"""A browser, drawn people behind a real server, and a folder for what the browser saw."""

import base64
import os
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from crossreid.core.modality import Modality
from crossreid.evaluation.calibration import Calibration, EvidenceCalibration
from crossreid.evaluation.searches import SearchScores
from crossreid.server.service import GALLERY
from crossreid.synthesis.pedestrians.world import World

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SCREENSHOTS = Path(os.environ.get("CROSSREID_SCREENSHOTS", "build/screenshots"))
PATIENCE_MS = 120_000
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")

STREET = {
    "ann/1": ("ann", "red", "door", 1),
    "ann/2": ("ann", "red white", "yard", 2),
    "bob/1": ("bob", "blue", "door", 3),
    "bob/2": ("bob", "blue black", "yard", 4),
    "cat/1": ("cat", "green", "door", 5),
    "dan/1": ("dan", "white", "yard", 6),
    "eve/1": ("eve", "black", "gate", 7),
    "fay/1": ("fay", "yellow", "gate", 8),
    "fay/2": ("fay", "yellow green", "gate", 9),
}
"""name -> person, colours by which they are found, camera, hour of 1 March 2026. Nobody has seen the last picture."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if (
            CHROMIUM is None
            and Path(__file__).parent in item.path.parents
            and "page" in getattr(item, "fixturenames", ())
        ):
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def enrolment(encoder: Any) -> dict[str, Any]:
    """Nine items: vectors of plain colours, pictures of drawn people."""
    items = []
    for number, (name, (person, colours, camera, hour)) in enumerate(STREET.items()):
        vector = encoder.encode([colours], modality="text").vectors[0].astype("<f4")
        item = {
            "id": name, "person": person, "camera": camera, "time": f"2026-03-01T{hour:02d}:00:00Z",
            "vector": base64.b64encode(vector.tobytes()).decode(),
        }  # fmt: skip
        if number < len(STREET) - 1:
            item["picture"] = base64.b64encode(file_of(World(3).group("demo", number, 0).rgb())).decode()
        items.append(item)
    return {"items": items, "fingerprint": encoder.fingerprint}


def file_of(image: np.ndarray, kind: str = "PNG") -> bytes:
    stream = BytesIO()
    Image.fromarray(image).save(stream, kind)
    return stream.getvalue()


@pytest.fixture(scope="session")
def plain(colours: Any) -> Callable[[str], bytes]:
    """A picture file of one colour."""
    return lambda name: file_of(np.full((80, 40, 3), colours.COLOURS[name], np.uint8))


@pytest.fixture(scope="session")
def fill(enrolment: dict[str, Any], encoder: Any) -> Callable[[Any], Any]:
    """Enrol the street in a tenant, with a calibration of searches by words."""
    scores = SearchScores(
        mated=np.linspace(0.6, 1, 50),
        non_mated=np.concatenate([np.linspace(0, 0.5, 190), np.linspace(0.8, 0.9, 10)]),
        right=np.linspace(0.6, 1, 50),
        wrong=np.linspace(0, 0.6, 200),
        candidates=9.0,
    )
    calibration = Calibration(
        query_fingerprint=encoder.fingerprint, gallery_fingerprint=encoder.fingerprint, gallery=Modality.RGB,
        protocol="source-excluded", data="drawn", people=50, weights={Modality.RGB: 0.5, Modality.TEXT: 1.5},
        evidence={"text": EvidenceCalibration.of(scores)},
    )  # fmt: skip

    def enrol(tenant: Any) -> Any:
        tenant.operator.post("/items", enrolment, status=201)
        tenant.service.database.gallery(tenant.name, GALLERY).calibrate(calibration)
        return tenant

    return enrol


@pytest.fixture
def street(tenant: Any, fill: Callable[[Any], Any]) -> Any:
    return fill(tenant)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens the page, signed in as a client. At the end nothing may have gone wrong in it that it did not show."""
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # A refusal of the server is no fault of the page; it is shown, and tests look for it there.
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    def open_page(
        client: Any, *, width: int = 1440, height: int = 900, dark: bool = False, view: str = ""
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            timezone_id="UTC",
            reduced_motion="reduce",
            has_touch=width < 500,
        )
        opened = context.new_page()
        opened.set_default_timeout(PATIENCE_MS)
        opened.on("console", heard)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        if client.key:
            opened.add_init_script(f"sessionStorage.setItem('crossreid.key', '{client.key}')")
        opened.goto(f"{client.url}/{view}")
        return opened

    yield open_page
    for context in browser.contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def keep() -> Callable[[Page, str], None]:
    """Photographs the page, for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def photograph(page: Page, name: str) -> None:
        page.wait_for_function(
            """() => [...document.querySelectorAll(".crop.waiting")].every(frame => {
                const { top, bottom } = frame.getBoundingClientRect();
                return bottom < 0 || top > innerHeight;
            })"""
        )
        page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return photograph


@pytest.fixture
def ask() -> Callable[..., None]:
    """Fill in the words and the record, and search."""

    def search(page: Page, words: str = "red and white") -> None:
        page.get_by_label("Update results automatically").uncheck()
        if words:
            page.get_by_label("Words that describe the person").fill(words)
        page.get_by_label("Purpose").fill("missing person")
        page.get_by_label("Reference").fill("2026/117")
        with page.expect_response("**/v1/search"):
            page.get_by_role("button", name="Search", exact=True).click(no_wait_after=True)
        page.locator(".results:not([aria-busy])").wait_for()
        page.get_by_label("Update results automatically").check()

    return search


@pytest.fixture
def found() -> Callable[[Page], list[str]]:
    """The names on the cards, in order."""
    return lambda page: page.locator(".result:not(.ghost) .who").all_inner_texts()
