"""A person is cut out of a picture of a place before it becomes evidence."""

import base64
import re
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Locator, Page, expect


@pytest.fixture
def scene(colours: Any) -> bytes:
    """A picture file, 800 x 400: red on the left, blue on the right."""
    image = np.full((400, 800, 3), colours.COLOURS["red"], np.uint8)
    image[:, 400:] = colours.COLOURS["blue"]
    stream = BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def open_scene(seen: Page, scene: bytes) -> Locator:
    with seen.expect_file_chooser() as chooser:
        seen.get_by_role("button", name="Photo", exact=True).click()
    chooser.value.set_files({"name": "scene.png", "mimeType": "image/png", "buffer": scene})
    seen.get_by_role("button", name="Cut out a person").click()
    frame = seen.get_by_role("application", name="Frame around the person")
    expect(frame).to_be_focused()
    return frame


def part(frame: Locator) -> list[float]:
    """Left, top, width and height in percent."""
    style = frame.get_attribute("style") or ""
    return [float(number) for number in re.findall(r"([\d.]+)%", style)]


def sent(seen: Page) -> tuple[Image.Image, list[str]]:
    """The picture that is searched with when the button is pressed, and who was found."""
    with seen.expect_response("**/v1/search") as answer:
        seen.get_by_role("button", name="Search", exact=True).click(no_wait_after=True)
    body = answer.value.request.post_data_json
    assert body is not None
    (piece,) = body["evidence"]
    people = [result["item"]["person"] for result in answer.value.json()["results"]]
    return Image.open(BytesIO(base64.b64decode(piece["picture"]))), people


def record(seen: Page) -> None:
    seen.get_by_label("Update results automatically").uncheck()
    seen.get_by_label("Purpose").fill("missing person")
    seen.get_by_label("Reference").fill("2026/117")


def test_with_the_mouse(street: Any, page: Any, keep: Any, scene: bytes) -> None:
    seen = page(street.operator)
    record(seen)
    frame = open_scene(seen, scene)
    board = seen.locator(".cutting").bounding_box()
    assert board is not None

    def drag(start: tuple[float, float], end: tuple[float, float]) -> None:
        seen.mouse.move(board["x"] + start[0] * board["width"], board["y"] + start[1] * board["height"])
        seen.mouse.down()
        seen.mouse.move(board["x"] + end[0] * board["width"], board["y"] + end[1] * board["height"], steps=3)
        seen.mouse.up()

    drag((0.95, 0.9), (0.6, 0.1))  # a new frame, from its lower right corner
    assert part(frame) == pytest.approx([60, 10, 35, 80], abs=0.5)
    drag((0.8, 0.5), (0.75, 0.55))  # moved
    assert part(frame) == pytest.approx([55, 15, 35, 80], abs=0.5)
    drag((0.9, 0.95), (0.8, 0.85))  # sized by a corner
    assert part(frame) == pytest.approx([55, 15, 25, 70], abs=0.5)
    drag((0.7, 0.5), (2.0, 0.5))  # it stays in the picture
    assert part(frame) == pytest.approx([75, 15, 25, 70], abs=0.5)
    keep(seen, "cutting")
    seen.get_by_role("button", name="Use this part").click()
    expect(seen.get_by_role("img", name="Evidence: a part of scene.png")).to_have_js_property(
        "naturalWidth", 200
    )
    picture, people = sent(seen)
    assert picture.size == (200, 280)
    assert people[0] == "bob"
    seen.get_by_role("button", name="Cut out a person").click()
    seen.get_by_role("button", name="Whole picture").click()
    expect(seen.get_by_role("img", name="Evidence: scene.png")).to_have_js_property("naturalWidth", 800)
    assert sent(seen)[0].size == (800, 400)


def test_with_keys_alone(street: Any, page: Any, scene: bytes) -> None:
    seen = page(street.operator)
    record(seen)
    frame = open_scene(seen, scene)
    before = part(frame)
    for _ in range(25):
        seen.keyboard.press("ArrowLeft")
    expect(frame).to_have_css("left", "0px")
    seen.keyboard.press("Shift+ArrowUp")
    seen.keyboard.press("Alt+ArrowDown")
    assert part(frame) == pytest.approx([0, before[1] + 0.2, before[2], before[3] - 2], abs=0.11)
    expect(seen.locator(".cutting [role=status]")).to_contain_text("From 0.0% left")
    seen.keyboard.press("-")
    smaller = part(frame)
    assert smaller[2] == pytest.approx(before[2] / 1.1, abs=0.11)
    seen.keyboard.press("+")
    seen.keyboard.press("Enter")
    expect(seen.get_by_role("dialog")).to_have_count(0)
    expect(seen.get_by_role("button", name="Cut out a person")).to_be_focused()
    expect(seen.get_by_role("img", name="Evidence: a part of scene.png")).to_be_visible()
    assert sent(seen)[1][0] == "ann"


def test_escape_changes_nothing_and_the_frame_is_remembered(street: Any, page: Any, scene: bytes) -> None:
    seen = page(street.operator)
    frame = open_scene(seen, scene)
    seen.keyboard.press("ArrowLeft")
    seen.keyboard.press("Escape")
    expect(seen.get_by_role("img", name="Evidence: scene.png")).to_be_visible()
    seen.get_by_role("button", name="Cut out a person").click()
    expect(frame).to_be_focused()
    first = part(frame)
    seen.keyboard.press("ArrowLeft")
    chosen = part(frame)
    assert chosen != first
    seen.keyboard.press("Enter")
    expect(seen.get_by_role("img", name="Evidence: a part of scene.png")).to_be_visible()
    seen.get_by_role("button", name="Cut out a person").click()
    expect(frame).to_be_focused()
    assert part(frame) == pytest.approx(chosen, abs=0.1)


@pytest.mark.parametrize(("width", "dark"), [(1440, True), (360, False)])
def test_everyone_can_cut(street: Any, page: Any, keep: Any, scene: bytes, width: int, dark: bool) -> None:
    seen = page(street.operator, width=width, height=740 if width < 500 else 900, dark=dark)
    open_scene(seen, scene)
    keep(seen, f"cutting-{width}-{'dark' if dark else 'light'}")
    assert seen.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(seen)
    assert found.violations_count == 0, found.generate_report()
